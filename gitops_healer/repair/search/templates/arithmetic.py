"""A calculation uses the wrong operator."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.edits import operator_span
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.types import NUMBERS, may_be, surely, type_of

_TEXT: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.MatMult: "@",
}  # fmt: skip
# What each is mistaken for, likeliest first.
_MEANT: dict[str, tuple[str, ...]] = {
    "+": ("-", "*", "//", "/", "%", "|", "**"), "-": ("+", "*", "//", "/", "%", "&", "^", "|"),
    "*": ("/", "+", "**", "//", "-", "%", "&"), "/": ("//", "*", "%", "-", "+"),
    "//": ("/", "%", "*", "-", ">>", "+"), "%": ("//", "/", "*", "-", "+", "&"), "**": ("*", "+", "//", "<<"),
    "<<": (">>", "*", "|"), ">>": ("<<", "//", "&"), "|": ("&", "^", "+", "-"), "&": ("|", "^", "-", "%"),
    "^": ("|", "&", "**", "-"), "@": ("*",),
}  # fmt: skip
# Sums and differences are mixed up most often, a remainder is rarely meant otherwise.
_DOUBTFUL = {"*": 0.9, "/": 0.9, "//": 0.8, "**": 0.7, "%": 0.6}
_BITS = frozenset({"<<", ">>", "|", "&", "^"})
_SETS = frozenset({"|", "&", "^", "-"})


@repair_template(
    prior=0.065,
    examples=(
        Example("def f(a, b):\n    return a + b\n", "def f(a, b):\n    return a - b\n"),
        Example("def f(a, b):\n    return (a) / (b)  # kept\n", "def f(a, b):\n    return (a) // (b)  # kept\n"),
        Example("def f(a, b):\n    a += b\n    return a\n", "def f(a, b):\n    a -= b\n    return a\n"),
        Example("def f(a, b):\n    return set(a) | set(b)\n", "def f(a, b):\n    return set(a) & set(b)\n"),
        Example("def f(a):\n    return a ^ (a - 1)\n", "def f(a):\n    return a & (a - 1)\n"),
    ),
)
def arithmetic(target: Target) -> Iterator[Rewrite]:
    """Calculate with another operator: `-` for `+`, `//` for `/`, `&` for `|`, `+=` for `-=`."""
    bits = any(isinstance(n, ast.BinOp | ast.AugAssign) and _TEXT[type(n.op)] in _BITS for n in target.nodes)
    for node in target.places:
        if isinstance(node, ast.BinOp) and not _is_format(target, node):
            now = _TEXT[type(node.op)]
            yield from _others(target, node.left, node.right, now, "", bits)
    for statement in target.statements:
        if isinstance(statement, ast.AugAssign):
            yield from _others(target, statement.target, statement.value, _TEXT[type(statement.op)], "=", bits)


def _others(target: Target, left: ast.expr, right: ast.expr, now: str, tail: str, bits: bool) -> Iterator[Rewrite]:
    types = type_of(target, left), type_of(target, right)
    sets = any(may_be(one, "set", "frozenset") and one for one in types)
    numbers = all(surely(one, *NUMBERS) for one in types)
    texts = any(surely(one, "str", "bytes", "list", "tuple") for one in types)
    possible = ("+", "*") if any(may_be(one, "int") for one in types) else ("+",)
    rank = 0
    for other in _MEANT[now]:
        foreign = other in _BITS and not (sets or bits)
        if foreign or (sets and other not in _SETS) or (texts and other not in possible):
            continue
        weight = _DOUBTFUL.get(now, 1.0) * (1.0 if numbers or sets else 0.7) / (1 + 0.6 * rank)
        rank += 1
        title = f"Calculate with {other}{tail} instead of {now}{tail}"
        span = operator_span(target, left, right, now + tail, other + tail)
        yield Rewrite((span,), left.lineno, title, weight)


def _is_format(target: Target, node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.Mod) and surely(type_of(target, node.left), "str", "bytes")
