"""How long calls take, and whether they take longer than before.

Means and tests of ranks are not used: heavy tails and shares of work that come and go alarm them. What counts is the
share of calls above a multiple of what was usual (the median, and the slowest twentieth): a share of calls, whatever
the distribution is. The spread between hours enters as dispersion.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gitops_healer.core.analysis.statistics import chi_square_tail, dispersion, wilson
from gitops_healer.core.analysis.types import Direction, Interval, Latency, Trend
from gitops_healer.core.execution import Slice
from gitops_healer.core.latency import Histogram, bounds_of, merged, quantile

ALPHA: Final = 0.01
LEAST: Final = 30


def above(histogram: Histogram, limit_ms: float) -> float:
    """How many calls took longer, interpolated in the bucket that the limit falls into."""
    limit, found = limit_ms * 1e6, 0.0
    for bucket, count in histogram.items():
        low, high = bounds_of(bucket)
        found += count * min(1.0, max(0.0, (high - limit) / (high - low)))
    return found


def quantile_interval(histogram: Histogram, share: float) -> Interval | None:
    """95 % interval of a quantile by the order statistics around it, without any assumption on the distribution."""
    total = sum(histogram.values())
    if not total:
        return None
    ranks = wilson(share * total, total)
    low, high = quantile(histogram, ranks.low), quantile(histogram, ranks.high)
    return None if low is None or high is None else Interval(low, high)


def slower(
    before: Sequence[Slice], after: Sequence[Slice], factor: float, least: int = LEAST, alpha: float = ALPHA
) -> Trend:
    """Whether calls are slower (WORSENING) or faster by a factor: half of them, or the slowest twentieth.

    The trend's before and after are p95 in ms; UNKNOWN with fewer timed calls than `least` on a side.

    Slower by the factor means: of the calls of now as many lie above sqrt(factor) x the old quantile as of the old
    calls above the old quantile, and more (one-sided, alpha / 2 for each of both), and the quantile itself is `factor`
    times the old one.
    """
    old, new = _all(before), _all(after)
    p95 = quantile(old, 0.95), quantile(new, 0.95)
    if min(sum(old.values()), sum(new.values())) < least:
        return Trend(Direction.UNKNOWN, *p95)
    since = after[0].start
    p = min(_p_longer(before, after, share, factor) for share in (0.5, 0.95))
    if 2 * p < alpha:
        return Trend(Direction.WORSENING, *p95, since, 1 - 2 * p)
    back = min(_p_longer(after, before, share, factor) for share in (0.5, 0.95))
    if 2 * back < alpha:
        return Trend(Direction.IMPROVING, *p95, since, 1 - 2 * back)
    return Trend(Direction.STEADY, *p95, since, 1 - 2 * min(p, 0.5))


def _all(slices: Sequence[Slice]) -> dict[int, float]:
    return merged(dict(piece.latency) for piece in slices)


def _p_longer(before: Sequence[Slice], after: Sequence[Slice], share: float, factor: float) -> float:
    """One-sided p that a larger share of `after` than 1 - `share` lies above sqrt(factor) x the quantile of `before`;
    1 when its own quantile is not the factor higher."""
    old, new = _all(before), _all(after)
    usual, now = quantile(old, share), quantile(new, share)
    if usual is None or now is None or now < factor * usual:
        return 1.0
    limit = usual * factor**0.5
    parts = [(above(h, limit), sum(h.values())) for h in (dict(piece.latency) for piece in after)]
    own = [(above(h, usual), sum(h.values())) for h in (dict(piece.latency) for piece in before)]
    spread = max(dispersion(parts), dispersion(own))
    hits, total, expected = sum(p[0] for p in parts), sum(p[1] for p in parts), 1 - share
    base = sum(p[1] for p in own)
    gap = hits / total - expected
    error = expected * share * spread * (1 / total + 1 / base)
    return chi_square_tail(gap * gap / error) / 2 if gap > 0 else 1.0


def latency_of(slices: Sequence[Slice], factor: float, split: datetime) -> Latency | None:
    """None when no call was timed. split: where the sides of the trend meet."""
    histogram = _all(slices)
    quantiles = [quantile(histogram, share) for share in (0.5, 0.95, 0.99)]
    interval = quantile_interval(histogram, 0.95)
    p50, p95, p99 = quantiles
    if p50 is None or p95 is None or p99 is None or interval is None:
        return None
    before = [piece for piece in slices if piece.start < split]
    after = [piece for piece in slices if piece.start >= split]
    trend = slower(before, after, factor) if before and after else Trend(Direction.UNKNOWN)
    return Latency(p50, p95, p99, interval, int(sum(histogram.values())), trend)
