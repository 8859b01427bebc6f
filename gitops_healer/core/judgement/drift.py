"""When it got worse before the merge: plainly, so that only the time since then counts, or perhaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import erfc, exp, log, sqrt
from typing import Final

from gitops_healer.core.judgement.daily import Slot, clustering_within
from gitops_healer.core.judgement.sequential import effective
from gitops_healer.core.watching import Perhaps

RECENT: Final = (3, 6, 12, 24, 36, 48, 72, 96, 120)
"""Hours before the merge from which on it may have got worse."""
BEGINNINGS: Final = (3, 6, 12, 24)
"""Of them, those that are tried where it is not plain."""
CERTAIN: Final = 0.05
LEAST_CALLS: Final = 20
LEAST_HOURS: Final = 3
WORSE_BY: Final = 0.01
"""A change by less is far below what is tolerated anyway."""
DAY: Final = 24
PERHAPS: Final = 0.1
"""How likely it is, before anything is known, that it got worse within the last day."""
STEPS: Final = ((1.5, 0.01, 0.5), (2.0, 0.02, 0.5))
"""By how much: a factor of the failure rate, or that much more; and how likely it is that it was so much."""
OF_AN_HOUR: Final = log(3)
"""Evidence that one hour can give for that, so that a short outage gives little."""
BARELY: Final = 0.002
"""What is less likely is left out."""
MOST: Final = 0.5
"""However likely it is, as much is left for the time before, so that neither counts alone."""
WORTH_A_NOTE: Final = 0.2
MOST_GAIN: Final = 50.0
LEAST: Final = 1e-9
"""So far from 1 is the rate of calls that all fail, because its logarithm is needed."""


@dataclass(frozen=True)
class Part:
    """Calls of one hour. ago: whole hours before the merge (0: the last one); slot: see `daily.slot_of`."""

    ago: int
    slot: int
    total: float
    failed: float


def sums(parts: Sequence[Part]) -> tuple[float, float]:
    return sum(part.total for part in parts), sum(part.failed for part in parts)


def worth(groups: Sequence[tuple[float, float]], clustering: float) -> float:
    """So many independent calls."""
    return sum(n / (1 + max(0.0, n - 1) * clustering) for n, _ in groups)


def lately(parts: Sequence[Part], clustering: float) -> tuple[Perhaps, ...]:
    """The worse rates that it may have come to within the last day, and how likely each is. parts: those that count,
    the latest first.

    By Bayes: `PERHAPS` beforehand, at any hour of the day alike, times how much likelier the calls since then are at
    that rate than at the one of the time before. Measured, 10 calls an hour of which 6 % fail, and 14 % from six hours
    before the merge on: 17 % of the watches convict without this, 0.8 % with it (500 watches).
    """
    cases = [(since - later, *_split(parts, since)) for later, since in pairwise((0, *BEGINNINGS))]
    known = [(length / DAY, recent, rest) for length, recent, rest in cases if sums(rest)[0] >= LEAST_CALLS]
    odds = [
        PERHAPS
        * likely
        * sum(
            length * exp(min(MOST_GAIN, _gain(recent, rest, factor, more, clustering)))
            for length, recent, rest in known
        )
        for factor, more, likely in STEPS
    ]
    whole, rate = 1 - PERHAPS + sum(odds), _expected(parts)
    scale = min(1 / whole, MOST / sum(odds)) if sum(odds) else 0.0
    return tuple(
        Perhaps(round(_worse(rate, factor, more), 5), round(odd * scale, 5))
        for (factor, more, _), odd in zip(STEPS, odds, strict=True)
        if odd * scale >= BARELY
    )


def doubt_note(found: Sequence[Perhaps]) -> str:
    """ "" when it is not likely."""
    chance = sum(one.weight for one in found)
    if chance < WORTH_A_NOTE:
        return ""
    return (
        f"it may have got worse within the day before the merge ({chance:.0%}): it is only convicted if that is not why"
    )


def _worse(rate: float, factor: float, more: float) -> float:
    return min(1.0, max(factor * rate, rate + more))


def _gain(recent: Sequence[Part], rest: Sequence[Part], factor: float, more: float, clustering: float) -> float:
    """log of how much likelier the recent calls are at the worse rate than at that of the rest, or of the same hours of
    the days before where that is higher."""
    slots = {part.slot for part in recent}
    alike = [part for part in rest if part.slot in slots]
    rate = max(_expected(rest), _expected(alike) if sums(alike)[0] >= LEAST_CALLS else 0.0)
    worse = min(1 - LEAST, _worse(rate, factor, more))
    failing, passing = log(worse / rate), log((1 - worse) / (1 - rate))
    each = [effective(part.total, part.failed, clustering) for part in recent]
    return sum(min(OF_AN_HOUR, good * passing + bad * failing) for good, bad in each)


def _expected(parts: Sequence[Part]) -> float:
    total, failed = sums(parts)
    return (failed + 0.5) / (total + 1)


def since_worse(parts: Sequence[Part]) -> list[Part] | None:
    """The recent part of `parts` that is worse than the rest, and where the difference is plainest; None when none is.

    A recent part of less than a day is also compared with the same hours of the days before, because some hours of the
    day are worse than others; and it has to be worse without its worst hour as well, because an outage is no new level.
    """
    best, found = CERTAIN / len(RECENT), None
    for hours in RECENT:
        recent, rest = _split(parts, hours)
        alike = [part for part in rest if part.ago % DAY < hours] if hours < DAY else rest
        if not _enough(recent) or sums(rest)[0] < LEAST_CALLS:
            continue
        chance = max(_chance(recent, rest), _chance(recent, alike) if sums(alike)[0] >= LEAST_CALLS else 0.0)
        if chance < best and _lasting(recent, rest):
            best, found = chance, recent
    return found


def _split(parts: Sequence[Part], hours: int) -> tuple[list[Part], list[Part]]:
    return [part for part in parts if part.ago < hours], [part for part in parts if part.ago >= hours]


def _enough(recent: Sequence[Part]) -> bool:
    return len(recent) >= LEAST_HOURS and sums(recent)[0] >= LEAST_CALLS


def _lasting(recent: Sequence[Part], rest: Sequence[Part]) -> bool:
    total, failed = sums(rest)
    gained = _rate(recent) - failed / total
    others = sorted(recent, key=lambda part: part.failed - part.total * failed / total)[:-1]
    return gained >= WORSE_BY and _rate(others) - failed / total > gained / 2


def _rate(parts: Sequence[Part]) -> float:
    total, failed = sums(parts)
    return failed / total if total else 0.0


def _chance(recent: Sequence[Part], rest: Sequence[Part]) -> float:
    """Of so large a difference if there was none: one-sided, normal, with the clustering within both parts."""
    (n, f), (m, g) = sums(recent), sums(rest)
    pooled = (f + g + 0.5) / (n + m + 1)
    sides = [[(part.total, part.failed) for part in side] for side in (recent, rest)]
    rho = clustering_within(Slot(tuple(side)) for side in sides)
    spread = pooled * (1 - pooled) * sum(1 / max(1.0, worth(side, rho)) for side in sides)
    return erfc((f / n - g / m) / sqrt(2 * spread)) / 2 if spread > 0 else 1.0


def worse_note(recent: Sequence[Part], parts: Sequence[Part]) -> str:
    since = recent[-1].ago + 1
    (n, f), (m, g) = sums(recent), sums([part for part in parts if part.ago >= since])
    ago = f"{since} hours" if since < 2 * DAY else f"{round(since / DAY)} days"
    was = f", {g / m:.1%} until then" if m else ""
    return f"it got worse before the merge, about {ago} before it ({f / n:.1%} since{was}): only that time counts"
