"""Issues, comments, labels and edits as GraphQL nodes."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from tests.forge_server import graphql_pulls, graphql_repository, graphql_timeline, views
from tests.forge_server.access import has_role
from tests.forge_server.clock import stamp
from tests.forge_server.graphql_errors import Problem, could_not_resolve
from tests.forge_server.graphql_paging import Info, Node, connection
from tests.forge_server.graphql_reader import Reader
from tests.forge_server.state import BodyEdit, Comment, Issue


def issue_or_pull(see: Reader, number: int) -> Node:
    if number not in see.repository.issues:
        raise could_not_resolve("issue or pull request", f"number of {number}")
    return graphql_pulls.pull(see, number) if number in see.repository.pulls else issue(see, number)


def issue(see: Reader, number: int) -> Node:
    see.needs("issues:read")
    found = see.repository.issues.get(number)
    if found is None or number in see.repository.pulls:
        raise could_not_resolve("Issue", f"number of {number}")
    return issue_part(see, found) | {
        "__typename": "Issue", "id": views.node_id("I", found.id), "state": found.state.upper(),
        "stateReason": lambda info, **a: found.state_reason.upper() if found.state_reason else None,
        "url": f"{see.repository.html_url}/issues/{number}",
        "timelineItems": lambda info, **a: graphql_timeline.timeline(see, info, found, a),
    }  # fmt: skip


def issue_part(see: Reader, found: Issue) -> Node:
    """What issues and pulls have in common."""
    said = see.repository.comments_of(found.number)
    return written(see, found.login, found.body, found.created, found.updated, found.edits) | {
        "databaseId": found.id, "number": found.number, "title": found.title, "locked": found.locked,
        "closed": found.state == "closed", "closedAt": views.maybe(found.closed),
        "repository": lambda info: graphql_repository.repository_node(see),
        "labels": lambda info, **a: connection(info, found.labels, partial(label, see), a),
        "comments": lambda info, **a: connection(info, said, partial(comment, see), a),
    }  # fmt: skip


def written(
    see: Reader, login: str, body: str, created: datetime, updated: datetime, edits: Sequence[BodyEdit]
) -> Node:
    last = edits[-1] if edits else None
    return {
        "author": see.actor(login), "authorAssociation": views.association(see.repository, login), "body": body,
        "createdAt": stamp(created), "updatedAt": stamp(updated), "viewerDidAuthor": see.caller.login == login,
        "lastEditedAt": stamp(last.created) if last else None, "editor": see.actor(last.login) if last else None,
        "includesCreatedEdit": bool(edits),
        "userContentEdits": lambda info, **a: connection(
            info, _versions(login, created, edits), partial(edit, see), a
        ),
    }  # fmt: skip


def edit(see: Reader, found: BodyEdit) -> Node:
    when = stamp(found.created)
    return {
        "id": views.node_id("UCE", found.login, when), "editor": see.actor(found.login), "editedAt": when,
        "createdAt": when, "updatedAt": when, "diff": found.after,
    }  # fmt: skip


def comment(see: Reader, found: Comment) -> Node:
    kind = "pull" if found.number in see.repository.pulls else "issues"
    return written(see, found.login, found.body, found.created, found.updated, found.edits) | {
        "__typename": "IssueComment", "id": views.node_id("IC", found.id), "databaseId": found.id,
        "url": f"{see.repository.html_url}/{kind}/{found.number}#issuecomment-{found.id}",
        "isMinimized": bool(found.minimized), "minimizedReason": found.minimized.lower() or None,
        "viewerCanMinimize": has_role(see.repository, see.caller, "write"),
    }  # fmt: skip


def label(see: Reader, name: str) -> Node:
    found = see.repository.labels[name.lower()]
    return {
        "__typename": "Label", "id": views.node_id("LA", found.id), "name": found.name, "color": found.color,
        "description": found.description,
    }  # fmt: skip


def issues(see: Reader, info: Info, **a: Any) -> Node:
    see.needs("issues:read")
    filters = a.get("filterBy") or {}
    states = a.get("states") or filters.get("states")
    labels = a.get("labels") or filters.get("labels")
    author = filters.get("createdBy")
    found = [
        item
        for number, item in sorted(see.repository.issues.items())
        if number not in see.repository.pulls
        and (not states or item.state.upper() in states)
        and (not labels or has_label(item, labels))
        and (not author or author == item.login)
    ]
    return connection(info, ordered(found, a.get("orderBy")), lambda item: issue(see, item.number), a)


def _versions(login: str, created: datetime, edits: Sequence[BodyEdit]) -> list[BodyEdit]:
    """What the body said, newest first; once something was edited, the text as it was first written is in it too."""
    if not edits:
        return []
    return [*reversed(edits), BodyEdit(login, created, "", edits[0].before)]


def has_label(issue: Issue, labels: Sequence[str]) -> bool:
    return not {name.lower() for name in issue.labels}.isdisjoint(name.lower() for name in labels)


def ordered(issues: list[Issue], order: dict[str, str] | None) -> list[Issue]:
    if not order:
        return issues
    if order["field"] == "COMMENTS":
        raise Problem("UNPROCESSABLE", "This forge does not sort by the number of comments")
    by_update = order["field"] == "UPDATED_AT"

    def key(issue: Issue) -> tuple[datetime, int]:
        return issue.updated if by_update else issue.created, issue.number

    return sorted(issues, key=key, reverse=order["direction"] == "DESC")
