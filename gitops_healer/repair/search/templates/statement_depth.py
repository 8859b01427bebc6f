"""A statement stands in the wrong block: inside of a loop or branch instead of behind it, or the reverse."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import (
    else_at,
    is_elif,
    is_movable,
    line_span,
    line_start,
    lines_of,
    loop_of,
    moved,
    stands_alone,
)
from gitops_healer.repair.search.edits import after, before
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

Compound = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FIXED = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)


@repair_template(
    prior=0.051,
    examples=(
        Example(
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n        return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        ),
        Example(
            "def f(xs):\n    for x in xs:\n        if x > 2:\n            return True\n        else:\n"
            "            return False\n",
            "def f(xs):\n    for x in xs:\n        if x > 2:\n            return True\n    return False\n",
        ),
        Example(
            "def f(xs):\n    rows = []\n    row = []\n    for x in xs:\n        row.append(x)\n"
            "        rows.append(row)\n    return rows\n",
            "def f(xs):\n    rows = []\n    for x in xs:\n        row = []\n        row.append(x)\n"
            "        rows.append(row)\n    return rows\n",
        ),
        Example(
            "def f(xs):\n    for x in xs:\n        n = x\n    print(n)\n    return xs\n",
            "def f(xs):\n    for x in xs:\n        n = x\n        print(n)\n    return xs\n",
        ),
    ),
)
def statement_depth(target: Target) -> Iterator[Rewrite]:
    """Move a statement out of a block or into it: `return n` behind the loop, `row = []` into it."""
    for statement in target.statements:
        if not _may_move(target, statement):
            continue
        yield from _outwards(target, statement)
        yield from _inwards(target, statement)


def _may_move(target: Target, statement: ast.stmt) -> bool:
    return not isinstance(statement, _FIXED) and is_movable(target, statement)


def _outwards(target: Target, statement: ast.stmt) -> Iterator[Rewrite]:
    """To behind, or before, each block around: one level, and for `return` all levels."""
    below, weight = statement, 1.0
    while isinstance(below, ast.stmt) and (around := _around(target, below)) is not None:
        block = target.block_of(below)
        if not _fits(target, statement, around):
            return
        if below is block[-1]:
            yield from _moves(
                target, statement, after(target, around, lines_of(target, [statement])), "behind", around, weight
            )
        if statement is block[0] and block is _body(around) and len(block) > 1:
            put = before(target, around, lines_of(target, [statement]))
            yield from _moves(target, statement, put, "before", around, 0.6 * weight)
        if not isinstance(statement, ast.Return) and below is not statement:
            return
        below, weight = around, weight * 0.7


def _around(target: Target, statement: ast.stmt) -> Compound | None:
    """The compound statement around, the whole `if` where it is an `elif` of it."""
    above = target.parent(statement)
    while isinstance(above, ast.If) and is_elif(target, above):
        above = target.parent(above)
    inside = isinstance(above, Compound) and above in target.statements and stands_alone(target, above)
    return above if inside and isinstance(above, Compound) else None


def _body(compound: Compound) -> list[ast.stmt]:
    return compound.body


def _fits(target: Target, statement: ast.stmt, around: Compound) -> bool:
    """Whether the statement means something outside of a block: `break` needs a loop there too."""
    return not isinstance(around, _LOOPS) or not _jumps(statement) or loop_of(target, around) is not None


def _jumps(statement: ast.AST) -> bool:
    """Whether a `break` or `continue` in the statement leaves a loop around it."""
    if isinstance(statement, ast.Break | ast.Continue):
        return True
    if isinstance(statement, (*_LOOPS, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return any(_jumps(one) for one in getattr(statement, "orelse", []))
    return any(_jumps(child) for child in ast.iter_child_nodes(statement))


def _moves(
    target: Target, statement: ast.stmt, put: Span, where: str, around: Compound, weight: float
) -> Iterator[Rewrite]:
    title = f"Move line {statement.lineno} {where} the block of line {around.lineno}"
    spans = _without_else(target, statement, put) or moved(target, statement, put)
    yield Rewrite(spans, statement.lineno, title, weight)


def _without_else(target: Target, statement: ast.stmt, put: Span) -> tuple[Span, ...]:
    """Moves the only statement of an `else:` and drops the `else:`; nothing when it is not such a statement."""
    parent = target.parent(statement)
    if not isinstance(parent, ast.If | ast.For | ast.AsyncFor | ast.While) or parent.orelse != [statement]:
        return ()
    at = else_at(target, parent)
    if at is None:
        return ()
    start, end = line_start(target, at), line_span(target, statement, statement)[1]
    return () if start <= put.start < end else (Span(start, end, ""), put)


def _inwards(target: Target, statement: ast.stmt) -> Iterator[Rewrite]:
    """Into the end of the block before, or into the start of the block behind."""
    block = target.block_of(statement)
    at = block.index(statement)
    text = lines_of(target, [statement])
    previous, following = block[at - 1] if at else None, block[at + 1] if at + 1 < len(block) else None
    if isinstance(previous, Compound) and not isinstance(statement, ast.Pass):
        for last in _ends(previous):
            if stands_alone(target, last) and not isinstance(last, ast.Return | ast.Raise | ast.Break | ast.Continue):
                title = f"Move line {statement.lineno} into the block of line {previous.lineno}"
                yield Rewrite(moved(target, statement, after(target, last, text)), statement.lineno, title, 0.6)
    if isinstance(previous, _LOOPS) and not isinstance(statement, ast.Return | ast.Raise):
        for inner in previous.body:
            if stands_alone(target, inner):
                title = f"Move line {statement.lineno} before line {inner.lineno} of the loop"
                yield Rewrite(moved(target, statement, before(target, inner, text)), statement.lineno, title, 0.4)
    if isinstance(following, Compound) and not isinstance(statement, ast.Return | ast.Raise):
        for first in _starts(following):
            if stands_alone(target, first):
                title = f"Move line {statement.lineno} into the block of line {following.lineno}"
                yield Rewrite(moved(target, statement, before(target, first, text)), statement.lineno, title, 0.5)


def _ends(compound: Compound) -> Iterator[ast.stmt]:
    yield compound.body[-1]
    if isinstance(compound, ast.If) and compound.orelse:
        inner = compound.orelse[0]
        if len(compound.orelse) == 1 and isinstance(inner, ast.If):
            yield from _ends(inner)
        else:
            yield compound.orelse[-1]


def _starts(compound: Compound) -> Iterator[ast.stmt]:
    yield compound.body[0]
    inner = compound.body[0]
    if isinstance(inner, _LOOPS):
        yield inner.body[0]
