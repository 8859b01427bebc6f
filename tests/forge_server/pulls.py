"""Rules of pull requests: open them, change them, follow their branches. The other rules are reached from here too."""

from tests.forge_server import issues
from tests.forge_server.errors import Refusal, invalid
from tests.forge_server.git_store import ZERO
from tests.forge_server.mergeability import changed_files as changed_files
from tests.forge_server.mergeability import commits as commits
from tests.forge_server.mergeability import comparison_start, forget_mergeable, tell_pull
from tests.forge_server.mergeability import compute_mergeable as compute_mergeable
from tests.forge_server.mergeability import full_pull as full_pull
from tests.forge_server.mergeability import look_at as look_at
from tests.forge_server.mergeability import mergeable_state as mergeable_state
from tests.forge_server.mergeability import missing as missing
from tests.forge_server.mergeability import open_pulls as open_pulls
from tests.forge_server.mergeability import opinions as opinions
from tests.forge_server.merging import disable_auto_merge as disable_auto_merge
from tests.forge_server.merging import enable_auto_merge as enable_auto_merge
from tests.forge_server.merging import mark_merged
from tests.forge_server.merging import merge as merge
from tests.forge_server.refs import identity, make_commit, move, web_flow
from tests.forge_server.reviews import dismiss as dismiss
from tests.forge_server.reviews import dismiss_now
from tests.forge_server.reviews import request_reviewers as request_reviewers
from tests.forge_server.reviews import review as review
from tests.forge_server.reviews import withdraw_request as withdraw_request
from tests.forge_server.state import Pull, Repository, Token


def open_pull(
    repository: Repository, caller: Token, head: str, base: str, title: str, body: str = "", draft: bool = False
) -> Pull:
    """head: `branch` or `owner:branch`. Raises 403 and 422, in GitHub's words."""
    if caller.kind == "actions" and not repository.options.actions_may_open_pulls:
        raise Refusal(403, "GitHub Actions is not permitted to create or approve pull requests.")
    _check_drafts(repository, draft)
    home, branch = head_of(repository, head)
    tip, ground = home.git.branch(branch), repository.git.branch(base)
    if tip is None:
        raise invalid("PullRequest", "head")
    if ground is None:
        raise invalid("PullRequest", "base")
    owner = home.owner
    if any(
        (pull.head_repository, pull.head_branch, pull.base_branch) == (home.full_name, branch, base)
        for pull in open_pulls(repository)
    ):
        raise invalid("PullRequest", "", "custom", f"A pull request already exists for {owner}:{branch}.")
    if home is not repository:
        repository.git.git("fetch", "--quiet", "--no-write-fetch-head", str(home.path), tip)
    if repository.git.merge_base(tip, ground) is None:
        text = f"The {branch} branch has no history in common with {base}"
        raise invalid("PullRequest", "", "custom", text)
    if not repository.git.ahead_behind(tip, ground)[0]:
        raise invalid("PullRequest", "", "custom", f"No commits between {base} and {branch}")
    issue = issues.new_issue(repository, caller, title, body)
    pull = Pull(issue.id, issue.number, home.full_name, branch, tip, base, ground, draft)
    repository.pulls[issue.number] = pull
    follow(repository, pull)
    tell_pull(repository, caller, pull, "opened")
    return pull


def _check_drafts(repository: Repository, draft: bool) -> None:
    """GitHub says it so, without `Validation Failed` (SWE-agent/SWE-agent#179)."""
    if draft and not repository.options.has_drafts:
        raise Refusal(422, "Draft pull requests are not supported in this repository.")


def head_of(repository: Repository, head: str) -> tuple[Repository, str]:
    """The repository and branch that `owner:branch` names."""
    owner, _, branch = head.rpartition(":")
    if not owner or owner.lower() == repository.owner.lower():
        return repository, branch
    for other in repository.forge.repositories.values():
        if other.owner.lower() == owner.lower() and other.fork_of == repository.full_name:
            return other, branch
    raise invalid("PullRequest", "head")


def follow(repository: Repository, pull: Pull) -> None:
    """The head or the base stands elsewhere: refs/pull/N/head, and mergeable is unknown again."""
    repository.git.move(f"refs/pull/{pull.number}/head", pull.head)
    forget_mergeable(repository, pull)


def branch_moved(repository: Repository, caller: Token, branch: str, before: str, after: str, forced: bool) -> None:
    """Pulls of every repository that have this branch as head or base."""
    for home in {repository.full_name, repository.fork_of or repository.full_name}:
        target = repository.forge.repositories.get(home.lower())
        for pull in open_pulls(target) if target is not None else []:
            assert target is not None
            if (pull.head_repository, pull.head_branch) == (repository.full_name, branch):
                _head_moved(target, repository, caller, pull, before, after, forced)
            elif target is repository and pull.base_branch == branch:
                _base_moved(repository, caller, pull, after)


def _head_moved(
    repository: Repository, home: Repository, caller: Token, pull: Pull, before: str, after: str, forced: bool
) -> None:
    issue = repository.issues[pull.number]
    if after == ZERO:
        _close(repository, caller, pull)
        issues.note(repository, issue, caller, "head_ref_deleted")
        return
    if home is not repository:
        repository.git.git("fetch", "--quiet", "--no-write-fetch-head", str(home.path), after)
    pull.head = after
    pull.base = repository.git.branch(pull.base_branch) or pull.base
    follow(repository, pull)
    if forced:
        issues.note(repository, issue, caller, "head_ref_force_pushed", commit=after, before=before, after=after)
    issues.touch(repository, issue)
    if not repository.git.ahead_behind(after, pull.base)[0]:
        _close(repository, caller, pull)
        return
    rule = repository.protections.get(pull.base_branch)
    if rule is not None and rule.dismiss_stale:
        for review in pull.reviews:
            if review.state == "APPROVED":
                dismiss_now(repository, caller, pull, review, "")
    tell_pull(repository, caller, pull, "synchronize", before=before, after=after)


def _base_moved(repository: Repository, caller: Token, pull: Pull, after: str) -> None:
    if after == ZERO:
        _close(repository, caller, pull)
    elif repository.git.is_ancestor(pull.head, after):
        mark_merged(repository, caller, pull, after)
    else:
        forget_mergeable(repository, pull)


def _close(repository: Repository, caller: Token, pull: Pull) -> None:
    """Closed without a merge, by something that the caller did elsewhere."""
    pull.compared_from = comparison_start(repository, pull)
    pull.auto_merge = None
    _close_issue(repository, caller, pull)
    tell_pull(repository, caller, pull, "closed")


def _close_issue(repository: Repository, caller: Token, pull: Pull) -> None:
    issue = repository.issues[pull.number]
    issue.state, issue.closed, issue.closed_by = "closed", repository.forge.clock.now(), caller.login
    issues.note(repository, issue, caller, "closed")


def update(
    repository: Repository, caller: Token, pull: Pull, title: str | None = None, body: str | None = None,
    state: str | None = None, base: str | None = None,
) -> None:  # fmt: skip
    issue = repository.issues[pull.number]
    if base is not None and base != pull.base_branch:
        change_base(repository, caller, pull, base)
    issues.edit(repository, caller, issue, title, body)
    if state == "closed":
        close(repository, caller, pull)
    elif state == "open":
        reopen(repository, caller, pull)
    elif state is not None:
        raise invalid("PullRequest", "state")


def close(repository: Repository, caller: Token, pull: Pull) -> None:
    issue = repository.issues[pull.number]
    issues.may_edit(repository, caller, issue.login)
    if issue.state == "open":
        repository.forge.clock.tick()
        _close(repository, caller, pull)


def reopen(repository: Repository, caller: Token, pull: Pull) -> None:
    """Raises 422 when it was merged, when the head branch is gone or when it has nothing new."""
    issue = repository.issues[pull.number]
    issues.may_edit(repository, caller, issue.login)
    if issue.state == "open":
        return
    home = repository.forge.repositories.get(pull.head_repository.lower())
    tip, base = home.git.branch(pull.head_branch) if home else None, repository.git.branch(pull.base_branch)
    if pull.merged is not None or tip is None or base is None:
        raise invalid("PullRequest", "state", "custom", "state cannot be changed. The pull request cannot be reopened.")
    if any(
        (other.head_branch, other.base_branch) == (pull.head_branch, pull.base_branch)
        for other in open_pulls(repository)
    ):
        text = f"There is already an open pull request from {pull.head_branch} to {pull.base_branch}."
        raise invalid("PullRequest", "state", "custom", f"state cannot be changed. {text}")
    if not repository.git.is_ancestor(pull.head, tip):
        text = f"The {pull.head_branch} branch was force-pushed or recreated."
        raise invalid("PullRequest", "state", "custom", f"state cannot be changed. {text}")
    if not repository.git.ahead_behind(tip, base)[0]:
        text = f"There are no new commits on the {pull.head_branch} branch."
        raise invalid("PullRequest", "state", "custom", f"state cannot be changed. {text}")
    pull.head, pull.base, pull.compared_from = tip, base, ""
    follow(repository, pull)
    issues.reopen(repository, caller, issue)


def change_base(repository: Repository, caller: Token, pull: Pull, base: str) -> None:
    issue = repository.issues[pull.number]
    issues.may_edit(repository, caller, issue.login)
    tip = repository.git.branch(base)
    if tip is None:
        raise invalid("PullRequest", "base")
    if issue.state != "open":
        raise invalid("PullRequest", "base", "custom", "Cannot change the base branch of a closed pull request.")
    if not repository.git.ahead_behind(pull.head, tip)[0]:
        text = f"There are no new commits between base branch '{base}' and head branch '{pull.head_branch}'"
        raise invalid("PullRequest", "base", "custom", text)
    repository.forge.clock.tick()
    before = pull.base_branch
    was = {"ref": {"from": before}, "sha": {"from": pull.base}}
    pull.base_branch, pull.base = base, tip
    follow(repository, pull)
    issues.note(repository, issue, caller, "base_ref_changed", before=before, after=base)
    tell_pull(repository, caller, pull, "edited", changes={"base": was})


def set_draft(repository: Repository, caller: Token, pull: Pull, draft: bool) -> None:
    issue = repository.issues[pull.number]
    issues.may_edit(repository, caller, issue.login)
    if pull.draft == draft:
        return
    _check_drafts(repository, draft)
    repository.forge.clock.tick()
    pull.draft = draft
    issues.note(repository, issue, caller, "convert_to_draft" if draft else "ready_for_review")
    tell_pull(repository, caller, pull, "converted_to_draft" if draft else "ready_for_review")


def update_branch(repository: Repository, caller: Token, pull: Pull, expected: str = "") -> None:
    """Merge the base into the head branch. Raises 422."""
    if expected and expected != pull.head:
        raise Refusal(422, "expected head sha didn’t match current head ref.")
    base = repository.git.branch(pull.base_branch)
    if base is None or repository.git.is_ancestor(base, pull.head):
        raise Refusal(422, "There are no new commits on the base branch.")
    tree = repository.git.merge(pull.head, base)
    if tree is None:
        raise Refusal(422, "merge conflict between base and head")
    text = f"Merge branch '{pull.base_branch}' into {pull.head_branch}"
    author, committer = identity(repository, caller), web_flow(repository)
    made = make_commit(repository, tree, [pull.head, base], text, author, committer, signed=True)
    move(repository, caller, f"refs/heads/{pull.head_branch}", made, pull.head)
