"""What GitHub answered when it was asked about a token and a repository: values, and nothing decided yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from gitops_healer.core.github_rules import RulesSeen


class TokenKind(Enum):
    """Whose token it is: a GitHub App's installation, a person's, or that of a job of GitHub Actions."""

    APP = "app"
    PAT = "pat"
    ACTIONS = "actions"

    @property
    def signs(self) -> bool:
        """Whether GitHub signs commits that are made by its API without naming an author: for bots only."""
        return self is not TokenKind.PAT

    @property
    def starts_workflows(self) -> bool:
        """Whether what is done with it starts workflows, such as CI on a pull request."""
        return self is not TokenKind.ACTIONS


class Grant(Enum):
    """What is known of one permission. READABLE: at least read; UNKNOWN: nothing could be found out by reading."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    READABLE = "readable"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class RepositorySeen:
    """squash: whether squash merging is allowed, None when the token may not see it; pushes: whether the account may
    push by its role, None for bots, which have none."""

    private: bool
    archived: bool
    default_branch: str
    issues: bool
    squash: bool | None = None
    pushes: bool | None = None


@dataclass(frozen=True)
class WorkflowSeen:
    """A workflow of the repository that runs the healer. state: `active`, or why not."""

    path: str
    state: str


@dataclass(frozen=True)
class Rate:
    left: int
    limit: int
    resets: datetime


@dataclass(frozen=True)
class Probed:
    """What GitHub answered. refused: why the repository cannot be seen; grants: scope -> what is known; source: from
    where; opens_pulls: whether Actions may create pull requests; workflows: of ours, None when they cannot be listed;
    skew: our clock minus GitHub's; expires: the token, where GitHub says it; classic: a personal token with scopes."""

    kind: TokenKind
    login: str
    name: str
    server_url: str
    base_branch: str
    repository: RepositorySeen | None
    refused: str = ""
    grants: tuple[tuple[str, Grant], ...] = ()
    source: str = ""
    opens_pulls: bool | None = None
    rules: RulesSeen | None = None
    workflows: tuple[WorkflowSeen, ...] | None = None
    rate: Rate | None = None
    skew: timedelta | None = None
    now: datetime | None = None
    expires: datetime | None = None
    classic: bool = False

    @property
    def settings_url(self) -> str:
        return f"{self.server_url}/{self.name}/settings"

    def grant(self, scope: str) -> Grant:
        return dict(self.grants).get(scope, Grant.UNKNOWN)
