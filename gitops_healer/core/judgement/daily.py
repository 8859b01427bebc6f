"""Hours of the day that are worse than others: a batch at night, a peak at noon.

The watch of one day meets each of them once, and a bad hour that comes every day is no news.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from gitops_healer.core.judgement.sequential import sane
from gitops_healer.core.watching import Block, Count, Reading, Tolerance

Hour = tuple[datetime, Count, Count]
"""(its start, calls, failed calls)."""

HOURS: Final = 24
FEWEST_DAYS: Final = 4
PLAIN: Final = 3.5
"""Standard deviations: by chance alone, one of 24 hours lies above that in one of 180 watches."""


@dataclass(frozen=True)
class Slot:
    """The same hour of several days, each as (calls, failed)."""

    days: tuple[tuple[float, float], ...]

    @property
    def rate(self) -> float:
        total, failed = _sums(self.days)
        return failed / total if total else 0.0


def bad_hours(hours: Sequence[Hour], opened: datetime) -> dict[int, float]:
    """Failure rates of those hours of the day that are plainly worse than all together; by whole hours after the merge
    at which they begin, 0 to 23.

    The worst day of each hour is left out, so that one outage makes no bad hour.
    """
    slots = slots_of(hours, opened)
    every = [day for slot in slots.values() for day in slot.days]
    total, failed = _sums(every)
    if not 0 < failed < total:
        return {}
    overall, clustering = failed / total, clustering_within(slots.values())
    return {number: slot.rate for number, slot in slots.items() if _plainly_worse(slot, overall, clustering)}


def usual_of(bad: dict[int, float], hours: Sequence[Hour], opened: datetime) -> tuple[float, ...]:
    """`Reading.usual` from `bad_hours`: 24 rates by hours since the merge, 0 where the hour is like the others. An hour
    of the clock that begins within one hour since the merge reaches into the next."""
    if not bad:
        return ()
    even = all((start - opened) % timedelta(hours=1) == timedelta(0) for start, _, _ in hours)
    usual = [max(bad.get(hour, 0.0), 0.0 if even else bad.get((hour - 1) % HOURS, 0.0)) for hour in range(HOURS)]
    return tuple(round(rate, 4) for rate in usual)


def slot_of(start: datetime, opened: datetime) -> int:
    return ((start - opened) // timedelta(hours=1)) % HOURS


def as_usual(reading: Reading, tolerance: Tolerance, tolerated: float, at_bad: Sequence[float]) -> Reading:
    """The reading with fewer failures in blocks of bad hours: as many as the same surprise would be in an ordinary one.

    tolerated: the rate of an ordinary hour; at_bad: 24 rates, tolerated in each hour since the merge. A count that is
    scaled down by their quotient varies less than one that is binomial at the lower rate: the evidence errs to the
    safe side.
    """
    if not any(rate > tolerated for rate in at_bad):
        return reading
    blocks = tuple(_scaled(block, tolerance.block, tolerated, at_bad) for block in reading.blocks)
    return replace(reading, blocks=blocks)


def _scaled(block: Block, minutes: int, tolerated: float, at_bad: Sequence[float]) -> Block:
    first, last = block.number * minutes // 60, ((block.number + 1) * minutes - 1) // 60
    worst = max(at_bad[hour % HOURS] for hour in range(first, min(last, first + HOURS - 1) + 1))
    if worst <= tolerated:
        return block
    total, failed = sane(block.total, block.failed)
    return replace(block, total=total, failed=failed * tolerated / worst)


def slots_of(hours: Sequence[Hour], opened: datetime) -> dict[int, Slot]:
    found: dict[int, list[tuple[float, float]]] = {}
    for start, calls, failures in hours:
        total, failed = sane(calls, failures)
        if total > 0:
            found.setdefault(slot_of(start, opened), []).append((total, failed))
    return {number: Slot(tuple(days)) for number, days in sorted(found.items())}


def clustering_within(slots: Iterable[Slot]) -> float:
    """Intra-class correlation of one hour, beside what the hour of the day explains (method of moments)."""
    chi_square, degrees, excess = 0.0, 0, 0.0
    for slot in slots:
        rate, total = slot.rate, _sums(slot.days)[0]
        if 0 < rate < 1:
            chi_square += sum((f - n * rate) ** 2 / (n * rate * (1 - rate)) for n, f in slot.days)
            degrees += len(slot.days) - 1
            excess += sum(max(0.0, n - 1) * (1 - n / total) for n, _ in slot.days)
    return min(1.0, max(0.0, (chi_square - degrees) / excess)) if excess > 0 else 0.0


def _plainly_worse(slot: Slot, overall: float, clustering: float) -> bool:
    if len(slot.days) < FEWEST_DAYS:
        return False
    ordinary = sorted(slot.days, key=lambda day: day[1] - overall * day[0])[:-1]
    total, failed = _sums(ordinary)
    inflated = 1 + max(0.0, total / len(ordinary) - 1) * clustering
    return failed - total * overall > PLAIN * sqrt(total * overall * (1 - overall) * inflated)


def _sums(days: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(total for total, _ in days), sum(failed for _, failed in days)
