"""Why a tool fails or is slow: one problem for each way in which it fails. Reads only, and asks no model by itself."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import takewhile
from math import log
from operator import itemgetter
from typing import Final

from gitops_healer.core import versions
from gitops_healer.core.analysis.clusters import template_of
from gitops_healer.core.analysis.types import Cluster, CommitCount, ToolAnalysis
from gitops_healer.core.diagnosis import Diagnosis, Place, Problem
from gitops_healer.core.execution import Execution
from gitops_healer.evidence.analysis import HOUR, analyse, parameters
from gitops_healer.evidence.calls import repository_path
from gitops_healer.evidence.history import place_of, unknown_symbol
from gitops_healer.investigation.beginnings import SUSPECTS, start_of
from gitops_healer.investigation.callers import caller_of
from gitops_healer.investigation.changing import changed_symbols
from gitops_healer.investigation.judging import Case, judge
from gitops_healer.investigation.moments import Moment, moment_of
from gitops_healer.investigation.orders import Order, order_of
from gitops_healer.investigation.reach import Reach, Symbol
from gitops_healer.investigation.reading import read
from gitops_healer.investigation.sample import Sample, across, passing_at, sample_of, steady
from gitops_healer.investigation.slowness import slow_counts, slow_problem
from gitops_healer.investigation.telling import telling
from gitops_healer.registry import Scene

MOST: Final = 5
NEWEST: Final = 1000
"""Commits back."""
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
    inner = _function_at(scene, Place(path, int(line)))
    return versions.Place(path, inner.name) if inner else None


@dataclass(frozen=True)
class Look:
    """One tool under investigation."""

    scene: Scene
    analysis: ToolAnalysis
    sample: Sample
    place: Place | None
    parameters: Sequence[str]

    @cached_property
    def moment(self) -> Moment | None:
        found = self.analysis
        return moment_of(self.scene.executions.timeline(found.tool, found.since, found.until, HOUR))

    @cached_property
    def order(self) -> Order:
        return order_of(self.sample.row)


def _diagnosis(scene: Scene, analysis: ToolAnalysis, place: Place | None) -> Diagnosis:
    location = scene.code.locate(analysis.tool)
    names = parameters(scene.code, location) if location else ()
    sample = sample_of(scene, analysis.tool, analysis.since, analysis.until)
    look = Look(scene, analysis, sample, place, names)
    repaired: list[str] = []
    problems: list[Problem] = []
    for cluster in analysis.clusters[:MOST]:
        near = _reach(look, cluster)
        ended = _repaired(look, cluster, near)
        if ended:
            repaired.append(ended)
        else:
            problems.append(judge(_case(look, cluster, near)))
    reach = Reach(scene.code, _symbols(place))
    began = start_of(scene, slow_counts(sample.row), reach, [])
    slow = slow_problem(analysis, sample.passing, names, reach, place, began)
    ordered = sorted(problems, key=lambda problem: -problem.share) + ([slow] if slow else [])
    return Diagnosis(
        analysis.tool, place, _summary(analysis, ordered, place, repaired), tuple(ordered), analysis.total,
        analysis.failed, analysis.since, _related(analysis),
    )  # fmt: skip


def _repaired(look: Look, cluster: Cluster, reach: Reach) -> str:
    """The commit that ended the failures of a cluster, "" when none did: it changed what the failing code relies on,
    and there were so many calls since that some would have failed (chance below 1 %). An outage that is over ended by
    itself."""
    rows = _of_error(look.analysis, look.sample.failing, cluster.error)
    log_ = look.scene.repository.log(look.scene.commit, limit=NEWEST)
    known = {info.id: place for place, info in enumerate(log_)}
    placed = sorted(((known[row.commit], row) for row in rows if row.commit in known and row.total), key=itemgetter(0))
    since = [row for _, row in takewhile(lambda pair: not pair[1].failed, placed)]
    failing = [row for _, row in placed[len(since) :] if row.failed]
    if not since or not failing or len(placed) != sum(1 for row in rows if row.total):
        return ""
    rate = sum(row.failed for row in failing) / sum(row.total for row in failing)
    if sum(row.total for row in since) * log(max(1e-9, 1 - rate)) >= log(0.01):
        return ""
    first, last = str(since[-1].commit), str(placed[len(since)][1].commit)
    between = look.scene.repository.log(first, last, SUSPECTS)
    for info in between:
        if not reach.distance.keys().isdisjoint(changed_symbols(look.scene.repository, info)):
            return info.id
    return ""


def _reach(look: Look, cluster: Cluster) -> Reach:
    """What the functions on the way of a cluster's failures rely on, the innermost first."""
    lines = _lines(look.scene, look.sample.failing, cluster)
    functions = [_function_at(look.scene, line) for line in reversed(lines)]
    return Reach(look.scene.code, [*(one for one in functions if one), *_symbols(look.place)])


def _symbols(place: Place | None) -> list[Symbol]:
    return [Symbol(place.path, place.symbol)] if place else []


def _related(analysis: ToolAnalysis) -> tuple[str, ...]:
    """The functions through which failures went, other than the tool."""
    name = analysis.tool.rpartition(":")[2].rpartition(".")[2]
    frames = dict.fromkeys(frame for cluster in analysis.clusters[:MOST] for frame in cluster.frames)
    return tuple(frame for frame in frames if frame.rpartition(":")[2].rpartition(".")[2] != name)


def _case(look: Look, cluster: Cluster, reach: Reach) -> Case:
    scene, analysis, sample = look.scene, look.analysis, look.sample
    path, _, line = cluster.place.rpartition(":")
    place = Place(path, int(line), cluster.function) if path and line.isdecimal() else None
    lines = _lines(scene, sample.failing, cluster)
    inner = _function_at(scene, place)
    reading = read(scene.code, place, reach)
    start = start_of(scene, _of_error(analysis, sample.failing, cluster.error), reach, lines)
    failing = [call for call in sample.failing if _alike(scene, call, cluster)]
    commits = start.earlier if start else frozenset[str]()
    earlier = passing_at(scene, analysis.tool, analysis.since, analysis.until, commits)
    passing = [call for call in sample.passing if call.commit not in commits]  # what passed before proves nothing now
    own = partial(repository_path, scene.code)
    foreign = inner is not None and look.place is not None and inner != Symbol(look.place.path, look.place.symbol)
    return Case(
        analysis, cluster, place, reading, start, failing, earlier, look.parameters, look.order,
        look.moment, caller_of(failing, passing, own),
        telling(failing, passing, look.parameters, reading.words), across(failing, passing),
        steady(failing, passing), len({(c.args, c.kwargs) for c in passing} - {(None, None)}),
        f"{inner.path}:{inner.name}" if inner and foreign else "", scene.repository.is_shallow(),
    )  # fmt: skip


def _alike(scene: Scene, call: Execution, cluster: Cluster) -> bool:
    """Of one error, with the same message or from the same function."""
    error = call.error
    if error is None or error.type != cluster.error:
        return False
    placed = ((repository_path(scene.code, frame.file), frame.function) for frame in reversed(error.frames))
    inner = next((f"{path}:{function}" for path, function in placed if path is not None), "")
    return template_of(error.message) == cluster.template or inner in cluster.frames[-1:]


def _lines(scene: Scene, failing: Sequence[Execution], cluster: Cluster) -> list[Place]:
    """The lines in the repository on the way of a failure of the cluster, innermost last, as they were recorded."""
    call = next((call for call in failing if call.error and call.error.frames and _alike(scene, call, cluster)), None)
    frames = call.error.frames if call and call.error else ()
    placed = [(repository_path(scene.code, frame.file), frame) for frame in frames]
    return [Place(path, frame.line, frame.function) for path, frame in placed if path is not None]


def _function_at(scene: Scene, place: Place | None) -> Symbol | None:
    """The innermost function that covers a line."""
    if place is None or not place.line or not place.path.endswith(".py"):
        return None
    covering = [
        d for d in scene.code.facts(place.path).definitions if not d.is_class and d.start <= place.line <= d.end
    ]
    inner = max(covering, key=lambda definition: definition.start, default=None)
    return Symbol(place.path, inner.qualname) if inner else None


def _of_error(analysis: ToolAnalysis, failing: Sequence[Execution], error: str) -> list[CommitCount]:
    """Counts by commit where only this error is a failure, so that what another one began is not put down to it. The
    part of each commit's failures is taken from a sample of the newest."""
    sampled = Counter(call.commit for call in failing)
    same = Counter(call.commit for call in failing if call.error and call.error.type == error)
    return [
        replace(row, failed=round(row.failed * same[row.commit] / sampled[row.commit]) if sampled[row.commit] else 0)
        for row in analysis.commits
    ]


def _summary(analysis: ToolAnalysis, problems: list[Problem], place: Place | None, repaired: Sequence[str]) -> str:
    done = "".join(f" One kind of failure is gone since {commit[:10]}." for commit in repaired)
    gone = "" if place else " It is not in the code of this commit any more."
    if not problems:
        since = f"{analysis.since:%Y-%m-%d}"
        return f"{analysis.tool} had {analysis.total} calls since {since} and nothing is wrong now.{done}{gone}"
    first = problems[0]
    rest = f" {len(problems) - 1} more below." if len(problems) > 1 else ""
    head = f"{analysis.tool} failed in {analysis.failed} of {analysis.total} calls"
    return f"{head}. Cause of most: {first.kind.value}: {first.sentence}.{rest}{done}{gone}"
