"""The project's own tests, run in the sandbox on any commit, with or without a change."""

import json
import math
import os
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gitops_healer.adapters.environmental import Project, requirement_files, top_level_modules
from gitops_healer.adapters.generated import stamp
from gitops_healer.adapters.sandbox_launcher import NO_DISK, NO_MEMORY
from gitops_healer.adapters.suite_commands import (
    Invocation,
    Kind,
    Tree,
    concession,
    discover_command,
    import_roots,
    prepare,
)
from gitops_healer.adapters.suite_results import Results, read_results, read_unittest
from gitops_healer.adapters.suite_verdicts import NO_COMMAND, Told, judge
from gitops_healer.adapters.workbench import SEARCH_PATH, Bench, environment, lay_out, make_bench
from gitops_healer.core.change import Change
from gitops_healer.core.codec import digest, dump, load, to_json
from gitops_healer.core.flakes import MOST_TESTS, Again, Side, in_turn
from gitops_healer.core.testing import CaseStatus, TestCase, TestReport
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import Cache, Limits, Ran, Repository, Sandbox
from gitops_healer.settings import Testing

_VERSION = 3  # of what is cached: raise it when reports change their meaning
_TAIL = 4000
_OUTPUT = 4 * 1024**2
_PASSING = (NO_MEMORY, NO_DISK)
T = TypeVar("T")


@dataclass(frozen=True)
class _Job:
    """One commit's tests, ready to run."""

    command: str
    invocation: Invocation
    roots: tuple[str, ...]
    project: Project
    paths: frozenset[str]


@dataclass(frozen=True)
class _Attempt:
    ran: Ran
    results: Results
    told: Told


class ProjectTests:
    """`TestRunner`. python: the interpreter that has the project's dependencies; testing: policy section `testing`.

    The command runs in a scratch export of the commit, without git metadata and never in the user's work tree, with the
    scratch copy's packages first on PYTHONPATH. Under pytest and `python -m unittest` every test is known by itself,
    elsewhere as far as pytest inherits our environment (see `workbench.environment`) or unittest prints names.
    """

    def __init__(self, repository: Repository, sandbox: Sandbox, cache: Cache, testing: Testing, python: Path) -> None:
        self._repository = repository
        self._sandbox = sandbox
        self._cache = cache
        self._testing = testing
        self._python = python
        self._commands: dict[str, str] = {}

    def command(self, commit: str) -> str:
        """The configured or discovered test command, "" when there is none."""
        if self._testing.command.strip():
            return self._testing.command.strip()
        tree = self._repository.commit(commit).tree
        if tree not in self._commands:
            self._commands[tree] = self._discovered(commit, tree)
        return self._commands[tree]

    def run(self, commit: str, change: Change | None = None, only: Sequence[str] = ()) -> TestReport:
        """One report. What is known already costs nothing. What could not be told is tried once more, and then not
        before code, settings or packages change: a suite that hangs must not cost its time-out in every cycle."""
        command = self.command(commit)
        if not command:
            return TestReport("", Outcome.UNKNOWN, NO_COMMAND)
        key = self._key(commit, change, command, only)
        if (known := load(self._cache.get(key), TestReport)) is not None:
            return known
        try:
            job = self._job(commit, command, change)
        except ValueError as error:
            reason = f"testing.command cannot be read ({error}): close the quotation in `{command}`"
            return TestReport(command, Outcome.UNKNOWN, reason)
        with self._sandbox.scratch() as scratch:
            lay_out(self._repository, scratch, commit, change)
            report = self._report(job, scratch, tuple(only))
        self._remember(key, report)
        return report

    def again(self, base: str, head: str, tests: Sequence[str]) -> tuple[Again, ...]:
        """Run tests of two commits in turn, each time in a fresh copy, all within `testing.timeout` and at most
        `MOST_TESTS` of them. Remembered unless it leaves doubt."""
        wanted = tuple(sorted(set(tests)))[:MOST_TESTS]
        commits = {Side.BASE: base, Side.HEAD: head}
        commands = {side: self.command(commit) for side, commit in commits.items()}
        keys = [self._key(commits[side], None, commands[side], wanted) for side in Side]
        key = digest("again", _VERSION, keys)
        if (known := load(self._cache.get(key), list[Again])) is not None:
            return tuple(known)
        jobs = {side: self._job(commit, commands[side], None) for side, commit in commits.items() if commands[side]}
        until = time.monotonic() + self._testing.timeout.total_seconds()

        def run(side: Side) -> TestReport | None:
            left = until - time.monotonic()
            if left <= 0:
                return None
            return self._once(jobs[side], commits[side], wanted, left) if side in jobs else _nothing()

        told = in_turn(run, wanted)
        if not any(one.doubtful for one in told):
            self._cache.put(key, dump(told))
        return told

    def once(self, commit: str, tests: Sequence[str], seconds: float = math.inf) -> TestReport:
        """Tests run once, now, in a fresh copy; nothing is run again, and nothing is remembered."""
        command = self.command(commit)
        return self._once(self._job(commit, command, None), commit, tuple(tests), seconds) if command else _nothing()

    # Finding out

    def _discovered(self, commit: str, tree: str) -> str:
        key = digest("test-command", _VERSION, tree, str(self._python))
        if (known := self._cache.get(key)) is not None:
            return known.decode("utf-8", "replace")
        command = discover_command(tree_at(self._repository, commit, self._python))
        if command:  # not "": the program that was missing may be there next time
            self._cache.put(key, command.encode("utf-8", "replace"))
        return command

    def _job(self, commit: str, command: str, change: Change | None) -> _Job:
        tree = tree_at(self._repository, commit, self._python)
        paths = frozenset((*tree.paths, *(change.paths if change else ())))
        return _Job(command, prepare(command, self._python), import_roots(tree), project_of(tree, paths), paths)

    # Remembering

    def _key(self, commit: str, change: Change | None, command: str, only: Sequence[str]) -> str:
        """Everything that the answer depends on, as far as it can be seen from outside."""
        settings = [
            str(self._testing.timeout), self._testing.flaky_reruns, self._testing.memory_mb, self._testing.processes,
        ]  # fmt: skip
        tree = self._repository.commit(commit).tree
        edits = to_json(change) if change else None
        place = [str(self._python), _installed(self._python), self._sandbox.level.value]
        built = stamp(self._repository.path, self._repository.generated(commit))
        return digest("tests", _VERSION, tree, edits, command, place, built, sorted(only), settings)

    def _remember(self, key: str, report: TestReport) -> None:
        if report.transient:
            return
        if report.outcome is Outcome.UNKNOWN and self._cache.get(f"{key}:once") is None:
            self._cache.put(f"{key}:once", b"")
            return
        self._cache.put(key, dump(report))

    # Running

    def _report(self, job: _Job, scratch: Path, only: tuple[str, ...]) -> TestReport:
        job, first = self._first(job, scratch, only)
        told, seconds = first.told, first.ran.seconds
        if told.outcome is Outcome.FAILED and told.cases:
            told, more = self._settled(job, scratch, first)
            seconds += more
        transient = told.outcome is Outcome.UNKNOWN and first.ran.reason in _PASSING
        return TestReport(job.command, told.outcome, told.reason, told.cases, seconds, _tail(first.ran), transient)

    def _once(self, job: _Job, commit: str, only: Sequence[str], seconds: float) -> TestReport:
        """One run in a copy of its own; nothing is run again."""
        with self._sandbox.scratch() as scratch:
            lay_out(self._repository, scratch, commit, None)
            job, made = self._first(job, scratch, only, seconds)
        return TestReport(job.command, made.told.outcome, made.told.reason, made.told.cases, made.ran.seconds)

    def _first(self, job: _Job, scratch: Path, only: Sequence[str], seconds: float = math.inf) -> tuple[_Job, _Attempt]:
        """The first run in a copy, and how the tests can be run there from now on."""
        made = self._attempt(job, scratch, only, seconds)
        while options := _conceded(job.invocation, made):
            job = replace(job, invocation=job.invocation.plus(*options))
            made = self._attempt(job, scratch, only, seconds)
        return job, made

    def _attempt(self, job: _Job, scratch: Path, only: Sequence[str], seconds: float = math.inf) -> _Attempt:
        bench = make_bench(scratch, self._python)
        if only:
            (bench.inside / "only.json").write_text(json.dumps(list(only)), encoding="ascii")
        allowed = min(seconds, self._testing.timeout.total_seconds())
        limits = Limits(
            seconds=allowed, memory=self._testing.memory_mb * 1024**2, processes=self._testing.processes, output=_OUTPUT
        )
        env = environment(bench, self._python, job.roots)
        ran = self._sandbox.run(_argv(job, bench, only), scratch, env=env, limits=limits, cwd=bench.tree.name)
        ran = replace(ran, stdout=_placeless(ran.stdout, bench), stderr=_placeless(ran.stderr, bench))
        results = read_results(bench.results, job.project)
        if not results.sessions and not results.problem:
            text = (ran.stdout + b"\n" + ran.stderr).decode("utf-8", "replace")
            results = replace(results, cases=read_unittest(text, job.project))
        return _Attempt(ran, results, judge(job.command, job.invocation.kind, ran, results, allowed))

    def _settled(self, job: _Job, scratch: Path, first: _Attempt) -> tuple[Told, float]:
        """Run what failed again, by itself and in the same copy (a test that leaves something behind by which it
        passes later is flaky too), and judge again without those that passed."""
        runs = {case.id: [1, 0] for case in first.told.cases if case.failed and not case.environmental}
        seconds = 0.0
        for _ in range(self._testing.flaky_reruns):
            doubtful = sorted(name for name, (_, passed) in runs.items() if not passed)
            if not doubtful:
                break
            again = self._attempt(job, scratch, doubtful)
            seconds += again.ran.seconds
            if again.ran.timed_out or again.results.problem:
                break
            _count(runs, again.results.cases)
        cases = tuple(_flaky(case, *runs[case.id]) if case.id in runs else case for case in first.told.cases)
        if cases == first.told.cases:
            return first.told, seconds
        allowed = self._testing.timeout.total_seconds()
        # With every failure taken back the exit code is explained by the flaky tests.
        only_flaky = not any(case.failed for case in cases)
        ran = replace(first.ran, exit_code=0) if only_flaky else first.ran
        results = replace(first.results, cases=cases)
        return judge(job.command, job.invocation.kind, ran, results, allowed), seconds


def tree_at(repository: Repository, commit: str, python: Path) -> Tree:
    """What discovery may look at: the files of a commit, and the programs that a candidate will find."""
    paths = tuple(file.path for file in repository.files(commit))
    search = f"{python.parent}:{SEARCH_PATH}"
    return Tree(
        paths,
        lambda path: repository.read(commit, path),
        lambda program: shutil.which(program, path=search) is not None,
    )


def project_of(tree: Tree, paths: Collection[str]) -> Project:
    """By what failures of the place are told from failures of the code. paths: of the tree with a change."""
    needs = b"\n".join(tree.text(path) for path in requirement_files(tree.paths))
    return Project(top_level_modules(tuple(paths)), needs.decode("utf-8", "replace"))


def _argv(job: _Job, bench: Bench, only: Sequence[str]) -> tuple[str, ...]:
    """The plain command; unittest through the program that listens; pytest on the files of the wanted tests only."""
    match job.invocation.kind:
        case Kind.UNITTEST:
            return (*job.invocation.interpreter, str(bench.inside / "healer_unittest_report.py"), *job.invocation.rest)
        case Kind.PYTEST if only:
            files = sorted({name.partition("::")[0] for name in only} & job.paths)
            named = [name if not name.startswith("-") else f"./{name}" for name in files if name.endswith(".py")]
            return (*job.invocation.argv, *named)
        case _:
            return job.invocation.argv


def _conceded(invocation: Invocation, attempt: _Attempt) -> tuple[str, ...]:
    """Options without which pytest does not even begin here."""
    if invocation.kind is not Kind.PYTEST or attempt.results.cases or not attempt.ran.exit_code:
        return ()
    options = concession((attempt.ran.stderr + attempt.ran.stdout).decode("utf-8", "replace"))
    return options if options and not invocation.has(*options) else ()


def _count(runs: Mapping[str, list[int]], cases: Sequence[TestCase]) -> None:
    """Add a re-run. A file that could not be imported has passed when its tests are there."""
    by_id = {case.id: case for case in cases}
    files = {case.id.partition("::")[0] for case in cases if not case.failed and "::" in case.id}
    for name, counts in runs.items():
        case = by_id.get(name)
        if case is not None and case.failed:
            counts[0] += 1
        elif (case is not None and case.status is CaseStatus.PASSED) or (case is None and name in files):
            counts[1] += 1


def _flaky(case: TestCase, failed: int, passed: int) -> TestCase:
    if not passed:
        return case
    message = f"failed in {failed} of {failed + passed} runs of the same code: {case.message}"
    return replace(case, status=CaseStatus.FLAKY, message=message)


def _nothing() -> TestReport:
    return TestReport("", Outcome.UNKNOWN, NO_COMMAND)


def _installed(python: Path) -> list[int]:
    """Changes when something is installed beside the interpreter."""
    folders = sorted((python.parent.parent / "lib").glob("python3*/site-packages"))
    return [folder.stat().st_mtime_ns for folder in folders]


def _placeless(output: bytes, bench: Bench) -> bytes:
    """What it printed, with places as they are in the repository."""
    places = {str(bench.tree), str(bench.tree.resolve()), str(bench.inside), str(bench.scratch)}
    for place in sorted(map(os.fsencode, places), key=len, reverse=True):
        output = output.replace(place + b"/", b"./").replace(place, b".")
    return output


def _tail(ran: Ran) -> str:
    text = b"\n".join(stream.strip() for stream in (ran.stdout[-_TAIL:], ran.stderr[-_TAIL:]) if stream.strip())
    return text.decode("utf-8", "replace")[-_TAIL:]
