"""What the recorded calls of one tool tell about it as it is today."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from gitops_healer.code.model import CodeModel, Location
from gitops_healer.code.parsing import parsed
from gitops_healer.core.analysis.analysing import Recorded, analyse_executions
from gitops_healer.core.analysis.types import ToolAnalysis
from gitops_healer.core.execution import Execution, Frame
from gitops_healer.evidence.calls import SKEW, Versions, repository_path
from gitops_healer.registry import Scene

WINDOW: Final = timedelta(days=30)
SAMPLE: Final = 1000
"""Calls with payload of each outcome, and of the newest."""
STRATA: Final = 20
HOUR: Final = timedelta(hours=1)


def analyse(scene: Scene, tool: str, window: timedelta | None = None) -> ToolAnalysis | None:
    """None when no call of the tool was recorded in the window (30 days). A tool that is not in the code is analysed as
    recorded: all its calls count, and its frames are placed where files are known."""
    since, until = scene.now - (window or WINDOW), scene.now + SKEW
    slices = scene.executions.timeline(tool, since, until, HOUR)
    if not slices:
        return None
    location = scene.code.locate(tool)
    versions = Versions(scene, location, since) if location is not None else None
    today = [piece for piece in slices if _counts(versions, piece.commit, piece.start + HOUR)]
    failing = [e for e in _calls(scene, tool, since, until, ok=False) if _counts(versions, e.commit, e.ts)]
    passing = _passing(scene, tool, versions, failing, since, until)
    newest = scene.executions.executions(tool, since=since, until=until, limit=SAMPLE)
    known = Recorded(
        tool, since, until, today, [piece for piece in slices if piece not in set(today)], failing, passing,
        [e for e in newest if _counts(versions, e.commit, e.ts)],
        lambda execution: placed(scene.code, location, versions, execution),
        parameters(scene.code, location) if location else (),
        versions.arrived if versions and versions.arrived > since else None,
        scene.settings.detection.degrading_tool.factor,
    )  # fmt: skip
    return analyse_executions(known)


def _counts(versions: Versions | None, commit: str | None, ts: datetime) -> bool:
    return versions is None or versions.counts(commit, ts)


def _calls(
    scene: Scene, tool: str, since: datetime, until: datetime, ok: bool, limit: int = SAMPLE
) -> tuple[Execution, ...]:
    return scene.executions.executions(tool, since=since, until=until, ok=ok, limit=limit)


def _passing(
    scene: Scene, tool: str, versions: Versions | None, failing: Sequence[Execution], since: datetime, until: datetime
) -> list[Execution]:
    """Calls that passed at about the times at which others failed, so that what merely changes with time (counters,
    dates, traffic) does not tell the two apart. Without failures the newest."""
    times = sorted(execution.ts for execution in failing)
    found: dict[str, Execution] = {}
    edges = [since, *times[len(times) // STRATA :: max(1, len(times) // STRATA)], until] if times else [since, until]
    each = max(1, SAMPLE // (len(edges) - 1))
    for begin, end in pairwise(edges):
        found |= {e.id: e for e in _calls(scene, tool, begin, end, True, each) if _counts(versions, e.commit, e.ts)}
    return list(found.values())


def placed(
    code: CodeModel, location: Location | None, versions: Versions | None, execution: Execution
) -> tuple[Frame, ...]:
    """The frames of a failure that lie in the repository, with paths and lines of today where only moved."""
    return tuple(_frames(code, location, versions, execution))


def _frames(
    code: CodeModel, location: Location | None, versions: Versions | None, execution: Execution
) -> Iterator[Frame]:
    moved = versions.at(execution.commit).moved if versions is not None else 0
    for frame in execution.error.frames if execution.error else ():
        path = repository_path(code, frame.file)
        if path is not None:
            line = frame.line + moved
            inside = location is not None and path == location.path and location.start <= line <= location.end
            yield replace(frame, file=path, line=line if inside else frame.line)


def parameters(code: CodeModel, location: Location) -> tuple[str, ...]:
    """Names of the positional parameters as the recorder sees them: `self` and `cls` of methods are no inputs."""
    tree = parsed(code.source(location.path) or b"")
    if tree is None:
        return ()
    name = location.symbol.rpartition(".")[2]
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name != name:
            continue
        if location.start <= node.lineno <= location.end:
            names = tuple(argument.arg for argument in (*node.args.posonlyargs, *node.args.args))
            return names[1:] if "." in location.symbol and names[:1] in (("self",), ("cls",)) else names
    return ()
