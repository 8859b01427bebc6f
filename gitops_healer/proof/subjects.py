"""Which functions two versions are compared on: those that changed, and recorded tools that may run them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gitops_healer.code.history import Trace
from gitops_healer.code.model import CodeModel
from gitops_healer.core.evidence import Changed
from gitops_healer.core.versions import Kind
from gitops_healer.evidence.models import model_at
from gitops_healer.registry import Scene

MOST_FUNCTIONS: Final = 8
MOST_TOOLS: Final = 6
_LOCAL: Final = "<locals>"


@dataclass(frozen=True)
class Subject:
    """A function that both versions have under one name. tool: `pkg.mod:qualname`; path, symbol: where it is at head;
    old_path: where it was; changed: whether its own code is different."""

    tool: str
    path: str
    symbol: str
    old_path: str
    changed: bool


def subject_named(scene: Scene, base: CodeModel, tool: str, changed: bool = False) -> Subject | None:
    """None when one of the versions has no function of that name."""
    now, then = scene.code.locate(tool), base.locate(tool)
    if now is None or then is None:
        return None
    return Subject(tool, now.path, now.symbol, then.path, changed)


def former_name(scene: Scene, base: CodeModel, tool: str) -> str:
    """What a function was called at the base that was renamed or moved since, as git tells; "" when nothing there
    became it."""
    now = scene.code.locate(tool)
    for step in Trace(scene.repository, scene.commit).steps(now.path, now.symbol) if now is not None else ():
        if step.previous is not None and step.kind in (Kind.RENAMED, Kind.MOVED):
            name = f"{base.module_name(step.previous.path)}:{step.previous.symbol}"
            if base.locate(name) is not None:
                return name
    return ""


def subjects_of(scene: Scene, base: str, changed: Changed) -> tuple[Subject, ...]:
    """Functions with changed lines, then tools with recorded calls whose module loads a changed file, most called
    first. At most fourteen."""
    before = model_at(scene, base)
    found: dict[tuple[str, str], Subject] = {}
    for subject in _changed(scene, before, changed):
        if len(found) < MOST_FUNCTIONS:
            found.setdefault((subject.path, subject.symbol), subject)
    tools = 0
    for subject in _tools(scene, before, frozenset(changed.lines)):
        if tools < MOST_TOOLS and (subject.path, subject.symbol) not in found:
            found[subject.path, subject.symbol] = subject
            tools += 1
    return tuple(found.values())


def _changed(scene: Scene, before: CodeModel, changed: Changed) -> Iterator[Subject]:
    for path, symbol in changed.symbols:
        module = scene.code.module_name(path)
        if module is None or _LOCAL in symbol:
            continue
        subject = subject_named(scene, before, f"{module}:{symbol}", changed=True)
        if subject is not None:
            yield subject


def _tools(scene: Scene, before: CodeModel, paths: frozenset[str]) -> Iterator[Subject]:
    stats = sorted(scene.executions.stats(since=scene.now - scene.settings.proof.replay.window), key=lambda s: -s.total)
    for stat in stats:
        subject = subject_named(scene, before, stat.tool)
        if subject is not None and loads(scene.code, subject.path, paths):
            yield subject


def loads(code: CodeModel, path: str, wanted: frozenset[str]) -> bool:
    """Whether a file is one of those wanted or imports one, directly or through others."""
    seen, waiting = {path}, [path]
    while waiting:
        current = waiting.pop()
        if current in wanted:
            return True
        for edge in code.imported(current):
            if edge.target not in seen:
                seen.add(edge.target)
                waiting.append(edge.target)
    return False
