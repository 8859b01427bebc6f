"""What could be done about what was found, in sentences that name it."""

from collections.abc import Iterator
from typing import Final

from gitops_healer.core.analysis.types import Cluster, Direction, Example, Pattern, PatternKind, ToolAnalysis

SHARE: Final = 0.1
"""Of the failures, from which on a cluster is worth a sentence."""
FEW: Final = 4
"""Different inputs."""


def recommendations(found: ToolAnalysis) -> tuple[str, ...]:
    """Most urgent first; none when nothing was found."""
    return (*_since(found), *_patterns(found), *_few_inputs(found), *_clusters(found), *_slow(found), *_flaky(found))


def _since(found: ToolAnalysis) -> Iterator[str]:
    trend = found.by_version if found.by_version.direction is Direction.WORSENING else found.trend
    if trend.direction is Direction.WORSENING and trend.since is not None:
        yield (
            f"Look at what changed about {trend.since:%Y-%m-%d %H:%M} UTC: "
            f"{trend.before or 0:.1%} of the calls failed before, {trend.after or 0:.1%} since."
        )


def _patterns(found: ToolAnalysis) -> Iterator[str]:
    for pattern in found.patterns:
        if pattern.target == "failing":
            yield _advice(pattern, next((one for one in found.clusters if one.key == pattern.cluster), None))


def _advice(pattern: Pattern, cluster: Cluster | None) -> str:
    said = " and ".join(map(str, pattern.rule))
    share = f"{pattern.explained:.0%} of the inputs that {f'end in {cluster.error}' if cluster else 'fail'}"
    match pattern.kind:
        case PatternKind.INPUT:
            return f"Handle calls where {said}, or refuse them with a clear error: they are {share}."
        case PatternKind.COMMIT:
            return f"Compare the code with {pattern.rule[0].value}: there {pattern.inside:.0%} fail."
        case _:
            return f"Look at what happens where the {said} (UTC): there {pattern.inside:.0%} of the calls fail."


def _few_inputs(found: ToolAnalysis) -> Iterator[str]:
    """Where so few inputs fail that no rule can be told from them, they themselves are what there is to say."""
    sampled = sum(cluster.count for cluster in found.clusters)
    if 0 < found.distinct_failing <= FEW and sampled >= 10 * found.distinct_failing:
        shown = {_shown(example) for cluster in found.clusters for example in cluster.examples}
        inputs = f"{found.distinct_failing} different inputs" if found.distinct_failing > 1 else "one input"
        yield f"All of the {sampled:,} failures looked at come from {inputs}, tried again and again: {min(shown)}."


def _shown(example: Example) -> str:
    text = " ".join(part for part in (example.args, example.kwargs) if part)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _clusters(found: ToolAnalysis) -> Iterator[str]:
    for cluster in found.clusters:
        if cluster.share >= SHARE:
            yield _cause(cluster)


def _cause(cluster: Cluster) -> str:
    share = f"{cluster.share:.0%} of the failures"
    if cluster.outside:
        return (
            f"Retry with a delay, or say what is not reachable: {share} are {cluster.error} from outside of the code."
        )
    where = f" at {cluster.place} in {cluster.function}" if cluster.place else ""
    example = f" with call {cluster.examples[0].id}" if cluster.examples else ""
    return f"Reproduce {cluster.error or 'the error'}{where}{example}: it is {share}."


def _slow(found: ToolAnalysis) -> Iterator[str]:
    latency = found.latency
    if latency is not None and latency.trend.direction is Direction.WORSENING:
        trend = latency.trend
        yield f"Find what made it slower: a twentieth took {trend.before:,.0f} ms or more, now {trend.after:,.0f} ms."
    for pattern in found.patterns:
        if pattern.target == "slow":
            yield f"Measure calls where {' and '.join(map(str, pattern.rule))}: {pattern.inside:.0%} of them are slow."


def _flaky(found: ToolAnalysis) -> Iterator[str]:
    flaky = found.flakiness
    if flaky.mixed:
        yield f"{flaky.mixed:,} of {flaky.repeated:,} repeated inputs both passed and failed: they alone do not decide."
    if flaky.bursts:
        yield "Failures come in bursts, as when something that it needs is away: look at what ran at these times."
