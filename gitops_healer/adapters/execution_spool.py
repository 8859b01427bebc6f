"""The files in which recorders leave executions by default: read on from where the last reading ended.

What was read is remembered beside them; losing that costs time and nothing else, since no line is stored twice. A file
is deleted when all of it is stored and the process that wrote it is gone.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from gitops_healer.adapters.execution_lines import bounded_lines
from gitops_healer.core.executions_format import LINE_LIMIT
from gitops_healer.ports import ExecutionStore, Imported

SPOOL: Final = "spool"
POSITIONS: Final = "spool-read.json"
QUIET_SECONDS: Final = 3600
_TAIL: Final = LINE_LIMIT + 2


def spool_files(state: Path) -> list[Path]:
    """Segments of recorders below a state directory, oldest name first."""
    folder = state / SPOOL
    return sorted(file for file in folder.glob("*.jsonl") if file.is_file()) if folder.is_dir() else []


def take_spool(store: ExecutionStore, state: Path) -> Imported:
    """Store what recorders have written since the last time."""
    positions = _positions(state)
    taken = Imported(0, 0, ())
    kept: dict[str, int] = {}
    for file in spool_files(state):
        done, position = _take(store, file, positions.get(file.name, 0))
        taken += done
        if not _finished(file, position):
            kept[file.name] = position
        else:
            file.unlink(missing_ok=True)
    if kept != positions:
        _remember(state, kept)
    return taken


def _take(store: ExecutionStore, file: Path, position: int) -> tuple[Imported, int]:
    """(what was stored, where the last whole line ended). A line that is being written waits for the next time."""
    with file.open("rb") as stream:
        end = _last_line_end(stream, position)
        if end <= position:
            return Imported(0, 0, ()), position
        stream.seek(position)
        return store.import_jsonl(_until(stream, end)), end


def _last_line_end(stream: BinaryIO, position: int) -> int:
    size = stream.seek(0, os.SEEK_END)
    start = max(position, size - _TAIL)
    stream.seek(start)
    newline = stream.read(size - start).rfind(b"\n")
    return start + newline + 1 if newline >= 0 else position


def _until(stream: BinaryIO, end: int) -> Iterator[bytes]:
    for line in bounded_lines(stream):
        yield line
        if stream.tell() >= end:
            return


def _finished(file: Path, position: int) -> bool:
    """Whether nobody will write to it any more, and all whole lines of it are stored."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return True
    quiet = time.time() - status.st_mtime > QUIET_SECONDS
    return quiet and position >= status.st_size - LINE_LIMIT and not _alive(file.name.partition("-")[0])


def _alive(pid: str) -> bool:
    """Whether a process of that number is there; what is no number says nothing, so its file stays."""
    if not pid.isascii() or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _positions(state: Path) -> dict[str, int]:
    try:
        known = json.loads((state / POSITIONS).read_bytes())
    except (OSError, ValueError):
        return {}
    fits = isinstance(known, dict) and all(type(value) is int and value >= 0 for value in known.values())
    return known if fits else {}


def _remember(state: Path, positions: dict[str, int]) -> None:
    draft = state / f"{POSITIONS}.{os.getpid()}"
    draft.write_text(json.dumps(positions))
    draft.replace(state / POSITIONS)
