"""Events in, runs of jobs out: `Runner(host, folder, actions).run(events)`."""

import itertools
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.actions_runner.actions import save
from tests.actions_runner.expressions import interpolate, is_true, string_of
from tests.actions_runner.host import Happened, Host
from tests.actions_runner.listening import Note
from tests.actions_runner.queueing import Ticket, admitted
from tests.actions_runner.steps import Frame, Machine, StepRun, all_steps, is_wanted, run_steps, status_functions
from tests.actions_runner.workflow import Workflow, load_yaml, matrix_of, needs_of, order_of, permissions_of

LONGEST_CHAIN = 30
_OF_PULLS = ("pull_request", "pull_request_review")


@dataclass
class JobRun:
    """What came of a job. conclusion: success, failure, skipped or cancelled; log: without secrets."""

    workflow: str
    job: str
    event: str
    conclusion: str
    name: str = ""
    steps: list[StepRun] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    annotations: list[Note] = field(default_factory=list)
    log: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)

    def step(self, name: str) -> StepRun:
        """By name, those of composite actions too."""
        return next(step for step in all_steps(self.steps) if step.name == name)


@dataclass(frozen=True)
class Start:
    """A workflow that an event starts. ref and sha: as GITHUB_REF and GITHUB_SHA say them."""

    workflow: Workflow
    event: Happened
    ref: str
    sha: str
    number: int

    @property
    def from_fork(self) -> bool:
        pull = self.event.payload.get("pull_request") if self.event.name in _OF_PULLS else None
        if not pull:
            return False
        head = pull["head"].get("repo") or {}
        return head.get("full_name") != pull["base"]["repo"]["full_name"]

    @property
    def head(self) -> tuple[str, str]:
        """(branch, commit) that a check of this run belongs to."""
        pull = self.event.payload.get("pull_request") if self.event.name in _OF_PULLS else None
        return (pull["head"]["ref"], pull["head"]["sha"]) if pull else (self.ref.removeprefix("refs/heads/"), self.sha)


class Runner:
    """Runs the workflows of one repository, one job after the other.

    folder: for work spaces, caches and tools; actions: folders of actions by owner/name; seeds: folders that earlier
    runs left in the cache, by the beginning of their key.
    """

    def __init__(
        self,
        host: Host,
        folder: Path,
        actions: Mapping[str, Path] | None = None,
        seeds: Mapping[str, Path] | None = None,
        environment: str = "self-hosted",
    ) -> None:
        self.host = host
        self.folder = folder
        self.actions = actions or {}
        self.seeds = seeds or {}
        self.environment = environment
        self.numbers = itertools.count(1)

    # Events

    def tick(self, cron: str = "17 * * * *") -> list[JobRun]:
        """The schedule strikes."""
        return self.run([Happened("schedule", {"schedule": cron})])

    def settle(self) -> list[JobRun]:
        """Run whatever the forge has to tell, until it has nothing more. Raises AssertionError when it never ends."""
        done: list[JobRun] = []
        for _ in range(LONGEST_CHAIN):
            events = self.host.take_events()
            if not events:
                return done
            done += self.run(events)
        raise AssertionError("one event leads to the next, for ever")

    def run(self, events: Iterable[Happened]) -> list[JobRun]:
        """All that these events start, as if they arrived while the first run is under way."""
        starts = [start for event in events for start in self._starts(event)]
        tickets = [self._ticket(start.workflow.data.get("concurrency"), self._contexts(start)) for start in starts]
        done: list[JobRun] = []
        begun = [start for start, turn in zip(starts, admitted(tickets), strict=True) if turn]
        done += [self._cancelled(start) for start in starts if start not in begun]
        turns = self._turns(begun)
        for number, start in enumerate(begun):
            done += self._run(start, {job for (which, job), turn in turns.items() if which == number and not turn})
        return done

    def _starts(self, event: Happened) -> list[Start]:
        if not event.starts_workflows:
            return []
        ref, sha, source = self._place(event)
        payload = event.payload
        workflows = self._workflows(source)
        return [
            Start(workflow, event, ref, sha, next(self.numbers))
            for workflow in workflows
            if workflow.is_started_by(event.name, payload)
        ]

    def _place(self, event: Happened) -> tuple[str, str, str]:
        """(GITHUB_REF, GITHUB_SHA, commit whose workflow files count)."""
        default = f"refs/heads/{self.host.default_branch}"
        tip = self._git("rev-parse", default)
        payload = event.payload
        if event.name == "push":
            sha = payload["after"] if not payload.get("deleted") else tip
            return payload["ref"], sha, sha
        if event.name in _OF_PULLS:
            number, head = payload["pull_request"]["number"], payload["pull_request"]["head"]["sha"]
            merge = self._git("rev-parse", "--verify", "--quiet", f"refs/pull/{number}/merge", check=False) or head
            return f"refs/pull/{number}/merge", merge, merge
        if event.name == "workflow_dispatch" and payload.get("ref"):
            sha = self._git("rev-parse", str(payload["ref"]))
            return str(payload["ref"]), sha, sha
        return default, tip, tip

    def _workflows(self, commit: str) -> list[Workflow]:
        listed = self._git("ls-tree", "--name-only", commit, ".github/workflows/")
        paths = [path for path in listed.splitlines() if path.endswith((".yml", ".yaml"))]
        return [Workflow(path, load_yaml(self._git("show", f"{commit}:{path}"))) for path in paths]

    def _git(self, *arguments: str, check: bool = True) -> str:
        ran = subprocess.run(["git", *arguments], cwd=self.host.bare, capture_output=True, text=True, check=check)
        return ran.stdout.strip()

    # Concurrency

    def _turns(self, starts: Sequence[Start]) -> dict[tuple[int, str], bool]:
        """Whether each job that has a group gets its turn; a job that is skipped does not queue."""
        queued: dict[tuple[int, str], Ticket] = {}
        for number, start in enumerate(starts):
            for name, job in start.workflow.jobs.items():
                contexts = self._contexts(start)
                if not needs_of(job) and is_wanted(job.get("if"), contexts, status_functions("success")):
                    queued[number, name] = self._ticket(job.get("concurrency"), contexts)
        return dict(zip(queued, admitted(list(queued.values())), strict=True))

    def _ticket(self, said: Any, contexts: Mapping[str, Any]) -> Ticket:
        if said is None:
            return Ticket()
        facts = said if isinstance(said, dict) else {"group": said}
        group = string_of(interpolate(str(facts["group"]), contexts))
        cancel = facts.get("cancel-in-progress", False)
        cancel = is_true(interpolate(cancel, contexts)) if isinstance(cancel, str) else bool(cancel)
        return Ticket(group, str(facts.get("queue", "single")), cancel)

    def _cancelled(self, start: Start) -> JobRun:
        return JobRun(start.workflow.path, "", start.event.name, "cancelled")

    # Jobs

    def _run(self, start: Start, without_turn: set[str]) -> list[JobRun]:
        jobs = start.workflow.jobs
        branch, sha = start.head
        titles = {name: self._title(job, name, self._contexts(start)) for name, job in jobs.items()}
        known = self.host.run_started(start.workflow.path, start.event.name, branch, sha, list(titles.values()))
        done: dict[str, list[JobRun]] = {}
        for name in order_of(jobs):
            if name in without_turn:
                done[name] = [JobRun(start.workflow.path, name, start.event.name, "cancelled")]
            else:
                done[name] = self._job(start, name, jobs[name], done)
        runs = [run for part in done.values() for run in part]
        self.host.run_ended(known, {titles[name]: _worst(part) for name, part in done.items()})
        return runs

    def _job(self, start: Start, name: str, job: Mapping[str, Any], done: Mapping[str, list[JobRun]]) -> list[JobRun]:
        needs = {other: {"result": _worst(done[other]), "outputs": done[other][-1].outputs} for other in needs_of(job)}
        results = {need["result"] for need in needs.values()}
        status = "failure" if "failure" in results else "success" if results <= {"success"} else "skipped"
        contexts = {**self._contexts(start), "needs": needs}
        if not is_wanted(job.get("if"), contexts, status_functions(status)):
            return [JobRun(start.workflow.path, name, start.event.name, "skipped")]
        return [self._attempt(start, name, job, {**contexts, "matrix": values}) for values in matrix_of(job)]

    def _attempt(self, start: Start, name: str, job: Mapping[str, Any], contexts: dict[str, Any]) -> JobRun:
        permissions = permissions_of(start.workflow, job, from_fork=start.from_fork)
        machine = self._machine(start, name, job, permissions)
        github = {**contexts["github"], **self._places(machine, start), "job": name, "token": machine.token}
        contexts = {
            **contexts,
            "github": github,
            "runner": machine.runner,
            "secrets": {**self.host.secrets, "GITHUB_TOKEN": machine.token},
        }
        frame = Frame(machine, contexts, {}, defaults=_defaults(start.workflow, job))
        frame.env = _env(start.workflow.data.get("env"), frame) | _env(job.get("env"), frame)
        steps = run_steps(job["steps"], frame)
        if frame.status == "success":
            save(machine.cache, machine.after)
        scope = frame.scope({**frame.env, **machine.environment})
        outputs = {
            key: machine.listener.masked(string_of(interpolate(str(value), scope)))
            for key, value in (job.get("outputs") or {}).items()
        }
        title = self._title(job, name, contexts)
        log = "".join(step.log for step in steps)
        return JobRun(
            start.workflow.path, name, start.event.name, frame.status, title, steps, outputs,
            machine.listener.masked(machine.summary), machine.listener.notes, log, permissions,
        )  # fmt: skip

    def _title(self, job: Mapping[str, Any], name: str, contexts: Mapping[str, Any]) -> str:
        return string_of(interpolate(str(job.get("name", name)), contexts))

    def _machine(self, start: Start, name: str, job: Mapping[str, Any], permissions: Mapping[str, str]) -> Machine:
        root = self.folder / f"run-{start.number}-{name}-{next(self.numbers)}"
        tool_cache, cache = self.folder / "tools", self.folder / "cache"
        for part in (root / "work", root / "temp", root / "home", tool_cache, cache):
            part.mkdir(parents=True, exist_ok=True)
        arch = {"x86_64": "X64", "aarch64": "ARM64"}.get(platform.machine(), "X64")
        runner = {
            "os": "Linux", "arch": arch, "name": "local",
            "environment": self.environment, "temp": str(root / "temp"), "tool_cache": str(tool_cache),
            "path": os.environ["PATH"],
        }  # fmt: skip
        machine = Machine(
            self.host, root, self.actions, self.seeds, cache, tool_cache, self.host.token(permissions),
            60.0 * float(job.get("timeout-minutes", 360)), runner,
        )  # fmt: skip
        machine.listener.add_secrets([machine.token, *self.host.secrets.values()])
        return machine

    def _places(self, machine: Machine, start: Start) -> dict[str, str]:
        event = machine.root / "event.json"
        event.write_text(json.dumps(start.event.payload), "utf-8")
        return {"workspace": str(machine.workspace), "event_path": str(event)}

    def _contexts(self, start: Start) -> dict[str, Any]:
        payload, repository = start.event.payload, self.host.repository
        pull = payload.get("pull_request") if start.event.name in _OF_PULLS else None
        actor = (payload.get("sender") or {}).get("login", self.host.repository.split("/")[0])
        github = {
            "event": dict(payload), "event_name": start.event.name, "repository": repository,
            "repository_owner": repository.split("/")[0], "ref": start.ref, "sha": start.sha,
            "ref_name": start.ref.removeprefix("refs/heads/").removeprefix("refs/pull/"),
            "ref_type": "tag" if start.ref.startswith("refs/tags/") else "branch",
            "head_ref": pull["head"]["ref"] if pull else "", "base_ref": pull["base"]["ref"] if pull else "",
            "actor": actor, "triggering_actor": actor, "workflow": start.workflow.name,
            "run_id": str(start.number), "run_number": str(start.number), "run_attempt": "1",
            "server_url": self.host.server_url, "api_url": self.host.api_url, "graphql_url": self.host.graphql_url,
        }  # fmt: skip
        inputs = payload.get("inputs") or {}
        return {"github": github, "vars": self.host.variables, "inputs": inputs, "needs": {}, "matrix": {}}


def _worst(runs: Sequence[JobRun]) -> str:
    found = {run.conclusion for run in runs}
    return next((one for one in ("failure", "cancelled", "skipped") if one in found), "success")


def _defaults(workflow: Workflow, job: Mapping[str, Any]) -> dict[str, str]:
    return {**workflow.data.get("defaults", {}).get("run", {}), **job.get("defaults", {}).get("run", {})}


def _env(said: Any, frame: Frame) -> dict[str, str]:
    scope = frame.scope(frame.env)
    return {
        str(key): string_of(interpolate(value, scope) if isinstance(value, str) else value)
        for key, value in (said or {}).items()
    }
