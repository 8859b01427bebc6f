"""Pull requests, their reviews, and merging them."""

from collections.abc import Mapping

from tests.forge_server import pulls, views, views_issues
from tests.forge_server.access import allow, need_role
from tests.forge_server.errors import Refusal, invalid, not_found
from tests.forge_server.pulls import full_pull
from tests.forge_server.rest import REPO, Reply, Request, body_text, paged, route
from tests.forge_server.state import Pull, Repository, Review

ONE = f"{REPO}/pulls/{{number#}}"
READ, WRITE = "pull_requests:read", "pull_requests:write"
SORTS = ("created", "updated", "popularity", "long-running")


@route("GET", f"{REPO}/pulls", READ)
def list_pulls(request: Request) -> Reply:
    repository, query = request.repository, request.query
    state, sort = query.get("state", "open"), query.get("sort", "created")
    if state not in ("open", "closed", "all") or sort not in SORTS:
        raise invalid("PullRequest", "state" if sort in SORTS else "sort")
    found = [pull for pull in repository.pulls.values() if _wanted(repository, pull, state, query)]
    found.sort(key=lambda pull: _sort_key(repository, pull, sort))
    if query.get("direction", "desc" if sort == "created" else "asc") == "desc":
        found.reverse()
    return paged(request, found, lambda pull: views_issues.simple_pull(repository, pull))


def _wanted(repository: Repository, pull: Pull, state: str, query: Mapping[str, str]) -> bool:
    head, owner = query.get("head", ""), pull.head_repository.split("/")[0]
    return (
        state in ("all", repository.issues[pull.number].state)
        # A head without an owner is ignored, as on GitHub.
        and (":" not in head or head.lower() == f"{owner}:{pull.head_branch}".lower())
        and query.get("base", pull.base_branch) == pull.base_branch
    )


def _sort_key(repository: Repository, pull: Pull, sort: str) -> tuple[object, int]:
    issue = repository.issues[pull.number]
    if sort == "popularity":
        return len(repository.comments_of(pull.number)), pull.number
    return issue.updated if sort == "updated" else issue.created, pull.number


@route("POST", f"{REPO}/pulls", WRITE)
def create_pull(request: Request) -> Reply:
    repository = request.repository
    head, base = request.needed("head"), request.needed("base")
    if request.fields().get("issue") is not None:
        raise Refusal(422, "Turning an issue into a pull request is not supported here: give a title instead")
    title, body, draft = request.needed("title"), body_text(request), request.flag("draft")
    pull = pulls.open_pull(repository, request.caller, head, base, title, body, draft)
    pull.maintainer_can_modify = request.flag("maintainer_can_modify") and pull.head_repository != repository.full_name
    shown = full_pull(repository, pull)
    return Reply(201, shown, {"Location": str(shown["url"])})


@route("GET", ONE, "pull_requests:read&contents:read")
def get_pull(request: Request) -> Reply:
    pull = request.repository.pull(request.number())
    pulls.look_at(request.repository, pull)
    accepts = request.headers.get("Accept", "")
    if accepts.endswith((".diff", ".patch")) or "v3.diff" in accepts:
        changes = pulls.changed_files(request.repository, pull)
        text = "".join(f"diff --git a/{c.old_path} b/{c.path}\n{c.patch or ''}\n" for c in changes)
        return Reply(200, text.encode(), {"Content-Type": "application/vnd.github.diff; charset=utf-8"})
    return Reply(200, full_pull(request.repository, pull))


@route("PATCH", ONE, WRITE)
def update_pull(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    body = None if "body" not in request.fields() else body_text(request)
    pulls.update(
        repository, request.caller, pull,
        request.maybe_text("title"), body, request.maybe_text("state"), request.maybe_text("base"),
    )  # fmt: skip
    return Reply(200, full_pull(repository, pull))


@route("GET", f"{ONE}/commits", READ)
def list_commits(request: Request) -> Reply:
    pull = request.repository.pull(request.number())
    return paged(request, pulls.commits(request.repository, pull), lambda shown: shown)


@route("GET", f"{ONE}/files", READ)
def list_files(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    changes = pulls.changed_files(repository, pull)[:3000]
    return paged(request, changes, lambda change: views.file_change(repository, pull.head, change))


@route("GET", f"{ONE}/merge", "contents:read")
def is_merged(request: Request) -> Reply:
    if request.repository.pull(request.number()).merged is None:
        raise not_found()
    return Reply(204)


@route("PUT", f"{ONE}/merge", "contents:write")
def merge_pull(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    fields = {} if request.body is None else request.fields()
    request.body = fields
    made = pulls.merge(
        repository, request.caller, pull, request.text("merge_method", "merge"), request.text("sha"),
        request.maybe_text("commit_title"), request.maybe_text("commit_message"),
    )  # fmt: skip
    return Reply(200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"})


@route("PUT", f"{ONE}/update-branch", WRITE)
def update_branch(request: Request) -> Reply:
    allow(request.repository, request.caller, "contents:write")
    repository, pull = request.repository, request.repository.pull(request.number())
    request.body = {} if request.body is None else request.fields()
    pulls.update_branch(repository, request.caller, pull, request.text("expected_head_sha"))
    url = f"{repository.html_url}/pull/{pull.number}"
    return Reply(202, {"message": "Updating pull request branch.", "url": url})


# Review comments on lines: read only, there are none


@route("GET", f"{ONE}/comments", READ)
def list_review_comments(request: Request) -> Reply:
    return paged(request, [], lambda shown: shown)


# Reviews


@route("GET", f"{ONE}/reviews", READ)
def list_reviews(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    return paged(request, pull.reviews, lambda given: views_issues.review(repository, pull, given))


@route("POST", f"{ONE}/reviews", WRITE)
def create_review(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    event = request.text("event")
    if not event:
        raise Refusal(422, "Pending reviews are not kept here: give an event (APPROVE, REQUEST_CHANGES, COMMENT)")
    given = pulls.review(repository, request.caller, pull, event, request.text("body"), request.text("commit_id"))
    return Reply(200, views_issues.review(repository, pull, given))


@route("GET", f"{ONE}/reviews/{{review#}}", READ)
def get_review(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    return Reply(200, views_issues.review(repository, pull, _review(request, pull)))


@route("PUT", f"{ONE}/reviews/{{review#}}", WRITE)
def update_review(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    given = _review(request, pull)
    if given.login != request.caller.login:
        need_role(repository, request.caller, "admin")
    request.forge.clock.tick()
    given.body = request.needed("body")
    return Reply(200, views_issues.review(repository, pull, given))


@route("PUT", f"{ONE}/reviews/{{review#}}/dismissals", WRITE)
def dismiss_review(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    given = _review(request, pull)
    pulls.dismiss(repository, request.caller, pull, given, request.needed("message"))
    return Reply(200, views_issues.review(repository, pull, given))


def _review(request: Request, pull: Pull) -> Review:
    found = next((given for given in pull.reviews if given.id == request.number("review")), None)
    if found is None:
        raise not_found()
    return found


@route("GET", f"{ONE}/requested_reviewers", READ)
def requested_reviewers(request: Request) -> Reply:
    pull = request.repository.pull(request.number())
    people = [views.user(request.forge, login) for login in pull.requested_reviewers]
    return Reply(200, {"users": people, "teams": []})


@route("POST", f"{ONE}/requested_reviewers", WRITE)
def request_reviewers(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    pulls.request_reviewers(repository, request.caller, pull, request.texts("reviewers") or [])
    return Reply(201, views_issues.simple_pull(repository, pull))


@route("DELETE", f"{ONE}/requested_reviewers", WRITE)
def withdraw_request(request: Request) -> Reply:
    repository, pull = request.repository, request.repository.pull(request.number())
    pulls.withdraw_request(repository, request.caller, pull, request.texts("reviewers") or [])
    return Reply(200, views_issues.simple_pull(repository, pull))
