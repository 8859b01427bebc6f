"""The cheapest set of imports whose absence leaves no cycle."""

from collections import deque
from collections.abc import Collection, Mapping

Pair = tuple[str, str]
_MOST_STEPS = 20_000


def cheapest(pairs: Collection[Pair], costs: Mapping[Pair, float]) -> frozenset[Pair] | None:
    """The pairs (importer, imported) to cut, or None when no choice among those with a cost is enough.

    Exact for what people write by hand (branch and bound over shortest cycles); for large knots the best that was
    found within a fixed number of steps. The same answer for the same input.
    """
    search = _Search(pairs, costs)
    search.descend(frozenset(), frozenset(), 0.0)
    return search.best


class _Search:
    def __init__(self, pairs: Collection[Pair], costs: Mapping[Pair, float]) -> None:
        self._pairs = sorted(pairs)
        self._costs = costs
        self._steps = 0
        self.best: frozenset[Pair] | None = None
        self._best_cost = float("inf")

    def descend(self, cut: frozenset[Pair], kept: frozenset[Pair], cost: float) -> None:
        """Cut one edge of the shortest cycle that is left, each in turn; edges tried before are kept below."""
        self._steps += 1
        if cost >= self._best_cost or self._steps > _MOST_STEPS:
            return
        cycle = shortest_cycle([pair for pair in self._pairs if pair not in cut])
        if not cycle:
            self.best, self._best_cost = cut, cost
            return
        free = sorted((pair for pair in cycle if pair in self._costs and pair not in kept), key=self._rank)
        for number, pair in enumerate(free):
            self.descend(cut | {pair}, kept | set(free[:number]), cost + self._costs[pair])

    def _rank(self, pair: Pair) -> tuple[float, Pair]:
        return self._costs[pair], pair


def shortest_cycle(pairs: Collection[Pair]) -> list[Pair]:
    """The edges of one shortest cycle, the same for the same edges; empty when there is none."""
    graph: dict[str, list[str]] = {}
    for source, target in pairs:
        graph.setdefault(source, []).append(target)
    best: list[Pair] = []
    for start in sorted(graph):
        found = _way_back(graph, start, len(best) or len(graph) + 1)
        if found and (not best or len(found) < len(best)):
            best = found
        if len(best) == 2:
            break
    return best


def _way_back(graph: Mapping[str, list[str]], start: str, limit: int) -> list[Pair]:
    came: dict[str, str] = {}
    waiting = deque([(start, 0)])
    while waiting:
        node, depth = waiting.popleft()
        if depth >= limit:
            return []
        for target in graph.get(node, ()):
            if target == start:
                way = [(node, start)]
                while node != start:
                    way.append((came[node], node))
                    node = came[node]
                return way[::-1]
            if target not in came:
                came[target] = node
                waiting.append((target, depth + 1))
    return []
