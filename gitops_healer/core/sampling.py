"""Which inputs are tried when not all can be: alike ones once, rare ones first, so that every prefix is fair. Pure."""

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from gitops_healer.core.analysis.clusters import collapsed
from gitops_healer.core.calls import Input
from gitops_healer.core.codec import digest
from gitops_healer.core.execution import Execution
from gitops_healer.core.shadowing import Sample

T = TypeVar("T")
_Cell = tuple[Hashable, tuple[Hashable, ...]]

FEW: Final = 10
"""From so many items on a list is long, and an object is a table whose keys say nothing."""
LARGE: Final = 1000
UNKNOWN_ERROR: Final = "unknown error"
_FRAMES: Final = 2
_DEEP: Final = 5
_KINDS: Final = 4
_LONGEST: Final = 400


def stratified(executions: Sequence[Execution], most: int, *, now: datetime) -> tuple[Execution, ...]:
    """At most so many different inputs, each as it was called last: every error and every shape before any comes a
    second time, recent calls first. A call of the future (the clock of another machine) is as old as it is ahead."""
    newest: dict[Input, Execution] = {}
    for call in sorted(executions, key=lambda call: (abs(now - call.ts), call.id)):
        newest.setdefault(input_of(call), call)
    calls = list(newest.values())
    return tuple(
        _fairly(calls, [(("error", error_of(call)), ("shape", shape(input_of(call)))) for call in calls], most)
    )


def fair_order(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """All samples, in such an order that any prefix has the same number of each origin, as far as there are so many,
    and within these each error and stratum before any comes again. What is alike keeps its order."""
    traits = [(("error", sample.failed), ("stratum", sample.stratum)) for sample in samples]
    return tuple(_fairly(samples, traits, len(samples), [sample.origin for sample in samples]))


def input_of(call: Execution) -> Input:
    """Its inputs; what was not recorded counts as empty."""
    return call.args or "[]", call.kwargs or "{}"


def error_of(call: Execution) -> str:
    """`ValueError at pkg/mod.py:total < pkg/mod.py:report` (innermost first, without lines, which move from version
    to version), "" for a call that passed."""
    if call.ok:
        return ""
    if call.error is None:
        return UNKNOWN_ERROR
    way = collapsed(call.error.frames)[: -_FRAMES - 1 : -1]
    return f"{call.error.type}{' at ' if way else ''}{' < '.join(way)}"


def _fairly(
    items: Sequence[T], traits: Sequence[tuple[Hashable, ...]], most: int, parts: Sequence[Hashable] | None = None
) -> Iterator[T]:
    """Of the part that had the fewest, greedily the item whose traits were seen least: each trait is worth 1 / (1 + how
    often it was chosen already). Items of the same part and traits keep their order.

    Worths only fall, so an item whose worth is out of date goes back into the heap and the top of it is always right
    (lazy evaluation of a submodular greedy choice: Minoux 1978).
    """
    cells: defaultdict[_Cell, list[int]] = defaultdict(list)
    for index, own in enumerate(traits):
        cells[parts[index] if parts else None, own].append(index)
    chosen: Counter[Hashable] = Counter()
    taken: Counter[Hashable] = Counter()

    def cost(cell: _Cell) -> tuple[int, float]:
        part, own = cell
        return taken[part], -sum(1 / (1 + chosen[trait]) for trait in own)

    # The index is different in each entry: cells themselves are never compared.
    heap = [(cost(cell), indices[0], 0, cell) for cell, indices in cells.items()]
    heapq.heapify(heap)
    left = most
    while heap and left > 0:
        known, index, position, cell = heapq.heappop(heap)
        if (now := cost(cell)) > known:
            heapq.heappush(heap, (now, index, position, cell))
            continue
        yield items[index]
        left -= 1
        chosen.update(cell[1])
        taken[cell[0]] += 1
        if position + 1 < len(cells[cell]):
            heapq.heappush(heap, (cost(cell), cells[cell][position + 1], position + 1, cell))


# Shapes


def shape(given: Input) -> str:
    """What inputs have in common that probably take the same way through a function: types of the arguments, lists by
    length (0, 1, few, many), numbers by sign and size, texts by length and alphabet, objects by their keys.

    `(int > 0, list of few (float), mode=str)`. `unreadable` when it is no JSON of a call.
    """
    try:
        args, kwargs = json.loads(given[0]), json.loads(given[1])
    except (ValueError, RecursionError):
        return "unreadable"
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return "unreadable"
    named = (f"{key}={_shape(kwargs[key], 0)}" for key in sorted(kwargs))
    return _bounded(f"({', '.join([*(_shape(value, 0) for value in args), *named])})")


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 12]}… {digest(text)[:10]}"


def _shape(value: Any, depth: int) -> str:
    match value:
        case None:
            return "None"
        case bool():
            return str(value)
        case int() | float():
            return f"{type(value).__name__} {size_of(value)}"
        case str():
            return _of_text(value)
        case list():
            return f"list of {_many(value, depth)}"
        case dict() if "$type" in value:
            return _of_typed(str(value["$type"]), value.get("value"), depth)
        case dict() if len(value) > FEW:
            return f"object of {_many(list(value.values()), depth)}"
        case dict():
            return f"{{{', '.join(f'{key}: {_inner(value[key], depth)}' for key in sorted(value))}}}"
    return type(value).__name__


def _of_typed(name: str, held: Any, depth: int) -> str:
    match held:
        case list() if name in ("tuple", "set", "frozenset", "dict"):
            return f"{name} of {_many(held, depth)}"
        case str() if name in ("Decimal", "Fraction"):
            return f"{name} {'< 0' if held.startswith('-') else '= 0' if not held.strip('0.') else '> 0'}"
        case str() if name == "float":
            return f"float {held}"
        case str() if name in ("bytes", "bytearray"):
            return f"{name} of {_length(len(held) * 3 // 4)}"
    return name


def size_of(value: float) -> str:
    """`= 0`, `> 0`, `< 0`, and `large` from a thousand on."""
    if value == 0:
        return "= 0"
    return f"{'>' if value > 0 else '<'} 0{', large' if abs(value) >= LARGE else ''}"


def _of_text(text: str) -> str:
    if not text.strip():
        return "blank str" if text else "empty str"
    alphabet = "" if text.isascii() else " beyond ASCII"
    kind = "digits" if text.isdigit() else "str"
    return f"{kind}{alphabet}{' of many' if len(text) > 8 * FEW else ''}"


def _many(items: list[Any], depth: int) -> str:
    """`few (float, None)`: how many, and of which kinds they are, without the sizes of each."""
    kinds = sorted({_inner(item, depth) for item in items[:100]})
    told = ", ".join([*kinds[:_KINDS], *(["…"] if kinds[_KINDS:] else [])])
    return f"{_length(len(items))} ({told})" if told else _length(len(items))


def _inner(value: Any, depth: int) -> str:
    """Inside of something, numbers and texts count by their type: else hardly two inputs would be alike."""
    if isinstance(value, dict) and "$type" not in value and len(value) <= FEW and depth < _DEEP:
        return _shape(value, depth + 1)
    if isinstance(value, list) and depth < _DEEP:
        return _shape(value, depth + 1)
    if isinstance(value, dict):
        return str(value.get("$type", "object"))
    return "None" if value is None else type(value).__name__


def _length(count: int) -> str:
    return "0" if count == 0 else "1" if count == 1 else "few" if count < FEW else "many"
