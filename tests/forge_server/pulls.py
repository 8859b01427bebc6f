"""Rules of pull requests: open, follow the branches, mergeable or not, merge."""

from dataclasses import replace

from tests.forge_server import issues, views, views_issues
from tests.forge_server.access import has_role, need_role
from tests.forge_server.checks import combined
from tests.forge_server.errors import Refusal, invalid
from tests.forge_server.git_store import ZERO, FileChange, StaleRefError
from tests.forge_server.happening import tell
from tests.forge_server.refs import bypasses, close_by_keyword, identity, make_commit, move, web_flow
from tests.forge_server.state import AutoMerge, Pull, Repository, Review, Token

METHODS = ("merge", "squash", "rebase")
NOT_ALLOWED = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}


# Opening


def open_pull(
    repository: Repository, caller: Token, head: str, base: str, title: str, body: str = "", draft: bool = False
) -> Pull:
    """head: `branch` or `owner:branch`. Raises 403 and 422, in GitHub's words."""
    if caller.kind == "actions" and not repository.options.actions_may_open_pulls:
        raise Refusal(403, "GitHub Actions is not permitted to create or approve pull requests.")
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
    if not repository.git.ahead_behind(tip, ground)[0]:
        raise invalid("PullRequest", "", "custom", f"No commits between {base} and {branch}")
    issue = issues.new_issue(repository, caller, title, body)
    pull = Pull(issue.id, issue.number, home.full_name, branch, tip, base, ground, draft)
    repository.pulls[issue.number] = pull
    follow(repository, pull)
    tell_pull(repository, caller, pull, "opened")
    return pull


def head_of(repository: Repository, head: str) -> tuple[Repository, str]:
    """The repository and branch that `owner:branch` names."""
    owner, _, branch = head.rpartition(":")
    if not owner or owner.lower() == repository.owner.lower():
        return repository, branch
    for other in repository.forge.repositories.values():
        if other.owner.lower() == owner.lower() and other.fork_of == repository.full_name:
            return other, branch
    raise invalid("PullRequest", "head")


def open_pulls(repository: Repository) -> list[Pull]:
    return [pull for pull in repository.pulls.values() if repository.issues[pull.number].state == "open"]


def tell_pull(repository: Repository, caller: Token, pull: Pull, action: str, **parts: object) -> None:
    shown = full_pull(repository, pull)
    tell(repository, caller, "pull_request", action, number=pull.number, pull_request=shown, **parts)


def follow(repository: Repository, pull: Pull) -> None:
    """The head or the base stands elsewhere: refs/pull/N/head, and mergeable is unknown again."""
    repository.git.move(f"refs/pull/{pull.number}/head", pull.head)
    forget_mergeable(repository, pull)


def forget_mergeable(repository: Repository, pull: Pull) -> None:
    pull.mergeable = None
    pull.reads_left = repository.forge.options.unknown_reads


# Branches move


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
                _dismiss(repository, caller, pull, review, "")
    tell_pull(repository, caller, pull, "synchronize", before=before, after=after)


def _base_moved(repository: Repository, caller: Token, pull: Pull, after: str) -> None:
    if after == ZERO:
        _close(repository, caller, pull)
    elif repository.git.is_ancestor(pull.head, after):
        _mark_merged(repository, caller, pull, after)
    else:
        forget_mergeable(repository, pull)


def _close(repository: Repository, caller: Token, pull: Pull) -> None:
    """Closed without a merge, by something that the caller did elsewhere."""
    pull.compared_from = _comparison_start(repository, pull)
    pull.auto_merge = None
    _close_issue(repository, caller, pull)
    tell_pull(repository, caller, pull, "closed")


def _close_issue(repository: Repository, caller: Token, pull: Pull) -> None:
    issue = repository.issues[pull.number]
    issue.state, issue.closed, issue.closed_by = "closed", repository.forge.clock.now(), caller.login
    issues.note(repository, issue, caller, "closed")


# Reading


def _comparison_start(repository: Repository, pull: Pull) -> str:
    if pull.compared_from:
        return pull.compared_from
    base = repository.git.branch(pull.base_branch) or pull.base
    return repository.git.merge_base(base, pull.head) or base


def changed_files(repository: Repository, pull: Pull) -> list[FileChange]:
    return repository.git.diff(_comparison_start(repository, pull), pull.head)


def commits(repository: Repository, pull: Pull) -> list[views.Json]:
    """Oldest first, at most 250."""
    found = list(repository.git.log(pull.head, hide=[_comparison_start(repository, pull)]))
    return [views.commit(repository, commit) for commit in reversed(found)][:250]


def full_pull(repository: Repository, pull: Pull) -> views.Json:
    """As GET of one pull, without computing whether it can be merged."""
    changes = changed_files(repository, pull)
    start = _comparison_start(repository, pull)
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


# Changing


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


# Merging


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
    pull.compared_from = _comparison_start(repository, pull)
    _mark_merged(repository, caller, pull, made, tell_it=False)
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
    rule = repository.protections.get(pull.base_branch)
    if rule is not None and not bypasses(repository, caller, rule):
        _check_rule(repository, pull, method)
    if not compute_mergeable(repository, pull):
        raise Refusal(405, "Pull Request is not mergeable")


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
    who = repository.issues[pull.number].login if method == "squash" else caller.login
    author = identity(repository, replace(caller, login=who))
    return make_commit(repository, tree, parents, text, author, web_flow(repository), signed=True)


def _texts(repository: Repository, pull: Pull, method: str) -> tuple[str, str]:
    """Title and message of the merge when the caller gives none: GitHub's defaults."""
    issue = repository.issues[pull.number]
    if method == "merge":
        owner = pull.head_repository.split("/")[0]
        return f"Merge pull request #{pull.number} from {owner}/{pull.head_branch}", issue.title
    found = list(repository.git.log(pull.head, hide=[_comparison_start(repository, pull)]))[::-1]
    messages = [views.message_of(commit) for commit in found]
    if len(messages) == 1:
        first, _, rest = messages[0].partition("\n")
        return f"{first} (#{pull.number})", rest.strip("\n")
    return f"{issue.title} (#{pull.number})", "\n\n".join(f"* {message}" for message in messages)


def _rebased(repository: Repository, caller: Token, pull: Pull, base: str) -> str | None:
    onto = base
    for commit in reversed(list(repository.git.log(pull.head, hide=[_comparison_start(repository, pull)]))):
        if len(commit.parent_ids) > 1:
            continue
        tree = repository.git.cherry_pick(str(commit.id), onto)
        if tree is None:
            return None
        author = replace(identity(repository, caller), name=commit.author.name, email=commit.author.email)
        text = commit.raw_message.decode("utf-8", "surrogateescape")
        onto = make_commit(repository, tree, [onto], text, author, identity(repository, caller), signed=False)
    return onto


def _mark_merged(repository: Repository, caller: Token, pull: Pull, commit: str, tell_it: bool = True) -> None:
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


# Reviews

EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def review(repository: Repository, caller: Token, pull: Pull, event: str, body: str = "", commit: str = "") -> Review:
    """event: APPROVE, REQUEST_CHANGES or COMMENT. Raises 422."""
    if event not in EVENTS:
        raise invalid("PullRequestReview", "event")
    author = repository.issues[pull.number].login
    if author == caller.login and event != "COMMENT":
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise Refusal(422, "Unprocessable Entity", [f"Can not {verb} your own pull request"])
    if caller.kind == "actions" and event == "APPROVE" and not repository.options.actions_may_open_pulls:
        raise Refusal(422, "Unprocessable Entity", ["GitHub Actions is not permitted to approve pull requests."])
    if event != "APPROVE" and not body.strip():
        raise Refusal(422, "Unprocessable Entity", ["Review Can not be blank"])
    issues.check_body(repository, body)
    if commit and repository.git.commit(commit) is None:
        raise Refusal(422, "Unprocessable Entity", ["The commit_id is not part of the pull request"])
    now = repository.forge.clock.tick()
    given = Review(repository.forge.new_id(), caller.login, body, EVENTS[event], commit or pull.head, now)
    pull.reviews.append(given)
    if caller.login in pull.requested_reviewers:
        pull.requested_reviewers.remove(caller.login)
    issues.touch(repository, repository.issues[pull.number])
    _tell_review(repository, caller, pull, given, "submitted")
    merge_what_waits(repository, caller)
    return given


def dismiss(repository: Repository, caller: Token, pull: Pull, given: Review, message: str) -> None:
    need_role(repository, caller, "write")
    if given.state not in ("APPROVED", "CHANGES_REQUESTED"):
        word = "commented" if given.state == "COMMENTED" else given.state.lower()
        raise Refusal(422, f"Can not dismiss a {word} pull request review")
    repository.forge.clock.tick()
    _dismiss(repository, caller, pull, given, message)


def _dismiss(repository: Repository, caller: Token, pull: Pull, given: Review, message: str) -> None:
    before = given.state.lower()
    given.state = "DISMISSED"
    issues.note(
        repository, repository.issues[pull.number], caller, "review_dismissed",
        before=before, review_id=given.id, message=message,
    )  # fmt: skip
    _tell_review(repository, caller, pull, given, "dismissed")


def _tell_review(repository: Repository, caller: Token, pull: Pull, given: Review, action: str) -> None:
    shown = views_issues.review(repository, pull, given)
    tell(
        repository, caller, "pull_request_review", action,
        review=shown | {"state": given.state.lower()}, pull_request=views_issues.simple_pull(repository, pull),
    )  # fmt: skip


def request_reviewers(repository: Repository, caller: Token, pull: Pull, logins: list[str]) -> None:
    """Raises 422 for the author and for who has no access."""
    author = repository.issues[pull.number].login
    for login in logins:
        if login == author:
            raise Refusal(422, "Review cannot be requested from pull request author.")
        if not has_role(repository, replace(caller, kind="pat", login=login), "read") or (
            login.lower() not in {name.lower() for name in (*repository.roles, repository.owner)}
        ):
            text = "Reviews may only be requested from collaborators. One or more of the users or teams you specified"
            raise Refusal(422, f"{text} is not a collaborator of the {repository.full_name} repository.")
    repository.forge.clock.tick()
    for login in logins:
        if login not in pull.requested_reviewers:
            pull.requested_reviewers.append(login)
            note_request(repository, caller, pull, login, "review_requested")


def withdraw_request(repository: Repository, caller: Token, pull: Pull, logins: list[str]) -> None:
    repository.forge.clock.tick()
    for login in logins:
        if login in pull.requested_reviewers:
            pull.requested_reviewers.remove(login)
            note_request(repository, caller, pull, login, "review_request_removed")


def note_request(repository: Repository, caller: Token, pull: Pull, login: str, name: str) -> None:
    issues.note(repository, repository.issues[pull.number], caller, name, reviewer=login)
    reviewer = views.user(repository.forge, login)
    tell_pull(repository, caller, pull, name, requested_reviewer=reviewer)
