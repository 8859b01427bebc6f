"""Commit statuses, check runs, check suites."""

from tests.forge_server import checks, views, views_checks
from tests.forge_server.clock import parse_stamp
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.rest import REPO, Reply, Request, paged, route
from tests.forge_server.state import CheckRun


def _sha(request: Request) -> str:
    """The commit that the path names. Raises 422, or 404 for a name that is none."""
    sha = request.repository.git.resolve(request.names["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {request.names['ref']}")
    return sha


@route("POST", f"{REPO}/statuses/{{ref}}", "statuses:write")
def create_status(request: Request) -> Reply:
    made = checks.set_status(
        request.repository, request.caller, request.names["ref"], request.needed("state"),
        request.text("context", "default"), request.maybe_text("description"), request.maybe_text("target_url"),
    )  # fmt: skip
    shown = views_checks.status(request.repository, made)
    return Reply(201, shown, {"Location": str(shown["url"])})


@route("GET", f"{REPO}/statuses/{{ref+}}", "statuses:read")  # the older address, which PyGithub still uses
@route("GET", f"{REPO}/commits/{{ref+}}/statuses", "statuses:read")
def list_statuses(request: Request) -> Reply:
    found = checks.statuses_of(request.repository, _sha(request))
    return paged(request, found, lambda known: views_checks.status(request.repository, known))


@route("GET", f"{REPO}/commits/{{ref+}}/status", "statuses:read")
def combined_status(request: Request) -> Reply:
    repository, sha = request.repository, _sha(request)
    found = checks.latest_statuses(repository, sha)
    page = paged(request, found, lambda known: views_checks.simple_status(repository, known))
    return Reply(200, {
        "state": checks.combined_state(repository, sha),
        "statuses": page.body,
        "sha": sha,
        "total_count": len(found),
        "repository": views.minimal_repository(repository),
        "commit_url": f"{repository.api_url}/commits/{sha}",
        "url": f"{repository.api_url}/commits/{sha}/status",
    }, page.headers)  # fmt: skip


# Check runs


def _facts(request: Request) -> dict[str, object]:
    """The body as fields of a CheckRun; what is not given is None. Raises 422."""
    output = request.fields().get("output")
    if output is not None and not isinstance(output, dict):
        raise Refusal(422, "Invalid request.\n\nFor 'properties/output', it is not an object.")
    given = output or {}
    for name in ("summary", "text"):
        if len(str(given.get(name) or "")) > 65_535:
            raise Refusal(422, f"Invalid request.\n\nOnly 65535 characters are allowed; output.{name} is longer.")
    try:
        started, completed = (
            parse_stamp(text) if (text := request.maybe_text(name)) else None for name in ("started_at", "completed_at")
        )
    except ValueError as wrong:
        raise Refusal(422, "Invalid request.\n\nstarted_at or completed_at is not a date-time.") from wrong
    return {
        "status": request.maybe_text("status"),
        "conclusion": request.maybe_text("conclusion"),
        "title": given.get("title"),
        "summary": given.get("summary"),
        "text": given.get("text"),
        "annotations": given.get("annotations"),
        "details_url": request.maybe_text("details_url"),
        "external_id": request.maybe_text("external_id"),
        "started": started,
        "completed": completed,
    }


@route("POST", f"{REPO}/check-runs", "checks:write")
def create_run(request: Request) -> Reply:
    run = checks.create_run(
        request.repository, request.caller, request.needed("head_sha"), request.needed("name"), **_facts(request)
    )
    return Reply(201, views_checks.check_run(request.repository, run))


@route("PATCH", f"{REPO}/check-runs/{{number#}}", "checks:write")
def update_run(request: Request) -> Reply:
    run = checks.check_run(request.repository, request.number())
    checks.update_run(request.repository, request.caller, run, **_facts(request))
    if (name := request.maybe_text("name")) is not None:
        run.name = name
    return Reply(200, views_checks.check_run(request.repository, run))


@route("GET", f"{REPO}/check-runs/{{number#}}", "checks:read")
def get_run(request: Request) -> Reply:
    run = checks.check_run(request.repository, request.number())
    return Reply(200, views_checks.check_run(request.repository, run))


@route("GET", f"{REPO}/check-runs/{{number#}}/annotations", "checks:read")
def annotations(request: Request) -> Reply:
    run = checks.check_run(request.repository, request.number())
    url = f"{request.repository.html_url}/blob/{run.sha}"
    usual = {"title": None, "raw_details": None, "start_column": None, "end_column": None}
    return paged(
        request, run.annotations, lambda given: usual | given | {"blob_href": f"{url}/{given.get('path', '')}"}
    )  # fmt: skip


@route("GET", f"{REPO}/commits/{{ref+}}/check-runs", "checks:read")
def runs_for_ref(request: Request) -> Reply:
    latest = request.query.get("filter", "latest") == "latest"
    find = checks.latest_runs if latest else checks.runs_of
    return _runs(request, find(request.repository, _sha(request)))


@route("GET", f"{REPO}/check-suites/{{number#}}/check-runs", "checks:read")
def runs_of_suite(request: Request) -> Reply:
    runs = [run for run in request.repository.check_runs.values() if run.suite_id == request.number()]
    return _runs(request, runs)


def _runs(request: Request, found: list[CheckRun]) -> Reply:
    name, status = request.query.get("check_name"), request.query.get("status")
    wanted = [run for run in found if name in (None, run.name) and status in (None, run.status)]
    return paged(request, wanted, lambda run: views_checks.check_run(request.repository, run), "check_runs")


@route("GET", f"{REPO}/commits/{{ref+}}/check-suites", "checks:read")
def suites_for_ref(request: Request) -> Reply:
    sha = _sha(request)
    found = [suite for suite in request.repository.check_suites.values() if suite.sha == sha]
    return paged(request, found, lambda suite: views_checks.check_suite(request.repository, suite), "check_suites")


@route("GET", f"{REPO}/check-suites/{{number#}}", "checks:read")
def get_suite(request: Request) -> Reply:
    suite = request.repository.check_suites.get(request.number())
    if suite is None:
        raise not_found()
    return Reply(200, views_checks.check_suite(request.repository, suite))
