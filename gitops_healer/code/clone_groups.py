"""From pairs that are alike to families: groups in which everybody is like most of the others."""

from collections.abc import Iterable, Mapping

_DENSITY = 0.5
"""Share of the possible pairs that must be alike for two groups to become one."""

Pair = tuple[int, int]


def group(pairs: Mapping[Pair, int]) -> list[tuple[int, ...]]:
    """Groups of members, each sorted; all of them sorted. pairs: {(lower, higher): likeness}.

    The most alike join first. Who found no group is put together with the one that it is most like, so that nobody
    who is like another stays alone; only then can a member stand in two groups.
    """
    alike: dict[int, set[int]] = {}
    for one, two in pairs:
        alike.setdefault(one, set()).add(two)
        alike.setdefault(two, set()).add(one)
    ordered = sorted(pairs, key=lambda pair: (-pairs[pair], pair))
    group_of: dict[int, int] = {}
    groups: dict[int, set[int]] = {}
    refused: set[tuple[int, int, int]] = set()
    for one, two in ordered:
        left, right = group_of.setdefault(one, one), group_of.setdefault(two, two)
        if left == right:
            continue
        these, those = groups.setdefault(left, {one}), groups.setdefault(right, {two})
        mark = (left, right, len(these) + len(those))  # groups only grow: the same size means the same question
        if mark in refused:
            continue
        if not _belong_together(these, those, alike):
            refused.add(mark)
            continue
        if len(these) < len(those):
            left, right, these, those = right, left, those, these
        these |= those
        group_of.update(dict.fromkeys(those, left))
        del groups[right]
    found = {tuple(sorted(members)) for members in groups.values() if len(members) > 1}
    found.update(pair for member, pair in _nearest(ordered).items() if len(groups[group_of[member]]) == 1)
    return sorted(found)


def _belong_together(left: set[int], right: set[int], alike: Mapping[int, set[int]]) -> bool:
    small, large = (left, right) if len(left) <= len(right) else (right, left)
    links = sum(len(alike[member] & large) for member in small)
    return links >= _DENSITY * len(small) * len(large)


def _nearest(ordered: Iterable[Pair]) -> dict[int, Pair]:
    """The first pair of each member."""
    first: dict[int, Pair] = {}
    for pair in ordered:
        first.setdefault(pair[0], pair)
        first.setdefault(pair[1], pair)
    return first


class Disjoint:
    """Sets that grow together."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def root(self, item: int) -> int:
        parents = self._parents
        while (parent := parents.setdefault(item, item)) != item:
            parents[item] = parents[parent]
            item = parents[item]
        return item

    def join(self, one: int, two: int) -> None:
        one, two = self.root(one), self.root(two)
        if one != two:
            self._parents[max(one, two)] = min(one, two)
