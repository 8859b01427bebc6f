"""A repository as a GraphQL node, and any node by its global id."""

import base64
from functools import partial

from tests.forge_server import graphql_git, graphql_issues, graphql_pulls, views
from tests.forge_server.access import may_see
from tests.forge_server.errors import Refusal
from tests.forge_server.graphql_errors import Problem
from tests.forge_server.graphql_paging import Node, connection
from tests.forge_server.graphql_reader import Reader, actor
from tests.forge_server.state import Comment, Forge, Issue, Label, Pull, Repository, Review, Token


def repository_node(see: Reader) -> Node:
    found, options = see.repository, see.repository.options
    default = f"refs/heads/{options.default_branch}"
    role = found.role(see.caller.login).upper()
    return {
        "__typename": "Repository", "id": views.node_id("R", found.id), "databaseId": found.id, "name": found.name,
        "nameWithOwner": found.full_name, "owner": see.actor(found.owner), "url": found.html_url,
        "isPrivate": options.private, "isArchived": options.archived, "archivedAt": None,
        "autoMergeAllowed": options.allow_auto_merge, "deleteBranchOnMerge": options.delete_branch_on_merge,
        "mergeCommitAllowed": options.allow_merge_commit, "squashMergeAllowed": options.allow_squash_merge,
        "rebaseMergeAllowed": options.allow_rebase_merge,
        "viewerPermission": None if role == "NONE" or see.caller.is_bot else role,
        "defaultBranchRef": lambda info: graphql_git.ref(see, default),
        "ref": lambda info, qualifiedName: graphql_git.ref(see, qualifiedName),  # noqa: N803
        "refs": partial(graphql_git.refs, see),
        "object": lambda info, oid=None, expression=None: graphql_git.object_at(see, oid, expression),
        "issue": lambda info, number: graphql_issues.issue(see, number),
        "issues": partial(graphql_issues.issues, see),
        "pullRequest": lambda info, number: graphql_pulls.pull(see, number),
        "pullRequests": partial(graphql_pulls.pulls, see),
        "issueOrPullRequest": lambda info, number: graphql_issues.issue_or_pull(see, number),
        "label": lambda info, name: graphql_issues.label(see, name) if name.lower() in found.labels else None,
        "labels": lambda info, **a: connection(info, [*found.labels], partial(graphql_issues.label, see), a),
    }  # fmt: skip


def global_id(node_id: str) -> list[str]:
    """[kind, parts...] of an id that views.node_id made; [""] for anything else."""
    kind, _, coded = node_id.partition("_")
    try:
        parts = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode().split(":")
    except ValueError:
        return [""]
    return parts if parts[0] == kind else [""]


def locate(forge: Forge, caller: Token, node_id: str) -> tuple[Repository, object]:
    """The thing that has this id, and its repository. A commit and a ref are found as their names.
    Raises Problem NOT_FOUND: nobody can tell what he may not see from what is not there."""
    kind, *rest = global_id(node_id)
    for repository in forge.repositories.values():
        if _sees(repository, caller) and (found := _find_in(repository, kind, rest)) is not None:
            return repository, found
    raise Problem("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")


def _sees(repository: Repository, caller: Token) -> bool:
    try:
        may_see(repository, caller)
    except Refusal:
        return False
    return True


def _find_in(repository: Repository, kind: str, rest: list[str]) -> object | None:
    match kind, rest:
        case "R", [number]:
            return repository if number == str(repository.id) else None
        case (("I" | "PR"), [number]):
            issue = next((issue for issue in repository.issues.values() if str(issue.id) == number), None)
            return repository.pulls.get(issue.number, issue) if issue else None
        case "IC", [number]:
            return next((found for found in repository.comments.values() if str(found.id) == number), None)
        case "PRR", [number]:
            reviews = (review for pull in repository.pulls.values() for review in pull.reviews)
            return next((review for review in reviews if str(review.id) == number), None)
        case "LA", [number]:
            return next((found for found in repository.labels.values() if str(found.id) == number), None)
        case (("C" | "REF"), [owner, *name]) if owner == str(repository.id):
            text = ":".join(name)
            return text if repository.git.commit(text) or repository.git.ref(text) else None
    return None


def node(forge: Forge, caller: Token, node_id: str) -> Node | None:
    """The node of an id. Raises Problem NOT_FOUND."""
    logins = {views.node_id("U", user.id): user.login for user in forge.users.values()}
    if node_id in logins:
        return actor(forge, logins[node_id])
    repository, found = locate(forge, caller, node_id)
    see = Reader(repository, caller)
    match found:
        case Repository():
            return repository_node(see)
        case Pull():
            return graphql_pulls.pull(see, found.number)
        case Issue():
            return graphql_issues.issue(see, found.number)
        case Comment():
            return graphql_issues.comment(see, found)
        case Review():
            pull = next(pull for pull in repository.pulls.values() if found in pull.reviews)
            return graphql_pulls.review(see, pull, found)
        case Label():
            return graphql_issues.label(see, found.name)
        case str() if found.startswith("refs/"):
            return graphql_git.ref(see, found)
        case _:
            return graphql_git.git_object(see, str(found))
