"""When other inputs come than before: each kind of input is compared with its own past.

A tool that fails in 40 % of calls with one kind of input and in 2 % with another fails more often when more of the
first kind come, although nobody changed it (Simpson 1951). Strata are told apart by the metric, on the baseline only.
"""

from collections.abc import Callable, Sequence
from math import exp, log
from typing import Final

from gitops_healer.core.judgement.sequential import LogRatio, Null, sane, worse_than
from gitops_healer.core.watching import Reading, Stratum

Tolerated = Callable[[float], float]
"""The failure rate that is tolerated after a rate before."""

EXPLAINED: Final = 0.5
"""Strata that hold a smaller share of the failures after the merge explain nothing."""


def stratified(reading: Reading, tolerated: Tolerated, share: float) -> float:
    """log of an e-value over strata. share: of a call, that clustering leaves (0 to 1].

    Half is a bet that all kinds got worse together, half that one did, each kind alike likely. A kind without a past
    says nothing: nobody knows how often it would have failed. Infinite where strata explain too few of the failures.
    """
    strata = [stratum for stratum in reading.strata if stratum.after_total > 0]
    failed = sum(sane(stratum.after_total, stratum.after_failed)[1] for stratum in strata)
    if failed < EXPLAINED * sane(reading.after_total, reading.after_failed)[1]:
        return float("inf")
    each = [_evidence(stratum, tolerated, share) for stratum in strata]
    return _log_mean([sum(each), _log_mean(each)])


def expected(reading: Reading) -> float:
    """The failure rate since the merge if each kind of input failed as often as before; 0 without strata."""
    each = [
        (sane(stratum.after_total, 0)[0], _rate(sane(stratum.before_total, stratum.before_failed)))
        for stratum in reading.strata
    ]
    calls = sum(total for total, _ in each)
    return sum(total * rate for total, rate in each) / calls if calls else 0.0


def _rate(before: tuple[float, float]) -> float:
    return (before[1] + 0.5) / (before[0] + 1)


def _evidence(stratum: Stratum, tolerated: Tolerated, share: float) -> float:
    total, failed = sane(stratum.after_total, stratum.after_failed)
    return _ratio(stratum, tolerated)((total - failed) * share, failed * share)


def _ratio(stratum: Stratum, tolerated: Tolerated) -> LogRatio:
    total, failed = sane(stratum.before_total, stratum.before_failed)
    return worse_than(Null(tolerated(_rate((total, failed))), total + 1))


def _log_mean(terms: Sequence[float]) -> float:
    top = max(terms)
    return top + log(sum(exp(term - top) for term in terms) / len(terms))


def shift(strata: Sequence[Stratum]) -> tuple[str, float, float]:
    """The kind of input whose share of all calls grew most, and that share before and after (0 to 1)."""
    before = sum(sane(stratum.before_total, 0)[0] for stratum in strata) or 1.0
    after = sum(sane(stratum.after_total, 0)[0] for stratum in strata) or 1.0
    shares = [(s.name, sane(s.before_total, 0)[0] / before, sane(s.after_total, 0)[0] / after) for s in strata]
    return max(shares, key=lambda share: (share[2] - share[1], share[0]))
