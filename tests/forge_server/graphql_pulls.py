"""Pull requests and reviews as GraphQL nodes."""

from functools import partial
from typing import Any

from tests.forge_server import graphql_git, graphql_issues, graphql_repository, graphql_timeline, views
from tests.forge_server import pulls as rules
from tests.forge_server.clock import stamp
from tests.forge_server.graphql_errors import could_not_resolve
from tests.forge_server.graphql_paging import Info, Node, connection
from tests.forge_server.graphql_reader import Reader
from tests.forge_server.state import AutoMerge, Issue, Pull, Repository, Review


def pulls(see: Reader, info: Info, **a: Any) -> Node:
    see.needs("pull_requests:read")
    found = [
        see.repository.issues[number]
        for number, given in sorted(see.repository.pulls.items())
        if (not a.get("states") or pull_state(see.repository, given) in a["states"])
        and a.get("headRefName") in (None, given.head_branch)
        and a.get("baseRefName") in (None, given.base_branch)
        and (not a.get("labels") or graphql_issues.has_label(see.repository.issues[number], a["labels"]))
    ]
    return connection(info, graphql_issues.ordered(found, a.get("orderBy")), lambda item: pull(see, item.number), a)


def pull(see: Reader, number: int) -> Node:
    see.needs("pull_requests:read")
    found = see.repository.pulls.get(number)
    if found is None:
        raise could_not_resolve("PullRequest", f"number of {number}")
    item = see.repository.issues[number]
    return graphql_issues.issue_part(see, item) | pull_node(see, found, item)


def review(see: Reader, pull: Pull, found: Review) -> Node:
    role = see.repository.role(found.login)
    commit = see.repository.git.commit(found.commit)
    return graphql_issues.written(see, found.login, found.body, found.submitted, found.submitted, ()) | {
        "__typename": "PullRequestReview", "id": views.node_id("PRR", found.id), "databaseId": found.id,
        "state": found.state, "commit": graphql_git.commit(see, commit) if commit else None,
        "submittedAt": None if found.state == "PENDING" else stamp(found.submitted),
        "authorCanPushToRepository": role in ("write", "maintain", "admin"),
        "url": f"{see.repository.html_url}/pull/{pull.number}#pullrequestreview-{found.id}",
        "isMinimized": False, "minimizedReason": None, "viewerCanMinimize": False,
    }  # fmt: skip


def pull_node(see: Reader, found: Pull, item: Issue) -> Node:
    """What only a pull has. That it is looked at lets the forge find out whether it can be merged."""
    repository, git = see.repository, see.repository.git
    home = see.forge.repositories.get(found.head_repository.lower())
    rules.look_at(repository, found)
    known = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}
    still_open = item.state == "open"

    def figure(name: str) -> int:
        changes = rules.changed_files(repository, found)
        return sum(getattr(change, name) for change in changes) if name else len(changes)

    def merge_commit() -> Node | None:
        made = git.commit(found.merge_commit) if found.merged else None
        return graphql_git.commit(see, made) if made else None

    return {
        "__typename": "PullRequest", "id": views.node_id("PR", item.id), "state": pull_state(repository, found),
        "url": f"{repository.html_url}/pull/{found.number}", "isDraft": found.draft,
        "merged": found.merged is not None, "mergedAt": views.maybe(found.merged),
        "mergedBy": see.actor(found.merged_by) if found.merged_by else None,
        "mergeCommit": lambda info: merge_commit(),
        "mergeable": known[found.mergeable] if still_open else "UNKNOWN",
        "mergeStateStatus": lambda info: rules.mergeable_state(repository, found).upper() if still_open else "UNKNOWN",
        "headRefName": found.head_branch, "headRefOid": found.head,
        "headRef": lambda info: graphql_git.ref(Reader(home, see.caller), found.head_branch) if home else None,
        "headRepository": lambda info: graphql_repository.repository_node(Reader(home, see.caller)) if home else None,
        "headRepositoryOwner": see.actor(found.head_repository.split("/")[0]),
        "isCrossRepository": found.head_repository != repository.full_name,
        "baseRefName": found.base_branch, "baseRefOid": found.base,
        "baseRef": lambda info: graphql_git.ref(see, found.base_branch),
        "maintainerCanModify": found.maintainer_can_modify,
        "additions": lambda info: figure("additions"), "deletions": lambda info: figure("deletions"),
        "changedFiles": lambda info: figure(""),
        "autoMergeRequest": _auto_merge(see, found, found.auto_merge) if found.auto_merge else None,
        "commits": lambda info, **a: connection(info, own_commits(repository, found), partial(_commit, see, found), a),
        "reviews": partial(_reviews, see, found),
        "latestReviews": lambda info, **a: connection(info, _latest(found), partial(review, see, found), a),
        "reviewDecision": _decision(repository, found),
        "timelineItems": lambda info, **a: graphql_timeline.timeline(see, info, item, a),
    }  # fmt: skip


def _commit(see: Reader, pull: Pull, found: Any) -> Node:
    sha = str(found.id)
    return {
        "__typename": "PullRequestCommit", "id": views.node_id("PURC", see.repository.id, pull.number, sha),
        "url": f"{see.repository.html_url}/pull/{pull.number}/commits/{sha}", "commit": graphql_git.commit(see, found),
    }  # fmt: skip


def _reviews(see: Reader, found: Pull, info: Info, **a: Any) -> Node:
    wanted = [
        given
        for given in found.reviews
        if (not a.get("states") or given.state in a["states"]) and a.get("author") in (None, given.login)
    ]
    return connection(info, wanted, partial(review, see, found), a)


def _latest(found: Pull) -> list[Review]:
    """The last review of each reviewer."""
    return list({given.login: given for given in found.reviews}.values())


def _decision(repository: Repository, found: Pull) -> str | None:
    """None where no review is asked for by a rule and none was given."""
    rule = repository.protections.get(found.base_branch)
    opinions = rules.opinions(repository, found)
    if rule is None or not rule.reviews:
        return None
    if "CHANGES_REQUESTED" in opinions.values():
        return "CHANGES_REQUESTED"
    approvals = sum(state == "APPROVED" for state in opinions.values())
    return "APPROVED" if approvals >= rule.reviews else "REVIEW_REQUIRED"


def _auto_merge(see: Reader, given: Pull, found: AutoMerge) -> Node:
    return {
        "enabledAt": None, "enabledBy": see.actor(found.login), "mergeMethod": found.method.upper(),
        "commitHeadline": found.title or None, "commitBody": found.message or None,
        "pullRequest": lambda info: pull(see, given.number),
    }  # fmt: skip


def pull_state(repository: Repository, pull: Pull) -> str:
    return "MERGED" if pull.merged else repository.issues[pull.number].state.upper()


def own_commits(repository: Repository, found: Pull) -> list[Any]:
    """The commits of a pull, oldest first, at most 250."""
    shas = [str(shown["sha"]) for shown in rules.commits(repository, found)]
    return [repository.git.objects[sha] for sha in shas]
