"""Equal runs of statements, wherever they stand: parts of functions, class bodies, module level."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from gitops_healer.code.clone_columns import Instance
from gitops_healer.code.clone_features import DULL, BlobFeatures, statement_chunks, window_hashes
from gitops_healer.code.clone_groups import Disjoint
from gitops_healer.code.tokens import blind

LEAST_STATEMENTS, LEAST_TOKENS = 6, 50
_LEAST_DIFFERENT = 5
"""Different statements in a run: tables and lists of similar lines are no code that one would share."""
_LEAST_NAMES = 6
"""Attributes, called functions and keywords in a run: without them too little is known to call it the same."""
_ALL_PAIRS = 8
"""Up to so many instances of a window are compared each with each, more only with their neighbours."""
_SAME = 0.7
"""Sides of two runs that share so much of both are the same place."""


class Run(NamedTuple):
    """`length` equal statements: from number `first` of blob `left`, and from number `second` of blob `right`."""

    left: str
    first: int
    right: str
    second: int
    length: int


class Side(NamedTuple):
    """One of the two places of a run."""

    blob: str
    first: int
    length: int


class RunFinder:
    """Extends equal windows to the longest equal runs around them."""

    def __init__(self, blobs: Mapping[str, BlobFeatures]) -> None:
        self._blobs = blobs
        self._chunks: dict[str, list[bytes]] = {}
        self._known: dict[tuple[str, str, int], list[tuple[Run, int | None]]] = {}

    def runs(self, window: int, instances: Sequence[Instance]) -> list[Run]:
        """The runs around these instances of which the window is the anchor, so that each run is found once."""
        pairs = combinations(instances, 2) if len(instances) <= _ALL_PAIRS else pairwise(instances)
        found = {run for run, anchor in (self._around(*pair) for pair in pairs) if anchor == window}
        return sorted(found)

    def _around(self, one: Instance, two: Instance) -> tuple[Run, int | None]:
        """The run and its anchor: the window with the least hash; None when it is not worth telling."""
        known = self._known.setdefault((one.blob, two.blob, two.statement - one.statement), [])
        for run, anchor in known:
            if run.first <= one.statement < run.first + run.length:
                return run, anchor
        left, right = self._statements(one.blob), self._statements(two.blob)
        first, second = one.statement, two.statement
        while first and second and left[first - 1] == right[second - 1]:
            first, second = first - 1, second - 1
        end, limit = one.statement, min(len(left), len(right) + one.statement - two.statement)
        shift = two.statement - one.statement
        while end < limit and left[end] == right[end + shift]:
            end += 1
        run = Run(one.blob, first, two.blob, second, max(1, end - first))
        found = run, self._anchor(run, left[first:end])
        known.append(found)
        return found

    def _anchor(self, run: Run, chunks: list[bytes]) -> int | None:
        overlaps = run.left == run.right and run.second < run.first + run.length
        if overlaps or len(chunks) < LEAST_STATEMENTS or len(set(chunks)) < _LEAST_DIFFERENT:
            return None
        tokens = b"".join(chunks)
        size = len(blind(tokens))
        if size < LEAST_TOKENS or len(tokens) - size < _LEAST_NAMES:
            return None
        anchor = min(window_hashes(chunks))
        return None if anchor == DULL else anchor

    def _statements(self, blob: str) -> list[bytes]:
        if blob not in self._chunks:
            self._chunks[blob] = statement_chunks(self._blobs[blob].tokens)
        return self._chunks[blob]


def grouped(runs: Sequence[Run]) -> list[tuple[Side, ...]]:
    """The places of runs, together where they are equal; each group sorted."""
    place_of = _places(sorted({side for run in runs for side in sides_of(run)}))
    numbers = {side: number for number, side in enumerate(sorted(set(place_of.values())))}
    together = Disjoint()
    for run in runs:
        one, two = sides_of(run)
        together.join(numbers[place_of[one]], numbers[place_of[two]])
    groups: dict[int, list[Side]] = {}
    for place, number in numbers.items():
        groups.setdefault(together.root(number), []).append(place)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def sides_of(run: Run) -> tuple[Side, Side]:
    return Side(run.left, run.first, run.length), Side(run.right, run.second, run.length)


def _places(sides: Sequence[Side]) -> dict[Side, Side]:
    """{side: the longest of those that stand at nearly the same place}. sides: sorted."""
    clusters: list[list[Side]] = []
    near: list[list[Side]] = []
    for side in sides:
        near = [cluster for cluster in near if cluster[0].blob == side.blob and _end(cluster[0]) > side.first]
        fitting = next((cluster for cluster in near if _is_same(cluster[0], side)), None)
        if fitting is not None:
            fitting.append(side)
        else:
            near.append([side])
            clusters.append(near[-1])
    return {side: max(cluster, key=_length) for cluster in clusters for side in cluster}


def _length(side: Side) -> int:
    return side.length


def _end(side: Side) -> int:
    return side.first + side.length


def _is_same(one: Side, two: Side) -> bool:
    shared = min(_end(one), _end(two)) - max(one.first, two.first)
    return shared >= _SAME * max(one.length, two.length)
