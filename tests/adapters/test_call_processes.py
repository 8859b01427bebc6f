"""Processes of a session: who may look into them, and that nothing of a call is left."""

import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters.call_channel import Asked
from gitops_healer.adapters.workbench import make_bench
from tests.adapters.inside import answer_of, pythons

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl and /proc are Linux's")

MODULE = """
import ctypes
def looked_into(): return ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
when_imported = looked_into()
def both(): return [when_imported, looked_into()]
"""
SESSION = """
import ctypes, os
sys.path.insert(0, TOLD["inside"])
from healer_inside.call_processes import powers
from healer_inside.call_supervisor import Supervisor
prctl, seen = ctypes.CDLL(None).prctl, []
for when in ("before", "after_in_parent"):
    os.register_at_fork(**{when: lambda: seen.append(prctl(3, 0, 0, 0, 0))})
supervisor = Supervisor(TOLD["job"], lambda: None, powers())
ready = supervisor.open()
outcome = supervisor.call({"args": "[]", "kwargs": "{}"})
supervisor.close()
print(json.dumps([ready.get("ok"), seen, outcome["value"]]))
"""


@pytest.mark.parametrize("watch", [False, True])
@pytest.mark.parametrize("python", pythons())
def test_only_calls_can_be_looked_into_at_any_moment(tmp_path: Path, python: str, watch: bool) -> None:
    """A supervisor that gets no turn after its fork must not need one."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "mod.py").write_text(MODULE)
    bench = make_bench(tmp_path, Path(python))
    job: dict[str, Any] = {
        "module": "mod", "qualname": "both", "file": "mod.py", "roots": ["."], "seconds": 10.0, "import_seconds": 20.0,
        "watch": watch,
    }  # fmt: skip
    ok, supervisor, call = answer_of(SESSION, {"inside": str(bench.inside), "job": job}, python)
    assert (ok, set(supervisor), call) == (True, {0}, "[0,1]")


LEFT = """
import ctypes, os, select, signal, threading, time
from gitops_healer.adapters.call_processes import Family, powers

until = time.monotonic() + 15  # where nobody ends them, they end

def hop(libc):
    while time.monotonic() < until:
        if os.fork(): os._exit(0)
    os._exit(0)

def without_leader(libc):
    threading.Thread(target=time.sleep, args=(15,)).start()
    libc.syscall(60 if os.uname().machine == "x86_64" else 93, 0)

def hydra(libc):  # what ends grows again
    for _ in range(3): os.fork()
    while time.monotonic() < until:
        if os.fork() == 0:
            time.sleep(15); os._exit(0)
        os.wait()
    os._exit(0)

def supervise():
    family = Family({}, TOLD["adopted"] and powers().adopt())
    family.keep(0)
    alive, held = os.pipe()
    started, ready = os.pipe()
    call = os.fork()
    if call == 0:
        os.close(alive)
        if os.fork(): os._exit(0)
        os.setsid()
        os.write(ready, b"x")
        globals()[TOLD["way"]](ctypes.CDLL(None))
    os.close(held)
    os.waitpid(call, 0)
    os.read(started, 1)
    before, ended = family.is_alone(), family.end_rest()
    gone = bool(select.select([alive], [], [], 10)[0]) and os.read(alive, 1) == b""
    return [before, ended, gone, family.is_alone()]

answer, told = os.pipe()
if os.fork() == 0:
    os.write(told, json.dumps(supervise()).encode())
    os._exit(0)
os.close(told)
powers().adopt()
print(os.read(answer, 1000).decode())
os.wait()
"""


@pytest.mark.parametrize("adopted", [True, False])
@pytest.mark.parametrize("way", ["hop", "without_leader", "hydra"])
def test_whatever_a_call_leaves_running_is_ended(way: str, adopted: bool) -> None:
    """Its end is seen by a pipe that all of them hold open."""
    if way == "hop" and not adopted:
        pytest.skip("what forks and ends cannot be followed without being its parent")
    found = answer_of(LEFT, {"way": way, "adopted": adopted})
    alone = (False, True) if adopted else (None, None)
    assert found == [alone[0], True, True, alone[1]]


@given(st.lists(st.binary(max_size=99), max_size=5), st.integers(1, 3000))
def test_lines_come_whole_whatever_their_length(parts: list[bytes], times: int) -> None:
    lines = [part.replace(b"\n", b"") * times + b"\n" for part in parts]
    with tempfile.TemporaryFile() as told:
        told.write(b"".join([*lines, b"rest"]))
        told.seek(0)
        asked = Asked(told.fileno())
        assert [*iter(asked.line, b"")] == [*lines, b"rest"]


def test_what_was_read_ahead_can_be_wiped() -> None:
    with tempfile.TemporaryFile() as told:
        told.write(b"first\nsecond\n")
        told.seek(0)
        asked = Asked(told.fileno())
        first = asked.line()
        asked.wipe()
        assert (first, asked.line()) == (b"first\n", b"")
