"""The mutations. Each asks for the permission that GitHub asks for, and calls the rule that REST calls too."""

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pygit2

from tests.forge_server import graphql_git, graphql_issues, graphql_pulls, issues, pulls, refs, views
from tests.forge_server.access import need_role
from tests.forge_server.errors import Refusal
from tests.forge_server.git_store import ZERO
from tests.forge_server.graphql_errors import Problem, spoken
from tests.forge_server.graphql_paging import Node
from tests.forge_server.graphql_reader import Reader
from tests.forge_server.graphql_repository import locate
from tests.forge_server.state import Comment, Forge, Issue, Pull, Repository, Token

Input = Mapping[str, Any]
Mutation = Callable[[Forge, Token, Input], Node]
MUTATIONS: dict[str, Mutation] = {}


def mutation(act: Mutation) -> Mutation:
    """Registers a function under the name of the mutation: enable_auto_merge -> enableAutoMerge."""
    first, *rest = act.__name__.split("_")
    MUTATIONS[first + "".join(word.capitalize() for word in rest)] = act
    return act


def _pull(forge: Forge, caller: Token, node_id: str, needs: str) -> tuple[Reader, Pull]:
    repository, found = locate(forge, caller, node_id)
    if not isinstance(found, Pull):
        raise _other("PullRequest", node_id)
    see = Reader(repository, caller)
    see.needs(needs)
    return see, found


def _other(kind: str, node_id: str) -> Problem:
    return Problem("NOT_FOUND", f"Could not resolve to {kind} node with the global id of '{node_id}'.")


def _said(act: Callable[[], Any], prefix: str = "") -> Any:
    """Do it; a refusal for a state that does not allow it is UNPROCESSABLE here, whatever its status in REST is."""
    try:
        return act()
    except Refusal as refusal:
        if refusal.status in (401, 403, 404):
            raise
        raise Problem("UNPROCESSABLE", prefix + spoken(refusal)) from refusal


def _shown(see: Reader, found: Pull) -> Node:
    return {"pullRequest": graphql_pulls.pull(see, found.number), "actor": see.actor(see.caller.login)}


@mutation
def enable_pull_request_auto_merge(forge: Forge, caller: Token, given: Input) -> Node:
    see, found = _pull(forge, caller, given["pullRequestId"], "contents:write&pull_requests:write")
    _expect(found, given.get("expectedHeadOid"))
    method, title, text = given["mergeMethod"].lower(), given.get("commitHeadline"), given.get("commitBody")
    _said(
        lambda: pulls.enable_auto_merge(see.repository, caller, found, method, title or "", text or ""),
        "Pull request ",
    )
    return _shown(see, found)


@mutation
def disable_pull_request_auto_merge(forge: Forge, caller: Token, given: Input) -> Node:
    see, found = _pull(forge, caller, given["pullRequestId"], "pull_requests:write")
    _said(lambda: pulls.disable_auto_merge(see.repository, caller, found))
    return _shown(see, found)


@mutation
def mark_pull_request_ready_for_review(forge: Forge, caller: Token, given: Input) -> Node:
    """That contents are needed too is in no documentation (cli/cli#8910)."""
    see, found = _pull(forge, caller, given["pullRequestId"], "contents:write&pull_requests:write")
    _said(lambda: pulls.set_draft(see.repository, caller, found, draft=False))
    return _shown(see, found)


@mutation
def convert_pull_request_to_draft(forge: Forge, caller: Token, given: Input) -> Node:
    see, found = _pull(forge, caller, given["pullRequestId"], "pull_requests:write")
    _said(lambda: pulls.set_draft(see.repository, caller, found, draft=True))
    return _shown(see, found)


@mutation
def merge_pull_request(forge: Forge, caller: Token, given: Input) -> Node:
    see, found = _pull(forge, caller, given["pullRequestId"], "contents:write")
    method, title, text = given["mergeMethod"].lower(), given.get("commitHeadline"), given.get("commitBody")
    sha = given.get("expectedHeadOid") or ""
    _said(lambda: pulls.merge(see.repository, caller, found, method, sha, title, text))
    return _shown(see, found)


def _expect(found: Pull, sha: str | None) -> None:
    if sha and sha != found.head:
        raise Problem("UNPROCESSABLE", "Head branch was modified. Review and try the merge again.")


@mutation
def revert_pull_request(forge: Forge, caller: Token, given: Input) -> Node:
    """A pull request with a commit that takes back the merge."""
    see, found = _pull(forge, caller, given["pullRequestId"], "contents:write&pull_requests:write")
    repository, item = see.repository, see.repository.issues[found.number]
    need_role(repository, caller, "write")
    base = repository.git.branch(found.base_branch)
    merged = repository.git.commit(found.merge_commit) if found.merged else None
    if merged is None or base is None:
        raise Problem("UNPROCESSABLE", "Pull request could not be reverted")
    tree = _reverted(repository, str(merged.id), base)
    title = given.get("title") or f'Revert "{item.title}"'
    body = given.get("body") or f"Reverts {repository.full_name}#{found.number}"
    text = f'Revert "{item.title} (#{found.number})"\n\nThis reverts commit {merged.id}.'
    author, committer = refs.identity(repository, caller), refs.web_flow(repository)
    made = refs.make_commit(repository, tree, [base], text, author, committer, signed=True)
    branch = f"revert-{found.number}-{found.head_branch}"
    _said(lambda: refs.move(repository, caller, f"refs/heads/{branch}", made, ZERO))
    draft = bool(given.get("draft"))
    opened = _said(lambda: pulls.open_pull(repository, caller, branch, found.base_branch, title, body, draft))
    return {**_shown(see, found), "revertPullRequest": graphql_pulls.pull(see, opened.number)}


def _reverted(repository: Repository, merged: str, base: str) -> str:
    """The tree of `base` without what the merge did to its first parent. Raises Problem when they conflict."""
    git = repository.git
    commit, tip = git.commit(merged), git.commit(base)
    assert commit is not None and tip is not None
    index = git.objects.merge_trees(commit.tree, tip.tree, commit.parents[0].tree)
    if index.conflicts is not None:
        raise Problem("UNPROCESSABLE", "Sorry, this pull request couldn’t be reverted automatically.")
    return str(index.write_tree(git.objects))


@mutation
def create_commit_on_branch(forge: Forge, caller: Token, given: Input) -> Node:
    """A commit of added, changed and deleted files, if the branch still stands where the caller thinks it does.
    It is signed, and its author is the caller."""
    see, ref = _branch(forge, caller, given["branch"])
    repository, head = see.repository, given["expectedHeadOid"]
    tip = repository.git.ref(ref)
    if tip is None:
        raise Problem("NOT_FOUND", f'No such branch "{ref.removeprefix("refs/heads/")}".')
    if tip != head:
        text = f'Expected branch to point to "{head}" but it did not.  Pull and try again.'
        raise Problem("STALE_DATA", text)
    tree = _tree(repository, tip, given.get("fileChanges") or {})
    headline, body = given["message"]["headline"], given["message"].get("body")
    text = f"{headline}\n\n{body}" if body else headline
    author, committer = refs.identity(repository, caller), refs.web_flow(repository)
    made = refs.make_commit(repository, tree, [tip], text, author, committer, signed=True)
    _said(lambda: refs.check_direct_push(repository, caller, ref, made))
    try:
        refs.move(repository, caller, ref, made, tip)
    except Refusal:
        raise Problem("STALE_DATA", f'Expected branch to point to "{head}" but it did not.') from None
    commit = repository.git.commit(made)
    assert commit is not None
    return {"commit": graphql_git.commit(see, commit), "ref": graphql_git.ref(see, ref)}


def _branch(forge: Forge, caller: Token, given: Input) -> tuple[Reader, str]:
    """A branch by its id, or by the names of the repository and the branch."""
    if given.get("id"):
        repository, found = locate(forge, caller, given["id"])
        ref = str(found)
    else:
        name = given.get("repositoryNameWithOwner") or ""
        try:
            repository = forge.repository(name)
            Reader(repository, caller).needs("metadata:read")
        except Refusal:
            raise Problem("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.") from None
        ref = f"refs/heads/{(given.get('branchName') or '').removeprefix('refs/heads/')}"
    see = Reader(repository, caller)
    see.needs("contents:write")
    return see, ref


def _tree(repository: Repository, tip: str, changes: Input) -> str:
    entries: dict[str, tuple[int, str] | None] = {}
    for deletion in changes.get("deletions") or ():
        path = deletion["path"]
        if repository.git.entry(tip, path) is None:
            raise Problem("UNPROCESSABLE", f"A file with path '{path}' does not exist.")
        entries[path] = None
    for addition in changes.get("additions") or ():
        path = addition["path"]
        if path in entries:
            raise Problem("UNPROCESSABLE", f"The path '{path}' is both added and deleted.")
        try:
            content = base64.b64decode(addition["contents"], validate=True)
        except binascii.Error:
            raise Problem("UNPROCESSABLE", f"The contents of '{path}' are not valid Base64.") from None
        before = repository.git.entry(tip, path)
        mode = before.filemode if before is not None and before.type_str == "blob" else 0o100644
        entries[path] = (int(mode), repository.git.write_blob(content))
    try:
        return repository.git.write_tree(tip, entries)
    except (KeyError, ValueError, OSError, pygit2.GitError) as error:
        raise Problem("UNPROCESSABLE", f"A path is malformed: {error}") from error


@mutation
def update_refs(forge: Forge, caller: Token, given: Input) -> Node:
    """All updates or none: every ref is looked at before the first is moved."""
    repository, found = locate(forge, caller, given["repositoryId"])
    if not isinstance(found, Repository):
        raise Problem(
            "NOT_FOUND", f"Could not resolve to Repository node with the global id of '{given['repositoryId']}'."
        )
    Reader(repository, caller).needs("contents:write")
    for update in given["refUpdates"]:
        _check_update(repository, caller, update)
    for update in given["refUpdates"]:
        _said(partial(refs.move, repository, caller, update["name"], update["afterOid"]))
    return {}


def _check_update(repository: Repository, caller: Token, update: Input) -> None:
    name, after, before = update["name"], update["afterOid"], update.get("beforeOid")
    stands = repository.git.ref(name) or ZERO
    if not name.startswith("refs/") or not repository.git.is_ref_name(name):
        raise Problem("UNPROCESSABLE", f"Reference name '{name}' is not valid: it must start with refs/")
    if before is not None and before != stands:
        raise Problem("STALE_DATA", f'Expected ref "{name}" to point to "{before}" but it did not.')
    if after != ZERO and after not in repository.git.objects:
        raise Problem("UNPROCESSABLE", f"Object {after} does not exist")
    forced = ZERO not in (stands, after) and not repository.git.is_ancestor(stands, after)
    if forced and not update.get("force"):
        raise Problem("UNPROCESSABLE", f"Update of '{name}' is not a fast forward")
    _said(lambda: refs.check_direct_push(repository, caller, name, after))


@mutation
def add_comment(forge: Forge, caller: Token, given: Input) -> Node:
    repository, found = locate(forge, caller, given["subjectId"])
    if not isinstance(found, Issue | Pull):
        raise Problem("UNPROCESSABLE", "Subject cannot be commented on")
    see, is_pull = Reader(repository, caller), isinstance(found, Pull)
    see.needs("issues:write|pull_requests:write" if is_pull else "issues:write")
    said = _said(lambda: issues.comment(repository, caller, repository.issues[found.number], given["body"]))
    shown = graphql_issues.comment(see, said)
    subject = graphql_issues.issue_or_pull(see, found.number)
    return {"commentEdge": {"cursor": views.node_id("IC", said.id), "node": shown}, "subject": subject}


@mutation
def minimize_comment(forge: Forge, caller: Token, given: Input) -> Node:
    return {"minimizedComment": _minimized(forge, caller, given["subjectId"], given["classifier"])}


@mutation
def unminimize_comment(forge: Forge, caller: Token, given: Input) -> Node:
    return {"unminimizedComment": _minimized(forge, caller, given["subjectId"], "")}


def _minimized(forge: Forge, caller: Token, node_id: str, reason: str) -> Node:
    """Hide a comment; its text and its times stay."""
    repository, found = locate(forge, caller, node_id)
    if not isinstance(found, Comment):
        raise _other("Minimizable", node_id)
    see = Reader(repository, caller)
    is_pull = found.number in repository.pulls
    see.needs("issues:write|pull_requests:write" if is_pull else "issues:write")
    if found.login != caller.login:
        need_role(repository, caller, "triage")
    forge.clock.tick()
    found.minimized = reason
    return graphql_issues.comment(see, found)
