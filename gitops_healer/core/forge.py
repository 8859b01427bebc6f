"""What a forge holds: pulls, comments, statuses, permissions."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

VALIDATION: Final = "gitops-healer/validation"
"""The commit status by which we say what our own proof gave."""
OWN_RUN: Final = "gitops-healer/run"
"""The job that runs us, as the workflow that `init` writes calls it."""


class Permission(Enum):
    NONE = "none"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    @property
    def may_write(self) -> bool:
        return self in (Permission.WRITE, Permission.ADMIN)


class PullState(Enum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Source(Enum):
    """How somebody said it: a comment, a review by its button, a box of the dashboard that was ticked."""

    COMMENT = "comment"
    REVIEW = "review"
    CHECKBOX = "checkbox"


class StatusState(Enum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True)
class Pull:
    """A pull request. head: the commit that its branch stands on now; merge_commit: set when merged; draft: nobody
    merges it before it is marked ready."""

    number: int
    branch: str
    base: str
    head: str
    title: str
    body: str
    author: str
    state: PullState
    created: datetime
    url: str = ""
    merge_commit: str = ""
    closed_by: str = ""
    labels: tuple[str, ...] = ()
    draft: bool = False


@dataclass(frozen=True)
class Comment:
    """What somebody said. pull: the number of the pull request or issue, 0 for the repository as a whole; head: the
    pull's head when it was written, "" when that cannot be told; a review or a ticked box says the command that it
    stands for."""

    id: str
    pull: int
    author: str
    body: str
    created: datetime
    edited: bool = False
    bot: bool = False
    head: str = ""
    source: Source = Source.COMMENT
    url: str = ""


@dataclass(frozen=True)
class Status:
    """A commit status or check run, as the gate sees it."""

    context: str
    state: StatusState
    description: str = ""
    url: str = ""


@dataclass(frozen=True)
class Dashboard:
    """An issue of ours: the one that shows everything, or one about one thing. open: False when somebody closed it,
    which turns it off."""

    number: int
    body: str
    open: bool = True
    url: str = ""
