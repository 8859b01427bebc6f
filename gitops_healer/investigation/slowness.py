"""Why a tool is slow: for which inputs, how it grows, since which version, and where the work is."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log
from statistics import fmean, median
from typing import Final

from gitops_healer.core.analysis.features import inputs_of
from gitops_healer.core.analysis.statistics import fisher_tail
from gitops_healer.core.analysis.types import CommitCount, Direction, Literal, ToolAnalysis
from gitops_healer.core.diagnosis import CauseKind, Place, Problem, Proposal
from gitops_healer.core.execution import Execution
from gitops_healer.investigation.beginnings import Start
from gitops_healer.investigation.reach import Reach
from gitops_healer.investigation.telling import Telling, telling

LEAST: Final = 20
FIT: Final = 0.6
MEASURES: Final = 12
MATCHES: Final = frozenset({"match", "fullmatch", "search", "findall", "finditer", "sub", "split"})
LOOPS = ast.For | ast.While | ast.AsyncFor


@dataclass(frozen=True)
class Growth:
    """How duration grows with an argument. exponent: as its size to this power, or, when `exponential`, by this factor
    for ten more; product: of the sizes of two; fit: R squared of the straight line through the logarithms; sizes:
    smallest and largest."""

    feature: str
    exponent: float
    fit: float
    sizes: tuple[float, float]
    exponential: bool = False
    product: bool = False

    @property
    def steep(self) -> bool:
        """Worse than in proportion to what it is given."""
        return self.exponential or self.exponent >= (0.8 if self.product else 1.5)

    @property
    def sentence(self) -> str:
        low, high = self.sizes
        how = f"as {self.feature} to the power of {self.exponent:.1f}"
        how = f"{self.exponent:.3g}-fold for ten more of {self.feature}" if self.exponential else how
        return f"duration grows {how} (from {low:g} to {high:g}, R squared {self.fit:.2f})"


def slow_problem(
    analysis: ToolAnalysis,
    passing: Sequence[Execution],
    parameters: Sequence[str],
    reach: Reach,
    place: Place | None,
    start: Start | None,
) -> Problem | None:
    """None when durations neither got worse nor go with the inputs in a way that is sure. start: the commit from which
    on calls take longer."""
    patterns = [p for p in analysis.patterns if p.target == "slow" and p.p <= 0.01 and p.confirmed is not False]
    latency = analysis.latency
    worse = latency is not None and latency.trend.direction is Direction.WORSENING
    growth = growth_of(passing, parameters)
    steep = growth is not None and growth.steep and worth(passing)
    few = None if patterns or steep else _few(passing, parameters, reach)
    if not patterns and not worse and not steep and few is None and (start is None or start.symbol is None):
        return None
    rule = patterns[0].rule if patterns else (few.literal,) if few else ()
    evidence = [pattern.sentence for pattern in patterns[:2]] + ([few.sentence] if few else [])
    evidence += [growth.sentence] if growth is not None else []
    if latency is not None and worse:
        before, after, since = latency.trend.before or 0, latency.trend.after or 0, latency.trend.since
        evidence.append(f"p95 went from {before:.3g} ms to {after:.3g} ms at {since}")
    at, why = _where(rule, growth, reach, place)
    evidence += [why] if why else []
    evidence += _began(start)
    what = " and ".join(map(str, rule)) or ("larger inputs" if steep else "every kind of input")
    sure = 0.8 if steep or (rule and at != place) or (start and start.symbol) else 0.7 if rule else 0.56
    do = f"Do the work of the inner loop at {at} once, or by a set or a dict" if steep else f"Shorten what {what} takes"
    return Problem(
        CauseKind.SLOW, f"slow with {what}", sure, at, share=0.0, began=start.beginning if start else None,
        evidence=tuple(evidence), proposals=(Proposal(do, at),),
    )  # fmt: skip


def _began(start: Start | None) -> list[str]:
    if start is None or start.beginning.commit is None:
        return []
    changed = f", which changed {start.symbol.name} in {start.symbol.path}" if start.symbol else ""
    return [f"calls take longer since {start.beginning.commit[:10]} ({start.beginning.subject}){changed}"]


def worth(passing: Sequence[Execution]) -> bool:
    """Whether the slow calls take long enough to be a problem: a millisecond, and eight times as long as most."""
    times = sorted(call.duration_ms for call in passing if call.duration_ms is not None)
    return len(times) >= LEAST and times[-max(1, len(times) // 50)] >= max(1.0, 8 * times[len(times) // 2] / 4)


def slow_counts(calls: Sequence[Execution]) -> list[CommitCount]:
    """By commit, how many calls took more than three times the median of the first commit that is known well; for
    `beginnings.start_of`, which asks from which commit on a share rose."""
    by_commit: dict[str | None, list[float]] = {}
    for call in sorted(calls, key=lambda one: one.ts):
        if call.duration_ms is not None and call.ok:
            by_commit.setdefault(call.commit, []).append(call.duration_ms)
    first = next((times for times in by_commit.values() if len(times) >= LEAST), None)
    if first is None:
        return []
    limit = max(3 * median(first), 0.2)
    return [CommitCount(commit, len(times), sum(t > limit for t in times)) for commit, times in by_commit.items()]


def growth_of(passing: Sequence[Execution], parameters: Sequence[str]) -> Growth | None:
    """What explains most of the duration: the size of an argument, the product of two, or an exponential; None when
    nothing explains 60 %, or sizes are alike."""
    points: list[tuple[dict[str, float], float]] = []
    for call in passing:
        inputs = inputs_of(call, parameters) if call.duration_ms else None
        if inputs is not None and call.duration_ms:
            named = {(f if w == "value" else f"the {w} of {f}"): n for (f, w), n in inputs.measures.items()}
            sizes = {name: number for name, number in named.items() if number >= 1}
            points.append((sizes, log(call.duration_ms)))
    names = sorted({name for sizes, _ in points for name in sizes})[:MEASURES]
    fits = [fit for name in names for fit in _fits(name, [(s[name], d) for s, d in points if name in s])]
    fits += _products(names, points)
    return max(fits, key=lambda one: (one.fit - 0.1 * one.product, one.feature), default=None)


def _fits(name: str, pairs: Sequence[tuple[float, float]]) -> Iterator[Growth]:
    if len(pairs) < LEAST:
        return
    sizes = (min(size for size, _ in pairs), max(size for size, _ in pairs))
    power = _power([(log(size), took) for size, took in pairs])
    if power is not None and power[1] >= FIT and power[0] >= 0.5:
        yield Growth(name, *power, sizes)
    exponential = _line(pairs, 5.0)
    if exponential is not None and exponential[1] >= max(0.8, (power or (0, 0))[1] + 0.05) and exponential[0] >= 0.2:
        yield Growth(name, exp(min(700.0, 10 * exponential[0])), exponential[1], sizes, exponential=True)


def _power(pairs: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Of all sizes, or of the larger half where it is steeper: what every call costs hides growth at small sizes."""
    whole = _line(pairs, log(4))
    if whole is None or whole[1] < FIT:
        return whole
    middle = (min(x for x, _ in pairs) + max(x for x, _ in pairs)) / 2
    upper = [pair for pair in pairs if pair[0] >= middle]
    steeper = _line(upper, log(2.5)) if len(upper) >= LEAST else None
    return (steeper[0], whole[1]) if steeper is not None and steeper[1] >= 0.4 and steeper[0] > whole[0] else whole


def _products(names: Sequence[str], points: Sequence[tuple[dict[str, float], float]]) -> Iterator[Growth]:
    for first, second in combinations(names, 2):
        pairs = [(log(s[first]) + log(s[second]), d) for s, d in points if first in s and second in s]
        line = _line(pairs, log(16)) if len(pairs) >= LEAST else None
        if line is not None and line[1] >= 0.75 and line[0] >= 0.5:
            sizes = (round(exp(min(x for x, _ in pairs))), round(exp(max(x for x, _ in pairs))))
            yield Growth(f"{first} times {second}", *line, sizes, product=True)


def _line(pairs: Sequence[tuple[float, float]], span: float) -> tuple[float, float] | None:
    """(slope, R squared) by least squares; None when the sizes differ by less than `span`."""
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    if max(xs) - min(xs) < span:
        return None
    mx, my = fmean(xs), fmean(ys)
    sxx, syy = sum((x - mx) ** 2 for x in xs), sum((y - my) ** 2 for y in ys)
    sxy = sum((x - mx) * (y - my) for x, y in pairs)
    return (sxy / sxx, sxy * sxy / (sxx * syy)) if sxx and syy else None


def _few(passing: Sequence[Execution], parameters: Sequence[str], reach: Reach) -> Telling | None:
    """What few slow inputs have in common, where they are slow by far: ten times the median."""
    timed = [call for call in passing if call.duration_ms is not None]
    if len(timed) < LEAST:
        return None
    middle = median(call.duration_ms or 0.0 for call in timed)
    slow = [call for call in timed if (call.duration_ms or 0.0) > max(10 * middle, 1.0)]
    usual = [call for call in timed if (call.duration_ms or 0.0) <= 3 * middle]
    parts = (part for _, node in reach.functions(0) for part in ast.walk(node))
    words = frozenset(part.id for part in parts if isinstance(part, ast.Name))
    if not 3 <= len(slow) <= len(timed) / 3:
        return None
    return telling(slow, usual, parameters, words) or _mostly(slow, usual, parameters, words)


def _mostly(
    slow: Sequence[Execution], usual: Sequence[Execution], parameters: Sequence[str], words: frozenset[str]
) -> Telling | None:
    """A condition of most slow calls that hardly any other has: a busy machine makes some calls slow as well."""
    bad = [inputs for call in slow if (inputs := inputs_of(call, parameters)) is not None]
    good = [inputs for call in usual if (inputs := inputs_of(call, parameters)) is not None]
    counts = Counter(literal for inputs in bad for literal in inputs.literals)
    rated = [
        (sum(literal in inputs.literals for inputs in good), -count, str(literal), literal)
        for literal, count in counts.items()
        if count >= max(3, 0.6 * len(bad))
    ]
    best = min(rated, default=None, key=lambda one: one[:3])
    if best is None or best[0] > 0.02 * len(good) or len(good) < LEAST:
        return None
    exceptions, count, _, literal = best
    if fisher_tail(-count, -count + exceptions, len(bad), len(bad) + len(good)) > 1e-6:
        return None
    return Telling(literal, 1, len(bad), len(slow), len(good), exceptions, literal.feature in words)


def _where(
    rule: Sequence[Literal], growth: Growth | None, reach: Reach, place: Place | None
) -> tuple[Place | None, str]:
    """(the line where the time goes, as far as the code says, and why)."""
    branch = _branch(rule, reach)
    if branch is not None:
        return branch, f"{branch} is what only these inputs reach"
    if (growth is not None and growth.steep) or rule:
        loop = _innermost_loop(reach)
        if loop is not None:
            return loop[0], f"loops are nested {loop[1]} deep at {loop[0]}"
        expression = _matching(reach)
        if expression is not None:
            return expression, f"a regular expression is matched at {expression}"
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


def _matching(reach: Reach) -> Place | None:
    """Where a regular expression is matched: one that can match in many ways takes exponential time."""
    for symbol, node in reach.functions(1):
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in MATCHES:
                return Place(symbol.path, part.lineno, symbol.name)
    return None


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
