"""A condition or a branch should not be there."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import (
    chain_of,
    else_at,
    is_movable,
    line_span,
    line_start,
    lines_of,
    relined,
    stands_alone,
)  # fmt: skip
from gitops_healer.repair.search.edits import indent_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template


@repair_template(
    prior=0.025,
    examples=(
        Example(
            "def f(xs):\n    n = 0\n    for x in xs:\n        if x > 0:\n            n += x  # all\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x  # all\n    return n\n",
        ),
        Example(
            "def f(x):\n    if x < 0:\n        y = -x\n    elif x > 9:\n        y = 9\n    else:\n"
            "        y = x\n    return y\n",
            "def f(x):\n    if x < 0:\n        y = -x\n    else:\n        y = x\n    return y\n",
        ),
        Example(
            "def f(x):\n    if x < 0:\n        x = -x\n    else:\n        x += 1\n    return x\n",
            "def f(x):\n    if x < 0:\n        x = -x\n    x += 1\n    return x\n",
        ),
    ),
)
def superfluous_branch(target: Target) -> Iterator[Rewrite]:
    """Drop a condition but keep what it guards, drop one branch, drop an `else` or only the word."""
    for node in target.statements:
        if isinstance(node, ast.If) and stands_alone(target, node):
            yield from _unwrapped(target, node)
            yield from _without_branch(target, chain_of(target, node))
            yield from _without_else(target, node, chain_of(target, node)[-1])


def _is_block(target: Target, body: list[ast.stmt]) -> bool:
    return all(is_movable(target, one) for one in body)


def _unwrapped(target: Target, node: ast.If) -> Iterator[Rewrite]:
    for body, weight, what in ((node.body, 1.0, "the condition"), (node.orelse, 0.7, "the first branch")):
        if body and _is_block(target, body):
            caution = "deletes code" if node.orelse else "widens a condition"
            spans = (relined(target, node, node, lines_of(target, body)),)
            yield Rewrite(spans, node.lineno, f"Drop {what} of line {node.lineno}", weight, caution)


def _without_branch(target: Target, chain: list[ast.If]) -> Iterator[Rewrite]:
    for number, node in enumerate(chain):
        first, last = node.lineno, node.body[-1].end_lineno or node.lineno
        start, end = target.source.starts[first - 1], _end_of(target, last)
        title = f"Drop the branch of line {first}"
        if number:
            yield Rewrite((Span(start, end, ""),), first, title, 0.8, "deletes code")
        elif len(chain) > 1:
            following = target.source.span(chain[1])[0]
            spans = (Span(start, end, ""), Span(following, following + 2, ""))
            yield Rewrite(spans, first, title, 0.6, "deletes code")


def _end_of(target: Target, line: int) -> int:
    return target.source.starts[line - 1] + len(target.source.lines[line - 1])


def _without_else(target: Target, top: ast.If, last: ast.If) -> Iterator[Rewrite]:
    at = else_at(target, last)
    if at is None:
        return
    start, end = line_start(target, at), line_span(target, last.orelse[0], last.orelse[-1])[1]
    line = last.orelse[0].lineno
    yield Rewrite((Span(start, end, ""),), line, f"Drop the else of line {last.lineno}", 0.7, "deletes code")
    if _is_block(target, last.orelse):
        newline, indent = target.source.newline_at(top.lineno), indent_of(target, top)
        lines = lines_of(target, last.orelse).split("\n")
        new = "".join((indent + one if one else one) + newline for one in lines)
        yield Rewrite((Span(start, end, new),), line, f"Run the else of line {last.lineno} always", 0.8)
