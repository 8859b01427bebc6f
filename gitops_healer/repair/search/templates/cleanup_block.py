"""What has to happen in any case does not, or the wrong statements are watched for errors."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import is_movable, lines_of, moved, nested, relined, stands_alone
from gitops_healer.repair.search.edits import after, before, unit_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_FIXED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)


@repair_template(
    prior=0.0083,
    examples=(
        Example(
            "def f(a, x):\n    a.open()\n    a.write(x)\n    a.close()\n",
            "def f(a, x):\n    a.open()\n    try:\n        a.write(x)\n    finally:\n        a.close()\n",
        ),
        Example(
            "def f(d, k):\n    x = d[k]\n    try:\n        y = int(x)\n    except KeyError:\n"
            "        y = 0\n    return y\n",
            "def f(d, k):\n    try:\n        x = d[k]\n        y = int(x)\n    except KeyError:\n"
            "        y = 0\n    return y\n",
        ),
        Example(
            "def f(lock, n):\n    with lock:\n        n += 1\n    n *= 2\n    return n\n",
            "def f(lock, n):\n    with lock:\n        n += 1\n        n *= 2\n    return n\n",
        ),
        Example(
            "def f(a, x):\n    try:\n        a.write(x)\n        a.done()\n    except OSError:\n        a.close()\n",
            "def f(a, x):\n    try:\n        a.write(x)\n        a.done()\n    finally:\n        a.close()\n",
        ),
    ),
)
def cleanup_block(target: Target) -> Iterator[Rewrite]:
    """Move a statement into or out of `try` or `with`, or make it run in any case: `try: … finally: a.close()`."""
    for node in target.statements:
        if isinstance(node, ast.Try) and stands_alone(target, node):
            yield from _of_try(target, node)
        elif isinstance(node, ast.With | ast.AsyncWith) and stands_alone(target, node):
            yield from _into(target, node, node.body, 0.6)
        elif _is_plain(target, node):
            yield from _in_any_case(target, node)


def _of_try(target: Target, node: ast.Try) -> Iterator[Rewrite]:
    yield from _into(target, node, node.body, 0.8)
    if node.finalbody:
        yield from _into(target, node, node.finalbody, 0.6)
    for handler in node.handlers:
        if len(node.handlers) == 1 and not node.orelse and not node.finalbody and handler.name is None:
            yield from _as_finally(target, node, handler)
    if node.handlers and not node.orelse and len(node.body) > 1 and is_movable(target, node.body[-1]):
        yield from _as_else(target, node)


def _into(target: Target, node: ast.stmt, body: list[ast.stmt], weight: float) -> Iterator[Rewrite]:
    """The neighbours of a block, into it."""
    block = target.block_of(node)
    at = block.index(node)
    for neighbour in block[max(0, at - 1) : at + 2]:
        if neighbour is node or not _is_plain(target, neighbour):
            continue
        behind = block.index(neighbour) > at
        anchor = body[-1] if behind else body[0]
        if stands_alone(target, anchor) and not isinstance(anchor, ast.Return | ast.Raise):
            text = lines_of(target, [neighbour])
            put = after(target, anchor, text) if behind else before(target, anchor, text)
            title = f"Move line {neighbour.lineno} into the block of line {node.lineno}"
            yield Rewrite(moved(target, neighbour, put), neighbour.lineno, title, weight)


def _is_plain(target: Target, statement: ast.stmt) -> bool:
    return statement in target.statements and not isinstance(statement, _FIXED) and is_movable(target, statement)


def _as_finally(target: Target, node: ast.Try, handler: ast.ExceptHandler) -> Iterator[Rewrite]:
    """`except …:` becomes `finally:`."""
    if not all(is_movable(target, one) for one in (*node.body, *handler.body)):
        return
    unit = unit_of(target)
    body, last = nested(lines_of(target, node.body), unit), nested(lines_of(target, handler.body), unit)
    text = f"try:\n{body}\nfinally:\n{last}"
    title = f"Run line {handler.body[0].lineno} in any case"
    yield Rewrite((relined(target, node, node, text),), node.body[0].lineno, title, 0.5)


def _as_else(target: Target, node: ast.Try) -> Iterator[Rewrite]:
    """The last statement runs behind the watched ones, in `else:`."""
    if node.finalbody or not all(is_movable(target, one) for one in node.handlers[-1].body):
        return
    last = node.body[-1]
    unit = unit_of(target)
    anchor = node.handlers[-1].body[-1]
    text = "else:\n" + nested(lines_of(target, [last]), unit)
    put = after(target, node, text) if anchor.end_lineno == node.end_lineno else None
    if put is not None:
        yield Rewrite(moved(target, last, put), last.lineno, f"Move line {last.lineno} into an else of the try", 0.4)


def _in_any_case(target: Target, node: ast.stmt) -> Iterator[Rewrite]:
    """The statements before the last call of a block are tried, and the call runs even when they fail."""
    block = target.block_of(node)
    at = block.index(node)
    if not isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Delete) or not at:
        return
    for first in range(max(0, at - 3), at):
        tried = block[first:at]
        if all(_is_plain(target, one) for one in tried) and not isinstance(tried[-1], ast.Return | ast.Raise):
            unit = unit_of(target)
            body, last = nested(lines_of(target, tried), unit), nested(lines_of(target, [node]), unit)
            spans = (relined(target, tried[0], node, f"try:\n{body}\nfinally:\n{last}"),)
            weight = 0.5 if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else 0.2
            yield Rewrite(spans, tried[0].lineno, f"Run line {node.lineno} even when what is before fails", weight)
