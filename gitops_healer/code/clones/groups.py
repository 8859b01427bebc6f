"""From pairs that are alike to families: groups in which everybody is like most of the others."""

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import chain, combinations
from typing import NamedTuple

_DENSITY = 0.5
"""Share of the possible pairs that must be alike for two groups to become one."""

Pair = tuple[int, int]


class Group(NamedTuple):
    """members: sorted; least: likeness of the two that are least alike among those that were found alike."""

    members: tuple[int, ...]
    least: int


class Groups:
    """The groups of all pairs, kept by connected component, since a change elsewhere does not touch them."""

    def __init__(self, groups: Iterable[tuple[int, Group]] = ()) -> None:
        """groups: (component, group), as `rows` gives them."""
        self._groups: dict[int, list[Group]] = {}
        for component, found in groups:
            self._groups.setdefault(component, []).append(found)
        self._component_of = {
            member: component
            for component, groups_of in self._groups.items()
            for found in groups_of
            for member in found.members
        }

    def __iter__(self) -> Iterator[Group]:
        return chain.from_iterable(self._groups.values())

    def rows(self) -> Iterator[tuple[int, Group]]:
        return ((component, found) for component, groups in self._groups.items() for found in groups)

    def follow(self, pairs: Mapping[Pair, int], changed: Set[int]) -> None:
        """pairs: all that are alike now; changed: members of pairs that came or went."""
        components = {self._component_of[member] for member in changed if member in self._component_of}
        touched = {member for member, component in self._component_of.items() if component in components}
        for member in touched:
            del self._component_of[member]
        for component in components:
            del self._groups[component]
        touched |= changed
        for component, own in _components({pair: pairs[pair] for pair in pairs if pair[0] in touched}).items():
            self._groups[component] = [
                Group(members, min(own[pair] for pair in combinations(members, 2) if pair in own))
                for members in group(own)
            ]
            self._component_of.update((member, component) for pair in own for member in pair)


def _components(pairs: Mapping[Pair, int]) -> dict[int, dict[Pair, int]]:
    """{least member: pairs} of each connected component."""
    alike = _alike(pairs)
    component_of: dict[int, int] = {}
    for member in alike:
        if member not in component_of:
            reached, unread = {member}, [member]
            while unread:
                fresh = alike[unread.pop()] - reached
                reached |= fresh
                unread += fresh
            component_of.update(dict.fromkeys(reached, min(reached)))
    found: dict[int, dict[Pair, int]] = {}
    for pair, like in pairs.items():
        found.setdefault(component_of[pair[0]], {})[pair] = like
    return found


def _alike(pairs: Iterable[Pair]) -> dict[int, set[int]]:
    """Who is like whom."""
    found: dict[int, set[int]] = {}
    for one, two in pairs:
        found.setdefault(one, set()).add(two)
        found.setdefault(two, set()).add(one)
    return found


def group(pairs: Mapping[Pair, int]) -> list[tuple[int, ...]]:
    """Groups of members, each sorted; all of them sorted. pairs: {(lower, higher): likeness}.

    The most alike join first. Who found no group is put together with the one that it is most like, so that nobody
    who is like another stays alone; only then can a member stand in two groups.
    """
    if len(pairs) == 1:
        return list(pairs)
    alike = _alike(pairs)
    ordered = [pair for _, pair in sorted((-like, pair) for pair, like in pairs.items())]
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
