"""Starts trial servers in the sandbox: warm ones with the project's tests collected, cold ones without the project."""

import importlib.util
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from gitops_healer.adapters.suite_commands import concession
from gitops_healer.adapters.trials_server import TrialServer
from gitops_healer.adapters.workbench import Bench, environment
from gitops_healer.ports import Limits, Sandbox
from gitops_healer.settings import Testing

LIFETIME = 24 * 3600.0  # of one server, seconds
_OUTPUT = 1024**2
_OWN = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments", "exceptiongroup", "tomli")


@dataclass
class Hello:
    """What a warm server says first. tests: ids by number; broken: what could not be imported; called: (path, first
    line) of functions that ran meanwhile; modules, files: what was loaded; seconds: of processor time until it said so;
    problem: why it does not serve, else "". Mutable because it is said in parts."""

    tests: list[str] = field(default_factory=list)
    broken: list[Mapping[str, Any]] = field(default_factory=list)
    called: frozenset[tuple[str, int]] = frozenset()
    modules: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problem: str = ""
    said: str = ""
    seconds: float = 0.0

    def take(self, told: Mapping[str, Any]) -> None:
        self.tests = _texts(told.get("tests", self.tests))
        self.broken = [item for item in _items(told.get("broken", self.broken)) if isinstance(item, dict)]
        self.modules = _texts(told.get("modules", self.modules))
        self.files = _texts(told.get("files", self.files))
        self.called = frozenset(_place(item) for item in _items(told.get("called"))) or self.called
        self.seconds = _seconds(told.get("seconds", self.seconds))
        self.problem = str(told.get("problem", self.problem))[:2000]
        self.said = str(told.get("said", self.said))


@dataclass
class Starter:
    """Servers on one bench. arguments: of pytest; only: ids or files, all when empty; roots: where the project's
    packages are imported from. Mutable because what the first start needed the others need as well.
    pristine: a copy of the tree from which what tests write is taken back, "" when they write nothing."""

    sandbox: Sandbox
    testing: Testing
    python: Path
    bench: Bench
    arguments: Sequence[str]
    only: Sequence[str]
    roots: Sequence[str]
    workers: int
    brought: str = ""
    extra: tuple[str, ...] = ()
    pristine: str = ""
    started: int = 0

    def warm(self, stack: ExitStack, seconds: float = math.inf) -> tuple[TrialServer, Hello]:
        """Begun again with what turns out to be missing. seconds: for collecting the tests, at most."""
        until = time.monotonic() + min(seconds, self.testing.timeout.total_seconds())
        while True:
            server = self._converse(stack, self.roots)
            server.say({**self._order(), "cold": False, "only": list(self.only), "longest": 10.0})
            hello = self._hello(server, until)
            if not self._remedied(hello):
                return server, hello

    def cold(self, stack: ExitStack, names: Sequence[str], hello: Hello) -> TrialServer:
        """names: ids of tests by number. It may be asked at once, and answers when it is ready."""
        server = self._converse(stack, ())
        start = min(60.0, max(1.0, 2 * hello.seconds))
        known = {"names": list(names), "modules": hello.modules, "files": hello.files, "roots": list(self.roots)}
        server.say({**self._order(), **known, "cold": True, "start": start})
        return server

    def _converse(self, stack: ExitStack, roots: Sequence[str]) -> TrialServer:
        limits = Limits(LIFETIME, self.testing.memory_mb * 1024**2, self.testing.processes, output=_OUTPUT)
        env = {**environment(self.bench, self.python, roots), "PYTEST_ADDOPTS": ""}
        program = [str(self.python), str(self.bench.inside / "healer_trial_server.py")]
        talk = self.sandbox.converse(program, self.bench.scratch, env=env, limits=limits, cwd=self.bench.tree.name)
        return TrialServer(stack.enter_context(talk))

    def _order(self) -> dict[str, Any]:
        self.started += 1
        cache = f"cache_dir={self.bench.inside / 'cache'}"
        ours = ["--continue-on-collection-errors", "--capture=sys", "-o", cache, *self.extra]
        temporary = str(self.bench.scratch / f"temporary-{self.started}")
        args = [*self.arguments, *ours]
        return {
            "args": args,
            "pristine": self.pristine,
            "pytest": self.brought,
            "workers": self.workers,
            "temporary": temporary,
        }

    def _hello(self, server: TrialServer, until: float) -> Hello:
        """All that it says until it serves or gives up."""
        hello = Hello()
        allowed = max(0.0, until - time.monotonic())
        while True:
            told = server.hear(max(0.0, until - time.monotonic()))
            if told is None:
                hello.problem = server.over or f"collecting the tests takes longer than {allowed:.0f} s"
                return hello
            hello.take(told)
            if "tests" in told or "problem" in told:
                return hello

    def _remedied(self, hello: Hello) -> bool:
        """Whether something was mended because of which it is worth to begin again."""
        if hello.problem.startswith("no pytest") and not self.brought:
            self.brought = _bring_pytest(self.bench.inside / "brought")
            return True
        if hello.problem.startswith("no pytest"):
            hello.problem = f"{self.python} has no pytest, and ours does not run there ({hello.problem}): install it"
        options = concession(f"{hello.problem}\n{hello.said}") if hello.problem else ()
        if options and options[-1] not in self.extra:
            self.extra += options
            return True
        return False


def _bring_pytest(target: Path) -> str:
    """Copy the packages of our own pytest, as far as this interpreter needs them."""
    target.mkdir(exist_ok=True)
    for name in _OWN:
        spec = importlib.util.find_spec(name)
        places = list(spec.submodule_search_locations or ()) if spec else []
        if places:
            shutil.copytree(places[0], target / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        elif spec and spec.origin:
            shutil.copy(spec.origin, target)
    for name in ("pytest", "pluggy"):  # they look themselves up
        shutil.copytree(_metadata_of(name), target / f"{name}-0.dist-info", dirs_exist_ok=True)
    return str(target)


def _metadata_of(name: str) -> Path:
    found = metadata.distribution(name)
    return next(Path(str(found.locate_file(file))).parent for file in found.files or () if file.name == "METADATA")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in _items(value) if isinstance(item, str)]


def _place(item: Any) -> tuple[str, int]:
    good = isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], int)
    return (item[0], item[1]) if good else ("", 0)


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e6 else 0.0
