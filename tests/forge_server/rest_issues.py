"""Issues, comments, reactions, labels, timeline."""

from tests.forge_server import issues, pulls, views, views_issues
from tests.forge_server.access import has_role, need_role
from tests.forge_server.clock import parse_stamp
from tests.forge_server.errors import Refusal, invalid, not_found
from tests.forge_server.rest import REPO, Reply, Request, body_text, paged, route
from tests.forge_server.state import Issue, Label, Reaction, Repository

READ, WRITE = "issues:read|pull_requests:read", "issues:write|pull_requests:write"
ONE = f"{REPO}/issues/{{number#}}"
COMMENT = f"{REPO}/issues/comments/{{comment#}}"
REASONS = ("completed", "not_planned", "duplicate", "reopened")


def _since(request: Request) -> float:
    """Raises 422 for what is no time."""
    text = request.query.get("since")
    try:
        return parse_stamp(text).timestamp() if text else 0.0
    except ValueError as wrong:
        raise Refusal(422, "Validation Failed", [{"resource": "Issue", "field": "since", "code": "invalid"}]) from wrong


@route("GET", f"{REPO}/issues", READ)
def list_issues(request: Request) -> Reply:
    repository, query, since = request.repository, request.query, _since(request)
    state, sort = query.get("state", "open"), query.get("sort", "created")
    if state not in ("open", "closed", "all") or sort not in ("created", "updated", "comments"):
        raise invalid("Issue", "state" if sort in ("created", "updated", "comments") else "sort")
    labels = [name.lower() for name in query.get("labels", "").split(",") if name]

    def wanted(issue: Issue) -> bool:
        mine = {name.lower() for name in issue.labels}
        return (
            state in ("all", issue.state)
            and all(name in mine for name in labels)
            and query.get("creator", issue.login) == issue.login
            and (query.get("assignee", "*") == "*" or query["assignee"] in (issue.assignees or ["none"]))
            and issue.updated.timestamp() >= since
        )

    keys = {
        "created": lambda issue: (issue.created, issue.number),
        "updated": lambda issue: (issue.updated, issue.number),
        "comments": lambda issue: (len(repository.comments_of(issue.number)), issue.number),
    }
    found = sorted((issue for issue in repository.issues.values() if wanted(issue)), key=keys[sort])
    if query.get("direction", "desc") == "desc":
        found.reverse()
    return paged(request, found, lambda issue: views_issues.issue(repository, issue))


@route("POST", f"{REPO}/issues", "issues:write")
def create_issue(request: Request) -> Reply:
    repository = request.repository
    title, body = request.needed("title"), body_text(request)
    labels, assignees = _label_names(request) or [], request.texts("assignees") or []
    issue = issues.open_issue(repository, request.caller, title, body, labels, assignees)
    shown = views_issues.full_issue(repository, issue)
    return Reply(201, shown, {"Location": str(shown["url"])})


@route("GET", ONE, READ)
def get_issue(request: Request) -> Reply:
    repository = request.repository
    return Reply(200, views_issues.full_issue(repository, repository.issue(request.number())))


@route("PATCH", ONE, WRITE)
def update_issue(request: Request) -> Reply:
    repository, caller, fields = request.repository, request.caller, request.fields()
    issue = repository.issue(request.number())
    state, reason = request.maybe_text("state"), request.maybe_text("state_reason")
    if state not in (None, "open", "closed") or reason not in (None, *REASONS):
        raise invalid("Issue", "state" if state not in (None, "open", "closed") else "state_reason")
    body = body_text(request) if "body" in fields else None
    labels, assignees = _label_names(request), request.texts("assignees")
    issues.may_edit(repository, caller, issue.login)
    issues.edit(repository, caller, issue, request.maybe_text("title"), body)
    if labels is not None and has_role(repository, caller, "triage"):
        issues.set_labels(repository, caller, issue, labels)
    if assignees is not None and has_role(repository, caller, "triage"):
        issue.assignees = [login for login in assignees if login.lower() in request.forge.users]
    _set_state(request, issue, state, reason)
    return Reply(200, views_issues.full_issue(repository, issue))


def _set_state(request: Request, issue: Issue, state: str | None, reason: str | None) -> None:
    repository, caller = request.repository, request.caller
    pull = repository.pulls.get(issue.number)
    match state, pull:
        case "closed", None:
            issues.close(repository, caller, issue, reason)
        case "open", None:
            issues.reopen(repository, caller, issue)
        case "closed", found if found is not None:
            pulls.close(repository, caller, found)
        case "open", found if found is not None:
            pulls.reopen(repository, caller, found)


def _label_names(request: Request) -> list[str] | None:
    """Names of `labels`, which are texts or objects with a name; a bare array is one too."""
    given = request.body if isinstance(request.body, list) else request.fields().get("labels")
    if given is None:
        return None
    if not isinstance(given, list):
        raise Refusal(422, "Invalid request.\n\nFor 'properties/labels', it is not an array.")
    names = [item.get("name") if isinstance(item, dict) else item for item in given]
    if not all(isinstance(name, str) and name for name in names):
        raise Refusal(422, "Invalid request.\n\nFor 'items', every label is a text.")
    return [str(name) for name in names]


# Comments


@route("GET", f"{REPO}/issues/comments", READ)
def list_all_comments(request: Request) -> Reply:
    """Of the whole repository; sorted by id unless told otherwise."""
    repository, query, since = request.repository, request.query, _since(request)
    found = [said for said in repository.comments.values() if said.updated.timestamp() >= since]
    sort = query.get("sort")
    if sort not in (None, "created", "updated"):
        raise invalid("IssueComment", "sort")
    found.sort(key=lambda said: (said.updated if sort == "updated" else said.created, said.id))
    # Without `sort`, GitHub ignores `direction`.
    if sort is not None and query.get("direction") != "asc":
        found.reverse()
    return paged(request, found, lambda said: views_issues.comment(repository, said))


@route("GET", f"{ONE}/comments", READ)
def list_comments(request: Request) -> Reply:
    repository, since = request.repository, _since(request)
    repository.issue(request.number())
    found = [said for said in repository.comments_of(request.number()) if said.updated.timestamp() >= since]
    return paged(request, found, lambda said: views_issues.comment(repository, said))


@route("POST", f"{ONE}/comments", WRITE)
def create_comment(request: Request) -> Reply:
    repository = request.repository
    said = issues.comment(repository, request.caller, repository.issue(request.number()), request.needed("body"))
    shown = views_issues.comment(repository, said)
    return Reply(201, shown, {"Location": str(shown["url"])})


@route("GET", COMMENT, READ)
def get_comment(request: Request) -> Reply:
    repository = request.repository
    return Reply(200, views_issues.comment(repository, repository.comment(request.number("comment"))))


@route("PATCH", COMMENT, WRITE)
def update_comment(request: Request) -> Reply:
    repository = request.repository
    said = repository.comment(request.number("comment"))
    issues.edit_comment(repository, request.caller, said, request.needed("body"))
    return Reply(200, views_issues.comment(repository, said))


@route("DELETE", COMMENT, WRITE)
def delete_comment(request: Request) -> Reply:
    issues.delete_comment(request.repository, request.caller, request.repository.comment(request.number("comment")))
    return Reply(204)


# Reactions


def _reactions(request: Request) -> list[Reaction]:
    repository = request.repository
    if "comment" in request.names:
        return repository.comment(request.number("comment")).reactions
    return repository.issue(request.number()).reactions


@route("GET", f"{ONE}/reactions", READ)
@route("GET", f"{COMMENT}/reactions", READ)
def list_reactions(request: Request) -> Reply:
    content = request.query.get("content")
    found = [known for known in _reactions(request) if content in (None, known.content)]
    return paged(request, found, lambda known: views.reaction(request.forge, known))


@route("POST", f"{ONE}/reactions", "issues:write")
@route("POST", f"{COMMENT}/reactions", "issues:write")
def react(request: Request) -> Reply:
    reactions = _reactions(request)
    made, new = issues.react(request.repository, request.caller, reactions, request.needed("content"))
    return Reply(201 if new else 200, views.reaction(request.forge, made))


@route("DELETE", f"{ONE}/reactions/{{reaction#}}", "issues:write")
@route("DELETE", f"{COMMENT}/reactions/{{reaction#}}", "issues:write")
def unreact(request: Request) -> Reply:
    reactions = _reactions(request)
    issues.take_back_reaction(request.repository, request.caller, reactions, request.number("reaction"))
    return Reply(204)


# Labels


def _shown_labels(request: Request, issue: Issue) -> Reply:
    return Reply(200, views.labels_of(request.repository, issue))


@route("GET", f"{ONE}/labels", READ)
def issue_labels(request: Request) -> Reply:
    issue = request.repository.issue(request.number())
    return paged(request, views.labels_of(request.repository, issue), lambda shown: shown)


@route("POST", f"{ONE}/labels", WRITE)
def add_labels(request: Request) -> Reply:
    issue = request.repository.issue(request.number())
    issues.add_labels(request.repository, request.caller, issue, _label_names(request) or [])
    return _shown_labels(request, issue)


@route("PUT", f"{ONE}/labels", WRITE)
def set_labels(request: Request) -> Reply:
    issue = request.repository.issue(request.number())
    issues.set_labels(request.repository, request.caller, issue, _label_names(request) or [])
    return _shown_labels(request, issue)


@route("DELETE", f"{ONE}/labels", WRITE)
def clear_labels(request: Request) -> Reply:
    issue = request.repository.issue(request.number())
    issues.set_labels(request.repository, request.caller, issue, [])
    return Reply(204)


@route("DELETE", f"{ONE}/labels/{{name+}}", WRITE)
def remove_label(request: Request) -> Reply:
    issue = request.repository.issue(request.number())
    issues.remove_label(request.repository, request.caller, issue, request.names["name"])
    return _shown_labels(request, issue)


@route("GET", f"{REPO}/labels", READ)
def list_labels(request: Request) -> Reply:
    repository = request.repository
    return paged(request, list(repository.labels.values()), lambda known: views.label(repository, known))


@route("POST", f"{REPO}/labels", WRITE)
def create_label(request: Request) -> Reply:
    need_role(request.repository, request.caller, "write")
    made = issues.make_label(
        request.repository, request.caller, request.needed("name"),
        request.text("color", "ededed"), request.maybe_text("description"),
    )  # fmt: skip
    shown = views.label(request.repository, made)
    return Reply(201, shown, {"Location": str(shown["url"])})


def _label(repository: Repository, name: str) -> Label:
    if (found := repository.labels.get(name.lower())) is None:
        raise not_found()
    return found


@route("GET", f"{REPO}/labels/{{name+}}", READ)
def get_label(request: Request) -> Reply:
    return Reply(200, views.label(request.repository, _label(request.repository, request.names["name"])))


@route("DELETE", f"{REPO}/labels/{{name+}}", WRITE)
def delete_label(request: Request) -> Reply:
    repository = request.repository
    need_role(repository, request.caller, "write")
    known = _label(repository, request.names["name"])
    for issue in repository.issues.values():
        if known.name in issue.labels:
            issues.remove_label(repository, request.caller, issue, known.name)
    del repository.labels[known.name.lower()]
    return Reply(204)


# Timeline


@route("GET", f"{ONE}/timeline", READ)
def timeline(request: Request) -> Reply:
    issue = request.repository.issue(request.number())
    return paged(request, views_issues.timeline(request.repository, issue), lambda shown: shown)


@route("GET", f"{ONE}/events", READ)
def issue_events(request: Request) -> Reply:
    issue = request.repository.issue(request.number())
    return paged(request, issue.events, lambda line: views_issues.issue_event(request.repository, line))


@route("GET", f"{REPO}/issues/events", READ)
def all_events(request: Request) -> Reply:
    repository = request.repository
    found = [(issue, line) for issue in repository.issues.values() for line in issue.events]
    found.sort(key=lambda pair: pair[1].id, reverse=True)
    return paged(
        request, found,
        lambda pair: views_issues.issue_event(repository, pair[1]) | {"issue": views_issues.issue(repository, pair[0])},
    )  # fmt: skip
