"""What a forge holds: pulls, comments, statuses, permissions."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


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


class StatusState(Enum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True)
class Pull:
    """A pull request. head: the commit that its branch stands on now; merge_commit: set when merged."""

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


@dataclass(frozen=True)
class Comment:
    """pull: 0 for a comment on the repository (the dashboard); head: the pull's head when the comment was written."""

    id: str
    pull: int
    author: str
    body: str
    created: datetime
    edited: bool = False
    bot: bool = False
    head: str = ""


@dataclass(frozen=True)
class Status:
    """A commit status or check run, as the gate sees it."""

    context: str
    state: StatusState
    description: str = ""
    url: str = ""
