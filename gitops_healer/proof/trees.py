"""Recorded values as trees: what stands where, and copies with something else there.

An address is the way from the top, as JSON is indexed, `("args", 0, "items", 3)`; what a `$type` holds lies below
"value".
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from gitops_healer.code.literals import json_of, value_of_json
from gitops_healer.core.calls import Input

Address = tuple[Any, ...]

RECORD: Final = 6
"""A tuple up to this length may be a record, whose items have meanings of their own."""
_SETS: Final = frozenset({"set", "frozenset"})


def spelled(given: Input) -> Input | None:
    """As a recorder spells it; None for what cannot be made (a date that is none, a set of lists)."""
    try:
        return json_of(value_of_json(given[0])), json_of(value_of_json(given[1]))
    except ValueError:
        return None


def inside(value: Any) -> Iterator[tuple[Address, str, Any]]:
    """(address from here, the same with `*` for any item, value) of what a value holds."""
    match value:
        case list():
            yield from (((index,), "*", item) for index, item in enumerate(value))
        case {"$type": "tuple" | "set" | "frozenset" as name, "value": list(items)}:
            record = name == "tuple" and len(items) <= RECORD
            yield from ((("value", index), str(index) if record else "*", item) for index, item in enumerate(items))
        case {"$type": "dict", "value": list(pairs)}:
            for index, pair in enumerate(pairs):
                if isinstance(pair, list) and len(pair) == 2:
                    yield ("value", index, 1), "*", pair[1]
        case dict() if "$type" not in value:
            yield from (((key,), key, item) for key, item in value.items())


def nodes(value: Any) -> Iterator[tuple[Address, Any]]:
    """(address, value) of all that a value holds, itself first, level by level."""
    waiting: list[tuple[Address, Any]] = [((), value)]
    for address, held in waiting:
        yield address, held
        waiting += (((*address, *step), item) for step, _, item in inside(held))


def items_of(value: Any) -> list[Any] | None:
    """The items of a list, tuple or set; None for everything else."""
    typed = isinstance(value, dict) and value.get("$type") in ("tuple", *_SETS)
    held = value.get("value") if typed else value
    return held if isinstance(held, list) else None


def is_set(value: Any) -> bool:
    return isinstance(value, dict) and value.get("$type") in _SETS


def at(whole: Any, address: Address) -> Any:
    for step in address:
        whole = whole[step]
    return whole


def put(whole: Any, address: Address, value: Any) -> Any:
    """A copy with another value at an address; what lies beside it is shared."""
    if not address:
        return value
    copy = dict(whole) if isinstance(whole, dict) else list(whole)
    copy[address[0]] = put(whole[address[0]], address[1:], value)
    return copy


def put_all(whole: Any, values: Mapping[Address, Any]) -> Any:
    """A copy with other values at addresses, of which none lies within another."""
    copy = copied(whole)
    for (*above, last), value in values.items():
        at(copy, tuple(above))[last] = value
    return copy


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def without(whole: Any, addresses: Collection[Address]) -> Any:
    """A copy without items of lists and keys of objects, of which none lies within another."""
    gone: dict[Address, set[Any]] = {}
    for address in addresses:
        gone.setdefault(address[:-1], set()).add(address[-1])
    for parent, steps in gone.items():
        held = at(whole, parent)
        if isinstance(held, dict):
            kept: Any = {key: item for key, item in held.items() if key not in steps}
        else:
            kept = [item for index, item in enumerate(held) if index not in steps]
        whole = put(whole, parent, kept)
    return whole
