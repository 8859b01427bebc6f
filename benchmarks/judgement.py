"""How often the judgement after a merge is wrong, and how fast it is right, beside rules of others in the same run.

    python benchmarks/judgement.py [--repetitions 1000] [--table NAME ...] [--jobs 2] [--write FILE]

Calls come at random, 7 days before the merge and 24 hours after it; every rule looks at the same ones, ours every 5
minutes through the code that a watch runs. The same figures in every run, for any number of processes. The last tables
go through a real store and a real repository. A line for each cell that misses its target stands below its table.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from judgement import kinds, latency, many, recorded, stories, tables
from judgement.study import Sample, Table, samples
from rich.console import Console
from rich.table import Table as Drawn

TABLES: dict[str, Callable[[], Table]] = {
    "no-change": tables.no_change,
    "world": tables.world_changed,
    "drops": tables.drops,
    "late": tables.late_drops,
    "many": many.many,
    "latency": latency.latency,
    "mix": kinds.mix,
    "errors": kinds.new_errors,
    "stories": stories.narrated,
    "recorded": recorded.recorded,
    "cost": recorded.cost,
}


@dataclass(frozen=True)
class Result:
    """A table with what came of it. counts: how many watches a cell had, the fewest and the most."""

    table: Table
    rows: Sequence[Sequence[str]]
    missed: Sequence[str]
    counts: tuple[int, int]

    @property
    def watches(self) -> str:
        few, most = self.counts
        watches = "1 watch" if most == 1 else f"{most:,} watches" if few == most else f"{few:,} to {most:,} watches"
        return f"{watches} a line"


def result(table: Table, repetitions: int, jobs: int, tell: Callable[[Sample], None]) -> Result:
    rows, missed, counts = [], [], []
    for sample in samples(table, repetitions, jobs):
        rows.append((*sample.cell.labels, *table.row(sample)))
        missed += [f"{', '.join(sample.cell.labels)}: {what}" for what in table.missed(sample)]
        counts.append(len(sample.seen))
        tell(sample)
    return Result(table, rows, missed, (min(counts), max(counts)))


def draw(console: Console, done: Result) -> None:
    drawn = Drawn(title=done.table.title, caption=f"{done.table.note} {done.watches}.", title_justify="left")
    for column in done.table.columns:
        drawn.add_column(column)
    for row in done.rows:
        drawn.add_row(*row)
    console.print(drawn)
    for line in done.missed:
        console.print(f"  missed: {line}", markup=False, highlight=False)


def page(old: str, done: Sequence[Result]) -> str:
    """The figures as Markdown. old: the page as it stands; sections of other tables are kept as they are."""
    head = (
        "# Figures of the judgement after a merge\n\n"
        "Made by `python benchmarks/judgement.py --write docs/judgement-figures.md`; every section says how many "
        "watches it rests on. Simulated: 7 days of calls before the merge, 24 hours after it, a look every 5 minutes. "
        "Ours is the code that a watch runs; the other rules are written anew from their descriptions "
        "(`benchmarks/judgement/rules.py` has the sources) and see the same calls."
    )
    kept = {part.partition("\n")[0]: part.rstrip() for part in old.split("\n## ")[1:]}
    kept.update({one.table.title: section(one) for one in done})
    order = [make().title for make in TABLES.values()]
    return "\n\n".join([head, *(f"## {kept[title]}" for title in order if title in kept)]) + "\n"


def section(done: Result) -> str:
    table = done.table
    head = [" | ".join(table.columns), " | ".join("---" for _ in table.columns)]
    lines = "\n".join(f"| {line} |" for line in [*head, *(" | ".join(row) for row in done.rows)])
    return "\n\n".join(filter(None, [table.title, f"{table.note} {done.watches}.", lines, _missed(done.missed)]))


def _missed(lines: Iterable[str]) -> str:
    listed = "\n".join(f"- {line}" for line in lines)
    return f"Missed:\n\n{listed}" if listed else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=1000, help="watches a cell; slow cells have fewer")
    parser.add_argument("--table", action="append", choices=TABLES, help="only this one; may be given several times")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--write", type=Path, help="put the tables into this Markdown file too")
    options = parser.parse_args()
    if options.repetitions < 1 or options.jobs < 1:
        parser.error("--repetitions and --jobs must be at least 1")
    console, told, done = Console(width=200 if not sys.stdout.isatty() else None), Console(stderr=True), []
    for name in options.table or TABLES:
        started = monotonic()
        table = TABLES[name]()
        done.append(result(table, options.repetitions, options.jobs, lambda one: _progress(told, one)))
        draw(console, done[-1])
        if options.write:
            old = options.write.read_text(encoding="utf-8") if options.write.exists() else ""
            options.write.write_text(page(old, done), encoding="utf-8")
        console.print(f"  {name}: {monotonic() - started:.0f} s", highlight=False)


def _progress(told: Console, sample: Sample) -> None:
    if told.is_terminal:
        told.print(f"{', '.join(sample.cell.labels)}: {len(sample.seen)} watches, {sample.seconds:.1f} s")


if __name__ == "__main__":
    main()
