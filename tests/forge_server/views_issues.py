"""Issues, pull requests, comments, reviews and the timeline as GitHub's JSON."""

from tests.forge_server.clock import stamp
from tests.forge_server.state import Comment, Issue, IssueEvent, Pull, Repository, Review
from tests.forge_server.views import (
    Json,
    association,
    git_commit,
    labels_of,
    maybe,
    node_id,
    reaction_rollup,
    repository,
    user,
)

PULL_LINKS = {
    "self": "{api}/pulls/{n}",
    "html": "{html}/pull/{n}",
    "issue": "{api}/issues/{n}",
    "comments": "{api}/issues/{n}/comments",
    "review_comments": "{api}/pulls/{n}/comments",
    "review_comment": "{api}/pulls/comments{{/number}}",
    "commits": "{api}/pulls/{n}/commits",
    "statuses": "{api}/statuses/{sha}",
}


def issue(found: Repository, item: Issue) -> Json:
    forge, url = found.forge, f"{found.api_url}/issues/{item.number}"
    pull = found.pulls.get(item.number)
    kind = "issues" if pull is None else "pull"
    html = f"{found.html_url}/{kind}/{item.number}"
    shown: Json = {
        "url": url,
        "repository_url": found.api_url,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": html,
        "id": item.id,
        "node_id": node_id("I" if pull is None else "PR", item.id),
        "number": item.number,
        "title": item.title,
        "user": user(forge, item.login),
        "labels": labels_of(found, item),
        "state": item.state,
        "state_reason": item.state_reason,
        "locked": item.locked,
        "active_lock_reason": None,
        "assignee": user(forge, item.assignees[0]) if item.assignees else None,
        "assignees": [user(forge, login) for login in item.assignees],
        "milestone": None,
        "comments": len(found.comments_of(item.number)),
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
        "closed_at": maybe(item.closed),
        "author_association": association(found, item.login),
        "body": item.body or None,
        "reactions": reaction_rollup(url, item.reactions),
        "performed_via_github_app": None,
    }
    if pull is not None:
        shown["draft"] = pull.draft
        shown["pull_request"] = {
            "url": f"{found.api_url}/pulls/{item.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": maybe(pull.merged),
        }
    return shown


def full_issue(found: Repository, item: Issue) -> Json:
    """As GET of one issue: with who closed it."""
    return issue(found, item) | {"closed_by": user(found.forge, item.closed_by) if item.closed_by else None}


def comment(found: Repository, item: Comment) -> Json:
    kind = "pull" if item.number in found.pulls else "issues"
    url = f"{found.api_url}/issues/comments/{item.id}"
    return {
        "url": url,
        "html_url": f"{found.html_url}/{kind}/{item.number}#issuecomment-{item.id}",
        "issue_url": f"{found.api_url}/issues/{item.number}",
        "id": item.id,
        "node_id": node_id("IC", item.id),
        "user": user(found.forge, item.login),
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
        "body": item.body,
        "author_association": association(found, item.login),
        "reactions": reaction_rollup(url, item.reactions),
        "performed_via_github_app": None,
    }


def branch_end(found: Repository, pull: Pull, head: bool) -> Json:
    """`head` or `base` of a pull."""
    home = found.forge.repositories.get(pull.head_repository.lower()) if head else found
    branch, sha = (pull.head_branch, pull.head) if head else (pull.base_branch, pull.base)
    owner = pull.head_repository.split("/")[0] if head else found.owner
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user(found.forge, owner),
        "repo": None if home is None else repository(home),
    }


def simple_pull(found: Repository, pull: Pull) -> Json:
    """As lists show a pull: without mergeable and figures."""
    item, forge = found.issues[pull.number], found.forge
    names = {"api": found.api_url, "html": found.html_url, "n": pull.number, "sha": pull.head}
    links = {key: {"href": template.format(**names)} for key, template in PULL_LINKS.items()}
    html = links["html"]["href"]
    auto = pull.auto_merge
    return {
        "url": links["self"]["href"],
        "id": item.id,
        "node_id": node_id("PR", item.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": links["issue"]["href"],
        "number": pull.number,
        "state": item.state,
        "locked": item.locked,
        "title": item.title,
        "user": user(forge, item.login),
        "body": item.body or None,
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
        "closed_at": maybe(item.closed),
        "merged_at": maybe(pull.merged),
        "merge_commit_sha": pull.merge_commit or None,
        "assignee": user(forge, item.assignees[0]) if item.assignees else None,
        "assignees": [user(forge, login) for login in item.assignees],
        "requested_reviewers": [user(forge, login) for login in pull.requested_reviewers],
        "requested_teams": [],
        "labels": labels_of(found, item),
        "milestone": None,
        "draft": pull.draft,
        "commits_url": links["commits"]["href"],
        "review_comments_url": links["review_comments"]["href"],
        "review_comment_url": links["review_comment"]["href"],
        "comments_url": links["comments"]["href"],
        "statuses_url": links["statuses"]["href"],
        "head": branch_end(found, pull, head=True),
        "base": branch_end(found, pull, head=False),
        "_links": links,
        "author_association": association(found, item.login),
        "auto_merge": None
        if auto is None
        else {
            "enabled_by": user(forge, auto.login),
            "merge_method": auto.method,
            "commit_title": auto.title,
            "commit_message": auto.message,
        },
        "active_lock_reason": None,
    }


def review(found: Repository, pull: Pull, item: Review) -> Json:
    html = f"{found.html_url}/pull/{pull.number}#pullrequestreview-{item.id}"
    url = f"{found.api_url}/pulls/{pull.number}"
    return {
        "id": item.id,
        "node_id": node_id("PRR", item.id),
        "user": user(found.forge, item.login),
        "body": item.body,
        "state": item.state,
        "html_url": html,
        "pull_request_url": url,
        "author_association": association(found, item.login),
        "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        "submitted_at": stamp(item.submitted),
        "commit_id": item.commit,
    }


def issue_event(found: Repository, item: IssueEvent) -> Json:
    forge = found.forge
    shown: Json = {
        "id": item.id,
        "node_id": node_id("EV", item.id),
        "url": f"{found.api_url}/issues/events/{item.id}",
        "actor": user(forge, item.login),
        "event": item.name,
        "commit_id": item.commit or None,
        "commit_url": f"{found.api_url}/commits/{item.commit}" if item.commit else None,
        "created_at": stamp(item.created),
        "performed_via_github_app": None,
    }
    match item.name:
        case "labeled" | "unlabeled":
            known = found.labels.get(item.label.lower())
            shown["label"] = {"name": item.label, "color": known.color if known else "ededed"}
        case "review_requested" | "review_request_removed":
            shown["review_requester"] = user(forge, item.login)
            shown["requested_reviewer"] = user(forge, item.reviewer)
        case "review_dismissed":
            shown["dismissed_review"] = {
                "state": item.before,
                "review_id": item.review_id,
                "dismissal_message": item.message or None,
            }
        case "renamed":
            shown["rename"] = {"from": item.before, "to": item.after}
    return shown


def _with_reason(item: IssueEvent, shown: Json) -> Json:
    """Only the timeline says why an issue was closed."""
    return shown | {"state_reason": item.state_reason} if item.name in ("closed", "reopened") else shown


def timeline(found: Repository, item: Issue) -> list[Json]:
    """Everything that happened on an issue or a pull, oldest first."""
    lines = [(stamp(event.created), _with_reason(event, issue_event(found, event))) for event in item.events]
    for spoken in found.comments_of(item.number):
        shown = comment(found, spoken)
        lines.append((stamp(spoken.created), shown | {"event": "commented", "actor": shown["user"]}))
    pull = found.pulls.get(item.number)
    if pull is not None:
        said = [(given.submitted, review(found, pull, given)) for given in pull.reviews]
        lines += [(stamp(moment), shown | {"event": "reviewed"}) for moment, shown in said]
    ordered = [shown for _, shown in sorted(lines, key=lambda line: line[0])]
    return (_committed(found, pull) if pull is not None else []) + ordered


def _committed(found: Repository, pull: Pull) -> list[Json]:
    start = found.git.merge_base(pull.compared_from or pull.base, pull.head) or pull.base
    commits = list(found.git.log(pull.head, hide=[start]))
    return [git_commit(found, made) | {"event": "committed"} for made in reversed(commits)]
