"""What a token may do at GitHub, and what follows from it. Pure: what was probed in, Decision out.

Facts: docs.github.com, "Permissions required for GitHub Apps", "Permissions required for fine-grained personal access
tokens", "GITHUB_TOKEN" and "Triggering a workflow from a workflow".
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.github_rules import RulesSeen, rules_tree, weighed

LOW_RATE = 100
"""Calls that should be left: a busy cycle makes some dozens."""
GREATEST_SKEW = timedelta(seconds=60)
SOON = timedelta(days=7)


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
class Need:
    """A permission that the healer needs. scope: as in `permissions:` of a workflow; title: as in forms of GitHub;
    vital: without it nothing can be healed."""

    scope: str
    title: str
    level: str
    purpose: str
    without: str
    vital: bool = True


NEEDS = (
    Need("contents", "Contents", "write", "branches, merges and the ledger", "nothing can be pushed"),
    Need("pull-requests", "Pull requests", "write", "open, update, merge and close pull requests",
         "only branches are pushed, and you open the pull requests yourself"),
    Need("statuses", "Commit statuses", "write", "the status gitops-healer/validation",
         "the proof cannot be shown on the commit, and no pull request is validated"),
    Need("checks", "Checks", "read", "results of other CI", "results of CI are not seen, so nothing is merged"),
    Need("issues", "Issues", "write", "the dashboard, and reactions under your commands",
         "there is no dashboard and no reaction; replies under pull requests still come", vital=False),
    Need("actions", "Actions", "read", "whether the scheduled workflow is switched on",
         "nobody notices here when GitHub switches the schedule off", vital=False),
)  # fmt: skip


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
    skew: our clock minus GitHub's; expires: the token, where GitHub says it."""

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

    @property
    def settings_url(self) -> str:
        return f"{self.server_url}/{self.name}/settings"

    def grant(self, scope: str) -> Grant:
        return dict(self.grants).get(scope, Grant.UNKNOWN)


_MATTERS = frozenset({"repository", "token", "permissions", "branch rules", "rate limit", "clock"})
"""Without the others the healer can do less, and still something."""


def access_tree(seen: Probed) -> Decision:
    """Everything that decides whether the healer can work there, each no with what to click or type."""
    repository = seen.repository
    if repository is None:
        step = "check the name, and give the token access to this repository"
        return weighed(seen.name, [no("repository", seen.refused, step), token_tree(seen)])
    return weighed(
        seen.name,
        [
            _repository(seen, repository),
            token_tree(seen),
            permissions_tree(seen, repository),
            _opening(seen),
            _squash(seen, repository),
            *([rules_tree(seen.rules, seen.base_branch, seen.kind.value, seen.settings_url)] if seen.rules else []),
            _dashboard(seen, repository),
            _schedule(seen),
            _rate(seen.rate),
            _clock(seen),
        ],
        _MATTERS,
    )


def _repository(seen: Probed, repository: RepositorySeen) -> Decision:
    if repository.archived:
        return no("repository", "it is archived: nothing can be written", f"{seen.settings_url} → Unarchive")
    what = "private" if repository.private else "public"
    return yes("repository", f"{what}, base branch {seen.base_branch}, default branch {repository.default_branch}")


# The token


_WHOSE = {
    TokenKind.APP: "a GitHub App, the best choice",
    TokenKind.PAT: "a person's token",
    TokenKind.ACTIONS: "the token of a job of GitHub Actions (GITHUB_TOKEN)",
}


def token_tree(seen: Probed) -> Decision:
    """Whose it is and what follows; nothing of it keeps the healer from working, but an end that has come."""
    ends = _expiry(seen)
    children = [_ci(seen.kind), _after_merge(seen.kind), _signatures(seen.kind), _approvals(seen), *ends]
    bad = next((child for child in ends if not child.allowed), None)
    reason = f"{_WHOSE[seen.kind]}: {seen.login}"
    return Decision("token", bad is None, reason, tuple(children), bad.next_action if bad else "")


def _ci(kind: TokenKind) -> Decision:
    if kind.starts_workflows:
        return yes("CI on our pull requests", "starts by itself, as on anybody's")
    return yes(
        "CI on our pull requests",
        "waits until a maintainer presses `Approve workflows to run`; until then only the project's tests that the "
        "healer runs itself are known (status gitops-healer/validation). A GitHub App or a fine-grained token changes "
        "that",
    )


def _after_merge(kind: TokenKind) -> Decision:
    if kind.starts_workflows:
        return yes("after a merge", "workflows on `push` start; the watch runs the tests on the merge commit as well")
    return yes(
        "after a merge", "no workflow on `push` starts: the watch runs the tests on the merge commit itself"
    )  # fmt: skip


def _signatures(kind: TokenKind) -> Decision:
    if kind.signs:
        return yes("signatures", "commits on our branches are made and signed by GitHub (Verified)")
    return yes("signatures", "commits on our branches are not signed; GitHub signs the squash merge")


def _approvals(seen: Probed) -> Decision:
    if seen.kind is TokenKind.PAT:
        return yes("reviews", f"{seen.login} opens our pull requests and so cannot approve them: somebody else has to")
    return yes("reviews", "every maintainer can approve our pull requests")


def _expiry(seen: Probed) -> list[Decision]:
    if seen.expires is None or seen.now is None:
        return []
    left = seen.expires - seen.now
    if left <= timedelta(0):
        return [no("end", f"the token ended on {seen.expires:%Y-%m-%d}", "make a new one, set GITOPS_HEALER_TOKEN")]
    soon = "; renew it soon" if left < SOON else ""
    return [yes("end", f"the token ends on {seen.expires:%Y-%m-%d}, in {left.days} days{soon}")]


# Permissions


def permissions_tree(seen: Probed, repository: RepositorySeen) -> Decision:
    if repository.pushes is False:
        return no(
            "permissions", f"{seen.login} may only read {seen.name}", f"{seen.settings_url}/access → give it write"
        )
    children = [_permission(need, seen, repository) for need in NEEDS]
    tree = weighed("permissions", children, frozenset(need.scope for need in NEEDS if need.vital))
    return Decision(tree.gate, tree.allowed, f"{tree.reason} ({seen.source})", tree.children, tree.next_action)


def _permission(need: Need, seen: Probed, repository: RepositorySeen) -> Decision:
    grant, wanted = seen.grant(need.scope), f"{need.level}: {need.purpose}"
    if grant is Grant.WRITE or (need.level == "read" and grant in (Grant.READ, Grant.READABLE)):
        return yes(need.scope, wanted)
    if grant in (Grant.NONE, Grant.READ):
        has = "not given" if grant is Grant.NONE else "only read is given"
        return no(need.scope, f"{has}, {need.level} is needed for {need.purpose}: {need.without}", _give(need, seen))
    if need.level == "read" and not repository.private:
        return yes(need.scope, f"{wanted} (the repository is public)")
    return yes(
        need.scope,
        f"{wanted}. Whether it is given cannot be told by reading; without it {need.without}. {_give(need, seen)}",
    )


def _give(need: Need, seen: Probed) -> str:
    """Where that permission is given, for this kind of token."""
    match seen.kind:
        case TokenKind.ACTIONS:
            return f"in the job of the workflow:  permissions: {{{need.scope}: {need.level}}}"
        case TokenKind.APP:
            level = "Read and write" if need.level == "write" else "Read-only"
            return f"settings of the App → Permissions → {need.title}: {level}; then accept that where it is installed"
        case TokenKind.PAT:
            level = "Read and write" if need.level == "write" else "Read-only"
            if need.scope == "checks":
                return "a fine-grained token cannot have it for a private repository: use a GitHub App"
            return f"{seen.server_url}/settings/tokens → the token → Repository permissions → {need.title}: {level}"


# What the repository allows


def _opening(seen: Probed) -> Decision:
    gate = "opening pull requests"
    if seen.kind is not TokenKind.ACTIONS:
        return yes(gate, f"nothing but the permission is asked of {seen.login}")
    step = f"{seen.settings_url}/actions → Allow GitHub Actions to create and approve pull requests"
    if seen.opens_pulls is None:
        return yes(
            gate,
            "whether Actions may create them cannot be told with this token: the first one will show. If not, a link "
            f"that opens it with two clicks is given instead. To allow it: {step}",
        )
    if seen.opens_pulls:
        return yes(gate, "Actions may create them")
    return no(gate, "Actions may not create any: only links that open them are given", step)


def _squash(seen: Probed, repository: RepositorySeen) -> Decision:
    if repository.squash is None:
        return yes(
            "squash merging", "whether it is allowed cannot be seen with this token; the healer merges no other way"
        )
    if repository.squash:
        return yes("squash merging", "allowed")
    return no("squash merging", "not allowed, and the healer merges no other way",
              f"{seen.settings_url} → Pull Requests → Allow squash merging")  # fmt: skip


def _dashboard(seen: Probed, repository: RepositorySeen) -> Decision:
    if repository.issues:
        return yes("dashboard", "issues are switched on")
    return yes(
        "dashboard",
        f"issues are switched off, so there is none. {seen.settings_url} → Features → Issues switches them on",
    )


def _schedule(seen: Probed) -> Decision:
    if seen.workflows is None:
        return yes("schedule", "workflows cannot be listed with this token (actions: read)")
    if not seen.workflows:
        return yes(
            "schedule",
            "no workflow here runs the healer: `gitops-healer init --github` writes one, or run `gitops-healer watch "
            "--forge github` somewhere",
        )
    off = next((workflow for workflow in seen.workflows if workflow.state != "active"), None)
    if off is None:
        return yes("schedule", f"{', '.join(workflow.path for workflow in seen.workflows)}: switched on")
    why = " after 60 days without activity" if off.state == "disabled_inactivity" else ""
    return no("schedule", f"{off.path} was switched off{why}",
              f"{seen.server_url}/{seen.name}/actions → the workflow → Enable workflow")  # fmt: skip


def _rate(rate: Rate | None) -> Decision:
    if rate is None:
        return yes("rate limit", "this GitHub has none")
    text = f"{rate.left:,} of {rate.limit:,} calls are left until {rate.resets:%H:%M} UTC"
    return yes("rate limit", text) if rate.left >= LOW_RATE else no("rate limit", text, "run again after that")


def _clock(seen: Probed) -> Decision:
    if seen.skew is None:
        return yes("clock", "GitHub did not say what time it is")
    seconds = round(seen.skew.total_seconds())
    which = "ahead of" if seconds > 0 else "behind"
    if abs(seen.skew) <= GREATEST_SKEW:
        return yes("clock", f"{abs(seconds)} s {which} GitHub's" if seconds else "the same as GitHub's")
    follows = "GitHub refuses the App" if seen.kind is TokenKind.APP else "comments may be read late or twice"
    return no("clock", f"{abs(seconds)} s {which} GitHub's: {follows}", "set the clock of this machine (NTP)")
