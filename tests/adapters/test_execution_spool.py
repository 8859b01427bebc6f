"""Files of recorders: read on where the last reading ended, deleted when nobody writes to them any more."""

import json
import os
import time
from pathlib import Path

import pytest

from gitops_healer.adapters.execution_spool import POSITIONS, QUIET_SECONDS, SPOOL, spool_files, take_spool
from gitops_healer.adapters.executions import SqlExecutions, open_executions

NOBODY = "999999999"


@pytest.fixture
def store(tmp_path: Path) -> SqlExecutions:
    return open_executions(tmp_path / "executions.sqlite")


def lines(first: int, number: int) -> bytes:
    events = (
        {"tool": "pkg:f", "ts": "2026-01-01T00:00:00Z", "ok": True, "id": str(n)} for n in range(first, first + number)
    )
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def segment(state: Path, data: bytes, pid: str = str(os.getpid()), age: float = 0.0) -> Path:
    file = state / SPOOL / f"{pid}-18d0-1.jsonl"
    file.parent.mkdir(exist_ok=True)
    with file.open("ab") as stream:
        stream.write(data)
    then = time.time() - age
    os.utime(file, (then, then))
    return file


def test_only_what_is_new_is_read(tmp_path: Path, store: SqlExecutions) -> None:
    assert take_spool(store, tmp_path).stored == 0, "no spool, nothing to do"
    segment(tmp_path, lines(0, 3))
    assert take_spool(store, tmp_path).stored == 3
    segment(tmp_path, lines(3, 2))
    done = take_spool(store, tmp_path)
    assert (done.stored, done.known) == (2, 0)
    assert len(store.executions("pkg:f")) == 5


def test_a_line_that_is_being_written_waits(tmp_path: Path, store: SqlExecutions) -> None:
    data = lines(0, 2)
    segment(tmp_path, data[:-10])
    assert take_spool(store, tmp_path).stored == 1
    segment(tmp_path, data[-10:])
    done = take_spool(store, tmp_path)
    assert (done.stored, done.known, done.broken) == (1, 0, ())


@pytest.mark.parametrize(
    ("pid", "age", "stays"),
    [
        ("", 2 * QUIET_SECONDS, True),
        (NOBODY, 0, True),
        ("otherhost", 2 * QUIET_SECONDS, True),
        (NOBODY, 2 * QUIET_SECONDS, False),
    ],
)
def test_a_file_goes_when_its_process_is_gone(
    tmp_path: Path, store: SqlExecutions, pid: str, age: float, stays: bool
) -> None:
    file = segment(tmp_path, lines(0, 3) + b'{"torn', pid or str(os.getpid()), age)
    assert take_spool(store, tmp_path).stored == 3
    assert file.exists() is stays
    assert take_spool(store, tmp_path).stored == 0


@pytest.mark.parametrize("damage", [b"", b"[1]", b"\xff", b'{"x": -1}', b'{"x": "y"}'])
def test_forgotten_positions_cost_time_only(tmp_path: Path, store: SqlExecutions, damage: bytes) -> None:
    segment(tmp_path, lines(0, 3))
    take_spool(store, tmp_path)
    (tmp_path / POSITIONS).write_bytes(damage)
    done = take_spool(store, tmp_path)
    assert (done.stored, done.known) == (0, 3)
    (file,) = spool_files(tmp_path)
    assert json.loads((tmp_path / POSITIONS).read_text()) == {file.name: len(lines(0, 3))}


def test_junk_is_reported_and_harms_nothing(tmp_path: Path, store: SqlExecutions) -> None:
    segment(tmp_path, b"\x00" * 100 + b"\n" + lines(0, 1) + b"x" * 3_000_000 + b"\n" + lines(1, 1))
    done = take_spool(store, tmp_path)
    assert done.stored == 2 and len(done.broken) == 2
