"""What else may have made a tool worse than the merge: an outage that hits others too, or what it works on."""

from collections.abc import Iterable
from dataclasses import replace
from math import log
from typing import Final

from gitops_healer.core.judgement import sentences
from gitops_healer.core.judgement.sequential import Null, effective, sane, worse_than
from gitops_healer.core.judgement.weighing import Weighed, compared, line_of, rate_before, single, tolerated
from gitops_healer.core.watching import Measure, Pool, Reading, Tolerance

SURE: Final = log(20)
"""Evidence at which another tool counts as worse; one that could not reach it with every call failing is not asked."""
HINT: Final = log(3)
"""Enough for the version before, beside which the merged one must then be surely worse: what began late is diluted."""
FEWEST_WORSE: Final = 2
"""One other tool that is broken may be broken on its own account."""
APART_SHARE: Final = 0.25
OTHERS_SHARE: Final = 0.5
"""More is asked of those that the merge reaches: it may have broken them itself."""
FEWEST_OTHERS: Final = 3


def with_causes(
    pool: Pool, readings: Iterable[Reading], strongest: Weighed | None, tolerance: Tolerance, blocks: int
) -> Pool:
    """How many of the other tools were called, and how many of them got worse, since the block in which it began with
    the strongest of the accused. Without one: how many were called at all."""
    apart, others = [], []
    for reading in readings:
        if reading.measure is Measure.FAILURES and compared(reading, tolerance) and reading.after_total > 0:
            if reading.apart:
                apart.append(reading)
            elif not reading.touched and (strongest is None or reading.subject != strongest.reading.subject):
                others.append(reading)
    if strongest is None:
        return replace(pool, apart=len(apart), others_called=len(others))
    apart_told = [_worse(reading, strongest.since, tolerance, blocks) for reading in apart]
    other_told = [_worse(reading, strongest.since, tolerance, blocks) for reading in others]
    return replace(
        pool,
        apart=sum(told is not None for told in apart_told),
        apart_worse=sum(told is True for told in apart_told),
        others_called=sum(told is not None for told in other_told),
        others_worse=sum(told is True for told in other_told),
    )


def _worse(reading: Reading, since: int, tolerance: Tolerance, blocks: int) -> bool | None:
    """Whether it got worse since that block; None when it was called too seldom to tell."""
    steps = [step for step in line_of(reading, tolerance, blocks).steps if step.number >= since]
    good, bad = sum(step.good for step in steps), sum(step.bad for step in steps)
    ratio = single(reading, tolerance)
    if ratio(0.0, good + bad) < SURE:
        return None
    return ratio(good, bad) >= SURE


def common_cause(pool: Pool) -> str:
    """Why it may be an outage, "" when nothing says so. Tools that the merge cannot have reached decide; only where
    none of them was called, those that it reached and did not change."""
    if pool.apart:
        hit = pool.apart_worse >= max(FEWEST_WORSE, APART_SHARE * pool.apart)
        return sentences.outage(pool.apart, pool.apart_worse, apart=True) if hit else ""
    hit = pool.others_worse >= max(FEWEST_OTHERS, OTHERS_SHARE * pool.others_called)
    return sentences.outage(pool.others_called, pool.others_worse, apart=False) if hit else ""


def fails_alike(reading: Reading, tolerance: Tolerance) -> bool:
    """Whether the version before the merge, which still runs, got worse too, and the merged one is no worse than it."""
    total, failed = sane(reading.still_total, reading.still_failed)
    if failed <= 0:
        return False
    if single(reading, tolerance)(*effective(total, failed, reading.clustering)) < HINT:
        return False
    beside = replace(reading, before_total=total, before_failed=failed)
    against = Null(tolerated(reading.measure, rate_before(beside), tolerance), total + 1)
    after, after_failed = sane(reading.after_total, reading.after_failed)
    return worse_than(against)(*effective(after, after_failed, reading.clustering)) < SURE
