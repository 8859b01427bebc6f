"""An update is forgotten."""

import ast
from collections.abc import Iterator
from functools import partial

from gitops_healer.repair.search.blocks import Draft, always_leaves, stands_alone, suspects, written
from gitops_healer.repair.search.edits import after, before
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.variants import updates

_MOST = 400
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@repair_template(
    prior=0.05,
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
    yield from written(target, _additions(target), _MOST)


def _additions(target: Target) -> Iterator[Draft]:
    for place in suspects(target):
        if isinstance(place, _DEFINITIONS):
            continue
        block = target.block_of(place)
        for text, weight in updates(target, place).items():
            weight = min(1.0, weight)
            if place is block[0]:
                yield Draft(0.8 * weight, place.lineno, partial(_added, target, place, text, False, 0.8 * weight))
            if not always_leaves([place]):
                fit = weight if place is block[-1] else 0.9 * weight
                yield Draft(fit, place.lineno, partial(_added, target, place, text, True, fit))
            elif place is not block[0] and stands_alone(target, place):
                yield Draft(0.9 * weight, place.lineno, partial(_added, target, place, text, False, 0.9 * weight))


def _added(target: Target, place: ast.stmt, text: str, behind: bool, weight: float) -> Rewrite:
    span = after(target, place, text) if behind else before(target, place, text)
    return Rewrite((span,), place.lineno, f"Add `{text}`", weight)
