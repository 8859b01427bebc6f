"""A function does not give back what it found."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import (
    alone,
    always_leaves,
    function_of,
    is_generator,
    likeliest,
    may_leave,
    stands_alone,
    suspects,
)
from gitops_healer.repair.search.edits import after, replaced
from gitops_healer.repair.search.scope import Scope, name_of, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

_MOST = 300


@repair_template(
    prior=0.031,
    examples=(
        Example(
            "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n",
            "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)\n    return out\n",
        ),
        Example(
            "def f(n):\n    if n:\n        f(n - 1)  # deeper\n    return n\n",
            "def f(n):\n    if n:\n        return f(n - 1)  # deeper\n    return n\n",
        ),
        Example("def f(a, b):\n    c = a + b\n", "def f(a, b):\n    return a + b\n"),
        Example(
            "def f(n):\n    if n < 0:\n        print(n)\n    return 1\n",
            "def f(n):\n    if n < 0:\n        print(n)\n        return n\n    return 1\n",
        ),
    ),
)
def missing_return(target: Target) -> Iterator[Rewrite]:
    """Return what was found: `return out` behind the loop, `return` before a bare call or instead of an assignment."""
    yield from likeliest(target, _returns(target), _MOST)


def _returns(target: Target) -> Iterator[Rewrite]:
    scope = scope_of(target)
    for statement in suspects(target):
        function = function_of(target, statement)
        if function is None or is_generator(function) or not may_leave(target, statement):
            continue
        match statement:
            case ast.Expr(value=ast.Call() | ast.Await() | ast.BinOp() | ast.Name() | ast.Compare() | ast.BoolOp()):
                start, _ = target.source.span(statement)
                yield Rewrite((Span(start, start, "return "),), statement.lineno, "Return the value of the call")
            case ast.Assign(targets=[place], value=value) if statement is target.block_of(statement)[-1]:
                new = f"return {alone(target, value)}"
                weight = 0.5 if function.body[-1] is statement else 0.2
                yield Rewrite(
                    (replaced(target, statement, new),),
                    statement.lineno,
                    f"Return instead of assigning {target.text(place)}",
                    weight,
                )
        yield from _added(target, scope, statement, function.body[-1] is statement)


def _added(target: Target, scope: Scope, statement: ast.stmt, at_end: bool) -> Iterator[Rewrite]:
    """`return x` at the end of the function or of a branch, for the variables that the block worked on first."""
    block = target.block_of(statement)
    if statement is not block[-1] or always_leaves(block) or not stands_alone(target, statement):
        return
    changed = tuple(name for name in _worked_on(statement) if scope.spellable(name))
    names = dict.fromkeys([*changed, *_known(scope, statement, changed)])
    for rank, name in enumerate(names):
        weight = (1.0 if at_end else 0.4) / (1 + rank) * (1.0 if name in changed else 0.5)
        yield Rewrite((after(target, statement, f"return {name}"),), statement.lineno, f"Return {name}", weight)
    if not at_end:
        yield Rewrite((after(target, statement, "return"),), statement.lineno, "Return", 0.2)


def _known(scope: Scope, statement: ast.stmt, changed: tuple[str, ...]) -> Iterator[str]:
    """Variables that are bound behind the statement, `self.x` aside unless it uses it."""
    near = scope.closeness(statement)
    for name in {**dict.fromkeys(changed), **scope.visible(statement)}:
        if name not in ("self", "cls") and ("." not in name or near.get(name, 0.0) == 1.0):
            yield name
    if "self" in scope.target.parameters:
        yield "self"


def _worked_on(statement: ast.stmt) -> tuple[str, ...]:
    """What a statement assigns or calls a method of, last first."""
    names: list[str] = []
    for node in ast.walk(statement):
        match node:
            case ast.Assign(targets=[one]) | ast.AugAssign(target=one) | ast.AnnAssign(target=one):
                names.append(name_of(one))
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=one))):
                names.append(name_of(one))
    return tuple(dict.fromkeys(name for name in reversed(names) if name and name not in ("self", "cls")))
