"""Branches stand in the wrong order, belong to each other's conditions, or are tied together wrongly."""

import ast
from collections.abc import Iterator
from itertools import combinations

from gitops_healer.repair.search.blocks import (
    chain_of,
    else_at,
    is_elif,
    is_movable,
    lines_of,
    nested,
    relined,
    stands_alone,
)  # fmt: skip
from gitops_healer.repair.search.edits import replaced, unit_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template


@repair_template(
    prior=0.037,
    examples=(
        Example(
            "def f(x):\n    if x > 1:\n        y = 1\n    elif x > 5:\n        y = 5\n    else:\n"
            "        y = 0\n    return y\n",
            "def f(x):\n    if x > 5:\n        y = 5\n    elif x > 1:\n        y = 1\n    else:\n"
            "        y = 0\n    return y\n",
        ),
        Example(
            "def f(x):\n    if x > 1:\n        return 1\n    else:\n        return x\n",
            "def f(x):\n    if x > 1:\n        return x\n    else:\n        return 1\n",
        ),
        Example(
            "def f(x):\n    if x > 5:\n        x -= 5\n    if x > 1:  # then\n        x -= 1\n    return x\n",
            "def f(x):\n    if x > 5:\n        x -= 5\n    elif x > 1:  # then\n        x -= 1\n    return x\n",
        ),
        Example(
            "def f(x):\n    if x > 5:\n        x -= 5\n    x += 1\n    return x\n",
            "def f(x):\n    if x > 5:\n        x -= 5\n    else:\n        x += 1\n    return x\n",
        ),
    ),
)
def condition_branches(target: Target) -> Iterator[Rewrite]:
    """Put branches in another order, swap what they do, make `elif` of `if` and back, put what follows into `else`."""
    for node in target.statements:
        if isinstance(node, ast.If):
            if is_elif(target, node):
                start, _ = target.source.span(node)
                yield Rewrite((Span(start, start + 2, ""),), node.lineno, "Ask with `if` instead of `elif`", 0.7)
            elif stands_alone(target, node):
                yield from _swaps(target, chain_of(target, node))
                yield from _tied(target, node)
                yield from _else_of_following(target, node)


def _swaps(target: Target, chain: list[ast.If]) -> Iterator[Rewrite]:
    for one, other in combinations(chain, 2):
        tests, bodies = _tests(target, one, other), _bodies(target, one.body, other.body)
        where = f"lines {one.lineno} and {other.lineno}"
        if bodies and tests:
            yield Rewrite((*tests, *bodies), one.lineno, f"Swap the branches of {where}", 1.0)
        if tests:
            yield Rewrite(tests, one.lineno, f"Swap the conditions of {where}", 0.5)
    if else_at(target, chain[-1]) is not None:
        for node in chain:
            bodies = _bodies(target, node.body, chain[-1].orelse)
            if bodies:
                yield Rewrite(bodies, node.lineno, f"Swap what line {node.lineno} and its else do", 0.6)


def _tests(target: Target, one: ast.If, other: ast.If) -> tuple[Span, ...]:
    texts = target.text(one.test), target.text(other.test)
    if texts[0] == texts[1] or any("\n" in text or "\r" in text for text in texts):
        return ()
    if any(isinstance(n, ast.NamedExpr) for test in (one.test, other.test) for n in ast.walk(test)):
        return ()
    return replaced(target, one.test, texts[1]), replaced(target, other.test, texts[0])


def _bodies(target: Target, one: list[ast.stmt], other: list[ast.stmt]) -> tuple[Span, ...]:
    if not all(is_movable(target, statement) for statement in (*one, *other)):
        return ()
    texts = lines_of(target, one), lines_of(target, other)
    if texts[0] == texts[1]:
        return ()
    return relined(target, one[0], one[-1], texts[1]), relined(target, other[0], other[-1], texts[0])


def _tied(target: Target, node: ast.If) -> Iterator[Rewrite]:
    """`if` behind an `if` without `else` becomes its `elif`."""
    block = target.block_of(node)
    at = block.index(node)
    if at and isinstance(previous := block[at - 1], ast.If) and not chain_of(target, previous)[-1].orelse:
        start, _ = target.source.span(node)
        yield Rewrite((Span(start, start, "el"),), node.lineno, "Ask with `elif` instead of `if`", 0.9)


def _else_of_following(target: Target, node: ast.If) -> Iterator[Rewrite]:
    block = target.block_of(node)
    behind = block[block.index(node) + 1 :]
    if chain_of(target, node)[-1].orelse or not behind:
        return
    for part, weight in ((behind[:1], 0.7), (behind, 0.3)):
        if all(is_movable(target, one) for one in part) and (part is behind) == (len(behind) > 1 and part is behind):
            text = "else:\n" + nested(lines_of(target, part), unit_of(target))
            title = f"Run line {part[0].lineno} only when line {node.lineno} says no"
            yield Rewrite((relined(target, part[0], part[-1], text),), part[0].lineno, title, weight)
