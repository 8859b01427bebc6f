"""The wrong variable is read."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import (
    attributes_of_self,
    change,
    class_of,
    functions_of_module,
    has_self,
    others_for,
    short,
)
from gitops_healer.repair.search.types import heads, type_of_name


@repair_template(
    prior=0.09,
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
        called = isinstance(target.parent(node), ast.Call) and getattr(target.parent(node), "func", None) is node
        if _is_variable(target, node):
            strength = 1.0
        elif _is_own_attribute(node) and not called:
            strength = 0.5
        elif isinstance(node, ast.Constant) and not isinstance(node.value, bool | str | None):
            strength = 0.3
        else:
            continue
        for rank, (name, weight) in enumerate(others_for(target, node)):
            title = f"Use {short(name)} instead of {short(target.text(node))}"
            yield from change(target, node, name, title, strength * weight / (1 + 0.1 * rank))
    yield from _objects(target)


def _objects(target: Target) -> Iterator[Rewrite]:
    """`other.x` -> `self.x` and the other way round."""
    names = [name for name in target.locals if name != "self"]
    if not has_self(target):
        return
    for node in target.places:
        if not isinstance(node, ast.Name) or not isinstance(parent := target.parent(node), ast.Attribute):
            continue
        if node.id == "self":
            line = node.lineno
            for name in names:
                types = heads(type_of_name(target, name, line))
                owner = class_of(target)
                if owner is not None and (owner.name in types or (not types and parent.attr in _read_of(target, name))):
                    yield from change(target, node, name, f"Use {short(name)} instead of `self`", 0.5)
        elif node.id in target.locals and parent.attr in _members(target):
            yield from change(target, node, "self", f"Use `self` instead of {short(node.id)}", 0.5)


def _members(target: Target) -> frozenset[str]:
    """Attributes and methods of `self`."""
    methods = (name.removeprefix("self.") for name in functions_of_module(target) if name.startswith("self."))
    return frozenset((*attributes_of_self(target), *methods))


def _read_of(target: Target, name: str) -> frozenset[str]:
    """Attributes that the target reads of a variable."""
    nodes = [n for n in target.nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
    return frozenset(n.attr for n in nodes if isinstance(n.value, ast.Name) and n.value.id == name)


def _is_own_attribute(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _is_variable(target: Target, node: ast.expr) -> bool:
    """Whether a name stands for a value: not a callee, a module or `self`."""
    if not isinstance(node, ast.Name) or node.id in ("self", "cls"):
        return False
    parent = target.parent(node)
    called = isinstance(parent, ast.Call) and parent.func is node
    known = node.id in target.locals or node.id in target.inner_names(node)
    return not called and (known or not isinstance(parent, ast.Attribute))
