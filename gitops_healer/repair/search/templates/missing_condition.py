"""A statement runs always that should run in some cases only."""

import ast
from collections.abc import Iterator
from functools import partial

from gitops_healer.repair.search.blocks import (
    Draft,
    by_size,
    is_movable,
    lines_of,
    loop_of,
    nested,
    nonlocal_names,
    relined,
    suspects,
    written,
)
from gitops_healer.repair.search.conditions import conditions, opposite
from gitops_healer.repair.search.edits import operand, unit_of
from gitops_healer.repair.search.scope import Scope, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.truth import outcomes

_MOST = 200
_EACH = 10  # for each statement of the function
_ALWAYS = 0.2  # weight that is left to a condition that held for all of the values seen
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Delete)


@repair_template(
    prior=0.0093,
    examples=(
        Example(
            "def f(xs):\n    out = []\n    for x in xs:\n        out.append(x)  # kept\n    return out\n",
            "def f(xs):\n    out = []\n    for x in xs:\n        if x not in out:\n"
            "            out.append(x)  # kept\n    return out\n",
        ),
        Example(
            "def f(xs):\n    for x in xs:\n        return x > 1\n    return True\n",
            "def f(xs):\n    for x in xs:\n        if x <= 1:\n            return False\n    return True\n",
        ),
        Example("def f(x, y=None):\n    x.n = y\n", "def f(x, y=None):\n    if y is not None:\n        x.n = y\n"),
    ),
)
def missing_condition(target: Target) -> Iterator[Rewrite]:
    """Run a statement only when something holds: `if x not in out: out.append(x)`."""
    yield from written(target, _wrapped(target), by_size(target, _EACH, _MOST))


def _wrapped(target: Target) -> Iterator[Draft]:
    scope, unit = scope_of(target), unit_of(target)
    for place in suspects(target):
        if not isinstance(place, _SIMPLE) or not is_movable(target, place) or _binds_first(target, scope, place):
            continue
        if isinstance(place, ast.Return) and place.value is not None and loop_of(target, place) is not None:
            yield from _decided(target, place, place.value, unit)
        body = nested(lines_of(target, [place]), unit)
        values = target.values_at(place.lineno)
        for condition, likely in conditions(target, place).items():
            weight = likely * (_ALWAYS if outcomes(condition, values) == {True} else 1.0)
            yield Draft(weight, place.lineno, partial(_only_if, target, place, condition, body, weight))


def _decided(target: Target, place: ast.Return, value: ast.expr, unit: str) -> Iterator[Draft]:
    """In a loop: return only what decides, and go on with the next item otherwise."""
    text = target.text(value)
    if "\n" in text or "\r" in text or isinstance(value, ast.Constant | ast.Starred | ast.Tuple | ast.NamedExpr):
        return
    denied = opposite(target, value)
    forms = (
        (text, "True"),
        (denied, "False"),
        (text, text),
        (f"{operand(target, value)} is not None", text),
        (denied, text),
    )
    for rank, (condition, given) in enumerate(forms):
        weight = 1 / (1 + 0.3 * rank)
        yield Draft(weight, place.lineno, partial(_only_if, target, place, condition, f"{unit}return {given}", weight))


def _only_if(target: Target, place: ast.stmt, condition: str, body: str, weight: float) -> Rewrite:
    span = relined(target, place, place, f"if {condition}:\n{body}")
    return Rewrite((span,), place.lineno, f"Run line {place.lineno} only if {condition}", weight)


def _binds_first(target: Target, scope: Scope, place: ast.stmt) -> bool:
    """Whether the statement gives a variable its first value, which nothing would in other cases."""
    if not isinstance(place, ast.Assign) or not all(isinstance(one, ast.Name) for one in place.targets):
        return False
    names = {one.id for one in place.targets if isinstance(one, ast.Name)}
    return not names <= {*scope.visible(place), *nonlocal_names(target)}
