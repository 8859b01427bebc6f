"""Whether what a process did before decides: the order of calls in each process that made them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gitops_healer.core.execution import Execution

PROCESS: Final = 12
"""Characters before the hyphen of an id that the recorder gives to a process."""
AFTER: Final = 3
"""Calls that have to fail in a row before it is said to last."""


@dataclass(frozen=True)
class Order:
    """Of `processes` in which calls failed after some had passed, `lasting` passed none any more; calls: that failed in
    these."""

    processes: int
    lasting: int
    calls: int

    @property
    def telling(self) -> bool:
        return self.lasting >= 2 and self.lasting >= 0.8 * self.processes

    @property
    def sentence(self) -> str:
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
    return Order(len(enough), len(lasting), sum(map(len, lasting)))
