"""What the forge knows. Everything that git knows too (shas, diffs, merges) is asked of the bare repositories."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from tests.forge_server.clock import ServerClock
from tests.forge_server.errors import not_found
from tests.forge_server.git_store import GitStore

ACTIONS_BOT = "github-actions[bot]"
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
"""What a person may do in a repository, from least to most."""


@dataclass
class User:
    """kind: "User", "Bot" or "Organization"."""

    id: int
    login: str
    created: datetime
    kind: str = "User"
    name: str = ""

    @property
    def email(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass
class Token:
    """Who calls. kind: "actions" (GITHUB_TOKEN), "app" (an installation), "pat" (a person, fine-grained), "anonymous".
    repositories: full names, None for all; permissions: {"contents": "write", ...}; "metadata" is always there."""

    value: str
    kind: str
    login: str
    repositories: frozenset[str] | None
    permissions: Mapping[str, str]
    app: str = ""
    expires: datetime | None = None

    @property
    def is_bot(self) -> bool:
        return self.kind in ("actions", "app")


ANONYMOUS = Token("", "anonymous", "", None, {})


@dataclass
class App:
    """A GitHub App, installed where `installation_repositories` says (None: everywhere)."""

    id: int
    slug: str
    owner: str
    permissions: Mapping[str, str]
    public_key: str
    private_key: str
    installation_id: int
    created: datetime
    installation_repositories: frozenset[str] | None = None
    events: tuple[str, ...] = ("issue_comment", "pull_request", "push")


@dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class Reaction:
    id: int
    login: str
    content: str
    created: datetime


@dataclass
class BodyEdit:
    """A body was changed: by whom, and what it said before and after."""

    login: str
    created: datetime
    before: str
    after: str


@dataclass
class Comment:
    id: int
    number: int
    login: str
    body: str
    created: datetime
    updated: datetime
    app: str = ""
    minimized: str = ""
    reactions: list[Reaction] = field(default_factory=list)
    edits: list[BodyEdit] = field(default_factory=list)


@dataclass
class IssueEvent:
    """One line of the timeline. name: labeled, closed, head_ref_force_pushed, base_ref_changed, ..."""

    id: int
    name: str
    login: str
    created: datetime
    label: str = ""
    commit: str = ""
    before: str = ""
    after: str = ""
    state_reason: str | None = None
    review_id: int = 0
    reviewer: str = ""
    message: str = ""
    app: str = ""


@dataclass
class Issue:
    """An issue, and of a pull request the part that every issue has."""

    id: int
    number: int
    title: str
    body: str
    login: str
    created: datetime
    updated: datetime
    state: str = "open"
    state_reason: str | None = None
    closed: datetime | None = None
    closed_by: str = ""
    locked: bool = False
    app: str = ""
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    events: list[IssueEvent] = field(default_factory=list)
    edits: list[BodyEdit] = field(default_factory=list)


@dataclass
class Review:
    """state: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING. commit: the head that was looked at."""

    id: int
    login: str
    body: str
    state: str
    commit: str
    submitted: datetime


@dataclass
class AutoMerge:
    login: str
    method: str
    title: str = ""
    message: str = ""


@dataclass
class Pull:
    """What only a pull request has. Title, body, state and labels are those of the issue with the same number.

    head_repository: full name; mergeable: None until it was computed, which takes `reads_left` reads;
    compared_from: the commit that the diff starts from, fixed when the pull is closed or merged."""

    id: int
    number: int
    head_repository: str
    head_branch: str
    head: str
    base_branch: str
    base: str
    draft: bool = False
    maintainer_can_modify: bool = False
    merged: datetime | None = None
    merged_by: str = ""
    merge_commit: str = ""
    compared_from: str = ""
    mergeable: bool | None = None
    reads_left: int = 0
    auto_merge: AutoMerge | None = None
    reviews: list[Review] = field(default_factory=list)
    requested_reviewers: list[str] = field(default_factory=list)


@dataclass
class CommitStatus:
    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    login: str
    created: datetime
    updated: datetime


@dataclass
class CheckRun:
    id: int
    suite_id: int
    sha: str
    name: str
    status: str
    conclusion: str | None
    app: str
    started: datetime | None
    completed: datetime | None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    details_url: str | None = None
    external_id: str = ""
    annotations: list[dict[str, object]] = field(default_factory=list)


@dataclass
class CheckSuite:
    id: int
    sha: str
    branch: str | None
    app: str
    created: datetime
    updated: datetime


@dataclass
class Activity:
    """A ref moved. kind: push, force_push, branch_creation, branch_deletion, pr_merge."""

    id: int
    ref: str
    before: str
    after: str
    kind: str
    login: str
    created: datetime


@dataclass
class Workflow:
    id: int
    path: str
    name: str
    created: datetime
    state: str = "active"


@dataclass
class WorkflowRun:
    id: int
    workflow_id: int
    number: int
    event: str
    branch: str
    sha: str
    login: str
    status: str
    conclusion: str | None
    created: datetime
    updated: datetime
    title: str = ""
    attempt: int = 1


@dataclass
class Protection:
    """What a protected branch asks for. classic: by branch protection (needs administration to be read), else by a
    ruleset, which everybody may read."""

    reviews: int = 0
    checks: tuple[str, ...] = ()
    strict: bool = False
    dismiss_stale: bool = False
    enforce_admins: bool = True
    linear: bool = False
    classic: bool = False
    id: int = 0

    @property
    def needs_pull(self) -> bool:
        return self.reviews > 0 or bool(self.checks)


class Protections(dict[str, Protection]):
    """Pattern -> rule. Asked for a branch, it gives the rule whose pattern is the branch itself, or else the first that
    matches: ~ALL, release/*, **/* (a star does not match a slash)."""

    def get(self, branch: str, default: Protection | None = None) -> Protection | None:  # type: ignore[override]
        if super().__contains__(branch):
            return super().__getitem__(branch)
        return next((rule for pattern, rule in self.items() if _matches(pattern, branch)), default)

    def __contains__(self, branch: object) -> bool:
        return isinstance(branch, str) and self.get(branch) is not None

    def __missing__(self, branch: str) -> Protection:
        if (found := self.get(branch)) is None:
            raise KeyError(branch)
        return found


def _matches(pattern: str, branch: str) -> bool:
    if pattern == "~ALL":
        return True
    parts = re.split(r"(\*\*/|\*|\?)", pattern)
    words = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.fullmatch("".join(words.get(part, re.escape(part)) for part in parts), branch) is not None


@dataclass
class RepositoryOptions:
    """What a maintainer sets in the settings of a repository.

    has_drafts is off where the plan has none. actions_may_open_pulls is on here, so that most tests need not set it; a
    new repository at GitHub has it off."""

    private: bool = False
    default_branch: str = "main"
    has_issues: bool = True
    has_drafts: bool = True
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    allow_auto_merge: bool = False
    allow_update_branch: bool = False
    delete_branch_on_merge: bool = False
    actions_may_open_pulls: bool = True
    default_workflow_permissions: str = "read"
    archived: bool = False
    description: str | None = None


@dataclass
class Repository:
    """path: the bare repository; api_url and clone_url are set by the server that shows it."""

    id: int
    full_name: str
    git: GitStore
    created: datetime
    options: RepositoryOptions
    forge: "Forge"
    fork_of: str = ""
    pushed: datetime | None = None
    updated: datetime | None = None
    roles: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    statuses: list[CommitStatus] = field(default_factory=list)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    check_suites: dict[int, CheckSuite] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    workflows: dict[int, Workflow] = field(default_factory=dict)
    workflow_runs: dict[int, WorkflowRun] = field(default_factory=dict)
    protections: Protections = field(default_factory=Protections)

    @property
    def path(self) -> Path:
        return self.git.path

    @property
    def owner(self) -> str:
        return self.full_name.split("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.split("/")[1]

    @property
    def api_url(self) -> str:
        return f"{self.forge.api_url}/repos/{self.full_name}"

    @property
    def html_url(self) -> str:
        return f"{self.forge.url}/{self.full_name}"

    @property
    def clone_url(self) -> str:
        return f"{self.html_url}.git"

    def issue(self, number: int) -> Issue:
        """Raises a 404."""
        if (found := self.issues.get(number)) is None:
            raise not_found()
        return found

    def pull(self, number: int) -> Pull:
        """Raises a 404."""
        if (found := self.pulls.get(number)) is None:
            raise not_found()
        return found

    def comment(self, comment_id: int) -> Comment:
        """Raises a 404."""
        if (found := self.comments.get(comment_id)) is None:
            raise not_found()
        return found

    def comments_of(self, number: int) -> list[Comment]:
        return [comment for comment in self.comments.values() if comment.number == number]

    def role(self, login: str) -> str:
        """One of ROLES; the owner is admin, and everybody may read what is public."""
        if login.lower() == self.owner.lower():
            return "admin"
        given = next((role for name, role in self.roles.items() if name.lower() == login.lower()), "")
        return given or ("none" if self.options.private or not login else "read")


@dataclass(frozen=True)
class Event:
    """Something happened that a webhook would tell. token_kind: what kind of token caused it; skip_ci: the message of
    the head commit says so."""

    name: str
    action: str
    payload: Mapping[str, object]
    token_kind: str
    repository: str
    skip_ci: bool = False

    @property
    def starts_workflows(self) -> bool:
        """What GITHUB_TOKEN does starts nothing, but for dispatches and for what follows a run."""
        if self.name in ("push", "pull_request") and self.skip_ci:
            return False
        return self.token_kind != "actions" or self.name in ("workflow_dispatch", "repository_dispatch", "workflow_run")


@dataclass
class ForgeOptions:
    """unknown_reads: how often `mergeable` is null after a change; page_cap: the most that a page holds;
    rate_limit: calls an hour."""

    unknown_reads: int = 1
    page_cap: int = 100
    rate_limit: int = 5000
    body_limit: int = 65_536


class Forge:
    """All state of one server, and how new things get their ids and times."""

    def __init__(self, folder: Path, options: ForgeOptions, clock: ServerClock) -> None:
        self.folder = folder
        self.options = options
        self.clock = clock
        self.url = ""
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.apps: dict[str, App] = {}
        self.events: list[Event] = []
        self._spent: dict[tuple[str, int], int] = {}
        self.signing_key = secrets.token_bytes(32)
        self.listeners: list[Callable[[Event], None]] = []
        self._ids: Iterator[int] = count(1001)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/v3"

    def new_id(self) -> int:
        return next(self._ids)

    def user(self, login: str) -> User:
        """Raises a 404."""
        if (found := self.users.get(login.lower())) is None:
            raise not_found()
        return found

    def repository(self, full_name: str) -> Repository:
        """Raises a 404."""
        if (found := self.repositories.get(full_name.lower())) is None:
            raise not_found()
        return found

    def add_user(self, login: str, kind: str = "User", name: str = "") -> User:
        """The user of that login, made when there is none."""
        if login.lower() not in self.users:
            number = 41898282 if login == ACTIONS_BOT else self.new_id()
            self.users[login.lower()] = User(number, login, self.clock.now(), kind, name)
        return self.users[login.lower()]

    # The rate limit

    @property
    def limit_reset(self) -> int:
        """When the running hour ends, in seconds since the epoch."""
        return int(self.clock.now().timestamp()) // 3600 * 3600 + 3600

    def used(self, token: Token) -> int:
        """Calls of this token in the running hour."""
        return self._spent.get((token.value, self.limit_reset), 0)

    @property
    def calls_by_token(self) -> dict[str, int]:
        """What each token has used in the running hour."""
        return {value: calls for (value, reset), calls in self._spent.items() if reset == self.limit_reset}

    def spend(self, token: Token, calls: int = 1) -> None:
        self._spent[token.value, self.limit_reset] = self.used(token) + calls

    def tell(self, event: Event) -> None:
        self.events.append(event)
        for listener in self.listeners:
            listener(event)
