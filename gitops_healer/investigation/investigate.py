"""Why a tool fails or is slow: one problem for each way in which it fails. Reads only, and asks no model by itself."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gitops_healer.core import versions
from gitops_healer.core.analysis.types import Cluster, CommitCount, Direction, ToolAnalysis
from gitops_healer.core.diagnosis import CauseKind, Diagnosis, Place, Problem, Proposal
from gitops_healer.evidence.analysis import analyse
from gitops_healer.evidence.history import place_of, unknown_symbol
from gitops_healer.investigation.beginnings import beginning
from gitops_healer.investigation.judging import DOUBT, SURE, Case, judge
from gitops_healer.investigation.reading import read
from gitops_healer.registry import Scene

MOST: Final = 5
SAMPLE: Final = 1000
Model = Callable[[Diagnosis], str]
"""What a model adds to a diagnosis, in text that is shown as the model's. It changes nothing else."""


def investigate(scene: Scene, symbol: str, model: Model | None = None) -> Diagnosis:
    """Deterministic without a model. symbol: any spelling of `evidence.history.place_of`, or the name of a tool that
    was recorded. Raises UsageError when neither code nor store knows it, or when it fits several functions."""
    tool, place = _resolved(scene, symbol)
    analysis = analyse(scene, tool)
    if analysis is None:
        if place is None:
            raise unknown_symbol(scene, symbol)
        return Diagnosis(tool, place, f"No call of {tool} was recorded in 30 days: nothing tells whether it fails.")
    diagnosis = _diagnosis(scene, analysis, place)
    return replace(diagnosis, model=model(diagnosis)) if model else diagnosis


def _resolved(scene: Scene, symbol: str) -> tuple[str, Place | None]:
    found = _at_line(scene, symbol) or place_of(scene, symbol)
    if found is None:
        return symbol, None
    tool = f"{scene.code.module_name(found.path)}:{found.symbol}"
    location = scene.code.locate(tool)
    return tool, Place(found.path, location.start if location else 0, found.symbol)


def _at_line(scene: Scene, symbol: str) -> versions.Place | None:
    """The innermost function at `path.py:12`."""
    path, _, line = symbol.rpartition(":")
    if not (line.isascii() and line.isdecimal() and len(line) < 9 and path in scene.code.paths()):
        return None
    covering = [d for d in scene.code.facts(path).definitions if d.start <= int(line) <= d.end]
    inner = max(covering, key=lambda definition: definition.start, default=None)
    return versions.Place(path, inner.qualname) if inner else None


def _diagnosis(scene: Scene, analysis: ToolAnalysis, place: Place | None) -> Diagnosis:
    problems = [judge(_case(scene, analysis, cluster, place)) for cluster in analysis.clusters[:MOST]]
    slow = _slow(scene, analysis, place)
    ordered = sorted(problems, key=lambda problem: -problem.share) + ([slow] if slow else [])
    return Diagnosis(
        analysis.tool, place, _summary(analysis, ordered, place), tuple(ordered), analysis.total, analysis.failed,
        analysis.since, _related(analysis),
    )  # fmt: skip


def _related(analysis: ToolAnalysis) -> tuple[str, ...]:
    """The functions through which failures went, other than the tool."""
    name = analysis.tool.rpartition(":")[2].rpartition(".")[2]
    frames = dict.fromkeys(frame for cluster in analysis.clusters[:MOST] for frame in cluster.frames)
    return tuple(frame for frame in frames if frame.rpartition(":")[2].rpartition(".")[2] != name)


def _case(scene: Scene, analysis: ToolAnalysis, cluster: Cluster, tool: Place | None) -> Case:
    path, _, line = cluster.place.rpartition(":")
    place = Place(path, int(line), cluster.function) if path and line.isdecimal() else None
    files = [Place(frame.rpartition(":")[0]) for frame in cluster.frames]
    places = [*files, *([tool] if tool else []), *([place] if place else [])]
    counts = _of_error(scene, analysis, cluster.error)
    return Case(analysis, cluster, place, read(scene.code, place), beginning(scene, counts, places) if places else None)


def _of_error(scene: Scene, analysis: ToolAnalysis, error: str) -> list[CommitCount]:
    """Counts by commit where only this error is a failure, so that what another one began is not put down to it. The
    part of each commit's failures is taken from a sample of the newest."""
    calls = scene.executions.executions(
        analysis.tool, since=analysis.since, until=analysis.until, ok=False, limit=SAMPLE
    )
    sampled = Counter(call.commit for call in calls)
    same = Counter(call.commit for call in calls if call.error and call.error.type == error)
    return [
        replace(row, failed=round(row.failed * same[row.commit] / sampled[row.commit]) if sampled[row.commit] else 0)
        for row in analysis.commits
    ]


def _slow(scene: Scene, analysis: ToolAnalysis, place: Place | None) -> Problem | None:
    """Durations got worse, or some inputs are slow; None when neither is sure."""
    patterns = [p for p in analysis.patterns if p.target == "slow" and p.p <= SURE and p.confirmed is not False]
    latency = analysis.latency
    worse = latency is not None and latency.trend.direction is Direction.WORSENING
    if not patterns and not worse:
        return None
    evidence = [pattern.sentence for pattern in patterns[:2]]
    if latency is not None and worse:
        trend = latency.trend
        evidence.append(f"p95 went from {trend.before or 0:.3g} ms to {trend.after or 0:.3g} ms at {trend.since}")
    loops = read(scene.code, place).loops
    evidence += [f"its loops are nested {loops} deep"] if loops > 1 else []
    what = " and ".join(map(str, patterns[0].rule)) if patterns else "every kind of input"
    return Problem(
        CauseKind.SLOW, f"slow with {what}", 0.7 if patterns else 0.7 * DOUBT, place, share=0.0,
        evidence=tuple(evidence), proposals=(Proposal(f"Measure and shorten the path that {what} takes", place),),
    )  # fmt: skip


def _summary(analysis: ToolAnalysis, problems: list[Problem], place: Place | None) -> str:
    gone = "" if place else " It is not in the code of this commit any more."
    if not problems:
        return f"{analysis.tool} had {analysis.total} calls since {analysis.since:%Y-%m-%d} and nothing is wrong.{gone}"
    first = problems[0]
    rest = f" {len(problems) - 1} more below." if len(problems) > 1 else ""
    head = f"{analysis.tool} failed in {analysis.failed} of {analysis.total} calls"
    return f"{head}. Cause of most: {first.kind.value}: {first.sentence}.{rest}{gone}"
