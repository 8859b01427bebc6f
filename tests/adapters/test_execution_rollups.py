"""Counts, sums and forgetting: whatever was stored in whatever order, the figures are those of the lines."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.core.executions_format import LineError, parse_line
from gitops_healer.core.executions_quick import QuickParser
from gitops_healer.core.latency import merged, quantile
from gitops_healer.errors import UsageError

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVER = (START - 400 * DAY, START + 400 * DAY)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlExecutions]:
    place = tmp_path / "executions.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_executions(place)
    yield opened
    opened.close()


def event(number: int, minutes: int, ok: bool = True, tool: str = "pkg.mod:f", commit: str | None = None) -> bytes:
    ts = START + timedelta(minutes=minutes, microseconds=number)
    data: dict[str, Any] = {"tool": tool, "ts": ts.isoformat(), "ok": ok, "duration_ms": 5.0, "id": f"e{number}"}
    data |= {"commit": commit, "args": [number]}
    if not ok:
        data["error"] = {"type": "ValueError", "message": "bad"}
    return json.dumps(data).encode() + b"\n"


def count(number: int, minutes: int, ok: int, failed: int = 0, commit: str | None = None, **more: Any) -> bytes:
    ts = (START + timedelta(minutes=minutes)).isoformat()
    counts = {"ok": ok, "failed": failed}
    data = {"v": 1, "id": f"c{number}", "tool": "pkg.mod:f", "ts": ts, "commit": commit, "counts": counts} | more
    return json.dumps(data).encode() + b"\n"


def totals(store: SqlExecutions) -> dict[str, tuple[int, int]]:
    return {stats.tool: (stats.total, stats.failed) for stats in store.stats()}


def test_counts_and_single_calls_add_up(store: SqlExecutions) -> None:
    lines = [event(1, 0, commit="a" * 40), event(2, 1, ok=False), count(1, 0, 100, 3, "a" * 40, latency={"200": 103})]
    done = store.import_jsonl(lines)
    assert (done.stored, done.known, done.broken) == (3, 0, ())
    assert store.import_jsonl(lines).known == 3
    assert totals(store) == {"pkg.mod:f": (105, 4)}
    (stats,) = store.stats()
    assert stats.failures_by == (("", 3), ("ValueError", 1))
    assert [row[0] and row[0][:1] for row in store.counts_by_commit("pkg.mod:f", *EVER)] == ["a", None]
    assert [row[3:5] for row in store.counts_by_commit("pkg.mod:f", *EVER)] == [(104, 3), (1, 1)]


def test_deltas_of_one_minute_add_up_and_interrupted_calls_do_not_count(store: SqlExecutions) -> None:
    parts = [count(n, 7, 10) for n in range(3)] + [count(9, 7, 0, counts={"ok": 0, "interrupted": 5})]
    store.import_jsonl(parts)
    (slice_,) = store.timeline("pkg.mod:f", *EVER, MINUTE)
    assert (slice_.start, slice_.total, slice_.failed) == (START + 7 * MINUTE, 30, 0)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (count(1, 0, -1), "counts.ok must be a whole number"),
        (count(1, 0, 1, counts=[1]), "counts must be an object"),
        (count(1, 0, 1, id=None), "id must be a text that no other line of counts has"),
        (count(1, 0, 1, latency={"39": 1}), "no bucket"),
        (count(1, 0, 1, latency={"200": -1}), "no bucket"),
        (count(1, 0, 1, latency={"²": 1}), "no bucket"),
        (count(1, 0, 1, v=2), "version 2"),
    ],
)
def test_broken_counts_are_reported(line: bytes, why: str) -> None:
    with pytest.raises(LineError, match=why):
        parse_line(line)


@given(st.data())
def test_the_quick_way_gives_what_the_careful_way_gives(data: st.DataObject) -> None:
    """Well-formed lines and their neighbours, after the parser has seen good ones."""
    quick = QuickParser()
    quick(event(0, 0, commit="a" * 40).replace(b"+00:00", b"Z"))
    moments = st.sampled_from(
        ["2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:61Z", "2026-01-01T24:00:00Z",
         "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.00001²Z", "2026-02-30T00:00:00Z",
         "2026-01-01T00:00:59.999999+00:00",
         "2026-01-01T01:00:00+01:00", "1999-01-01T00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01T00:00:00", 5, None]
    )  # fmt: skip
    values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(2**70))
    json_values = st.recursive(
        values, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
    )
    failing = {"type": "app.Bad", "message": "no", "frames": [["a.py", 3, "g"]]}
    fields: dict[str, Any] = {
        "tool": data.draw(st.sampled_from(["pkg.mod:f", "other", "a\x00b", 1])),
        "ts": data.draw(moments),
        "ok": data.draw(st.sampled_from([True, True, True, False, 1, None])),
        "duration_ms": data.draw(st.sampled_from([1.5, 3, 0, -1, None, "x", True, 1e400])),
        "commit": data.draw(st.sampled_from([None, "", "a" * 40, 5])),
        "id": data.draw(st.sampled_from(["x1", "", None, 7, "auto-1-0000000000000001", "\n", "é"])),
        "args": data.draw(st.one_of(st.none(), st.lists(json_values, max_size=2), values)),
        "kwargs": data.draw(st.sampled_from([None, {}, {"b": 1, "a": 2}, []])),
        "result": data.draw(json_values),
        "unreplayable": data.draw(st.sampled_from([None, "redacted", "x" * 500, 3])),
        "caller": data.draw(
            st.sampled_from([None, ["a.py", 1, "f"], ["a.py", 1], ["a.py", True, "f"], "a", [[], 1, ""]])
        ),
        "error": data.draw(st.sampled_from([None, {}, failing, {"type": "KeyboardInterrupt"}, {"type": 5}, "boom"])),
    }
    kept = {name: value for name, value in fields.items() if data.draw(st.booleans()) or name in ("tool", "ts", "ok")}
    line = json.dumps(kept).encode()
    assert _result(quick, line) == _result(parse_line, line) == _result(quick, line)


def _result(parse: Any, line: bytes) -> object:
    try:
        return parse(line)
    except LineError as error:
        return str(error)


Calls = st.lists(
    st.tuples(
        st.integers(0, 60 * 24 * 4),
        st.booleans(),
        st.sampled_from(["pkg.mod:f", "g"]),
        st.sampled_from([None, "a" * 40]),
    ),
    max_size=30,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(Calls, min_size=1, max_size=3), sums=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 9)))
)
def test_sums_are_those_of_the_lines_before_and_after_forgetting(
    tmp_path_factory: pytest.TempPathFactory, batches: list[Any], sums: list[tuple[int, int]]
) -> None:
    store = open_executions(tmp_path_factory.mktemp("sums") / "executions.sqlite")
    expected: Counter[tuple[str, bool]] = Counter()
    number = 0
    for batch in batches:
        lines = []
        for minutes, ok, tool, commit in batch:
            number += 1
            lines.append(event(number, minutes, ok, tool, commit))
            expected[tool, ok] += 1
        store.import_jsonl(lines)
        assert _as_counter(store) == expected, "read between two imports"
    store.import_jsonl([count(n, minutes, ok) for n, (minutes, ok) in enumerate(sums)])
    expected["pkg.mod:f", True] += sum(ok for _, ok in sums)
    before = (_as_counter(store), _by_commit(store), _by_hour(store))
    assert before[0] == +expected
    now = START + 4 * DAY
    for ages in ((DAY, 2 * DAY, 3 * DAY), (HOUR, HOUR, 2 * DAY), (HOUR, HOUR, HOUR)):
        store.prune(now, payloads=ages[0], calls=ages[1], minutes=ages[2])
        assert (_as_counter(store), _by_commit(store), _by_hour(store)) == before
    store.close()


def _as_counter(store: SqlExecutions) -> Counter[tuple[str, bool]]:
    found: Counter[tuple[str, bool]] = Counter()
    for stats in store.stats():
        found[stats.tool, True] += stats.total - stats.failed
        found[stats.tool, False] += stats.failed
    return +found


def _by_commit(store: SqlExecutions) -> list[Any]:
    return sorted((row[0] or "", *row[3:5]) for tool in store.tools() for row in store.counts_by_commit(tool, *EVER))


def _by_hour(store: SqlExecutions) -> list[Any]:
    return [store.timeline(tool, *EVER, HOUR) for tool in store.tools()]


def test_a_timeline_by_minute_hour_and_day_tells_the_same(store: SqlExecutions) -> None:
    store.import_jsonl(event(n, n * 7, ok=n % 5 > 0, commit="ab"[n % 2] * 40) for n in range(600))
    since, until = START + timedelta(hours=1, minutes=13), START + timedelta(days=2, minutes=7)
    for step in (MINUTE, HOUR, DAY):
        slices = store.timeline("pkg.mod:f", since, until, step)
        assert list(slices) == sorted(slices, key=lambda one: (one.start, one.commit or ""))
        inside = [n for n in range(600) if since <= START + timedelta(minutes=n * 7, microseconds=n) < until]
        assert sum(one.total for one in slices) == len(inside)
        assert sum(one.failed for one in slices) == sum(n % 5 == 0 for n in inside)
        latency = merged(dict(one.latency) for one in slices)
        assert quantile(latency, 0.5) == pytest.approx(5.0, rel=0.067)
        assert len({(one.start, one.commit) for one in slices}) == len(slices)
    with pytest.raises(UsageError, match="by the minute, the hour or the day"):
        store.timeline("pkg.mod:f", since, until, timedelta(minutes=5))
    assert store.timeline("unknown", since, until, HOUR) == ()


def test_forgetting_goes_step_by_step(store: SqlExecutions) -> None:
    store.import_jsonl(event(n, n * 60 * 24, ok=False) for n in range(100))
    done = store.prune(START + 100 * DAY, payloads=30 * DAY, calls=60 * DAY, minutes=90 * DAY)
    assert (done.payloads, done.calls, done.counts) == (70, 40, 0)
    kept = store.executions("pkg.mod:f", limit=1000)
    assert len(kept) == 60 and sum(one.args is not None for one in kept) == 30
    again = store.prune(START + 100 * DAY, payloads=30 * DAY, calls=60 * DAY, minutes=90 * DAY)
    assert (again.payloads, again.calls, again.counts) == (0, 0, 0), "there is nothing left to forget"
    assert totals(store) == {"pkg.mod:f": (100, 100)}


def test_minutes_become_hours(store: SqlExecutions) -> None:
    store.import_jsonl(count(n, n, 2, 1, latency={"200": 3}) for n in range(180))
    done = store.prune(START + 10 * DAY, payloads=DAY, calls=DAY, minutes=DAY)
    assert done.counts == 177
    hours = store.timeline("pkg.mod:f", *EVER, HOUR)
    assert [(one.total, one.failed, one.latency) for one in hours] == [(180, 60, ((200, 180),))] * 3


def test_what_was_forgotten_cannot_come_back_and_count_twice(store: SqlExecutions) -> None:
    lines = [event(n, n * 60 * 24) for n in range(10)] + [count(n, n * 60 * 24, 5) for n in range(10)]
    store.import_jsonl(lines)
    before = totals(store)
    store.prune(START + 10 * DAY, payloads=DAY, calls=5 * DAY, minutes=5 * DAY)
    done = store.import_jsonl(lines)
    assert (done.stored, done.known, done.old) == (0, 10, 10)
    assert totals(store) == before == {"pkg.mod:f": (60, 0)}


def test_a_store_of_the_first_schema_is_brought_along(tmp_path: Path) -> None:
    path = tmp_path / "executions.sqlite"
    store = open_executions(path)
    store.import_jsonl(event(n, n, ok=n % 3 > 0) for n in range(90))
    before = totals(store)
    connection = sqlite3.connect(path)
    for table in ("healer_hours", "healer_marked_hours", "healer_counts", "healer_pruned"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE healer_calls DROP COLUMN counted")
    connection.execute("UPDATE healer_store SET schema = 1")
    connection.commit()
    connection.close()
    again = open_executions(path)
    assert totals(again) == before
    assert len(again.executions("pkg.mod:f", limit=1000)) == 90


def test_why_a_call_cannot_be_replayed_is_kept(store: SqlExecutions) -> None:
    line = {"tool": "f", "ts": "2026-01-01T00:00:00Z", "ok": True, "args": ["[redacted]"], "unreplayable": "redacted"}
    store.import_jsonl([json.dumps(line).encode()])
    (kept,) = store.executions("f")
    assert kept.unreplayable == "redacted" and not kept.replayable and kept.args == '["[redacted]"]'


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30, 2**64 - 1])
@pytest.mark.parametrize("ok", [True, False])
def test_whole_numbers_of_any_size_stay_whole(number: int, ok: bool) -> None:
    quick, line = QuickParser(), json.dumps({**json.loads(event(1, 1)), "ok": ok, "args": [number, "e19"]}).encode()
    quick(event(0, 0))
    made = quick(line)
    assert made == parse_line(line)
    assert json.loads(made.payload)["args"] == [number, "e19"]  # type: ignore[union-attr, arg-type]


@pytest.mark.parametrize("until", [None, 40, 41])
def test_days_are_the_sum_of_their_hours(store: SqlExecutions, until: int | None) -> None:
    """Read while only some of a day's hours were summed up again."""
    minutes = [0, 59, 60, 1439, 1440, 3000, 60 * 47 + 1]
    for at, minute in enumerate(minutes):
        store.import_jsonl([event(at, minute, ok=at % 2 > 0)])
        end = None if until is None else START + timedelta(hours=until)
        seen = [one for one in minutes[: at + 1] if until is None or one < until * 60]
        assert [one.total for one in store.stats(None, end)] == ([len(seen)] if seen else [])
    days = store.timeline("pkg.mod:f", START, START + 3 * DAY, DAY)
    assert [(one.start, one.total, one.failed) for one in days] == [
        (START, 4, 2), (START + DAY, 2, 2), (START + 2 * DAY, 1, 0),
    ]  # fmt: skip


def test_a_store_without_days_is_brought_along(tmp_path: Path) -> None:
    path = tmp_path / "executions.sqlite"
    store = open_executions(path)
    store.import_jsonl(event(n, n, ok=n % 3 > 0) for n in range(90))
    before = totals(store)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE healer_days")
        connection.execute("DROP INDEX healer_failed_inputs")
        connection.execute("CREATE INDEX healer_failures ON healer_calls (tool, ts, key) WHERE outcome = 0")
        connection.execute("UPDATE healer_store SET schema = 2")
        connection.commit()
    assert totals(open_executions(path)) == before


@pytest.mark.parametrize("duration", [1e13, 1e308, -1.0])
def test_absurd_durations_are_refused(duration: float) -> None:
    line = json.dumps(
        {"tool": "f", "ts": "2026-01-01T00:00:00Z", "ok": True, "id": "1", "duration_ms": duration}
    ).encode()
    for parse in (parse_line, QuickParser()):
        with pytest.raises(LineError, match="a number of milliseconds from 0 to 10"):
            parse(line)
