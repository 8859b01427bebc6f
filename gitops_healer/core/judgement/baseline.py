"""What a merge is compared with: how often calls failed before it, and how much that is worth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import erfc, sqrt
from typing import Final

from gitops_healer.core.judgement.daily import Hour as Hour
from gitops_healer.core.judgement.daily import Slot, bad_hours, clustering_within, slot_of, slots_of, usual_of
from gitops_healer.core.judgement.sequential import sane
from gitops_healer.core.watching import Count

RECENT: Final = (3, 6, 12, 24, 36, 48, 72, 96, 120)
"""Hours before the merge from which on it may have got worse."""
CERTAIN: Final = 0.05
LEAST_CALLS: Final = 20
LEAST_HOURS: Final = 3
WORSE_BY: Final = 0.01
"""A change by less is far below what is tolerated anyway."""
DAY: Final = 24


@dataclass(frozen=True)
class Baseline:
    """total, failed: calls; clustering: intra-class correlation of failures within an hour, 0 to 1; precision: so many
    independent calls it is worth; note: what to know of it, "" when nothing; usual: see `Reading.usual`."""

    total: Count
    failed: Count
    clustering: float = 0.0
    precision: float = 0.0
    note: str = ""
    usual: tuple[float, ...] = ()


@dataclass(frozen=True)
class Part:
    """Calls of one hour. ago: whole hours before the merge (0: the last one); slot: see `daily.slot_of`."""

    ago: int
    slot: int
    total: float
    failed: float


def baseline_of(hours: Sequence[Hour], opened: datetime) -> Baseline:
    """The time before a merge as one value. hours: those with calls, in any order; opened: the moment of the merge.

    precision is the smallest of n + 1, of the hours' effective calls, and of the days' (each n / (1 + (n - 1) rho), rho
    by Pearson's chi-square): failures that come in clusters say less than their number.

    When it got worse before the merge, all that counts is the time since then: a drift that began before is not the
    merge's. That is decided by the time before alone.
    """
    parts = sorted(_parts(hours, opened), key=lambda part: part.ago)
    recent, note = parts, ""
    while (worse := _since_worse(recent)) is not None:
        note = _worse_note(worse, parts)
        recent = worse
    total, failed = _sums(recent)
    if not parts:
        return Baseline(0, 0)
    bad = {} if note else bad_hours(hours, opened)
    ordinary = correlation([(part.total, part.failed) for part in recent if part.slot not in bad])
    clustering = max(
        ordinary, clustering_within(slot for number, slot in slots_of(hours, opened).items() if number in bad)
    )
    by_hour = [(part.total, part.failed) for part in recent]
    precision = min(total + 1, worth(by_hour, clustering) + 1, _daily_worth(recent) + 1)
    return Baseline(_whole(total), _whole(failed), clustering, precision, note, usual_of(bad, hours, opened))


def correlation(groups: Sequence[tuple[float, float]]) -> float:
    """Intra-class correlation of failures within groups of (total, failed), 0 to 1, by the method of moments from
    Pearson's chi-square; 0 where nothing or everything failed."""
    total, failed = sum(n for n, _ in groups), sum(f for _, f in groups)
    if not 0 < failed < total:
        return 0.0
    rate = failed / total
    chi_square = sum((f - n * rate) ** 2 / (n * rate * (1 - rate)) for n, f in groups if n > 0)
    excess = sum((n - 1) * (1 - n / total) for n, _ in groups if n > 1)
    return min(1.0, max(0.0, (chi_square - (len(groups) - 1)) / excess)) if excess > 0 else 0.0


def worth(groups: Sequence[tuple[float, float]], clustering: float) -> float:
    """So many independent calls."""
    return sum(n / (1 + max(0.0, n - 1) * clustering) for n, _ in groups)


def _parts(hours: Sequence[Hour], opened: datetime) -> Iterator[Part]:
    for start, calls, failures in hours:
        total, failed = sane(calls, failures)
        if total > 0:
            yield Part(max(0, (opened - start) // timedelta(hours=1)), slot_of(start, opened), total, failed)


def _sums(parts: Sequence[Part]) -> tuple[float, float]:
    return sum(part.total for part in parts), sum(part.failed for part in parts)


def _daily_worth(parts: Sequence[Part]) -> float:
    days: dict[int, tuple[float, float]] = {}
    for part in parts:
        total, failed = days.get(part.ago // DAY, (0.0, 0.0))
        days[part.ago // DAY] = total + part.total, failed + part.failed
    groups = list(days.values())
    return worth(groups, correlation(groups))


def _since_worse(parts: Sequence[Part]) -> list[Part] | None:
    """The recent part of `parts` that is worse than the rest, and where the difference is plainest; None when none is.

    A recent part of less than a day is also compared with the same hours of the days before, because some hours of the
    day are worse than others; and it has to be worse without its worst hour as well, because an outage is no new level.
    """
    best, found = CERTAIN / len(RECENT), None
    for hours in RECENT:
        recent, rest = _split(parts, hours)
        alike = [part for part in rest if part.ago % DAY < hours] if hours < DAY else rest
        if not _enough(recent) or _sums(rest)[0] < LEAST_CALLS:
            continue
        chance = max(_chance(recent, rest), _chance(recent, alike) if _sums(alike)[0] >= LEAST_CALLS else 0.0)
        if chance < best and _lasting(recent, rest):
            best, found = chance, recent
    return found


def _split(parts: Sequence[Part], hours: int) -> tuple[list[Part], list[Part]]:
    return [part for part in parts if part.ago < hours], [part for part in parts if part.ago >= hours]


def _enough(recent: Sequence[Part]) -> bool:
    return len(recent) >= LEAST_HOURS and _sums(recent)[0] >= LEAST_CALLS


def _lasting(recent: Sequence[Part], rest: Sequence[Part]) -> bool:
    total, failed = _sums(rest)
    gained = _rate(recent) - failed / total
    others = sorted(recent, key=lambda part: part.failed - part.total * failed / total)[:-1]
    return gained >= WORSE_BY and _rate(others) - failed / total > gained / 2


def _rate(parts: Sequence[Part]) -> float:
    total, failed = _sums(parts)
    return failed / total if total else 0.0


def _chance(recent: Sequence[Part], rest: Sequence[Part]) -> float:
    """Of so large a difference if there was none: one-sided, normal, with the clustering within both parts."""
    (n, f), (m, g) = _sums(recent), _sums(rest)
    pooled = (f + g + 0.5) / (n + m + 1)
    sides = [[(part.total, part.failed) for part in side] for side in (recent, rest)]
    rho = clustering_within(Slot(tuple(side)) for side in sides)
    spread = pooled * (1 - pooled) * sum(1 / max(1.0, worth(side, rho)) for side in sides)
    return erfc((f / n - g / m) / sqrt(2 * spread)) / 2 if spread > 0 else 1.0


def _worse_note(recent: Sequence[Part], parts: Sequence[Part]) -> str:
    since = recent[-1].ago + 1
    (n, f), (m, g) = _sums(recent), _sums([part for part in parts if part.ago >= since])
    ago = f"{since} hours" if since < 2 * DAY else f"{round(since / DAY)} days"
    was = f", {g / m:.1%} until then" if m else ""
    return (
        f"it got worse before the merge, about {ago} before it ({f / n:.1%} failed since{was}): only that time counts"
    )


def _whole(count: float) -> Count:
    return int(count) if count == int(count) else count
