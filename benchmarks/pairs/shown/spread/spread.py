"""Figures about measurements."""

import math

from gitops_healer.recorder import tool


def quantile(ordered, share):
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = math.ceil(place)
    if low == high:
        return ordered[low]
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def buckets(values, width):
    found = {}
    for value in values:
        key = math.floor(value / width) * width
        found[key] = found.get(key, 0) + 1
    return dict(sorted(found.items()))


@tool
def describe(values, width=10, trim=None):
    """Mean, spread, quartiles, histogram; None counts as missing. trim: share that is left out at each end."""
    known = sorted(value for value in values if value is not None)
    if trim:
        cut = int(len(known) * trim)
        known = known[cut : len(known) - cut]
    mean = sum(known) / len(known)
    variance = sum((value - mean) ** 2 for value in known) / (len(known) - 1) if len(known) > 1 else 0.0
    return {
        "count": len(known),
        "missing": len(values) - len(known) if not trim else sum(value is None for value in values),
        "mean": mean,
        "deviation": math.sqrt(variance),
        "quartiles": [quantile(known, share) for share in (0.25, 0.5, 0.75)],
        "histogram": [[key, count] for key, count in buckets(known, width).items()],
        "outliers": [value for value in known if variance and abs(value - mean) > 2 * math.sqrt(variance)],
    }
