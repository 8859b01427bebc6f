"""One reading against what is tolerated: its evidence, and how much of alpha it may use up."""

from dataclasses import dataclass, replace
from functools import partial
from math import ceil, inf, log
from typing import Final

from gitops_healer.core.judgement.daily import HOURS, as_usual
from gitops_healer.core.judgement.mix import expected, stratified
from gitops_healer.core.judgement.sequential import (
    LogRatio,
    Null,
    Timeline,
    alarm,
    alarm_from,
    better_than,
    conviction,
    sane,
    timeline_of,
    upper_bound,
    worse_than,
)
from gitops_healer.core.watching import Evidence, Measure, Pool, Reading, Tolerance, Window

TOUCHED_SHARE: Final = 0.9
"""Of alpha for what the merge changed."""
HALVED: Final = frozenset({Measure.SLOWER, Measure.SLOWEST, Measure.NEW_ERROR})
"""Measures that look at the same calls once more and use half of alpha each."""
USUALLY_SLOWER: Final = 0.5
USUALLY_SLOWEST: Final = 0.05
FEWEST_RUNS: Final = 3
"""Runs of a check before the merge with which there is something to compare with."""
HEALTHY_GAP: Final = 0.02
"""The rate that has to be ruled out lies at least so far above the tolerated one, or no number of calls would do."""
STANDS_OUT: Final = log(2)


@dataclass(frozen=True)
class Weighed:
    """since: number of the block since which the evidence is strongest; mixed: what would speak against the merge if
    the mix of inputs were the same (without strata: the same as its alarm)."""

    reading: Reading
    evidence: Evidence
    since: int
    plain: float

    @property
    def alarming(self) -> bool:
        return self.evidence.alarm >= self.evidence.needed

    @property
    def convicting(self) -> bool:
        return self.evidence.conviction >= self.evidence.needed


def blocks_in(window: Window, tolerance: Tolerance) -> int:
    return max(1, ceil((window.until - window.opened) / tolerance.block_length))


def compared(reading: Reading, tolerance: Tolerance) -> bool:
    """Whether there is enough of a past to compare with. Decided by what was known at the merge."""
    fewest = min(FEWEST_RUNS, tolerance.min_executions) if reading.measure is Measure.RUNS else tolerance.min_executions
    return reading.measure is not Measure.CODE and reading.before_total >= max(1, fewest)


def rate_before(reading: Reading) -> float:
    total, failed = sane(reading.before_total, reading.before_failed)
    return (failed + 0.5) / (total + 1)


def tolerated(measure: Measure, before: float, tolerance: Tolerance) -> float:
    """The failure rate (share of slow calls) that is no alarm, 0 to 1. Half of all calls take longer than the median,
    so that "longer than 1.25 x the median" in more than half of the calls is slower by at least a quarter, whatever
    the distribution of durations."""
    match measure:
        case Measure.SLOWER:
            rate = max(USUALLY_SLOWER, before)
        case Measure.SLOWEST:
            rate = max(USUALLY_SLOWEST, before)
        case Measure.NEW_ERROR:
            rate = max(tolerance.ratio * before, before + tolerance.new_error)
        case Measure.FAILURES | Measure.RUNS | Measure.CODE:
            rate = max(tolerance.ratio * before, before + tolerance.margin)
    return min(1.0, max(before, rate))


def null_of(reading: Reading, tolerance: Tolerance, share: float) -> Null:
    """What the reading is judged against.

    strict: half of `share` is spent on an upper confidence bound of the rate before, and the tolerated rate that
    follows from it counts as known; the other half is left for the calls after. So the chance of a false alarm is at
    most `share` for every rate before and every tolerated rate after that stay what they are (union bound).
    """
    total, failed = sane(reading.before_total, reading.before_failed)
    precision = min(total + 1, reading.precision) if reading.precision > 0 else total + 1
    if not tolerance.strict:
        return Null(tolerated(reading.measure, rate_before(reading), tolerance), precision)
    known = max(0.0, precision - 1)
    bound = upper_bound(known, failed / total * known if total else 0.0, share / 2)
    return Null(tolerated(reading.measure, bound, tolerance))


def pool_of(readings: tuple[Reading, ...], tolerance: Tolerance) -> Pool:
    """Among how many subjects alpha is shared, counted from everything that was measured."""
    subjects = {
        (reading.measure is Measure.RUNS, reading.touched, reading.metric, reading.subject)
        for reading in readings
        if not reading.apart and compared(reading, tolerance)
    }
    counts = {key: sum(subject[:2] == key for subject in subjects) for key in {subject[:2] for subject in subjects}}
    return Pool(
        touched=counts.get((False, True), 0),
        others=counts.get((False, False), 0),
        runs=counts.get((True, True), 0),
        other_runs=counts.get((True, False), 0),
    )


def share_of(reading: Reading, pool: Pool, tolerance: Tolerance) -> float:
    """Of alpha for this reading: touched ones get 90 % of their measure's, the others 10 %, evenly."""
    runs = reading.measure is Measure.RUNS
    touched, others = (pool.runs, pool.other_runs) if runs else (pool.touched, pool.others)
    own = touched if reading.touched else others
    part = 1.0 if 0 in (touched, others) else TOUCHED_SHARE if reading.touched else 1 - TOUCHED_SHARE
    return tolerance.alpha * (0.5 if reading.measure in HALVED else 1.0) * part / max(1, own)


def line_of(reading: Reading, tolerance: Tolerance, blocks: int) -> Timeline:
    """The calls since the merge in order, each hour measured by what is usual in it."""
    if not reading.usual:
        return timeline_of(reading, blocks)
    ordinary = tolerated(reading.measure, rate_before(reading), tolerance)
    bad = [tolerated(reading.measure, min(1.0, max(0.0, rate)), tolerance) if rate > 0 else 0 for rate in reading.usual]
    bad = (bad + [0.0] * HOURS)[:HOURS]
    return timeline_of(as_usual(reading, tolerance, ordinary, bad), blocks)


def weigh(reading: Reading, pool: Pool, tolerance: Tolerance, blocks: int) -> Weighed:
    """The evidence of one reading. blocks: of the whole watch."""
    share = share_of(reading, pool, tolerance)
    needed = log((2 if tolerance.strict else 1) / share)
    if sane(reading.after_total, reading.after_failed)[1] == 0:
        return Weighed(reading, _evidence(reading, 0.0, 0.0, needed), 0, 0.0)
    line, null = line_of(reading, tolerance, blocks), null_of(reading, tolerance, share)
    plain, since = alarm_from(line, worse_than(null))
    if plain < STANDS_OUT:
        return Weighed(reading, _evidence(reading, plain, min(plain, 0.0), needed), since, plain)
    level = min(plain, _level(reading, tolerance, line))
    convicted = min(level, _convicted(line, _doubted(null, reading, tolerance), needed, tolerance))
    return Weighed(reading, _evidence(reading, level, convicted, needed), since, plain)


def _convicted(line: Timeline, null: Null, needed: float, tolerance: Tolerance) -> float:
    """Where doubt leaves too little to convict, what caps would leave of it is not asked: that takes the most time."""
    ratio = worse_than(null)
    if null.others and (left := alarm(line, ratio)) < needed:
        return left
    return conviction(line, ratio, tolerance.cap)


def _doubted(null: Null, reading: Reading, tolerance: Tolerance) -> Null:
    """With the chance that it had got worse already when the merge came: enough to suspect is not enough to convict."""
    others = [(one.weight, tolerated(reading.measure, one.rate, tolerance)) for one in reading.lately]
    return replace(null, others=tuple((weight, replace(null, rate=max(null.rate, rate))) for weight, rate in others))


def _level(reading: Reading, tolerance: Tolerance, line: Timeline) -> float:
    """Evidence if each kind of input is compared with its own past; no limit where kinds are not told apart."""
    if not reading.strata:
        return inf
    calls = sane(reading.after_total, 0)[0]
    counted = sum(step.good + step.bad for step in line.steps)
    allowed = partial(tolerated, reading.measure, tolerance=tolerance)
    return stratified(reading, allowed, counted / calls if calls else 1.0)


def _evidence(reading: Reading, alarm: float, convicted: float, needed: float) -> Evidence:
    return Evidence(*reading.key[:2], reading.measure, reading.detail, alarm, convicted, needed)


def single(reading: Reading, tolerance: Tolerance) -> LogRatio:
    """For other comparisons with the past of a reading than that of the whole watch."""
    return worse_than(null_of(reading, tolerance, tolerance.alpha))


def healthy_of(reading: Reading, tolerance: Tolerance) -> LogRatio:
    """log of the e-value for "its success rate fell by less than `drop`", with the mix of inputs that came."""
    before = min(1.0, max(rate_before(reading), expected(reading)))
    allowed = tolerated(reading.measure, before, tolerance) + HEALTHY_GAP
    bar = min(1.0, max(allowed, 1 - (1 - tolerance.drop) * (1 - before)))
    return better_than(Null(bar, null_of(reading, tolerance, tolerance.alpha).precision))
