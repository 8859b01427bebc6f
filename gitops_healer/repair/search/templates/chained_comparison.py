"""A comparison has a bound too many or too few."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._places import beside, change, others_for, short
from gitops_healer.repair.search.templates.comparison import TEXT
from gitops_healer.repair.search.types import surely, type_of

_LESS, _GREATER = ("<", "<="), (">", ">=")


@repair_template(
    prior=0.015,
    examples=(
        Example("def f(a, b, c):\n    return a < b < c\n", "def f(a, b, c):\n    return a < b\n"),
        Example("def f(a, b, c):\n    return a < b < c\n", "def f(a, b, c):\n    return b < c\n"),
        Example("def f(i: int, n: int):\n    return i < n\n", "def f(i: int, n: int):\n    return 0 <= i < n\n"),
        Example(
            "def f(a: int, b: int, c: int):\n    return a <= b\n",
            "def f(a: int, b: int, c: int):\n    return a <= b <= c\n",
        ),
    ),
)
def chained_comparison(target: Target) -> Iterator[Rewrite]:
    """Add a bound to a comparison, or drop one: `i < n` -> `0 <= i < n`, `a < b < c` -> `a < b`."""
    for node in target.places:
        if not isinstance(node, ast.Compare):
            continue
        operators = [TEXT[type(one)] for one in node.ops]
        if len(operators) == 1 and operators[0] in (*_LESS, *_GREATER):
            yield from _longer(target, node, operators[0])
        elif len(operators) > 1:
            yield from _shorter(target, node, operators)


def _shorter(target: Target, node: ast.Compare, operators: list[str]) -> Iterator[Rewrite]:
    values = [beside(target, one, 7) for one in (node.left, *node.comparators)]
    for first, last in ((0, len(operators) - 1), (1, len(operators))):
        parts = [values[first]]
        for number in range(first, last):
            parts += [operators[number], values[number + 1]]
        yield from change(target, node, " ".join(parts), "Compare with one bound less", 0.8, "widens a condition")


def _longer(target: Target, node: ast.Compare, operator: str) -> Iterator[Rewrite]:
    left, right = node.left, node.comparators[0]
    if not surely(type_of(target, left), "int", "float") and not surely(type_of(target, right), "int", "float"):
        return
    start, end = target.source.span(node)
    family = _LESS if operator in _LESS else _GREATER
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    names = [(n, w) for n, w in others_for(target, left, 5, ("int", "float")) if n not in used]
    if not isinstance(left, ast.Constant):
        for bound, near in (("0", 1.0), *names):
            for sign in family[::-1]:
                yield Rewrite(
                    (Span(start, start, f"{bound} {sign} "),), node.lineno, f"Bound by {short(bound)}", 0.6 * near
                )
    if not isinstance(right, ast.Constant):
        for bound, near in names:
            for sign in family:
                yield Rewrite(
                    (Span(end, end, f" {sign} {bound}"),), node.lineno, f"Bound by {short(bound)}", 0.6 * near
                )
