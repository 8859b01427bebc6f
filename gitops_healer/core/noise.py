"""What differs between runs of the same code on the same inputs says nothing about a change of the code.

As Diffy does (Twitter, 2015): the base is run several times, and places where it differs from itself are noise. Unlike
there a list that was only shuffled is not lost: it is compared without its order.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import zip_longest
from typing import Any, Final

from gitops_healer.core.comparing_places import ANY_ITEM, ANY_KEY, SHAPELESS, Step, Where, place_text, steps_to
from gitops_healer.core.comparing_values import FACETS, Form, Keys, Opened, opened, parts_of, same, shape
from gitops_healer.core.shadowing import Rules

NOTHING: Final = object()
"""Stands for the result of a run that has none."""
_DEEPEST: Final = 40
_MOST_KEYS: Final = 16
_ENOUGH: Final = 16
_MOST_VALUES: Final = 1_000_000


class Level(IntEnum):
    """How much of a place is noise: its value, the shape of its text too, its type too."""

    VALUE = 1
    SHAPE = 2
    TYPE = 3


@dataclass(frozen=True)
class Noise:
    """noisy: generalised places whose values differ from run to run; shapeless: those of them where even the shape of a
    text, the keys or the number of items do; untyped: where even the type does; unordered: lists that were shuffled;
    formed: (place, facet) of texts that always had the same in common, 16 different ones or more;
    parts: (place, part) of texts in which nothing else differed."""

    noisy: frozenset[str] = frozenset()
    shapeless: frozenset[str] = frozenset()
    untyped: frozenset[str] = frozenset()
    unordered: frozenset[str] = frozenset()
    formed: frozenset[tuple[str, str]] = frozenset()
    parts: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: "Noise") -> "Noise":
        return Noise(
            self.noisy | other.noisy,
            self.shapeless | other.shapeless,
            self.untyped | other.untyped,
            self.unordered | other.unordered,
            self.formed | other.formed,
            self.parts | other.parts,
        )


def rules_of(
    noise: Noise, *, tolerance: float = 1e-9, ignored: Iterable[str] = (), unordered: Iterable[str] = ()
) -> Rules:
    """Rules of comparison from the policy's and what was learned. What has no type to rely on is not compared."""
    noisy = {f"{place}{SHAPELESS}" if place in noise.shapeless else place for place in noise.noisy - noise.untyped}
    return Rules(
        tolerance,
        frozenset(ignored) | noise.untyped,
        frozenset(unordered) | noise.unordered,
        frozenset(noisy),
        frozenset((place, facet) for place, facet in noise.formed if place not in noise.untyped),
        frozenset((place, part) for place, part in noise.parts if place not in noise.shapeless),
    )


def learn(runs: Sequence[Sequence[Any]], *, tolerance: float = 1e-9, root: str = "$") -> Noise:
    """runs[r][i]: what run r of the same code gave for input i, decoded. A place that is noisy for one input is noisy
    for all. Fewer than two runs teach nothing; runs that gave NOTHING for an input are left out."""
    study = _Study(tolerance)
    for given in zip_longest(*runs, fillvalue=NOTHING):
        first, *others = [result for result in given if result is not NOTHING] or [NOTHING]
        for other in others:
            study.over(first, other)
    return study.noise(root)


_Pair = tuple[Any, Any, Where | None]


class _Study:
    """Places where runs differ, over all inputs."""

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._levels: dict[tuple[Step, ...], Level] = {}
        self._unordered: set[tuple[Step, ...]] = set()
        self._texts: defaultdict[tuple[Step, ...], set[str]] = defaultdict(set)
        self._parts: defaultdict[tuple[Step, ...], set[str]] = defaultdict(set)
        self._facets: dict[tuple[Step, ...], set[str]] = {}
        self._next: list[_Pair] = []

    def over(self, first: Any, other: Any) -> None:
        self._next = [(first, other, None)]
        keys, left = Keys(self._tolerance), _MOST_VALUES
        while self._next and left > 0:
            one, another, where = self._next.pop()
            left -= 1
            self._pair(opened(one), opened(another), where, keys)
        for _, _, where in self._next:  # what was not looked at is not known to be the same
            self._mark(where, Level.TYPE)

    def _pair(self, one: Opened, other: Opened, where: Where | None, keys: Keys) -> None:
        if one.kind != other.kind or one.form is not other.form:
            self._mark(where, Level.TYPE)
        elif one.form is Form.LEAF:
            if not same(one.content, other.content, self._tolerance):
                if one.kind == "text":
                    self._texts_differ(one.content, other.content, where)
                self._mark(where, Level.SHAPE if one.kind == "text" and not _like(one, other) else Level.VALUE)
        elif one.form is Form.KEYS:
            self._by_key(one.content, other.content, where)
        elif one.form is not Form.NOTHING:
            self._items(one, other, where, keys)

    def _by_key(self, one: dict[str, Any], other: dict[str, Any], where: Where | None) -> None:
        both, all_keys = one.keys() & other.keys(), one.keys() | other.keys()
        if 2 * len(both) < len(all_keys):
            self._mark(where, Level.SHAPE)
            return
        for key in all_keys - both:
            self._mark((where, key), Level.TYPE)
        self._next.extend((one[key], other[key], (where, key)) for key in both)

    def _items(self, one: Opened, other: Opened, where: Where | None, keys: Keys) -> None:
        if len(one.content) != len(other.content):
            self._mark(where, Level.SHAPE)
            return
        below = (where, ANY_ITEM)
        order = _shuffled(one.content, other.content, keys)
        if order is not None and one.form is Form.ITEMS:
            self._unordered.add(steps_to(where))
        pairs = zip(one.content, other.content if order is None else [other.content[at] for at in order], strict=True)
        self._next.extend((left, right, below) for left, right in pairs)

    def _mark(self, where: Where | None, level: Level) -> None:
        """What lies too deep to be told is noise where it begins."""
        steps = steps_to(where)
        if len(steps) > _DEEPEST:
            steps, level = steps[:_DEEPEST], Level.TYPE
        self._levels[steps] = max(level, self._levels.get(steps, Level.VALUE))

    def _texts_differ(self, one: str, other: str, where: Where | None) -> None:
        steps = steps_to(where)
        if len(self._texts[steps]) < _ENOUGH:
            self._texts[steps] |= {one, other}
        known = self._facets.setdefault(steps, set(FACETS))
        known -= {facet for facet in known if FACETS[facet](one) != FACETS[facet](other)}
        if shape(one) == shape(other):
            both = zip(parts_of(one), parts_of(other), strict=True)
            self._parts[steps] |= {name for (name, mine), (_, its) in both if mine != its}

    def _formed(self) -> Iterator[tuple[tuple[Step, ...], str]]:
        """Where keys are data, what one place has in common says nothing about others."""
        kept = _by_any_key(self._levels)
        for steps, texts in self._texts.items():
            if len(texts) >= _ENOUGH and steps in kept and len(steps) <= _DEEPEST:
                yield from ((steps, facet) for facet in self._facets[steps])

    def noise(self, root: str) -> Noise:
        levels = _by_any_key(self._levels)
        texts = {place_text(root, steps): level for steps, level in levels.items()}
        return Noise(
            frozenset(texts),
            frozenset(place for place, level in texts.items() if level >= Level.SHAPE),
            frozenset(place for place, level in texts.items() if level >= Level.TYPE),
            frozenset(place_text(root, steps) for steps in _by_any_key(dict.fromkeys(self._unordered, Level.VALUE))),
            frozenset((place_text(root, steps), facet) for steps, facet in self._formed()),
            frozenset(
                (place_text(root, steps), part)
                for steps, parts in self._parts.items()
                if steps in levels
                for part in parts
            ),
        )


def _like(one: Opened, other: Opened) -> bool:
    return shape(one.content) == shape(other.content)


def _by_any_key(levels: dict[tuple[Step, ...], Level]) -> dict[tuple[Step, ...], Level]:
    """Where many keys of one dict are noise, keys are data: every key is."""
    for depth in range(max(map(len, levels), default=0)):
        keys = defaultdict[tuple[Step, ...], set[Step]](set)
        for steps in levels:
            if depth < len(steps) and isinstance(steps[depth], str):
                keys[steps[:depth]].add(steps[depth])
        found = dict[tuple[Step, ...], Level]()
        for steps, level in levels.items():
            if depth < len(steps) and len(keys.get(steps[:depth], ())) > _MOST_KEYS and isinstance(steps[depth], str):
                steps = (*steps[:depth], ANY_KEY, *steps[depth + 1 :])
            found[steps] = max(level, found.get(steps, Level.VALUE))
        levels = found
    return levels


def _shuffled(left: list[Any], right: list[Any], keys: Keys) -> list[int] | None:
    """Where in `right` each item of `left` is, when the items are the same in another order; None when they are not, or
    stand where they stood. Items with noise inside are known by the parts that are the same."""
    ours, theirs = [keys.key(item, None) for item in left], [keys.key(item, None) for item in right]
    if ours == theirs:
        return None
    order = _order(ours, theirs)
    if order is not None:
        return order
    stable = [column for column in _columns(left, right, keys) if sorted(column[0]) == sorted(column[1])]
    moved = [column for column in stable if column[0] != column[1]]
    if not moved:
        return None
    order = _order(
        list(zip(*(mine for mine, _ in stable), strict=True)), list(zip(*(its for _, its in stable), strict=True))
    )
    if order is not None:
        return order
    naming = [column for column in stable if len(set(column[0])) == len(left)]
    return _order(*naming[0]) if naming and all(column in moved for column in naming) else None


def _order(ours: Sequence[Any], theirs: Sequence[Any]) -> list[int] | None:
    waiting = defaultdict[Any, list[int]](list)
    for at in reversed(range(len(theirs))):
        waiting[theirs[at]].append(at)
    order = [waiting[item].pop() if waiting[item] else -1 for item in ours]
    return None if -1 in order else order


def _columns(left: list[Any], right: list[Any], keys: Keys) -> Iterator[tuple[list[int], list[int]]]:
    """For each part that all items have, its numbers in both lists."""
    sides = [[_parts(item, keys) for item in items] for items in (left, right)]
    names = set.intersection(*(set(parts) for side in sides for parts in side)) if left else set[Step]()
    for name in sorted(names, key=str):
        yield [parts[name] for parts in sides[0]], [parts[name] for parts in sides[1]]


def _parts(item: Any, keys: Keys) -> dict[Step, int]:
    parts = keys.parts(item, None)
    return {at if step == ANY_ITEM else step: number for at, (step, number) in enumerate(parts)}
