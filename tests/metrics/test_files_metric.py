"""Records in files, before and after a merge."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.records import Fields, moment_of, passed, record_of
from gitops_healer.core.watching import Block
from gitops_healer.errors import ConfigError, UsageError
from gitops_healer.metrics.files import MOST_SUBJECTS, csv_rows, files, json_rows
from gitops_healer.settings import load_settings
from tests.detectors.tools_scene import HOUR, NOW
from tests.metrics.merges import DAY, MERGED_AT, Merge, before_after, until_error

CALLS = {"path": "calls.jsonl", "format": "jsonl", "ts": "ts", "subject": "tool", "ok": "ok", "commit": "commit"}
COUNTS = {"path": "counts.csv", "format": "csv", "ts": "when", "total": "n", "failed": "bad"}


@pytest.fixture
def merge(make_repo: Callable[..., Any], tmp_path: Path) -> Merge:
    made = Merge(make_repo, tmp_path)
    made.configure(files=[CALLS])
    return made


def write(merge: Merge, *rows: dict[str, object] | str, name: str = "calls.jsonl") -> None:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (merge.tools.directory / name).write_text("\n".join([*lines, ""]))


def call(at: datetime, ok: object = True, tool: str = "web", commit: str | None = None) -> dict[str, object]:
    return {"ts": at.isoformat(), "ok": ok, "tool": tool, **({"commit": commit} if commit else {})}


def test_records_belong_to_their_commit_else_to_their_time(merge: Merge) -> None:
    before, after = MERGED_AT - HOUR, MERGED_AT + HOUR
    write(
        merge,
        call(before),
        call(before, False, commit=merge.parent),
        call(after, False),
        call(after, commit=merge.merge[:10]),
        call(before, False, commit=merge.later),  # a clock that is slow
        call(after, False, commit=merge.parent),  # the version before still answers
        call(after, False, commit=merge.other),
        call(after, False, commit="e" * 40),
        call(MERGED_AT - 8 * DAY, False),
        call(NOW + HOUR, False),
    )
    (reading,) = merge.ask(files)
    assert (reading.metric, reading.subject, reading.touched, reading.distinct_failing) == ("files", "web", True, None)
    assert before_after(reading) == (2, 1, 3, 2)
    assert reading.blocks == (Block(0, 1, 1), Block(2, 2, 1))
    assert (reading.still_total, reading.still_failed) == (1, 1)
    assert "2 records at commits of other lines of history" in reading.note


def test_counts_in_csv(merge: Merge) -> None:
    merge.configure(files=[COUNTS])
    stamp = f"{(MERGED_AT + HOUR).timestamp() * 1000:.0f}"
    rows = ["\ufeffwhen;n;bad;why", f"{(MERGED_AT - HOUR).isoformat()};100;2;x", f'{stamp};50.5;5;"a\nb; c"']
    write(merge, *rows, name="counts.csv")
    (reading,) = merge.ask(files)
    assert reading.subject == "counts.csv"
    assert before_after(reading) == (100, 2, 50.5, 5)


def test_functions_of_the_code_are_touched_reached_or_apart(merge: Merge) -> None:
    tools = ("pkg.mod:f", "pkg.user:use", "pkg.alone:a", "gone:x", "checkout")
    write(merge, *(call(MERGED_AT + HOUR, tool=tool) for tool in tools))
    assert {reading.subject: (reading.touched, reading.apart) for reading in merge.ask(files)} == {
        "pkg.mod:f": (True, False),
        "pkg.user:use": (False, False),
        "pkg.alone:a": (False, True),
        "gone:x": (True, False),
        "checkout": (True, False),
    }


def test_broken_records_are_counted_and_said(merge: Merge) -> None:
    good = call(MERGED_AT + HOUR)
    write(merge, good, "{", "[1]", good | {"ok": "maybe"}, good | {"ts": "soon"}, "", {"ok": True, "ts": 1}, good)
    (reading,) = merge.ask(files)
    assert reading.after_total == 2
    assert "5 records could not be read (line 2 is no JSON; line 3 is no JSON object; line 4 does not say whether" in (
        reading.note
    )


def test_one_broken_file_does_not_silence_the_others(merge: Merge) -> None:
    merge.configure(files=[CALLS | {"path": "gone.jsonl"}, CALLS, CALLS | {"path": "packed.jsonl.gz"}])
    write(merge, call(MERGED_AT + HOUR))
    packed = gzip.compress(json.dumps(call(MERGED_AT + HOUR, tool="packed")).encode())
    (merge.tools.directory / "packed.jsonl.gz").write_bytes(packed)
    *found, error = until_error(files(merge.scene, merge.upgrade))
    assert [getattr(reading, "subject", "") for reading in found] == ["web", "packed"]
    assert isinstance(error, UsageError)
    assert "gone.jsonl" in str(error)


def test_memory_does_not_grow_with_subjects(merge: Merge) -> None:
    write(merge, *(call(MERGED_AT + HOUR, tool=f"t{number}") for number in range(MOST_SUBJECTS + 3)))
    found = merge.ask(files)
    assert len(found) == MOST_SUBJECTS
    assert "3 records of more than 1,000 subjects are left out" in found[0].note


def test_nothing_configured_reads_nothing(merge: Merge) -> None:
    merge.configure()
    assert merge.ask(files) == []


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"total": "n"}, "either `ok`, or both `total` and `failed`"),
        ({"ok": ""}, "either `ok`, or both `total` and `failed`"),
        ({"format": "xml"}, "be 'jsonl' or 'csv'"),
        ({"path": ""}, "at least 1 character"),
    ],
)
def test_a_wrong_policy_is_told(file: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}.*Example"):
        load_settings(options={"monitoring.files": [CALLS | file]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True), (False, False), (1, True), (0, False), ("1", True), ("0", False), ("OK", True), (" Passed", True),
        ("Error", False), ("timeout", False), (200, True), ("304", True), (399, True), (400, False), ("503", False),
    ],
)  # fmt: skip
def test_what_passed(value: object, expected: bool) -> None:
    assert passed(value) is expected


@pytest.mark.parametrize("value", [None, "", "maybe", 2, 99, 600, 200.5, -1, "2_00", [], {}, "nan", "1e400"])
def test_what_does_not_say_whether_it_passed(value: object) -> None:
    with pytest.raises(ValueError, match="does not say"):
        passed(value)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-20T12:00:00Z", "2026-01-20 12:00:00", "2026-01-20T14:00:00+02:00", 1768910400, "1768910400",
        1768910400.0, 1768910400_000, "1768910400000", 1768910400_000_000, 1768910400_000_000_000,
    ],
)  # fmt: skip
def test_moments(value: object) -> None:
    assert moment_of(value) == NOW == datetime.fromtimestamp(1768910400, UTC)


@pytest.mark.parametrize("value", [None, "", "soon", True, -1, 1e30, "9999-99-99", "0001-01-01T00:00:00+23:00", []])
def test_what_is_no_moment(value: object) -> None:
    with pytest.raises(ValueError, match="has no moment"):
        moment_of(value)


@pytest.mark.parametrize(
    "row", [{"n": 5, "bad": 6}, {"n": -1, "bad": 0}, {"n": True, "bad": 0}, {"n": "x", "bad": 0}, {}]
)
def test_counts_that_cannot_be(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"has (no|more)"):
        record_of({"ts": 1, **row}, Fields("ts", total="n", failed="bad"))


def test_fields_may_be_inside_of_others() -> None:
    record = record_of({"time": {"at": 5}, "http.code": 500, "tool": 7}, Fields("time.at", "tool", "http.code"))
    assert (record.at, record.subject, record.failed) == (datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC), "7", 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), json_values), st.booleans())
def test_any_row_is_a_record_or_a_reason(row: dict[str, object], counts: bool) -> None:
    fields = Fields("a", "b", total="c", failed="d.a") if counts else Fields("a", "b", "c", commit="d")
    try:
        record = record_of(row, fields)
    except ValueError as error:
        assert str(error).startswith(("has ", "does not say"))
    else:
        assert 0 <= record.failed <= record.total
        assert record.at.utcoffset() == timedelta(0)


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_any_bytes_are_rows_or_reasons(lines: list[bytes]) -> None:
    for row in [*json_rows(lines), *csv_rows(lines)]:
        assert isinstance(row, dict | ValueError)
