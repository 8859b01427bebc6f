"""The wrong attribute is read, or an attribute where a variable is meant."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._calls import has_attribute, renamed
from gitops_healer.repair.search.templates._places import alike, attributes_of_self, change, short
from gitops_healer.repair.search.types import UNKNOWN, fits, heads, type_of, type_of_name

_FAMILIES = """
year month day | hour minute second microsecond | days seconds microseconds | start stop step | real imag | numerator
denominator | left right | next prev previous | first last | width height | x y z | row col column | key value | name
path stem suffix parent | begin end | lower upper | min max | head tail | size count length | args kwargs | netloc path
query scheme fragment hostname port | stdout stderr | before after | source target
"""
_OTHERS = {name: [o for o in family.split() if o != name] for family in _FAMILIES.split("|") for name in family.split()}
_MOST = 8


@repair_template(
    prior=0.06,
    examples=(
        Example("def f(day):\n    return day.month, 1  # kept\n", "def f(day):\n    return day.day, 1  # kept\n"),
        Example(
            "class A:\n    def f(self, size):\n        self.size = 1\n        return self.size\n",
            "class A:\n    def f(self, size):\n        self.size = 1\n        return size\n",
        ),
        Example(
            "class A:\n    def __init__(self):\n        self.n = 0\n\n    def f(self, n):\n        return n\n",
            "class A:\n    def __init__(self):\n        self.n = 0\n\n    def f(self, n):\n        return self.n\n",
        ),
        Example(
            "def f(node):\n    if node.value:\n        return node.next\n    return node.value\n",
            "def f(node):\n    if node.value:\n        return node.next\n    return node.next\n",
        ),
        Example(
            "def f(a, b):\n    return a.price + b\n",
            "def f(a, b):\n    return a.price + b.price\n",
        ),
    ),
)
def attribute(target: Target) -> Iterator[Rewrite]:
    """Read another attribute: `day.month` for `day.year`, `self.x` for `x`, `node.next` for `node`."""
    for node in target.places:
        parent = target.parent(node)
        called = isinstance(parent, ast.Call) and parent.func is node
        if isinstance(node, ast.Attribute) and not called:
            yield from _others(target, node)
            yield from _without(target, node)
        elif isinstance(node, ast.Name) and not called and node.id not in target.ingredients.module_names:
            yield from _with(target, node)


def _others(target: Target, node: ast.Attribute) -> Iterator[Rewrite]:
    now = type_of(target, node)
    receiver = target.text(node.value)
    line = target.statement_of(node).lineno
    found: list[tuple[str, float]] = []
    for name, weight in _candidates(target, node).items():
        if name == node.attr or has_attribute(target, node.value, name) is False:
            continue
        types = type_of_name(target, f"{receiver}.{name}", line) if receiver.isidentifier() else UNKNOWN
        if fits(types, now):
            found.append((name, weight * (0.5 + 0.5 * alike(name, node.attr))))
    found += [(name, 0.7) for name in _OTHERS.get(node.attr, ())]
    for name, weight in sorted(dict(found).items(), key=lambda pair: -pair[1])[:_MOST]:
        yield from renamed(target, node, name, f"Read {short('.' + name)} instead of {short('.' + node.attr)}", weight)


def _candidates(target: Target, node: ast.Attribute) -> dict[str, float]:
    """Attributes that the object may have, with how likely that is."""
    receiver = node.value
    text = ast.unparse(receiver)
    found = dict.fromkeys(_common(target), 0.25)
    if isinstance(receiver, ast.Name):
        seen = target.types_at(target.statement_of(receiver).lineno)
        found |= {name.partition(".")[2]: 1.0 for name in seen if name.startswith(f"{text}.")}
    kinds = heads(type_of(target, receiver))
    for owner, fields in target.ingredients.fields.items():
        if (owner in kinds or (not kinds and node.attr in fields)) and text != "self":
            found |= dict.fromkeys(fields, 1.0 if owner in kinds else 0.8)
    found |= dict.fromkeys(_of(target).get(text, ()), 1.0)
    if text == "self":
        found |= dict.fromkeys(attributes_of_self(target), 1.0)
    return {name: weight for name, weight in found.items() if name.isidentifier() and not name.startswith("__")}


@lru_cache(maxsize=16)
def _common(target: Target) -> tuple[str, ...]:
    return tuple(name for name, _ in _read(target).most_common(12) if name not in _methods(target))


@lru_cache(maxsize=16)
def _read(target: Target) -> Counter[str]:
    """How often attributes are read in the file, those that are called left out."""
    called = {id(n.func) for n in ast.walk(target.source.tree) if isinstance(n, ast.Call)}
    nodes = [n for n in ast.walk(target.source.tree) if isinstance(n, ast.Attribute) and id(n) not in called]
    modules = {n.value.id for n in nodes if isinstance(n.value, ast.Name)} & frozenset(_modules(target))
    return Counter(n.attr for n in nodes if not (isinstance(n.value, ast.Name) and n.value.id in modules))


@lru_cache(maxsize=16)
def _modules(target: Target) -> frozenset[str]:
    """Names of modules that the file imports."""
    imports = [n for n in ast.walk(target.source.tree) if isinstance(n, ast.Import)]
    return frozenset(one.asname or one.name.partition(".")[0] for n in imports for one in n.names)


@lru_cache(maxsize=16)
def _methods(target: Target) -> frozenset[str]:
    owners = [n for n in ast.walk(target.source.tree) if isinstance(n, ast.ClassDef)]
    plain = [m for n in owners for m in n.body if isinstance(m, ast.FunctionDef) and not m.decorator_list]
    return frozenset(method.name for method in plain)


@lru_cache(maxsize=16)
def _of(target: Target) -> dict[str, dict[str, None]]:
    """Receiver -> attributes that the file reads of it, those that are called left out."""
    found: dict[str, dict[str, None]] = {}
    for node in ast.walk(target.source.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            parent = target.source.parents[node]
            if not (isinstance(parent, ast.Call) and parent.func is node):
                found.setdefault(ast.unparse(node.value), {})[node.attr] = None
    return found


def _without(target: Target, node: ast.Attribute) -> Iterator[Rewrite]:
    """`self.x` -> `x` where there is such a variable, `node.next` -> `node`."""
    title = f"Use {short(node.attr)} instead of {short(target.text(node))}"
    if node.attr in target.locals and node.attr != "self":
        yield from change(target, node, node.attr, title, 0.9)
    if isinstance(node.value, ast.Name) and node.value.id in target.locals and node.value.id not in ("self", "cls"):
        text = node.value.id
        yield from change(target, node, text, f"Use {short(text)} instead of {short(target.text(node))}", 0.4)


def _with(target: Target, node: ast.Name) -> Iterator[Rewrite]:
    """`x` -> `self.x`, and `node` -> `node.next` where the file reads such attributes of it or of the like."""
    if node.id in attributes_of_self(target):
        yield from change(target, node, f"self.{node.id}", f"Use the attribute instead of {short(node.id)}", 0.9)
    if node.id in ("self", "cls") or isinstance(target.parent(node), ast.Attribute | ast.Subscript):
        return
    if has_attribute(target, node, "__class__") is not None:
        return  # of a builtin type
    near = list(_of(target).get(node.id, ()))
    beside = [n.attr for n in ast.walk(target.parent(node)) if isinstance(n, ast.Attribute)]
    for rank, name in enumerate(dict.fromkeys([*beside, *near])):
        if rank < 5 and name not in _methods(target):
            text = f"{node.id}.{name}"
            yield from change(
                target, node, text, f"Read {short(text)} instead of {short(node.id)}", 0.4 / (1 + rank / 3)
            )
