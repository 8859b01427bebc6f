"""Places inside of values: `$.items[*].qty`, `$.items[3].qty`, and rules that hold at them.

A place begins with a root (`$` is what a function returned, `$arguments`, `$printed`, `$effects` are what else was seen
of it). A step is `.key`, `["any other key"]`, `[*]` for every item of a list, `.*` for every key of a dict. A place
among the noisy ones that ends with `~` is noisy even in its shape: nothing but its type is compared.
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Union

from gitops_healer.core.shadowing import Rules

Step = str | int
"""A key, or an item's index from 0."""

ANY_ITEM: Final = -1
ANY_KEY: Final = -2
SHAPELESS: Final = "~"

Where = tuple[Union["Where", None], Step]
"""The place above, and the step from there: long ways share their beginnings."""

_ROOT: Final = re.compile(r"\$[a-z]*")
_STEP: Final = re.compile(
    r'\.(?P<key>[^.\[\]"*~]+)|(?P<keys>\.\*)|(?P<items>\[(?:\*|\d+)\])|\[(?P<quoted>"(?:[^"\\]|\\.)*")\]'
)
_PLAIN: Final = re.compile(r"[\w-]+")
_LONGEST_KEY: Final = 40
_STEPS_SHOWN: Final = 12


def steps_of(place: str) -> tuple[str, tuple[Step, ...]]:
    """Root and steps of a generalised place; an item's index means every item. Raises ValueError with an example when
    it is no place."""
    root = _ROOT.match(place)
    at, steps = root.end() if root else 0, list[Step]()
    while root and at < len(place):
        step = _STEP.match(place, at)
        if step is None:
            break
        steps.append(_step(step))
        at = step.end()
    if root is None or at < len(place):
        raise ValueError(f"{place!r} is no place in a result. Example: $.items[*].id")
    return root[0], tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["key"] is not None:
        return match["key"]
    if match["quoted"] is not None:
        return str(json.loads(match["quoted"], strict=False))
    return ANY_KEY if match["keys"] else ANY_ITEM


def step_text(step: Step) -> str:
    if isinstance(step, int):
        return {ANY_ITEM: "[*]", ANY_KEY: ".*"}.get(step, f"[{step}]")
    return f".{step}" if _PLAIN.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def place_text(root: str, steps: Iterable[Step]) -> str:
    """What `steps_of` reads."""
    return root + "".join(map(step_text, steps))


def shown(root: str, where: Where | None) -> str:
    """A place for readers: long keys are cut, and of a long way only its ends are told."""
    steps = steps_to(where)
    texts = [step_text(step if isinstance(step, int) else _short(step)) for step in steps[: _STEPS_SHOWN - 3]]
    if len(steps) > _STEPS_SHOWN:
        texts.append("…")
    rest = steps[_STEPS_SHOWN - 3 :][-3:]
    return root + "".join(texts) + "".join(step_text(step if isinstance(step, int) else _short(step)) for step in rest)


def _short(key: str) -> str:
    return key if len(key) <= _LONGEST_KEY else f"{key[: _LONGEST_KEY - 1]}…"


def steps_to(where: Where | None) -> tuple[Step, ...]:
    steps = list[Step]()
    while where is not None:
        where, step = where
        steps.append(step)
    return tuple(reversed(steps))


class Node:
    """What holds at one generalised place and below. shaped: where it is noisy, the shape of its text still counts;
    facets: what else of its text does; parts: which parts of it differ, None when nobody knows."""

    __slots__ = ("facets", "ignored", "noisy", "parts", "place", "shaped", "steps", "unordered")

    def __init__(self, place: str) -> None:
        self.place = place
        self.ignored = self.unordered = self.noisy = False
        self.shaped = True
        self.facets: tuple[str, ...] = ()
        self.parts: frozenset[str] | None = None
        self.steps: dict[Step, Node] = {}

    def key(self, key: str) -> "Node | None":
        return self.steps.get(key) or self.steps.get(ANY_KEY)

    @property
    def item(self) -> "Node | None":
        return self.steps.get(ANY_ITEM)

    def grown(self, steps: Iterable[Step]) -> "Node":
        """The node that lies so far below, made where it is missing."""
        node = self
        for step in steps:
            node = node.steps.setdefault(step, Node(node.place + step_text(step)))
        return node


@lru_cache(maxsize=128)
def compiled(rules: Rules, root: str) -> Node | None:
    """The rules below one root as a tree; None when there are none. Raises ValueError for what is no place."""
    top = Node(root)
    for place in sorted(rules.ignored):
        for node in _at(top, place):
            node.ignored = True
    for place in sorted(rules.unordered):
        for node in _at(top, place):
            node.unordered = True
    for place in sorted(rules.noisy):
        for node in _at(top, place.removesuffix(SHAPELESS)):
            node.noisy = True
            node.shaped = node.shaped and not place.endswith(SHAPELESS)
    for place, facet in sorted(rules.formed):
        for node in _at(top, place):
            node.facets = (*node.facets, facet)
    for place, part in rules.parts:
        for node in _at(top, place):
            node.parts = (node.parts or frozenset()) | {part}
    _spread(top)
    return top if top.steps or top.ignored or top.unordered or top.noisy else None


def _at(top: Node, place: str) -> list[Node]:
    root, steps = steps_of(place)
    return [top.grown(steps)] if root == top.place else []


def _spread(top: Node) -> None:
    """What holds for every key holds for each key that has rules of its own."""
    left = [top]
    while left:
        node = left.pop()
        every = node.steps.get(ANY_KEY)
        if every is not None:
            for step, below in node.steps.items():
                if isinstance(step, str):
                    _merge(every, below)
        left.extend(node.steps.values())


def _merge(source: Node, target: Node) -> None:
    left = [(source, target)]
    while left:
        above, below = left.pop()
        below.ignored |= above.ignored
        below.unordered |= above.unordered
        below.shaped &= above.shaped
        below.facets = tuple(facet for facet in below.facets if facet in above.facets or not above.noisy)
        if above.noisy:
            below.parts = below.parts | above.parts if below.parts and above.parts else None
        below.noisy |= above.noisy
        left.extend((node, below.grown((step,))) for step, node in above.steps.items())
