"""The execution store on real SQLite files."""

import io
import json
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from gitops_healer.adapters import execution_lines
from gitops_healer.adapters.execution_lines import bounded_lines
from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame
from gitops_healer.core.executions_format import FRAME_LIMIT, LINE_LIMIT, MESSAGE_LIMIT, PAYLOAD_LIMIT
from gitops_healer.errors import ForgeError, HealerError, UsageError
from gitops_healer.ports import Imported

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def file_store(tmp_path: Path) -> SqlExecutions:
    return open_executions(tmp_path / "executions.sqlite")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlExecutions]:
    """One empty store in a file, and one on a real server."""
    lies_in = tmp_path / "executions.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_executions(lies_in)
    yield opened
    opened.close()


def line(**fields: Any) -> bytes:
    given = {"tool": "pkg.mod:f", "ts": "2026-01-01T00:00:00Z", "ok": True} | fields
    return json.dumps({name: value for name, value in given.items() if value is not ...}).encode() + b"\n"


def store_counts(stored: int, known: int) -> Imported:
    return Imported(stored, known, ())


def call(number: int, ok: bool = True, tool: str = "pkg.mod:f", **fields: Any) -> Execution:
    error = None if ok else ExecutionFailure("ValueError", "bad", (Frame("pkg/mod.py", 3, "f"),))
    return Execution(f"id-{number}", tool, START + timedelta(minutes=number), ok, error=error, **fields)


def only(store: SqlExecutions) -> Execution:
    (execution,) = store.executions("pkg.mod:f")
    return execution


# What comes in comes out


def test_a_full_line_is_kept_as_it_is(store: SqlExecutions) -> None:
    given = {
        "v": 1, "tool": "pkg.mod:Class.method", "ts": "2026-03-01T12:30:00.123456+02:00", "ok": False,
        "duration_ms": 12.5, "args": [1, {"b": 2, "a": None}], "kwargs": {"x": "é"}, "result": None,
        "error": {"type": "app.errors.Bad", "message": "no", "frames": [["/srv/app/pkg/mod.py", 7, "<lambda>"]]},
        "commit": "ab" * 20, "id": "e-1", "caller": ["/srv/app/web.py", 30, "view"],
    }  # fmt: skip
    assert store.import_jsonl([json.dumps(given).encode() + b"\n"]).stored == 1
    assert store.executions("pkg.mod:Class.method") == (
        Execution(
            "e-1", "pkg.mod:Class.method", datetime(2026, 3, 1, 10, 30, 0, 123456, tzinfo=UTC), False, 12.5,
            '[1,{"a":null,"b":2}]', '{"x":"\\u00e9"}', "null",
            ExecutionFailure("app.errors.Bad", "no", (Frame("/srv/app/pkg/mod.py", 7, "<lambda>"),)), "ab" * 20,
            caller=Frame("/srv/app/web.py", 30, "view"),
        ),
    )  # fmt: skip


def test_only_tool_ts_and_ok_are_needed(store: SqlExecutions) -> None:
    assert store.import_jsonl([line()]).stored == 1
    found = only(store)
    assert (found.ok, found.duration_ms, found.args, found.result, found.error, found.commit) == (True, *[None] * 5)
    assert found.id.startswith("auto-") and not found.replayable


@pytest.mark.parametrize("payload", ["\ud800", "a\0b", "\U0001f600\U00020000", {"\udfff": ["\ud83d"]}, 1e-300, 2**200])
def test_odd_payloads_survive(store: SqlExecutions, payload: object) -> None:
    error = {"type": "E", "message": "\ud800\0\U0001f600", "frames": [["\udcff.py", 1, "f"]]}
    assert store.import_jsonl([line(args=[payload], ok=False, error=error)]).broken == ()
    found = only(store)
    assert json.loads(found.args or "") == [payload]
    assert found.error == ExecutionFailure("E", "\ud800\0\U0001f600", (Frame("\udcff.py", 1, "f"),))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(args=st.lists(JSON, max_size=3), kwargs=st.dictionaries(st.text(), JSON, max_size=3), result=JSON)
def test_any_json_survives(store: SqlExecutions, args: Any, kwargs: Any, result: Any) -> None:
    tool = f"pkg:{abs(hash(repr((args, kwargs, result))))}"
    first = store.import_jsonl([line(tool=tool, args=args, kwargs=kwargs, result=result)])
    assert first.broken == ()
    found = store.executions(tool)[0]
    assert [json.loads(text or "") for text in (found.args, found.kwargs, found.result)] == [args, kwargs, result]
    assert store.add([found]).known == 1, "what was read can be added again without a double"


def test_what_is_too_long_is_cut_and_not_replayable(store: SqlExecutions) -> None:
    long = "x" * PAYLOAD_LIMIT
    frames = [["a.py", number, "f"] for number in range(FRAME_LIMIT + 9)]
    error = {"type": "E", "message": "m" * (MESSAGE_LIMIT + 1), "frames": frames}
    store.import_jsonl([line(args=[1], kwargs={"a": long}, result=long, error=error, ok=False)])
    found = only(store)
    assert (found.args, found.kwargs, found.result, found.replayable) == (None, None, None, False)
    assert found.cut == ("inputs", "result", "message", "frames")
    assert found.error is not None and found.error.frames[-1].line == FRAME_LIMIT + 8, "innermost frames are kept"
    assert store.add([found]).known == 1


def test_cutting_one_part_keeps_the_others(store: SqlExecutions) -> None:
    store.import_jsonl([line(args=[1], kwargs={}, result="x" * PAYLOAD_LIMIT)])
    found = only(store)
    assert (found.args, found.kwargs, found.result, found.cut) == ("[1]", "{}", None, ("result",))


def test_failing_inputs_that_were_cut_are_still_told_apart(store: SqlExecutions) -> None:
    store.import_jsonl([line(args=[f"{n}" * PAYLOAD_LIMIT], ok=False, id=n) for n in (1, 2, 3)])
    assert store.stats()[0].distinct_failing_inputs == 3


# Broken lines


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"{nonsense}\n", "is not JSON"),
        (b"[1]\n", "must be a JSON object, not an array"),
        (b"null\n", "must be a JSON object, not null"),
        (line(tool=...), "has no tool"),
        (line(tool=7), "tool must be a name"),
        (line(tool=""), "tool must be a name"),
        (line(tool="a\0b"), "tool must be a name"),
        (line(tool="\ud800"), "tool must be a name"),
        (line(tool="x" * 501), "tool must be a name"),
        (line(ts=...), "has no ts"),
        (line(ts=1767225600), "ts must be a time"),
        (line(ts="yesterday"), "ts must be a time"),
        (line(ts="2026-02-30T00:00:00Z"), "ts must be a time"),
        (line(ts="2026-01-01T00:00:00"), "has no time zone"),
        (line(ts="2026-01-01"), "has no time zone"),
        (line(ts="1970-01-01T00:00:00Z"), "absurd"),
        (line(ts="9999-12-31T23:59:59-12:00"), "absurd"),
        (line(ts="0001-01-01T00:00:00+12:00"), "absurd"),
        (line(ok=...), "has no ok"),
        (line(ok=1), "ok must be true or false"),
        (line(ok="true"), "ok must be true or false"),
        (line(v=2), "version 2"),
        (line(duration_ms=-1), "duration_ms"),
        (line(duration_ms=True), "duration_ms"),
        (line(duration_ms=float("nan")), "NaN"),
        (line(result=float("inf")), "Infinity"),
        (line()[:-2] + b', "duration_ms": 1e999}\n', "duration_ms"),
        (line()[:-2] + b', "duration_ms": 1' + b"0" * 400 + b"}\n", "duration_ms"),
        (line()[:-2] + b', "result": 1e999}\n', "too large for a float"),
        (line()[:-2] + b', "result": 1' + b"0" * 5000 + b"}\n", "too many digits"),
        (line()[:-2] + b', "result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "nested too deeply"),
        (line(args={}), "args must be an array"),
        (line(kwargs=[]), "kwargs must be an object"),
        (line(error="boom"), "error must be an object"),
        (line(error={"type": 3}), "error.type"),
        (line(error={"frames": [["a.py", "1", "f"]]}), "error.frames"),
        (line(error={"frames": [["a.py", -1, "f"]]}), "error.frames"),
        (line(commit=5), "commit must be"),
        (line(caller="web.py:30"), "caller must be [file, line, function]"),
        (line(caller=["web.py", -1, "view"]), "caller must be"),
        (line(commit="a\nb"), "commit must be"),
        (line(id=[1]), "id must be"),
        (line(result="x" * LINE_LIMIT), "longer than"),
        (b'{"tool": "\xff"}\n', "is not UTF-8 (byte 11)"),
        ("﻿{}\n".encode("utf-16-le"), "UTF-16"),
        (b"\0" * 50 + b"\n", "NUL byte"),
        (line()[:-20] + b"\n", "is not JSON"),
        (line()[:-9], "cut off"),
    ],
)
def test_a_broken_line_is_reported_and_skipped(store: SqlExecutions, broken: bytes, why: str) -> None:
    imported = store.import_jsonl([line(id=1), broken, line(id=2)])
    assert imported.stored == 2
    ((number, reason),) = imported.broken
    assert number == 2 and why in reason and len(reason) < 300


def test_harmless_oddities_are_no_faults(store: SqlExecutions) -> None:
    lines = [
        b"\xef\xbb\xbf" + line(id="bom"), line(id="crlf")[:-1] + b"\r\n", b"\n", b"   \r\n", b"",
        line(id="lower", ts="2026-01-01t00:00:00z"), line(id="nano", ts="2026-01-01T00:00:00.123456789Z"),
        line(id="extra", pid=7), line(id="nulls", args=None, kwargs=None, error=None, duration_ms=None, commit=None),
        line(id="no-newline").rstrip(),
    ]  # fmt: skip
    imported = store.import_jsonl(lines)
    assert (imported.stored, imported.broken) == (7, ())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60) | st.sampled_from([line()[:40], b'{"ok":', b"\xef\xbb\xbf{}"]), max_size=8))
def test_no_bytes_raise(store: SqlExecutions, lines: list[bytes]) -> None:
    imported = store.import_jsonl(lines)
    assert imported.stored == 0 and len(imported.broken) <= len(lines)


def test_a_line_of_any_length_needs_little_memory_and_keeps_the_numbers_right(store: SqlExecutions) -> None:
    long = b'{"tool":"' + b"x" * (3 * LINE_LIMIT + 5) + b'"}\n'
    exact = line(id="exact", pad="")
    exact = line(id="exact", pad="p" * (LINE_LIMIT - len(exact)))
    stream = io.BytesIO(long + line(id=1) + b"{\n" + exact + long[:-1])
    imported = store.import_jsonl(bounded_lines(stream))
    assert imported.stored == 2
    assert [number for number, _ in imported.broken] == [1, 3, 5]
    stream.seek(0)
    assert max(map(len, bounded_lines(stream))) == LINE_LIMIT + 1


def test_endless_broken_lines_are_summed_up(store: SqlExecutions, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = store.import_jsonl(b"{\n" for _ in range(12_000))
    assert len(imported.broken) == 10_001
    assert imported.broken[-1] == (12_000, "2,000 more lines up to here are broken")


# Idempotence


def test_the_same_file_twice_gives_no_doubles(store: SqlExecutions) -> None:
    lines = [line(args=[n // 3], ok=n % 2 == 0) for n in range(30)] + [line(id=n) for n in range(5)]
    assert store.import_jsonl(lines) == store_counts(35, 0)
    version = store.version()
    assert store.import_jsonl(lines) == store_counts(0, 35)
    assert store.import_jsonl([*lines, line(id=99)]) == store_counts(1, 35)
    assert version != store.version() and store.stats()[0].total == 36


def test_equal_lines_are_different_calls_and_key_order_does_not_matter(store: SqlExecutions) -> None:
    first, second = (
        b'{"tool":"t","ts":"2026-01-01T00:00:00Z","ok":true}',
        b'{"ok": true, "ts":"2026-01-01T00:00:00Z","tool":"t"}',
    )
    assert store.import_jsonl([first, first, second]).stored == 3
    assert store.import_jsonl([second, second, second]) == store_counts(0, 3)
    assert store.import_jsonl([first] * 4) == store_counts(1, 3)


def test_unknown_keys_tell_calls_apart(store: SqlExecutions) -> None:
    assert store.import_jsonl([line(pid=1)]).stored == 1
    assert store.import_jsonl([line(pid=2)]).stored == 1
    assert store.import_jsonl([line(pid=1)]) == store_counts(0, 1)


def test_an_id_that_is_used_again_later_is_another_call(store: SqlExecutions) -> None:
    """Recorders that count from 1 in each process must not swallow calls."""
    lines = [line(id=1), line(id=1, ts="2026-01-02T00:00:00Z"), line(id=1, tool="pkg.mod:g"), line(id="1", ok=False)]
    assert store.import_jsonl(lines) == store_counts(3, 1)


def test_equal_lines_are_remembered_in_bounded_memory(store: SqlExecutions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_lines, "REMEMBERED", 10)
    near = [line(args=[n]) for n in range(8) for _ in range(2)]
    assert store.import_jsonl(near).stored == 16
    far = [line(tool="far", args=[n % 50]) for n in range(100)]
    assert store.import_jsonl(far) == store_counts(50, 50)


def test_add_takes_what_programs_made(store: SqlExecutions) -> None:
    calls = [call(1), call(2, ok=False, args="[1]", kwargs='{"b":1,"a":2}', caller=Frame("web.py", 30, "view"))]
    assert store.add(iter(calls)).stored == 2
    assert store.add(calls).known == 2
    assert [e.kwargs for e in store.executions("pkg.mod:f")] == ['{"a":2,"b":1}', None]
    assert [e.caller for e in store.executions("pkg.mod:f")] == [Frame("web.py", 30, "view"), None]
    assert store.add([call(3, args="{}"), call(4, args="nonsense")]).broken[0][0] == 1


# Statistics


def test_statistics_agree_with_counting_by_hand(store: SqlExecutions) -> None:
    durations = [float((n * 7919) % 101) for n in range(50)]
    store.add(call(n, ok=n % 5 != 0, duration_ms=durations[n], args=f"[{n % 4}]") for n in range(50))
    store.add([call(n, tool="other", duration_ms=None) for n in range(3)])
    other, stats = store.stats()
    assert (stats.tool, stats.total, stats.failed, stats.success_rate) == ("pkg.mod:f", 50, 10, 0.8)
    assert (stats.first, stats.last) == (START, START + timedelta(minutes=49))
    assert stats.median_ms == statistics.median(durations)
    assert stats.p95_ms == pytest.approx(statistics.quantiles(durations, n=20, method="inclusive")[-1])
    assert stats.distinct_failing_inputs == len({n % 4 for n in range(0, 50, 5)})
    assert stats.failures_by == (("ValueError", 10),)
    assert (other.tool, other.total, other.median_ms, other.p95_ms, other.failures_by) == ("other", 3, None, None, ())


@pytest.mark.parametrize("durations", [[5.0], [1.0, 2.0], [0.0, 0.0, 9.0], list(map(float, range(21)))])
def test_quantiles_of_few_calls(store: SqlExecutions, durations: list[float]) -> None:
    store.add(call(n, duration_ms=duration) for n, duration in enumerate(durations))
    assert store.stats()[0].median_ms == statistics.median(durations)
    expected = statistics.quantiles([*durations], n=20, method="inclusive")[-1] if len(durations) > 1 else durations[0]
    assert store.stats()[0].p95_ms == pytest.approx(expected)


def test_windows_include_their_beginning_and_not_their_end(store: SqlExecutions) -> None:
    store.add(call(n, ok=n != 2, commit="c" * 40 if n < 3 else None) for n in range(5))
    since, until = START + timedelta(minutes=1), START + timedelta(minutes=4)
    assert [s.total for s in store.stats(since, until)] == [3]
    assert [e.id for e in store.executions("pkg.mod:f", since=since, until=until)] == ["id-3", "id-2", "id-1"]
    assert [e.id for e in store.executions("pkg.mod:f", ok=True, limit=2)] == ["id-4", "id-3"]
    assert [e.id for e in store.executions("pkg.mod:f", ok=False)] == ["id-2"]
    assert store.counts_by_commit("pkg.mod:f", since, until) == (
        ("c" * 40, since, since + timedelta(minutes=1), 2, 1, 1),
        (None, START + timedelta(minutes=3), START + timedelta(minutes=3), 1, 0, 0),
    )
    assert store.stats(until + DAY) == () and store.counts_by_commit("nobody", since, until) == ()


def test_interrupted_calls_are_kept_but_not_counted(store: SqlExecutions) -> None:
    types = ["KeyboardInterrupt", "SystemExit", "asyncio.CancelledError", "ValueError", "mine.KeyboardInterrupted"]
    store.import_jsonl(line(id=n, ok=False, error={"type": name}) for n, name in enumerate(types))
    assert [(s.total, s.failed) for s in store.stats()] == [(2, 2)]
    assert [row[3:5] for row in store.counts_by_commit("pkg.mod:f", START, START + DAY)] == [(2, 2)]
    assert len(store.executions("pkg.mod:f")) == 5 and len(store.executions("pkg.mod:f", ok=False)) == 2


def test_different_failing_inputs_are_told_apart(store: SqlExecutions) -> None:
    failures: list[dict[str, Any]] = [
        {"args": [1]}, {"args": [1], "kwargs": {}}, {"args": [2]}, {"kwargs": {"a": 1}},  # three inputs
        {"args": []}, {"args": []}, {"kwargs": {}},  # without arguments, each call is its own
        {"error": {"type": "E", "message": "a"}}, {"error": {"type": "E", "message": "a"}}, {},  # two errors
    ]  # fmt: skip
    store.import_jsonl(line(id=n, ok=False, **fields) for n, fields in enumerate(failures))
    assert store.stats()[0].distinct_failing_inputs == 8


def test_failing_inputs_over_several_commits(store: SqlExecutions) -> None:
    a, b = "a" * 40, "b" * 40
    store.add(call(n, ok=False, args=f"[{n % 3}]", commit=commit) for n, commit in enumerate([a, b, None, a, b, None]))
    end = START + DAY
    assert len(store.failing_inputs("pkg.mod:f", START, end, [a])) == 1
    assert len(store.failing_inputs("pkg.mod:f", START, end, [a, b])) == 2
    assert len(store.failing_inputs("pkg.mod:f", START, end, [a, b, None])) == 3
    assert len(store.failing_inputs("pkg.mod:f", START, end, [a, b, None], limit=2)) == 2
    assert store.failing_inputs("pkg.mod:f", START, end, []) == frozenset()
    many = [f"{n:040x}" for n in range(12_000)]
    assert len(store.failing_inputs("pkg.mod:f", START, end, [*many, b, None])) == 2


@pytest.mark.parametrize("name", ["\udcff", "a\0b", "", "x" * 10_000, "'; DROP TABLE healer_calls; --"])
def test_any_name_can_be_asked_for(store: SqlExecutions, name: str) -> None:
    store.add([call(1)])
    assert store.executions(name) == () == store.counts_by_commit(name, START, START + DAY)
    assert store.stats()[0].total == 1


def test_tools_are_sorted(store: SqlExecutions) -> None:
    store.import_jsonl([line(tool=name) for name in ("z:z", "ä:b", "a:b")])
    assert store.tools() == ("a:b", "z:z", "ä:b")


@pytest.mark.parametrize("windowed", [True, False])
def test_a_question_about_one_tool_reads_only_its_rows(tmp_path: Path, windowed: bool) -> None:
    """The plans of the database, not its speed."""
    store = open_executions(tmp_path / "plans.sqlite")
    store.add(call(n) for n in range(3))
    store.stats()  # what was stored is summed up once
    plans = _plans(tmp_path / "plans.sqlite", store, START if windowed else None)
    scans = [step for step in plans if step.startswith("SCAN") and "healer_calls" in step]
    assert scans == [] and any("tool=? AND ts>?" in step for step in plans) is windowed


def _plans(path: Path, store: SqlExecutions, since: datetime | None) -> list[str]:
    asked: list[tuple[str, Any]] = []
    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, text, values, *_: asked.append((text, values)))
    until = None if since is None else since + DAY
    store.executions("pkg.mod:f", since=since, until=until, ok=False)
    store.stats(since, until)
    if since is not None and until is not None:
        store.counts_by_commit("pkg.mod:f", since, until)
        store.failing_inputs("pkg.mod:f", since, until, ["a" * 40])
    connection = sqlite3.connect(path)
    selects = [(text, values) for text, values in asked if text.startswith(("SELECT", "WITH"))]
    steps = [row[3] for text, values in selects for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    connection.close()
    return [str(step) for step in steps]


# Versions, processes, damage


def test_the_version_changes_with_the_contents_and_with_nothing_else(file_store: SqlExecutions, tmp_path: Path) -> None:
    versions = [file_store.version()]
    for _ in range(2):
        file_store.import_jsonl([line(id=1), b"broken\n"])
        versions.append(file_store.version())
    file_store.stats()
    assert versions[0] != versions[1] == versions[2] == open_executions(tmp_path / "executions.sqlite").version()
    other = open_executions(tmp_path / "other.sqlite")
    assert other.version() != versions[0], "an empty store in the place of another is not that other"


WRITER = """
import json, sys
from gitops_healer.adapters.executions import open_executions
path, own = sys.argv[1], int(sys.argv[2])
store = open_executions(path)
def lines():
    for n in range(3000):
        yield json.dumps({"tool": f"t:{n % 7}", "ts": "2026-01-01T00:00:00Z", "ok": True, "id": f"shared-{n}"}).encode()
        yield json.dumps({"tool": f"own:{own}", "ts": "2026-01-01T00:00:00Z", "ok": True, "args": [n]}).encode()
done = store.import_jsonl(lines())
print(done.stored, done.known, len(done.broken))
"""


def test_several_processes_import_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "executions.sqlite"
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(n)], stdout=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    counts = [tuple(map(int, process.communicate(timeout=120)[0].split())) for process in started]
    assert sum(stored for stored, _, _ in counts) == 3000 + 4 * 3000
    assert sum(known for _, known, _ in counts) == 3 * 3000
    store = open_executions(path)
    assert sum(stats.total for stats in store.stats()) == 15_000
    assert store.version().endswith("-15000")


def test_killed_in_the_middle_then_imported_again(tmp_path: Path) -> None:
    path = tmp_path / "executions.sqlite"
    script = WRITER.replace("range(3000)", "range(200000)")
    process = subprocess.Popen([sys.executable, "-c", script, str(path), "0"])
    while not (path.exists() and _stored(path) > 0):
        assert process.poll() is None
    process.kill()
    process.wait()
    store = open_executions(path)
    before = _stored(path)
    assert sum(stats.total for stats in store.stats()) == before > 0, "the count agrees with the rows"
    assert before % execution_lines.BATCH_CALLS == 0, "batches are whole"


def _stored(path: Path) -> int:
    try:
        connection = sqlite3.connect(path, timeout=10)
        count = connection.execute("SELECT stored FROM healer_store").fetchone()
        connection.close()
    except sqlite3.OperationalError:
        return 0
    return int(count[0]) if count else 0


def test_a_full_disk_stores_whole_batches_or_nothing(file_store: SqlExecutions) -> None:
    """SQLite's own limit on pages gives the same error as the disk."""
    file_store.import_jsonl([line(id=0)])

    def lines() -> Iterable[bytes]:
        for n in range(30_000):
            yield line(id=n + 1, args=["x" * 300])

    with PageLimit(file_store, 1500), pytest.raises(HealerError, match="disk is full: free some space and run again"):
        file_store.import_jsonl(lines())
    stored = file_store.stats()[0].total
    assert stored % execution_lines.BATCH_CALLS == 1 and file_store.version().endswith(f"-{stored}")
    assert file_store.import_jsonl(lines()) == store_counts(30_001 - stored, stored - 1)


class PageLimit:
    def __init__(self, store: SqlExecutions, pages: int) -> None:
        self._engine, self._pages = store._database.engine, pages

    def _limit(self, connection: Any, record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={self._pages}")

    def __enter__(self) -> None:
        event.listen(self._engine, "connect", self._limit)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "connect", self._limit)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "executions.sqlite"
    path.write_bytes(b"precious user data, not a database" * 100)
    with pytest.raises(HealerError, match=r"executions\.sqlite") as error:
        open_executions(path)
    assert "damaged" in str(error.value) and "nothing was deleted" in str(error.value)
    assert path.read_bytes() == b"precious user data, not a database" * 100


def test_damage_in_the_middle_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "executions.sqlite"
    open_executions(path).add(call(n, args=f'["{n:0200}"]') for n in range(2000))
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(5, size // 4096):
            file.seek(page * 4096)
            file.write(b"\x00\x05garbage" * 8 if page % 2 else b"\xff" * 4096)
    store = open_executions(path)
    with pytest.raises(HealerError, match=r"executions\.sqlite"):
        for _ in range(3):
            store.executions("pkg.mod:f", limit=5000)
            store.stats()
    assert path.stat().st_size == size


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customers (id)")
    connection.commit()
    connection.close()
    with pytest.raises(UsageError, match=r"another program's database .it has a table customers"):
        open_executions(path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "executions.sqlite"
    open_executions(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE healer_store SET schema = 9")
    connection.commit()
    connection.close()
    with pytest.raises(UsageError, match="schema 9, and 3 is known"):
        open_executions(path)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("", "needs a file"),
        (":memory:", "needs a file"),
        ("sqlite://", "needs a file"),
        ("nonsense://x/y", "not a database we know"),
        ("://", "URL cannot be read"),
    ],
)
def test_places_that_cannot_hold_a_store(place: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        open_executions(place)


def test_a_directory_is_no_place(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        open_executions(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot make"):
        open_executions(tmp_path / "file" / "inner" / "executions.sqlite")


def test_a_url_of_sqlite_and_odd_file_names(tmp_path: Path) -> None:
    open_executions(f"sqlite:///{tmp_path}/by-url.sqlite").add([call(1)])
    assert open_executions(tmp_path / "by-url.sqlite").tools() == ("pkg.mod:f",)
    odd = tmp_path / "a b?c%20\n\udcff.sqlite"
    open_executions(odd).add([call(1)])
    assert open_executions(odd).tools() == ("pkg.mod:f",)


def test_a_server_that_does_not_answer_is_a_network_error_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(ForgeError) as error:
        open_executions("postgresql://user:secret@127.0.0.1:9/none?connect_timeout=1")
    assert "secret" not in str(error.value)


def test_progress_tells_lines_that_were_read(store: SqlExecutions) -> None:
    told: list[int] = []
    store.import_jsonl((line(id=n) for n in range(12_000)), told.append)
    assert told[-1] == 12_000 and all(a < b for a, b in pairwise(told))


def test_nothing_is_nothing(store: SqlExecutions) -> None:
    assert store.import_jsonl([]) == store.add([]) == store_counts(0, 0)
    assert (store.tools(), store.stats(), store.executions("x")) == ((), (), ())
