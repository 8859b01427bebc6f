"""What was measured after a merge, and what it means."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Judgement(Enum):
    HEALTHY = "healthy"
    SUSPECT = "suspect"
    REGRESSED = "regressed"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True)
class Reading:
    """One subject before and after the merge: counts, so that a judgement can be recomputed from the ledger.

    metric: the plug-in that measured; subject: a tool or a test; unit of the counts: calls (or runs).
    distinct_failing: how many different inputs failed after the merge.
    """

    metric: str
    subject: str
    before_total: int
    before_failed: int
    after_total: int
    after_failed: int
    distinct_failing: int = 0
    touched: bool = True


@dataclass(frozen=True)
class Health:
    """A judgement with its figures and a sentence that a person understands."""

    judgement: Judgement
    reason: str
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Window:
    """opened: the moment of the merge; until: when the watch ends; baseline_from: where the time before begins."""

    opened: datetime
    until: datetime
    baseline_from: datetime
