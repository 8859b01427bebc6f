"""Durations counted in buckets that grow with them, as in HdrHistogram: eight equal parts of every power of two."""

from collections import Counter
from collections.abc import Iterable, Mapping

Histogram = Mapping[int, float]
"""How many calls fell into a bucket, by the bucket's number."""


def bucket_of(nanoseconds: int) -> int:
    """The number of the bucket that a duration falls into; a bucket is at most an eighth as wide as what is in it."""
    bits = max(nanoseconds, 16).bit_length()
    return bits << 3 | max(nanoseconds, 16) >> bits - 4 & 7


def bounds_of(bucket: int) -> tuple[int, int]:
    """The durations of a bucket in nanoseconds: from (included), to (excluded)."""
    width = 1 << (bucket >> 3) - 4
    low = (8 + (bucket & 7)) * width
    return low, low + width


def merged(histograms: Iterable[Histogram]) -> dict[int, float]:
    """The sum of histograms."""
    total: Counter[int] = Counter()
    for histogram in histograms:
        total.update(histogram)
    return dict(total)


def quantile(histogram: Histogram, share: float) -> float | None:
    """The duration in ms below which `share` (0 to 1) of the calls lie, interpolated in its bucket; None when empty."""
    left = share * sum(histogram.values())
    for bucket in sorted(histogram):
        count = histogram[bucket]
        if count and left <= count:
            low, high = bounds_of(bucket)
            return (low + (high - low) * left / count) / 1e6
        left -= count
    return None
