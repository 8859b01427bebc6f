"""What a rule would have said of a past in which nothing was deployed: pseudo-deployments over recorded calls.

At each moment it is pretended that a merge changed a tool. The time before is the baseline, the time after the watch;
every look that a healer could have taken is taken. Since nothing was deployed, every REGRESSED is a false rollback.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from math import log
from typing import Final, Protocol

from gitops_healer.core.analysis.statistics import wilson
from gitops_healer.core.watching import Block, Count, Health, Judgement, Pool, Reading, Tolerance, Window

SEED_SHARE: Final = 0.85
SEED_CALLS: Final = 10
"""The simple rule that is shown beside ours: a success rate of at most 85 % of that of before, in 10 calls or more."""
_DEPTH: Final = 0.5
"""Looks are taken where some stretch of blocks has at least this share of the evidence that an alarm needs, measured by
the likelihood ratio of its own rate to the tolerated one. A bet that spreads its stake over rates and beginnings wins
less than the best of them; the rest is room for what a short past adds."""

Hour = tuple[datetime, Count, Count]


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


@dataclass(frozen=True)
class Rule:
    """What is tried. judge: of readings in a window at a moment, with what the judgement rests on beside them; past: of
    hours before a moment; inputs: how many different inputs of a tool failed between two moments, None if unknown."""

    tolerance: Tolerance
    judge: Callable[[Sequence[Reading], Window, datetime, Pool | None], Health]
    past: Callable[[Sequence[Hour], datetime], Past]
    inputs: Callable[[str, datetime, datetime], int | None] = lambda tool, start, end: None


@dataclass(frozen=True)
class Calls:
    """The calls of one tool by block. origin: where block 0 begins, a whole hour; total, failed: one number a block."""

    tool: str
    origin: datetime
    step: timedelta
    total: Sequence[Count]
    failed: Sequence[Count]

    @cached_property
    def _totals(self) -> list[Count]:
        return [0, *accumulate(self.total)]

    @cached_property
    def _failures(self) -> list[Count]:
        return [0, *accumulate(self.failed)]

    def between(self, start: int, end: int) -> tuple[Count, Count]:
        """(total, failed) of blocks start to end (excluded)."""
        start = max(0, start)
        return self._totals[end] - self._totals[start], self._failures[end] - self._failures[start]

    def blocks(self, start: int, end: int) -> tuple[Block, ...]:
        """The blocks with calls, numbered from `start`."""
        return tuple(
            Block(n - start, self.total[n], self.failed[n]) for n in range(start, end) if self.total[n]
        )  # fmt: skip

    def hours(self, start: int, end: int) -> list[Hour]:
        """The same by hour, those without calls left out."""
        each = max(1, int(timedelta(hours=1) / self.step))
        start = max(0, start)
        found = []
        for low in range(start - start % each, end, each):
            total, failed = self.between(max(low, start), min(low + each, end))
            if total:
                found.append((self.origin + low * self.step, total, failed))
        return found


@dataclass(frozen=True)
class Trial:
    """One pseudo-deployment. tools: what it is pretended to have changed; suspected, regressed, seed: when it was first
    called that (seed: by the simple rule), None for never; changed: something was really changed in its time, so that
    an alarm may be right; sentence: of the first alarm."""

    tools: tuple[str, ...]
    opened: datetime
    suspected: datetime | None = None
    regressed: datetime | None = None
    seed: datetime | None = None
    changed: bool = False
    sentence: str = ""


@dataclass(frozen=True)
class Share:
    """So many of so many. low, high: of the share, with 95 % (Wilson 1927), counting only trials that share no time."""

    count: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class Record:
    """The trials of one tool, without those in the time of a real change (changed, of which alarmed were alarms)."""

    name: str
    trials: int = 0
    regressed: int = 0
    suspected: int = 0
    seed: int = 0
    changed: int = 0
    alarmed: int = 0


@dataclass(frozen=True)
class Backtest:
    """since, until: the first and the last moment; silent: trials that could not be judged (too few calls before, or
    none after)."""

    since: datetime
    until: datetime
    trials: tuple[Trial, ...]
    silent: int
    window: timedelta

    @cached_property
    def counted(self) -> tuple[Trial, ...]:
        """Trials in whose time nothing was really changed."""
        return tuple(trial for trial in self.trials if not trial.changed)

    @property
    def apart(self) -> int:
        """How many of them are worth counting for certainty: those that share no time."""
        ends: dict[tuple[str, ...], datetime] = {}
        found = 0
        for trial in sorted(self.counted, key=lambda trial: trial.opened):
            if trial.opened >= ends.get(trial.tools, trial.opened):
                ends[trial.tools] = trial.opened + self.window
                found += 1
        return found

    def share(self, alarm: Callable[[Trial], datetime | None]) -> Share:
        """How often something was called, with its interval."""
        of = len(self.counted)
        count = sum(alarm(trial) is not None for trial in self.counted)
        sure = wilson(count / of * self.apart, self.apart) if of else wilson(0, 0)
        return Share(count, of, sure.low, sure.high)

    @property
    def false_rollbacks(self) -> Share:
        return self.share(lambda trial: trial.regressed)

    @property
    def suspicions(self) -> Share:
        """Alarms of either kind: suspicions that were never more, and what was regressed."""
        return self.share(lambda trial: trial.suspected)

    @property
    def seed(self) -> Share:
        return self.share(lambda trial: trial.seed)

    def records(self) -> tuple[Record, ...]:
        """By tool, those with most false rollbacks first."""
        groups: dict[str, list[Trial]] = defaultdict(list)
        for trial in self.trials:
            groups[", ".join(trial.tools) if len(trial.tools) < 3 else f"{len(trial.tools)} tools"].append(trial)
        records = [_record(name, group) for name, group in groups.items()]
        return tuple(sorted(records, key=lambda r: (-r.regressed, -r.suspected, -r.seed, r.name)))


def _record(name: str, group: Sequence[Trial]) -> Record:
    calm = [trial for trial in group if not trial.changed]
    return Record(
        name,
        len(calm),
        sum(trial.regressed is not None for trial in calm),
        sum(trial.suspected is not None for trial in calm),
        sum(trial.seed is not None for trial in calm),
        len(group) - len(calm),
        sum(trial.suspected is not None for trial in group if trial.changed),
    )


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


class _Moment:
    """All tools at one moment. What is asked twice is kept."""

    def __init__(self, calls: Sequence[Calls], rule: Rule, design: Design, moment: int) -> None:
        first = calls[0] if calls else None
        self.rule, self.design, self.at = rule, design, moment
        self.judged = [one for one in calls if self._before(one)[0] >= rule.tolerance.min_executions]
        self._pasts: dict[str, Past] = {}
        if first is not None:
            self.step, self.opened = first.step, first.origin + moment * first.step
            self.window = Window(
                self.opened, self.opened + design.after * self.step, self.opened - design.before * self.step
            )

    def each(self) -> Iterator[Trial]:
        only = self.design.only
        for one in self.judged:
            if (only is None or one.tool in only) and self._after(one, self.design.after)[0]:
                yield self._tried((one,), None, lambda end, one=one: self._beside(one, end))  # type: ignore[misc]

    def together(self) -> Iterator[Trial]:
        called = [one for one in self.judged if self._after(one, self.design.after)[0]]
        if called:
            yield self._tried(tuple(self.judged), Pool(touched=len(self.judged)), lambda end: [])

    def _tried(self, tools: Sequence[Calls], pool: Pool | None, beside: Callable[[int], list[Reading]]) -> Trial:
        suspected: datetime | None = None
        regressed: datetime | None = None
        sentence = ""
        for end, alarming in self._looks(tools):
            at = self.opened + end * self.step
            health = self._judged(alarming, beside, end, pool)
            if health.judgement in (Judgement.SUSPECT, Judgement.REGRESSED):
                sentence = sentence if suspected else health.reason
                suspected = suspected or at
            if health.judgement is Judgement.REGRESSED:
                regressed, sentence = at, health.reason
                break
        names = tuple(one.tool for one in tools)
        seeds = filter(None, map(self._seed, tools))
        return Trial(names, self.opened, suspected, regressed, min(seeds, default=None), self._changed(names), sentence)

    def _judged(
        self, tools: Sequence[Calls], beside: Callable[[int], list[Reading]], end: int, pool: Pool | None
    ) -> Health:
        """Other tools and different inputs can only speak for the merge: they are asked where it would be regressed."""
        at = self.opened + end * self.step
        health = self.rule.judge([self._reading(one, end) for one in tools], self.window, at, pool)
        if health.judgement is not Judgement.REGRESSED:
            return health
        counted = [self._reading(one, end, self.rule.inputs(one.tool, self.opened, at), known=True) for one in tools]
        return self.rule.judge([*counted, *beside(end)], self.window, at, pool)

    def _looks(self, tools: Sequence[Calls]) -> Iterator[tuple[int, list[Calls]]]:
        """(blocks of the watch that are over, tools that may alarm then): evidence grows only where something fails."""
        found: dict[int, list[Calls]] = defaultdict(list)
        for one in tools:
            for end in self._alarming(one):
                found[end].append(one)
        yield from sorted(found.items(), key=lambda item: item[0])

    def _alarming(self, one: Calls) -> Iterator[int]:
        tolerance, needed = self.rule.tolerance, _DEPTH * log(1 / self.rule.tolerance.alpha)
        total, failed = self._before(one)
        tolerated = _tolerated((failed + 0.5) / (total + 1), tolerance)
        totals, failures = one._totals, one._failures
        for end in range(self.at + 1, min(self.at + self.design.after, len(one.total)) + 1):
            if not one.failed[end - 1]:
                continue
            for start in range(self.at, end):
                calls, bad = totals[end] - totals[start], failures[end] - failures[start]
                if bad > tolerated * calls and _ratio(bad, calls, tolerated) >= needed:
                    yield end - self.at
                    break

    def _beside(self, own: Calls, end: int) -> list[Reading]:
        """The other tools: the pretended change cannot have reached them."""
        return [self._reading(one, end, touched=False) for one in self.judged if one is not own]

    def _reading(
        self, one: Calls, end: int, inputs: int | None = None, *, known: bool = False, touched: bool = True
    ) -> Reading:
        past = self._pasts.get(one.tool)
        if past is None:
            hours = one.hours(self.at - self.design.before, self.at)
            past = self._pasts[one.tool] = self.rule.past(hours, self.opened)
        total, failed = self._after(one, end)
        return Reading(
            "executions", one.tool, past.total, past.failed, total, failed, inputs if known else None, touched,
            apart=not touched, clustering=past.clustering, precision=past.precision, note=past.note,
            blocks=one.blocks(self.at, min(self.at + end, len(one.total))),
        )  # fmt: skip

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


def _tolerated(rate: float, tolerance: Tolerance) -> float:
    return min(1.0, max(tolerance.ratio * rate, rate + tolerance.margin))


def _ratio(failed: Count, total: Count, rate: float) -> float:
    """log of the likelihood ratio of the observed rate to another one: total x KL divergence."""
    share = failed / total
    good = (total - failed) * log((1 - share) / (1 - rate)) if share < 1 else 0.0
    return failed * log(share / rate) + good
