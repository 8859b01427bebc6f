"""From recorded calls, counted by time and commit, to what a judgement compares."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from math import exp, log, log1p
from typing import Final

from gitops_healer.core.execution import Slice
from gitops_healer.core.judgement.baseline import Baseline, Hour
from gitops_healer.core.judgement.sequential import Null, Timeline, predictive, timeline
from gitops_healer.core.latency import bounds_of, merged, quantile
from gitops_healer.core.watching import Block, Count, Reading

Counting = Callable[[Slice], tuple[Count, Count]]
"""(calls, those of them that count as failed) of a slice."""

Side = Callable[[str], bool | None]
"""Of a recorded commit: True after the merge, False before it, None neither."""

CLUSTERINGS: Final = (0.0, 0.003, 0.02, 0.1, 0.4, 1.0)
WORTH_A_LOOK: Final = 1.6
"""Evidence, as a factor, from which on calls are read more closely. It is shown from 2 on."""
MOST_GAIN: Final = 50.0
_BESIDE: Final = tuple(one.name for one in fields(Baseline) if one.name not in ("total", "failed", "note"))
"""What a reading says of the time before as a baseline does, by the same name."""


@dataclass(frozen=True)
class Calls:
    """Calls of one tool. before: of the version before the merge, before it; after: since the merge, of that version;
    still: since the merge, of the version before."""

    before: tuple[Slice, ...] = ()
    after: tuple[Slice, ...] = ()
    still: tuple[Slice, ...] = ()

    @property
    def commits_after(self) -> frozenset[str | None]:
        return frozenset(one.commit for one in self.after)


def sorted_by_side(earlier: Iterable[Slice], later: Iterable[Slice], side: Side, end: datetime) -> Calls:
    """Calls belong to the commit that they recorded; where they recorded none, to their time.

    earlier, later: slices of the time before and since the merge, by the clocks of those who recorded them; end: calls
    without a commit that are later are not there yet.
    """
    before, after, still = list[Slice](), list[Slice](), list[Slice]()
    for one in earlier:
        where = False if one.commit is None else side(one.commit)
        if where is not None:
            (after if where else before).append(one)
    for one in later:
        where = (True if one.start < end else None) if one.commit is None else side(one.commit)
        if where is not None:
            (after if where else still).append(one)
    return Calls(tuple(before), tuple(after), tuple(still))


# What is counted


def failures(one: Slice) -> tuple[Count, Count]:
    return one.total, one.failed


def slow(limit: float) -> Counting:
    """Of the calls that were timed, those that took longer than `limit` milliseconds. Of a bucket that the limit lies
    in, the part above it counts: within a bucket durations are taken to be spread evenly."""
    shares: dict[int, float] = {}

    def count(one: Slice) -> tuple[Count, Count]:
        above = 0.0
        for bucket, calls in one.latency:
            share = shares.get(bucket)
            if share is None:
                share = shares[bucket] = _above(bucket, limit * 1e6)
            above += calls * share
        return sum([calls for _, calls in one.latency]), above

    return count


def _above(bucket: int, limit: float) -> float:
    low, high = bounds_of(bucket)
    return min(1.0, max(0.0, (high - limit) / (high - low)))


def with_error(kind: str) -> Counting:
    """Calls that failed with an error of that type."""

    def count(one: Slice) -> tuple[Count, Count]:
        return one.total, next((number for error, number in one.errors if error == kind), 0)

    return count


# Sums


def summed(slices: Iterable[Slice], counting: Counting = failures) -> tuple[Count, Count]:
    counts = [counting(one) for one in slices]
    return rounded(sum([total for total, _ in counts])), rounded(sum([failed for _, failed in counts]))


def rounded(count: Count) -> Count:
    """To a thousandth of a call, so that what the ledger keeps is short; whole where it is."""
    near = round(count, 3)
    return int(near) if near == int(near) else near


def blocks_of(slices: Iterable[Slice], counting: Counting, number: Callable[[datetime], int]) -> tuple[Block, ...]:
    """number: the block of a moment."""
    found: dict[int, tuple[Count, Count]] = {}
    for one in slices:
        total, failed = counting(one)
        if total:
            block = number(one.start)
            known = found.get(block, (0, 0))
            found[block] = known[0] + total, known[1] + failed
    return tuple(Block(block, rounded(total), rounded(failed)) for block, (total, failed) in sorted(found.items()))


def hours_of(slices: Iterable[Slice], counting: Counting) -> list[Hour]:
    """Sums over commits, by the start of the hour."""
    found: dict[datetime, tuple[Count, Count]] = {}
    for one in slices:
        total, failed = counting(one)
        if total:
            known = found.get(one.start, (0, 0))
            found[one.start] = known[0] + total, known[1] + failed
    return [(start, total, failed) for start, (total, failed) in sorted(found.items())]


def plain_baseline(slices: Iterable[Slice], counting: Counting) -> Baseline:
    """All of it, whether it comes in clusters or not."""
    return Baseline(*summed(slices, counting))


@dataclass(frozen=True)
class Past:
    """What is known of the time before beside its failures. median, high: ms, the 50th and 95th percentile, None when
    no call was timed; timed: so many were; errors: {type: failed calls}; unknown: failed calls of unknown type."""

    median: float | None
    high: float | None
    timed: int
    errors: Counter[str]
    unknown: int


def past_of(slices: Sequence[Slice]) -> Past:
    latency = merged(dict(one.latency) for one in slices)
    errors = errors_of(slices)
    unknown = max(0, sum(one.failed for one in slices) - errors.total())
    return Past(quantile(latency, 0.5), quantile(latency, 0.95), int(sum(latency.values())), errors, unknown)


def errors_of(slices: Iterable[Slice]) -> Counter[str]:
    """{type: failed calls}, of those whose type is known."""
    found: Counter[str] = Counter()
    for one in slices:
        for kind, number in one.errors:
            if kind:
                found[kind] += number
    return found


def compared(reading: Reading, base: Baseline) -> Reading:
    """The reading beside the time before it: its counts, and whatever else is known of it."""
    known = {name: getattr(base, name) for name in _BESIDE}
    note = "; ".join(filter(None, (base.note, reading.note)))
    counts = rounded(base.total), rounded(base.failed)
    return replace(reading, before_total=counts[0], before_failed=counts[1], note=note, **known)


# What deserves a closer look


def stands_out(counted: Sequence[Block], null: Null, blocks: int) -> bool:
    """Whether more calls failed than `null` allows, so plainly that it may be evidence. blocks: of the whole watch.

    By the alarm of `sequential`, with the observed rate in place of each of its bets: no bet on a rate above the
    tolerated one can have won more from the same calls. How much failures cluster is not known yet, so several
    clusterings are tried: for those between them it is not proved, only tried (property tests), that what does not
    stand out here is no evidence. Its calls need not be read more closely.
    """
    if not 0 < null.rate < 1 or not any(block.failed > null.rate * block.total for block in counted):
        return False
    return any(_won(timeline(counted, clustering, blocks), null) >= WORTH_A_LOOK for clustering in CLUSTERINGS)


def _won(line: Timeline, null: Null) -> float:
    predicted = predictive(null)
    good, bad, won = 0.0, 0.0, line.later
    for step in reversed(line.steps):
        good, bad = good + step.good, bad + step.bad
        won += step.weight * exp(min(_likeliest(good, bad, null.rate) - predicted(good, bad), MOST_GAIN))
    return won


def _likeliest(good: float, bad: float, least: float) -> float:
    """The log likelihood of these outcomes at that failure rate, not below `least`, at which it is highest."""
    rate = max(least, bad / (good + bad))
    return bad * log(rate) + (good * log1p(-rate) if good else 0.0)
