"""Calls before and after a merge, by the commit that they recorded."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Final

from gitops_healer.core.execution import Execution, Slice
from gitops_healer.core.judgement.baseline import Baseline, baseline_of
from gitops_healer.core.judgement.counting import (
    Calls,
    Counting,
    Past,
    blocks_of,
    compared,
    errors_of,
    failures,
    hours_of,
    past_of,
    plain_baseline,
    rounded,
    slow,
    sorted_by_side,
    stands_out,
    summed,
    with_error,
)
from gitops_healer.core.judgement.weighing import blocks_in, null_of
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.core.watching import Measure, Reading
from gitops_healer.metrics._earlier import Earlier
from gitops_healer.metrics._series import HOUR, Watch, watch_of
from gitops_healer.metrics._sides import Sides
from gitops_healer.metrics._strata import MOST_CALLS, Outcomes, strata_before_and_after
from gitops_healer.metrics._subjects import Subject, Subjects
from gitops_healer.registry import Scene, metric

DAY: Final = timedelta(days=1)
MOST_NEW_ERRORS: Final = 10
OF_INPUTS: Final = frozenset({Measure.FAILURES, Measure.NEW_ERROR})
"""Measures whose failed calls are known with their inputs."""
Slices = Sequence[Slice]
Timelines = dict[str, tuple[Slice, ...]]
Averaging = Callable[[Slices, Counting], Baseline]


@metric
def executions(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
    """Failures, durations and new errors of recorded calls: a subject each tool.

    A call belongs to the commit that it recorded: at the merge or a descendant it is after, at the merge's parent or an
    ancestor it is before, at any other, or where the merge was taken back, it does not count. Its time decides only
    when it recorded no commit. Touched: the function itself changed, or the upgrade is about it. Apart: no import leads
    from its file to a changed one; of these only failures are counted, which show what happens anyway.

    First sums by the day and the hour are read of all tools; then, of tools that were touched or where something may
    have got worse, the hours before and the blocks since, with the inputs that failed.
    """
    watch = watch_of(upgrade, scene.now)
    if watch is not None and upgrade.merged is not None:
        yield from Look(scene, upgrade, upgrade.merged, watch).readings()


@dataclass(frozen=True)
class Seen:
    """A tool with its calls, and by whom they are averaged. changed: says since which earlier change calls before the
    merge count, "" when all of them do."""

    subject: Subject
    calls: Calls
    averaging: Averaging
    changed: str = ""


@dataclass(frozen=True)
class Counted:
    """What is counted of a tool. unknown: failed calls before that may count as well, nobody knows; bad: whether a
    single call counts."""

    measure: Measure
    counting: Counting
    detail: str = ""
    unknown: int = 0
    bad: Callable[[Execution], bool] = lambda one: not one.ok


@dataclass(frozen=True)
class Told:
    """A reading of a tool, and whether it may be evidence."""

    reading: Reading
    stands_out: bool
    counted: Counted


class Look:
    """One look at the calls of all tools, from the store as it is now: what arrived late is in its place."""

    def __init__(self, scene: Scene, upgrade: Upgrade, merged: Merged, watch: Watch) -> None:
        self._scene = scene
        self._store = scene.executions
        self._watch = watch
        self._window = watch.window
        self._tolerance = watch.tolerance
        self._sides = Sides(scene.repository, merged, scene.commit)
        self._earlier = Earlier(scene.repository, merged, watch.window.baseline_from)
        self._subjects = Subjects(scene, upgrade, merged)
        self._numbers: dict[datetime, int] = {}
        self._recorded = cache(self._read)  # each measure of a tool asks for the same calls

    def readings(self) -> Iterator[Reading]:
        """By tool."""
        before, after = self._before(DAY), self._since(HOUR)
        called = before.keys() | after.keys()
        subjects = tuple(self._subjects.among(called | set(self._store.tools()), called))
        rough = [self._told(Seen(one, self._calls(one, before, after), plain_baseline)) for one in subjects]
        pairs = list(zip(subjects, rough, strict=True))
        standing = {subject.tool for subject, told in pairs if any(one.stands_out for one in told)}
        closer = standing | {subject.tool for subject in subjects if subject.touched}
        hours = self._before(HOUR, closer & called)
        blocks = self._since(self._step, standing, origin=self._window.opened)
        for subject, told in pairs:
            if subject.tool not in closer:
                yield from (one.reading for one in told)
                continue
            seen = self._closer(subject, hours, blocks if subject.tool in standing else after)
            for one in self._told(seen):
                yield self._with_inputs(one, seen) if one.stands_out else one.reading

    def _number(self, at: datetime) -> int:
        """The block of a moment. Of all tools the slices begin at the same ones."""
        if at not in self._numbers:
            self._numbers[at] = self._watch.block(at)
        return self._numbers[at]

    # What is read

    def _read(self, tool: str, since: datetime, until: datetime, ok: bool) -> tuple[Execution, ...]:
        return self._store.executions(tool, since=since, until=until, ok=ok, limit=MOST_CALLS)

    @property
    def _step(self) -> timedelta:
        """A block; of a length that timelines have."""
        return min(self._tolerance.block_length, DAY)

    def _before(self, step: timedelta, tools: Collection[str] | None = None) -> Timelines:
        return self._store.timelines(self._window.baseline_from, self._window.opened, step, tools=tools)

    def _since(
        self, step: timedelta, tools: Collection[str] | None = None, origin: datetime | None = None
    ) -> Timelines:
        return self._store.timelines(self._window.opened, self._window.until, step, tools=tools, origin=origin)

    def _calls(self, subject: Subject, before: Timelines, after: Timelines) -> Calls:
        tool = subject.tool
        return sorted_by_side(before.get(tool, ()), after.get(tool, ()), self._sides.after, self._watch.end)

    def _closer(self, subject: Subject, hours: Timelines, after: Timelines) -> Seen:
        """With what an earlier change of the tool means for what is compared: an old bug that was mended the day before
        must not raise the bar."""
        calls, averaging = self._calls(subject, hours, after), partial(_averaged, opened=self._window.opened)
        change = self._earlier.last_change(subject.location) if subject.touched and calls.before else None
        if change is not None:
            kept = self._earlier.since(change, calls.before)
            if len(kept) < len(calls.before) and summed(kept)[0] >= self._tolerance.min_executions:
                when = f"{change.committer.when:%Y-%m-%d %H:%M} UTC"
                said = f"compared with calls since {change.id[:10]} changed it on {when}"
                return Seen(subject, replace(calls, before=kept), averaging, said)
        return Seen(subject, calls, averaging)

    # What is counted

    def _told(self, seen: Seen) -> tuple[Told, ...]:
        readings = [(self._reading(seen, counted), counted) for counted in self._counted(seen)]
        return tuple(Told(reading, self._stands_out(reading), counted) for reading, counted in readings)

    def _stands_out(self, reading: Reading) -> bool:
        null = null_of(reading, self._tolerance, self._tolerance.alpha)
        return stands_out(reading.blocks, null, blocks_in(self._window, self._tolerance))

    def _counted(self, seen: Seen) -> Iterator[Counted]:
        yield Counted(Measure.FAILURES, failures)
        if seen.subject.apart:
            return
        past = past_of(seen.calls.before)
        if past.timed >= self._tolerance.min_executions and past.median is not None and past.high is not None:
            yield _slow(Measure.SLOWER, past.median * self._tolerance.slower)
            yield _slow(Measure.SLOWEST, past.high * self._tolerance.slowest)
        yield from self._new_errors(seen, past)

    def _new_errors(self, seen: Seen, past: Past) -> Iterator[Counted]:
        """Types of errors that the time before does not have, the most frequent ones."""
        if not seen.calls.before:
            return
        found = errors_of(seen.calls.after)
        new = sorted((kind for kind in found if kind not in past.errors), key=lambda kind: (-found[kind], kind))
        for kind in new[:MOST_NEW_ERRORS]:
            yield Counted(Measure.NEW_ERROR, with_error(kind), kind, past.unknown)

    # Readings

    def _reading(self, seen: Seen, counted: Counted) -> Reading:
        base = seen.averaging(seen.calls.before, counted.counting)
        base = replace(base, failed=min(base.total, base.failed + counted.unknown))
        blocks = blocks_of(seen.calls.after, counted.counting, self._number)
        still = summed(seen.calls.still, counted.counting)
        failed = rounded(sum([block.failed for block in blocks]))
        reading = Reading(
            executions.name,
            seen.subject.tool,
            0,
            0,
            rounded(sum([block.total for block in blocks])),
            failed,
            int(failed) if counted.measure in OF_INPUTS else None,
            seen.subject.touched,
            counted.measure,
            counted.detail,
            seen.subject.apart,
            blocks=blocks,
            still_total=still[0],
            still_failed=still[1],
            note="; ".join(filter(None, (seen.changed, _unknown(counted)))),
        )
        return compared(reading, base)

    def _with_inputs(self, told: Told, seen: Seen) -> Reading:
        """With what is known of the inputs that failed or took long, where there are enough of them to matter."""
        reading = told.reading
        if reading.apart or reading.after_failed < self._tolerance.min_failures:
            return reading
        if reading.measure in OF_INPUTS:
            reading = self._with_distinct(reading, seen)
        if reading.measure is Measure.NEW_ERROR or not reading.before_failed:
            return reading
        old, new = (Outcomes(*summed(side)) for side in (seen.calls.before, seen.calls.after))
        tool, bad = seen.subject.tool, told.counted.bad
        strata = strata_before_and_after(self._recorded, self._sides, self._watch, tool, old, new, bad)
        return replace(reading, strata=strata)

    def _with_distinct(self, reading: Reading, seen: Seen) -> Reading:
        commits = [commit for commit in seen.calls.commits_after if commit is not None]
        tool, window = seen.subject.tool, self._window
        inputs = self._store.failing_inputs(tool, window.baseline_from, window.until, commits)
        if None in seen.calls.commits_after:
            inputs |= self._store.failing_inputs(tool, window.opened, self._watch.end, [None])
        return replace(reading, distinct_failing=min(len(inputs), int(reading.after_failed)) or None)


def _slow(measure: Measure, limit: float) -> Counted:
    """limit: milliseconds."""
    return Counted(measure, slow(limit), bad=lambda one: (one.duration_ms or 0.0) > limit)


def _averaged(slices: Slices, counting: Counting, opened: datetime) -> Baseline:
    return baseline_of(hours_of(slices, counting), opened)


def _unknown(counted: Counted) -> str:
    if not counted.unknown:
        return ""
    return f"of {counted.unknown:,} failures before the merge the type is not known, each may have been this one"
