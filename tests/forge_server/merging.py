"""Rules of merging a pull request, by hand or as soon as it has all it needs."""

from dataclasses import replace

from tests.forge_server import issues, views
from tests.forge_server.access import need_role, who, workflows_allowed
from tests.forge_server.errors import Refusal, invalid
from tests.forge_server.git_store import ZERO, StaleRefError
from tests.forge_server.mergeability import (
    changed_files,
    comparison_start,
    compute_mergeable,
    forget_mergeable,
    mergeable_state,
    missing,
    open_pulls,
    tell_pull,
)
from tests.forge_server.refs import bypasses, close_by_keyword, identity, make_commit, move, web_flow
from tests.forge_server.state import AutoMerge, Pull, Repository, Token

METHODS = ("merge", "squash", "rebase")
NOT_ALLOWED = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}


def merge(
    repository: Repository, caller: Token, pull: Pull, method: str = "merge", sha: str = "",
    title: str | None = None, message: str | None = None,
) -> str:  # fmt: skip
    """The sha of the merge. Raises 405 (may or can not be merged), 409 (a head or a base that moved), 422."""
    need_role(repository, caller, "write")
    if method not in METHODS:
        raise invalid("PullRequest", "merge_method")
    _check_mergeable(repository, caller, pull, method, sha)
    base = repository.git.branch(pull.base_branch)
    assert base is not None
    repository.forge.clock.tick()
    made = _merged_commit(repository, caller, pull, base, method, title, message)
    if made is None:
        raise Refusal(405, "Pull Request is not mergeable")
    repository.git.move(f"refs/pull/{pull.number}/head", pull.head)
    pull.compared_from = comparison_start(repository, pull)
    mark_merged(repository, caller, pull, made, tell_it=False)
    try:
        move(repository, caller, f"refs/heads/{pull.base_branch}", made, base, kind="pr_merge")
    except (Refusal, StaleRefError) as lost:
        _mark_unmerged(repository, pull)
        raise Refusal(409, "Base branch was modified. Review and try the merge again.") from lost
    tell_pull(repository, caller, pull, "closed")
    if pull.base_branch == repository.options.default_branch:
        close_by_keyword(repository, caller, repository.issues[pull.number].body, made)
    if repository.options.delete_branch_on_merge and pull.head_repository == repository.full_name:
        delete_head_branch(repository, caller, pull)
    return made


def delete_head_branch(repository: Repository, caller: Token, pull: Pull) -> None:
    if repository.git.branch(pull.head_branch) is not None:
        move(repository, caller, f"refs/heads/{pull.head_branch}", ZERO)
        issues.note(repository, repository.issues[pull.number], caller, "head_ref_deleted")


def _check_mergeable(repository: Repository, caller: Token, pull: Pull, method: str, sha: str) -> None:
    if repository.issues[pull.number].state != "open":
        raise Refusal(405, "Pull Request is not mergeable")
    if sha and sha != pull.head:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if not getattr(repository.options, f"allow_{'merge_commit' if method == 'merge' else f'{method}_merge'}"):
        raise Refusal(405, NOT_ALLOWED[method])
    _check_workflows(repository, caller, pull)
    rule = repository.protections.get(pull.base_branch)
    if rule is not None and not bypasses(repository, caller, rule):
        _check_rule(repository, pull, method)
    if not compute_mergeable(repository, pull):
        raise Refusal(405, "Pull Request is not mergeable")


def _check_workflows(repository: Repository, caller: Token, pull: Pull) -> None:
    """A merge that changes workflow files needs the permission for them, as a push does."""
    paths = [change.path for change in changed_files(repository, pull) if change.path.startswith(".github/workflows/")]
    if paths and not workflows_allowed(caller):
        what = f"to create or update workflow `{paths[0]}` without `workflows` permission"
        raise Refusal(403, f"refusing to allow {who(caller)} {what}")


def _check_rule(repository: Repository, pull: Pull, method: str) -> None:
    rule = repository.protections[pull.base_branch]
    lacking = missing(repository, pull)
    base = repository.git.branch(pull.base_branch)
    if rule.strict and base is not None and not repository.git.is_ancestor(base, pull.head):
        lacking.append("This branch must not contain outdated commits: the head branch is not up to date.")
    if rule.linear and method == "merge":
        lacking.append("This branch must not contain merge commits.")
    if not lacking:
        return
    text = "\n\n".join(lacking)
    raise Refusal(405, text if rule.classic else f"Repository rule violations found\n\n{text}\n\n")


def _merged_commit(
    repository: Repository, caller: Token, pull: Pull, base: str, method: str, title: str | None, message: str | None
) -> str | None:
    """Make the commit; None when it conflicts."""
    if method == "rebase":
        return _rebased(repository, caller, pull, base)
    tree = repository.git.merge(base, pull.head)
    if tree is None:
        return None
    default_title, default_message = _texts(repository, pull, method)
    text = title or default_title
    rest = default_message if message is None else message
    text = f"{text}\n\n{rest}" if rest else text
    parents = [base, pull.head] if method == "merge" else [base]
    login = repository.issues[pull.number].login if method == "squash" else caller.login
    author = identity(repository, replace(caller, login=login))
    return make_commit(repository, tree, parents, text, author, web_flow(repository), signed=True)


def _texts(repository: Repository, pull: Pull, method: str) -> tuple[str, str]:
    """Title and message of the merge when the caller gives none: GitHub's defaults."""
    issue = repository.issues[pull.number]
    if method == "merge":
        owner = pull.head_repository.split("/")[0]
        return f"Merge pull request #{pull.number} from {owner}/{pull.head_branch}", issue.title
    found = list(repository.git.log(pull.head, hide=[comparison_start(repository, pull)]))[::-1]
    messages = [views.message_of(commit) for commit in found]
    if len(messages) == 1:
        first, _, rest = messages[0].partition("\n")
        return f"{first} (#{pull.number})", rest.strip("\n")
    return f"{issue.title} (#{pull.number})", "\n\n".join(f"* {message}" for message in messages)


def _rebased(repository: Repository, caller: Token, pull: Pull, base: str) -> str | None:
    onto = base
    for commit in reversed(list(repository.git.log(pull.head, hide=[comparison_start(repository, pull)]))):
        if len(commit.parent_ids) > 1:
            continue
        tree = repository.git.cherry_pick(str(commit.id), onto)
        if tree is None:
            return None
        author = replace(identity(repository, caller), name=commit.author.name, email=commit.author.email)
        text = commit.raw_message.decode("utf-8", "surrogateescape")
        onto = make_commit(repository, tree, [onto], text, author, identity(repository, caller), signed=False)
    return onto


def mark_merged(repository: Repository, caller: Token, pull: Pull, commit: str, tell_it: bool = True) -> None:
    now = repository.forge.clock.now()
    if not pull.compared_from:
        pull.compared_from = repository.git.merge_base(pull.base, pull.head) or pull.base
    pull.merged, pull.merged_by, pull.merge_commit, pull.auto_merge = now, caller.login, commit, None
    issue = repository.issues[pull.number]
    issues.note(repository, issue, caller, "merged", commit=commit)
    issue.state, issue.closed, issue.closed_by = "closed", now, caller.login
    issues.note(repository, issue, caller, "closed")
    if repository.git.ref(f"refs/pull/{pull.number}/merge") is not None:
        repository.git.move(f"refs/pull/{pull.number}/merge", ZERO)
    if tell_it:
        tell_pull(repository, caller, pull, "closed")


def _mark_unmerged(repository: Repository, pull: Pull) -> None:
    issue = repository.issues[pull.number]
    del issue.events[-2:]
    issue.state, issue.closed, issue.closed_by = "open", None, ""
    pull.merged, pull.merged_by, pull.merge_commit, pull.compared_from = None, "", "", ""
    forget_mergeable(repository, pull)


def enable_auto_merge(
    repository: Repository, caller: Token, pull: Pull, method: str = "merge", title: str = "", message: str = ""
) -> None:
    """Raises 422 when there is nothing to wait for, as GitHub does."""
    need_role(repository, caller, "write")
    if not repository.options.allow_auto_merge:
        raise Refusal(422, "Auto merge is not allowed for this repository")
    if pull.mergeable is None:
        compute_mergeable(repository, pull)
    state = mergeable_state(repository, pull)
    if state != "blocked":
        raise Refusal(422, f"Pull request is in {state} status")
    repository.forge.clock.tick()
    pull.auto_merge = AutoMerge(caller.login, method, title, message)
    issues.note(repository, repository.issues[pull.number], caller, "auto_merge_enabled")
    tell_pull(repository, caller, pull, "auto_merge_enabled")


def disable_auto_merge(repository: Repository, caller: Token, pull: Pull) -> None:
    need_role(repository, caller, "write")
    if pull.auto_merge is None:
        raise Refusal(422, "Can't disable auto-merge for this pull request")
    repository.forge.clock.tick()
    pull.auto_merge = None
    issues.note(repository, repository.issues[pull.number], caller, "auto_merge_disabled")
    tell_pull(repository, caller, pull, "auto_merge_disabled")


def merge_what_waits(repository: Repository, caller: Token) -> None:
    """Merge every pull with auto-merge that has got all it needs."""
    for pull in open_pulls(repository):
        auto = pull.auto_merge
        if auto is None or missing(repository, pull) or not compute_mergeable(repository, pull):
            continue
        merger = replace(caller, login=auto.login)
        merge(repository, merger, pull, auto.method, "", auto.title or None, auto.message or None)
