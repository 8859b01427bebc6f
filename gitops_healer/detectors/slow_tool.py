"""Tools that take too long."""

from collections.abc import Iterator

from gitops_healer.code.shape import shape_of
from gitops_healer.core.analysis.durations import quantile_interval
from gitops_healer.core.failing import priority
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.latency import quantile
from gitops_healer.evidence.calls import SKEW
from gitops_healer.evidence.timed import timed_tools
from gitops_healer.registry import Scene, detector


@detector(reads="executions")
def slow_tool(scene: Scene) -> Iterator[Finding]:
    """A tool of which one call in twenty takes longer than the policy allows.

    Counted are calls in the policy's window that ran the function as it is today. The 95 % interval of the p95 (from
    order statistics) must lie above the limit as a whole: a few slow calls of few are no finding.
    """
    policy = scene.settings.detection.slow_tool
    limit, window = policy.p95.total_seconds() * 1e3, policy.window
    for timed in timed_tools(scene, scene.now - window, scene.now + SKEW, policy.min_executions):
        histogram = timed.histogram
        p95, interval = quantile(histogram, 0.95), quantile_interval(histogram, 0.95)
        calls = sum(histogram.values())
        if p95 is None or interval is None or calls < policy.min_executions or interval.low <= limit:
            continue
        place = timed.location
        shape = shape_of(scene.code.source(place.path) or b"", place.start, place.end)
        p50 = quantile(histogram, 0.5) or 0.0
        yield Finding(
            slow_tool.name,
            place.path,
            timed.tool,
            place.start,
            place.end,
            Severity.HIGH if p50 > limit else Severity.MEDIUM,
            f"{timed.tool} takes {p95 / 1e3:.3g} s or more in one call of twenty, over the {limit / 1e3:.3g} s allowed",
            fingerprint(slow_tool.name, place.symbol, shape),
            priority=priority(round(timed.above(limit)), round(calls), scene.now - timed.last, window, 0.0),
            evidence=(
                f"{timed.above(limit):,.0f} of {calls:,.0f} timed calls took longer than {limit:,.0f} ms",
                f"p50 {p50:,.0f} ms, p95 {p95:,.0f} ms (95% interval {interval.low:,.0f} to {interval.high:,.0f} ms), "
                f"p99 {quantile(histogram, 0.99):,.0f} ms",
                *timed.inputs(),
            ),
        )  # fmt: skip
