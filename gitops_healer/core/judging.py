"""Whether a merge made anything worse: counts in, a Health out. Pure, and the same however often it is asked.

The rule (a later one may replace it; the seam is `judge`):

* A subject (a tool, a test) can be judged when it has at least `min_executions` before the merge.
* It is alarming when Fisher's exact test, one-sided, says that so many failures after the merge have a probability of
  at most the subject's share of `alpha` if nothing changed, and when a plain binomial test says the same of a failure
  rate that is already worse by `margin`. So what is significant but tolerable is no alarm.
* An alarm is REGRESSED when at least `min_failures` different inputs failed, else SUSPECT: one poisoned input that is
  tried again and again is one observation.

The bound. `alpha` is the chance of any false alarm in one watch. It is shared among subjects (touched ones get 90 %,
the others 10 %, evenly) and, for each, among stretches of the count of calls after the merge: 10, 11-16, 17-24, ...,
each longer than the last by little (see `stretch`). In a stretch that ends at n calls the test is made as if all
calls up to n were made and none of the missing ones failed. Failures only grow within a stretch, so an alarm anywhere
in it implies an alarm at its end: one test a stretch, however often anyone looks. The shares of all stretches sum to
one, so P(false alarm, ever) <= alpha by the union bound, for any schedule of looks and any length of the watch, given
calls that fail independently with one probability before and after. Outages and drifts break that assumption.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, isqrt, lgamma, log, log1p
from typing import Final

from gitops_healer.core.watching import Health, Judgement, Reading, Tolerance

TOUCHED_SHARE: Final = 0.9
FLATNESS: Final = 5
DOUBT: Final = 0.2
MOST_MORE: Final = 100_000
STRIDE: Final = 1.25


@dataclass(frozen=True)
class Opinion:
    """What one reading alone says. missing: executions that would settle it, 0 when it is settled or none would."""

    reading: Reading
    judgement: Judgement
    sentence: str
    missing: int = 0


def judge(readings: Sequence[Reading], tolerance: Tolerance, *, closing: bool) -> Health:
    """REGRESSED or SUSPECT as soon as one subject is; HEALTHY when every subject that the change touched is (when it
    touched none that is called: every other one that can be judged); else INSUFFICIENT, saying what is missing.

    closing: the watch is over, so that nothing more will come.
    """
    opinions = [_opinion(reading, share, tolerance) for reading, share in _shares(readings, tolerance)]
    for judgement in (Judgement.REGRESSED, Judgement.SUSPECT):
        alarms = sorted((o for o in opinions if o.judgement is judgement), key=lambda o: not o.reading.touched)
        if alarms:
            more = f" (and {len(alarms) - 1} more like it)" if len(alarms) > 1 else ""
            return Health(judgement, alarms[0].sentence + more, tuple(readings))
    return _calm(opinions, tuple(readings), closing)


def _calm(opinions: Sequence[Opinion], readings: tuple[Reading, ...], closing: bool) -> Health:
    """No alarm: is there enough to say that all is well?"""
    touched = [o for o in opinions if o.reading.touched]
    asked = touched or [o for o in opinions if o.reading.after_total]
    open_ones = [o for o in asked if o.judgement is Judgement.INSUFFICIENT]
    if not touched:  # what only imports the change proves it as far as it is called
        open_ones = open_ones if len(open_ones) == len(asked) else []
    if not asked:
        return Health(Judgement.INSUFFICIENT, "no recorded execution reaches the change: nothing to compare", readings)
    if not open_ones:
        calls = sum(o.reading.after_total for o in asked)
        healthy = max((o for o in asked if o.judgement is Judgement.HEALTHY), key=lambda o: o.reading.after_total)
        others = f"; {len(asked) - 1} more are no worse either, {calls:,} executions in all" if len(asked) > 1 else ""
        return Health(Judgement.HEALTHY, healthy.sentence + others, readings)
    worst = max(open_ones, key=lambda o: (o.missing, o.reading.subject))
    others = f" ({len(open_ones) - 1} more wait as well)" if len(open_ones) > 1 else ""
    over = "; the watch is over" if closing else ""
    return Health(Judgement.INSUFFICIENT, worst.sentence + others + over, readings)


def _shares(readings: Sequence[Reading], tolerance: Tolerance) -> Iterator[tuple[Reading, float]]:
    """Each reading's part of alpha. It depends only on what was known at the merge, never on what came after."""
    judged = [reading for reading in readings if reading.before_total >= tolerance.min_executions]
    touched = sum(reading.touched for reading in judged)
    others = len(judged) - touched
    for reading in readings:
        pool = 1.0 if 0 in (touched, others) else TOUCHED_SHARE if reading.touched else 1 - TOUCHED_SHARE
        yield reading, tolerance.alpha * pool / max(1, touched if reading.touched else others)


def _opinion(reading: Reading, share: float, tolerance: Tolerance) -> Opinion:
    needed = tolerance.min_executions
    if reading.after_total < needed:
        missing = needed - reading.after_total
        after = f"{reading.subject} has {reading.after_total} executions since the merge"
        return Opinion(reading, Judgement.INSUFFICIENT, f"{after}: {missing} more are needed", missing)
    if reading.after_failed == 0:
        return Opinion(reading, Judgement.HEALTHY, f"{reading.subject} {_figures(reading)}")
    if reading.before_total < needed:
        before = f"it was executed only {reading.before_total} times before, and {needed} are needed to compare"
        return Opinion(reading, Judgement.INSUFFICIENT, f"{reading.subject} {_figures(reading)}; {before}")
    probability, allowed = chance(reading, tolerance), share * stretch(reading.after_total, needed)[1]
    if probability <= allowed:
        return _alarm(reading, probability, allowed, tolerance)
    if _rate(reading) <= _tolerated(reading, tolerance) or _plain_chance(reading) > DOUBT:
        return Opinion(reading, Judgement.HEALTHY, f"{reading.subject} {_figures(reading)}: no worse than before")
    missing = _until_settled(reading, share, tolerance)
    doubt = f"more than before, which happens by chance in {_plain_chance(reading):.2g} of cases"
    more = f"about {missing:,} more executions like these would settle it" if missing else "more executions are needed"
    return Opinion(reading, Judgement.INSUFFICIENT, f"{reading.subject} {_figures(reading)}: {doubt}; {more}", missing)


def _alarm(reading: Reading, probability: float, allowed: float, tolerance: Tolerance) -> Opinion:
    why = f"without a change the chance of that is {probability:.1g}, and {allowed:.1g} is allowed"
    if reading.distinct_failing >= tolerance.min_failures:
        sentence = f"{reading.subject} {_figures(reading)} on {reading.distinct_failing} different inputs: {why}"
        return Opinion(reading, Judgement.REGRESSED, sentence)
    inputs = f"only {reading.distinct_failing} different inputs failed, and {tolerance.min_failures} are needed"
    return Opinion(reading, Judgement.SUSPECT, f"{reading.subject} {_figures(reading)}: {why}; {inputs}")


def _figures(reading: Reading) -> str:
    after = f"failed {reading.after_failed:,} of {reading.after_total:,} times since the merge"
    if not reading.before_total:
        return f"{after} ({_rate(reading):.0%}), and was not executed before"
    before = reading.before_failed / reading.before_total
    return (
        f"{after} ({_rate(reading):.0%}), {reading.before_failed:,} of {reading.before_total:,} before ({before:.0%})"
    )


def _rate(reading: Reading) -> float:
    return reading.after_failed / reading.after_total


def _tolerated(reading: Reading, tolerance: Tolerance) -> float:
    return min(1.0, reading.before_failed / reading.before_total + tolerance.margin)


def _plain_chance(reading: Reading) -> float:
    return fisher(reading.before_total, reading.before_failed, reading.after_total, reading.after_failed)


def chance(reading: Reading, tolerance: Tolerance) -> float:
    """Of so many failures, if nothing changed and if the tolerated change happened: the larger of the two."""
    end, _ = stretch(reading.after_total, tolerance.min_executions)
    exact = fisher(reading.before_total, reading.before_failed, end, reading.after_failed)
    return max(exact, binomial(end, reading.after_failed, _tolerated(reading, tolerance)))


def _until_settled(reading: Reading, share: float, tolerance: Tolerance) -> int:
    """Further executions, failing as often as now, after which it would be an alarm; 0 when it never would."""
    total = reading.after_total
    while total < MOST_MORE:
        total = stretch(int(total * STRIDE) + 1, tolerance.min_executions)[0]
        failed = round(_rate(reading) * total)
        further = Reading("", "", reading.before_total, reading.before_failed, total, failed)
        if chance(further, tolerance) <= share * stretch(total, tolerance.min_executions)[1]:
            return total - reading.after_total
    return 0


def stretch(total: int, first: int) -> tuple[int, float]:
    """(last count of the stretch that `total` lies in, its share of what may be spent). Shares sum to one.

    first: the count at which the first look is taken. A stretch that begins after n is 2 sqrt(n) long: waiting for its
    end then costs about as little at ten thousand calls as at a hundred, counted in standard deviations.
    """
    end, index = first, 0
    while end < total:
        end, index = end + 2 * isqrt(end), index + 1
    return end, FLATNESS / ((index + FLATNESS) * (index + FLATNESS + 1))


def fisher(before: int, before_failed: int, after: int, after_failed: int) -> float:
    """One-sided: P(at least `after_failed` of all failures fall among the calls after), all splits alike likely."""
    calls, failures = before + after, before_failed + after_failed
    passes = calls - failures
    first = choices(failures, after_failed) + choices(passes, after - after_failed) - choices(calls, after)

    def step(k: int) -> float:
        return (failures - k) * (after - k) / ((k + 1) * (passes - after + k + 1))

    return _upper_tail(after_failed, min(failures, after), max(0, after - passes), first, step)


def binomial(calls: int, failed: int, rate: float) -> float:
    """P(at least `failed` of `calls` fail) when each fails with probability `rate`."""
    if rate <= 0 or rate >= 1:
        return 1.0 if rate >= 1 or failed == 0 else 0.0
    first = choices(calls, failed) + failed * log(rate) + (calls - failed) * log1p(-rate)
    odds = rate / (1 - rate)
    return _upper_tail(failed, calls, 0, first, lambda k: (calls - k) / (k + 1) * odds)


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
