"""Tools that got slower, or fail more often, than they did."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from gitops_healer.code.shape import shape_of
from gitops_healer.core.analysis.durations import slower
from gitops_healer.core.analysis.trend import between
from gitops_healer.core.analysis.types import Direction, Trend
from gitops_healer.core.execution import Slice
from gitops_healer.core.failing import moment, priority
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.evidence.calls import SKEW
from gitops_healer.evidence.timed import Timed, timed_tools
from gitops_healer.registry import Scene, detector


@detector(reads="executions")
def degrading_tool(scene: Scene) -> Iterator[Finding]:
    """A tool whose calls of late take longer, or fail more often, than those of the time before.

    Slower is: half of the calls, or the slowest twentieth, by the policy's factor (`core.analysis.durations`); failing
    more is: by a likelihood ratio that allows for the spread between hours (`core.analysis.trend`). Earlier versions
    are what today's is compared with.
    """
    policy = scene.settings.detection.degrading_tool
    since, split = scene.now - policy.window - policy.baseline, scene.now - policy.window
    for timed in timed_tools(scene, since, scene.now + SKEW, 2 * policy.min_executions):
        before = [piece for piece in timed.all if piece.start < split]
        after = [piece for piece in timed.today if piece.start >= split]
        latency = slower(before, after, policy.factor, policy.min_executions)
        failing = between(_points(before), _points(after), least=policy.min_executions)
        worse = [trend.direction is Direction.WORSENING for trend in (latency, failing)]
        if any(worse):
            yield _finding(scene, timed, latency if worse[0] else None, failing if worse[1] else None, after)


def _points(slices: Sequence[Slice]) -> list[tuple[datetime, int, int]]:
    return [(piece.start, piece.total, piece.failed) for piece in slices]


def _finding(
    scene: Scene, timed: Timed, latency: Trend | None, failing: Trend | None, after: Sequence[Slice]
) -> Finding:
    place = timed.location
    shape = shape_of(scene.code.source(place.path) or b"", place.start, place.end)
    total, failed = sum(piece.total for piece in after), sum(piece.failed for piece in after)
    what = " and ".join(["takes longer"] * (latency is not None) + ["fails more often"] * (failing is not None))
    window = scene.settings.detection.degrading_tool.window
    return Finding(
        degrading_tool.name,
        place.path,
        timed.tool,
        place.start,
        place.end,
        Severity.HIGH if failing and (failing.after or 0) >= 0.5 else Severity.MEDIUM,
        f"{timed.tool} {what} than before {moment(scene.now - window)}",
        fingerprint(degrading_tool.name, place.symbol, shape),
        priority=priority(failed, total, scene.now - after[-1].start, window, 0.0),
        evidence=tuple(_evidence(latency, failing, timed, total)),
    )


def _evidence(latency: Trend | None, failing: Trend | None, timed: Timed, total: int) -> Iterator[str]:
    if latency is not None:
        yield (
            f"one call of twenty took {latency.before or 0:,.3g} ms or more, now {latency.after or 0:,.3g} ms "
            f"(p {1 - latency.confidence:.1g})"
        )
    if failing is not None:
        yield (
            f"{failing.before or 0:.1%} of the calls failed, now {failing.after or 0:.1%} of {total:,} "
            f"(p {1 - failing.confidence:.1g})"
        )
    yield from timed.inputs()
