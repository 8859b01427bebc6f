"""What is left when programs are killed, disks are full and directories vanish; and that programs do not notice."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.recorder.conftest import ROOT, Program, Recorded

KILLED = """
import sys
sys.path.insert(0, {root!r})
import gitops_healer.recorder as recorder
recorder.configure(directory={spool!r}, commit="{commit}", sample=1.0)

@recorder.tool
def work(number, text="x" * 200):
    return [number, text]

number = 0
while True:
    work(number)
    sys.stdout.write(f"{{number}}\\n")
    sys.stdout.flush()
    number += 1
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_no_call_that_returned_is_lost_by_kill_9(tmp_path: Path) -> None:
    dice = random.Random(7)
    for attempt in range(12):
        spool = tmp_path / f"spool{attempt}"
        script = KILLED.format(root=str(ROOT), spool=str(spool), commit="c" * 40)
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.08))
        child.kill()
        said = child.stdout.read().splitlines()
        child.stdout.close()
        child.wait()
        whole = 1 + sum(line.isdigit() for line in said)
        kept = [json.loads(line)["args"][0] for line in whole_lines(spool)]
        assert kept == list(range(len(kept)))
        assert len(kept) >= whole - 1  # the last number that was said may itself be cut


def whole_lines(spool: Path) -> list[str]:
    """Linux ends a write at the end of a page when the process is killed: the line of a call that has not returned may
    be torn, and is the last of its file. All others must be whole."""
    found: list[str] = []
    for file in sorted(spool.iterdir()):
        *lines, rest = file.read_text("utf-8").split("\n")
        assert rest == "" or rest.startswith('{"v":1,')
        found += lines
    return found


TOOLS = """
import os, shutil

@recorder.tool
def work(number):
    return number

def many(count):
    for number in range(count):
        assert work(number) == number
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_full_disk_costs_lines_and_nothing_else(program: Program, spooled: Recorded) -> None:
    ran = program(
        TOOLS + "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\nmany(2000)\n"
        "print(recorder.statistics().dropped, recorder.statistics().reason)\n",
        options=", sample=1.0",
    )
    dropped = int(ran.stdout.split()[0])
    kept = [event["args"][0] for event in spooled.events("work")]
    assert dropped > 1000 and len(kept) + dropped == 2000
    assert kept == list(range(len(kept)))
    assert ran.stderr == ""


def test_a_spool_has_a_largest_size(program: Program, spooled: Recorded) -> None:
    ran = program(
        "from gitops_healer.recorder.spool import Spool\n"
        f"recorder.configure(sink=Spool({str(spooled.directory)!r}, segment_bytes=10_000, total_bytes=50_000))\n"
        + TOOLS
        + "many(2000)\nprint(recorder.statistics().reason)\n",
        options=", sample=1.0",
    )
    sizes = [file.stat().st_size for file in spooled.directory.iterdir()]
    assert 50_000 <= sum(sizes) <= 65_000 and max(sizes) < 11_000 and len(sizes) >= 5
    assert "import and delete its files" in ran.stdout or "later" in ran.stdout


def test_a_spool_that_cannot_be_made(tmp_path: Path, program: Program) -> None:
    (tmp_path / "spool").write_text("a file where the directory should be", "utf-8")
    ran = program(TOOLS + "many(1000)\nprint(recorder.statistics().dropped)\n", options=", sample=1.0")
    assert ran.stdout.strip() == "1000" and ran.stderr == ""


def test_a_spool_that_is_deleted_comes_back(program: Program, spooled: Recorded) -> None:
    program(TOOLS + f"many(10)\nshutil.rmtree({str(spooled.directory)!r})\nmany(1000)\n", options=", sample=1.0")
    assert len(spooled.events("work")) >= 700


@pytest.mark.parametrize("end", ["os._exit(0)", "os.abort()", "raise SystemExit(0)", "raise RuntimeError"])
def test_events_survive_every_way_to_end(program: Program, spooled: Recorded, end: str) -> None:
    program(TOOLS + f"many(100)\n{end}\n", options=", sample=1.0", check=False)
    assert spooled.calls("work") == {"ok": 100}


def test_counts_survive_an_ordinary_end(program: Program, spooled: Recorded) -> None:
    program(TOOLS + "many(1000)\nraise RuntimeError\n", options=", sample=0.0", check=False)
    assert spooled.calls("work") == {"ok": 1000}


def test_a_sink_that_always_fails_switches_the_recorder_off_and_says_so_once(program: Program) -> None:
    ran = program(
        "class Broken:\n    def write(self, data): raise KeyError('broken')\n    def forked(self): pass\n"
        "    def close(self): pass\nrecorder.configure(sink=Broken())\n" + TOOLS + "many(500)\n",
        options=", sample=1.0",
    )
    assert ran.stderr.count("switched itself off") == 1 and ran.stderr.count("\n") == 1


def test_a_sink_that_calls_a_tool_does_not_go_round_in_circles(program: Program, spooled: Recorded) -> None:
    ran = program(
        "inner = None\nclass Calling:\n    def write(self, data):\n        inner(len(data))\n"
        "    def forked(self): pass\n    def close(self): pass\n"
        "@recorder.tool\ndef inner(size):\n    return size\n"
        + TOOLS
        + "recorder.configure(sink=Calling())\nmany(100)\nprint('through')\n",
        options=", sample=1.0",
    )
    assert ran.stdout.strip() == "through"


def test_files_are_for_the_user_alone(program: Program, spooled: Recorded) -> None:
    program(TOOLS + "many(3)\n", options=", sample=1.0")
    assert {file.stat().st_mode & 0o777 for file in spooled.directory.iterdir()} == {0o600}
    assert spooled.directory.stat().st_mode & 0o777 == 0o700
