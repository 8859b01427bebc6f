"""Cells, watched many times over several processes, and tables of them. The same figures for any number of processes:
every watch has a seed of its own."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from statistics import median
from time import process_time

from .ours import Seen

CHUNK = 10


@dataclass(frozen=True)
class Cell:
    """One line of a table. watch: one draw; share: of the repetitions that are asked for; bounds: the most that the
    share of watches with a verdict may be (`regressed`, `suspect`); facts: what the columns need to know."""

    labels: tuple[str, ...]
    watch: Callable[[random.Random], Seen]
    share: float = 1.0
    bounds: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)

    def repetitions(self, asked: int) -> int:
        return max(1, round(asked * self.share))


@dataclass(frozen=True)
class Sample:
    """All watches of a cell."""

    cell: Cell
    seen: Sequence[Seen]
    seconds: float = 0.0

    def share(self, rule: str) -> float:
        return sum(rule in one.hours for one in self.seen) / len(self.seen)

    def delay(self, rule: str) -> float:
        """The median over all watches of the hour of the first alarm; infinite when half had none."""
        return median(one.hours.get(rule, float("inf")) for one in self.seen)

    def verdict(self, name: str) -> float:
        return sum(one.verdict == name for one in self.seen) / len(self.seen)

    def marked(self, name: str) -> float:
        return sum(name in one.marks for one in self.seen) / len(self.seen)

    def misses(self) -> list[str]:
        """In which verdicts more watches ended than may."""
        found = [(rule, self.share(rule), most) for rule, most in self.cell.bounds.items()]
        return [f"{rule} in {share:.2%}, at most {most:.2%}" for rule, share, most in found if share > most]


@dataclass(frozen=True)
class Table:
    """columns: of the labels, then of what `row` gives; missed: what of a sample misses its target."""

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    row: Callable[[Sample], tuple[str, ...]]
    missed: Callable[[Sample], list[str]] = Sample.misses
    share: float = 1.0


def samples(table: Table, repetitions: int, jobs: int = 1) -> Iterator[Sample]:
    """A sample a cell, in their order."""
    tasks = [
        (table, place, first, min(first + CHUNK, count))
        for place, cell in enumerate(table.cells)
        for count in [cell.repetitions(round(repetitions * table.share) or 1)]
        for first in range(0, count, CHUNK)
    ]
    if jobs == 1:
        yield from _gathered(table, map(_chunk, tasks))
        return
    with get_context("fork").Pool(jobs, _inherit, [table]) as pool:
        yield from _gathered(table, pool.imap(_chunk, [(None, *task[1:]) for task in tasks]))


_INHERITED: list[Table] = []
"""The table of a worker: functions of tables are not all of a kind that can be sent."""


def _inherit(table: Table) -> None:
    _INHERITED[:] = [table]


def _chunk(task: tuple[Table | None, int, int, int]) -> tuple[int, list[Seen], float]:
    table, place, first, last = task
    table, started = table or _INHERITED[0], process_time()
    seeds = (f"{table.name}/{table.cells[place].labels}/{number}" for number in range(first, last))
    seen = [table.cells[place].watch(random.Random(seed)) for seed in seeds]
    return place, seen, process_time() - started


def _gathered(table: Table, chunks: Iterator[tuple[int, list[Seen], float]]) -> Iterator[Sample]:
    place, seen, seconds = 0, list[Seen](), 0.0
    for current, more, spent in chunks:
        if current != place:
            yield Sample(table.cells[place], seen, seconds)
            place, seen, seconds = current, [], 0.0
        seen, seconds = seen + more, seconds + spent
    yield Sample(table.cells[place], seen, seconds)


def percent(share: float) -> str:
    """So that one watch in ten thousand is seen."""
    return "0" if share == 0 else f"{share:.2%}" if share < 0.1 else f"{share:.0%}"


def hours(time: float) -> str:
    return "-" if time == float("inf") else f"{time:.2f}"


def found(sample: Sample, rule: str) -> str:
    """Share found and median delay."""
    return f"{sample.share(rule):.0%} {hours(sample.delay(rule))}"
