"""The wrong variable is read."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import change, others_for, short


@repair_template(
    prior=0.1,
    examples=(
        Example(
            "def f(low, high):\n    return [low, low + 1]\n",
            "def f(low, high):\n    return [low, high + 1]\n",
        ),
        Example(
            "def f(items):\n    total = 0\n    for item in items:\n        total += items\n    return total\n",
            "def f(items):\n    total = 0\n    for item in items:\n        total += item\n    return total\n",
        ),
        Example("def f(size):\n    return [0] * 10\n", "def f(size):\n    return [0] * size\n"),
    ),
)
def variable(target: Target) -> Iterator[Rewrite]:
    """Read another variable in scope of a fitting type: `high` for `low`."""
    for node in target.places:
        if _is_variable(target, node):
            strength = 1.0
        elif isinstance(node, ast.Constant) and not isinstance(node.value, bool | str | None):
            strength = 0.3
        else:
            continue
        for rank, (name, weight) in enumerate(others_for(target, node)):
            title = f"Use {short(name)} instead of {short(target.text(node))}"
            yield from change(target, node, name, title, strength * weight / (1 + 0.1 * rank))


def _is_variable(target: Target, node: ast.expr) -> bool:
    """Whether a name stands for a value: not a callee, a module or `self`."""
    if not isinstance(node, ast.Name) or node.id in ("self", "cls"):
        return False
    parent = target.parent(node)
    called = isinstance(parent, ast.Call) and parent.func is node
    known = node.id in target.locals or node.id in target.inner_names(node)
    return not called and (known or not isinstance(parent, ast.Attribute))
