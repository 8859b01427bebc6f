"""Reading ahead in a forked process: the same as reading here, whoever is killed. (Test runners have threads, beside
which nothing is forked: so every import here is a process of its own.)"""

import gzip
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from gitops_healer.adapters.execution_ahead import FORK_AFTER
from gitops_healer.adapters.execution_files import import_file
from gitops_healer.adapters.executions import SqlExecutions, open_executions

LINES = FORK_AFTER + 12_003
IMPORT = """
import json, os, signal, sys
from pathlib import Path
from gitops_healer.adapters.execution_files import import_file
from gitops_healer.adapters.executions import open_executions
store, file, victim = open_executions(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
seen = set()
def told(lines):
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    seen.update(children)
    if victim == "reader" and lines > 24_000 and children:
        os.kill(int(children[0]), signal.SIGKILL)
    if victim == "importer" and lines > 24_000:
        print(json.dumps(sorted(seen)), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
done = import_file(store, file, progress=told)
print(json.dumps([len(seen), done.stored, done.known, done.broken]))
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls with ids and without, failures, counts, equal lines, and broken ones."""
    file = tmp_path_factory.mktemp("recorded") / "calls.jsonl"
    file.write_bytes(b"".join(_line(number) for number in range(1, LINES + 1)))
    return file


def _line(number: int) -> bytes:
    event = {"tool": f"shop:f{number % 7}", "ts": f"2026-01-01T{number % 24:02}:00:00Z", "ok": number % 11 > 0}
    if number % 5_000 == 17:
        return b"{broken\n"
    if number % 13 == 0:
        event |= {"counts": {"ok": 2}}
    if number % 10:
        event |= {"id": f"call-{number}"}
    else:
        event |= {"args": [number % 3]}
    if number % 130 == 0:
        event |= {"id": number}
    return json.dumps(event).encode() + b"\n"


def _imported(store: Path, file: Path, victim: str = "nobody") -> list[object]:
    command = [sys.executable, "-c", IMPORT, str(store), str(file), victim]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == (0 if victim != "importer" else -9)
    found: list[object] = json.loads(done.stdout)
    return found


def _contents(store: SqlExecutions) -> object:
    calls = {tool: store.executions(tool, limit=LINES) for tool in store.tools()}
    return store.stats(), calls


def _packed(recorded: Path, how: str, folder: Path) -> Path:
    match how:
        case "gzip":
            packed = folder / "calls.jsonl.gz"
            packed.write_bytes(gzip.compress(recorded.read_bytes(), 1))
        case "zip":
            packed = folder / "calls.zip"
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(recorded, "calls.jsonl")
        case _:
            packed = recorded
    return packed


@pytest.mark.parametrize(
    ("how", "victim"), [("plain", "nobody"), ("plain", "reader"), ("gzip", "reader"), ("zip", "reader")]
)
def test_the_same_is_stored_as_by_one_process(tmp_path: Path, recorded: Path, how: str, victim: str) -> None:
    one, two = open_executions(tmp_path / "one.sqlite"), tmp_path / "two.sqlite"
    alone = import_file(one, recorded)
    forked, *done = _imported(two, _packed(recorded, how, tmp_path), victim)
    assert forked == 1, "a process was forked"
    assert done == [alone.stored, alone.known, [list(broken) for broken in alone.broken]]
    assert [number for number, _ in alone.broken] == [number for number in range(1, LINES + 1) if number % 5_000 == 17]
    assert _contents(open_executions(two)) == _contents(one)


def test_killed_in_the_middle_then_imported_again(tmp_path: Path, recorded: Path) -> None:
    one, two = open_executions(tmp_path / "one.sqlite"), tmp_path / "two.sqlite"
    alone = import_file(one, recorded)
    (reader,) = _imported(two, recorded, "importer")
    again = _imported(two, recorded)
    before = again[2]
    assert isinstance(before, int) and 0 < before < alone.stored, "some were stored by the one that was killed"
    assert again[1] == alone.stored - before
    assert _contents(open_executions(two)) == _contents(one)
    until = time.monotonic() + 20  # on a busy machine it takes its time to hear of it
    while Path(f"/proc/{reader}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{reader}").exists(), "the reader ended with the one it read for"
