"""A program of six small tools, each with a flaw that is mended in a cycle, and traffic that really calls them."""

import json
import random
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from gitops_healer.core.change import whole_file
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.registry import Detector, Fixer, Scene
from gitops_healer.world import World
from tests.cycle.stage import SLOW, Stage

TOOLS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
SOURCE = '''\
"""A tool."""


def {name}(value):
    """The inverse of a number, 0.0 for 0."""
    return 1 / value
'''
FLAW = "return 1 / value"
GOOD = "return 1 / value if value else 0.0"
BAD = "return 1 / value if 0 < value < 40 else 0.0 if not value else 1 / (value - value)"
"""What the tests do not see: it fails from 40 on."""
TESTS = "".join(f"from tools.{name} import {name}\n" for name in TOOLS) + "".join(
    f"\n\ndef test_{name}():\n    assert {name}(4) == 0.25\n" for name in TOOLS
)
FILES = {
    "tools/__init__.py": "",
    **{f"tools/{name}.py": SOURCE.format(name=name) for name in TOOLS},
    "tests/test_tools.py": TESTS,
    "README.md": "Six tools.\n",
}
POLICY: dict[str, Any] = {
    "limits.mode": "deploy", "limits.new_per_cycle": 6, "limits.open_pulls": 6, "limits.slots": 6,
    "proof.coverage": False, "proof.mutants": 0, "testing.disabled": [*SLOW, "tests"],
}  # fmt: skip
"""No gate runs the tests, which find nothing here: the forge's CI does, so that a change is merged when it passed."""


def sees_flaws(scene: Scene) -> Iterable[Finding]:
    for name in TOOLS:
        source = (scene.repository.read(scene.commit, f"tools/{name}.py") or b"").decode()
        if source.rstrip().endswith(FLAW):
            yield Finding(
                "scripted", f"tools/{name}.py", f"tools.{name}:{name}", 4, 6, Severity.HIGH, f"{name} fails for 0",
                fingerprint("scripted", name, FLAW), priority=5, evidence=("it divides by zero",),
            )  # fmt: skip


@dataclass
class Watched(Stage):
    """lines: what a tool's flaw becomes; those that are not named become good."""

    lines: Mapping[str, str] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(8))

    def world(self, **options: Any) -> World:
        world = super().world(**{**{key.replace(".", "__"): value for key, value in POLICY.items()}, **options})
        detector = Detector("scripted", "Sees what the story needs.", "code", sees_flaws)
        fixer = Fixer("scripted", "Mends what the story needs.", ("scripted",), self.mends)
        return replace(world, detectors=(detector,), fixers=(fixer,))

    def mends(self, scene: Scene, finding: Finding) -> Investigation:
        before = scene.repository.read(scene.commit, finding.path) or b""
        name = finding.symbol.rpartition(":")[2]
        line = self.lines.get(name, GOOD)
        change = whole_file(finding.path, before, before.replace(FLAW.encode(), line.encode(), 1))
        option = Option(
            "zero", f"Let {name} give 0.0 for 0", "scripted", change, "0.0", ("its docstring says so",), symbols=(name,)
        )
        return Investigation(Cause(f"{name} divides by zero", finding.path, 6, 0.9), options=(option,))

    def of(self, name: str) -> Upgrade:
        """The newest upgrade of a tool."""
        return [up for up in self.history.upgrades.values() if up.finding.symbol == f"tools.{name}:{name}"][-1]

    @property
    def main(self) -> str:
        return self.repo.git("rev-parse", "main").strip()

    def live(
        self,
        hours: float,
        tools: Sequence[str] = TOOLS,
        per_hour: int = 30,
        commit: str = "",
        breaks: Callable[[str, int], Exception | None] = lambda name, value: None,
    ) -> None:
        """Time goes on, and the program of a commit is called meanwhile. breaks: what the world does to a call."""
        commit, start = commit or self.main, self.clock.now()
        functions = {name: self._function(commit, name) for name in tools}
        lines = []
        for number in range(int(hours * per_hour)):
            when = start + timedelta(hours=(number + 0.5) / per_hour)
            for name in tools:
                value = self.chance.randrange(1, 60)
                lines.append(_called(functions[name], name, value, when.isoformat(), commit, breaks(name, value)))
        self.world().executions.import_jsonl(lines)
        self.clock.turn(timedelta(hours=hours))

    def issue(self, number: int) -> str:
        """The text of an issue at the forge."""
        return self.repo.git("show", f"refs/healer/forge:issues/{number}.json")

    def _function(self, commit: str, name: str) -> Callable[[int], float]:
        names: dict[str, Any] = {}
        source = self.repo.git("show", f"{commit}:tools/{name}.py")
        exec(compile(source, f"tools/{name}.py", "exec"), names)
        return names[name]  # type: ignore[no-any-return]


def _called(
    function: Callable[[int], float], name: str, value: int, when: str, commit: str, broken: Exception | None
) -> bytes:
    event: dict[str, Any] = {
        "v": 1, "tool": f"tools.{name}:{name}", "ts": when, "args": [value], "commit": commit, "duration_ms": 1.0,
    }  # fmt: skip
    try:
        if broken is not None:
            raise broken
        event |= {"ok": True, "result": function(value)}
    except Exception as error:
        frames = [[f.filename, f.lineno, f.name] for f in traceback.extract_tb(error.__traceback__)[1:]]
        event |= {"ok": False, "error": {"type": type(error).__name__, "message": str(error), "frames": frames}}
    return json.dumps(event).encode() + b"\n"
