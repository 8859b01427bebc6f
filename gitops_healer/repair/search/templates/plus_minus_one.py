"""A number is off by one."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import ADD, beside, change, short
from gitops_healer.repair.search.types import NUMBERS, may_be, surely, type_of


@repair_template(
    prior=0.075,
    examples=(
        Example("def f(n):\n    return list(range(n))\n", "def f(n):\n    return list(range(n + 1))\n"),
        Example("def f(xs, i):\n    return xs[i]  # kept\n", "def f(xs, i):\n    return xs[i - 1]  # kept\n"),
        Example("def f(xs, k):\n    return xs[:k]\n", "def f(xs, k):\n    return xs[: k + 1]\n".replace(": k", ":k")),
        Example(
            "def f(a, b):\n    return len(a) // (b - a.count(0))\n",
            "def f(a, b):\n    return (len(a) + 1) // (b - a.count(0))\n",
        ),
    ),
)
def plus_minus_one(target: Target) -> Iterator[Rewrite]:
    """Add or subtract one where counting went wrong: `range(n)` -> `range(n + 1)`, `xs[i]` -> `xs[i - 1]`."""
    for node in target.places:
        weight = _likely(target, node)
        if weight:
            text = beside(target, node, ADD)
            for sign, share in (("+", 1.0), ("-", 0.95)):
                title = f"{'Add one to' if sign == '+' else 'Subtract one from'} {short(target.text(node))}"
                yield from change(target, node, f"{text} {sign} 1", title, weight * share)


def _likely(target: Target, node: ast.expr) -> float:
    """How likely it is that an expression counts something and is off by one; 0 where it cannot be."""
    if isinstance(node, ast.Constant | ast.UnaryOp | ast.Slice | ast.Tuple | ast.IfExp | ast.BoolOp | ast.Compare):
        return 0.0
    types = type_of(target, node)
    if not may_be(types, "int", "float", "bool") or surely(types, "bool"):
        return 0.0
    known = 1.0 if surely(types, *NUMBERS) else 0.5
    parent = target.parent(node)
    match parent:
        case ast.Slice():
            return known
        case ast.Subscript(slice=inner) if inner is node:
            return known if not _is_mapping(target, parent) else 0.2 * known
        case ast.Call(func=ast.Name(id="range")):
            return 1.0
        case ast.Compare(ops=operators):
            ordered = any(isinstance(one, ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.Eq) for one in operators)
            return 0.6 * known if ordered and (known == 1.0 or _counts(node)) else 0.0
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return 0.3 if known == 1.0 else 0.0
        case ast.Attribute() | ast.Starred() | ast.Expr() | ast.For() | ast.comprehension() | ast.FormattedValue():
            return 0.0
        case ast.Call(func=inner) if inner is node:
            return 0.0
        case _:
            return 0.5 if known == 1.0 else (0.15 if _counts(node) else 0.08)


def _is_mapping(target: Target, node: ast.Subscript) -> bool:
    return surely(type_of(target, node.value), "dict", "defaultdict", "Counter", "OrderedDict")


def _counts(node: ast.expr) -> bool:
    """Whether the form of an expression is that of a number."""
    match node:
        case ast.BinOp(op=operator):
            return isinstance(operator, ast.Add | ast.Sub | ast.FloorDiv | ast.Mod | ast.Mult)
        case ast.Name(id=name):
            return len(name) == 1 or name.lower().startswith(("n_", "num", "count", "index", "size", "pos", "len"))
        case _:
            return False
