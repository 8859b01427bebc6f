"""The two phases: their time, what is asked again, hostile candidates, and what people are shown."""

import errno
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gitops_healer.adapters.deadline import SandboxInTime
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.checks.tests import tests as run_tests
from gitops_healer.cli import app
from gitops_healer.core.finding import Risk
from gitops_healer.core.plan import Plan
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.cycle import run_cycle
from gitops_healer.errors import HealerError, PhaseOverError, SandboxError, StaleEditError
from gitops_healer.ports import Ran
from gitops_healer.proving import prove
from gitops_healer.registry import Case, Check, Scene
from gitops_healer.world import World
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, PROGRAM, Stage, sees_mean

MakeRepo = Callable[..., GitRepo]
BARE = "[pytest]\naddopts = -p no:hypothesispytest -p no:pytest_cov -p no:xdist -p no:xdist.looponfail\n"
PASSED, FAILED, UNKNOWN, SKIPPED = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED


@pytest.fixture
def stage(make_repo: MakeRepo) -> Stage:
    return Stage(make_repo({"pytest.ini": BARE, **FILES}))


@dataclass
class Scripted:
    """A check that says one thing after the other: a result, or an error to raise. The last one stays."""

    name: str
    says: list[CheckResult | BaseException]
    asked: int = 0

    def __call__(self, scene: Scene, case: Case) -> CheckResult:
        said = self.says[min(self.asked, len(self.says) - 1)]
        self.asked += 1
        if isinstance(said, BaseException):
            raise said
        return said


def said(outcome: Outcome, reason: str = "so it is", transient: bool = False) -> CheckResult:
    return CheckResult("scripted", outcome, reason, transient=transient)


def case_of(stage: Stage, head: str = "", phase: int = 1) -> Case:
    base = stage.repo.git("rev-parse", "main")
    world = stage.world()
    (finding,) = sees_mean(world.scene(base))
    return Case(base, head or base, phase, Plan("key", "Mend it", (), (), (), Risk.LOW, 5, 1, base), finding)


@dataclass
class Proof:
    verdict: Verdict
    slept: list[float]
    progress: list[str]

    @property
    def told(self) -> list[tuple[str, Outcome, str]]:
        return [(result.check, result.outcome, result.reason) for result in self.verdict.results]


def proven(stage: Stage, checks: Sequence[Any], case: Case | None = None, **options: Any) -> Proof:
    """Prove with these checks, and do not wait in between."""
    slept, progress = list[float](), list[str]()
    plugins = [c if isinstance(c, Check) else Check(c.name, "", 100 + n, c) for n, c in enumerate(checks)]
    world = replace(stage.world(**options), checks=plugins, progress=progress.append)
    return Proof(prove(world, case or case_of(stage), sleep=slept.append), slept, progress)


# Asked again


def test_what_may_pass_is_asked_again_after_growing_waits(stage: Stage) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    shy = Scripted("shy", [said(UNKNOWN, "no memory was left", transient=True), full, said(PASSED)])
    proof = proven(stage, [shy])
    assert proof.told == [
        (
            "scripted", PASSED,
            "so it is (asked 3 times; before: no memory was left; [Errno 28] No space left on device)",
        )
    ]  # fmt: skip
    assert 1 <= proof.slept[0] <= 2 <= proof.slept[1] <= 3
    assert [line.partition(" in ")[0] for line in proof.progress if "again" in line] == ["shy is asked again"] * 2


@pytest.mark.parametrize(
    ("says", "asked", "outcome"),
    [
        (said(UNKNOWN, transient=True), 3, UNKNOWN),
        (SandboxError("the sandbox could not be built: no"), 3, UNKNOWN),
        (OSError(errno.EMFILE, "Too many open files"), 3, UNKNOWN),
        (MemoryError(), 3, UNKNOWN),
        (said(UNKNOWN), 1, UNKNOWN),
        (said(FAILED, transient=True), 1, FAILED),
    ],
)  # fmt: skip
def test_how_often_it_is_asked(stage: Stage, says: CheckResult | BaseException, asked: int, outcome: Outcome) -> None:
    check = Scripted("check", [says])
    proof = proven(stage, [check], proof__retries=2)
    assert (check.asked, proof.verdict.outcome) == (asked, outcome)
    assert ("asked 3 times" in proof.verdict.reason) is (asked == 3)


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "no"), StaleEditError("moved"), KeyboardInterrupt()])
def test_what_does_not_pass_is_raised_at_once(stage: Stage, error: BaseException) -> None:
    check = Scripted("check", [error])
    with pytest.raises(type(error)):
        proven(stage, [check])
    assert check.asked == 1


def test_it_is_not_asked_again_when_time_would_be_over(stage: Stage) -> None:
    check = Scripted("check", [said(UNKNOWN, transient=True)])
    assert proven(stage, [check], proof__phase_two="1s", case=replace(case_of(stage), phase=2)).slept == []
    assert check.asked == 1


# Time


def test_a_phase_that_is_over_cuts_the_check_and_begins_no_other(stage: Stage) -> None:
    hang = PROGRAM.replace("    return value + value", "    while True: pass")
    head = stage.repo.commit({"program.py": hang})
    case = replace(case_of(stage, head), base=stage.repo.git("rev-parse", "main~"))
    world = stage.world()
    assert world.tests.run(case.base).outcome is PASSED  # is remembered: the time is spent on the candidate
    later = Scripted("later", [said(PASSED)])
    proof = proven(stage, [run_tests, later], case, proof__phase_one="2s")
    first, second = proof.told
    assert first[:2] == ("tests", UNKNOWN)
    assert first[2].startswith("phase 1 took longer than proof.phase_one (2s): `python")
    assert second == ("later", UNKNOWN, "phase 1 took longer than proof.phase_one (2s): it was not begun")
    assert later.asked == 0
    again = proven(stage, [run_tests], case, testing__timeout="2s")
    assert "did not end within 2 seconds" in again.verdict.reason


def test_a_check_that_goes_on_without_what_was_cut_has_no_word(stage: Stage) -> None:
    def careless(scene: Scene, case: Case) -> CheckResult:
        with scene.sandbox.scratch() as scratch:
            try:
                scene.sandbox.run(["sleep", "60"], scratch)
            except HealerError:
                return said(FAILED, "it is bad")
        return said(PASSED)

    check = Check("careless", "", 1, careless)
    proof = proven(stage, [check], proof__phase_one="1s")
    assert proof.told == [("careless", UNKNOWN, "phase 1 took longer than proof.phase_one (1s): it is bad")]


def test_each_phase_has_its_own_time(stage: Stage) -> None:
    over = Scripted("over", [PhaseOverError("`it` was ended")])
    for phase, name in ((1, "phase_one (1h)"), (2, "phase_two (7m)")):
        proof = proven(stage, [over], case_of(stage, phase=phase), proof__phase_one="1h", proof__phase_two="7m")
        assert proof.verdict.reason == f"over: phase {phase} took longer than proof.{name}: `it` was ended"


# Hostile candidates


HOSTILE = {
    "eats memory": "x = []\nwhile True: x.append(bytearray(64 * 1024**2))",
    "prints without end": "import os\nwhile True: os.write(1, b'x' * 65536)",
    "forks": "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(600)",
    "ends all around it": "import os, signal\nos.killpg(0, signal.SIGKILL)",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_candidate_never_passes_and_leaves_nothing(
    stage: Stage, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    head = stage.repo.commit({"program.py": f"{HOSTILE[name]}\n{PROGRAM}"})
    case = replace(case_of(stage, head), base=stage.repo.git("rev-parse", "main~"))
    options = {"testing__memory_mb": 256, "testing__processes": 40, "testing__timeout": "5s"}
    proof = proven(stage, [run_tests], case, **options)
    assert proof.verdict.outcome in (FAILED, UNKNOWN)
    assert list((tmp_path / "scratch").iterdir()) == []


@dataclass
class Breaking:
    """The real sandbox, which cannot be built in the given runs (from 1)."""

    inner: Any
    broken: range
    runs: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def run(self, *args: Any, **options: Any) -> Ran:
        self.runs += 1
        if self.runs in self.broken:
            raise SandboxError("the sandbox could not be built: unshare: Resource temporarily unavailable")
        ran: Ran = self.inner.run(*args, **options)
        return ran


def breaking_world(stage: Stage, broken: range) -> tuple[World, Breaking]:
    world = stage.world()
    breaking = Breaking(world.sandbox, broken)
    sandbox = SandboxInTime(breaking)  # type: ignore[arg-type]
    tests = ProjectTests(world.repository, sandbox, world.cache, world.settings.testing, Path(sys.executable))
    return replace(world, sandbox=sandbox, tests=tests, checks=[run_tests]), breaking


@pytest.mark.parametrize(("broken", "outcome", "runs"), [(range(2, 3), PASSED, 3), (range(2, 99), UNKNOWN, 4)])
def test_a_sandbox_that_cannot_be_built_in_the_middle(stage: Stage, broken: range, outcome: Outcome, runs: int) -> None:
    head = stage.repo.commit({"other.py": "x = 1\n"})
    case = replace(case_of(stage, head), base=stage.repo.git("rev-parse", "main~"))
    world, sandbox = breaking_world(stage, broken)
    verdict = prove(world, case, sleep=lambda seconds: None)
    assert (verdict.outcome, sandbox.runs) == (outcome, runs)
    assert "Resource temporarily unavailable" in verdict.reason


def test_the_same_trees_are_proven_again_without_a_run(stage: Stage) -> None:
    head = stage.repo.commit({"program.py": PROGRAM.replace("value + value", "value + 1")})
    case = replace(case_of(stage, head), base=stage.repo.git("rev-parse", "main~"))
    world, sandbox = breaking_world(stage, range(0))
    first = prove(world, case)
    assert first.outcome is FAILED
    assert "base passed 3 of 3, candidate 0 of 4" in first.results[0].details[0]
    runs = sandbox.runs
    assert runs == 2 + 5
    assert prove(world, replace(case, phase=2)).results == first.results
    assert sandbox.runs == runs


def test_an_interrupt_in_the_middle_leaves_nothing_and_the_next_run_works(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interrupt comes while a test of the candidate runs, which is told by a file that it writes."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    waits = f"import time\nopen('begun', 'w').close()\ntime.sleep(600)\n{PROGRAM}"
    head = stage.repo.commit({"program.py": waits})
    case = replace(case_of(stage, head), base=stage.repo.git("rev-parse", "main~"))
    pids: list[str] = []

    def interrupt() -> None:
        until = time.monotonic() + 60
        while not list(scratch.glob("*/*/begun")) and time.monotonic() < until:
            threading.Event().wait(0.02)
        pids.extend(processes_in(scratch))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # may be ignored where tests run in the background
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        proven(stage, [run_tests], case, testing__timeout="90s")
    thread.join()
    signal.signal(signal.SIGINT, before)
    assert pids
    assert (list(scratch.iterdir()), processes_in(scratch)) == ([], [])
    assert proven(stage, [run_tests], replace(case, head=case.base)).verdict.outcome is PASSED


def processes_in(folder: Path) -> list[str]:
    """Ids of processes that work below a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                place = str((entry / "cwd").readlink())
            except OSError:
                continue
            if place.startswith(str(folder)):
                found.append(entry.name)
    return found


# What people are shown


def test_an_upgrade_that_is_held_shows_which_check_said_what_and_is_proven_again(stage: Stage) -> None:
    doubtful = Scripted("doubtful", [replace(said(UNKNOWN, "3 of 10 calls"), check="doubtful")])
    fine = Scripted("fine", [replace(said(PASSED, "2 of 2"), check="fine")])

    def heal(**options: Any) -> None:
        checks = [Check("fine", "", 1, fine), Check("doubtful", "", 2, doubtful)]
        run_cycle(replace(stage.world(**options), checks=checks))

    heal()
    up = stage.upgrade
    assert up.stage is At.HELD
    assert up.reason == "phase 1: doubtful: unknown: 3 of 10 calls"
    assert up.held.next_action.endswith(f"/retry {up.id}")
    shown = CliRunner().invoke(app, ["explain", up.id, str(stage.repo.path)]).output
    assert "yes fine: 2 of 2" in " ".join(shown.split())
    assert "no doubtful: unknown: 3 of 10 calls" in " ".join(shown.split())
    stood = CliRunner().invoke(app, ["status", str(stage.repo.path)]).output
    assert f"{up.codename}: phase 1: doubtful: unknown: 3 of 10 calls" in stood and f"/retry {up.id}" in stood
    reply = stage.say(f"/explain {up.id}")
    assert "yes fine: 2 of 2" in reply.text and "**no** doubtful: unknown: 3 of 10 calls" in reply.text
    asked = doubtful.asked
    stage.world().forge.add_comment(0, "Maintainer", f"/retry {up.id}")
    heal()
    assert (stage.upgrade.stage, doubtful.asked) == (At.HELD, asked + 1)
