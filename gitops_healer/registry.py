"""Plug-ins: what they are given, what they promise, how they are found.

A plug-in is one file with one decorated function. The decorator turns the function into a `Plugin` of its kind;
nothing is registered by importing. `discover` walks a package (and the entry points of other packages) for them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from gitops_healer.code.roles import is_test_path
from gitops_healer.core.aim import Aim
from gitops_healer.core.forge import Permission
from gitops_healer.errors import UnavailableError

if TYPE_CHECKING:
    from gitops_healer.code.facts import Facts
    from gitops_healer.code.matching.language import Match
    from gitops_healer.code.model import CodeModel
    from gitops_healer.core.finding import Finding
    from gitops_healer.core.history import History
    from gitops_healer.core.plan import Investigation, Plan
    from gitops_healer.core.upgrade import Fact, RepositoryFact, Upgrade
    from gitops_healer.core.verdict import CheckResult
    from gitops_healer.core.watching import Reading
    from gitops_healer.ports import (
        Cache,
        Caller,
        ExecutionStore,
        Progress,
        Repository,
        Reviewer,
        Sandbox,
        Telemetry,
        TestRunner,
        Trials,
    )
    from gitops_healer.settings import Settings


@dataclass(frozen=True)
class Scene:
    """What a plug-in may look at: one commit of one repository, at one moment. It changes nothing."""

    commit: str
    now: datetime
    repository: Repository
    code: CodeModel
    executions: ExecutionStore
    tests: TestRunner
    caller: Caller
    sandbox: Sandbox
    cache: Cache
    settings: Settings
    progress: Progress
    trials: Trials = field(default_factory=lambda: cast("Trials", Absent("nothing can be tried here")))
    reviewers: tuple[Reviewer, ...] = ()
    telemetry: Telemetry = field(default_factory=lambda: cast("Telemetry", Absent("nothing is measured here")))
    detectors: tuple[Detector, ...] = ()


class Absent:
    """Stands for a port that is not there. Asking it for anything says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> Any:
        raise UnavailableError(f"{name}: {self._reason}")


@dataclass(frozen=True)
class Plugin:
    """name: that of its file, and in policies, output and ledger; help: first line of its docstring."""

    name: str
    help: str


@dataclass(frozen=True)
class FileView:
    """One Python file as a file detector sees it. What it finds may depend on nothing else, so that it is remembered
    by blob and path. matches: where the policy's code patterns fit."""

    path: str
    facts: Facts
    settings: Settings
    is_test: bool = False
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True)
class Detector(Plugin):
    """Sees findings.

    reads: what its answer depends on, which decides for how long the answer is remembered; doc: its whole docstring;
    look: for detectors of single files, what they see in one file; the symbols of its findings are qualified names
    inside of the module, and become whole where the module's name is known.
    """

    reads: Literal["code", "executions", "tests"]
    run: Callable[[Scene], Iterable[Finding]]
    doc: str = ""
    look: Callable[[FileView], Iterable[Finding]] | None = None

    def __call__(self, scene: Scene) -> Iterable[Finding]:
        return self.run(scene)


@dataclass(frozen=True)
class Fixer(Plugin):
    """Finds the cause of a finding and the changes that end it. treats: names of rules; aim: what its changes want with
    the code's behaviour."""

    treats: tuple[str, ...]
    run: Callable[[Scene, Finding], Investigation]
    aim: Aim = Aim.MENDS

    def __call__(self, scene: Scene, finding: Finding) -> Investigation:
        return self.run(scene, finding)


@dataclass(frozen=True)
class Case:
    """What a check judges: the step from `base` to `head`, both commits.

    phase 1: a change that is not proposed yet; phase 2: the head of a pull request, or the merge commit; before: what
    the checks before this one said.
    """

    base: str
    head: str
    phase: int
    plan: Plan
    finding: Finding
    before: tuple[CheckResult, ...] = ()


@dataclass(frozen=True)
class Check(Plugin):
    """Judges a step. order: cheap checks first, a failure stops the rest; remembered: it takes long, and what it says
    of the same trees, plan and policy is kept for the day."""

    order: int
    run: Callable[[Scene, Case], CheckResult]
    remembered: bool = False

    def __call__(self, scene: Scene, case: Case) -> CheckResult:
        return self.run(scene, case)


@dataclass(frozen=True)
class Metric(Plugin):
    """Measures what a merge did. Readings are counts before and after."""

    run: Callable[[Scene, Upgrade], Iterable[Reading]]

    def __call__(self, scene: Scene, upgrade: Upgrade) -> Iterable[Reading]:
        return self.run(scene, upgrade)


@dataclass(frozen=True)
class Request:
    """A maintainer's command. upgrade: what it is about, when that could be told; head: of the pull, when written;
    head_now: of the pull, at this moment ("" when it has none); comment: the key of the order, which no other has;
    written: when it was given, where that is known; closed: whether the pull is closed without a merge."""

    actor: str
    permission: Permission
    arguments: tuple[str, ...]
    pull: int
    head: str
    upgrade: Upgrade | None
    history: History
    scene: Scene
    head_now: str = ""
    comment: str = ""
    written: datetime | None = None
    closed: bool = False


@dataclass(frozen=True)
class Answer:
    """reply: Markdown; facts: (upgrade id or "", fact) to record, in order; grants: permissions to set on the forge."""

    allowed: bool
    reply: str
    facts: tuple[tuple[str, Fact | RepositoryFact], ...] = ()
    grants: tuple[tuple[str, Permission], ...] = ()


@dataclass(frozen=True)
class Command(Plugin):
    """Obeys a maintainer. needs: the least permission; target: whether it is about one upgrade."""

    usage: str
    needs: Permission
    target: bool
    examples: tuple[str, ...]
    run: Callable[[Request], Answer]

    def __call__(self, request: Request) -> Answer:
        return self.run(request)


def detector(
    *, reads: Literal["code", "executions", "tests"]
) -> Callable[[Callable[[Scene], Iterable[Finding]]], Detector]:
    return lambda run: Detector(run.__name__, help_of(run), reads, run, inspect.getdoc(run) or "")


def file_detector(look: Callable[[FileView], Iterable[Finding]]) -> Detector:
    """A detector that needs one file at a time, and so costs only what changed."""

    def run(scene: Scene) -> Iterable[Finding]:
        for module in scene.code.modules(detail=True):
            view = FileView(module.path, module.facts, scene.settings, is_test_path(module.path))
            for finding in look(view):
                yield replace(finding, symbol=f"{module.name}.{finding.symbol}" if finding.symbol else module.name)

    return Detector(look.__name__, help_of(look), "code", run, inspect.getdoc(look) or "", look)


def refactoring(
    *, treats: tuple[str, ...], aim: Aim = Aim.KEEPS
) -> Callable[[Callable[[Scene, Finding], Investigation]], Fixer]:
    return lambda run: Fixer(run.__name__, help_of(run), treats, run, aim)


def repairer(*, treats: tuple[str, ...]) -> Callable[[Callable[[Scene, Finding], Investigation]], Fixer]:
    return refactoring(treats=treats, aim=Aim.MENDS)


def check(*, order: int, remembered: bool = False) -> Callable[[Callable[[Scene, Case], CheckResult]], Check]:
    return lambda run: Check(run.__name__, help_of(run), order, run, remembered)


def metric(run: Callable[[Scene, Upgrade], Iterable[Reading]]) -> Metric:
    return Metric(run.__name__, help_of(run), run)


def command(
    *, usage: str, needs: Permission = Permission.WRITE, target: bool = True, examples: tuple[str, ...] = ()
) -> Callable[[Callable[[Request], Answer]], Command]:
    return lambda run: Command(run.__name__.strip("_"), help_of(run), usage, needs, target, examples, run)


def help_of(function: Callable[..., object]) -> str:
    """First line of the docstring: the help text."""
    return (inspect.getdoc(function) or "").partition("\n")[0]


P = TypeVar("P", bound=Plugin)


def discover(package: str, kind: type[P]) -> tuple[P, ...]:
    """All plug-ins of a kind: one in each module of a package, and those of entry points named like the package.

    package: dotted name, e.g. `gitops_healer.detectors`, which is also the entry point group. Sorted by name.
    """
    found = [value for value in _installed(package) if isinstance(value, kind)]
    return tuple(sorted({plugin.name: plugin for plugin in found}.values(), key=lambda plugin: plugin.name))


@cache
def _installed(package: str) -> tuple[object, ...]:
    """What is installed does not change while a process lives."""
    root = importlib.import_module(package)
    modules = [importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(root.__path__)]
    own = [value for module in modules for value in vars(module).values() if isinstance(value, Plugin)]
    return (*own, *(point.load() for point in entry_points(group=package)))
