"""How fast candidates are tried in warm processes, against starting pytest for each. Usage: python benchmarks/trials.py

Little projects of several kinds, one bug each; candidates are wrong but for the last one. CPU is the processor time of
all processes of the sandbox for one candidate, by which machines under load can be compared.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.trials import ProjectTrials
from gitops_healer.core.change import Change, replace_span
from gitops_healer.core.trials import Ending
from gitops_healer.ports import SandboxLevel, TrialSession
from gitops_healer.settings import load_settings

BARE = "[pytest]\naddopts = -p no:hypothesispytest -p no:xdist -p no:xdist.looponfail -p no:anyio\n"
CODE = "LIMIT = 4\n\ndef clamp(x, low, high):\n    if x < low:\n        return low\n    return x\n"
MANY = "".join(f"def test_{n}(): assert clamp({n}, 0, 200) == {n}\n" for n in range(100))
TICKS = 100.0  # of /proc, a second


@dataclass(frozen=True)
class Case:
    """tests: the test file; old, new: what candidates replace, by a text with one place for a number."""

    name: str
    tests: str
    old: str
    new: str
    candidates: int


CASES = (
    Case("one failing test", "def test_high(): assert clamp(9, 0, 3) == 3\n", "return x\n", "return x + 0 * {}\n", 400),
    Case(
        "three failing, 100 passing tests",
        "".join(f"def test_high_{n}(): assert clamp({n + 9}, 0, 3) == 3\n" for n in range(3)) + MANY,
        "return x\n", "return x + 0 * {}\n", 400,
    ),
    Case(
        "a fixture a module, parametrised",
        "import pytest\n@pytest.fixture(scope='module')\ndef top(): return {'top': 3}\n"
        "@pytest.mark.parametrize('n', [4, 5])\ndef test_high(n, top): assert clamp(n, 0, top['top']) == 3\n",
        "return x\n", "return x + 0 * {}\n", 400,
    ),
    Case(
        "unittest, asyncio.run",
        "import asyncio, unittest\nclass TestIt(unittest.TestCase):\n    def test_high(self):\n"
        "        async def go(): return clamp(9, 0, 3)\n        self.assertEqual(asyncio.run(go()), 3)\n",
        "return x\n", "return x + 0 * {}\n", 400,
    ),
    Case("a module constant: fresh import", "def test_limit(): assert LIMIT == 3\n", "LIMIT = 4", "LIMIT = 4 + {}", 40),
)  # fmt: skip


def make_repository(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for command in (["init", "-q"], ["add", "--all"], [*identity, "commit", "-qm", "one"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def candidates(case: Case) -> Iterator[Change]:
    source = CODE.encode()
    start = source.index(case.old.encode())
    for number in range(1, case.candidates + 1):
        new = case.new.format(number)
        yield Change((replace_span("m.py", source, start, start + len(case.old), new),))


def server_cpu() -> float:
    """Processor seconds of trial servers of ours that run now, and of their dead children."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
            if b"healer_trial_server" in (folder / "cmdline").read_bytes():
                used[int(folder.name)] = sum(int(field) for field in fields[11:15]) / TICKS
        except OSError:
            continue
    return sum(seconds for pid, seconds in used.items() if os.getpid() in ancestors(pid, parents))


def ancestors(pid: int, parents: Mapping[int, int]) -> Iterator[int]:
    while pid in parents:
        pid = parents[pid]
        yield pid


def tried(session: TrialSession, case: Case) -> tuple[float, float]:
    """(candidates a second, milliseconds of processor time a candidate)"""
    failing = [one.id for one in session.opened.cases if one.failed]
    passing = [one.id for one in session.opened.cases if not one.failed]
    first = [next(candidates(case))]
    assert [one.ending for one in session.run(first, failing, lambda _: passing)] == [Ending.FAILED]
    cpu, began = server_cpu(), time.perf_counter()
    count = sum(1 for _ in session.run(candidates(case), failing, lambda _: passing))
    seconds = time.perf_counter() - began
    return count / seconds, (server_cpu() - cpu) * 1000 / count


def started(folder: Path, runs: int = 3) -> float:
    """Candidates a second when pytest is started for each, in the tree, without a sandbox; the failing tests only."""
    began = time.perf_counter()
    for _ in range(runs):
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"], cwd=folder, capture_output=True
        )
    return runs / (time.perf_counter() - began)


def main() -> None:
    sandbox = detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])
    testing = load_settings(None, {"testing.flaky_reruns": 0}).testing
    print(f"Sandbox: {sandbox.level.value}\n")
    print("| project | to open, s | candidates/s | CPU ms each | pytest for each, candidates/s | times |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make_repository(folder, {"m.py": CODE, "test_m.py": f"from m import *\n{case.tests}", "pytest.ini": BARE})
            repository = open_repository(folder)
            commit = repository.resolve("HEAD")
            assert commit
            trials = ProjectTrials(repository, sandbox, testing, Path(sys.executable))
            began = time.perf_counter()
            with trials.open(commit) as session:
                opening = time.perf_counter() - began
                rate, cpu = tried(session, case)
            plain = started(folder)
        print(
            f"| {case.name} | {opening:.1f} | {rate:.0f} | {cpu:.1f} | {plain:.1f} | {rate / plain:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
