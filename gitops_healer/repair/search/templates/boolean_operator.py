"""A condition joins its parts in the wrong way."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from gitops_healer.repair.search.edits import operator_span
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template


@repair_template(
    prior=0.045,
    examples=(
        Example("def f(a, b):\n    return a and b\n", "def f(a, b):\n    return a or b\n"),
        Example("def f(a, b, c):\n    return a or b or c\n", "def f(a, b, c):\n    return a and b and c\n"),
        Example("def f(a, b, c):\n    return a or b or c\n", "def f(a, b, c):\n    return a or b and c\n"),
        Example("def f(a, b, c):\n    return a and b or c\n", "def f(a, b, c):\n    return a and (b or c)\n"),
    ),
)
def boolean_operator(target: Target) -> Iterator[Rewrite]:
    """Join conditions with `or` instead of `and`, or the other way round, or group them otherwise."""
    for node in target.places:
        if isinstance(node, ast.BoolOp):
            now, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            spans = [operator_span(target, *pair, now, new) for pair in pairwise(node.values)]
            title = f"Join with {new} instead of {now}"
            yield Rewrite(tuple(spans), node.lineno, title)
            if len(spans) > 1:
                yield from (Rewrite((span,), node.lineno, title, 0.5) for span in spans)
            if isinstance(node.op, ast.Or):
                yield from _regrouped(target, node)


def _regrouped(target: Target, node: ast.BoolOp) -> Iterator[Rewrite]:
    """`a and b or c` -> `a and (b or c)`, and `a or b and c` -> `(a or b) and c`."""
    for one, other in pairwise(node.values):
        for first, last in ((_last_part(one), other), (one, _first_part(other))):
            plain = first is one or target.source.span(one)[1] == target.source.span(first)[1]
            if (first is one) == (last is other) or not plain:
                continue
            start, end = target.source.span(first)[0], target.source.span(last)[1]
            spans = (Span(start, start, "("), Span(end, end, ")"))
            if _is_expression(target, start, end):
                yield Rewrite(spans, node.lineno, "Group the condition otherwise", 0.4)


def _last_part(node: ast.expr) -> ast.expr:
    return node.values[-1] if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else node


def _first_part(node: ast.expr) -> ast.expr:
    return node.values[0] if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else node


def _is_expression(target: Target, start: int, end: int) -> bool:
    """Whether a stretch of the file can be put in parentheses (it may tear others apart)."""
    try:
        ast.parse(b"(" + target.source.data[start:end] + b")", mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True
