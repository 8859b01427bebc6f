"""Forgetting what is old, so that a store does not grow for ever; what was counted stays countable."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, literal_column, select, update

from gitops_healer.adapters.execution_rollups import CALLED, COUNTED, Cells, numbers_text, raw_rows
from gitops_healer.adapters.execution_summing import mark_hours
from gitops_healer.adapters.execution_tables import CALLS, COUNTS, HOUR, PRUNED, Database
from gitops_healer.core.execution import Pruned
from gitops_healer.core.executions_format import INTERRUPTED, MINUTE, hash64

PAYLOADS: Final = "payloads"
CALLS_KIND: Final = "calls"
MINUTES: Final = "minutes"


def pruned_until(connection: Connection, kind: str) -> int:
    """Microseconds since 1970 up to which a clean-up has removed this kind."""
    return connection.execute(select(PRUNED.c.until).where(PRUNED.c.kind == kind)).scalar() or 0


def prune(database: Database, payloads: int, calls: int, minutes: int) -> Pruned:
    """Forget what is older than these moments (microseconds since 1970, taken down to whole hours).

    One tool at a time, each whole or not at all: an interrupted clean-up is finished by the next one.
    """
    payloads, calls, minutes = (moment - moment % HOUR for moment in (payloads, calls, minutes))
    done = [0, 0, 0]
    with database.connect() as connection:
        with connection.begin():
            tools = sorted(connection.execute(select(CALLS.c.tool).union(select(COUNTS.c.tool))).scalars())
            since = {kind: pruned_until(connection, kind) for kind in (PAYLOADS, CALLS_KIND, MINUTES)}
            # First the lines are refused, then their calls are removed: none can come back in between.
            _remember(connection, CALLS_KIND, calls)
            _remember(connection, MINUTES, minutes)
        for tool in tools:
            with connection.begin():
                done[0] += _without_payloads(connection, tool, since[PAYLOADS], payloads)
                done[1] += _calls_to_counts(connection, tool, calls, minutes)
                done[2] += _minutes_to_hours(connection, tool, minutes)
        with connection.begin():
            _remember(connection, PAYLOADS, payloads)
    return Pruned(*done)


def prunable(database: Database, payloads: int, calls: int, minutes: int) -> Pruned:
    """What `prune` would remove. The counts that calls become are not foreseen."""
    payloads, calls, minutes = (moment - moment % HOUR for moment in (payloads, calls, minutes))
    with database.read() as connection:
        since = pruned_until(connection, PAYLOADS)
        tools = select(CALLS.c.tool).distinct().scalar_subquery()
        held = (CALLS.c.tool.in_(tools), CALLS.c.ts >= since, CALLS.c.ts < payloads, CALLS.c.payload.is_not(None))
        old = (CALLS.c.tool.in_(tools), CALLS.c.ts < calls)
        cells = select(COUNTS.c.tool, COUNTS.c.ts // HOUR, COUNTS.c.commit_id).where(COUNTS.c.ts < minutes).distinct()
        every, kept = (
            select(func.count()).where(COUNTS.c.ts < minutes),
            select(func.count()).select_from(cells.subquery()),
        )
        bare, gone = select(func.count()).where(*held), select(func.count()).where(*old)
        found = [connection.execute(query).scalar() or 0 for query in (bare, gone, every, kept)]
    return Pruned(found[0], found[1], found[2] - found[3])


def _remember(connection: Connection, kind: str, until: int) -> None:
    known = pruned_until(connection, kind)
    if until > known:
        connection.execute(delete(PRUNED).where(PRUNED.c.kind == kind))
        connection.execute(PRUNED.insert().values(kind=kind, until=until))


def _without_payloads(connection: Connection, tool: int, since: int, until: int) -> int:
    """From where the last clean-up ended: older ones have none any more."""
    old = (CALLS.c.tool == tool, CALLS.c.ts >= since, CALLS.c.ts < until, CALLS.c.payload.is_not(None))
    return connection.execute(update(CALLS).where(*old).values(payload=None)).rowcount


def _calls_to_counts(connection: Connection, tool: int, until: int, minutes: int) -> int:
    """Counts by the minute; by the hour at once where those by the minute would be too old as well."""
    old = (CALLS.c.tool == tool, CALLS.c.ts < until)
    for step, label, before in (
        (HOUR, "calls of hours", (CALLS.c.ts < min(minutes, until),)),
        (MINUTE, "calls", (CALLS.c.ts >= minutes, CALLS.c.ts < until)),
    ):
        found = Cells(step)
        query = select(*CALLED).where(CALLS.c.tool == tool, *before).order_by(CALLS.c.ts)
        found.add_calls(raw_rows(connection, query))
        _store(connection, tool, found, label)
    _keep_interrupted(connection, tool, old)
    return connection.execute(delete(CALLS).where(*old)).rowcount


def _keep_interrupted(connection: Connection, tool: int, old: Iterable[Any]) -> None:
    """How many there were is kept in one row; nothing else is ever asked about them."""
    query = select(func.count(), func.max(CALLS.c.ts)).where(*old, CALLS.c.outcome == INTERRUPTED, CALLS.c.counted == 0)
    number, last = connection.execute(query).one()
    if number:
        row = {"tool": tool, "ts": last - last % HOUR, "key": hash64(f"interrupted {last} {number}")}
        empty = {"passed": 0, "failed": 0, "interrupted": number, "latency": "[]"}
        connection.execute(COUNTS.insert().values(**row, **empty))


def _minutes_to_hours(connection: Connection, tool: int, until: int) -> int:
    """Counts by the minute to counts by the hour, where an hour has several."""
    old = (COUNTS.c.tool == tool, COUNTS.c.ts < until)
    hour_of: ColumnElement[int] = COUNTS.c.ts // literal_column(str(HOUR))  # a parameter would be two expressions
    hours = select(hour_of).where(*old).group_by(hour_of, COUNTS.c.commit_id)
    crowded = sorted(set(connection.execute(hours.having(func.count() > 1)).scalars()))
    if not crowded:
        return 0
    # All between the first and the last at once: those that are hours already stay as they are.
    start, end = crowded[0] * HOUR, (crowded[-1] + 1) * HOUR
    inside = (COUNTS.c.tool == tool, COUNTS.c.ts >= start, COUNTS.c.ts < end)
    found = Cells(HOUR)
    found.add_counts(connection.execute(select(*COUNTED).where(*inside)))
    interrupted = connection.execute(select(func.sum(COUNTS.c.interrupted)).where(*inside)).scalar() or 0
    merged = connection.execute(delete(COUNTS).where(*inside)).rowcount
    return merged - _store(connection, tool, found, "hours", interrupted, start)


def _store(
    connection: Connection, tool: int, found: Cells, label: str, interrupted: int = 0, start: int | None = None
) -> int:
    """Cells as counts; the hours that they lie in are to be summed up again."""
    rows: list[dict[str, Any]] = [
        {
            "tool": tool, "ts": cell.start, "key": hash64(f"{label} {cell.commit}"), "commit_id": cell.commit or None,
            "passed": cell.passed, "failed": cell.failed, "interrupted": 0,
            "latency": numbers_text(cell.latency), "errors": numbers_text(cell.errors),
        }
        for cell in found
    ]  # fmt: skip
    if interrupted and start is not None:
        empty = {"commit_id": None, "passed": 0, "failed": 0, "latency": "[]", "errors": "[]"}
        rows.append(
            {"tool": tool, "ts": start, "key": hash64(f"{label} interrupted"), "interrupted": interrupted} | empty
        )
    if rows:
        connection.execute(COUNTS.insert(), rows)
        mark_hours(connection, ((tool, row["ts"] // HOUR) for row in rows))
    return len(rows)
