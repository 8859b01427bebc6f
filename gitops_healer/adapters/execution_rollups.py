"""Calls summed up by tool, hour and commit, and what can be answered from the sums.

An hour in which something is stored is marked in the same transaction, and summed up again before sums are read (see
`execution_summing`): so sums are never older than the rows, and reading a year costs no more than its hours.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import orjson
from sqlalchemy import ColumnElement, Connection, Select, Table, select

from gitops_healer.adapters.execution_tables import CALLS, COUNTS, DAY, DAYS, HOUR, HOURS, WORDS
from gitops_healer.core.executions_format import FAILED, INTERRUPTED, LONGEST_MS

FOREVER: Final = (1 << 60) // DAY * DAY
"""A step that everything lies in."""

TOOL: Final = 0
"""The kind of the words that name tools."""
TOOLS_AT_ONCE: Final = 5_000
CALLED: Final = tuple(CALLS.c[name] for name in ("tool", "ts", "commit_id", "outcome", "duration", "error", "counted"))
COUNTED: Final = tuple(COUNTS.c[name] for name in ("tool", "ts", "commit_id", "passed", "failed", "latency", "errors"))


@dataclass
class Cell:
    """Calls of one tool at one commit in one step of time. start, first, last: microseconds since 1970; counted: of how
    many no single one is known; latency: {bucket: calls}; errors: {number of the error's word: failed calls},
    as far as it is known."""

    tool: int
    start: int
    commit: int
    passed: int = 0
    failed: int = 0
    counted: int = 0
    first: int = 1 << 62
    last: int = -(1 << 62)
    latency: dict[int, int] = field(default_factory=dict)
    errors: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.passed + self.failed

    def add(self, other: "Cell") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.counted += other.counted
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        _sum(self.latency, other.latency)
        _sum(self.errors, other.errors)


def _sum(into: dict[int, int], more: Mapping[int, int]) -> None:
    for key, number in more.items():
        into[key] = into.get(key, 0) + number


def _with(known: dict[int, int], more: dict[int, int]) -> dict[int, int]:
    if not known:
        return more
    _sum(known, more)
    return known


class Cells:
    """Cells that grow call by call. step: microseconds; phase: how much after its multiples a step begins."""

    def __init__(self, step: int, phase: int = 0) -> None:
        self._step = step
        self._phase = phase
        self._cells: dict[tuple[int, int, int], Cell] = {}

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells.values())

    @property
    def of_hours(self) -> bool:
        """Whether its steps are whole hours, so that sums of hours tell them."""
        return self._step % HOUR == 0 and self._phase % HOUR == 0

    @property
    def of_days(self) -> bool:
        return self._step % DAY == 0 and self._phase == 0

    def at(self, tool: int, ts: int, commit: int | None) -> Cell:
        key = (tool, ts - (ts - self._phase) % self._step, commit or 0)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = Cell(*key)
        return cell

    def add_calls(self, rows: Iterable[Any]) -> None:
        """rows: (tool, ts, commit, outcome, duration in ms, error, counted). Of counted ones only the error is news.
        Millions go through here: neighbours are mostly of one cell, and buckets are those of `core.latency`."""
        step, phase, place, cell = self._step, self._phase, (0, 0, 0), Cell(0, 0, 0)
        for tool, ts, commit, outcome, duration, error, counted in rows:
            if outcome == INTERRUPTED or (counted and error is None):
                continue
            if place != (here := (tool, (ts - phase) // step, commit)):
                place, cell = here, self.at(tool, ts, commit)
            if outcome == FAILED and error is not None:
                cell.errors[error] = cell.errors.get(error, 0) + 1
            if counted:
                continue
            if outcome == FAILED:
                cell.failed += 1
            else:
                cell.passed += 1
            if ts > cell.last:
                cell.last = ts
            if ts < cell.first:
                cell.first = ts
            if duration is not None:
                bits = (nanoseconds := int(min(duration, LONGEST_MS) * 1e6)).bit_length()
                bucket = bits << 3 | nanoseconds >> bits - 4 & 7 if bits > 4 else 40
                cell.latency[bucket] = cell.latency.get(bucket, 0) + 1

    def add_counts(self, rows: Iterable[Any]) -> None:
        """rows: (tool, ts, commit, passed, failed, latency, errors)."""
        for tool, ts, commit, passed, failed, latency, errors in rows:
            known = _numbers(errors) if errors else {}
            if passed + failed:
                self.at(tool, ts, commit).add(
                    Cell(tool, ts, 0, passed, failed, passed + failed, ts, ts, _numbers(latency), known)
                )
            elif known:
                _sum(self.at(tool, ts, commit).errors, known)


def numbers_text(numbers: Mapping[int, int]) -> str:
    """How numbers by number are stored: one after the other, which is read four times as fast as an object."""
    return orjson.dumps([number for pair in sorted(numbers.items()) for number in pair]).decode() if numbers else "[]"


def _numbers(text: str) -> dict[int, int]:
    found = orjson.loads(text)
    if isinstance(found, list):
        return dict(zip(found[::2], found[1::2], strict=True))
    return {int(key): number for key, number in found.items()}  # as an earlier version wrote it


def raw_rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """As the driver gives them: a third of the time for millions of rows."""
    result = connection.execute(query)
    yield from cast(Iterable[tuple[Any, ...]], result.cursor)
    result.close()


def cells(
    connection: Connection, since: int | None, until: int | None, tools: Sequence[int] | None = None,
    step: int = HOUR, phase: int = 0,
) -> Cells:  # fmt: skip
    """What was called in [since, until), in steps: whole hours from the sums, the rest from single calls.

    The sums have to be fresh. tools: numbers, None for all; where steps are no whole hours everything is read from
    single calls and counts.
    """
    found = Cells(step, phase)
    for part in [None] if tools is None else _parts(tools):
        _add_cells(connection, found, since, until, part)
    return found


def _parts(tools: Sequence[int]) -> Iterator[Sequence[int]]:
    return (tools[start : start + TOOLS_AT_ONCE] for start in range(0, len(tools), TOOLS_AT_ONCE))


def _add_cells(
    connection: Connection, found: Cells, since: int | None, until: int | None, tools: Sequence[int] | None
) -> None:
    first = None if since is None else -(-since // HOUR)
    after = None if until is None else until // HOUR
    if not found.of_hours or (first is not None and after is not None and first >= after):
        _add_rows(connection, found, since, until, tools)
        return
    _add_sums(connection, found, first, after, tools)
    if since is not None and first is not None and since < first * HOUR:
        _add_rows(connection, found, since, first * HOUR, tools)
    if until is not None and after is not None and after * HOUR < until:
        _add_rows(connection, found, after * HOUR, until, tools)


def _add_rows(
    connection: Connection, found: Cells, since: int | None, until: int | None, tools: Sequence[int] | None
) -> None:
    found.add_calls(raw_rows(connection, select(*CALLED).where(*_of(CALLS, CALLS.c.ts, tools, since, until))))
    counts = select(*COUNTED).where(*_of(COUNTS, COUNTS.c.ts, tools, since, until))
    found.add_counts(raw_rows(connection, counts))


def _of(
    table: Table, moment: ColumnElement[int], tools: Sequence[int] | None, since: int | None, until: int | None
) -> list[ColumnElement[bool]]:
    """Rows of these tools in [since, until). Every index begins with the tool: where a moment bounds what is read, all
    tools are named, so that one descent each is made and no older row is looked at."""
    after = [] if since is None else [moment >= since]
    before = [] if until is None else [moment < until]
    if tools is not None:
        return [table.c.tool.in_(tools) if len(tools) != 1 else table.c.tool == tools[0], *after, *before]
    every = [table.c.tool.in_(select(WORDS.c.id).where(WORDS.c.kind == TOOL))] if after or before else []
    return [*every, *after, *before]


def _add_sums(
    connection: Connection, found: Cells, first: int | None, after: int | None, tools: Sequence[int] | None
) -> None:
    """Hours from `first` to before `after`; by whole days where steps are as long."""
    start, end = None if first is None else -(-first // 24), None if after is None else after // 24
    if not found.of_days or (start is not None and end is not None and start >= end):
        _add_stored(connection, found, HOURS, HOUR, (first, after), tools)
        return
    _add_stored(connection, found, DAYS, DAY, (start, end), tools)
    if first is not None and start is not None and first < start * 24:
        _add_stored(connection, found, HOURS, HOUR, (first, start * 24), tools)
    if after is not None and end is not None and end * 24 < after:
        _add_stored(connection, found, HOURS, HOUR, (end * 24, after), tools)


def _add_stored(
    connection: Connection, found: Cells, table: Table, unit: int, within: tuple[int | None, int | None],
    tools: Sequence[int] | None,
) -> None:  # fmt: skip
    moment = table.c.day if table is DAYS else table.c.hour
    add_stored(found, unit, raw_rows(connection, select(table).where(*_of(table, moment, tools, *within))))


def add_stored(found: Cells, unit: int, rows: Iterable[tuple[Any, ...]]) -> None:
    """Sums of `unit` microseconds each. Plain tuples: a year of fifty tools has half a million hours."""
    for row in rows:
        number, at, commit, passed, failed, counted, start, end, latency, errors = row
        cell = found.at(number, at * unit, commit)
        cell.passed += passed
        cell.failed += failed
        cell.counted += counted
        cell.first, cell.last = min(cell.first, start), max(cell.last, end)
        if len(latency) > 2:
            cell.latency = _with(cell.latency, _numbers(latency))
        if len(errors) > 2:
            cell.errors = _with(cell.errors, _numbers(errors))
