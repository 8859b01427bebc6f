"""Runs of tests before and after a merge, from imported JUnit reports."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from gitops_healer.code.roles import is_test_path
from gitops_healer.core.judgement.baseline import baseline_of
from gitops_healer.core.judgement.counting import (
    Calls,
    Counting,
    blocks_of,
    compared,
    failures,
    hours_of,
    past_of,
    slow,
    sorted_by_side,
    summed,
)
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.core.watching import Measure, Reading
from gitops_healer.metrics._series import HOUR, Watch, watch_of
from gitops_healer.metrics._sides import Sides, reached
from gitops_healer.metrics._subjects import HARMLESS
from gitops_healer.registry import Scene, metric

IMPORTED: Final = "junit-"
"""How the ids of imported test results begin (`adapters.junit_xml`)."""
LOOKED_AT: Final = 2_000
"""Runs of a doubtful test that are looked at one by one."""
DAY: Final = timedelta(days=1)


@metric
def junit(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
    """Results and durations of tests that were imported from JUnit reports: a subject each test.

    A run belongs to the commit that its report named, else to its time. What counts as a test: a function in a test
    file of the code, and what the code does not have (tests in other languages) when it was imported from a report; all
    other recorded calls are judged by `executions`. A test is touched when its file was changed or imports a changed
    one; apart when it reaches none of them. One that had both outcomes with the same parameters on one commit is flaky,
    which the reading says: it is judged by its rate, as everything is, and its failures before raise what is tolerated.
    """
    watch = watch_of(upgrade, scene.now)
    if watch is None or upgrade.merged is None:
        return
    tests = _tests(scene)
    if not tests:
        return
    look = Look(scene, watch, Sides(scene.repository, upgrade.merged, scene.commit))
    place = _placing(scene, upgrade.merged, tests)
    for test, calls in look.calls(tests):
        touched, apart = place(test)
        for reading in look.readings(test, calls, only_runs=apart):
            yield replace(reading, touched=touched, apart=apart)


def _tests(scene: Scene) -> dict[str, str]:
    """{test: its file, "" where the code has no such function}."""
    found: dict[str, str] = {}
    for tool in scene.executions.tools():
        location = scene.code.locate(tool)
        if location is not None and is_test_path(location.path):
            found[tool] = location.path
        elif location is None and _is_imported(scene, tool):
            found[tool] = ""
    return found


def _is_imported(scene: Scene, tool: str) -> bool:
    """Whether its newest call came from a report: remembered, since a name stays what it is."""
    key = f"junit:1:{tool}"
    known = scene.cache.get(key)
    if known is None:
        newest = scene.executions.executions(tool, limit=1)
        if not newest:
            return False
        known = b"1" if newest[0].id.startswith(IMPORTED) else b"0"
        scene.cache.put(key, known)
    return known == b"1"


def _placing(scene: Scene, merge: Merged, tests: Mapping[str, str]) -> Callable[[str], tuple[bool, bool]]:
    """(touched, apart) of a test."""
    changed = frozenset(scene.repository.changed_paths(merge.parent, merge.commit))
    users = frozenset(edge.source for path in changed for edge in scene.code.importers(path))
    far, bounded = reached(scene.code, changed), all(path.endswith(HARMLESS) for path in changed)

    def place(test: str) -> tuple[bool, bool]:
        path = tests[test]
        if not path:
            return False, False
        return path in changed or path in users, bounded and path not in far

    return place


class Look:
    """One look at the runs of all tests."""

    def __init__(self, scene: Scene, watch: Watch, sides: Sides) -> None:
        self._store = scene.executions
        self._watch = watch
        self._sides = sides

    def calls(self, tests: Collection[str]) -> Iterator[tuple[str, Calls]]:
        """Of those that ran since the merge."""
        window, block = self._watch.window, min(self._watch.tolerance.block_length, DAY)
        before = self._store.timelines(window.baseline_from, window.opened, HOUR, tools=tests)
        after = self._store.timelines(window.opened, window.until, block, tools=tests, origin=window.opened)
        for test in sorted(before.keys() | after.keys()):
            calls = sorted_by_side(before.get(test, ()), after.get(test, ()), self._sides.after, self._watch.end)
            if calls.after:
                yield test, calls

    def readings(self, test: str, calls: Calls, only_runs: bool) -> Iterator[Reading]:
        flaky = self._flaky(test, _mixed(calls))
        note = f"flaky: both outcomes on {len(flaky)} of its commits" if flaky else ""
        yield self._reading(test, calls, Measure.RUNS, failures, note)
        past, tolerance = past_of(calls.before), self._watch.tolerance
        if only_runs or past.timed < tolerance.min_executions or past.median is None or past.high is None:
            return
        yield self._reading(test, calls, Measure.SLOWER, slow(past.median * tolerance.slower))
        yield self._reading(test, calls, Measure.SLOWEST, slow(past.high * tolerance.slowest))

    def _reading(self, test: str, calls: Calls, measure: Measure, counting: Counting, note: str = "") -> Reading:
        base = baseline_of(hours_of(calls.before, counting), self._watch.window.opened)
        blocks = blocks_of(calls.after, counting, self._watch.block)
        still = summed(calls.still, counting)
        reading = Reading(
            metric=junit.name,
            subject=test,
            before_total=0,
            before_failed=0,
            after_total=sum(block.total for block in blocks),
            after_failed=sum(block.failed for block in blocks),
            distinct_failing=None,
            measure=measure,
            blocks=blocks,
            still_total=still[0],
            still_failed=still[1],
            note=note,
        )
        return compared(reading, base)

    def _flaky(self, test: str, mixed: frozenset[str]) -> frozenset[str]:
        """Commits at which it passed and failed with the same parameters."""
        if not mixed:
            return frozenset()
        window = self._watch.window
        runs = self._store.executions(test, since=window.baseline_from, until=window.until, limit=LOOKED_AT)
        outcomes: dict[tuple[str, str | None], set[bool]] = defaultdict(set)
        for run in runs:
            if run.commit in mixed:
                outcomes[run.commit or "", run.args].add(run.ok)
        return frozenset(commit for (commit, _), seen in outcomes.items() if len(seen) == 2)


def _mixed(calls: Calls) -> frozenset[str]:
    """Commits at which it passed and failed."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for item in (*calls.before, *calls.still, *calls.after):
        if item.commit:
            totals[item.commit][0] += item.total
            totals[item.commit][1] += item.failed
    return frozenset(commit for commit, (total, failed) in totals.items() if 0 < failed < total)
