"""Which permissions the healer needs at GitHub, what fails without each, and where each is given.

Source: docs.github.com, "Permissions required for GitHub Apps" and "... for fine-grained personal access tokens".
"""

from dataclasses import dataclass

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.github_probed import Grant, Probed, RepositorySeen, TokenKind
from gitops_healer.core.github_rules import weighed


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
    Need("contents", "Contents", "write", "to push branches, to merge and to keep the ledger", "nothing can be pushed"),
    Need("pull-requests", "Pull requests", "write", "to open, update and close pull requests",
         "only branches are pushed, and you open the pull requests yourself"),
    Need("statuses", "Commit statuses", "write", "to set the status gitops-healer/validation",
         "the proof cannot be shown on the commit, and no pull request is validated"),
    Need("checks", "Checks", "read", "to see what other CI said",
         "results of CI are not seen, and nothing is merged that waits for them", vital=False),
    Need("issues", "Issues", "write", "to show the dashboard and other issues, and react to commands",
         "there is no dashboard, no other issue and no reaction; replies under pull requests still come", vital=False),
    Need("actions", "Actions", "read", "to see whether the schedule is switched on",
         "nobody notices here when GitHub switches the schedule off", vital=False),
)  # fmt: skip


def permissions_tree(seen: Probed, repository: RepositorySeen) -> Decision:
    if repository.pushes is False:
        return no(
            "permissions", f"{seen.login} may only read {seen.name}", f"{seen.settings_url}/access → give it write"
        )
    children = [_permission(need, seen, repository) for need in NEEDS]
    tree = weighed("permissions", children, frozenset(need.scope for need in NEEDS if need.vital))
    unknown = [need for need in NEEDS if _is_unknown(need, seen, repository)]
    if not tree.allowed or not unknown:
        return Decision(tree.gate, tree.allowed, f"{tree.reason} ({seen.source})", tree.children, tree.next_action)
    text = f"{len(unknown)} of {len(NEEDS)} cannot be told by reading, and nothing is written to find out. {_all(seen)}"
    return Decision(tree.gate, True, text, tree.children)


def _is_unknown(need: Need, seen: Probed, repository: RepositorySeen) -> bool:
    grant = seen.grant(need.scope)
    return (grant is Grant.UNKNOWN and (need.level == "write" or repository.private)) or (
        grant is Grant.READABLE and need.level == "write"
    )


def _permission(need: Need, seen: Probed, repository: RepositorySeen) -> Decision:
    grant, wanted = seen.grant(need.scope), f"{need.level}, {need.purpose}"
    if grant is Grant.WRITE or (need.level == "read" and grant in (Grant.READ, Grant.READABLE)):
        return yes(need.scope, wanted)
    if need.level == "read" and not repository.private:
        return yes(need.scope, f"{wanted} (the repository is public)")
    if grant in (Grant.NONE, Grant.READ):
        has = "not given" if grant is Grant.NONE else "only read is given"
        return no(need.scope, f"{has}. Needed is {wanted}; without it {need.without}", _give(need, seen))
    return yes(need.scope, f"cannot be told. Needed is {wanted}; without it {need.without}")


def _all(seen: Probed) -> str:
    """Where all of them are given, for this kind of token."""
    if seen.kind is TokenKind.ACTIONS:
        return f"In the job:  permissions: {{{', '.join(f'{need.scope}: {need.level}' for need in NEEDS)}}}"
    possible = [need for need in NEEDS if seen.kind is TokenKind.APP or need.scope != "checks"]
    wanted = ", ".join(f"{need.title} ({need.level})" for need in possible)
    where = (
        "settings of the App → Permissions"
        if seen.kind is TokenKind.APP
        else f"{seen.server_url}/settings/personal-access-tokens"
    )
    return f"They are given in {where}: {wanted}"


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
            if seen.classic:
                return f"{seen.server_url}/settings/tokens → the token → scope repo"
            if need.scope == "checks":
                return "no fine-grained token can have it: use a GitHub App, or a classic token with scope repo"
            form = f"{seen.server_url}/settings/personal-access-tokens"
            return f"{form} → the token → Repository permissions → {need.title}: {level}"
