"""Why a tool is slow: for which inputs, how it grows, since which version, and where the work is."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean
from typing import Final

from gitops_healer.core.analysis.features import inputs_of
from gitops_healer.core.analysis.types import Direction, Literal, Pattern, ToolAnalysis
from gitops_healer.core.diagnosis import Beginning, CauseKind, Place, Problem, Proposal
from gitops_healer.core.execution import Execution
from gitops_healer.investigation.reach import Reach

LEAST: Final = 20
FIT: Final = 0.6
LOOPS = ast.For | ast.While | ast.AsyncFor


@dataclass(frozen=True)
class Growth:
    """Duration grows as the size of an argument to the power of `exponent`; fit: R squared of the straight line through
    the logarithms; sizes: smallest and largest."""

    feature: str
    exponent: float
    fit: float
    sizes: tuple[float, float]

    @property
    def sentence(self) -> str:
        low, high = self.sizes
        return (
            f"duration grows as {self.feature} to the power of {self.exponent:.1f} "
            f"(from {low:g} to {high:g}, R squared {self.fit:.2f})"
        )


def slow_problem(
    analysis: ToolAnalysis, passing: Sequence[Execution], parameters: Sequence[str], reach: Reach, place: Place | None
) -> Problem | None:
    """None when durations neither got worse nor go with the inputs in a way that is sure."""
    patterns = [p for p in analysis.patterns if p.target == "slow" and p.p <= 0.01 and p.confirmed is not False]
    latency = analysis.latency
    worse = latency is not None and latency.trend.direction is Direction.WORSENING
    growth = growth_of(passing, parameters)
    steep = growth is not None and growth.exponent >= 1.5
    if not patterns and not worse and not steep:
        return None
    evidence = [pattern.sentence for pattern in patterns[:2]]
    evidence += [growth.sentence] if growth is not None else []
    began = None
    if latency is not None and worse:
        before, after, since = latency.trend.before or 0, latency.trend.after or 0, latency.trend.since
        evidence.append(f"p95 went from {before:.3g} ms to {after:.3g} ms at {since}")
        began = Beginning(since, by_executions=True) if since else None
    at, why = _where(patterns, growth, reach, place)
    evidence += [why] if why else []
    what = " and ".join(map(str, patterns[0].rule)) if patterns else "larger inputs" if steep else "every kind of input"
    sure = 0.8 if steep or (patterns and at != place) else 0.7 if patterns else 0.56
    do = f"Do the work of the inner loop at {at} once, or by a set or a dict" if steep else f"Shorten what {what} takes"
    return Problem(
        CauseKind.SLOW, f"slow with {what}", sure, at, share=0.0, began=began, evidence=tuple(evidence),
        proposals=(Proposal(do, at),),
    )  # fmt: skip


def growth_of(passing: Sequence[Execution], parameters: Sequence[str]) -> Growth | None:
    """The size of an argument that explains most of the duration; None when none explains 60 %, or sizes are alike."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for call in passing:
        inputs = inputs_of(call, parameters) if call.duration_ms else None
        for key, size in inputs.measures.items() if inputs else ():
            if size >= 1 and call.duration_ms:
                points.setdefault(key, []).append((log(size), log(call.duration_ms)))
    fits = [
        Growth(
            feature if what == "value" else f"the {what} of {feature}", *line,
            (round(exp(min(x for x, _ in pairs))), round(exp(max(x for x, _ in pairs)))),
        )
        for (feature, what), pairs in points.items()
        if len(pairs) >= LEAST and (line := _line(pairs)) is not None and line[1] >= FIT and line[0] >= 0.5
    ]  # fmt: skip
    return max(fits, key=lambda one: (one.fit, one.feature), default=None)


def _line(pairs: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """(slope, R squared) by least squares; None when the sizes differ less than fourfold."""
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    if max(xs) - min(xs) < log(4):
        return None
    mx, my = fmean(xs), fmean(ys)
    sxx, syy = sum((x - mx) ** 2 for x in xs), sum((y - my) ** 2 for y in ys)
    sxy = sum((x - mx) * (y - my) for x, y in pairs)
    return (sxy / sxx, sxy * sxy / (sxx * syy)) if sxx and syy else None


def _where(
    patterns: Sequence[Pattern], growth: Growth | None, reach: Reach, place: Place | None
) -> tuple[Place | None, str]:
    """(the line where the time goes, as far as the code says, and why)."""
    branch = _branch([literal for pattern in patterns[:1] for literal in pattern.rule], reach)
    if branch is not None:
        return branch, f"{branch} is what only these inputs reach"
    if (growth is not None and growth.exponent >= 1.3) or patterns:
        loop = _innermost_loop(reach)
        if loop is not None:
            return loop[0], f"loops are nested {loop[1]} deep at {loop[0]}"
    return place, ""


def _branch(rule: Sequence[Literal], reach: Reach) -> Place | None:
    """The first statement of a branch that is taken for a constant which the rule names."""
    constants = {literal.value for literal in rule if isinstance(literal.value, str | bool) or literal.test == "="}
    for symbol, node in reach.functions(1):
        for part in ast.walk(node):
            if isinstance(part, ast.If) and _constants(part.test) & constants:
                return Place(symbol.path, part.body[0].lineno, symbol.name)
    return None


def _constants(test: ast.expr) -> set[object]:
    found = {part.value for part in ast.walk(test) if isinstance(part, ast.Constant)}
    return {value for value in found if isinstance(value, str | int | float | bool)}


def _innermost_loop(reach: Reach) -> tuple[Place, int] | None:
    """The loop that is nested deepest, calls included, with its depth; None when none is in another."""
    found = [
        (depth, -distance, Place(symbol.path, line, symbol.name))
        for (symbol, node), distance in ((pair, reach.distance[pair[0]]) for pair in reach.functions(2))
        for line, depth in _loops(node)
    ]
    if not found:
        return None
    depth, _, place = max(found, key=lambda one: (one[0], one[1], -one[2].line))
    return (place, depth) if depth > 1 else None


def _loops(node: ast.AST, depth: int = 0) -> Iterator[tuple[int, int]]:
    """(line, depth) of loops, of comprehensions, and of searches through a list, which are loops as well."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, LOOPS):
            yield child.lineno, depth + 1
            yield from _loops(child, depth + 1)
        elif isinstance(child, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield child.lineno, depth + len(child.generators)
            yield from _loops(child, depth + len(child.generators))
        elif (depth and isinstance(child, ast.Compare) and isinstance(child.ops[0], ast.In | ast.NotIn)) or (
            depth and isinstance(child, ast.Call) and _searches(child)
        ):
            yield child.lineno, depth + 1
            yield from _loops(child, depth)
        else:
            yield from _loops(child, depth)


def _searches(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(attr="index" | "count" | "remove" | "insert"):
            return True
        case ast.Name(id="sorted" | "sum" | "min" | "max" | "list" | "any" | "all"):
            return True
        case _:
            return False
