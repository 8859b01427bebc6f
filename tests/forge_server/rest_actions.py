"""Workflows, their runs and what the repository lets Actions do."""

from tests.forge_server import views_checks, workflows
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.rest import REPO, Reply, Request, paged, route
from tests.forge_server.state import WorkflowRun

ONE = f"{REPO}/actions/workflows/{{workflow}}"


@route("GET", f"{REPO}/actions/workflows", "actions:read")
def list_workflows(request: Request) -> Reply:
    repository = request.repository
    found = list(repository.workflows.values())
    return paged(request, found, lambda known: views_checks.workflow(repository, known), "workflows")


@route("GET", ONE, "actions:read")
def get_workflow(request: Request) -> Reply:
    known = workflows.workflow(request.repository, request.names["workflow"])
    return Reply(200, views_checks.workflow(request.repository, known))


@route("PUT", f"{ONE}/enable", "actions:write")
def enable(request: Request) -> Reply:
    return _switch(request, "active")


@route("PUT", f"{ONE}/disable", "actions:write")
def disable(request: Request) -> Reply:
    return _switch(request, "disabled_manually")


def _switch(request: Request, state: str) -> Reply:
    request.forge.clock.tick()
    workflows.workflow(request.repository, request.names["workflow"]).state = state
    return Reply(204)


@route("POST", f"{ONE}/dispatches", "actions:write")
def dispatch(request: Request) -> Reply:
    known = workflows.workflow(request.repository, request.names["workflow"])
    inputs = request.fields().get("inputs") or {}
    if not isinstance(inputs, dict):
        raise Refusal(422, "Invalid request.\n\nFor 'properties/inputs', it is not an object.")
    workflows.dispatch(request.repository, request.caller, known, request.needed("ref"), inputs)
    return Reply(204)


@route("GET", f"{REPO}/actions/runs", "actions:read")
def list_runs(request: Request) -> Reply:
    return _runs(request, list(request.repository.workflow_runs.values()))


@route("GET", f"{ONE}/runs", "actions:read")
def runs_of_workflow(request: Request) -> Reply:
    known = workflows.workflow(request.repository, request.names["workflow"])
    return _runs(request, [run for run in request.repository.workflow_runs.values() if run.workflow_id == known.id])


def _runs(request: Request, found: list[WorkflowRun]) -> Reply:
    query = request.query

    def wanted(run: WorkflowRun) -> bool:
        return (
            query.get("branch", run.branch) == run.branch
            and query.get("event", run.event) == run.event
            and query.get("head_sha", run.sha) == run.sha
            and query.get("actor", run.login) == run.login
            and query.get("status", run.status) in (run.status, run.conclusion)
        )

    kept = [run for run in reversed(found) if wanted(run)]
    return paged(request, kept, lambda run: views_checks.workflow_run(request.repository, run), "workflow_runs")


@route("GET", f"{REPO}/actions/runs/{{number#}}", "actions:read")
def get_run(request: Request) -> Reply:
    run = request.repository.workflow_runs.get(request.number())
    if run is None:
        raise not_found()
    return Reply(200, views_checks.workflow_run(request.repository, run))


@route("GET", f"{REPO}/actions/permissions/workflow", "administration:read")
def workflow_permissions(request: Request) -> Reply:
    options = request.repository.options
    return Reply(200, {
        "default_workflow_permissions": options.default_workflow_permissions,
        "can_approve_pull_request_reviews": options.actions_may_open_pulls,
    })  # fmt: skip


@route("PUT", f"{REPO}/actions/permissions/workflow", "administration:write")
def set_workflow_permissions(request: Request) -> Reply:
    options = request.repository.options
    request.forge.clock.tick()
    options.actions_may_open_pulls = request.flag("can_approve_pull_request_reviews", options.actions_may_open_pulls)
    options.default_workflow_permissions = request.text(
        "default_workflow_permissions", options.default_workflow_permissions
    )
    return Reply(204)
