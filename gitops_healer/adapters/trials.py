"""Candidates tried by the project's own tests in warm processes, in the sandbox."""

import importlib.util
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gitops_healer.adapters.suite import project_of, tree_at
from gitops_healer.adapters.suite_commands import Invocation, Kind, discover_command, import_roots, prepare
from gitops_healer.adapters.trials_loading import Definitions
from gitops_healer.adapters.trials_opening import Measured, Opening, broken_cases, limits
from gitops_healer.adapters.trials_server import TrialServer
from gitops_healer.adapters.trials_session import Session
from gitops_healer.adapters.workbench import Bench, environment, lay_out, make_bench
from gitops_healer.core.change import Change
from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.trials import Opened
from gitops_healer.ports import Limits, Repository, Sandbox, TrialSession
from gitops_healer.settings import Testing

LIFETIME = 24 * 3600.0  # of one session, seconds
_OUTPUT = 1024**2
_OWN = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
_MOST_NOTES = 20


class ProjectTrials:
    """`Trials`. python: the interpreter that has the project's dependencies; testing: policy section `testing`.

    Tests are run by pytest, with the arguments of the project's command where that is pytest, else with none. A pytest
    of ours is brought where the project has none. workers: candidates at once (default: one a processor).
    """

    def __init__(
        self, repository: Repository, sandbox: Sandbox, testing: Testing, python: Path, workers: int | None = None
    ) -> None:
        self._repository = repository
        self._sandbox = sandbox
        self._testing = testing
        self._python = python
        self._workers = workers or os.cpu_count() or 1

    @contextmanager
    def open(self, commit: str, change: Change | None = None, only: Sequence[str] = ()) -> Iterator[TrialSession]:
        with ExitStack() as stack:
            scratch = stack.enter_context(self._sandbox.scratch())
            lay_out(self._repository, scratch, commit, change)
            yield self._session(stack, scratch, commit, change, only)

    def _session(
        self, stack: ExitStack, scratch: Path, commit: str, change: Change | None, only: Sequence[str]
    ) -> Session:
        tree = tree_at(self._repository, commit, self._python)
        project = project_of(tree, (*tree.paths, *(change.paths if change else ())))
        arguments = self._arguments(discover_command(tree))
        bench = make_bench(scratch, self._python)
        job = {"args": arguments, "only": list(only), "roots": import_roots(tree)}
        server, hello = self._started(stack, bench, job)
        names = [name for name in hello.get("tests", ()) if isinstance(name, str)]
        broken = broken_cases(hello.get("broken", ()), project)
        problem = _problem(hello, server, names, broken)
        measured = Measured()
        if not problem:
            opening = Opening(server, names, project, self._testing.timeout.total_seconds())
            measured = opening.measured(self._testing.flaky_reruns)
            problem = measured.problem
            cpu, wall = limits(measured, len(names))
            server.say({"do": "limits", "cpu": cpu, "wall": wall})
        cases = (*(measured.cases[number] for number in sorted(measured.cases)), *broken)
        opened = Opened(cases, problem, tuple(_notes(cases)))
        definitions = Definitions(_reader(self._repository, commit, change))
        silence = self._testing.timeout.total_seconds() + 60
        return Session(opened, server, names, definitions, self._workers, silence)

    def _arguments(self, discovered: str) -> list[str]:
        command = self._testing.command.strip() or discovered
        try:
            invocation = prepare(command, self._python) if command else Invocation((), Kind.OTHER)
        except ValueError:  # a quotation that is not closed: the test runner says so
            invocation = Invocation((), Kind.OTHER)
        return list(invocation.rest) if invocation.kind is Kind.PYTEST else []

    def _started(self, stack: ExitStack, bench: Bench, job: Mapping[str, Any]) -> tuple[TrialServer, Mapping[str, Any]]:
        """A server and what it says first. Begun again with what turns out to be missing."""
        extra: dict[str, Any] = {}
        for _ in range(3):
            attempt = ExitStack()
            server = TrialServer(attempt.enter_context(self._conversation(bench, job["roots"])))
            stack.push(attempt.pop_all().__exit__)
            server.say(self._order(bench, job, extra))
            hello = self._hello(server)
            more = self._remedy(bench, hello, extra)
            if more is None:
                break
            extra |= more
        return server, hello

    def _conversation(self, bench: Bench, roots: Sequence[str]) -> AbstractContextManager[Any]:
        limits = Limits(LIFETIME, self._testing.memory_mb * 1024**2, self._testing.processes, output=_OUTPUT)
        env = {**environment(bench, self._python, roots), "PYTEST_ADDOPTS": ""}
        program = [str(self._python), str(bench.inside / "healer_trial_server.py")]
        return self._sandbox.converse(program, bench.scratch, env=env, limits=limits, cwd=bench.tree.name)

    def _order(self, bench: Bench, job: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
        cache = f"cache_dir={bench.inside / 'cache'}"
        ours = ["--continue-on-collection-errors", "--capture=sys", "-o", cache, *extra.get("args", ())]
        return {
            "args": [*job["args"], *ours],
            "only": job["only"],
            "pytest": extra.get("pytest", ""),
            "longest": 10.0,
            "workers": self._workers,
            "temporary": str(bench.inside / f"temporary-{len(extra)}"),
        }

    def _hello(self, server: TrialServer) -> dict[str, Any]:
        """All that it says until it serves or gives up."""
        told: dict[str, Any] = {}
        until = time.monotonic() + self._testing.timeout.total_seconds()
        while not told.keys() & {"tests", "problem"}:
            message = server.hear(max(0.0, until - time.monotonic()))
            if message is None:
                return {**told, "problem": server.over or "collecting the tests takes too long"}
            told |= message
        return told

    def _remedy(self, bench: Bench, hello: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any] | None:
        """What to begin again with, None when there is nothing to mend."""
        problem, said = str(hello.get("problem", "")), str(hello.get("said", ""))
        if problem.startswith("no pytest") and "pytest" not in extra:
            return {"pytest": _bring_pytest(bench.inside / "brought")}
        if "unrecognized arguments" in said and "args" not in extra:
            return {"args": ["-o", "addopts="]}
        return None


def _bring_pytest(target: Path) -> str:
    """Copy the packages of our own pytest."""
    target.mkdir(exist_ok=True)
    for name in _OWN:
        spec = importlib.util.find_spec(name)
        places = list(spec.submodule_search_locations or ()) if spec else []
        if places:
            shutil.copytree(places[0], target / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return str(target)


def _reader(repository: Repository, commit: str, change: Change | None) -> Any:
    """The bytes of files of the commit with the change."""

    def read(path: str) -> bytes | None:
        data = repository.read(commit, path)
        if change is None or path not in change.paths:
            return data
        return Change(change.edits_of(path)).apply({path: data or b""})[path]

    return read


def _problem(hello: Mapping[str, Any], server: TrialServer, names: Sequence[str], broken: Sequence[TestCase]) -> str:
    problem = hello.get("problem")
    if problem:
        said = str(hello.get("said", "")).strip().splitlines()
        return f"the tests cannot be collected: {problem}" + (f" ({said[-1][:300]})" if said else "")
    if not names:
        return "no test can be imported" if broken else "there are no tests that pytest can collect"
    return ""


def _notes(cases: Sequence[TestCase]) -> Iterator[str]:
    flaky = [case.id for case in cases if case.status is CaseStatus.FLAKY]
    if flaky:
        yield f"{len(flaky)} tests pass and fail with the same code and are left out: {_listed(flaky)}"
    for kind, words in (("TimedOut", "do not end"), ("Crashed", "end their process")):
        found = [case.id for case in cases if case.error_type == f"gitops_healer.{kind}"]
        if found:
            yield f"{len(found)} tests {words}: {_listed(found)}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NOTES} more" if len(names) > _MOST_NOTES else ""
    return ", ".join(names[:_MOST_NOTES]) + more
