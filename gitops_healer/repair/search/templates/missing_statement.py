"""An update is forgotten."""

import ast
import re
from collections.abc import Iterator
from functools import partial

from gitops_healer.repair.search.blocks import Draft, always_leaves, by_size, stands_alone, suspects, written
from gitops_healer.repair.search.edits import after, before, replaced, unit_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.variants import updates, variants

_MOST = 400
_EACH = 24  # for each statement of the function
_LIKE = (ast.Expr, ast.Assign, ast.AugAssign)
_GIVEN = re.compile(r"^(?:yield|[\w.]+\.(?:append|add)\() ?([\w.]+)\)?$")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@repair_template(
    prior=0.037,
    examples=(
        Example(
            "def f(xs):\n    n = 0\n    i = 0\n    while i < len(xs):\n        n += xs[i]\n    return n\n",
            "def f(xs):\n    n = 0\n    i = 0\n    while i < len(xs):\n        n += xs[i]\n"
            "        i += 1\n    return n\n",
        ),
        Example(
            "def f(xs):\n    seen = set()\n    for x in xs:\n        if x in seen:\n            return x\n",
            "def f(xs):\n    seen = set()\n    for x in xs:\n        if x in seen:\n"
            "            return x\n        seen.add(x)\n",
        ),
        Example(
            "def f(xs):\n    last = None\n    for x in xs:\n        if x == last:\n"
            "            print(x)\n    return last\n",
            "def f(xs):\n    last = None\n    for x in xs:\n        if x == last:\n            print(x)\n"
            "        last = x\n    return last\n",
        ),
        Example(
            "class A:\n    def g(self):\n        return self.y\n\n    def __init__(self, x, y):\n        self.x = x\n",
            "class A:\n    def g(self):\n        return self.y\n\n    def __init__(self, x, y):\n        self.x = x\n"
            "        self.y = y\n",
        ),
    ),
)
def missing_statement(target: Target) -> Iterator[Rewrite]:
    """Add an update: `i += 1`, `seen.add(x)`, `last = x`, `self.y = y`, `self.refresh()`."""
    yield from written(target, _additions(target), by_size(target, _EACH, _MOST))


def _additions(target: Target) -> Iterator[Draft]:
    for place in suspects(target):
        if isinstance(place, _DEFINITIONS):
            continue
        block = target.block_of(place)
        for text, weight in _texts(target, place).items():
            if isinstance(place, ast.Pass):
                yield Draft(weight, place.lineno, partial(_filled, target, place, text, weight))
                continue
            if place is block[0]:
                yield Draft(0.8 * weight, place.lineno, partial(_added, target, place, text, False, 0.8 * weight))
            if not always_leaves([place]):
                fit = weight if place is block[-1] else 0.9 * weight
                yield Draft(fit, place.lineno, partial(_added, target, place, text, True, fit))
            elif place is not block[0] and stands_alone(target, place):
                yield Draft(0.9 * weight, place.lineno, partial(_added, target, place, text, False, 0.9 * weight))


def _texts(target: Target, place: ast.stmt) -> dict[str, float]:
    """Updates; what the statement does, done to another variable; behind a loop what is left over from it."""
    found = {text: min(1.0, weight) for text, weight in updates(target, place).items()}
    if isinstance(place, _LIKE) and place.lineno == place.end_lineno:
        for weight, text in variants(target, place):
            found.setdefault(text, 0.7 * weight)
    if isinstance(place, ast.For | ast.AsyncFor | ast.While):
        for text, weight in [*found.items()]:
            if given := _GIVEN.search(text):
                for test in (given[1], f"{given[1]} is not None"):
                    found[f"if {test}:\n{unit_of(target)}{text}"] = 0.8 * weight
    return found


def _filled(target: Target, place: ast.stmt, text: str, weight: float) -> Rewrite:
    return Rewrite((replaced(target, place, text),), place.lineno, f"Do `{text}` instead of nothing", weight)


def _added(target: Target, place: ast.stmt, text: str, behind: bool, weight: float) -> Rewrite:
    span = after(target, place, text) if behind else before(target, place, text)
    return Rewrite((span,), place.lineno, f"Add `{' '.join(text.split())}`", weight)
