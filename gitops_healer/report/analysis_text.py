"""The analysis of a tool as text: the same words on a terminal and in a pipe."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table

from gitops_healer.core.analysis.types import Cluster, Direction, Latency, Pattern, ToolAnalysis, Trend
from gitops_healer.core.failing import moment
from gitops_healer.report.terminal import clean, shorten


def analysis_text(found: ToolAnalysis) -> Group:
    """All that was found, most important first. Text of the program's own (messages, inputs) is cleaned."""
    return Group(*_parts(found))


def _parts(found: ToolAnalysis) -> Iterator[RenderableType]:
    low, high = found.interval.low, found.interval.high
    yield f"[bold]{clean(found.tool)}[/bold], {moment(found.since)} to {moment(found.until)}"
    if found.total:
        yield (
            f"{found.failed:,} of {found.total:,} calls failed: {found.rate:.1%} succeed "
            f"(95% interval {low:.1%} to {high:.1%}), {found.distinct_failing:,} different inputs failed"
        )
    else:
        yield "no call ran this version yet"
    if found.other_versions:
        yield f"{found.other_versions:,} calls ran another version of this function and do not count"
    yield from _trend("failing calls", found.trend)
    yield from _trend("failing calls against earlier versions", found.by_version)
    if found.latency is not None:
        yield from _latency(found.latency)
    if found.clusters:
        yield _clusters(found.clusters)
    yield from (_pattern(pattern) for pattern in found.patterns)
    yield from (f"-> {clean(sentence)}" for sentence in found.recommendations)


def _trend(what: str, trend: Trend) -> Iterator[str]:
    if trend.direction in (Direction.WORSENING, Direction.IMPROVING) and trend.since is not None:
        shares = f"{trend.before or 0:.1%} before, {trend.after or 0:.1%} since {moment(trend.since)}"
        yield f"{what}: {trend.direction.value}, {shares}"


def _latency(latency: Latency) -> Iterator[str]:
    low, high = latency.interval.low, latency.interval.high
    yield (
        f"durations of {latency.calls:,} calls in ms: p50 {latency.p50:,.3g}, p95 {latency.p95:,.3g} "
        f"(95% interval {low:,.3g} to {high:,.3g}), p99 {latency.p99:,.3g}"
    )
    trend = latency.trend
    if trend.direction in (Direction.WORSENING, Direction.IMPROVING) and trend.since is not None:
        yield f"p95: {trend.before or 0:,.3g} ms before, {trend.after or 0:,.3g} ms since {moment(trend.since)}"


def _clusters(clusters: Iterable[Cluster]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("failures", "share", "error", "message", "place", "last"):
        table.add_column(column, overflow="fold", justify="right" if column in ("failures", "share") else "left")
    for one in clusters:
        table.add_row(
            f"{one.count:,}",
            f"{one.share:.0%}",
            clean(one.error or "unknown"),
            clean(shorten(one.template, 80)),
            clean(one.place + (" (from outside)" if one.outside else "")),
            moment(one.last),
        )
    return table


def _pattern(pattern: Pattern) -> str:
    confirmed = ", confirmed on calls held back" if pattern.confirmed else ""
    return clean(f"pattern: {pattern.sentence} (p {pattern.p:.1g}{confirmed})")
