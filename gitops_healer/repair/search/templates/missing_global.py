"""An assignment makes a new local variable where the one outside is meant."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gitops_healer.code.source import Function
from gitops_healer.repair.search.blocks import function_of, own_nodes, stands_alone
from gitops_healer.repair.search.edits import before
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@repair_template(
    prior=0.01,
    examples=(
        Example(
            "def f(xs):\n    n = 0\n    def g(x):\n        n += x\n    for x in xs:\n        g(x)\n    return n\n",
            "def f(xs):\n    n = 0\n    def g(x):\n        nonlocal n\n        n += x\n"
            "    for x in xs:\n        g(x)\n    return n\n",
        ),
        Example(
            "count = 0\n\ndef f():\n    count += 1\n    return count\n",
            "count = 0\n\ndef f():\n    global count\n    count += 1\n    return count\n",
        ),
    ),
)
def missing_global(target: Target) -> Iterator[Rewrite]:
    """Declare a variable of the function around or of the module: `nonlocal n`, `global count`."""
    functions = [n for n in (target.node, *target.nodes) if isinstance(n, _FUNCTIONS)]
    for function in functions:
        first = _first(target, function)
        if first is None or not stands_alone(target, first):
            continue
        for name, line in _stored(function).items():
            word = _word(target, function, name)
            if word:
                spans = (before(target, first, f"{word} {name}"),)
                yield Rewrite(spans, line, f"Declare `{word} {name}`", 1.0)


def _first(target: Target, function: Function) -> ast.stmt | None:
    return next((one for one in function.body if one in target.statements), None)


def _stored(function: Function) -> dict[str, int]:
    """Variables that the function binds, with the first line; without parameters and what is declared already."""
    inside = list(own_nodes(function))
    stored = {n.id: n.lineno for n in reversed(inside) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    aside = {n.arg for n in ast.walk(function.args) if isinstance(n, ast.arg)}
    aside |= {name for n in inside if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names}
    aside |= {n.target.id for n in inside if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    aside |= {
        n.id for c in inside if isinstance(c, ast.comprehension) for n in ast.walk(c.target) if isinstance(n, ast.Name)
    }
    return {name: line for name, line in stored.items() if name not in aside}


def _word(target: Target, function: Function, name: str) -> str:
    """`nonlocal` when a function around binds the name, `global` when the module does, else ""."""
    around = function_of(target, function)
    while around is not None:
        if name in _stored(around) or any(n.arg == name for n in ast.walk(around.args) if isinstance(n, ast.arg)):
            return "nonlocal"
        around = function_of(target, around)
    return "global" if name in _module_variables(target.source.tree) else ""


@lru_cache(maxsize=32)
def _module_variables(tree: ast.Module) -> frozenset[str]:
    return frozenset(
        n.id
        for statement in tree.body
        if not isinstance(statement, (*_FUNCTIONS, ast.ClassDef))
        for n in ast.walk(statement)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )
