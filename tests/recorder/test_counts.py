"""Every call is counted once: under threads, in coroutines, over forks and in worker processes."""

import os
from typing import Any

import pytest

from tests.recorder.conftest import Program, Recorded

TOOLS = """
import asyncio, multiprocessing, os, signal, threading, time

@recorder.tool
def work(number):
    if number % 100 == 99:
        raise ValueError(number)
    return number

@recorder.tool
async def later(number):
    await asyncio.sleep(0)
    return number

def many(count=1000):
    for number in range(count):
        try:
            work(number)
        except ValueError:
            pass
"""


@pytest.mark.parametrize("sample", ["None", "0.0", "0.05", "1.0"])
def test_eight_threads_lose_no_call(program: Program, spooled: Recorded, sample: str) -> None:
    program(
        TOOLS
        + "threads = [threading.Thread(target=many, args=(2000,)) for _ in range(8)]\n"
        + "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n",
        options=f", sample={sample}",
    )
    assert spooled.calls("work") == {"ok": 8 * 1980, "failed": 8 * 20}
    written = sum(event["ok"] for event in spooled.events("work"))
    every = 8 * 1980  # a line that waits for a second on a busy machine is given up, and its call is counted
    low, high = {"None": (1, 500), "0.0": (0, 0), "0.05": (300, 1500), "1.0": (every - 200, every)}[sample]
    assert low <= written <= high


def test_coroutines_that_run_at_once(program: Program, spooled: Recorded) -> None:
    program(
        TOOLS + "async def all_of_them():\n    await asyncio.gather(*(later(i) for i in range(5000)))\n"
        "asyncio.run(all_of_them())\n"
    )
    assert spooled.calls("later") == {"ok": 5000}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_neither_loses_nor_doubles_what_waits(program: Program, spooled: Recorded) -> None:
    program(
        TOOLS + "many()\nchildren = []\nfor _ in range(4):\n    child = os.fork()\n    if child == 0:\n"
        "        many()\n        recorder.flush()\n        os._exit(0)\n    children.append(child)\n"
        "many()\n[os.waitpid(child, 0) for child in children]\n"
    )
    assert spooled.calls("work") == {"ok": 6 * 990, "failed": 6 * 10}
    assert len({line["id"] for line in spooled.lines()}) == len(spooled.lines())


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_write_their_counts_at_their_end(program: Program, spooled: Recorded, method: str) -> None:
    program(
        TOOLS + f"if __name__ == '__main__':\n    many()\n    context = multiprocessing.get_context({method!r})\n"
        "    workers = [context.Process(target=many) for _ in range(3)]\n"
        "    [worker.start() for worker in workers]; [worker.join() for worker in workers]\n"
    )
    assert spooled.calls("work") == {"ok": 4 * 990, "failed": 4 * 10}


def test_counts_have_whole_minutes_and_a_latency_for_each_call(program: Program, spooled: Recorded) -> None:
    program(TOOLS + "many(5000)\n", options=", sample=0.0")
    counts = [line for line in spooled.lines() if "counts" in line]
    assert counts
    for line in counts:
        assert line["ts"].endswith(":00.000000Z")
        assert sum(line["latency"].values()) == sum(line["counts"].values())
        assert all(int(bucket) >= 40 for bucket in line["latency"])


def test_a_program_in_another_time_is_recorded_in_that_time(program: Program, spooled: Recorded) -> None:
    program(
        "moment = 1_700_000_000_000_000_000\nrecorder.configure(clock=lambda: moment)\n"
        + TOOLS
        + "for _ in range(50):\n    work(1)\n    moment += 60_000_000_000\n"
    )
    assert spooled.calls("work") == {"ok": 50}
    assert {line["ts"][:10] for line in spooled.lines()} == {"2023-11-14"}


def test_failures_have_a_budget_and_are_counted_beyond_it(program: Program, spooled: Recorded) -> None:
    program(TOOLS + "for _ in range(2000):\n    try:\n        work(99)\n    except ValueError:\n        pass\n")
    assert spooled.calls("work") == {"failed": 2000}
    assert 50 <= len(spooled.events("work")) < 500


def test_a_flush_waits_for_a_thread_that_is_counting(program: Program, spooled: Recorded) -> None:
    program(
        "import os, time\nclass Slow:\n    def write(self, data):\n        time.sleep(0.2)\n        spool.write(data)\n"
        "    def forked(self): pass\n    def close(self): pass\n"
        "from gitops_healer.recorder.spool import Spool\n"
        f"spool = Spool({str(spooled.directory)!r})\nrecorder.configure(sink=Slow())\n"
        + TOOLS
        + "work(1); recorder.flush(); many(100)\nthread = threading.Thread(target=recorder.flush)\nthread.start()\n"
        "time.sleep(0.05)\nmany(50)\nrecorder.flush()\nthread.join()\nos._exit(0)\n",
        options=", sample=0.0",
    )
    assert spooled.calls("work") == {"ok": 150, "failed": 1}


@pytest.mark.parametrize("sample", ["None", "1.0"])
def test_a_tool_that_is_called_by_a_signal_handler(program: Program, spooled: Recorded, sample: str) -> None:
    ran = program(
        TOOLS + "signal.signal(signal.SIGALRM, lambda *_: (work(1), recorder.flush()))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)\nbegan = time.monotonic()\nloops = 0\n"
        "while time.monotonic() < began + 0.5:\n    work(2)\n    loops += 1\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "print(loops, time.monotonic() - began, recorder.statistics().errors)\n",
        options=f", sample={sample}",
    )
    loops, seconds, errors = ran.stdout.split()
    assert errors == "0"  # also while the first call was still preparing
    assert float(seconds) < 1.4  # a handler that waits for the line it has interrupted would take a second longer
    assert spooled.calls("work")["ok"] > int(loops) > 1000


def test_nothing_is_recorded_when_it_is_switched_off(program: Program, spooled: Recorded) -> None:
    ran = program(TOOLS + "recorder.configure(enabled=False)\nmany()\nprint(recorder.statistics().reason)\n")
    assert "switched off" in ran.stdout
    assert not spooled.directory.exists()


def test_importing_costs_no_heavy_module(program: Program) -> None:
    heavy: Any = {"asyncio", "inspect", "dataclasses", "sqlite3", "logging", "json", "typing", "threading", "re"}
    code = "import sys\nbefore = set(sys.modules)\n"
    ran = program(code + f"print(sorted({heavy!r} & set(sys.modules)))\n")
    assert ran.stdout.strip() == "[]", ran.stdout


def test_what_the_recorder_does_is_no_part_of_a_duration(program: Program, spooled: Recorded) -> None:
    body = "import time\nrecorder.configure(clock=lambda: (time.sleep(0.05), time.time_ns())[1])\n"
    program(body + TOOLS + "work(1)\nwork(2)\n", options=", sample=1.0")
    durations = [event["duration_ms"] for event in spooled.events("work")]
    assert len(durations) == 2 and max(durations) < 40
