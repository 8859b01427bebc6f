"""The unchanged suite, run a few times by a trial server: who fails, who is no oracle, how long each test may take."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from gitops_healer.adapters.environmental import Project
from gitops_healer.adapters.suite_results import case_of
from gitops_healer.adapters.trials_server import Answer, TrialServer
from gitops_healer.core.testing import CaseStatus, TestCase

CRASHED = "gitops_healer.Crashed"
TIMED_OUT = "gitops_healer.TimedOut"
_MORE_PATIENCE = 3
_MOST_ENDLESS = 6  # tests that hang, after which no further one is run
_BRIEF_SECONDS = 0.1
_LEAST_CPU = 0.1
_UNKNOWN_CPU = 20.0
_LEAST_CPU_FAILING = 0.3
_LEAST_WALL = 2.0
_TIMES = 5.0


@dataclass
class Measured:
    """Tests by number as far as they ran. cpu, setup: seconds; spawning: tests that start Python themselves; written:
    paths of the tree that runs have changed; strict: tests that end as they should only within pytest; unrun: how many
    were left out because others before them hang. Mutable because runs add to it."""

    cases: dict[int, TestCase] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)
    setup: float = 0.0
    spawning: set[int] = field(default_factory=set)
    written: tuple[str, ...] = ()
    strict: list[int] = field(default_factory=list)
    problem: str = ""
    unrun: int = 0

    @property
    def failing(self) -> list[int]:
        return [number for number, case in self.cases.items() if case.failed]


class Opening:
    """Runs the suite. names: ids by number; seconds: for all runs together; patience: for one test."""

    def __init__(
        self, server: TrialServer, names: Sequence[str], project: Project, seconds: float, patience: float
    ) -> None:
        self._patience = patience
        self._server = server
        self._names = names
        self._project = project
        self._began = time.monotonic()
        self._seconds = seconds

    def measured(self, reruns: int) -> Measured:
        """All tests in the order of the project; then the failing ones first and those that are brief behind them, as
        candidates will be tried; then the failing ones alone, `reruns` times. Who does not always end alike is
        FLAKY."""
        first = self._run(range(len(self._names)))
        if first.problem or not first.cases:
            return first
        stuck = [number for number, case in first.cases.items() if case.error_type in (CRASHED, TIMED_OUT)]
        took = time.monotonic() - self._began
        brief = [number for number in _others(first) if first.cases[number].seconds <= _BRIEF_SECONDS]
        again = [number for number in [*first.failing, *brief] if number not in stuck]
        first.strict = sorted(first.cases.keys() - set(again))
        self._repeat(first, again)
        for _ in range(reruns):
            doubtful = [number for number in first.failing if number not in stuck]
            if doubtful and took < self._left() / 4:
                _compare(first, self._run(doubtful))
        first.written = self._written()
        return first

    def _written(self) -> tuple[str, ...]:
        self._server.ask({"do": "written"})
        answer = self._server.answer(max(1.0, self._left()))
        if answer is None:
            self._server.forget()
        paths = answer.told[0].get("written") if answer is not None and answer.told else None
        return tuple(path for path in paths if isinstance(path, str)) if isinstance(paths, list) else ()

    def _repeat(self, first: Measured, numbers: Sequence[int]) -> None:
        """Run as candidates will be: plain tests without pytest around them. Who ends otherwise that way is never run
        plainly, and is no oracle when it does not end as at first, then."""
        second = self._run(numbers, plain=True)
        odd = [number for number in _unlike(first, second) if number in second.cases]
        if odd:
            third = self._run(odd)
            first.strict += odd
            _compare(first, third)
            self._server.say({"do": "strict", "tests": odd})
            _compare(first, self._run(odd, plain=True))

    def _left(self) -> float:
        return self._began + self._seconds - time.monotonic()

    def _run(self, numbers: Iterable[int], plain: bool = False) -> Measured:
        """One run, begun anew behind each test that hangs or takes the process with it. The first that hangs gets
        more time, to tell a slow test from an endless one; those after it get less."""
        found, left, limit = Measured(), list(numbers), self._patience
        proven, endless = False, 0
        while left and not found.problem:
            answer = self._suite(left, limit, plain) if endless < _MOST_ENDLESS else None
            if answer is None and endless and not self._server.over:
                found.unrun = len(left)
                break
            if answer is None:
                found.problem = _ended(self._server.over) or f"the tests take longer than {self._seconds:.0f} s"
                break
            self._take(found, answer)
            if answer.how == "ended":
                break
            if answer.test not in left:
                found.problem = f"the process of the tests {answer.how} before its first test"
                break
            left = left[left.index(answer.test) + 1 :]
            if answer.how == "late" and not proven:
                proven = not self._is_only_slow(found, answer.test)
                least = min(1.0, self._patience)
                limit = max(least, 10 * _longest(found)) if proven else _MORE_PATIENCE * self._patience
            endless += answer.how == "late" and proven
        return found

    def _is_only_slow(self, found: Measured, number: int) -> bool:
        answer = self._suite([number], _MORE_PATIENCE * self._patience)
        if answer is None or answer.how != "ended":
            return False
        self._take(found, answer)
        return True

    def _suite(self, numbers: Sequence[int], limit: float, plain: bool = False) -> Answer | None:
        self._server.ask({"do": "suite", "tests": list(numbers), "longest": limit, "plain": plain})
        answer = self._server.answer(max(0.0, self._left()))
        if answer is None:
            self._server.forget()
        return answer

    def _take(self, found: Measured, answer: Answer) -> None:
        for told in answer.told:
            number = told.get("test")
            if isinstance(number, int) and 0 <= number < len(self._names):
                case = case_of({**told, "id": self._names[number]}, self._project)
                if case is not None:
                    found.cases[number] = case
                    found.cpu[number] = _seconds(told.get("cpu"))
                    if told.get("spawns") is True:
                        found.spawning.add(number)
                    found.setup = max(found.setup, _seconds(told.get("setup")))
        if answer.how != "ended" and 0 <= answer.test < len(self._names):
            kind, message = (
                (TIMED_OUT, "it does not end") if answer.how == "late" else (CRASHED, "it ended its process")
            )
            stuck = TestCase(self._names[answer.test], CaseStatus.FAILED, 0.0, kind, message)
            found.cases[answer.test] = stuck
            found.cpu.pop(answer.test, None)


def _ended(over: str) -> str:
    return f"a test ends the processes around it ({over}): leave it out of the test command" if over else ""


def _others(measured: Measured) -> list[int]:
    return [number for number, case in measured.cases.items() if not case.failed]


def _unlike(first: Measured, other: Measured) -> list[int]:
    """Tests that ended differently in another run of the same code."""

    def way(case: TestCase) -> tuple[bool, bool]:
        return case.failed, case.status is CaseStatus.SKIPPED

    known = first.cases
    return [number for number, case in other.cases.items() if way(case) != way(known[number])]


def _compare(first: Measured, other: Measured) -> None:
    """Mark who ended differently in another run."""
    for number in _unlike(first, other):
        known = first.cases[number]
        if known.status is not CaseStatus.FLAKY:
            message = f"passes and fails with the same code: {other.cases[number].message or known.message}"
            first.cases[number] = replace(known, status=CaseStatus.FLAKY, message=message)


def _longest(measured: Measured) -> float:
    return max((case.seconds for case in measured.cases.values()), default=0.0)


def _seconds(value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good and 0 <= value < 1e6 else 0.0


def limits(measured: Measured, count: int) -> tuple[list[float], list[float]]:
    """(processor time, wall clock) in seconds that each test may take with a change: five times its own (ten times by
    the clock, as other processes may be busy) and of the longest set-up, since it may be the first to need a shared
    fixture. A test that fails may have stopped early: it gets as much as the slowest passing test of its file."""
    slowest = _slowest_of_files(measured)
    cpu = [_UNKNOWN_CPU] * count  # what could not be imported may be many tests
    wall = [3 * _UNKNOWN_CPU] * count
    for number, case in measured.cases.items():
        own_cpu, own_wall, least = measured.cpu.get(number, 0.0), case.seconds, _LEAST_CPU
        if case.failed:
            others = slowest(case.id.partition("::")[0])
            least = _LEAST_CPU if case.error_type == TIMED_OUT else _LEAST_CPU_FAILING
            own_cpu, own_wall = max(own_cpu, others), max(own_wall, others)
        cpu[number] = max(least, _TIMES * own_cpu) + _TIMES * measured.setup
        wall[number] = max(_LEAST_WALL, 2 * _TIMES * own_wall + 1.0) + _TIMES * measured.setup
    return cpu, wall


def _slowest_of_files(measured: Measured) -> Callable[[str], float]:
    passed = {number: case for number, case in measured.cases.items() if case.status is CaseStatus.PASSED}
    files: dict[str, float] = {}
    for number, case in passed.items():
        name = case.id.partition("::")[0]
        files[name] = max(files.get(name, 0.0), measured.cpu.get(number, 0.0))
    usual = median(measured.cpu.get(number, 0.0) for number in passed) if passed else 0.2
    return lambda name: files.get(name, usual)


def broken_cases(told: Sequence[Mapping[str, Any]], project: Project) -> tuple[TestCase, ...]:
    """Files that could not be imported, as cases with the status ERROR."""
    cases = (case_of({"outcome": "error", "seconds": 0.0, **item}, project) for item in told if isinstance(item, dict))
    return tuple(case for case in cases if case is not None)
