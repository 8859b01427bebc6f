"""The execution store: what tools did in production, counted and kept (SQLAlchemy Core; SQLite or PostgreSQL)."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    func,
    literal_column,
    select,
    update,
)

from gitops_healer.adapters.execution_ahead import read_ahead
from gitops_healer.adapters.execution_inbox import has_inbox, read_inbox
from gitops_healer.adapters.execution_lines import BROKEN_LIMIT, Batch, batch_of, read_executions
from gitops_healer.adapters.execution_pruning import CALLS_KIND, MINUTES, prunable, prune, pruned_until
from gitops_healer.adapters.execution_rollups import FOREVER, TOOL, Cell, cells, numbers_text
from gitops_healer.adapters.execution_summing import is_stale, mark_hours, refresh
from gitops_healer.adapters.execution_tables import CALLS, COUNTS, HOUR, STORE, WORDS, Database, open_database
from gitops_healer.core.execution import Execution, Pruned, Slice, ToolStats
from gitops_healer.core.executions_format import (
    EPOCH,
    INTERRUPTED,
    MICROSECOND,
    PASSED,
    Call,
    Count,
    cut_names,
    made_id,
    payload_of,
)
from gitops_healer.core.latency import quantile
from gitops_healer.errors import UsageError
from gitops_healer.ports import Imported

COMMIT: Final = 1
ERROR: Final = 2
WORDS_REMEMBERED: Final = 50_000
AT_ONCE: Final = 5_000
EXACT: Final = 50_000
"""Calls of which exact quantiles are worth a sort."""
STEPS: Final = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))

_COLUMNS: Final = (
    "tool", "ts", "outcome", "duration", "commit_id", "key", "error", "input", "given", "payload", "cut", "counted",
)  # fmt: skip
_COUNTS_COLUMNS: Final = tuple(column.name for column in COUNTS.columns)

# Literals, not parameters: only then does the database see that the index of failures answers.
_FAILED: Final = CALLS.c.outcome == literal_column("0")
_COUNTED: Final = and_(CALLS.c.outcome != literal_column(str(INTERRUPTED)), CALLS.c.counted == literal_column("0"))

Words = dict[tuple[int, str], int]


def open_executions(place: str | Path) -> "SqlExecutions":
    """place: a path (SQLite in WAL mode, made when missing) or a URL (`postgresql://user@host/database`).

    Raises UsageError for a place that cannot hold a store, HealerError when the database is damaged or locked,
    ForgeError when a database server does not answer.
    """
    store = SqlExecutions(open_database(place))
    store.sync()
    return store


class SqlExecutions:
    """ExecutionStore in a SQL database. Calls that were interrupted from outside are kept but never counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._synced = Imported(0, 0, ())

    def close(self) -> None:
        self._database.close()

    def add(self, executions: Iterable[Execution]) -> Imported:
        """Numbers of broken ones are positions from 1."""
        return self._store(read_executions(executions), None)

    def import_jsonl(self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None) -> Imported:
        """JSON Lines; a batch is stored whole or not at all, and importing again adds only what is missing.

        lines: see `bounded_lines` for files whose lines may have any length; progress: is told the lines read so far.
        At most 10,000 broken lines are reported one by one.
        """
        return self._store(read_ahead(lines), progress)

    def sync(self) -> Imported:
        """Store what recorders left in this database's inbox, and say what was there since the store was opened.

        A line leaves the inbox in the transaction that stores it; numbers of broken lines are those of the inbox.
        """
        with self._database.connect() as connection:
            words: Words = {}
            while has_inbox(connection):
                done = Imported(0, 0, ())
                with connection.begin():
                    for batch in read_inbox(connection):
                        part, words = _store_in(connection, batch, words)
                        done += part
                done = self._synced + done
                self._synced = replace(done, broken=done.broken[:BROKEN_LIMIT])
        return self._synced

    def _store(self, batches: Iterator[Batch], progress: Callable[[int], None] | None) -> Imported:
        done, broken, unsaid, lines = Imported(0, 0, ()), list[tuple[int, str]](), 0, 0
        with self._database.connect() as connection:
            words: Words = {}
            for batch in batches:
                part, words = _store_batch(connection, batch, words)
                done += replace(part, broken=())
                room, lines = BROKEN_LIMIT - len(broken), batch.lines
                broken, unsaid = broken + list(batch.broken[:room]), unsaid + len(batch.broken[room:])
                if progress is not None:
                    progress(lines)
        said = [(lines, f"{unsaid:,} more lines up to here are broken")] if unsaid else []
        return replace(done, broken=(*broken, *said))

    def tools(self) -> tuple[str, ...]:
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(select(WORDS.c.word).where(WORDS.c.kind == TOOL)).scalars()))

    def stats(self, since: datetime | None = None, until: datetime | None = None) -> tuple[ToolStats, ...]:
        """Per tool, in [since, until), by tool name. Quantiles are exact for few calls that are all known one by one,
        else read from buckets (at most 6.7 % off, see `core.latency`)."""
        start, end = _edges(since, until)
        with self._fresh() as connection:
            found = _by_tool(cells(connection, start, end, step=FOREVER))
            words = _words_of(connection, found.keys() | {error for cell in found.values() for error in cell.errors})
            inputs = {row.tool: row.inputs for row in connection.execute(_inputs(since, until))}
            few = sum(cell.total for cell in found.values()) <= EXACT
            exact = few and not any(cell.counted for cell in found.values())
            quantiles = _quantiles(connection, since, until) if exact else {}
        stats = (
            ToolStats(
                words[tool], cell.total, cell.failed, _moment(cell.first), _moment(cell.last),
                *(quantiles.get(tool, (None, None)) if exact else _buckets(cell)), inputs.get(tool, 0),
                _ranked(cell, words),
            )
            for tool, cell in found.items() if cell.total
        )  # fmt: skip
        return tuple(sorted(stats, key=lambda one: one.tool))

    def timeline(self, tool: str, since: datetime, until: datetime, step: timedelta) -> tuple[Slice, ...]:
        """See `ports.ExecutionStore`. Raises UsageError for a step that is no minute, hour or day."""
        if step not in STEPS:
            raise UsageError(f"a timeline goes by the minute, the hour or the day, not by {step}")
        return self.timelines(since, until, step, tools=(tool,)).get(tool, ())

    def timelines(
        self,
        since: datetime,
        until: datetime,
        step: timedelta,
        *,
        tools: Collection[str] | None = None,
        origin: datetime | None = None,
    ) -> dict[str, tuple[Slice, ...]]:
        """See `ports.ExecutionStore`. Raises UsageError for a step that is none of those named there."""
        phase = _phase(step, origin)
        with self._fresh() as connection:
            numbers = None if tools is None else _tool_ids(connection, tools)
            every = cells(connection, *_edges(since, until), numbers, step // MICROSECOND, phase)
            found = [cell for cell in every if cell.total]
            words = _words_of(connection, _numbers_in(found))
        found.sort(key=lambda cell: (cell.tool, cell.start, words.get(cell.commit, "")))
        moments = {start: _moment(start) for start in {cell.start for cell in found}}
        lines: dict[str, list[Slice]] = {}
        for cell in found:
            lines.setdefault(words[cell.tool], []).append(_slice(cell, moments[cell.start], words))
        return {tool: tuple(lines[tool]) for tool in sorted(lines)}

    def prune(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        """See `ports.ExecutionStore`. Lines of calls and counts that are older than what was removed are refused from
        then on."""
        return prune(self._database, *(_micros(now - age) for age in (payloads, calls, minutes)))

    def prunable(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        """What `prune` would remove, without removing it; counts: of those that stand there now."""
        return prunable(self._database, *(_micros(now - age) for age in (payloads, calls, minutes)))

    def executions(
        self,
        tool: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        ok: bool | None = None,
        limit: int = 100,
    ) -> tuple[Execution, ...]:
        """Newest first. ok=False leaves out calls that were interrupted."""
        outcome = [] if ok is None else [CALLS.c.outcome == PASSED if ok else _FAILED]
        query = (
            select(CALLS, WORDS.c.word.label("sha"))
            .outerjoin(WORDS, WORDS.c.id == CALLS.c.commit_id)
            .where(CALLS.c.tool == _tool_id(tool), *_within(since, until), *outcome)
            .order_by(CALLS.c.ts.desc(), CALLS.c.key.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(_execution(tool, row) for row in connection.execute(query))

    def counts_by_commit(
        self, tool: str, since: datetime, until: datetime
    ) -> tuple[tuple[str | None, datetime, datetime, int, int, int], ...]:
        """(commit or None, first ts, last ts, total, failed, distinct failing inputs), oldest first."""
        with self._fresh() as connection:
            number = connection.execute(select(_tool_id(tool))).scalar()
            if number is None:
                return ()
            found = _by_commit(cells(connection, *_edges(since, until), (number,), FOREVER))
            words = _words_of(connection, found.keys())
            failing = (
                select(CALLS.c.commit_id, func.count(CALLS.c.input.distinct()).label("inputs"))
                .where(CALLS.c.tool == number, _FAILED, *_within(since, until))
                .group_by(CALLS.c.commit_id)
            )
            inputs = {row.commit_id or 0: row.inputs for row in connection.execute(failing)}
        rows = sorted(
            (cell for cell in found.values() if cell.total), key=lambda cell: (cell.first, words.get(cell.commit, ""))
        )
        return tuple(
            (
                words.get(cell.commit), _moment(cell.first), _moment(cell.last), cell.total, cell.failed,
                inputs.get(cell.commit, 0),
            )
            for cell in rows
        )  # fmt: skip

    def failing_inputs(
        self, tool: str, since: datetime, until: datetime, commits: Collection[str | None], limit: int = 1000
    ) -> frozenset[int]:
        """Tokens of different inputs that failed at any of these commits (None: no commit was recorded)."""
        found: set[int] = set()
        shas = sorted(sha for sha in commits if sha is not None)
        parts = [CALLS.c.commit_id.in_(_commit_ids(shas[i : i + AT_ONCE])) for i in range(0, len(shas), AT_ONCE)]
        with self._database.read() as connection:
            for part in [*parts, *([CALLS.c.commit_id.is_(None)] if None in commits else [])]:
                where = (CALLS.c.tool == _tool_id(tool), _FAILED, *_within(since, until), part)
                query = select(CALLS.c.input).distinct().where(*where).limit(limit)
                found.update(connection.execute(query).scalars())
        return frozenset(sorted(found)[:limit])

    def version(self) -> str:
        """Which store it is, and how many calls were ever stored in it."""
        with self._database.read() as connection:
            row = connection.execute(select(STORE.c.token, STORE.c.stored)).one()
        return f"{row.token}-{row.stored}"

    @contextmanager
    def _fresh(self) -> Iterator[Connection]:
        """For reading sums: what was stored since they were made is added first."""
        with self._database.read() as connection:
            stale = is_stale(connection)
        if stale:
            with self._database.connect() as connection:
                refresh(connection)
        with self._database.read() as connection:
            yield connection


def _commit_ids(shas: Sequence[str]) -> Any:
    return select(WORDS.c.id).where(WORDS.c.kind == COMMIT, WORDS.c.word.in_(shas))


def _tool_id(tool: str) -> Any:
    tool = tool if tool.isprintable() else ""  # such a name is never stored, and not every one can be asked for
    return select(WORDS.c.id).where(WORDS.c.kind == TOOL, WORDS.c.word == tool).scalar_subquery()


def _tool_ids(connection: Connection, tools: Collection[str]) -> list[int]:
    """Numbers of the tools among these that are known."""
    names, found = sorted({tool for tool in tools if tool.isprintable()}), list[int]()
    for start in range(0, len(names), AT_ONCE):
        query = select(WORDS.c.id).where(WORDS.c.kind == TOOL, WORDS.c.word.in_(names[start : start + AT_ONCE]))
        found.extend(connection.execute(query).scalars())
    return sorted(found)


def _phase(step: timedelta, origin: datetime | None) -> int:
    """How many microseconds after its multiples a step begins."""
    minutes, rest = divmod(step, timedelta(minutes=1))
    whole = not rest and 0 < minutes <= 24 * 60
    if not whole or (origin is None and 60 % minutes and step != timedelta(days=1)):
        raise UsageError(
            "timelines go by whole minutes that divide an hour (1, 5, 10, 15, 30, 60) or by the day, and from an "
            f"origin by any whole minutes up to a day, not by {step}"
        )
    return 0 if origin is None else _micros(origin) % (step // MICROSECOND)


def _numbers_in(found: Iterable[Cell]) -> set[int]:
    """Of all words in these cells."""
    numbers: set[int] = set()
    for cell in found:
        numbers |= {cell.tool, cell.commit}
        numbers.update(cell.errors)
    return numbers


def _slice(cell: Cell, start: datetime, words: Mapping[int, str]) -> Slice:
    errors = tuple(sorted((words.get(error, ""), number) for error, number in cell.errors.items()))
    return Slice(start, words.get(cell.commit), cell.total, cell.failed, tuple(sorted(cell.latency.items())), errors)


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moment(micros: int) -> datetime:
    return EPOCH + micros * MICROSECOND


def _within(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    after = [] if since is None else [CALLS.c.ts >= _micros(since)]
    return after if until is None else [*after, CALLS.c.ts < _micros(until)]


def _of_tools(since: datetime | None, until: datetime | None, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Calls joined to their tool's word: one descent into the index a tool, then only the rows of the window."""
    return and_(WORDS.c.kind == TOOL, CALLS.c.tool == WORDS.c.id, *_within(since, until), *more)


def _inputs(since: datetime | None, until: datetime | None) -> Select[Any]:
    return (
        select(CALLS.c.tool, func.count(CALLS.c.input.distinct()).label("inputs"))
        .where(_of_tools(since, until, _FAILED))
        .group_by(CALLS.c.tool)
    )


def _edges(since: datetime | None, until: datetime | None) -> tuple[int | None, int | None]:
    return None if since is None else _micros(since), None if until is None else _micros(until)


def _by_tool(found: Iterable[Cell]) -> dict[int, Cell]:
    sums: dict[int, Cell] = {}
    for cell in found:
        sums.setdefault(cell.tool, Cell(cell.tool, 0, 0)).add(cell)
    return sums


def _by_commit(found: Iterable[Cell]) -> dict[int, Cell]:
    sums: dict[int, Cell] = {}
    for cell in found:
        sums.setdefault(cell.commit, Cell(cell.tool, 0, cell.commit)).add(cell)
    return sums


def _words_of(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """{number: word}; 0 is no word."""
    found: dict[int, str] = {}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), AT_ONCE):
        query = select(WORDS.c.id, WORDS.c.word).where(WORDS.c.id.in_(wanted[start : start + AT_ONCE]))
        found.update({row.id: row.word for row in connection.execute(query)})
    return found


def _ranked(cell: Cell, words: Mapping[int, str]) -> tuple[tuple[str, int], ...]:
    """Failures by the type of their error, "" for those of which it is not known."""
    causes = [(words.get(error, ""), number) for error, number in cell.errors.items()]
    if (unknown := cell.failed - sum(cell.errors.values())) > 0:
        causes.append(("", unknown))
    return tuple(sorted(causes, key=lambda cause: (-cause[1], cause[0])))


def _buckets(cell: Cell) -> tuple[float | None, float | None]:
    return quantile(cell.latency, 0.5), quantile(cell.latency, 0.95)


def _quantiles(
    connection: Connection, since: datetime | None, until: datetime | None
) -> dict[int, tuple[float | None, float | None]]:
    """(median, 95th percentile) a tool. The database sorts."""
    tool, duration = CALLS.c.tool, CALLS.c.duration
    ranked = (
        select(
            tool, duration, func.row_number().over(partition_by=tool, order_by=duration).label("rank"),
            func.count().over(partition_by=tool).label("timed"),
        )
        .where(_of_tools(since, until, _COUNTED), duration.is_not(None))
        .subquery()
    )  # fmt: skip
    middle, high = (ranked.c.timed - 1) * 50 // 100 + 1, (ranked.c.timed - 1) * 95 // 100 + 1
    at: dict[tuple[int, int], float] = {}
    timed: dict[int, Row[Any]] = {}
    for row in connection.execute(select(ranked).where(ranked.c.rank.in_((middle, middle + 1, high, high + 1)))):
        at[row.tool, row.rank] = row.duration
        timed[row.tool] = row
    return {number: (_quantile(at, row, 50), _quantile(at, row, 95)) for number, row in timed.items()}


def _quantile(at: dict[tuple[int, int], float], row: Row[Any], percent: int) -> float | None:
    below, rest = divmod((row.timed - 1) * percent, 100)
    low = at[row.tool, below + 1]
    return low + (at[row.tool, below + 2] - low) * rest / 100 if rest else low


def _execution(tool: str, row: Row[Any]) -> Execution:
    payload = payload_of(row.payload)
    return Execution(
        row.given or made_id(row.ts, row.key), tool, _moment(row.ts), row.outcome == PASSED, row.duration,
        payload.args, payload.kwargs, payload.result, payload.error, row.sha, cut_names(row.cut),
        payload.unreplayable, payload.caller,
    )  # fmt: skip


def _store_batch(connection: Connection, batch: Batch, known: Words) -> tuple[Imported, Words]:
    """(what was stored, words known now). All of the batch or, when it raises, nothing."""
    if not batch.size:
        return Imported(0, 0, batch.broken), known
    with connection.begin():
        return _store_in(connection, batch, known)


def _store_in(connection: Connection, batch: Batch, known: Words) -> tuple[Imported, Words]:
    """The same, inside a transaction that has begun."""
    words = known.copy() if len(known) < WORDS_REMEMBERED else {}
    young = _young(connection, batch)
    _learn(connection, young, words)
    calls = _insert_calls(connection, young, words)
    counts, counted = _insert_counts(connection, young.counts, words)
    new, late = calls + counts, batch.size - young.size
    if new:
        connection.execute(update(STORE).values(stored=STORE.c.stored + new))
    return Imported(new, young.size - new, batch.broken, late, counts, counted), words


def _young(connection: Connection, batch: Batch) -> Batch:
    """Without what a clean-up would have removed: it may have been counted already."""
    until, minutes = pruned_until(connection, CALLS_KIND), pruned_until(connection, MINUTES)
    counts = tuple(count for count in batch.counts if count[1] >= minutes)
    if batch.calls and min(batch.calls[1]) < until:
        rows = zip(*batch.calls, strict=True)
        calls = [Call._make((*row[:6], False, *row[6:])) for row in rows if row[1] >= until]
        return batch_of(calls, counts, batch.broken, batch.lines)
    return batch._replace(counts=counts)


def _insert_calls(connection: Connection, batch: Batch, words: Words) -> int:
    """Column by column: no row is touched one by one before the database's driver does."""
    if not batch.calls:
        return 0
    number_of = [
        {word: None if word is None else words[kind, word] for word in found} for kind, found in enumerate(batch.words)
    ]
    tools, ts, outcomes, durations, commits, keys, errors, *rest = batch.calls
    mark_hours(connection, ((words[TOOL, tool], hour) for tool, hour in batch.hours))
    return _insert(connection, CALLS, _COLUMNS, zip(
        map(number_of[TOOL].__getitem__, tools), ts, outcomes, durations, map(number_of[COMMIT].__getitem__, commits),
        keys, map(number_of[ERROR].__getitem__, errors), *rest, strict=True,
    ))  # fmt: skip


def _insert_counts(connection: Connection, counts: Sequence[tuple[Any, ...]], words: Words) -> tuple[int, int]:
    """(how many were new, calls that the new ones count). Row by row: only so can be told which are new."""
    rows = sorted((_counts_row(Count(*count), words) for count in counts), key=itemgetter(0, 1, 2))
    mark_hours(connection, {(row[0], row[1] // HOUR) for row in rows})
    new = [row for row in rows if _insert(connection, COUNTS, _COUNTS_COLUMNS, [row])]
    return len(new), sum(row[4] + row[5] for row in new)


def _insert(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """How many were new. SQLite takes rows as they come, past SQLAlchemy; a server gets them in the order of the
    index, so that two writers cannot wait for each other in a ring."""
    statement = _insertion(connection, table, columns)
    if connection.dialect.name == "sqlite":
        cursor = cast(sqlite3.Cursor, connection.connection.cursor())
        try:
            return max(0, cursor.executemany(statement, rows).rowcount)
        finally:
            cursor.close()
    ordered = sorted(rows, key=itemgetter(*map(columns.index, ("tool", "ts", "key"))))
    return max(0, connection.exec_driver_sql(statement, ordered).rowcount) if ordered else 0


def _insertion(connection: Connection, table: Table, columns: Sequence[str]) -> str:
    """Plain SQL, since tens of thousands of rows a second go through it; what is there already is left alone."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"


def _learn(connection: Connection, batch: Batch, words: Words) -> None:
    """Give every name in these calls its number."""
    wanted = {(kind, word) for kind, found in enumerate(batch.words) for word in found}
    wanted |= {(TOOL, count[0]) for count in batch.counts} | {(COMMIT, count[2]) for count in batch.counts}
    missing = sorted((kind, word) for kind, word in wanted - words.keys() if word is not None)
    for start in range(0, len(missing), AT_ONCE):
        part = missing[start : start + AT_ONCE]
        connection.exec_driver_sql(_insertion(connection, WORDS, ("kind", "word")), part)
        for kind in (TOOL, COMMIT, ERROR):
            known = select(WORDS).where(WORDS.c.kind == kind, WORDS.c.word.in_([w for k, w in part if k == kind]))
            words.update({(row.kind, row.word): row.id for row in connection.execute(known)})


def _counts_row(count: Count, words: Words) -> tuple[Any, ...]:
    """In the order of _COUNTS_COLUMNS."""
    commit = None if count.commit is None else words[COMMIT, count.commit]
    return (
        words[TOOL, count.tool], count.ts, count.key, commit, count.passed, count.failed, count.interrupted,
        numbers_text(count.latency), None,
    )  # fmt: skip
