"""What was measured after a merge, and what it means."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

Count = int | float
"""Whole where calls were counted, and not where a rate or a share of a bucket is."""


class Judgement(Enum):
    HEALTHY = "healthy"
    SUSPECT = "suspect"
    REGRESSED = "regressed"
    INSUFFICIENT = "insufficient"


class Measure(Enum):
    """What is counted as failed."""

    FAILURES = "failures"
    """Calls that failed."""
    SLOWER = "slower"
    """Calls that took longer than `Tolerance.slower` x the median of before."""
    SLOWEST = "slowest"
    """Calls that took longer than `Tolerance.slowest` x the 95th percentile of before."""
    NEW_ERROR = "new error"
    """Calls that failed with an error that the baseline does not have."""
    RUNS = "runs"
    """Runs of a check or a test, which have no inputs."""
    CODE = "code"
    """Findings in the changed files, of so many lines; says whether the change did what it promised, never an alarm."""


@dataclass(frozen=True)
class Block:
    """What happened in one block (`Tolerance.block`) of a watch. number: from 0, which begins at the opening; counts
    need not be whole (a rate of Prometheus, a share of a histogram's bucket)."""

    number: int
    total: Count
    failed: Count


@dataclass(frozen=True)
class Stratum:
    """Calls of one kind of input, before and after."""

    name: str
    before_total: Count
    before_failed: Count
    after_total: Count
    after_failed: Count


@dataclass(frozen=True)
class Perhaps:
    """A failure rate that it may have had already when the merge came. weight: how likely that is, 0 to 1."""

    rate: float
    weight: float


@dataclass(frozen=True)
class Reading:
    """One subject before and after the merge: counts, so that a judgement can be recomputed from the ledger.

    metric: the plug-in that measured; subject: a tool or a test; unit of the counts: calls (or runs).
    distinct_failing: how many different inputs failed after the merge, None where inputs are not known.
    touched: the merge changed it; apart: the merge cannot have reached it, it only shows what happens anyway.
    clustering: intra-class correlation of failures within an hour (0 to 1); precision: so many independent calls the
    baseline is worth (0: all of them, and one more); blocks: the calls after the merge by time, those without calls
    left out; strata: the same calls by kind of input, where a change of the mix could explain the difference;
    still_total, still_failed: calls since the merge of the version before it; note: what to know of the baseline;
    usual: 24 failure rates by hours since the merge, of those hours of the day that were plainly worse than the others
    before it (0 for the others), () where none was; lately: worse
    rates that it may have come to within the last day before the merge.
    """

    metric: str
    subject: str
    before_total: Count
    before_failed: Count
    after_total: Count
    after_failed: Count
    distinct_failing: int | None = 0
    touched: bool = True
    measure: Measure = Measure.FAILURES
    detail: str = ""
    apart: bool = False
    clustering: float = 0.0
    precision: float = 0.0
    blocks: tuple[Block, ...] = ()
    strata: tuple[Stratum, ...] = ()
    still_total: Count = 0
    still_failed: Count = 0
    note: str = ""
    usual: tuple[float, ...] = ()
    lately: tuple[Perhaps, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.metric, self.subject, self.measure.value, self.detail


@dataclass(frozen=True)
class Evidence:
    """How much speaks against one reading. Natural logarithms of e-values: alarm, of all blocks; conviction, with the
    evidence of each block capped; needed: what either has to reach."""

    metric: str
    subject: str
    measure: Measure
    detail: str
    alarm: float
    conviction: float
    needed: float


@dataclass(frozen=True)
class Pool:
    """Among how many readings alpha was shared, and how many of those that the merge cannot have reached were called
    and got worse: what a judgement rests on beside the readings that are kept. runs, other_runs: like touched and
    others, of checks and tests; others_called, others_worse: of those that it reached but did not touch."""

    touched: int = 0
    others: int = 0
    apart: int = 0
    apart_worse: int = 0
    runs: int = 0
    other_runs: int = 0
    others_called: int = 0
    others_worse: int = 0


@dataclass(frozen=True)
class Health:
    """A judgement with its figures and a sentence that a person understands.

    blamed: subjects that stand against the merge, strongest first; evidence: of every reading that stands out; worse:
    the list of what got worse with a false discovery rate of at most 5 % (e-BH); notes: what else is to be known;
    figures: the part of the reason that says how much worse, without why that is not enough;
    cleared: subjects that a search found another culprit for; rests: those that the judgement rests on where the merge
    touched nothing that is called; silent: metrics that could not be asked; partial: readings are only those that
    changed since the judgement before, with the blocks that changed (`core.judgement.keeping`).
    """

    judgement: Judgement
    reason: str
    readings: tuple[Reading, ...] = ()
    blamed: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    worse: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pool: Pool = field(default_factory=Pool)
    cleared: tuple[str, ...] = ()
    figures: str = ""
    rests: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True)
class Window:
    """opened: the moment of the merge; until: when the watch ends; baseline_from: where the time before begins."""

    opened: datetime
    until: datetime
    baseline_from: datetime


@dataclass(frozen=True)
class Tolerance:
    """What a watch is judged by (policy section `monitoring` when it opened).

    min_executions: with fewer calls before there is nothing to compare with; min_failures: after the merge, from as
    many different inputs; ratio, margin: a failure rate of max(ratio x before, before + margin) is tolerated; drop: a
    success rate that fell by this share must be ruled out before the merge is called healthy; alpha: chance of a false
    alarm in one watch; doubt: chance of calling a drop healthy; block: minutes; cap: evidence that one block can give
    towards a conviction, as a factor; new_error: share of calls that may fail in a way never seen before; slower,
    slowest: see `Measure`; strict: a theorem for every fixed failure rate, at the price of time.
    """

    min_executions: int = 10
    min_failures: int = 3
    margin: float = 0.02
    alpha: float = 0.01
    ratio: float = 1.25
    drop: float = 0.15
    doubt: float = 0.05
    block: int = 30
    cap: float = 30.0
    new_error: float = 0.005
    slower: float = 1.25
    slowest: float = 1.5
    strict: bool = False

    @property
    def block_length(self) -> timedelta:
        return timedelta(minutes=self.block)
