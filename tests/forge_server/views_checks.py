"""Statuses, check runs, check suites, workflows and their runs as GitHub's JSON."""

from tests.forge_server.clock import stamp
from tests.forge_server.state import (
    Activity,
    App,
    CheckRun,
    CheckSuite,
    CommitStatus,
    Forge,
    Repository,
    User,
    Workflow,
    WorkflowRun,
)
from tests.forge_server.views import Json, git_person, maybe, message_of, minimal_repository, node_id, user

ACTIONS_APP = 15368


def status(found: Repository, item: CommitStatus) -> Json:
    return simple_status(found, item) | {"creator": user(found.forge, item.login)}


def simple_status(found: Repository, item: CommitStatus) -> Json:
    account = found.forge.users.get(item.login.lower(), User(0, "ghost", item.created))
    return {
        "url": f"{found.api_url}/statuses/{item.sha}",
        "avatar_url": f"{found.forge.url}/avatars/u/{account.id}?v=4",
        "id": item.id,
        "node_id": node_id("SC", item.id),
        "state": item.state,
        "description": item.description,
        "target_url": item.target_url,
        "context": item.context,
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
    }


def integration(forge: Forge, slug: str) -> Json:
    """The App behind a check run; GitHub Actions is one too."""
    known: App | None = forge.apps.get(slug)
    made = stamp(forge.clock.now()) if known is None else stamp(known.created)
    number = ACTIONS_APP if known is None else known.id
    return {
        "id": number,
        "client_id": f"Iv1.{number:016x}",
        "slug": slug,
        "node_id": node_id("A", number),
        "owner": user(forge, known.owner if known else "github"),
        "name": "GitHub Actions" if known is None else slug,
        "description": "",
        "external_url": f"{forge.url}/apps/{slug}",
        "html_url": f"{forge.url}/apps/{slug}",
        "created_at": made,
        "updated_at": made,
        "permissions": {"metadata": "read"} | dict(known.permissions if known else {"checks": "write"}),
        "events": list(known.events) if known else ["push"],
    }


def pull_references(found: Repository, sha: str) -> list[Json]:
    """Open pulls of this repository whose head is this commit."""
    home = {"id": found.id, "url": found.api_url, "name": found.name}
    return [
        {
            "id": pull.id,
            "number": pull.number,
            "url": f"{found.api_url}/pulls/{pull.number}",
            "head": {"ref": pull.head_branch, "sha": pull.head, "repo": home},
            "base": {"ref": pull.base_branch, "sha": pull.base, "repo": home},
        }
        for pull in found.pulls.values()
        if pull.head == sha and found.issues[pull.number].state == "open" and pull.head_repository == found.full_name
    ]


def check_run(found: Repository, item: CheckRun) -> Json:
    url = f"{found.api_url}/check-runs/{item.id}"
    html = f"{found.html_url}/runs/{item.id}"
    return {
        "id": item.id,
        "name": item.name,
        "node_id": node_id("CR", item.id),
        "head_sha": item.sha,
        "external_id": item.external_id,
        "url": url,
        "html_url": html,
        "details_url": item.details_url or html,
        "status": item.status,
        "conclusion": item.conclusion,
        "started_at": maybe(item.started),
        "completed_at": maybe(item.completed),
        "output": {
            "title": item.title,
            "summary": item.summary,
            "text": item.text,
            "annotations_count": len(item.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": item.suite_id},
        "app": integration(found.forge, item.app),
        "pull_requests": pull_references(found, item.sha),
    }


def check_suite(found: Repository, item: CheckSuite) -> Json:
    runs = [run for run in found.check_runs.values() if run.suite_id == item.id]
    done = all(run.status == "completed" for run in runs)
    bad = next((run.conclusion for run in runs if run.conclusion not in ("success", "neutral", "skipped")), None)
    url = f"{found.api_url}/check-suites/{item.id}"
    return {
        "id": item.id,
        "node_id": node_id("CS", item.id),
        "head_branch": item.branch,
        "head_sha": item.sha,
        "status": "completed" if runs and done else "in_progress" if runs else "queued",
        "conclusion": (bad or "success") if runs and done else None,
        "url": url,
        "before": "0" * 40,
        "after": item.sha,
        "pull_requests": pull_references(found, item.sha),
        "app": integration(found.forge, item.app),
        "repository": minimal_repository(found),
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
        "head_commit": head_commit(found, item.sha),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{url}/check-runs",
        "rerequestable": True,
        "runs_rerequestable": True,
    }


def head_commit(found: Repository, sha: str) -> Json | None:
    commit = found.git.commit(sha)
    if commit is None:
        return None
    author, committer = git_person(commit.author), git_person(commit.committer)
    return {
        "id": sha,
        "tree_id": str(commit.tree_id),
        "message": message_of(commit),
        "timestamp": author["date"],
        "author": {key: author[key] for key in ("name", "email")},
        "committer": {key: committer[key] for key in ("name", "email")},
    }


def workflow(found: Repository, item: Workflow) -> Json:
    return {
        "id": item.id,
        "node_id": node_id("W", item.id),
        "name": item.name,
        "path": item.path,
        "state": item.state,
        "created_at": stamp(item.created),
        "updated_at": stamp(item.created),
        "url": f"{found.api_url}/actions/workflows/{item.id}",
        "html_url": f"{found.html_url}/blob/{found.options.default_branch}/{item.path}",
        "badge_url": f"{found.html_url}/actions/workflows/{item.path.rsplit('/', 1)[-1]}/badge.svg",
    }


def workflow_run(found: Repository, item: WorkflowRun) -> Json:
    url = f"{found.api_url}/actions/runs/{item.id}"
    known = found.workflows.get(item.workflow_id)
    actor = user(found.forge, item.login)
    return {
        "id": item.id,
        "name": known.name if known else None,
        "node_id": node_id("WFR", item.id),
        "head_branch": item.branch,
        "head_sha": item.sha,
        "path": known.path if known else "",
        "display_title": item.title,
        "run_number": item.number,
        "event": item.event,
        "status": item.status,
        "conclusion": item.conclusion,
        "workflow_id": item.workflow_id,
        "check_suite_id": item.id + 1,
        "check_suite_node_id": node_id("CS", item.id + 1),
        "url": url,
        "html_url": f"{found.html_url}/actions/runs/{item.id}",
        "pull_requests": pull_references(found, item.sha),
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
        "actor": actor,
        "run_attempt": item.attempt,
        "referenced_workflows": [],
        "run_started_at": stamp(item.created),
        "triggering_actor": actor,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{found.api_url}/check-suites/{item.id + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{found.api_url}/actions/workflows/{item.workflow_id}",
        "head_commit": head_commit(found, item.sha),
        "repository": minimal_repository(found),
        "head_repository": minimal_repository(found),
    }


def activity(found: Repository, item: Activity) -> Json:
    return {
        "id": item.id,
        "node_id": node_id("PSH", item.id),
        "before": item.before,
        "after": item.after,
        "ref": item.ref,
        "timestamp": stamp(item.created),
        "activity_type": item.kind,
        "actor": user(found.forge, item.login),
    }
