"""How repairs ended, and the tables that say it."""

import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from patches import Told

STARTING = 5.0
"""Seconds that starting the command may take beside its budget."""
SEARCH = ("single edits", "two edits")
"""The phases in which candidates are tried."""
UNTOLD = "cannot be told"
Case = TypeVar("Case")


@dataclass(frozen=True)
class Judged:
    """A patch of the engine. why: what is wrong with it, "" when it is correct; exact: it has the syntax tree
    of what was there before the bug."""

    template: str
    title: str
    diff: str
    plausible: bool
    correct: bool
    why: str = ""
    exact: bool = False


@dataclass(frozen=True)
class Result:
    """One bug. judged: the first patches, best first."""

    name: str
    kind: str
    told: Told
    judged: tuple[Judged, ...]

    @property
    def plausible(self) -> bool:
        """Within the budget."""
        return bool(self.judged) and self.judged[0].plausible and not self.late

    @property
    def late(self) -> bool:
        return self.told.seconds > self.told.budget + STARTING

    @property
    def rank(self) -> int:
        """Of the first correct patch, 0 when there is none."""
        return next((number for number, one in enumerate(self.judged, 1) if one.correct), 0)

    @property
    def untold(self) -> bool:
        """Whether nobody could find out what the first patch does: neither right nor a false claim."""
        return bool(self.judged) and self.judged[0].why.startswith(UNTOLD)

    @property
    def false_claim(self) -> bool:
        return self.told.certain and bool(self.judged) and self.rank != 1 and not self.untold

    @property
    def verdict(self) -> str:
        if self.rank:
            return "right" if self.rank == 1 else f"right at {self.rank}"
        if not self.judged:
            return self.told.status.replace("_", " ")
        if self.untold:
            return "untold"
        return "plausible" if self.judged[0].plausible else "WRONG PATCH"


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as needed, the first to the left, figures to the right."""
    cells = [[_cell(value) for value in row] for row in [titles, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(both))
        for both in ([*zip(row, widths, strict=True)] for row in cells)
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _cell(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def share(count: int, of: int) -> str:
    return f"{count} of {of} ({count / of:.0%})" if of else "0 of 0"


def by_group(results: Sequence[Result], title: str, key: Callable[[Result], str]) -> str:
    rows = [_figures(name, [one for one in results if key(one) == name]) for name in sorted(set(map(key, results)))]
    titles = (title, "bugs", "plausible", "right at 1", "right in 3", "false claims", "median s")
    return table(titles, [*rows, _figures("all", results)])


def _figures(name: str, of: Sequence[Result]) -> tuple[object, ...]:
    first, three = sum(one.rank == 1 for one in of), sum(0 < one.rank <= 3 for one in of)
    sure_and_wrong = sum(one.false_claim for one in of)
    plausible = sum(one.plausible for one in of)
    return name, len(of), plausible, first, three, sure_and_wrong, median(one.told.seconds for one in of)


def by_template(results: Sequence[Result]) -> str:
    """Candidates that each template gave, where the command says so, and of the looked-at patches how many, by rank."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in results:
        for template, tried in one.told.tried.items():
            counts[template]["tried"] += tried
        for rank, patch in enumerate(one.judged, 1):
            place = "first" if rank == 1 else "later"
            counts[patch.template][place] += 1
            counts[patch.template][f"{place} plausible"] += patch.plausible
            counts[patch.template][f"{place} correct"] += patch.correct
    columns = ["tried", *(f"{place}{what}" for place in ("first", "later") for what in ("", " plausible", " correct"))]
    titles = ("template", "tried", "at rank 1", "plausible", "correct", "later", "plausible", "correct")
    ordered = sorted(counts.items(), key=lambda item: (-item[1]["first"], -item[1]["later"], item[0]))
    return table(titles, [(name, *(count[column] for column in columns)) for name, count in ordered])


def certainty(results: Sequence[Result]) -> str:
    given = [one for one in results if one.judged and not one.untold]
    cells = Counter((one.told.certain, one.rank == 1) for one in given)
    rows = [("certain", cells[True, True], cells[True, False]), ("asked", cells[False, True], cells[False, False])]
    return table(("rank 1 is", "right", "wrong"), rows)


def time_spent(results: Sequence[Result]) -> str:
    total = sum(one.told.seconds for one in results)
    candidates = sum(one.told.candidates for one in results)
    spent: defaultdict[str, float] = defaultdict(float)
    for one in results:
        for phase, seconds in one.told.phases.items():
            spent[phase] += seconds
    spent["outside of the phases"] = max(0.0, total - sum(spent.values()))
    rate = f"{candidates} candidates in {total:.0f} s of wall clock: {_speed(results):.1f} a second"
    search = sum(spent[phase] for phase in SEARCH if phase in spent)
    while_searching = f"; {candidates / search:.0f} a second of search" if search else ""
    ordered = sorted(spent.items(), key=lambda item: -item[1])
    rows = [(name, seconds, f"{seconds / max(total, 0.001):.0%}") for name, seconds in ordered]
    busy = f"load of the machine in the last 15 minutes: {os.getloadavg()[2]:.1f} on {os.cpu_count()} processors"
    return f"{rate}{while_searching}; {busy}\n" + table(("phase", "seconds", "share"), rows)


def trouble(results: Sequence[Result]) -> str:
    """What should never be."""
    found = {
        "ended in an error": [one for one in results if one.told.status == "error"],
        "said that nothing fails": [one for one in results if one.told.status == "nothing_failing"],
        f"took more than {STARTING:g} s over the budget": [one for one in results if one.late],
        "left files behind": [one for one in results if one.told.left],
        "first patch fails in a fresh process": [one for one in results if one.judged and not one.judged[0].plausible],
    }
    rows = [(what, len(of), ", ".join(one.name for one in of[:3])) for what, of in found.items()]
    return table(("trouble", "bugs", "such as"), rows)


def goals(results: Sequence[Result]) -> str:
    count, claims = len(results), sum(one.told.certain and bool(one.judged) for one in results)
    wrong = sum(one.false_claim for one in results)
    reached = [
        ("plausible within the budget", sum(one.plausible for one in results), count, 0.85, True),
        ("correct at rank 1", sum(one.rank == 1 for one in results), count, 0.75, True),
        ("correct in the first three", sum(0 < one.rank <= 3 for one in results), count, 0.85, True),
        ("false claims, of all bugs", wrong, count, 0.03, False),
        ("false claims, of what was called certain", wrong, claims, 0.03, False),
    ]
    rows = [
        (name, share(got, of), f"{'at least' if least else 'under'} {goal:.0%}", _met(got, of, goal, least))
        for name, got, of, goal, least in reached
    ]
    return table(("totals", "", "goal", ""), rows)


def _met(got: int, of: int, goal: float, least: bool) -> str:
    return "" if not of else "met" if (got / of >= goal if least else got / of < goal) else "NOT MET"


def ratio(results: Sequence[Result], naive: Sequence[Result]) -> str:
    """Ours and the baseline on the same bugs."""
    names = {one.name for one in naive}
    pairs = {"repair": [one for one in results if one.name in names], "random mutations": naive}
    speeds = [_speed(of) for of in pairs.values()]
    rows = [(*_figures(name, of), speed) for (name, of), speed in zip(pairs.items(), speeds, strict=True)]
    titles = ("same bugs", "bugs", "plausible", "right at 1", "right in 3", "false claims", "median s", "a second")
    right = " against ".join(str(sum(one.rank == 1 for one in of)) for of in pairs.values())
    faster = f"; {speeds[0] / speeds[1]:.0f} times as many candidates a second" if speeds[1] else ""
    return f"{table(titles, rows)}\nright at rank 1: {right}{faster}"


def _speed(of: Sequence[Result]) -> float:
    """Candidates a second of wall clock."""
    return sum(one.told.candidates for one in of) / max(sum(one.told.seconds for one in of), 0.001)


def report(results: Sequence[Result], naive: Sequence[Result]) -> None:
    print(f"\n{by_group(results, 'class of bug', lambda one: one.kind)}")
    for part in (by_template, certainty, time_spent, trouble, goals):
        print(f"\n{part(results)}")
    if naive:
        print(f"\n{ratio(results, naive)}")


def line(result: Result) -> str:
    template = result.judged[0].template if result.judged else ""
    sure = "certain" if result.told.certain else "asked" if result.told.question else ""
    claim = "FALSE CLAIM" if result.false_claim else sure
    figures = f"{result.told.seconds:6.1f} s {result.told.candidates:7}"
    why = result.judged[0].why if result.judged else result.told.reason
    told = f"{result.name:42} {result.kind:28} {result.verdict:12} {claim:11} {figures} {template:22}"
    left = f" | LEFT BEHIND {result.told.left!r}" if result.told.left else ""
    return f"{told} {' '.join(why.split())[:150]}{left}".rstrip()


def in_turn(cases: Sequence[Case], jobs: int, work: Callable[[Case], Result | None]) -> Iterator[Result]:
    """Results as they come, but of cases without one; with one job in this thread, so that Ctrl-C ends what runs."""
    if jobs == 1:
        yield from filter(None, map(work, cases))
        return
    pool = ThreadPoolExecutor(jobs)
    try:
        running = [pool.submit(work, case) for case in cases]
        yield from filter(None, (done.result() for done in as_completed(running)))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def collect(results: Iterator[Result]) -> list[Result]:
    """Print one line a result; Ctrl-C ends it with what there is."""
    found: list[Result] = []
    try:
        for one in results:
            found.append(one)
            print(line(one), flush=True)
    except KeyboardInterrupt:
        print("stopped; this is what there is", flush=True)
    return found


def end_like_ctrl_c() -> None:
    """SIGTERM prints what there is, as Ctrl-C does, which also works where the shell had it ignored."""

    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def save(path: Path, **results: Sequence[Any]) -> None:
    """Everything, diffs as well, for reading."""
    rows = {name: [{**asdict(one), "verdict": one.verdict} for one in of] for name, of in results.items()}
    path.write_text(json.dumps(rows, indent=1, default=str), encoding="utf-8")
