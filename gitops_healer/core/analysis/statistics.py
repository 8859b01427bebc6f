"""The few exact tests that the analysis needs, without a library."""

from collections.abc import Sequence
from itertools import pairwise
from math import erfc, exp, log, sqrt

from gitops_healer.core.analysis.types import Interval
from gitops_healer.core.exact import choices, fisher

Z95 = 1.959963984540054


def wilson(successes: float, total: float, z: float = Z95) -> Interval:
    """The score interval of a share (Wilson 1927; recommended by Brown, Cai and DasGupta 2001); 0 to 1 without data."""
    if total <= 0:
        return Interval(0.0, 1.0)
    share, square = successes / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total * total))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def chi_square_tail(value: float) -> float:
    """P(X >= value) for one degree of freedom."""
    return erfc(sqrt(max(0.0, value) / 2))


def fisher_tail(hits: int, drawn: int, marked: int, total: int) -> float:
    """P(at least `hits` marked ones among `drawn` of `total`, `marked` of which are marked): Fisher's exact test, one
    side (hypergeometric)."""
    return fisher(total - drawn, marked - hits, drawn, hits)


def binomial_deviance(failed: float, total: float) -> float:
    """-2 x the largest log-likelihood of a share."""
    good = total - failed
    return -2 * sum(part * log(part / total) for part in (failed, good) if part > 0)


def few_runs(outcomes: Sequence[bool]) -> float | None:
    """P(so few changes between True and False if their order were random), exactly (Wald and Wolfowitz 1940); None with
    fewer than 10 of one of both."""
    ones = sum(outcomes)
    zeros = len(outcomes) - ones
    if min(ones, zeros) < 10:
        return None
    runs = 1 + sum(a != b for a, b in pairwise(outcomes))
    base = choices(ones + zeros, ones)
    return min(1.0, sum(_runs_are(count, ones - 1, zeros - 1, base) for count in range(2, runs + 1)))


def _runs_are(count: int, ones: int, zeros: int, base: float) -> float:
    """P(that many runs); ones, zeros: one fewer than there are."""
    half = count // 2
    ways = [(half - 1, half - 1)] * 2 if count % 2 == 0 else [(half, half - 1), (half - 1, half)]
    return sum(exp(choices(ones, a) + choices(zeros, b) - base) for a, b in ways if a <= ones and b <= zeros)


def dispersion(parts: Sequence[tuple[float, float]]) -> float:
    """How much more shares of (failed, total) differ than chance makes them: Pearson's chi-square over its degrees of
    freedom, at least 1 (McCullagh and Nelder 1989, 4.5). Parts with less than one expected failure tell nothing."""
    failed, total = sum(f for f, _ in parts), sum(t for _, t in parts)
    if not 0 < failed < total:
        return 1.0
    share = failed / total
    told = [(f, t) for f, t in parts if t * min(share, 1 - share) >= 1]
    if len(told) < 3:
        return 1.0
    square = sum((f - t * share) ** 2 / (t * share * (1 - share)) for f, t in told)
    return max(1.0, square / (len(told) - 1))
