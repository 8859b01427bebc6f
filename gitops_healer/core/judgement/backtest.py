"""What a rule would have said of a past in which nothing was deployed: pseudo-deployments over recorded calls.

At each moment it is pretended that a merge changed a tool. The time before is the baseline, the time after the watch;
every look that a healer could have taken is taken. Since nothing was deployed, every REGRESSED is a false rollback.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import accumulate
from math import log
from typing import Final, Protocol

from gitops_healer.core.execution import Slice
from gitops_healer.core.judgement.backtest_result import Backtest, Trial
from gitops_healer.core.judgement.baseline import Baseline, Hour
from gitops_healer.core.judgement.counting import Counting, errors_of, past_of, slow, with_error
from gitops_healer.core.judgement.recorded import Calls
from gitops_healer.core.judgement.weighing import tolerated
from gitops_healer.core.watching import (
    Block,
    Count,
    Health,
    Judgement,
    Measure,
    Perhaps,
    Pool,
    Reading,
    Tolerance,
    Window,
)

SEED_SHARE: Final = 0.85
SEED_CALLS: Final = 10
"""The simple rule that is shown beside ours: a success rate of at most 85 % of that of before, in 10 calls or more."""
_DEPTH: Final = 0.5
"""Looks are taken where some stretch of blocks has at least this share of the evidence that an alarm needs, measured by
the likelihood ratio of its own rate to the tolerated one. A bet that spreads its stake over rates and beginnings wins
less than the best of them; the rest is room for what a short past adds."""

_NEW_ERRORS: Final = 10


class Past(Protocol):
    """What the time before a moment is worth (`core.judgement.baseline.baseline_of`)."""

    @property
    def total(self) -> Count: ...
    @property
    def failed(self) -> Count: ...
    @property
    def clustering(self) -> float: ...
    @property
    def precision(self) -> float: ...
    @property
    def note(self) -> str: ...
    @property
    def usual(self) -> tuple[float, ...]: ...
    @property
    def lately(self) -> tuple[Perhaps, ...]: ...


@dataclass(frozen=True)
class Rule:
    """What is tried. judge: of readings in a window at a moment, with what the judgement rests on beside them; past: of
    hours before a moment; inputs: how many different inputs of a tool failed between two moments, None if unknown."""

    tolerance: Tolerance
    judge: Callable[[Sequence[Reading], Window, datetime, Pool | None], Health]
    past: Callable[[Sequence[Hour], datetime], Past]
    inputs: Callable[[str, datetime, datetime], int | None] = lambda tool, start, end: None


@dataclass(frozen=True)
class Design:
    """What is tried. moments: block numbers; before, after: blocks of the baseline and of the watch; together: one
    trial a moment that changes all tools, instead of one for each; changes: when a tool was really changed; only: tools
    that are pretended to be changed, all when None."""

    moments: Sequence[int]
    before: int
    after: int
    together: bool = False
    changes: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    only: frozenset[str] | None = None


def backtest(
    calls: Sequence[Calls], rule: Rule, design: Design, progress: Callable[[int], None] = lambda done: None
) -> Backtest:
    """Try all moments; all calls have one origin and step. progress: is told the number of moments that are done.

    Cost follows tools x moments for counting, and judging is asked only where some stretch of the watch is far enough
    above what is tolerated.
    """
    trials: list[Trial] = []
    silent = 0
    for number, moment in enumerate(design.moments, 1):
        now = _Moment(calls, rule, design, moment)
        made = list(now.together() if design.together else now.each())
        trials += made
        silent += (1 if design.together else len(calls if design.only is None else design.only)) - len(made)
        progress(number)
    origin, step = (calls[0].origin, calls[0].step) if calls else (datetime.min, timedelta(minutes=1))
    opened = [origin + moment * step for moment in design.moments] or [origin]
    return Backtest(min(opened), max(opened), tuple(trials), silent, design.after * step)


@dataclass(frozen=True)
class _Track:
    """One measure of one tool at one moment. before: (total, failed); total, failed: sums over the first n blocks of
    the watch; counting: how it is counted, None for failures; unknown: failed calls before that may count as well."""

    tool: Calls
    before: tuple[Count, Count]
    total: Sequence[Count]
    failed: Sequence[Count]
    measure: Measure = Measure.FAILURES
    detail: str = ""
    counting: Counting | None = None
    unknown: int = 0


class _Moment:
    """All tools at one moment. What is asked twice is kept."""

    def __init__(self, calls: Sequence[Calls], rule: Rule, design: Design, moment: int) -> None:
        first = calls[0] if calls else None
        self.rule, self.design, self.at = rule, design, moment
        self.judged = [one for one in calls if self._before(one)[0] >= rule.tolerance.min_executions]
        self._pasts: dict[tuple[str, Measure, str], Past] = {}
        if first is not None:
            self.step, self.opened = first.step, first.origin + moment * first.step
            self.window = Window(
                self.opened, self.opened + design.after * self.step, self.opened - design.before * self.step
            )

    def each(self) -> Iterator[Trial]:
        only = self.design.only
        for one in self.judged:
            if (only is None or one.tool in only) and self._after(one, self.design.after)[0]:
                yield self._tried((one,), None)

    def together(self) -> Iterator[Trial]:
        if any(self._after(one, self.design.after)[0] for one in self.judged):
            yield self._tried(tuple(self.judged), Pool(touched=len(self.judged)))

    def _tried(self, tools: Sequence[Calls], pool: Pool | None) -> Trial:
        suspected: datetime | None = None
        regressed: datetime | None = None
        sentence = ""
        for end, alarming in self._looks(tools):
            at = self.opened + end * self.step
            health = self._judged(alarming, end, pool)
            if health.judgement in (Judgement.SUSPECT, Judgement.REGRESSED):
                sentence = sentence if suspected else health.reason
                suspected = suspected or at
            if health.judgement is Judgement.REGRESSED:
                regressed, sentence = at, health.reason
                break
        names = tuple(one.tool for one in tools)
        seeds = filter(None, map(self._seed, tools))
        return Trial(names, self.opened, suspected, regressed, min(seeds, default=None), self._changed(names), sentence)

    def _judged(self, tracks: Sequence[_Track], end: int, pool: Pool | None) -> Health:
        """What costs time can only speak for the merge, so it is asked where there is an alarm without it: the past by
        its hours, then other tools and different inputs."""
        at = self.opened + end * self.step
        for precise in (False, True):
            own = [self._reading(track, end, self._past(track) if precise else _plain(track)) for track in tracks]
            health = self.rule.judge(own, self.window, at, pool)
            if health.judgement not in (Judgement.SUSPECT, Judgement.REGRESSED):
                return health
        if health.judgement is Judgement.SUSPECT:
            return health
        own = [replace(one, distinct_failing=self._inputs(track, at)) for one, track in zip(own, tracks, strict=True)]
        beside = self._beside({track.tool.tool for track in tracks}, end) if pool is None else []
        return self.rule.judge([*own, *beside], self.window, at, pool)

    def _inputs(self, track: _Track, at: datetime) -> int | None:
        of_inputs = track.measure in (Measure.FAILURES, Measure.NEW_ERROR)
        return self.rule.inputs(track.tool.tool, self.opened, at) if of_inputs else None

    def _beside(self, own: Collection[str], end: int) -> list[Reading]:
        """The other tools: the pretended change cannot have reached them."""
        found = []
        for track in (self._failures(one) for one in self.judged if one.tool not in own):
            past = self._past(track) if any(True for _ in self._alarming(track)) else _plain(track)
            found.append(replace(self._reading(track, end, past), touched=False, apart=True))
        return found

    def _looks(self, tools: Sequence[Calls]) -> Iterator[tuple[int, list[_Track]]]:
        """(blocks of the watch that are over, what may alarm then): evidence grows only where something fails."""
        found: dict[int, list[_Track]] = defaultdict(list)
        for one in tools:
            for track in self._tracks(one):
                for end in self._alarming(track):
                    found[end].append(track)
        yield from sorted(found.items(), key=lambda item: item[0])

    def _tracks(self, one: Calls) -> Iterator[_Track]:
        yield self._failures(one)
        if not one.slices:
            return
        before, end = one.seen(self.at - self.design.before, self.at), min(self.at + self.design.after, len(one.total))
        past = past_of([before])
        if past.timed >= self.rule.tolerance.min_executions and past.median is not None and past.high is not None:
            yield self._track(one, before, Measure.SLOWER, slow(past.median * self.rule.tolerance.slower))
            yield self._track(one, before, Measure.SLOWEST, slow(past.high * self.rule.tolerance.slowest))
        found = errors_of([one.seen(self.at, end)])
        new = sorted((kind for kind in found if kind not in past.errors), key=lambda kind: (-found[kind], kind))
        for kind in new[:_NEW_ERRORS]:
            yield self._track(one, before, Measure.NEW_ERROR, with_error(kind), kind, past.unknown)

    def _failures(self, one: Calls) -> _Track:
        end = min(self.at + self.design.after, len(one.total))
        after = [one.between(self.at, stop) for stop in range(self.at, end + 1)]
        return _Track(one, self._before(one), [n for n, _ in after], [f for _, f in after])

    def _track(
        self, one: Calls, before: Slice, measure: Measure, counting: Counting, detail: str = "", unknown: int = 0
    ) -> _Track:
        after = one.counted(self.at, min(self.at + self.design.after, len(one.total)), counting)
        sums = [0, *accumulate(after.total)], [0, *accumulate(after.failed)]
        return _Track(one, counting(before), *sums, measure, detail, counting, unknown)

    def _alarming(self, track: _Track) -> Iterator[int]:
        needed = _DEPTH * log(1 / self.rule.tolerance.alpha)
        total, failed = track.before
        rate = tolerated(track.measure, (failed + track.unknown + 0.5) / (total + 1), self.rule.tolerance)
        totals, failures = track.total, track.failed
        for end in range(1, len(totals)):
            if failures[end] == failures[end - 1]:
                continue
            for start in range(end):
                calls, bad = totals[end] - totals[start], failures[end] - failures[start]
                if bad > rate * calls and _ratio(bad, calls, rate) >= needed:
                    yield end
                    break

    def _reading(self, track: _Track, end: int, past: Past) -> Reading:
        stop = min(end, len(track.total) - 1)
        steps = ((n, track.total[n + 1] - track.total[n], track.failed[n + 1] - track.failed[n]) for n in range(stop))
        return Reading(
            "executions", track.tool.tool, past.total, min(past.total, past.failed + track.unknown),
            track.total[stop], track.failed[stop], None, measure=track.measure, detail=track.detail,
            clustering=past.clustering, precision=past.precision, note=past.note, usual=past.usual,
            lately=past.lately,
            blocks=tuple(Block(n, total, failed) for n, total, failed in steps if total),
        )  # fmt: skip

    def _past(self, track: _Track) -> Past:
        key, start = (track.tool.tool, track.measure, track.detail), max(0, self.at - self.design.before)
        if key not in self._pasts:
            calls = track.tool
            if track.counting is None:
                hours = calls.hours(start, self.at)
            else:
                hours = calls.counted(start, self.at, track.counting).hours(0, self.at - start)
            self._pasts[key] = self.rule.past(hours, self.opened)
        return self._pasts[key]

    def _seed(self, one: Calls) -> datetime | None:
        """When the simple rule, asked after each block, would have taken it back."""
        total, failed = self._before(one)
        bar = SEED_SHARE * (1 - failed / total) if total else 0.0
        if total < SEED_CALLS:
            return None
        for end in range(1, self.design.after + 1):
            calls, bad = self._after(one, end)
            if calls >= SEED_CALLS and calls - bad <= bar * calls:
                return self.opened + end * self.step
        return None

    def _before(self, one: Calls) -> tuple[Count, Count]:
        return one.between(self.at - self.design.before, self.at)

    def _after(self, one: Calls, end: int) -> tuple[Count, Count]:
        return one.between(self.at, min(self.at + end, len(one.total)))

    def _changed(self, tools: Iterable[str]) -> bool:
        """Whether one of them was really changed so that the trial saw it: in its watch, or in a watch before it."""
        length = self.window.until - self.window.opened
        times = (moment for tool in tools for moment in self.design.changes.get(tool, ()))
        return any(self.opened - length < moment < self.window.until for moment in times)


def _plain(track: _Track) -> Past:
    """All calls before as if they were independent: nothing gives more evidence."""
    return Baseline(*track.before)


def _ratio(failed: Count, total: Count, rate: float) -> float:
    """log of the likelihood ratio of the observed rate to another one: total x KL divergence."""
    share = failed / total
    good = (total - failed) * log((1 - share) / (1 - rate)) if share < 1 else 0.0
    return failed * log(share / rate) + good
