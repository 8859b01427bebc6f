"""Which imports to remove so that no cycle is left: a minimum feedback arc set."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

from gitops_healer.code.graph import Edge, components

_EXACT = 12
"""Modules up to which every order is weighed, by dynamic programming over their subsets: 2^12 steps of 12."""
_ROUNDS = 4
_CAREFUL = 300
"""Modules up to which a greedy answer is improved, since that takes their square in steps."""

Weights = Mapping[str, Mapping[str, int]]
"""How many import lines lead from one module to another."""


def minimum_cut(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """A set of edges without which the others make no cycle: the fewest import lines there are for knots of up to 12
    modules, else as few as a greedy order finds (Eades, Lin & Smyth 1993), improved for up to 300 modules, so that no
    edge of it could stay. Same edges, same answer."""
    weights: dict[str, dict[str, int]] = {}
    for edge in sorted(edges):
        row = weights.setdefault(edge.source, {})
        weights.setdefault(edge.target, {})
        row[edge.target] = row.get(edge.target, 0) + 1
    cut: set[tuple[str, str]] = set()
    for knot in components({node: sorted(weights[node]) for node in sorted(weights)}):
        inside = {node: {t: n for t, n in weights[node].items() if t in set(knot)} for node in sorted(knot)}
        if len(knot) > 1:
            cut |= _cut_of_knot(inside)
        cut |= {(node, node) for node in knot if node in weights[node]}
    return tuple(edge for edge in edges if (edge.source, edge.target) in cut)


def _cut_of_knot(weights: Weights) -> set[tuple[str, str]]:
    loose = {node: {target: n for target, n in row.items() if target != node} for node, row in weights.items()}
    if len(loose) <= _EXACT:
        return _against(loose, _best_order(loose))
    order = _greedy_order(loose)
    if len(loose) > _CAREFUL:
        return _against(loose, order)
    return _pruned(loose, _against(loose, _improved(loose, order)))


def _against(weights: Weights, order: Sequence[str]) -> set[tuple[str, str]]:
    """The pairs that lead backwards in an order."""
    place = {node: number for number, node in enumerate(order)}
    return {(source, target) for source, row in weights.items() for target in row if place[target] < place[source]}


def _best_order(weights: Weights) -> list[str]:
    """The order with the least weight backwards. cost[s]: the least for the modules in the bit set s, all placed
    before the others; a module placed next pays for what leads from it into s."""
    nodes = sorted(weights)
    number = {node: place for place, node in enumerate(nodes)}
    rows = [[(1 << number[target], n) for target, n in sorted(weights[node].items())] for node in nodes]
    size = 1 << len(nodes)
    cost = [0] + [-1] * (size - 1)
    last = [0] * size
    for placed in range(size):
        base = cost[placed]
        for place, row in enumerate(rows):
            bit = 1 << place
            if placed & bit:
                continue
            price = base + sum(n for target, n in row if placed & target)
            if cost[placed | bit] < 0 or price < cost[placed | bit]:
                cost[placed | bit] = price
                last[placed | bit] = place
    order, placed = [], size - 1
    while placed:
        order.append(nodes[last[placed]])
        placed ^= 1 << last[placed]
    return order[::-1]


def _greedy_order(weights: Weights) -> list[str]:
    """Sinks last, sources first, else next the one that gives most more than it takes."""
    reverse = _reversed(weights)
    out = {node: sum(row.values()) for node, row in weights.items()}
    into = {node: sum(row.values()) for node, row in reverse.items()}

    def rank(node: str) -> tuple[bool, bool, int, str]:
        return out[node] != 0, into[node] != 0, into[node] - out[node], node

    queue = [rank(node) for node in weights]
    heapify(queue)
    left = set(weights)
    first: list[str] = []
    final: list[str] = []
    while queue:
        entry = heappop(queue)
        node = entry[3]
        if node not in left or entry != rank(node):
            continue  # it was ranked anew since
        (first if out[node] else final).append(node)
        left.remove(node)
        for counts, row in ((into, weights[node]), (out, reverse[node])):
            for other, n in row.items():
                if other in left:
                    counts[other] -= n
                    heappush(queue, rank(other))
    return first + final[::-1]


def _reversed(weights: Weights) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {node: {} for node in weights}
    for source, row in weights.items():
        for target, n in row.items():
            found[target][source] = n
    return found


def _improved(weights: Weights, order: list[str]) -> list[str]:
    """Each module in turn goes to the place where least leads backwards, as long as that helps."""
    reverse = _reversed(weights)
    for _ in range(_ROUNDS):
        moved = False
        for node in sorted(weights):
            place = order.index(node)
            better = _best_place(order, place, weights[node], reverse[node])
            if better != place:
                order.insert(better, order.pop(place))
                moved = True
        if not moved:
            break
    return order


def _best_place(order: Sequence[str], place: int, out: Mapping[str, int], into: Mapping[str, int]) -> int:
    """Passing a module to the left of it costs what leads into ours from there and saves what leads from ours."""
    best, gain = place, 0
    for step in (-1, 1):
        saved, at = 0, place + step
        while 0 <= at < len(order):
            other = order[at]
            saved += step * (into.get(other, 0) - out.get(other, 0))
            if saved > gain:
                best, gain = at, saved
            at += step
    return best


def _pruned(weights: Weights, cut: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Put back, the heaviest first, what makes no cycle with what stays."""
    graph = {source: [target for target in row if (source, target) not in cut] for source, row in weights.items()}
    kept = set(cut)
    for source, target in sorted(cut, key=lambda pair: (-weights[pair[0]][pair[1]], pair)):
        if not _reaches(graph, target, source):
            graph[source].append(target)
            kept.discard((source, target))
    return kept


def _reaches(graph: Mapping[str, Iterable[str]], start: str, goal: str) -> bool:
    seen, stack = {start}, [start]
    while stack:
        node = stack.pop()
        if node == goal:
            return True
        for target in graph[node]:
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return False
