"""A stage for stories: real git, ledger, forge, sandbox and test run; only what is seen and fixed is scripted."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.core.change import whole_file
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.history import History, replay
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.summary import Reply
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.cycle import Cycle, run_cycle, run_orders
from gitops_healer.places import Choices
from gitops_healer.registry import Detector, Fixer, Scene
from gitops_healer.wiring import build_world
from gitops_healer.world import World
from tests.conftest import GitRepo

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROGRAM = """\
def mean(values):
    return sum(values) / len(values)


def double(value):
    return value + value
"""
TESTS = """\
from program import double, mean


def test_mean():
    assert mean([1, 3]) == 2


def test_double():
    assert double(4) == 8
"""
FILES = {"program.py": PROGRAM, "test_program.py": TESTS, "README.md": "A program.\n"}
BROKEN = "return sum(values) / len(values)"
HEALED = "return sum(values) / len(values) if values else 0.0"
WRONG = "return sum(values) / max(1, len(values) - 1)"


def sees_mean(scene: Scene) -> Iterable[Finding]:
    """Sees the broken line wherever it stands."""
    source = (scene.repository.read(scene.commit, "program.py") or b"").decode()
    if BROKEN in source and "if values else" not in source:
        yield Finding(
            "scripted", "program.py", "program:mean", 1, 2, Severity.HIGH, "mean fails for no values",
            fingerprint("scripted", "mean", BROKEN), priority=8, evidence=("2 of 3 calls fail",),
        )  # fmt: skip


def option(scene: Scene, key: str, new: str, title: str) -> Option:
    before = scene.repository.read(scene.commit, "program.py") or b""
    change = whole_file("program.py", before, before.replace(BROKEN.encode(), new.encode(), 1))
    return Option(key, title, "scripted", change, title, ("the story says so",), symbols=("mean",))


def heals_mean(scene: Scene, finding: Finding) -> Investigation:
    """The right fix."""
    return Investigation(
        Cause("no values", "program.py", 2, 0.9), options=(option(scene, "zero", HEALED, "Return 0.0"),)
    )


def breaks_mean(scene: Scene, finding: Finding) -> Investigation:
    """A fix that the tests refuse."""
    return Investigation(Cause("no values"), options=(option(scene, "wrong", WRONG, "Divide by less"),))


def asks(scene: Scene, finding: Finding) -> Investigation:
    """Does not know what is wanted."""
    options = (
        replace(option(scene, "zero", HEALED, "Return 0.0"), determined_by=()),
        replace(option(scene, "none", HEALED.replace("0.0", "None"), "Return None"), determined_by=()),
    )
    return Investigation(Cause("no values"), options=options, question="What is the mean of nothing?")


DETECTOR = Detector("scripted", "Sees what the story needs.", "code", sees_mean)
SLOW = ["types", "lint", "security", "strategy", "shadow", "replay", "synthetic", "evidence"]
"""Checks that stories about something else do without; test_proof_stories.py has those that ask them."""
FAST: dict[str, Any] = {"testing.disabled": SLOW, "testing.flaky_reruns": 0}


@dataclass
class Stage:
    """One repository and its time. options: settings of the story."""

    repo: GitRepo
    fixer: Any = heals_mean
    options: dict[str, Any] = field(default_factory=dict)
    clock: TurnedClock = field(default_factory=lambda: TurnedClock(START))
    runs: int = 0

    def world(self, **options: Any) -> World:
        self.runs += 1
        chosen = FAST | self.options | {key.replace("__", "."): value for key, value in options.items()}
        world = build_world(Choices(self.repo.path, options=chosen, clock=self.clock))
        fixer = Fixer("scripted", "Fixes what the story needs.", ("scripted",), self.fixer)
        return replace(world, detectors=(DETECTOR,), fixers=(fixer,), run=f"run-{self.runs}")

    def heal(self, **options: Any) -> Cycle:
        self.clock.turn(timedelta(minutes=5))
        return run_cycle(self.world(**options))

    def say(self, text: str, actor: str = "Maintainer", pull: int = 0) -> Reply:
        """What a comment does; returns the reply."""
        world = self.world()
        said = world.forge.add_comment(pull, actor, text)
        return next(reply for reply in run_orders(world).replies if reply.comment == said.id)

    @property
    def history(self) -> History:
        return replay(self.world().ledger.load())

    @property
    def upgrade(self) -> Upgrade:
        """The newest one."""
        return list(self.history.upgrades.values())[-1]

    def events(self) -> list[str]:
        return [event.name for event in self.world().ledger.load()]

    def calls(self, good: int, bad: int, commit: str, hours_ago: float = 0) -> None:
        """Record calls of program:mean at a commit within two hours, which pass meanwhile unless they lie in the past;
        bad ones fail, each with an input of its own."""
        total, begin = good + bad, self.clock.now() - timedelta(hours=hours_ago)
        every = timedelta(hours=2) / total
        lines = [
            call(begin + every * (n + 0.5), commit, (n + 1) * bad // total > n * bad // total, n) for n in range(total)
        ]
        self.world().executions.import_jsonl(lines)
        if not hours_ago:
            self.clock.turn(timedelta(hours=2))

    def refs(self) -> dict[str, str]:
        pairs = (
            line.split(" ", 1)
            for line in self.repo.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        )
        return dict(pairs)


def call(when: datetime, commit: str, failed: bool, number: int) -> bytes:
    event: dict[str, Any] = {
        "v": 1, "tool": "program:mean", "ts": when.isoformat(), "ok": not failed, "args": [[number]], "commit": commit,
    }  # fmt: skip
    if failed:
        event["error"] = {"type": "ZeroDivisionError", "message": "division by zero"}
    return json.dumps(event).encode() + b"\n"


def contents(root: Path, leave_out: Sequence[str] = ()) -> dict[str, bytes]:
    """{relative path: bytes} of all files under a folder."""
    found = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(tuple(leave_out) or ("\0",))}
