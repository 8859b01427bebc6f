"""Evidence that may be looked at as often as one likes: e-values of failure counts, as natural logarithms.

An e-value is what a bet against "nothing got worse" would have won: if it did not, the chance that the winnings ever
reach a factor of 1 / alpha is at most alpha, however often and whenever anybody looks (Ville 1939; Ramdas, Grünwald,
Vovk and Shafer 2023, "Game-theoretic statistics and safe anytime-valid inference"). The bet is a likelihood ratio:

    E(S, F) = sum over k of w_k (1 - g_k)^S g_k^F  /  BetaBinomial(S, F | precision, tolerated)

for S calls that succeeded and F that failed; g_k are ten rates between the tolerated one and 1 (`BETS`); below the line
stands what the baseline predicts at the tolerated rate.

What is proved and what is not: the bound of one start holds exactly for calls that the baseline's posterior predicts
(each call alike, independent). At one fixed rate, and for all starts together, it was measured
(benchmarks/judgement.py); where a theorem is wanted, `strict` puts an upper confidence bound of the tolerated rate
below the line, as a known rate: then the mixture over starts is fair as well. Calls that fail in clusters are worth
less: a block of n counts as n / (1 + (n - 1) x clustering) calls (a quasi-likelihood correction, measured as well).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import exp, inf, lgamma, log, log1p
from typing import Final

from gitops_healer.core.watching import Block, Count, Reading

BETS: Final = ((1 / 32, 0.02), (1 / 16, 0.02), *((k / 8, 0.12) for k in range(1, 9)))
"""How far each rate that is bet on lies between the tolerated one and 1, in the logarithm, and the share of the stake
on it. The first two are for many calls that fail a little more often."""
BELOW: Final = tuple((k / 8, 1 / 8) for k in range(1, 9))
AT_ONCE: Final = 0.7
"""Weight of "it began at the deployment"; the rest is spread over the later blocks."""
NEVER: Final = -1e300
"""log 0, but finite, so that no calls of a kind times it is 0."""
LEAST: Final = 1e-12
LEAST_COUNT: Final = 1e-6
MOST_COUNT: Final = 1e15
NEGLIGIBLE: Final = 6.0
"""A start with evidence so many nats below the strongest is left out, which only takes away from the sum."""
NEIGHBOURS: Final = 1.4
"""Two blocks in a row may give so many times the logarithm of what one may: an outage seldom keeps to the half hour."""

LogRatio = Callable[[float, float], float]


@dataclass(frozen=True)
class Null:
    """The failure rate that is tolerated, and by how many calls' worth of past it is known (inf: exactly). others: what
    may hold instead, each with how likely that is."""

    rate: float
    precision: float = inf
    others: tuple[tuple[float, "Null"], ...] = ()


@dataclass(frozen=True)
class Step:
    """One block with calls. good, bad: effective calls; weight: of all starts since the step before it, and its own:
    they have seen the same calls."""

    number: int
    good: float
    bad: float
    weight: float


@dataclass(frozen=True)
class Timeline:
    """The calls since the merge in order. later: weight of the starts that no call came after yet."""

    steps: tuple[Step, ...]
    later: float


def timeline_of(reading: Reading, blocks: int) -> Timeline:
    """blocks: how many the whole watch has. Calls of blocks outside (a clock that is wrong) count to the nearest."""
    return timeline(
        reading.blocks or (Block(0, reading.after_total, reading.after_failed),), reading.clustering, blocks
    )


def timeline(counted: Sequence[Block], clustering: float, blocks: int) -> Timeline:
    """See `timeline_of`. Counts that cannot be (negative, not finite, more failed than called) are put right."""
    last, steps, at, begun = max(1, blocks) - 1, [], -1, 0.0
    for number, total, failed in _merged(counted, last):
        good, bad = effective(total, failed, clustering)
        since = _weight_until(number, last) - begun
        steps.append(Step(number, good, bad, since))
        at, begun = number, begun + since
    return Timeline(tuple(steps), max(0.0, 1 - begun) if at < last else 0.0)


def _merged(counted: Sequence[Block], last: int) -> Iterator[tuple[int, float, float]]:
    """(number, total, failed) of each block with calls, in order."""
    placed = sorted((min(max(0, block.number), last), *sane(block.total, block.failed)) for block in counted)
    for number, group in groupby(placed, key=lambda block: block[0]):
        same = list(group)
        total = sum(block[1] for block in same)
        if total > 0:
            yield number, total, sum(block[2] for block in same)


def _weight_until(number: int, last: int) -> float:
    """Of all starts from 0 to that block."""
    return 1.0 if number >= last else AT_ONCE + (1 - AT_ONCE) * number / last


def effective(total: float, failed: float, clustering: float) -> tuple[float, float]:
    """So many independent calls that succeeded and failed is a block worth."""
    share = 1 / (1 + max(0.0, total - 1) * min(1.0, max(0.0, clustering)))
    return (total - failed) * share, failed * share


def sane(total: Count, failed: Count) -> tuple[float, float]:
    """Counts as they can be: finite, not negative, no more failed than called, and nothing where a rounding error of a
    rate is all there is."""
    whole, bad = (float(count) if LEAST_COUNT <= count < MOST_COUNT else 0.0 for count in (total, failed))
    return whole, min(whole, bad)


def worse_than(null: Null) -> LogRatio:
    """log E for (succeeded, failed) against `null`; at a tolerated rate of 1 nothing can be worse: always 0."""
    rate = max(LEAST, null.rate)
    if rate >= 1 - LEAST:
        return lambda good, bad: 0.0
    return _ratio([(rate ** (1 - part), stake) for part, stake in BETS], replace(null, rate=rate))


def better_than(null: Null) -> LogRatio:
    """log E for (succeeded, failed) against a rate of at least `null.rate`: how surely it is lower."""
    rate = min(1 - LEAST, max(LEAST, null.rate))
    return _ratio([(rate * (1 - part), stake) for part, stake in BELOW], Null(rate, null.precision))


def _ratio(bets: Sequence[tuple[float, float]], null: Null) -> LogRatio:
    """bets: rates and the share of the stake on each."""
    logs = [(log1p(-rate) if rate < 1 else NEVER, log(rate) if rate > 0 else NEVER, log(stake)) for rate, stake in bets]
    predicted = predictive(null)

    def ratio(good: float, bad: float) -> float:
        terms = [good * passing + bad * failing + staked for passing, failing, staked in logs]
        top = max(terms)
        if top == -inf:
            return NEVER
        return top + log(sum([exp(term - top) for term in terms])) - predicted(good, bad)

    return ratio


def predictive(null: Null) -> LogRatio:
    """log P(these outcomes in this order): beta-binomial of mean `rate` and `precision` pseudo-calls, or binomial when
    the rate is known exactly. Counts may be fractions."""
    if null.others:
        return _mixed(null)
    rate = null.rate
    if null.precision == inf:
        passing, failing = log1p(-rate), log(rate)
        return lambda good, bad: good * passing + bad * failing
    passed, failed = max(LEAST, null.precision * (1 - rate)), max(LEAST, null.precision * rate)
    both = passed + failed
    constant = lgamma(both) - lgamma(passed) - lgamma(failed)
    return lambda good, bad: lgamma(passed + good) + lgamma(failed + bad) - lgamma(both + good + bad) + constant


def _mixed(null: Null) -> LogRatio:
    left = 1 - sum(weight for weight, _ in null.others)
    each = [(left, replace(null, others=())), *null.others]
    terms = [(log(weight), predictive(one)) for weight, one in each if weight > 0 and 0 < one.rate < 1]
    return lambda good, bad: _log_sum([staked + predicted(good, bad) for staked, predicted in terms], 0.0)


def alarm(line: Timeline, ratio: LogRatio) -> float:
    """log of the mixture over all starts: `AT_ONCE` at the deployment, the rest spread over the later blocks."""
    return alarm_from(line, ratio)[0]


def alarm_from(line: Timeline, ratio: LogRatio) -> tuple[float, int]:
    """(the alarm, number of the block since which the evidence is strongest)."""
    terms, good, bad = [], 0.0, 0.0
    for step in reversed(line.steps):
        good, bad = good + step.good, bad + step.bad
        terms.append((log(step.weight) + ratio(good, bad), step.number))
    strongest = max(terms)[1] if terms else 0
    return _log_sum([term for term, _ in terms], line.later), strongest


def conviction(line: Timeline, ratio: LogRatio, cap: float) -> float:
    """Like `alarm`, but no block multiplies the evidence of a start by more than `cap`, and no two blocks in a row by
    more than cap^1.4: an outage as long as a block convicts nobody. What a block may still give is known before it
    begins, and a bet that leaves the table with less than it won is still fair: the bound holds."""
    most, terms, strongest = log(max(1.0, cap)), list[float](), NEVER
    for bound, index in sorted(_bounds(line, ratio, most), reverse=True):
        if bound < strongest - NEGLIGIBLE:
            break
        terms.append(log(line.steps[index].weight) + capped(line.steps[index:], ratio, most))
        strongest = max(strongest, terms[-1])
    return _log_sum(terms, line.later)


def _bounds(line: Timeline, ratio: LogRatio, most: float) -> Iterator[tuple[float, int]]:
    """(what the start at most gives to a conviction, its index)."""
    good, bad = 0.0, 0.0
    for index, step in reversed(list(enumerate(line.steps))):
        good, bad = good + step.good, bad + step.bad
        yield log(step.weight) + min(ratio(good, bad), (len(line.steps) - index) * most), index


def capped(steps: Sequence[Step], ratio: LogRatio, most: float) -> float:
    good, bad, before, total, gave, last = 0.0, 0.0, 0.0, 0.0, 0.0, -2
    for step in steps:
        good, bad = good + step.good, bad + step.bad
        value = ratio(good, bad)
        allowed = min(most, NEIGHBOURS * most - max(0.0, gave)) if step.number == last + 1 else most
        gave, last = min(allowed, value - before), step.number
        total, before = total + gave, value
    return total


def _log_sum(terms: Sequence[float], later: float) -> float:
    """log(later + sum of exp(terms)); what has not begun yet has won and lost nothing."""
    every = [*terms, log(later)] if later > 0 else list(terms)
    top = max(every, default=0.0)
    return top + log(sum(exp(term - top) for term in every)) if every else 0.0


def upper_bound(total: float, failed: float, chance: float) -> float:
    """The failure rate that is exceeded with a probability of at most `chance`, given what was counted: the largest u
    with total x kl(failed / total, u) <= log(1 / chance), Chernoff's bound in the form of Hoeffding (1963)."""
    if total <= 0:
        return 1.0
    seen, allowed = min(1.0, failed / total), log(1 / chance) / total
    low, high = seen, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _divergence(seen, middle) <= allowed else (low, middle)
    return high


def _divergence(seen: float, rate: float) -> float:
    """Kullback-Leibler, of one call, in nats."""
    failing = seen * log(seen / rate) if seen > 0 else 0.0
    passing = (1 - seen) * log((1 - seen) / (1 - rate)) if seen < 1 and rate < 1 else 0.0
    return failing + passing if rate < 1 or seen == 1 else inf
