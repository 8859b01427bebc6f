"""What follows a loop should run only when the loop was not left early, or always."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import (
    else_at,
    is_movable,
    line_span,
    line_start,
    lines_of,
    nested,
    own_nodes,
    relined,
    stands_alone,
)  # fmt: skip
from gitops_healer.repair.search.edits import indent_of, unit_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

Loop = ast.For | ast.AsyncFor | ast.While


@repair_template(
    prior=0.0097,
    examples=(
        Example(
            "def f(xs):\n    for x in xs:\n        if x:\n            break\n    x = 0\n    return x\n",
            "def f(xs):\n    for x in xs:\n        if x:\n            break\n    else:\n        x = 0\n    return x\n",
        ),
        Example(
            "def f(xs):\n    for x in xs:\n        if x:\n            break\n    else:\n"
            "        xs.pop()\n    return xs\n",
            "def f(xs):\n    for x in xs:\n        if x:\n            break\n    xs.pop()\n    return xs\n",
        ),
        Example(
            "def f(xs):\n    for x in xs:\n        if x:\n            print(x)\n        else:\n            return 0\n",
            "def f(xs):\n    for x in xs:\n        if x:\n            print(x)\n    else:\n        return 0\n",
        ),
    ),
)
def loop_else(target: Target) -> Iterator[Rewrite]:
    """Tie what follows a loop to its `else`, untie it, or give the `else` of its last `if` to the loop."""
    for node in target.statements:
        if isinstance(node, Loop) and stands_alone(target, node):
            yield from _tied(target, node)
            yield from _untied(target, node)
            yield from _lifted(target, node)


def _tied(target: Target, loop: Loop) -> Iterator[Rewrite]:
    block = target.block_of(loop)
    behind = block[block.index(loop) + 1 :]
    if loop.orelse or not behind or not any(isinstance(n, ast.Break) for n in own_nodes(loop)):
        return
    if is_movable(target, behind[0]):
        text = "else:\n" + nested(lines_of(target, behind[:1]), unit_of(target))
        title = f"Run line {behind[0].lineno} only when the loop was not left early"
        yield Rewrite((relined(target, behind[0], behind[0], text),), behind[0].lineno, title, 1.0)


def _untied(target: Target, loop: Loop) -> Iterator[Rewrite]:
    if loop.orelse and all(is_movable(target, one) for one in loop.orelse):
        span = _moved_else(target, loop, loop, "")
        if span is not None:
            yield Rewrite((span,), loop.orelse[0].lineno, "Run the else of the loop always", 1.0)


def _lifted(target: Target, loop: Loop) -> Iterator[Rewrite]:
    """The `else` of the last `if` in the loop becomes the loop's."""
    last = loop.body[-1]
    if not isinstance(last, ast.If) or not last.orelse or loop.orelse or _jumps(last.orelse):
        return
    span = _moved_else(target, last, loop, "else:\n")
    if span is not None and all(is_movable(target, one) for one in last.orelse):
        yield Rewrite((span,), last.orelse[0].lineno, "Give the else to the loop", 0.6)


def _jumps(block: list[ast.stmt]) -> bool:
    return any(isinstance(n, ast.Break | ast.Continue) for one in block for n in ast.walk(one))


def _moved_else(target: Target, owner: ast.If | Loop, at: Loop, head: str) -> Span | None:
    """The block behind `else:` at the indentation of a statement, under another head."""
    word = else_at(target, owner)
    if word is None:
        return None
    lines = lines_of(target, owner.orelse)
    text = head + (nested(lines, unit_of(target)) if head else lines)
    newline, indent = target.source.newline_at(at.lineno), indent_of(target, at)
    new = "".join((indent + line if line else line) + newline for line in text.split("\n"))
    return Span(line_start(target, word), line_span(target, owner.orelse[0], owner.orelse[-1])[1], new)
