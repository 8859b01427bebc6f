"""A statement should not be there."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import bound_once, is_generator, suspects
from gitops_healer.repair.search.edits import deleted
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_NEEDED = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)
_YIELDS = (ast.Yield, ast.YieldFrom)


@repair_template(
    prior=0.026,
    examples=(
        Example(
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n        n += 1  # too much\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        ),
        Example(
            "def f(x):\n    if x:\n        x = abs(x)\n    return x\n",
            "def f(x):\n    if x:\n        pass\n    return x\n",
        ),
    ),
)
def superfluous_statement(target: Target) -> Iterator[Rewrite]:
    """Delete a statement: an update too many, such as `n += 1` behind `n += x`."""
    only_binding = bound_once(target)
    for statement in suspects(target):
        if isinstance(statement, _NEEDED) or _is_only_yield(target, statement):
            continue
        if only_binding.isdisjoint(_binds(statement)):
            lines = (statement.end_lineno or statement.lineno) - statement.lineno + 1
            title = f"Delete `{target.text(statement).splitlines()[0][:60]}`"
            weight = (0.3 if isinstance(statement, ast.Return | ast.Raise) else 1.0) / lines
            yield Rewrite((deleted(target, statement),), statement.lineno, title, weight, "deletes code")


def _binds(statement: ast.stmt) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _is_only_yield(target: Target, statement: ast.stmt) -> bool:
    """Whether a generator would become a plain function."""
    inside = sum(isinstance(n, _YIELDS) for n in ast.walk(statement))
    return is_generator(target.node) and inside == sum(isinstance(n, _YIELDS) for n in target.nodes)
