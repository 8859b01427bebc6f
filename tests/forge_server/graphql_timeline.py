"""What happened on an issue or a pull request, as GraphQL nodes."""

from typing import Any

from tests.forge_server import graphql_git, graphql_issues, graphql_pulls, views
from tests.forge_server.clock import parse_stamp, stamp
from tests.forge_server.graphql_paging import Info, Node, connection
from tests.forge_server.graphql_reader import Reader
from tests.forge_server.state import Comment, Issue, IssueEvent, Pull, Review

EVENT_TYPES = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "merged": "MergedEvent",
    "renamed": "RenamedTitleEvent",
    "base_ref_changed": "BaseRefChangedEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "review_dismissed": "ReviewDismissedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "convert_to_draft": "ConvertToDraftEvent",
}
ONLY_OF_PULLS = frozenset(EVENT_TYPES) - {"labeled", "unlabeled", "closed", "reopened", "renamed"}


def timeline(see: Reader, info: Info, found: Issue, a: dict[str, Any]) -> Node:
    pull = see.repository.pulls.get(found.number)
    known = EVENT_TYPES if pull else {name: kind for name, kind in EVENT_TYPES.items() if name not in ONLY_OF_PULLS}
    lines: list[tuple[Any, str, Any]] = [
        (event.created, known[event.name], event) for event in found.events if event.name in known
    ]
    lines += [(said.created, "IssueComment", said) for said in see.repository.comments_of(found.number)]
    if pull is not None:
        lines += [(given.submitted, "PullRequestReview", given) for given in pull.reviews]
    total = len(lines)
    wanted = {_type_of_item(item) for item in a.get("itemTypes") or ()}
    if a.get("itemTypes"):
        lines = [line for line in lines if line[1] in wanted]
    if since := a.get("since"):
        lines = [line for line in lines if line[0] >= parse_stamp(since)]
    lines = sorted(lines, key=lambda line: line[0])[a.get("skip") or 0 :]
    shown = connection(info, [(kind, item) for _, kind, item in lines], lambda line: item(see, pull, *line), a)
    return shown | {"filteredCount": len(lines), "pageCount": len(shown["nodes"]), "totalCount": total}


def item(see: Reader, pull: Pull | None, kind: str, found: Any) -> Node:
    match found:
        case Comment():
            return graphql_issues.comment(see, found)
        case Review() if pull is not None:
            return graphql_pulls.review(see, pull, found)
        case IssueEvent():
            return event(see, pull, kind, found)
    raise TypeError(kind)


def event(see: Reader, pull: Pull | None, kind: str, found: IssueEvent) -> Node:
    git = see.repository.git

    def commit(sha: str) -> Node | None:
        known = git.commit(sha)
        return graphql_git.commit(see, known) if known else None

    label = see.repository.labels.get(found.label.lower())
    review = next((r for r in pull.reviews if r.id == found.review_id), None) if pull else None
    return {
        "__typename": kind, "id": views.node_id("EV", found.id), "databaseId": found.id,
        "actor": see.actor(found.login), "createdAt": stamp(found.created),
        "label": graphql_issues.label(see, label.name) if label else None,
        "stateReason": found.state_reason.upper() if found.state_reason else None,
        "commit": lambda info: commit(found.commit), "mergeRefName": pull.base_branch if pull else "",
        "previousTitle": found.before, "currentTitle": found.after,
        "previousRefName": found.before, "currentRefName": found.after,
        "headRefName": pull.head_branch if pull else "",
        "pullRequest": lambda info: graphql_pulls.pull(see, pull.number) if pull else None,
        "beforeCommit": lambda info: commit(found.before), "afterCommit": lambda info: commit(found.after),
        "dismissalMessage": found.message or None, "previousReviewState": found.before.upper(),
        "review": graphql_pulls.review(see, pull, review) if pull and review else None,
    }  # fmt: skip


def _type_of_item(item: str) -> str:
    """LABELED_EVENT -> LabeledEvent"""
    return "".join(part.capitalize() for part in item.split("_"))
