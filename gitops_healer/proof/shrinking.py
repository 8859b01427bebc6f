"""The simplest input on which two versions still disagree: delta debugging of the tree of values.

After Zeller and Hildebrandt (2002) for sets of parts, and Misherghi and Su (2006) for trees, level by level. It begins
at the input that was found. Hypothesis's shrinker makes choices of a strategy simpler and has no public way to begin at
a given value, so that it first would have to find a disagreement again.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from gitops_healer.core.analysis.features import type_of
from gitops_healer.core.calls import Input
from gitops_healer.core.codec import canonical
from gitops_healer.proof.simpler import descend, is_leaf, simplest, way_down
from gitops_healer.proof.trees import (
    RECORD,
    Address,
    at,
    inside,
    is_set,
    items_of,
    nodes,
    put,
    put_all,
    spelled,
    without,
)

_ROUNDS: Final = 6
_HOISTED: Final = 20


def shrink(given: Input, disagrees: Callable[[Input], bool], *, seconds: float, most_tries: int = 200) -> Input:
    """The simplest input found on which `disagrees` still holds, as it does on `given`; `given` itself when there is
    none, or when it cannot be read.

    Items, keys and named arguments are left out, numbers and texts become small; no value becomes one of another type.
    Asks at most `most_tries` times and never twice the same, and asks no more after `seconds`. Deterministic as far as
    time suffices. What `disagrees` raises passes through.
    """
    if spelled(given) is None:
        return given
    args, kwargs = json.loads(given[0]), json.loads(given[1])
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return given
    search = _Search({"args": args, "kwargs": kwargs}, disagrees, monotonic() + seconds, most_tries)
    for _ in range(_ROUNDS):
        before = search.best
        for step in (search.shorten, search.remove, search.hoist, search.simplify, search.lower, search.remove_pairs):
            step()
        if search.best is before or search.over:
            break
    return search.given if search.found else given


@dataclass
class _Search:
    """best: `{"args": [...], "kwargs": {...}}`, the simplest that disagrees so far; given: the same as a recorder
    spells it; ends: on the monotonic clock; left: questions."""

    best: dict[str, Any]
    disagrees: Callable[[Input], bool]
    ends: float
    left: int
    asked: set[str] = field(default_factory=set)
    found: bool = False
    given: Input = ("[]", "{}")

    def __post_init__(self) -> None:
        self.asked.add(canonical(self.best))

    @property
    def over(self) -> bool:
        return self.left <= 0 or monotonic() >= self.ends

    def keeps(self, whole: dict[str, Any]) -> bool:
        """Whether the two still disagree on a simpler input, which then is the best."""
        text = canonical(whole)
        if self.over or text in self.asked:
            return False
        self.asked.add(text)
        given = spelled((canonical(whole["args"]), canonical(whole["kwargs"])))
        if given is None or _twice(whole):
            return False
        self.left -= 1
        if not self.disagrees(given):
            return False
        self.best, self.given, self.found = whole, given, True
        return True

    # Leaving out

    def shorten(self) -> None:
        """Arguments by position, from the last, which may have defaults."""
        while self.best["args"] and self.keeps({**self.best, "args": self.best["args"][:-1]}):
            pass

    def remove(self) -> None:
        """Items and keys, those nearest to the top first: what is gone need not be looked into."""
        depth = 0
        while not self.over:
            parts = [part for part in _removable(self.best) if len(part) >= depth]
            if not parts:
                return
            depth = min(map(len, parts))
            self._leave_out([part for part in parts if len(part) == depth])
            depth += 1

    def _leave_out(self, parts: Sequence[Address]) -> None:
        whole = self.best

        def made(kept: Sequence[Address]) -> dict[str, Any]:
            stays = set(kept)
            found: dict[str, Any] = without(whole, [part for part in parts if part not in stays])
            return found

        self._fewest(parts, made)

    def _fewest(self, parts: Sequence[Address], made: Callable[[Sequence[Address]], dict[str, Any]]) -> None:
        """Delta debugging: few parts that have to stay as they are; the others go all at once, by halves, by quarters,
        one by one. made: the input in which only these parts stay."""
        kept = list(parts)
        if not kept or self.keeps(made([])):
            return
        size = len(kept) // 2
        while size >= 1 and not self.over:
            index = 0
            while index < len(kept) > 1:
                fewer = kept[:index] + kept[index + size :]
                if fewer and self.keeps(made(fewer)):
                    kept = fewer
                else:
                    index += size
            size //= 2

    def remove_pairs(self) -> None:
        """Two neighbours of a short list at once, where each needs the other."""
        for address, value in list(nodes(self.best)):
            if address == ("args",) or not _shortens(value) or not 2 < len(items_of(value) or ()) <= 12:
                continue
            held = address if isinstance(value, list) else (*address, "value")
            index = 0
            before = self.best
            while not self.over and index + 1 < len(at(self.best, held)):
                if not self.keeps(without(self.best, [(*held, index), (*held, index + 1)])):
                    index += 1
            if self.best is not before:  # the other addresses are those of what stood before
                return

    def hoist(self) -> None:
        """What lies deep in something of the same form stands for it."""
        for address, value in list(nodes(self.best)):
            if self.over:
                return None
            if len(address) < 2 or is_leaf(value):
                continue
            form = _form(value)
            alike = (deep for inner, deep in nodes(value) if inner and not is_leaf(deep) and _form(deep) == form)
            for _, deep in zip(range(_HOISTED), alike, strict=False):
                if self.keeps(put(self.best, address, deep)):
                    return self.hoist()
        return None

    # Simplifying

    def simplify(self) -> None:
        """The simplest value of its type at as many places as possible."""
        whole = self.best
        places = [address for address, value in nodes(whole) if is_leaf(value) and simplest(value) != value]

        def made(kept: Sequence[Address]) -> dict[str, Any]:
            stays = set(kept)
            found: dict[str, Any] = put_all(
                whole, {one: simplest(at(whole, one)) for one in places if one not in stays}
            )
            return found

        self._fewest(places, made)

    def lower(self) -> None:
        """Each value that has to stay, towards the simplest; equal ones together first, for they may be compared."""
        groups: dict[str, list[Address]] = {}
        for address, value in nodes(self.best):
            if is_leaf(value):
                groups.setdefault(canonical(value), []).append(address)
        alone = [[address] for addresses in groups.values() for address in addresses]
        for addresses in [*(group for group in groups.values() if len(group) > 1), *alone]:
            if self.over:
                return
            descend(way_down(at(self.best, addresses[0])), lambda value, own=addresses: self._will_do(own, value))  # type: ignore[misc]

    def _will_do(self, addresses: Sequence[Address], value: Any) -> bool:
        return self.keeps(put_all(self.best, dict.fromkeys(addresses, value)))


def _removable(whole: dict[str, Any]) -> list[Address]:
    """Named arguments, items and keys. Arguments by position would become others' when one goes."""
    found: list[Address] = []
    for address, value in nodes(whole):
        if address not in ((), ("args",)) and _shortens(value):
            # Of a pair in a dict both go, of which the value is the second.
            found += ((*address, *(step[:2] if step[0] == "value" else step)) for step, _, _ in inside(value))
    return found


def _shortens(value: Any) -> bool:
    """Whether fewer items or keys make no other type of it. A short tuple, or one of several types, is a record."""
    if isinstance(value, dict) and value.get("$type") == "tuple":
        items = items_of(value) or []
        return len(items) > RECORD and len({type_of(item) for item in items}) == 1
    return not is_leaf(value)


def _form(value: Any) -> tuple[str, frozenset[str]]:
    """What makes one thing able to stand for another: type, keys, types of items."""
    if isinstance(value, dict) and "$type" not in value:
        return "object", frozenset(value)
    items = items_of(value)
    return type_of(value), frozenset(map(type_of, items)) if items is not None else frozenset({canonical(value)})


def _twice(whole: dict[str, Any]) -> bool:
    """Whether a set would hold something twice: that is another, smaller set, which is asked for by itself."""
    return any(
        len(items) > len({canonical(item) for item in items})
        for _, value in nodes(whole)
        if is_set(value) and (items := items_of(value)) is not None
    )
