"""Rules of commit statuses and check runs."""

from datetime import datetime

from tests.forge_server import views, views_checks
from tests.forge_server.clock import stamp
from tests.forge_server.errors import Refusal, invalid, not_found
from tests.forge_server.happening import tell
from tests.forge_server.state import CheckRun, CheckSuite, CommitStatus, Repository, Token

STATES = ("error", "failure", "pending", "success")
CONCLUSIONS = (
    "success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale",
)  # fmt: skip
RUN_STATES = ("queued", "in_progress", "completed")
ACTIONS_SLUG = "github-actions"


def set_status(
    repository: Repository, caller: Token, sha: str, state: str, context: str = "default",
    description: str | None = None, target_url: str | None = None,
) -> CommitStatus:  # fmt: skip
    """Raises 422; a context has at most 1,000 statuses on a commit."""
    if state not in STATES:
        raise invalid("Status", "state")
    if repository.git.commit(sha) is None:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    if description is not None and len(description) > 140:
        raise invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
    if target_url and not target_url.startswith(("http://", "https://")):
        raise invalid("Status", "target_url", "custom", "target_url must use http(s) scheme")
    same = [known for known in repository.statuses if (known.sha, known.context) == (sha, context)]
    if len(same) >= 1000:
        text = "This SHA and context has reached the maximum number of statuses."
        raise Refusal(422, "Validation failed: " + text)
    now = repository.forge.clock.tick()
    made = CommitStatus(
        repository.forge.new_id(), sha, context, state, description, target_url, caller.login, now, now
    )  # fmt: skip
    repository.statuses.append(made)
    _tell_status(repository, caller, made)
    _something_passed(repository, caller)
    return made


def _tell_status(repository: Repository, caller: Token, made: CommitStatus) -> None:
    commit = repository.git.commit(made.sha)
    assert commit is not None
    branches = [name for name, tip in repository.git.branches().items() if tip == made.sha]
    tell(
        repository, caller, "status", "", id=made.id, sha=made.sha, name=repository.full_name, context=made.context,
        state=made.state, description=made.description, target_url=made.target_url,
        avatar_url=views_checks.simple_status(repository, made)["avatar_url"],
        commit=views.commit(repository, commit),
        branches=[{"name": name, "commit": {"sha": made.sha}, "protected": False} for name in branches],
        created_at=stamp(made.created), updated_at=stamp(made.updated),
    )  # fmt: skip


def _something_passed(repository: Repository, caller: Token) -> None:
    from tests.forge_server.merging import merge_what_waits  # pulls ask for checks, and checks may merge a pull

    merge_what_waits(repository, caller)


def statuses_of(repository: Repository, sha: str) -> list[CommitStatus]:
    """Newest first."""
    return [known for known in reversed(repository.statuses) if known.sha == sha]


def latest_statuses(repository: Repository, sha: str) -> list[CommitStatus]:
    """The last one of each context."""
    found: dict[str, CommitStatus] = {}
    for known in statuses_of(repository, sha):
        found.setdefault(known.context, known)
    return list(found.values())


def combined_state(repository: Repository, sha: str) -> str:
    """As GitHub's combined status: pending when there is none."""
    states = {known.state for known in latest_statuses(repository, sha)}
    if states & {"failure", "error"}:
        return "failure"
    return "success" if states == {"success"} else "pending"


def combined(repository: Repository, sha: str) -> dict[str, str]:
    """context or check name -> success, failure or pending, over statuses and the latest check runs."""
    found = {known.context: known.state for known in latest_statuses(repository, sha)}
    for run in latest_runs(repository, sha):
        good = run.conclusion in ("success", "neutral", "skipped")
        found[run.name] = "pending" if run.status != "completed" else "success" if good else "failure"
    return found


# Check runs


def runs_of(repository: Repository, sha: str) -> list[CheckRun]:
    """Newest first."""
    return [run for run in reversed(repository.check_runs.values()) if run.sha == sha]


def latest_runs(repository: Repository, sha: str) -> list[CheckRun]:
    """The last one of each App and name."""
    found: dict[tuple[str, str], CheckRun] = {}
    for run in runs_of(repository, sha):
        found.setdefault((run.app, run.name), run)
    return list(found.values())


def check_run(repository: Repository, number: int) -> CheckRun:
    """Raises 404."""
    if (found := repository.check_runs.get(number)) is None:
        raise not_found()
    return found


def suite_for(repository: Repository, app: str, sha: str) -> CheckSuite:
    """The suite of an App for a commit, made when there is none."""
    for suite in repository.check_suites.values():
        if (suite.app, suite.sha) == (app, sha):
            return suite
    branch = next((name for name, tip in repository.git.branches().items() if tip == sha), None)
    now = repository.forge.clock.now()
    suite = CheckSuite(repository.forge.new_id(), sha, branch, app, now, now)
    repository.check_suites[suite.id] = suite
    return suite


def create_run(repository: Repository, caller: Token, sha: str, name: str, **facts: object) -> CheckRun:
    """facts: fields of CheckRun (status, conclusion, title, ...). Raises 422."""
    if repository.git.commit(sha) is None:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    if not name.strip():
        raise Refusal(422, 'Invalid request.\n\n"name" wasn\'t supplied.')
    now = repository.forge.clock.tick()
    app = caller.app or ACTIONS_SLUG
    suite = suite_for(repository, app, sha)
    run = CheckRun(repository.forge.new_id(), suite.id, sha, name, "queued", None, app, now, None)
    _change(run, now, facts)
    repository.check_runs[run.id] = run
    suite.updated = now
    _tell_run(repository, caller, run, "created")
    return run


def update_run(repository: Repository, caller: Token, run: CheckRun, **facts: object) -> None:
    """Only the App that made a run may change it."""
    if run.app != (caller.app or ACTIONS_SLUG):
        raise Refusal(403, "Invalid app_id `" + str(views_checks.ACTIONS_APP) + "` - check run can only be modified "
                      "by the GitHub App that created it.")  # fmt: skip
    now = repository.forge.clock.tick()
    _change(run, now, facts)
    repository.check_suites[run.suite_id].updated = now
    _tell_run(repository, caller, run, "edited")


def _change(run: CheckRun, now: datetime, facts: dict[str, object]) -> None:
    facts = {key: value for key, value in facts.items() if value is not None}
    if facts.get("status", "queued") not in RUN_STATES:
        raise Refusal(422, "Invalid request.\n\nstatus is not one of queued, in_progress, completed.")
    if facts.get("conclusion") is not None:
        if facts["conclusion"] not in CONCLUSIONS:
            raise Refusal(422, "Invalid request.\n\nconclusion is not a known conclusion.")
        facts["status"] = "completed"
        facts.setdefault("completed", now)
    elif facts.get("status") == "completed" and run.conclusion is None:
        raise Refusal(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    for key, value in facts.items():
        setattr(run, key, value)


def _tell_run(repository: Repository, caller: Token, run: CheckRun, action: str) -> None:
    done = run.status == "completed"
    shown = views_checks.check_run(repository, run)
    tell(repository, caller, "check_run", "completed" if done and action == "edited" else action, check_run=shown)
    if not done:
        return
    suite = repository.check_suites[run.suite_id]
    everything = views_checks.check_suite(repository, suite)
    if everything["status"] == "completed":
        tell(repository, caller, "check_suite", "completed", check_suite=everything)
    _something_passed(repository, caller)
