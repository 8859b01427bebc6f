"""Tools that do the same."""

from collections.abc import Iterator

from gitops_healer.code.shape import shape_of
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.evidence.twin_tools import Side, Twins, twins
from gitops_healer.registry import Scene, detector


@detector(reads="executions")
def duplicate_tool(scene: Scene) -> Iterator[Finding]:
    """Two tools that do the same, by their code or by what was recorded of them.

    What it is: at least `similarity` of their code is the same, names and literals apart; or at least three equal
    inputs were recorded of both, with three different results, equal in both.

    Why it matters: who looks for a tool has to choose without knowing how, and a flaw is mended in one of the two.

    Silent: when any recorded input gave different results in the two, however alike the code is.

    How to fix: keep the one that is called more, let the other call it, change its callers, then remove it.
    """
    for pair in twins(scene, scene.settings.detection.duplicate_tool.similarity):
        tool, keep = pair.other.tool, pair.keep.tool
        shape = shape_of(scene.code.source(tool.path) or b"", tool.start, tool.end)
        yield Finding(
            duplicate_tool.name,
            tool.path,
            tool.name,
            tool.start,
            tool.end,
            Severity.LOW,
            f"{tool.name} does what {keep.name} does",
            fingerprint(duplicate_tool.name, f"{tool.symbol} {keep.symbol}", shape),
            risk=Risk.MEDIUM,
            priority=3,
            evidence=tuple(_evidence(pair)),
            others=(keep.path,) if keep.path != tool.path else (),
        )


def _evidence(pair: Twins) -> Iterator[str]:
    yield f"the same: {pair.same}"
    yield f"different: {pair.differs}"
    yield _said(pair.keep)
    yield _said(pair.other)
    yield f"better kept is {pair.keep.tool.name}: {pair.why}"


def _said(side: Side) -> str:
    rate = side.use.success_rate
    calls = f"{side.use.calls:,} calls" + (f", {rate:.1%} succeeded" if rate is not None else "")
    where = f"; files that mention its name: {', '.join(side.mentioned_in[:5])}" if side.mentioned_in else ""
    return f"{side.tool.name}: {calls}{where}"
