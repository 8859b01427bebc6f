"""What a token may do at GitHub, and what follows from it. Pure: what was probed in, Decision out.

Facts: docs.github.com, "GITHUB_TOKEN", "Triggering a workflow from a workflow", "Signature verification for bots".
"""

from datetime import timedelta

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.github_permissions import permissions_tree
from gitops_healer.core.github_probed import Probed, Rate, RepositorySeen, TokenKind
from gitops_healer.core.github_rules import rules_tree, weighed

LOW_RATE = 100
"""Calls that should be left: a busy cycle makes some dozens."""
GREATEST_SKEW = timedelta(seconds=60)
SOON = timedelta(days=7)

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
