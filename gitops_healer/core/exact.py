"""Fisher's exact test, for any counts."""

from collections.abc import Callable
from math import exp, lgamma


def fisher(before: int, before_failed: int, after: int, after_failed: int) -> float:
    """One-sided: P(at least `after_failed` of all failures fall among the calls after), all splits alike likely."""
    calls, failures = before + after, before_failed + after_failed
    passes = calls - failures
    first = choices(failures, after_failed) + choices(passes, after - after_failed) - choices(calls, after)

    def step(k: int) -> float:
        return (failures - k) * (after - k) / ((k + 1) * (passes - after + k + 1))

    return _upper_tail(after_failed, min(failures, after), max(0, after - passes), first, step)


def _upper_tail(k: int, top: int, bottom: int, log_first: float, step: Callable[[int], float]) -> float:
    """Sum of a single-peaked distribution from `k` up. log_first: log P(k); step(j) = P(j + 1) / P(j).

    Summed from `k` away from the peak, where terms shrink, so that the cost follows the width of the peak.
    """
    if k <= bottom:
        return 1.0
    first = exp(log_first)
    if k >= top or step(k) < 1:
        total, term = first, first
        for j in range(k, top):
            term *= step(j)
            total += term
            if term <= total * 1e-17:
                break
        return min(1.0, total)
    total, term = 0.0, first
    for j in range(k - 1, bottom - 1, -1):
        term /= step(j)
        total += term
        if term <= total * 1e-17:
            break
    return max(0.0, 1.0 - total)


def choices(n: int, k: int) -> float:
    """log of n choose k."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
