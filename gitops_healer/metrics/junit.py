"""Runs of tests before and after a merge, from imported JUnit reports."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gitops_healer.code.roles import is_test_path
from gitops_healer.core.execution import Execution, Slice
from gitops_healer.core.latency import bounds_of, merged, quantile
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.core.watching import Measure, Reading
from gitops_healer.metrics._series import HOUR, Tally, Watch, watch_of
from gitops_healer.metrics._sides import Sides, reached
from gitops_healer.registry import Scene, metric

IMPORTED: Final = "junit-"
"""How the ids of imported test results begin (`adapters.junit_xml`)."""
LOOKED_AT: Final = 2_000
"""Runs of a doubtful test that are looked at one by one."""

Slices = Sequence[Slice]


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
    window, sides = watch.window, Sides(scene.repository, upgrade.merged)
    place = _placing(scene, upgrade.merged, tests)
    before = scene.executions.timelines(window.baseline_from, window.opened, HOUR, tools=tests)
    after = scene.executions.timelines(
        window.opened, watch.end, watch.tolerance.block_length, tools=tests, origin=window.opened
    )
    for test in sorted(after):
        slices = [*before.get(test, ()), *after[test]]
        touched, apart = place(test)
        for reading in _readings(scene, watch, sides, test, slices):
            if reading.measure is Measure.RUNS or not apart:
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
    far = reached(scene.code, changed)

    def place(test: str) -> tuple[bool, bool]:
        path = tests[test]
        if not path:
            return False, False
        return path in changed or path in users, path not in far

    return place


def _readings(scene: Scene, watch: Watch, sides: Sides, test: str, slices: Slices) -> Iterator[Reading]:
    runs = Tally(watch)
    for item in slices:
        side = _side(sides, item)
        if item.commit and side is None:
            continue
        runs.add(item.start, item.total, item.failed, side)
    if not runs.blocks:
        return
    flaky = _flaky(scene, watch, test, _mixed(slices))
    note = f"flaky: both outcomes on {len(flaky)} of its commits" if flaky else ""
    yield runs.reading(junit.name, test, Measure.RUNS, note=note)
    yield from _slower(watch, sides, test, slices)


def _side(sides: Sides, item: Slice) -> bool | None:
    return sides.after(item.commit) if item.commit else None


def _mixed(slices: Slices) -> frozenset[str]:
    """Commits at which it passed and failed."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for item in slices:
        if item.commit:
            totals[item.commit][0] += item.total
            totals[item.commit][1] += item.failed
    return frozenset(commit for commit, (total, failed) in totals.items() if 0 < failed < total)


def _flaky(scene: Scene, watch: Watch, test: str, mixed: frozenset[str]) -> frozenset[str]:
    """Commits at which it passed and failed with the same parameters."""
    if not mixed:
        return frozenset()
    window = watch.window
    runs = scene.executions.executions(test, since=window.baseline_from, until=window.until, limit=LOOKED_AT)
    outcomes: dict[tuple[str, str | None], set[bool]] = defaultdict(set)
    for run in runs:
        if run.commit in mixed:
            outcomes[_case(run)].add(run.ok)
    return frozenset(commit for (commit, _), seen in outcomes.items() if len(seen) == 2)


def _case(run: Execution) -> tuple[str, str | None]:
    return run.commit or "", run.args


def _slower(watch: Watch, sides: Sides, test: str, slices: Slices) -> Iterator[Reading]:
    """Runs that took longer than the median, and than the 95th percentile, of before, by so many times; where enough
    were timed before."""
    opened, tolerance = watch.window.opened, watch.tolerance
    timed = [item for item in slices if item.latency and not (item.commit and _side(sides, item) is None)]
    before = merged(dict(item.latency) for item in timed if not _is_after(sides, item, watch) and item.start < opened)
    if sum(before.values()) < tolerance.min_executions:
        return
    for measure, share, times in (
        (Measure.SLOWER, 0.5, tolerance.slower),
        (Measure.SLOWEST, 0.95, tolerance.slowest),
    ):
        limit = (quantile(before, share) or 0.0) * times * 1e6
        tally = Tally(watch)
        for item in timed:
            over = sum(count * share_over(bucket, limit) for bucket, count in item.latency)
            tally.add(item.start, sum(count for _, count in item.latency), over, _side(sides, item))
        yield tally.reading(junit.name, test, measure)


def _is_after(sides: Sides, item: Slice, watch: Watch) -> bool:
    side = _side(sides, item)
    return item.start >= watch.window.opened if side is None else side


def share_over(bucket: int, limit: float) -> float:
    """The share of a bucket of `core.latency` that lies over a limit in nanoseconds, calls spread evenly in it."""
    low, high = bounds_of(bucket)
    return min(1.0, max(0.0, (high - limit) / (high - low)))
