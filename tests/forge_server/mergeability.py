"""What a pull request changes, whether it can be merged, and what it still needs."""

from tests.forge_server import views, views_issues
from tests.forge_server.checks import combined
from tests.forge_server.git_store import ZERO, FileChange
from tests.forge_server.happening import tell
from tests.forge_server.refs import make_commit, web_flow
from tests.forge_server.state import Pull, Repository, Token


def open_pulls(repository: Repository) -> list[Pull]:
    return [pull for pull in repository.pulls.values() if repository.issues[pull.number].state == "open"]


def tell_pull(repository: Repository, caller: Token, pull: Pull, action: str, **parts: object) -> None:
    shown = full_pull(repository, pull)
    tell(repository, caller, "pull_request", action, number=pull.number, pull_request=shown, **parts)


def forget_mergeable(repository: Repository, pull: Pull) -> None:
    pull.mergeable = None
    pull.reads_left = repository.forge.options.unknown_reads


def comparison_start(repository: Repository, pull: Pull) -> str:
    if pull.compared_from:
        return pull.compared_from
    base = repository.git.branch(pull.base_branch) or pull.base
    return repository.git.merge_base(base, pull.head) or base


def changed_files(repository: Repository, pull: Pull) -> list[FileChange]:
    return repository.git.diff(comparison_start(repository, pull), pull.head)


def commits(repository: Repository, pull: Pull) -> list[views.Json]:
    """Oldest first, at most 250."""
    found = list(repository.git.log(pull.head, hide=[comparison_start(repository, pull)]))
    return [views.commit(repository, commit) for commit in reversed(found)][:250]


def full_pull(repository: Repository, pull: Pull) -> views.Json:
    """As GET of one pull, without computing whether it can be merged."""
    changes = changed_files(repository, pull)
    start = comparison_start(repository, pull)
    return views_issues.simple_pull(repository, pull) | {
        "merged": pull.merged is not None,
        "mergeable": pull.mergeable,
        "rebaseable": pull.mergeable,
        "mergeable_state": mergeable_state(repository, pull),
        "merged_by": views.user(repository.forge, pull.merged_by) if pull.merged_by else None,
        "comments": len(repository.comments_of(pull.number)),
        "review_comments": 0,
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": sum(1 for _ in repository.git.log(pull.head, hide=[start])),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def look_at(repository: Repository, pull: Pull) -> None:
    """Somebody reads the pull: after `unknown_reads` reads it is known whether it can be merged."""
    if repository.issues[pull.number].state != "open" or pull.mergeable is not None:
        return
    if pull.reads_left > 0:
        pull.reads_left -= 1
        return
    compute_mergeable(repository, pull)


def compute_mergeable(repository: Repository, pull: Pull) -> bool:
    """Whether the merge has no conflicts; refs/pull/N/merge is the merge that was tried."""
    base = repository.git.branch(pull.base_branch)
    tree = repository.git.merge(base, pull.head) if base is not None else None
    pull.mergeable = tree is not None
    ref = f"refs/pull/{pull.number}/merge"
    if tree is not None and base is not None:
        who, text = web_flow(repository), f"Merge {pull.head} into {base}"
        tried = make_commit(repository, tree, [base, pull.head], text, who, who, signed=True)
        repository.git.move(ref, tried)
        pull.merge_commit = tried
    elif repository.git.ref(ref) is not None:
        repository.git.move(ref, ZERO)
        pull.merge_commit = ""
    return pull.mergeable


def mergeable_state(repository: Repository, pull: Pull) -> str:
    """unknown, dirty, draft, blocked, behind, unstable, clean."""
    if pull.mergeable is None:
        return "unknown"
    if not pull.mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    if missing(repository, pull):
        return "blocked"
    base = repository.git.branch(pull.base_branch)
    rule = repository.protections.get(pull.base_branch)
    if rule is not None and rule.strict and base is not None and not repository.git.is_ancestor(base, pull.head):
        return "behind"
    states = combined(repository, pull.head).values()
    return "clean" if all(state == "success" for state in states) else "unstable"


def missing(repository: Repository, pull: Pull) -> list[str]:
    """What the protection of the base asks for and does not have, in GitHub's words."""
    rule = repository.protections.get(pull.base_branch)
    if rule is None:
        return []
    said = []
    states = opinions(repository, pull)
    approvals = sum(state == "APPROVED" for state in states.values())
    if rule.reviews and "CHANGES_REQUESTED" in states.values():
        said.append("Changes have been requested by reviewers with write access.")
    elif approvals < rule.reviews:
        reviews = "review is" if rule.reviews == 1 else "reviews are"
        said.append(f"At least {rule.reviews} approving {reviews} required by reviewers with write access.")
    found = combined(repository, pull.head)
    words = {"pending": "pending", "failure": "failing", "error": "failing", "": "expected"}
    said += [
        f'Required status check "{context}" is {words.get(found.get(context, ""), "failing")}.'
        for context in rule.checks
        if found.get(context) != "success"
    ]
    return said


def opinions(repository: Repository, pull: Pull) -> dict[str, str]:
    """login -> the last approval or request for changes of each reviewer who may write."""
    found = {}
    for review in pull.reviews:
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED") and _counts(repository, review.login):
            found[review.login] = review.state
    return found


def _counts(repository: Repository, login: str) -> bool:
    return login.endswith("[bot]") or repository.role(login) in ("write", "maintain", "admin")
