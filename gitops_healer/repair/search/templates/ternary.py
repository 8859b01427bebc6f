"""One of two values is chosen in the wrong way."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import beside, change, short, swap
from gitops_healer.repair.search.types import Types, heads, type_of

_EMPTY = {"list": "[]", "dict": "{}", "str": '""', "int": "0", "float": "0.0", "tuple": "()", "set": "set()"}


@repair_template(
    prior=0.02,
    examples=(
        Example("def f(a, b, c):\n    return a if b else c\n", "def f(a, b, c):\n    return c if b else a\n"),
        Example("def f(a, b, c):\n    return a if b else c\n", "def f(a, b, c):\n    return c\n"),
        Example("def f(a, b, c):\n    return b or c\n", "def f(a, b, c):\n    return b if b is not None else c\n"),
        Example(
            "def f(a: 'list | None'):\n    return len(a)\n",
            "def f(a: 'list | None'):\n    return len(a or [])\n",
        ),
    ),
)
def ternary(target: Target) -> Iterator[Rewrite]:
    """Swap what is chosen from, choose always the same, or fall back to an empty value where there is `None`."""
    for node in target.places:
        match node:
            case ast.IfExp(body=body, orelse=other):
                yield from swap(target, body, other, "Swap what is chosen from", 1.0)
                for kept in (body, other):
                    text = target.text(kept)
                    yield from change(target, node, text, f"Choose always {short(text)}", 0.4)
            case ast.BoolOp(op=ast.Or(), values=[first, second]) if not isinstance(first, ast.Compare | ast.BoolOp):
                text = beside(target, first, 7)
                new = f"{text} if {text} is not None else {beside(target, second, 2)}"
                yield from change(target, node, new, f"Fall back only when {short(text)} is None", 0.7)
            case ast.Name() | ast.Attribute() | ast.Call():
                yield from _fallen_back(target, node, type_of(target, node))


def _fallen_back(target: Target, node: ast.expr, types: Types) -> Iterator[Rewrite]:
    if "NoneType" not in types or isinstance(target.parent(node), ast.Compare | ast.BoolOp):
        return
    text = target.text(node)
    known = [empty for kind, empty in _EMPTY.items() if kind in heads(types)] or list(_EMPTY.values())[:4]
    for rank, empty in enumerate(known):
        yield from change(target, node, f"{text} or {empty}", f"Fall back to {short(empty)}", 0.6 / (1 + rank / 2))
