"""Suspected tests run again on two commits in turn, for real; the turn stands in a file beside the tests."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.sandbox_launcher import NO_DISK, NO_MEMORY
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.core.flakes import Again
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import Ran, Sandbox, SandboxLevel
from gitops_healer.settings import load_settings

BARE = "[pytest]\naddopts = -p no:hypothesispytest -p no:pytest_cov -p no:xdist -p no:xdist.looponfail\n"
TURN = "from pathlib import Path\nTURN = int(Path('turn').read_text())\n"


@dataclass
class Counted:
    """The real sandbox; before each run it writes the number of the run into the tree. ends: how the first runs are
    said to have ended."""

    inner: Sandbox
    runs: int = 0
    ends: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def run(self, argv: Any, scratch: Path, **options: Any) -> Ran:
        self.runs += 1
        (scratch / options["cwd"] / "turn").write_text(str(self.runs))
        ran = self.inner.run(argv, scratch, **options)
        return replace(ran, exit_code=None, reason=self.ends.pop(0)) if self.ends else ran


@dataclass(frozen=True)
class Patient:
    sandbox: Counted
    runner: ProjectTests
    base: str
    head: str

    def again(self, *tests: str) -> tuple[Again, ...]:
        return self.runner.again(self.base, self.head, tests)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])


@pytest.fixture
def patient(make_repo: Callable[..., Any], sandbox: Sandbox, tmp_path: Path) -> Callable[..., Patient]:
    def make(base: Mapping[str, str], head: Mapping[str, str], timeout: str = "60s") -> Patient:
        repo = make_repo({"pytest.ini": BARE, **base})
        first, second = repo.git("rev-parse", "HEAD"), repo.commit(head)
        testing = load_settings(None, {"testing.timeout": timeout, "testing.command": "python -m pytest"}).testing
        counted, cache = Counted(sandbox), SqliteCache(tmp_path / "cache.sqlite")
        runner = ProjectTests(open_repository(repo.path), counted, cache, testing, Path(sys.executable))  # type: ignore[arg-type]
        return Patient(counted, runner, first, second)

    return make


def test_both_sides_in_turn_and_remembered_when_nothing_is_left_in_doubt(patient: Callable[..., Patient]) -> None:
    tests = f"{TURN}from mod import two\ndef test_a(): assert two() == 2\ndef test_b(): assert TURN not in (2, 4)\n"
    made = patient({"mod.py": "def two(): return 2\n", "test_m.py": tests}, {"mod.py": "def two(): return 3\n"})
    told = made.again("test_m.py::test_b", "test_m.py::test_a")
    assert told == (
        Again("test_m.py::test_a", base=(True, True), head=(False, False, False)),
        Again("test_m.py::test_b", base=(True, False), head=(False, True, True)),
    )
    assert made.sandbox.runs == 5
    assert made.again("test_m.py::test_a", "test_m.py::test_b") == told
    assert made.sandbox.runs == 5


def test_doubt_is_not_remembered(patient: Callable[..., Patient]) -> None:
    flaky = f"{TURN}def test_a(): assert TURN not in (2, 3, 10)\n"
    made = patient({"test_a.py": flaky}, {"other.py": ""})
    assert made.again("test_a.py::test_a") == (Again("test_a.py::test_a", (True, True), (False, False, True)),)
    assert made.again("test_a.py::test_a") == (Again("test_a.py::test_a", (True, True), (True, True, False)),)


def test_a_test_that_is_new_and_a_file_that_cannot_be_imported(patient: Callable[..., Patient]) -> None:
    made = patient({"test_a.py": "def test_a(): pass\n"}, {"test_a.py": "1 / 0\n", "test_n.py": "def test_n(): 1/0\n"})
    assert made.again("test_a.py", "test_n.py::test_n") == (
        Again("test_a.py", (True, True), (False, False, False)),
        Again("test_n.py::test_n", (), (False, False, False)),
    )


def test_all_runs_together_end_in_time(patient: Callable[..., Patient]) -> None:
    made = patient({"test_a.py": "def test_a(): pass\n"}, {"test_a.py": "def test_a():\n    while True: pass\n"}, "2s")
    (told,) = made.again("test_a.py::test_a")
    assert told.head == () and made.sandbox.runs <= 2


@pytest.mark.parametrize(("reason", "transient"), [(NO_MEMORY, True), (NO_DISK, True), ("it ran 300 threads", False)])
def test_what_the_machine_lacked_for_a_moment_is_passing_and_never_remembered(
    patient: Callable[..., Patient], reason: str, transient: bool
) -> None:
    made = patient({"test_a.py": "def test_a(): pass\n"}, {})
    made.sandbox.ends = [reason, reason]
    for _ in range(2):
        report = made.runner.run(made.base)
        assert (report.outcome, report.transient) == (Outcome.UNKNOWN, transient)
    assert made.runner.run(made.base).outcome is (Outcome.PASSED if transient else Outcome.UNKNOWN)
