"""All that recorded calls tell of one tool, from counts of every call and a sample of calls with payload."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gitops_healer.core.analysis.clusters import Placed, clustered
from gitops_healer.core.analysis.durations import latency_of
from gitops_healer.core.analysis.flakiness import flakiness_of
from gitops_healer.core.analysis.patterns import input_patterns
from gitops_healer.core.analysis.recommending import recommendations
from gitops_healer.core.analysis.statistics import wilson
from gitops_healer.core.analysis.times import time_patterns
from gitops_healer.core.analysis.trend import Point, between, trend_of
from gitops_healer.core.analysis.types import Cluster, CommitCount, Direction, Pattern, ToolAnalysis, Trend
from gitops_healer.core.execution import Execution, Slice
from gitops_healer.core.latency import bucket_of, merged, quantile

FACTOR: Final = 1.5
CLUSTERS: Final = 3
"""The most frequent ones, of which each is set against the calls that passed."""
SLOW: Final = 3.0
"""Calls are slow beyond so many medians."""


@dataclass(frozen=True)
class Recorded:
    """What is known of a tool in [since, until). today: counts of calls that ran the code as it is; others: of other
    versions; failing: newest calls of today's code with payload; passing: as many of about the same times; newest: of
    any outcome, in a row; placed: frames in the repository; parameters: names in order; arrived: when the present
    version came, None when it was always there."""

    tool: str
    since: datetime
    until: datetime
    today: Sequence[Slice]
    others: Sequence[Slice]
    failing: Sequence[Execution]
    passing: Sequence[Execution]
    newest: Sequence[Execution]
    placed: Placed
    parameters: Sequence[str] = ()
    arrived: datetime | None = None
    factor: float = FACTOR


def analyse_executions(known: Recorded) -> ToolAnalysis:
    """Pure: the same calls give the same analysis. No call: rate 1 with an interval of 0 to 1."""
    total, failed = sum(s.total for s in known.today), sum(s.failed for s in known.today)
    clusters = clustered(known.failing, known.placed)
    sample = [*known.failing, *known.passing]
    split = known.arrived or known.since + (known.until - known.since) / 2
    found = ToolAnalysis(
        known.tool,
        known.since,
        known.until,
        total,
        failed,
        1 - failed / total if total else 1.0,
        wilson(total - failed, total),
        sum(s.total for s in known.others),
        len({(e.args, e.kwargs) for e in known.failing} - {(None, None)}),
        len(sample),
        trend_of(_points(known.today)),
        _by_version(known),
        _commits([*known.today, *known.others]),
        tuple(one for one, _ in clusters),
        latency_of([*known.today, *known.others] if known.arrived else known.today, known.factor, split),
        (*_input_patterns(known, clusters), *time_patterns(known.today), *_slow(known)),
        flakiness_of(sample, known.newest),
    )
    return replace(found, recommendations=recommendations(found))


def _input_patterns(known: Recorded, clusters: Sequence[tuple[Cluster, Sequence[Execution]]]) -> tuple[Pattern, ...]:
    """What goes with each of the most frequent clusters; with failing as a whole where that tells nothing."""
    found: list[Pattern] = []
    for one, members in clusters[:CLUSTERS] if len(clusters) > 1 else ():
        rules = input_patterns([*members, *known.passing], known.parameters)
        found += [replace(rule, cluster=one.key) for rule in rules]
    return tuple(found) or input_patterns([*known.failing, *known.passing], known.parameters)


def _points(slices: Sequence[Slice]) -> list[Point]:
    """By time, commits together."""
    calls, failed = Counter[datetime](), Counter[datetime]()
    for piece in slices:
        calls[piece.start] += piece.total
        failed[piece.start] += piece.failed
    return [(start, calls[start], failed[start]) for start in sorted(calls)]


def _by_version(known: Recorded) -> Trend:
    before, after = _points(known.others), _points(known.today)
    return between(before, after) if before and after else Trend(Direction.UNKNOWN)


def _commits(slices: Sequence[Slice]) -> tuple[CommitCount, ...]:
    calls, failed = Counter[str | None](), Counter[str | None]()
    for piece in slices:
        calls[piece.commit] += piece.total
        failed[piece.commit] += piece.failed
    return tuple(CommitCount(commit, count, failed[commit]) for commit, count in calls.most_common())


def _slow(known: Recorded) -> tuple[Pattern, ...]:
    """Inputs that go with taking three times the median and longer."""
    median = quantile(merged(dict(piece.latency) for piece in known.today), 0.5)
    if median is None:
        own = Counter(bucket_of(int(e.duration_ms * 1e6)) for e in known.passing if e.duration_ms is not None)
        median = quantile(own, 0.5)
    if not median:
        return ()
    limit = SLOW * median
    timed = [e for e in known.passing if e.duration_ms is not None]
    found = input_patterns(timed, known.parameters, lambda e: (e.duration_ms or 0) > limit)
    return tuple(
        replace(one, target="slow", sentence=one.sentence.replace(" fail, of", f" take over {limit:,.3g} ms, of"))
        for one in found
    )
