"""Keeping the sums: hours in which something is stored are marked, and summed up again before sums are read.

Many hours go through each statement: a report of thousands of tests has one call an hour each, and a statement costs
more than the call.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Table, func, select, tuple_

from gitops_healer.adapters.execution_rollups import CALLED, COUNTED, Cells, add_stored, numbers_text
from gitops_healer.adapters.execution_tables import CALLS, COUNTS, DAY, DAYS, HOUR, HOURS, MARKED

SUMMING: Final = 0x6865616C  # the number of the lock that who sums up holds

Hour = tuple[int, int]
"""(tool, hours since 1970)."""


class Portion(NamedTuple):
    """What one transaction sums up at most: so many hours, and so many rows each of calls and of counts, or one hour
    that has more. Others that want to write have `pause` seconds before the next begins: SQLite lets those who wait
    try every 0.1 s only (sqlite3_busy_timeout), and would never find a gap."""

    hours: int = 20_000
    rows: int = 100_000
    pause: float = 0.12


USUAL: Final = Portion()


def mark_hours(connection: Connection, hours: Iterable[Hour]) -> None:
    """Hours in which something is stored. Marking a marked one again makes who sums it up now wait, or be waited
    for: so nothing that is stored meanwhile is forgotten."""
    marks = sorted({(tool, hour, 0) for tool, hour in hours})
    if marks:
        mark = _mark(connection)
        connection.exec_driver_sql(
            f"INSERT INTO {MARKED.name} (tool, hour, mark) VALUES ({mark}, {mark}, {mark}) "
            f"ON CONFLICT (tool, hour) DO UPDATE SET mark = 1 - {MARKED.name}.mark",
            marks,
        )


def is_stale(connection: Connection) -> bool:
    return connection.execute(select(func.count()).select_from(select(MARKED.c.tool).limit(1).subquery())).scalar() == 1


def refresh(connection: Connection, portion: Portion = USUAL) -> None:
    """Sum up the hours that are marked, and let others write in between."""
    for _ in portions(connection, portion):
        if connection.dialect.name == "sqlite":
            time.sleep(portion.pause)


def portions(connection: Connection, portion: Portion = USUAL) -> Iterator[Hour]:
    """Sum up the hours that are marked, each whole or not at all; one process at a time. After each transaction but
    the final one comes the last hour that it summed up.

    It goes through the marks once: what others mark behind it meanwhile is left to who reads next.
    """
    done: Hour | None = None
    while True:
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(SUMMING)))
            hours = _marked(connection, done, portion.hours)
            if not hours:
                return
            done = _sum_up(connection, hours, portion.rows)
        if len(hours) < portion.hours and done == hours[-1]:
            return
        yield done


def _marked(connection: Connection, after: Hour | None, limit: int) -> list[Hour]:
    """The next marks in their order. They stay locked: who stores something there waits, and marks it anew."""
    query = select(MARKED.c.tool, MARKED.c.hour).order_by(MARKED.c.tool, MARKED.c.hour).limit(limit).with_for_update()
    if after is not None:
        query = query.where(tuple_(MARKED.c.tool, MARKED.c.hour) > tuple_(*after))
    return [(row.tool, row.hour) for row in connection.execute(query)]


def _sum_up(connection: Connection, hours: Sequence[Hour], limit: int) -> Hour:
    """Sum up as many of these hours as have so many rows, but at least one, and take their marks away in the same
    transaction. Returns the last of them."""
    done, calls, counts = _lines(connection, hours, limit)
    found = Cells(HOUR)
    found.add_calls(calls)
    found.add_counts(counts)
    days = _days(connection, done, found)
    _delete(connection, MARKED, "hour", done)
    _store_sums(connection, HOURS, "hour", HOUR, done, found)
    _store_sums(connection, DAYS, "day", DAY, sorted({(tool, hour // 24) for tool, hour in done}), days)
    return done[-1]


def _lines(
    connection: Connection, hours: Sequence[Hour], limit: int | None
) -> tuple[Sequence[Hour], list[Any], list[Any]]:
    """(the first of these hours, their calls, their counts): up to before the hour in which the limit is reached."""
    both = [
        list(_rows_in(connection, CALLS, CALLED, CALLS.c.ts, _spans(hours, HOUR), limit)),
        list(_rows_in(connection, COUNTS, COUNTED, COUNTS.c.ts, _spans(hours, HOUR), limit)),
    ]
    cut = min((_hour_of(rows[-1]) for rows in both if limit is not None and len(rows) >= limit), default=None)
    done = hours if cut is None else hours[: bisect_left(hours, cut)]
    if not done:
        return _lines(connection, hours[:1], None)
    for rows in both:
        while cut is not None and rows and _hour_of(rows[-1]) >= cut:
            rows.pop()
    return done, both[0], both[1]


def _hour_of(row: tuple[Any, ...]) -> Hour:
    return row[0], row[1] // HOUR


def _spans(numbered: Iterable[Hour], unit: int) -> list[tuple[int, int, int]]:
    """(tool, from, until) of each, in `unit`s."""
    return [(tool, number * unit, (number + 1) * unit) for tool, number in numbered]


def _days(connection: Connection, hours: Sequence[Hour], sums: Cells) -> Cells:
    """The days in which these hours lie: these sums, with what is stored of the other hours of those days."""
    found, anew = Cells(DAY), set(hours)
    for cell in sums:
        found.at(cell.tool, cell.start, cell.commit).add(cell)
    days = sorted({(tool, hour // 24) for tool, hour in hours})
    rows = _rows_in(connection, HOURS, tuple(HOURS.c), HOURS.c.hour, _spans(days, 24))
    add_stored(found, HOUR, (row for row in rows if (row[0], row[1]) not in anew))
    return found


def _rows_in(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], moment: Column[Any],
    spans: Sequence[tuple[int, int, int]], limit: int | None = None,
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    """Rows of each tool with its moment in [from, until), span by span, up to a limit.

    SQLite prepares a query once and has no way to go, so each span is asked for; a server is asked for all at once,
    in a subquery that it may not merge (OFFSET 0), so that it goes down the index a span.
    """
    names = ", ".join(column.name for column in columns)
    asked = f"SELECT {names} FROM {table.name} WHERE tool = {{}} AND {moment.name} >= {{}} AND {moment.name} < {{}}"
    if connection.dialect.name == "sqlite":
        cursor: Any = connection.connection.cursor()
        each = asked.format("?", "?", "?")
        yield from islice(chain.from_iterable(cursor.execute(each, span) for span in spans), limit)
        cursor.close()
        return
    query = (
        "SELECT one.* FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS span (t, f, u, place) "
        f"CROSS JOIN LATERAL ({asked.format('span.t', 'span.f', 'span.u')} OFFSET 0) AS one "
        "ORDER BY span.place LIMIT %s"
    )
    arrays = [list(part) for part in zip(*spans, strict=True)]
    yield from (tuple(row) for row in connection.exec_driver_sql(query, (*arrays, limit)))


def _store_sums(
    connection: Connection, table: Table, name: str, unit: int, places: Sequence[Hour], found: Cells
) -> None:
    """These sums instead of those that stand there."""
    _delete(connection, table, name, places)
    rows = sorted(
        (
            cell.tool, cell.start // unit, cell.commit, cell.passed, cell.failed, cell.counted, cell.first, cell.last,
            numbers_text(cell.latency), numbers_text(cell.errors),
        )
        for cell in found
    )  # fmt: skip
    if rows:
        marks = ", ".join([_mark(connection)] * len(table.columns))
        names = ", ".join(column.name for column in table.columns)
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)


def _delete(connection: Connection, table: Table, name: str, places: Sequence[Hour]) -> None:
    """One key after the other, in their order: so two writers cannot wait for each other in a ring."""
    mark = _mark(connection)
    connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE tool = {mark} AND {name} = {mark}", list(places))


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
