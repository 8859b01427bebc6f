"""A cheap look before the real one, so that thousands of watches can be simulated in minutes.

The e-value of a start block, over n effective calls of which a share p fails, is a likelihood ratio against the
beta-binomial of the baseline. It is at most exp(n KL(p || tolerated)) times what the spread of the baseline gives away,
about sqrt(1 + n / precision). A look at which this stays below the bar by a factor e for every start is no alarm, and
needs no judgement. `tests/test_judgement_figures.py` compares watches with and without the screen.
"""

from collections.abc import Sequence
from math import log, log1p

from gitops_healer.core.judgement.sequential import Null, effective
from gitops_healer.core.judgement.weighing import compared, null_of, share_of
from gitops_healer.core.watching import Block, Pool, Reading, Tolerance

SLACK = 1.0


class Screen:
    """Of one subject. reading: what is known at the merge."""

    def __init__(self, reading: Reading, pool: Pool, tolerance: Tolerance) -> None:
        share = share_of(reading, pool, tolerance)
        self._null: Null = null_of(reading, tolerance, share)
        self._bar = log(1 / share) - SLACK
        self._clustering = reading.clustering
        self._mute = reading.apart or not compared(reading, tolerance)
        self._open = bool(reading.usual) or tolerance.strict
        """It has a past that is told by the hour of the day: not for a simple bound."""

    def quiet(self, blocks: Sequence[Block]) -> bool:
        """Whether nothing that began in any of these blocks can be an alarm."""
        if self._mute:
            return True
        if self._open or not 0 < self._null.rate < 1:
            return False
        good = bad = 0.0
        for block in reversed(blocks):
            passed, failed = effective(block.total, block.failed, self._clustering)
            good, bad = good + passed, bad + failed
            if bad and self._most(good, bad) > self._bar:
                return False
        return True

    def _most(self, good: float, bad: float) -> float:
        calls, rate = good + bad, self._null.rate
        given = log1p(calls / self._null.precision) / 2
        if bad <= rate * calls:
            return given
        passed = good * log(good / calls / (1 - rate)) if good else 0.0
        return bad * log(bad / calls / rate) + passed + given
