"""A case that needs none of the work, or would break it, is not left out."""

import ast
from collections.abc import Iterator
from functools import partial

from gitops_healer.repair.search.blocks import Draft, by_size, loop_of, may_leave, suspects, written
from gitops_healer.repair.search.conditions import conditions, results
from gitops_healer.repair.search.edits import before, unit_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.truth import outcomes

_MOST = 200
_EACH = 10  # for each statement of the function
_NEVER = 0.2  # weight that is left to a condition that held for none of the values seen
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@repair_template(
    prior=0.02,
    examples=(
        Example(
            "def f(xs):\n    return sum(xs) / len(xs)\n",
            "def f(xs):\n    if not xs:\n        return None\n    return sum(xs) / len(xs)\n",
        ),
        Example(
            "def f(n: int) -> int:\n    return n * f(n - 1)\n",
            "def f(n: int) -> int:\n    if n == 0:\n        return 1\n    return n * f(n - 1)\n",
        ),
        Example(
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        if x is None:\n            continue\n"
            "        n += x\n    return n\n",
        ),
        Example(
            'def f(x, y):\n    """Gives -1 for what is the same."""\n    return x(y)\n',
            'def f(x, y):\n    """Gives -1 for what is the same."""\n'
            "    if x == y:\n        return -1\n    return x(y)\n",
        ),
    ),
)
def missing_guard(target: Target) -> Iterator[Rewrite]:
    """Leave before the work where there is none: `if not xs: return 0`, `if x is None: continue`."""
    yield from written(target, _guards(target), by_size(target, _EACH, _MOST))


def _guards(target: Target) -> Iterator[Draft]:
    unit = unit_of(target)
    for place in suspects(target):
        if isinstance(place, _DEFINITIONS) or not may_leave(target, place):
            continue
        rank, ways = _rank(target, place), _ways_out(target, place)
        values = target.values_at(place.lineno)
        for condition, likely in conditions(target, place).items():
            weight = likely * (_NEVER if outcomes(condition, values) == {False} else 1.0)
            for way, fit in ways.items():
                total = min(1.0, weight * fit * rank)
                yield Draft(total, place.lineno, partial(_guard, target, place, condition, way, unit, total))


def _guard(target: Target, place: ast.stmt, condition: str, way: str, unit: str, weight: float) -> Rewrite:
    span = before(target, place, f"if {condition}:\n{unit}{way}")
    return Rewrite((span,), place.lineno, f"Add `if {condition}: {way}`", weight)


def _ways_out(target: Target, place: ast.stmt) -> dict[str, float]:
    ways = {f"return {value}".rstrip(): weight for value, weight in results(target, place).items()}
    if loop_of(target, place) is not None:
        ways |= {"continue": 1.0, "break": 0.6}
    if isinstance(target.parent(place), ast.ExceptHandler):
        ways["raise"] = 2.0  # seldom asked for anywhere else
    return ways


def _rank(target: Target, place: ast.stmt) -> float:
    """Guards stand first in a function or a loop; anywhere else they are rarer."""
    first = target.block_of(place)[0]
    body = getattr(target.parent(place), "body", [])
    if place is first or place in target.statements[:1]:
        return 1.0 if body and body[0] is first else 0.5
    return 0.6
