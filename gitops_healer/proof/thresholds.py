"""Literals that a function compares with: where its ways part, values on either side are telling."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from gitops_healer.code.literals import value_of_source
from gitops_healer.code.source import Function, Source

_MOST: Final = 40
_LONGEST_LIST: Final = 200
_STARTS: Final = frozenset(
    {"startswith", "endswith", "removeprefix", "removesuffix", "split", "partition", "count", "find"}
)
_PLAIN = bool | int | float | str


@dataclass(frozen=True)
class Thresholds:
    """by_name: {parameter, key or attribute: literals that it is compared with, and values beside them}; lengths: the
    same for the `len` of lists and texts."""

    by_name: Mapping[str, tuple[Any, ...]]
    lengths: Mapping[str, tuple[int, ...]]

    def near(self, name: str) -> tuple[Any, ...]:
        return self.by_name.get(name, ())

    @property
    def all_lengths(self) -> tuple[int, ...]:
        return tuple(sorted({length for held in self.lengths.values() for length in held})[:_MOST])

    @property
    def all(self) -> tuple[Any, ...]:
        found = (value for values in self.by_name.values() for value in values)
        return tuple({(type(value), value): value for value in found}.values())[:_MOST]


def thresholds_of(source: Source, function: Function) -> Thresholds:
    """Comparisons, `in`, `match` and searches of texts in a function's own body; constants of the module count as
    what they are bound to."""
    constants = constants_of(source)
    by_name: dict[str, dict[tuple[type, Any], Any]] = {}
    lengths: dict[str, set[int]] = {}
    for side, literal in _compared(function, constants):
        if _is_len(side) and isinstance(literal, int):
            lengths.setdefault(_name(side), set()).update(
                n for n in (literal - 1, literal, literal + 1) if 0 <= n <= _LONGEST_LIST
            )
            continue
        held = by_name.setdefault(_name(side), {})
        held.update({(type(value), value): value for value in _beside(literal)})
    return Thresholds(
        {name: tuple(held.values())[:_MOST] for name, held in by_name.items()},
        {name: tuple(sorted(held)[:_MOST]) for name, held in lengths.items()},
    )


def constants_of(source: Source) -> dict[str, ast.expr]:
    """{name: expression} of names that the module binds once, at its top."""
    found: dict[str, list[ast.expr]] = {}
    for node in source.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _compared(function: Function, constants: Mapping[str, ast.expr]) -> Iterator[tuple[ast.expr | None, Any]]:
    """(what is compared, the literal)."""
    for node in ast.walk(function):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                for one, other in pairwise(sides):
                    yield from ((one, value) for value in _literals(other, constants))
                    yield from ((other, value) for value in _literals(one, constants))
            case ast.Match(subject=subject, cases=cases):
                for each in (inner for case in cases for inner in ast.walk(case.pattern)):
                    if isinstance(each, ast.MatchValue):
                        yield from ((subject, value) for value in _literals(each.value, constants))
            case ast.Call(func=ast.Attribute(value=text, attr=called), args=[first, *_]) if called in _STARTS:
                yield from ((text, value) for value in _literals(first, constants) if isinstance(value, str))


def _literals(node: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[Any]:
    if isinstance(node, ast.Name) and node.id in constants:
        node = constants[node.id]
    try:
        value = value_of_source(node)
    except ValueError:
        return
    items = value if isinstance(value, list | tuple | set | frozenset | dict) else [value]
    plain = (item for item in items if isinstance(item, _PLAIN) and item is not True and item is not False)
    yield from sorted(plain, key=lambda item: (type(item).__name__, repr(item)))[:_MOST]


def _beside(value: Any) -> tuple[Any, ...]:
    match value:
        case int():
            return value, value - 1, value + 1
        case float():
            return value, value - 0.01, value + 0.01
        case str() if value:
            return value, value.swapcase(), f"{value} "
    return (value,)


def _is_len(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _name(node: ast.expr | None) -> str:
    """`qty` of `qty`, `order["qty"]`, `order.get("qty", 0)`, `line.qty`, `qty.lower()` and `abs(qty) % 2`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return key
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str() as key), *_]):
            return key
        case ast.Call(func=ast.Attribute(value=inner), args=[]):
            return _name(inner)
        case ast.Call(args=[inner]):
            return _name(inner)
        case ast.Attribute(attr=name):
            return name
        case ast.BinOp(left=inner) | ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
            return _name(inner)
        case ast.NamedExpr(target=ast.Name(id=name)):
            return name
    return ""
