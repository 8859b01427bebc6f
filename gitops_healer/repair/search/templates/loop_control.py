"""A loop is left too early, too late or in the wrong way."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import always_leaves, loop_of, may_leave, stands_alone
from gitops_healer.repair.search.edits import after, deleted, replaced
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template


@repair_template(
    prior=0.09,
    examples=(
        Example(
            "def f(xs):\n    for x in xs:\n        if x:\n            break  # next\n        print(x)\n",
            "def f(xs):\n    for x in xs:\n        if x:\n            continue  # next\n        print(x)\n",
        ),
        Example(
            "def f(xs):\n    i = 0\n    for x in xs:\n        if x:\n            i = x\n    return i\n",
            "def f(xs):\n    i = 0\n    for x in xs:\n        if x:\n            i = x\n"
            "            break\n    return i\n",
        ),
        Example(
            "def f(xs):\n    n = 0\n    for x in xs:\n        if not x:\n            return n\n"
            "        n += 1\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        if not x:\n            continue\n"
            "        n += 1\n    return n\n",
        ),
    ),
)
def loop_control(target: Target) -> Iterator[Rewrite]:
    """Leave a loop in another way: `break` for `continue`, `break` behind what a branch found, no `break` at all."""
    for statement in target.statements:
        if loop_of(target, statement) is None or not may_leave(target, statement):
            continue
        if isinstance(statement, ast.Break | ast.Continue | ast.Return):
            yield from _others(target, statement)
        elif _ends_branch(target, statement):
            yield from _added(target, statement)


def _others(target: Target, statement: ast.stmt) -> Iterator[Rewrite]:
    words = {ast.Break: "break", ast.Continue: "continue", ast.Return: "return"}
    now = words[type(statement)]
    for new in ("break", "continue"):
        if new != now:
            spans = (replaced(target, statement, new),)
            yield Rewrite(spans, statement.lineno, f"Use `{new}` instead of `{now}`", 0.5 if now == "return" else 1.0)
    if now != "return" and stands_alone(target, statement) and len(target.block_of(statement)) > 1:
        yield Rewrite((deleted(target, statement),), statement.lineno, f"Delete `{now}`", 0.8)
    if now == "break":
        yield Rewrite((replaced(target, statement, "pass"),), statement.lineno, "Go on instead of `break`", 0.3)


def _ends_branch(target: Target, statement: ast.stmt) -> bool:
    block = target.block_of(statement)
    return statement is block[-1] and stands_alone(target, statement) and not always_leaves(block)


def _added(target: Target, statement: ast.stmt) -> Iterator[Rewrite]:
    in_branch = not isinstance(target.parent(statement), ast.For | ast.AsyncFor | ast.While)
    for word in ("break", "continue") if in_branch else ("break",):
        title = f"Add `{word}` behind line {statement.lineno}"
        weight = (1.0 if word == "break" else 0.6) if in_branch else 0.2
        yield Rewrite((after(target, statement, word),), statement.lineno, title, weight)
