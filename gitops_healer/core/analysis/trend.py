"""Whether a share changed, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gitops_healer.core.analysis.statistics import binomial_deviance, chi_square_tail, dispersion
from gitops_healer.core.analysis.types import Direction, Trend

ALPHA: Final = 0.01
"""How often a change may be seen in a tool that did not change."""
LEAST: Final = 20
"""Calls on each side."""
EFFECT: Final = 0.02
"""A change of the failing share by less is none."""

Point = tuple[datetime, int, int]
"""(start of the step, calls, failed)."""


def trend_of(points: Sequence[Point], alpha: float = ALPHA) -> Trend:
    """The most likely moment of one change in the failing share, if there is one.

    The likelihood ratio of every split against no split (Hinkley 1970), over the dispersion within the two sides, as a
    chi-square with one degree of freedom, times the number of splits (Bonferroni).
    """
    splits = [i for i in range(1, len(points)) if _told(points, i)]
    total, failed = sum(p[1] for p in points), sum(p[2] for p in points)
    if not splits:
        return Trend(Direction.UNKNOWN)
    best = max(splits, key=lambda i: _gain(points, i))
    found = between(points[:best], points[best:], tried=len(splits), alpha=alpha)
    if found.direction is Direction.STEADY:
        return Trend(Direction.STEADY, failed / total, failed / total, None, found.confidence)
    return found


def between(
    before: Sequence[Point], after: Sequence[Point], tried: int = 1, alpha: float = ALPHA, least: int = LEAST
) -> Trend:
    """How the failing share of `after` differs from that of `before`. tried: splits among which this one was chosen;
    UNKNOWN with fewer calls than `least` on a side."""
    calls, failed = _sums(before)
    later_calls, later_failed = _sums(after)
    if min(calls, later_calls) < max(1, least):
        return Trend(Direction.UNKNOWN)
    spread = max(dispersion([(p[2], p[1]) for p in side]) for side in (before, after))
    gain = binomial_deviance(failed + later_failed, calls + later_calls)
    gain -= binomial_deviance(failed, calls) + binomial_deviance(later_failed, later_calls)
    p = min(1.0, tried * chi_square_tail(gain / spread))
    old, new = failed / calls, later_failed / later_calls
    direction = Direction.STEADY
    if p < alpha and abs(new - old) >= EFFECT:
        direction = Direction.WORSENING if new > old else Direction.IMPROVING
    return Trend(direction, old, new, after[0][0], 1 - p)


def _sums(points: Sequence[Point]) -> tuple[int, int]:
    return sum(p[1] for p in points), sum(p[2] for p in points)


def _told(points: Sequence[Point], split: int) -> bool:
    return min(_sums(points[:split])[0], _sums(points[split:])[0]) >= LEAST


def _gain(points: Sequence[Point], split: int) -> float:
    return -sum(binomial_deviance(failed, calls) for calls, failed in (_sums(points[:split]), _sums(points[split:])))
