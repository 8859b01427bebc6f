"""A variable is overwritten where it should be updated, or the reverse."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.edits import replaced
from gitops_healer.repair.search.scope import NUMBERS, UNKNOWN, Scope, name_of, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

_TEXT: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
}  # fmt: skip
_BY_KIND = {
    "int": ("+=", "-=", "*="), "float": ("+=", "-=", "*="), "str": ("+=",), "list": ("+=",), "tuple": ("+=",),
    "set": ("|=", "-=", "&="), "dict": ("|=",), "bool": ("|=", "&="),
}  # fmt: skip


@repair_template(
    prior=0.042,
    examples=(
        Example(
            "def f(xs):\n    n = 0\n    for x in xs:\n        n = x\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        ),
        Example(
            "def f(xs):\n    n = 0\n    for x in xs:\n        n = x\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n = max(n, x)\n    return n\n",
        ),
        Example("def f(self, x):\n    self.n += x\n", "def f(self, x):\n    self.n = x\n"),
    ),
)
def augmented_assignment(target: Target) -> Iterator[Rewrite]:
    """Update instead of overwriting, or the reverse: `n = x` becomes `n += x` or `n = max(n, x)`, and back."""
    scope = scope_of(target)
    for node in target.statements:
        match node:
            case ast.AugAssign(target=place, op=op, value=value):
                yield _changed(target, node, place, value, f"{_TEXT[type(op)]}=", "=", 1.0)
            case ast.Assign(targets=[ast.Name() | ast.Attribute() | ast.Subscript() as place], value=value):
                yield from _updates(target, scope, node, place, value)


def _updates(target: Target, scope: Scope, node: ast.Assign, place: ast.expr, value: ast.expr) -> Iterator[Rewrite]:
    kinds = scope.visible(node)
    name = name_of(place)
    if (isinstance(place, ast.Name) and name not in kinds) or isinstance(value, ast.Yield | ast.YieldFrom):
        return
    known = kinds.get(name, UNKNOWN)
    operators = {op: None for kind in known for op in _BY_KIND.get(kind, ())} if known else {"+=": None, "-=": None}
    for rank, operator in enumerate(operators):
        yield _changed(target, node, place, value, "=", operator, 1 / (1 + rank))
    if (not known or known & NUMBERS) and not isinstance(value, ast.Starred | ast.Tuple):
        held = target.text(place)
        for function in ("max", "min"):
            new = f"{function}({held}, {target.text(value)})"
            yield Rewrite((replaced(target, value, new),), node.lineno, f"Keep the {function}imum in {held}", 0.4)


def _changed(
    target: Target, node: ast.stmt, place: ast.expr, value: ast.expr, now: str, new: str, weight: float
) -> Rewrite:
    start, end = target.source.span(place)[1], target.source.span(value)[0]
    at = target.source.data.index(now.encode(), start, end)
    return Rewrite((Span(at, at + len(now), new),), node.lineno, f"Assign with {new} instead of {now}", weight)
