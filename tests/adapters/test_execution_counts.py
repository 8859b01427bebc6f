"""Calls that are only counted, sums by the hour, and clean-ups that change no total."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.core.latency import bucket_of
from gitops_healer.errors import UsageError

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEVER = timedelta(days=36500)
TOOL = "pkg.mod:f"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlExecutions]:
    place = tmp_path / "executions.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_executions(place)
    yield opened
    opened.close()


def count_line(number: object, minute: int = 0, ok: int = 0, failed: int = 0, **fields: Any) -> bytes:
    moment = (START + minute * MINUTE).isoformat()
    counts = {"ok": ok, "failed": failed, "interrupted": 1}
    return json.dumps({"tool": TOOL, "ts": moment, "id": f"c{number}", "counts": counts} | fields).encode() + b"\n"


def call_line(number: int, seconds: float = 0, ok: bool = True, **fields: Any) -> bytes:
    moment = (START + timedelta(seconds=seconds)).isoformat()
    return json.dumps({"tool": TOOL, "ts": moment, "ok": ok, "id": number} | fields).encode() + b"\n"


def totals(store: SqlExecutions) -> list[tuple[object, ...]]:
    return [(one.tool, one.total, one.failed, one.failures_by) for one in store.stats()]


def days(store: SqlExecutions) -> list[tuple[object, ...]]:
    slices = store.timeline(TOOL, START - 30 * DAY, START + 30 * DAY, DAY)
    return [(one.start, one.commit, one.total, one.failed, one.latency) for one in slices]


def test_counts_and_single_calls_add_up_and_a_counted_call_is_not_counted_twice(store: SqlExecutions) -> None:
    error = {"type": "ValueError", "message": "bad"}
    lines = [
        count_line(1, ok=90, failed=10, latency={str(bucket_of(5_000_000)): 100}),
        count_line(2, ok=5),
        call_line(1, ok=False, counted=True, args=[1], error=error),
        call_line(2, ok=False, args=[2], error=error),
        call_line(3, duration_ms=5.0),
    ]
    assert store.import_jsonl(lines).stored == 5 and store.import_jsonl(lines).known == 5
    (stats,) = store.stats()
    assert (stats.total, stats.failed) == (90 + 10 + 5 + 2, 11)
    assert stats.failures_by == (("", 9), ("ValueError", 2)), "of nine failures nobody recorded the error"
    assert stats.distinct_failing_inputs == 2 and len(store.executions(TOOL, ok=False)) == 2
    assert stats.median_ms == pytest.approx(5.0, rel=0.067)
    assert [row[3:5] for row in store.counts_by_commit(TOOL, START, START + HOUR)] == [(107, 11)]


def test_a_call_whose_count_has_not_come_yet_adds_nothing(store: SqlExecutions) -> None:
    store.import_jsonl([call_line(1, counted=True, ok=False, error={"type": "E"})])
    assert store.stats() == () == store.counts_by_commit(TOOL, START, START + HOUR)
    assert store.timeline(TOOL, START, START + HOUR, MINUTE) == () and len(store.executions(TOOL)) == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"id": None}, "id must be"),
        ({"counts": [1]}, "counts must be an object"),
        ({"counts": {"ok": -1}}, "counts.ok"),
        ({"counts": {"failed": True}}, "counts.failed"),
        ({"counts": {"ok": 1.5}}, "counts.ok"),
        ({"latency": {"x": 1}}, "latency holds"),
        ({"latency": {"99999": 1}}, "latency holds"),
        ({"latency": {"41": 0}}, "latency holds"),
        ({"latency": [1]}, "latency must be"),
        ({"v": 2}, "version 2"),
        ({"ts": "soon"}, "ts must be"),
        ({"tool": ""}, "tool must be"),
    ],
)
def test_a_broken_count_is_reported_and_skipped(store: SqlExecutions, fields: dict[str, Any], why: str) -> None:
    imported = store.import_jsonl([count_line(1, ok=1), count_line(2, ok=1, **fields), count_line(3, ok=1)])
    assert imported.stored == 2
    ((number, reason),) = imported.broken
    assert number == 2 and why in reason


def test_a_timeline_by_minute_hour_and_day(store: SqlExecutions) -> None:
    a, b = "a" * 40, "blob:" + "b" * 40
    store.import_jsonl(
        [
            count_line(1, 0, ok=3, commit=a), count_line(2, 1, ok=4, failed=1, commit=a),
            call_line(1, 61, commit=b), call_line(2, 7200, ok=False), call_line(3, 86400, duration_ms=1.0, commit=a),
        ]
    )  # fmt: skip
    until = START + 2 * DAY
    by_minute = [(s.start, s.commit, s.total, s.failed) for s in store.timeline(TOOL, START, until, MINUTE)]
    assert by_minute == [
        (START, a, 3, 0), (START + MINUTE, a, 5, 1), (START + MINUTE, b, 1, 0),
        (START + 2 * HOUR, None, 1, 1), (START + DAY, a, 1, 0),
    ]  # fmt: skip
    by_hour = [(s.start, s.commit, s.total) for s in store.timeline(TOOL, START, until, HOUR)]
    assert by_hour == [(START, a, 8), (START, b, 1), (START + 2 * HOUR, None, 1), (START + DAY, a, 1)]
    midnight = START - 10 * HOUR
    by_day = [(s.start, s.commit, s.total) for s in store.timeline(TOOL, START, until, DAY)]
    assert by_day == [(midnight, None, 1), (midnight, a, 8), (midnight, b, 1), (midnight + DAY, a, 1)]
    assert store.timeline(TOOL, START, until, DAY)[3].latency == ((bucket_of(1_000_000), 1),)
    assert store.timeline("nobody", START, until, DAY) == ()
    with pytest.raises(UsageError, match="minute, the hour or the day"):
        store.timeline(TOOL, START, until, 2 * HOUR)


def test_a_window_that_ends_in_the_middle_of_an_hour(store: SqlExecutions) -> None:
    store.import_jsonl(call_line(n, n * 600) for n in range(30))  # six an hour, five hours
    for since, until in ((0, 5), (1, 29), (5, 7), (6, 12), (7, 8), (3, 3)):
        window = (START + since * 10 * MINUTE, START + until * 10 * MINUTE)
        assert sum(stat.total for stat in store.stats(*window)) == until - since
        assert sum(row[3] for row in store.counts_by_commit(TOOL, *window)) == until - since


EVENTS = st.lists(
    st.tuples(st.integers(0, 300), st.sampled_from(["ok", "failed", "counted", "stopped"]), st.integers(0, 2)),
    max_size=25,
)


def event_line(number: int, minute: int, kind: str, commit: int) -> bytes:
    fields: dict[str, Any] = {"commit": f"{commit}" * 40 if commit else None, "duration_ms": float(minute)}
    fields |= {"counted": True} if kind == "counted" else {}
    if kind != "ok":
        fields |= {"error": {"type": "SystemExit" if kind == "stopped" else f"E{commit}"}, "args": [minute % 3]}
    return call_line(number, minute * 60.0, kind == "ok", **fields)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(EVENTS, max_size=3), counts=st.lists(st.integers(0, 300), max_size=6), data=st.data())
def test_sums_are_what_the_rows_say_and_no_clean_up_changes_them(
    tmp_path_factory: pytest.TempPathFactory, batches: list[Any], counts: list[int], data: Any
) -> None:
    """A store that sums up after every batch, one that sums up once, and counting by hand agree; then cleaned up."""
    step, once = (open_executions(tmp_path_factory.mktemp("s") / f"{name}.sqlite") for name in "ab")
    lines = [count_line(n, minute, ok=2, failed=1) for n, minute in enumerate(counts)]
    everything = [lines, *([event_line(1000 * b + n, *e) for n, e in enumerate(es)] for b, es in enumerate(batches))]
    for batch in everything:
        step.import_jsonl(batch)
        step.stats()
    once.import_jsonl([line for batch in everything for line in batch])
    assert totals(step) == totals(once) and days(step) == days(once)
    events = [event for batch in batches for event in batch]
    assert sum(one.total for one in once.stats()) == 3 * len(counts) + sum(k in ("ok", "failed") for _, k, _ in events)
    assert sum(one.failed for one in once.stats()) == len(counts) + sum(k == "failed" for _, k, _ in events)
    before, by_day = totals(once), days(once)
    for _ in range(2):
        ages = sorted(data.draw(st.integers(0, 400)) for _ in range(3))
        payloads, calls, minutes = (age * MINUTE for age in ages)
        once.prune(START + 300 * MINUTE, payloads=payloads, calls=calls, minutes=minutes)
        assert totals(once) == before and days(once) == by_day
    assert sum(row[3] for row in once.counts_by_commit(TOOL, START - DAY, START + DAY)) == sum(
        int(str(d[2])) for d in by_day
    )


def test_a_clean_up_takes_payloads_first_then_calls_then_minutes(store: SqlExecutions) -> None:
    def line(number: int) -> bytes:
        return call_line(number, number * 600, args=[number], ok=number % 6 != 0, error={"type": "E", "message": "m"})

    store.import_jsonl(line(n) for n in range(36))  # six hours, six an hour
    store.import_jsonl(count_line(n, n, ok=1) for n in range(120))
    before, now = totals(store), START + 6 * HOUR
    done = store.prune(now, payloads=2 * HOUR, calls=4 * HOUR, minutes=5 * HOUR)
    assert (done.payloads, done.calls) == (24, 12) and done.counts > 0
    assert totals(store) == before
    kept = store.executions(TOOL, limit=100)
    assert len(kept) == 24 and [bool(one.args) for one in kept] == [True] * 12 + [False] * 12
    hours = store.timeline(TOOL, START, START + HOUR, MINUTE)
    assert [one.total for one in hours] == [66] and hours[0].start == START, "the first hour is one count"
    again = store.prune(now, payloads=2 * HOUR, calls=4 * HOUR, minutes=5 * HOUR)
    assert (again.payloads, again.calls, again.counts) == (0, 0, 0)


def test_lines_that_were_cleaned_up_do_not_count_again(store: SqlExecutions) -> None:
    lines = [*(call_line(n, n * 60) for n in range(120)), *(count_line(n, n, ok=1) for n in range(120))]
    store.import_jsonl(lines)
    before = totals(store)
    store.prune(START + 2 * HOUR, payloads=NEVER, calls=HOUR, minutes=HOUR)
    imported = store.import_jsonl(lines)
    assert (imported.stored, imported.known, imported.old) == (0, 120, 120)
    assert totals(store) == before


def test_a_store_of_the_first_schema_is_taken_over_without_a_loss(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    store = open_executions(path)
    store.import_jsonl(call_line(n, n * 600, ok=n % 3 != 0, error={"type": "E"}, args=[n]) for n in range(50))
    expected, calls = totals(store), store.executions(TOOL, limit=99)
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in set(tables) - {"healer_store", "healer_words", "healer_calls"}:
        if not table.startswith("sqlite_"):
            connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE healer_calls DROP COLUMN counted")
    connection.execute("UPDATE healer_store SET schema = 1")
    connection.commit()
    connection.close()
    taken = open_executions(path)
    assert totals(taken) == expected and taken.executions(TOOL, limit=99) == calls
    assert taken.import_jsonl([call_line(1, 600, ok=True)]).known == 1


def put_into_inbox(store: SqlExecutions, lines: list[bytes]) -> None:
    """As a recorder does that writes into the database."""
    with store._database.connect() as connection, connection.begin():
        serial = "INTEGER PRIMARY KEY" if connection.dialect.name == "sqlite" else "BIGSERIAL PRIMARY KEY"
        connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS healer_inbox (id {serial}, line TEXT)")
        rows = [{"line": line.decode()} for line in lines]
        connection.execute(text("INSERT INTO healer_inbox (line) VALUES (:line)"), rows)


def test_what_recorders_left_in_the_inbox_is_taken_in(store: SqlExecutions) -> None:
    assert store.sync().stored == 0, "there is no inbox yet"
    lines = [call_line(n, n) for n in range(6_000)]
    put_into_inbox(store, [*lines, b"broken", count_line(1, ok=4)])
    done = store.sync()
    assert (done.stored, done.known) == (6_001, 0) and [number for number, _ in done.broken] == [6_001]
    assert store.stats()[0].total == 6_004 and store.sync() == done, "nothing is left"
    put_into_inbox(store, lines[:10])
    assert (store.sync().known, store.stats()[0].total) == (10, 6_004)


def test_an_inbox_that_was_there_before_the_store_is_read_when_it_opens(tmp_path: Path) -> None:
    path = tmp_path / "executions.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE healer_inbox (id INTEGER PRIMARY KEY, line TEXT)")
    connection.execute("INSERT INTO healer_inbox (line) VALUES (?)", (call_line(1).decode(),))
    connection.commit()
    connection.close()
    assert open_executions(path).stats()[0].total == 1


def test_a_clean_up_can_be_asked_for_before_it_is_made(store: SqlExecutions) -> None:
    store.import_jsonl(call_line(n, n * 600, args=[n]) for n in range(36))
    store.import_jsonl(count_line(n, n, ok=1) for n in range(120))
    ages = {"payloads": 2 * HOUR, "calls": 4 * HOUR, "minutes": 5 * HOUR}
    foreseen = store.prunable(START + 6 * HOUR, **ages)
    assert (foreseen.payloads, foreseen.calls, foreseen.counts) == (24, 12, 59)
    assert len(store.executions(TOOL)) == 36
    done = store.prune(START + 6 * HOUR, **ages)
    assert (done.payloads, done.calls) == (24, 12)
