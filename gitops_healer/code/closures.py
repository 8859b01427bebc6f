"""Definitions of a module that could move out together, since they call nothing that stays."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gitops_healer.code.facts import Facts
from gitops_healer.code.graph import components

_MOST = 5
_MIN_DEFINITIONS = 3
_MAX_SHARE = 0.6


class ClosedSet(NamedTuple):
    """names: functions and classes at the top of a module, in its order; lines: how many they take."""

    names: tuple[str, ...]
    lines: int


def top_level(facts: Facts) -> dict[str, int]:
    """How many lines the functions and classes at the top of a module take, by name and in order; what is defined
    again or overloaded counts once."""
    found: dict[str, int] = {}
    for item in facts.definitions:
        if "." not in item.qualname:
            found[item.name] = found.get(item.name, 0) + item.lines
    return found


def references(facts: Facts) -> dict[str, set[str]]:
    """What each function and class at the top calls, inherits from or is decorated with of the others."""
    tops = top_level(facts)
    found: dict[str, set[str]] = {name: set() for name in tops}
    for item, calls in zip(facts.definitions, facts.details.calls, strict=False):
        found[_head(item.qualname)].update(map(_head, calls))
    for made in facts.classes:
        used = found[_head(facts.definitions[made.index].qualname)]
        used.update(map(_head, (*made.bases, *made.decorators)))
    return {name: {other for other in used if other in tops and other != name} for name, used in found.items()}


def closed_sets(facts: Facts) -> tuple[ClosedSet, ...]:
    """Up to five sets without common members, the largest first: at least three definitions, at most 60 % of all.

    Looked at is what each definition needs, and what all users of one need together.
    """
    lines, uses = top_level(facts), references(facts)
    number = {name: 1 << place for place, name in enumerate(lines)}
    needs = _needs(uses, number)
    users: dict[str, int] = dict.fromkeys(lines, 0)
    for name, used in uses.items():
        for other in used:
            users[other] |= needs[name]
    names = list(lines)
    sizes = list(lines.values())
    found: list[ClosedSet] = []
    taken = 0
    ranked = sorted(
        {mask for mask in (*needs.values(), *users.values()) if _fits(mask, len(names))},
        key=lambda mask: (-mask.bit_count(), mask),
    )
    for mask in ranked:
        if not mask & taken:
            taken |= mask
            places = [place for place in range(len(names)) if mask >> place & 1]
            found.append(ClosedSet(tuple(names[place] for place in places), sum(sizes[place] for place in places)))
        if len(found) == _MOST:
            break
    return tuple(found)


def _needs(uses: Mapping[str, Iterable[str]], number: Mapping[str, int]) -> dict[str, int]:
    """Everything that each name needs, itself too, as bit sets."""
    needs: dict[str, int] = {}
    for knot in components({name: sorted(used) for name, used in uses.items()}):
        mask = 0
        for name in knot:
            mask |= number[name]
            for other in uses[name]:
                mask |= needs.get(other, 0)
        needs.update(dict.fromkeys(knot, mask))
    return needs


def _fits(mask: int, count: int) -> bool:
    return _MIN_DEFINITIONS <= mask.bit_count() <= _MAX_SHARE * count


def _head(dotted: str) -> str:
    return dotted.partition(".")[0]
