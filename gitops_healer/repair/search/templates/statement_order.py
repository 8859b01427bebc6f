"""Two statements stand in the wrong order."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from gitops_healer.repair.search.blocks import likeliest, lines_of, moved, stands_alone
from gitops_healer.repair.search.edits import after, before, replaced
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

_FIXED = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Global, ast.Nonlocal)
_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom, ast.Await)
_MOST = 300
_LONG = 25  # statements of a block; in longer ones only neighbours are swapped


@repair_template(
    prior=0.04,
    examples=(
        Example(
            "def f(xs, n):\n    n += 1\n    x = xs[n]  # read\n    return x\n",
            "def f(xs, n):\n    x = xs[n]\n    n += 1  # read\n    return x\n",
        ),
        Example(
            "def f(q):\n    q.append(1)\n    n = len(q)\n    m = n\n    q.clear()\n    return m\n",
            "def f(q):\n    q.clear()\n    q.append(1)\n    n = len(q)\n    m = n\n    return m\n",
        ),
    ),
)
def statement_order(target: Target) -> Iterator[Rewrite]:
    """Move a statement within its block: `x = xs[n]` before `n += 1`, an update to the end of the loop."""
    yield from likeliest(target, _moves(target), _MOST)


def _moves(target: Target) -> Iterator[Rewrite]:
    seen: set[int] = set()
    for statement in target.statements:
        block = target.block_of(statement)
        if id(block) not in seen:
            seen.add(id(block))
            movable = [one for one in block if _may_move(target, one)]
            yield from _swaps(target, block, movable)
            yield from _far(target, block, movable)


def _may_move(target: Target, statement: ast.stmt) -> bool:
    return statement in target.statements and not isinstance(statement, _FIXED) and stands_alone(target, statement)


def _swaps(target: Target, block: list[ast.stmt], movable: list[ast.stmt]) -> Iterator[Rewrite]:
    for one, other in pairwise(block):
        if one in movable and other in movable and _worth_swapping(target, one, other):
            spans = (replaced(target, one, target.text(other)), replaced(target, other, target.text(one)))
            weight = 1.0 if _order_matters(one, other) else 0.4
            yield Rewrite(spans, one.lineno, f"Swap lines {one.lineno} and {other.lineno}", weight)


def _worth_swapping(target: Target, one: ast.stmt, other: ast.stmt) -> bool:
    """What a call does is not seen, and it may fail: then only the first of the two has happened."""
    calls = any(isinstance(n, ast.Call) for top in (one, other) for n in ast.walk(top))
    differs = not isinstance(other, _LEAVES) and target.text(one) != target.text(other)
    return differs and (calls or _order_matters(one, other))


def _far(target: Target, block: list[ast.stmt], movable: list[ast.stmt]) -> Iterator[Rewrite]:
    """Moves over at least two statements: to the start and to the end of the block, and over each compound one."""
    if len(block) > _LONG or any(isinstance(one, ast.Global | ast.Nonlocal) for one in block):
        return
    for number, statement in enumerate(block):
        if statement not in movable or isinstance(statement, _LEAVES):
            continue
        text = lines_of(target, [statement])
        for place in range(len(block)):
            over = block[place:number] if place < number else block[number + 1 : place + 1]
            if len(over) < 2 or block[place] not in movable or not any(_order_matters(one, statement) for one in over):
                continue
            put = _put(target, block[place], text, place < number)
            if put is not None:
                weight = 0.5 if place in (0, len(block) - 1) else 0.25
                where = "before" if place < number else "behind"
                title = f"Move line {statement.lineno} {where} line {block[place].lineno}"
                yield Rewrite(moved(target, statement, put), statement.lineno, title, weight)


def _put(target: Target, anchor: ast.stmt, text: str, upwards: bool) -> Span | None:
    if upwards:
        return before(target, anchor, text)
    return None if isinstance(anchor, _LEAVES) else after(target, anchor, text)


def _order_matters(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether either may change what the other one reads, or keep it from running."""
    if any(isinstance(n, _LEAVES) for top in (one, other) for n in ast.walk(top)):
        return True
    changed, used = _changes(one), _uses(one)
    return bool(changed & _uses(other)) or bool(_changes(other) & used)


def _uses(statement: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}


def _changes(statement: ast.stmt) -> set[str]:
    """Names that are bound, or whose objects a method call or an assignment to an item or attribute may change."""
    changed: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            changed.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed |= _uses_of(node)
        elif isinstance(node, ast.Call):
            changed |= {name for part in (node.func, *node.args) for name in _uses_of(part)}
    return changed


def _uses_of(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
