"""Equal runs of statements, wherever they stand: parts of functions, class bodies, module level."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from gitops_healer.code.clones.columns import Instance
from gitops_healer.code.clones.features import DULL, BlobFeatures, statement_chunks, window_hashes
from gitops_healer.code.clones.groups import Disjoint
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


class Side(NamedTuple):
    """`length` statements of a blob from number `first`. start, end: their lines; function: number of the innermost
    function around them, counted from 1, 0 where there is none."""

    blob: str
    first: int
    length: int
    start: int
    end: int
    function: int


class Run(NamedTuple):
    """Equal statements at two places."""

    left: Side
    right: Side


class RunFinder:
    """Extends equal windows to the longest equal runs around them."""

    def __init__(self, blobs: Mapping[str, BlobFeatures]) -> None:
        self._blobs = blobs
        self._chunks: dict[str, list[bytes]] = {}
        self._known: dict[tuple[str, str, int], list[tuple[int, int, Run | None, int | None]]] = {}

    def runs(self, window: int, instances: Sequence[Instance]) -> list[Run]:
        """The runs around these instances of which the window is the anchor, so that each run is found once."""
        pairs = combinations(instances, 2) if len(instances) <= _ALL_PAIRS else pairwise(instances)
        found = {run for run, anchor in (self._around(*pair) for pair in pairs) if run and anchor == window}
        return sorted(found)

    def _around(self, one: Instance, two: Instance) -> tuple[Run | None, int | None]:
        """The run and its anchor: the window with the least hash; None when it is not worth telling."""
        shift = two.statement - one.statement
        known = self._known.setdefault((one.blob, two.blob, shift), [])
        for first, end, run, anchor in known:
            if first <= one.statement < end:
                return run, anchor
        left, right = self._statements(one.blob), self._statements(two.blob)
        first = end = one.statement
        while first > max(0, -shift) and left[first - 1] == right[first + shift - 1]:
            first -= 1
        limit = min(len(left), len(right) - shift)
        while end < limit and left[end] == right[end + shift]:
            end += 1
        overlaps = one.blob == two.blob and first + shift < end
        anchor = None if overlaps else _anchor(left[first:end])
        run = None
        if anchor is not None:
            run = Run(self._side(one.blob, first, end), self._side(two.blob, first + shift, end + shift))
        known.append((first, max(end, one.statement + 1), run, anchor))
        return run, anchor

    def _side(self, blob_id: str, first: int, end: int) -> Side:
        """The last line of a statement is not kept: what follows it, or the function that ends with it, tells."""
        blob = self._blobs[blob_id]
        lines = blob.lines
        last = lines[end] - 1 if end < len(lines) else lines[end - 1]
        around = 0
        for number, function in enumerate(blob.functions, 1):
            if function.first <= first and end <= function.last:
                around, last = number, function.end if end == function.last else min(last, function.end)
        return Side(blob_id, first, end - first, lines[first], max(last, lines[end - 1]), around)

    def _statements(self, blob: str) -> list[bytes]:
        if blob not in self._chunks:
            self._chunks[blob] = statement_chunks(self._blobs[blob].tokens)
        return self._chunks[blob]


def _anchor(chunks: list[bytes]) -> int | None:
    if len(chunks) < LEAST_STATEMENTS or len(set(chunks)) < _LEAST_DIFFERENT:
        return None
    tokens = b"".join(chunks)
    size = len(blind(tokens))
    if size < LEAST_TOKENS or len(tokens) - size < _LEAST_NAMES:
        return None
    anchor = min(window_hashes(chunks))
    return None if anchor == DULL else anchor


def grouped(runs: Sequence[Run]) -> list[tuple[Side, ...]]:
    """The places of runs, together where they are equal; each group sorted."""
    place_of = _places(sorted({side for run in runs for side in run}))
    numbers = {side: number for number, side in enumerate(sorted(set(place_of.values())))}
    together = Disjoint()
    for run in runs:
        together.join(numbers[place_of[run.left]], numbers[place_of[run.right]])
    groups: dict[int, list[Side]] = {}
    for place, number in numbers.items():
        groups.setdefault(together.root(number), []).append(place)
    return [tuple(group) for group in groups.values() if len(group) > 1]


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
