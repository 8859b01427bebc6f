"""Which failing tests stand for all of them, and which passing tests a change has to keep."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitops_healer.core.change import Change
from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.trials import Trace

_REPRESENTATIVES = 6
_TRACED_FAILING = 30


@dataclass(frozen=True)
class Goal:
    """tests: failing tests that every candidate is tried with; rest: further ones that a survivor has to fix."""

    tests: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.tests, *self.rest)


def goal_of(failing: Sequence[TestCase]) -> Goal:
    """One or two quick tests of each way of failing (error and innermost place), the most frequent ways first."""
    groups: dict[tuple[object, ...], list[TestCase]] = {}
    for case in failing:
        frame = case.frames[-1] if case.frames else None
        place = (frame.file, frame.line) if frame is not None else ()
        groups.setdefault((case.error_type, *place), []).append(case)
    ordered = sorted(groups.values(), key=lambda group: -len(group))
    quickest = [sorted(group, key=lambda case: (case.seconds, case.id)) for group in ordered]
    rounds = [case.id for number in range(2) for group in quickest for case in group[number : number + 1]]
    chosen = tuple(rounds[:_REPRESENTATIVES])
    return Goal(chosen, tuple(case.id for case in failing if case.id not in chosen))


def trace_order(goal: Goal, cases: Sequence[TestCase]) -> list[str]:
    """Tests in the order in which knowing them helps: failing ones, then passing ones of the same files, of the same
    folders, and all others; quick ones first. Flaky and skipped ones tell nothing."""
    files = {name.partition("::")[0] for name in goal.all}
    folders = {file.rpartition("/")[0] for file in files}

    def nearness(case: TestCase) -> tuple[int, float, str]:
        file = case.id.partition("::")[0]
        return (0 if file in files else 1 if file.rpartition("/")[0] in folders else 2), case.seconds, case.id

    passed = sorted((case for case in cases if case.status is CaseStatus.PASSED), key=nearness)
    return [*goal.all[:_TRACED_FAILING], *(case.id for case in passed)]


def passing_for(
    trace: Trace, cases: Sequence[TestCase], spans: Callable[[Change], Sequence[tuple[str, int, int]]]
) -> Callable[[Change], Sequence[str]]:
    """For a change the passing tests that ran what it changes, those that ran the changed lines and quick ones first.

    spans: (path, first line, last line) of the functions that a change is in; a change outside of functions concerns
    every test that ran anything of the file.
    """
    seconds = {case.id: case.seconds for case in cases if case.status is CaseStatus.PASSED}
    ran: dict[str, list[tuple[str, frozenset[int]]]] = {}
    for test, files in trace.covered.items():
        if test in seconds:
            for path, lines in files.items():
                ran.setdefault(path, []).append((test, lines))
    known: dict[tuple[tuple[str, int, int], ...], tuple[str, ...]] = {}

    def chosen(change: Change) -> Sequence[str]:
        key = tuple(spans(change))
        if key not in known:
            tests = {
                test
                for path, first, last in key
                for test, lines in ran.get(path, ())
                if last < first or any(first <= line <= last for line in lines)
            }
            known[key] = tuple(sorted(tests, key=lambda test: (seconds[test], test)))
        return known[key]

    return chosen


def covered_lines(trace: Trace, tests: Mapping[str, object]) -> dict[str, set[int]]:
    """path -> lines that any of the tests ran."""
    found: dict[str, set[int]] = {}
    for test in tests:
        for path, lines in trace.covered.get(test, {}).items():
            found.setdefault(path, set()).update(lines)
    return found
