"""A comparison compares in the wrong way."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.edits import operator_span
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

TEXT: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip
# What each is mistaken for, likeliest first: the boundary, then the direction, then the opposite.
_MEANT: dict[str, tuple[str, ...]] = {
    "<": ("<=", ">", ">=", "!=", "=="), "<=": ("<", ">=", ">", "==", "!="),
    ">": (">=", "<", "<=", "!=", "=="), ">=": (">", "<=", "<", "==", "!="),
    "==": ("!=", "<=", ">=", "in", "<", ">", "is"), "!=": ("==", "<", ">", "not in", "<=", ">=", "is not"),
    "in": ("not in", "=="), "not in": ("in", "!="), "is": ("is not", "=="), "is not": ("is", "!="),
}  # fmt: skip


@repair_template(
    prior=0.13,
    examples=(
        Example("def f(a, b):\n    return a < b\n", "def f(a, b):\n    return a <= b\n"),
        Example("def f(a, b):\n    return a==b\n", "def f(a, b):\n    return a is b\n"),
        Example("def f(a, b):\n    return a in b  # kept\n", "def f(a, b):\n    return a not in b  # kept\n"),
    ),
)
def comparison(target: Target) -> Iterator[Rewrite]:
    """Compare with another operator: `<` for `<=`, `==` for `!=`, `in` for `not in`."""
    for node in target.expressions:
        if isinstance(node, ast.Compare):
            for number, operator in enumerate(node.ops):
                yield from _others(target, node, number, TEXT[type(operator)])


def _others(target: Target, node: ast.Compare, number: int, now: str) -> Iterator[Rewrite]:
    left, right = [node.left, *node.comparators][number : number + 2]
    for rank, other in enumerate(_MEANT[now]):
        title = f"Compare with {other} instead of {now}"
        span = _spaced(target, operator_span(target, left, right, now, other))
        yield Rewrite((span,), node.lineno, title, 1 / (1 + rank))


def _spaced(target: Target, span: Span) -> Span:
    """`a==b` -> `a is b`: words need spaces that signs do not need."""
    if not span.new[0].isalpha():
        return span
    data = target.source.data
    before = "" if data[span.start - 1 : span.start].isspace() else " "
    after = "" if data[span.end : span.end + 1].isspace() else " "
    return Span(span.start, span.end, before + span.new + after)
