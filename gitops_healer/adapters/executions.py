"""The execution store: what tools did in production, counted and kept (SQLAlchemy Core; SQLite or PostgreSQL)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

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

from gitops_healer.adapters.execution_lines import BROKEN_LIMIT, Batch, read_executions, read_lines
from gitops_healer.adapters.execution_tables import CALLS, STORE, WORDS, Database, open_database
from gitops_healer.core.execution import Execution, ToolStats
from gitops_healer.core.executions_format import (
    EPOCH,
    INTERRUPTED,
    MICROSECOND,
    PASSED,
    Call,
    cut_names,
    made_id,
    payload_of,
)
from gitops_healer.ports import Imported

TOOL: Final = 0
COMMIT: Final = 1
ERROR: Final = 2
WORDS_REMEMBERED: Final = 50_000
AT_ONCE: Final = 5_000

_COLUMNS: Final = tuple(column.name for column in CALLS.columns if column.name != "id")
_place: Final = itemgetter(0, 1, 2)

# Literals, not parameters: only then does the database see that the index of failures answers.
_FAILED: Final = CALLS.c.outcome == literal_column("0")
_COUNTED: Final = CALLS.c.outcome != literal_column(str(INTERRUPTED))

Words = dict[tuple[int, str], int]


def open_executions(place: str | Path) -> "SqlExecutions":
    """place: a path (SQLite in WAL mode, made when missing) or a URL (`postgresql://user@host/database`).

    Raises UsageError for a place that cannot hold a store, HealerError when the database is damaged or locked,
    ForgeError when a database server does not answer.
    """
    return SqlExecutions(open_database(place))


class SqlExecutions:
    """ExecutionStore in a SQL database. Calls that were interrupted from outside are kept but never counted."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        return self._store(read_lines(lines), progress)

    def _store(self, batches: Iterator[Batch], progress: Callable[[int], None] | None) -> Imported:
        stored, known, unsaid, lines = 0, 0, 0, 0
        broken: list[tuple[int, str]] = []
        with self._database.connect() as connection:
            words: Words = {}
            for batch in batches:
                new, words = _store_batch(connection, batch.calls, words)
                stored, known = stored + new, known + len(batch.calls) - new
                room, lines = BROKEN_LIMIT - len(broken), batch.lines
                broken, unsaid = broken + batch.broken[:room], unsaid + len(batch.broken[room:])
                if progress is not None:
                    progress(lines)
        said = [(lines, f"{unsaid:,} more lines up to here are broken")] if unsaid else []
        return Imported(stored, known, (*broken, *said))

    def tools(self) -> tuple[str, ...]:
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(select(WORDS.c.word).where(WORDS.c.kind == TOOL)).scalars()))

    def stats(self, since: datetime | None = None, until: datetime | None = None) -> tuple[ToolStats, ...]:
        """Per tool, in [since, until), by tool name. Quantiles are interpolated between neighbours, and exact."""
        with self._database.read() as connection:
            totals = connection.execute(_totals(since, until)).all()
            causes = _grouped(connection.execute(_causes(since, until)).all())
            inputs = {row.tool: row.inputs for row in connection.execute(_inputs(since, until))}
            quantiles = _quantiles(connection, totals, since, until)
        found = (
            ToolStats(
                row.word, row.total, row.failed, _moment(row.first), _moment(row.last), *quantiles[row.tool],
                inputs.get(row.tool, 0), causes.get(row.tool, ()),
            )
            for row in totals
        )  # fmt: skip
        return tuple(sorted(found, key=lambda stats: stats.tool))

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
        counts = (
            select(
                CALLS.c.commit_id, func.min(CALLS.c.ts).label("first"), func.max(CALLS.c.ts).label("last"),
                func.count().label("total"), func.sum(1 - CALLS.c.outcome).label("failed"),
                func.count(CALLS.c.input.distinct()).label("inputs"),
            )
            .where(CALLS.c.tool == _tool_id(tool), _COUNTED, *_within(since, until))
            .group_by(CALLS.c.commit_id)
            .subquery()
        )  # fmt: skip
        query = select(counts, WORDS.c.word).outerjoin(WORDS, WORDS.c.id == counts.c.commit_id)
        with self._database.read() as connection:
            rows = sorted(connection.execute(query), key=lambda row: (row.first, row.word or ""))
        return tuple((r.word, _moment(r.first), _moment(r.last), r.total, r.failed, r.inputs) for r in rows)

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


def _commit_ids(shas: Sequence[str]) -> Any:
    return select(WORDS.c.id).where(WORDS.c.kind == COMMIT, WORDS.c.word.in_(shas))


def _tool_id(tool: str) -> Any:
    tool = tool if tool.isprintable() else ""  # such a name is never stored, and not every one can be asked for
    return select(WORDS.c.id).where(WORDS.c.kind == TOOL, WORDS.c.word == tool).scalar_subquery()


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


def _totals(since: datetime | None, until: datetime | None) -> Select[Any]:
    return (
        select(
            CALLS.c.tool, WORDS.c.word, func.count().label("total"), func.sum(1 - CALLS.c.outcome).label("failed"),
            func.min(CALLS.c.ts).label("first"), func.max(CALLS.c.ts).label("last"),
            func.count(CALLS.c.duration).label("timed"),
        )
        .where(_of_tools(since, until, _COUNTED))
        .group_by(CALLS.c.tool, WORDS.c.word)
    )  # fmt: skip


def _causes(since: datetime | None, until: datetime | None) -> Select[Any]:
    counts = (
        select(CALLS.c.tool, CALLS.c.error, func.count().label("failed"))
        .where(_of_tools(since, until, _FAILED))
        .group_by(CALLS.c.tool, CALLS.c.error)
        .subquery()
    )
    return select(counts.c.tool, counts.c.failed, WORDS.c.word).outerjoin(WORDS, WORDS.c.id == counts.c.error)


def _inputs(since: datetime | None, until: datetime | None) -> Select[Any]:
    return (
        select(CALLS.c.tool, func.count(CALLS.c.input.distinct()).label("inputs"))
        .where(_of_tools(since, until, _FAILED))
        .group_by(CALLS.c.tool)
    )


def _grouped(rows: Iterable[Row[Any]]) -> dict[int, tuple[tuple[str, int], ...]]:
    found: dict[int, list[tuple[str, int]]] = {}
    for row in rows:
        found.setdefault(row.tool, []).append((row.word or "", row.failed))
    return {tool: tuple(sorted(causes, key=lambda cause: (-cause[1], cause[0]))) for tool, causes in found.items()}


def _quantiles(
    connection: Connection, totals: Sequence[Row[Any]], since: datetime | None, until: datetime | None
) -> dict[int, tuple[float | None, float | None]]:
    """(median, 95th percentile) a tool. The database sorts, so that any number of calls fits into memory."""
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
    for row in connection.execute(select(ranked).where(ranked.c.rank.in_((middle, middle + 1, high, high + 1)))):
        at[row.tool, row.rank] = row.duration
    return {row.tool: (_quantile(at, row, 50), _quantile(at, row, 95)) for row in totals}


def _quantile(at: dict[tuple[int, int], float], row: Row[Any], percent: int) -> float | None:
    if not row.timed:
        return None
    below, rest = divmod((row.timed - 1) * percent, 100)
    low = at[row.tool, below + 1]
    return low + (at[row.tool, below + 2] - low) * rest / 100 if rest else low


def _execution(tool: str, row: Row[Any]) -> Execution:
    payload = payload_of(row.payload)
    return Execution(
        row.given or made_id(row.ts, row.key), tool, _moment(row.ts), row.outcome == PASSED, row.duration,
        payload.args, payload.kwargs, payload.result, payload.error, row.sha, cut_names(row.cut),
    )  # fmt: skip


def _store_batch(connection: Connection, calls: Sequence[Call], known: Words) -> tuple[int, Words]:
    """(calls that were new, words known now). All of the batch or, when it raises, nothing."""
    if not calls:
        return 0, known
    words = known.copy() if len(known) < WORDS_REMEMBERED else {}
    with connection.begin():
        _learn(connection, calls, words)
        # In the order of the index: faster, and two writers cannot wait for each other in a ring.
        rows = sorted((_row(call, words) for call in calls), key=_place)
        new = max(0, connection.exec_driver_sql(_insertion(connection, CALLS, _COLUMNS), rows).rowcount)
        if new:
            connection.execute(update(STORE).values(stored=STORE.c.stored + new))
    return new, words


def _insertion(connection: Connection, table: Table, columns: Sequence[str]) -> str:
    """Plain SQL, since tens of thousands of rows a second go through it; what is there already is left alone."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"


def _learn(connection: Connection, calls: Iterable[Call], words: Words) -> None:
    """Give every name in these calls its number."""
    tools = {(TOOL, call.tool) for call in calls}
    commits = {(COMMIT, call.commit) for call in calls if call.commit is not None}
    errors = {(ERROR, call.error_type) for call in calls if call.error_type is not None}
    missing = sorted((tools | commits | errors) - words.keys())
    for start in range(0, len(missing), AT_ONCE):
        part = missing[start : start + AT_ONCE]
        connection.exec_driver_sql(_insertion(connection, WORDS, ("kind", "word")), part)
        for kind in (TOOL, COMMIT, ERROR):
            known = select(WORDS).where(WORDS.c.kind == kind, WORDS.c.word.in_([w for k, w in part if k == kind]))
            words.update({(row.kind, row.word): row.id for row in connection.execute(known)})


def _row(call: Call, words: Words) -> tuple[Any, ...]:
    """In the order of _COLUMNS."""
    commit = None if call.commit is None else words[COMMIT, call.commit]
    error = None if call.error_type is None else words[ERROR, call.error_type]
    return (
        words[TOOL, call.tool], call.ts, call.key, call.outcome, call.duration, commit, error, call.input, call.id,
        call.cut, call.payload,
    )  # fmt: skip
