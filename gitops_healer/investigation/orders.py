"""Whether what a process did before decides: the order of calls in each process that made them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gitops_healer.core.execution import Execution

PROCESS: Final = 12
"""Characters before the hyphen of an id that the recorder gives to a process."""
LONG: Final = 20
LATE: Final = 0.75
AFTER: Final = 3
"""Calls that have to fail in a row before it is said to last."""


@dataclass(frozen=True)
class Order:
    """Of `processes` in which calls failed after some had passed, `lasting` passed none any more; calls: that failed in
    these; late: where in the life of their process failing calls lie on average, from 0 (its beginning) to 1, None when
    fewer than five calls of two processes failed."""

    processes: int
    lasting: int
    calls: int
    late: float | None = None

    @property
    def telling(self) -> bool:
        return self.lasting >= 2 and self.lasting >= 0.8 * self.processes

    @property
    def later(self) -> bool:
        """Failing calls come late, which calls that fail by chance or by their inputs do not."""
        return self.late is not None and self.late >= LATE

    @property
    def sentence(self) -> str:
        if not self.telling and self.late is not None:
            return f"calls fail late in the life of their process (at {self.late:.0%} of it on average)"
        return f"in {self.lasting} of {self.processes} processes no call passed any more once one had failed"


def order_of(row: Iterable[Execution]) -> Order:
    """row: calls one after the other, of any outcome."""
    runs: defaultdict[str, list[bool]] = defaultdict(list)
    for call in row:
        process, _, number = call.id.rpartition("-")
        if len(process) == PROCESS and number:
            runs[process].append(call.ok)
    begun = [run[run.index(False) :] for run in runs.values() if False in run and run[0]]
    enough = [rest for rest in begun if len(rest) >= AFTER]
    lasting = [rest for rest in enough if not any(rest)]
    return Order(len(enough), len(lasting), sum(map(len, lasting)), _late(list(runs.values())))


def _late(runs: Sequence[Sequence[bool]]) -> float | None:
    """The mean rank of failing calls within their process, as in a Mann-Whitney test."""
    failing = [[place / (len(run) - 1) for place, ok in enumerate(run) if not ok] for run in runs if len(run) >= LONG]
    ranks = [rank for one in failing for rank in one]
    return sum(ranks) / len(ranks) if len(ranks) >= 5 and sum(map(bool, failing)) >= 2 else None
