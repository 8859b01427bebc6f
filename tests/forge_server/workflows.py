"""Workflow files of the default branch, and runs that something outside reports."""

import yaml

from tests.forge_server import views_checks
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.happening import tell
from tests.forge_server.state import Repository, Token, Workflow, WorkflowRun

FOLDER = ".github/workflows"


def read_workflows(repository: Repository, commit: str) -> None:
    """Bring the list of workflows up to date with a commit of the default branch."""
    tree = repository.git.entry(commit, FOLDER)
    names = [entry.name for entry in tree] if tree is not None and tree.type_str == "tree" else []
    paths = {f"{FOLDER}/{name}" for name in names if name.endswith((".yml", ".yaml"))}
    known = {workflow.path: workflow for workflow in repository.workflows.values()}
    for path in sorted(paths):
        blob = repository.git.entry(commit, path)
        title = _title(blob.data, path) if blob is not None else path
        if path in known:
            known[path].name = title
        else:
            number = repository.forge.new_id()
            repository.workflows[number] = Workflow(number, path, title, repository.forge.clock.now())
    for path, workflow in known.items():
        if path not in paths:
            del repository.workflows[workflow.id]


def _title(text: bytes, path: str) -> str:
    """What `name:` says; the path when it says nothing or the file is no YAML."""
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError):
        return path
    name = loaded.get("name") if isinstance(loaded, dict) else None
    return str(name) if name else path


def workflow(repository: Repository, name: str) -> Workflow:
    """By id or file name. Raises 404."""
    for found in repository.workflows.values():
        if name in (str(found.id), found.path.rsplit("/", 1)[-1]):
            return found
    raise not_found()


def dispatch(repository: Repository, caller: Token, found: Workflow, ref: str, inputs: dict[str, object]) -> None:
    """workflow_dispatch. Raises 422 when the workflow does not have that trigger or the ref is not there."""
    sha = repository.git.resolve(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}")
    if found.state != "active":
        raise Refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    text = repository.git.entry(sha, found.path)
    if text is None or "workflow_dispatch" not in _triggers(text.data):
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    repository.forge.clock.tick()
    full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    tell(repository, caller, "workflow_dispatch", "", inputs=inputs or None, ref=full, workflow=found.path)


def _triggers(text: bytes) -> list[str]:
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError):
        return []
    on = loaded.get("on", loaded.get(True)) if isinstance(loaded, dict) else None  # YAML 1.1 reads `on` as true
    return [on] if isinstance(on, str) else [str(name) for name in on or ()]


def start_run(
    repository: Repository, caller: Token, found: Workflow, event: str, branch: str, sha: str, title: str = ""
) -> WorkflowRun:
    """A run begins: workflow_run `requested`."""
    now = repository.forge.clock.tick()
    number = 1 + sum(run.workflow_id == found.id for run in repository.workflow_runs.values())
    run = WorkflowRun(
        repository.forge.new_id(), found.id, number, event, branch, sha, caller.login, "in_progress", None, now, now,
        title or found.name,
    )  # fmt: skip
    repository.workflow_runs[run.id] = run
    tell_run(repository, caller, run, "requested")
    return run


def finish_run(repository: Repository, caller: Token, run: WorkflowRun, conclusion: str) -> None:
    """A run ends: workflow_run `completed`."""
    run.status, run.conclusion, run.updated = "completed", conclusion, repository.forge.clock.tick()
    tell_run(repository, caller, run, "completed")


def tell_run(repository: Repository, caller: Token, run: WorkflowRun, action: str) -> None:
    known = repository.workflows.get(run.workflow_id)
    shown = None if known is None else views_checks.workflow(repository, known)
    tell(
        repository, caller, "workflow_run", action,
        workflow_run=views_checks.workflow_run(repository, run), workflow=shown,
    )  # fmt: skip
