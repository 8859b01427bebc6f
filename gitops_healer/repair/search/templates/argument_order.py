"""Two things stand in the wrong order."""

import ast
from collections.abc import Iterator
from itertools import combinations

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import short, swap
from gitops_healer.repair.search.types import NUMBERS, fits, surely, type_of

_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift, ast.MatMult)
_MOST = 5  # of so many things all pairs are swapped, of more only neighbours


@repair_template(
    prior=0.082,
    examples=(
        Example("def f(a, b):\n    return g(a, b)  # kept\n", "def f(a, b):\n    return g(b, a)  # kept\n"),
        Example("def f(a, b):\n    return a - b\n", "def f(a, b):\n    return b - a\n"),
        Example("def f(a, b):\n    return a + 1, b\n", "def f(a, b):\n    return b, a + 1\n"),
        Example("def f(g, i, j):\n    return g[i][j]\n", "def f(g, i, j):\n    return g[j][i]\n"),
        Example("def f(a, b):\n    return a.issubset(b)\n", "def f(a, b):\n    return b.issubset(a)\n"),
        Example("def f(a, b):\n    return g(x=a, y=b)\n", "def f(a, b):\n    return g(x=b, y=a)\n"),
    ),
)
def argument_order(target: Target) -> Iterator[Rewrite]:
    """Swap two arguments, operands, elements or keys: `f(a, b)` -> `f(b, a)`, `a - b` -> `b - a`."""
    for node in target.places:
        match node:
            case ast.Call():
                yield from _arguments(target, node)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                weight = 0.8 if isinstance(node, ast.Tuple) else 0.3
                yield from _pairs(target, items, "elements", weight)
            case ast.BinOp(left=left, op=operator, right=right):
                if isinstance(operator, _ORDERED) or (
                    isinstance(operator, ast.Add) and not surely(type_of(target, node), *NUMBERS)
                ):
                    yield from _pairs(target, [left, right], "operands", 0.9)
                if isinstance(left, ast.BinOp) and target.source.span(left)[1] == target.source.span(left.right)[1]:
                    yield from _pairs(target, [left.right, right], "operands", 0.6)
            case ast.BoolOp(values=values) if not isinstance(values[0], ast.Compare) or not _asked(target, node):
                yield from _pairs(target, values, "operands", 0.6)
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]):
                yield from _pairs(target, [left, right], "operands", 0.3)
            case ast.Subscript(value=ast.Subscript(slice=first), slice=second):
                yield from _pairs(target, [first, second], "keys", 0.8)
    for statement in target.statements:
        match statement:
            case ast.Assign(targets=[ast.Subscript(slice=key)], value=value) if not isinstance(key, ast.Slice):
                yield from _pairs(target, [key, value], "key and value", 0.4)


def _asked(target: Target, node: ast.BoolOp) -> bool:
    """Whether all parts are comparisons, of which the order is of no consequence but for errors."""
    return all(isinstance(value, ast.Compare | ast.UnaryOp) for value in node.values)


def _arguments(target: Target, call: ast.Call) -> Iterator[Rewrite]:
    positional = [one for one in call.args if not isinstance(one, ast.Starred)]
    yield from _pairs(target, positional, "arguments", 1.0)
    yield from _pairs(target, [one.value for one in call.keywords if one.arg], "arguments", 0.5)
    if positional and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        receiver, first = call.func.value, positional[0]
        known = receiver.id in target.locals and fits(type_of(target, first), type_of(target, receiver))
        if known and len(call.args) == 1 and not isinstance(first, ast.Constant):
            yield from swap(target, receiver, first, "Swap the object with the argument", 0.4)


def _pairs(target: Target, items: list[ast.expr], what: str, weight: float) -> Iterator[Rewrite]:
    pairs = combinations(range(len(items)), 2) if len(items) <= _MOST else ((i, i + 1) for i in range(len(items) - 1))
    for one, other in pairs:
        first, second = items[one], items[other]
        if isinstance(first, ast.Starred) or isinstance(second, ast.Starred):
            continue
        both = all(isinstance(item, ast.Constant) for item in (first, second))
        likely = weight * (1.0 if other == one + 1 else 0.5) * (0.4 if both else 1.0)
        if not fits(type_of(target, first), type_of(target, second)):
            likely *= 0.4
        title = f"Swap the {what} {short(target.text(first))} and {short(target.text(second))}"
        yield from swap(target, first, second, title, likely)
