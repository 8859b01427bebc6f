"""Something is done once that should be done again and again, or the reverse."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import is_elif, loop_of, own_nodes
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template


@repair_template(
    prior=0.0086,
    examples=(
        Example(
            "def f(xs):\n    if xs and not xs[-1]:\n        xs.pop()\n    return xs\n",
            "def f(xs):\n    while xs and not xs[-1]:\n        xs.pop()\n    return xs\n",
        ),
        Example(
            "def f(n):\n    while n > 9:\n        n -= 9\n    return n\n",
            "def f(n):\n    if n > 9:\n        n -= 9\n    return n\n",
        ),
        Example(
            "def f(xs, x):\n    while x != xs[0]:\n        x = xs.pop()\n    return x\n",
            "def f(xs, x):\n    while True:\n        x = xs.pop()\n    return x\n",
        ),
    ),
)
def if_or_while(target: Target) -> Iterator[Rewrite]:
    """Repeat what is done once, or the reverse: `while` for `if`, `if` for `while`, `while True`."""
    for node in target.statements:
        start = target.source.span(node)[0] if isinstance(node, ast.If | ast.While) else 0
        match node:
            case ast.If(orelse=[]) if not is_elif(target, node):
                weight = 0.2 if any(isinstance(n, ast.Return | ast.Raise) for n in node.body) else 1.0
                yield Rewrite((Span(start, start + 2, "while"),), node.lineno, "Ask again: `while` for `if`", weight)
            case ast.While():
                if not node.orelse and not _is_left(target, node):
                    yield Rewrite((Span(start, start + 5, "if"),), node.lineno, "Ask once: `if` for `while`", 0.6)
                if not isinstance(node.test, ast.Constant) and "\n" not in target.text(node.test):
                    spans = (Span(*target.source.span(node.test), "True"),)
                    yield Rewrite(spans, node.lineno, "Loop until something in it says so", 0.3, "widens a condition")


def _is_left(target: Target, loop: ast.While) -> bool:
    """Whether `break` or `continue` needs the loop."""
    jumps = (n for n in own_nodes(loop) if isinstance(n, ast.Break | ast.Continue))
    return any(loop_of(target, jump) is loop for jump in jumps)
