"""What a merge is compared with: how often calls failed before it, and how much that is worth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gitops_healer.core.judgement.daily import Hour as Hour
from gitops_healer.core.judgement.daily import bad_hours, clustering_within, slot_of, slots_of, usual_of
from gitops_healer.core.judgement.drift import Part, doubt_note, lately, since_worse, sums, worse_note, worth
from gitops_healer.core.judgement.sequential import sane
from gitops_healer.core.watching import Count, Perhaps

FEWEST_GROUPS: Final = 4
DAY: Final = 24


@dataclass(frozen=True)
class Baseline:
    """total, failed: calls; clustering: intra-class correlation of failures within an hour, 0 to 1; precision: so many
    independent calls it is worth; note: what to know of it, "" when nothing; usual, lately: see `Reading`."""

    total: Count
    failed: Count
    clustering: float = 0.0
    precision: float = 0.0
    note: str = ""
    usual: tuple[float, ...] = ()
    lately: tuple[Perhaps, ...] = ()


def baseline_of(hours: Sequence[Hour], opened: datetime) -> Baseline:
    """The time before a merge as one value. hours: those with calls, in any order; opened: the moment of the merge.

    precision is the smallest of n + 1, of the hours' effective calls, and of the days' (each n / (1 + (n - 1) rho), rho
    by Pearson's chi-square): failures that come in clusters say less than their number.

    When it got worse before the merge, all that counts is the time since then: a drift that began before is not the
    merge's. Where that is not certain, it is a doubt (`drift.lately`). Both are decided by the time before alone.
    """
    parts = sorted(_parts(hours, opened), key=lambda part: part.ago)
    recent, note = parts, ""
    while (worse := since_worse(recent)) is not None:
        note = worse_note(worse, parts)
        recent = worse
    total, failed = sums(recent)
    if not parts:
        return Baseline(0, 0)
    bad = {} if note else bad_hours(hours, opened)
    ordinary = correlation([(part.total, part.failed) for part in recent if part.slot not in bad])
    clustering = max(
        ordinary, clustering_within(slot for number, slot in slots_of(hours, opened).items() if number in bad)
    )
    by_hour = [(part.total, part.failed) for part in recent]
    precision = min(total + 1, worth(by_hour, clustering) + 1, _daily_worth(recent) + 1)
    usual = usual_of(bad, hours, opened)
    doubts = lately(recent, clustering)
    note = note or doubt_note(doubts)
    return Baseline(_whole(total), _whole(failed), clustering, precision, note, usual, doubts)


def correlation(groups: Sequence[tuple[float, float]]) -> float:
    """Intra-class correlation of failures within groups of (total, failed), 0 to 1, by the method of moments from
    Pearson's chi-square; 0 where nothing or everything failed, and of so few groups that they tell nothing of it: two
    hours, one of which was bad, would make every later call worthless."""
    total, failed = sum(n for n, _ in groups), sum(f for _, f in groups)
    if len(groups) < FEWEST_GROUPS or not 0 < failed < total:
        return 0.0
    rate = failed / total
    chi_square = sum((f - n * rate) ** 2 / (n * rate * (1 - rate)) for n, f in groups if n > 0)
    excess = sum((n - 1) * (1 - n / total) for n, _ in groups if n > 1)
    return min(1.0, max(0.0, (chi_square - (len(groups) - 1)) / excess)) if excess > 0 else 0.0


def _parts(hours: Sequence[Hour], opened: datetime) -> Iterator[Part]:
    for start, calls, failures in hours:
        total, failed = sane(calls, failures)
        if total > 0:
            yield Part(max(0, (opened - start) // timedelta(hours=1)), slot_of(start, opened), total, failed)


def _daily_worth(parts: Sequence[Part]) -> float:
    days: dict[int, tuple[float, float]] = {}
    for part in parts:
        total, failed = days.get(part.ago // DAY, (0.0, 0.0))
        days[part.ago // DAY] = total + part.total, failed + part.failed
    groups = list(days.values())
    return worth(groups, correlation(groups))


def _whole(count: float) -> Count:
    return int(count) if count == int(count) else count
