"""Conditions that could be meant at a place: those of the code around, and simple ones over the variables in scope."""

import ast
import re
from collections.abc import Iterator

from gitops_healer.repair.search.ingredients import conditions_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.templates._calls import readable_at, takes
from gitops_healer.repair.search.templates._places import (
    functions_of_module,
    one_line,
    others_for,
    values_of_module,
    variables_at,
)
from gitops_healer.repair.search.truth import outcomes
from gitops_healer.repair.search.types import NUMBERS, SIZED, Types, fits, held, may_be, surely

_CONTAINERS = ("list", "set", "dict", "tuple", "str", "frozenset", "deque", "defaultdict", "Counter", "OrderedDict")
_ASKS = re.compile(r"(^|\.)_?(is|has|can|may|should)_")
_OF_TEXTS = ("isdigit", "isspace", "isalpha", "isalnum", "isupper", "islower")
_CONSTANT = 0.4  # weight that is left to a condition that gave the same for all values seen
_VARIABLES = 8  # the nearest, about which simple conditions are made


def atoms(target: Target, node: ast.expr, most: int = 30) -> list[tuple[str, float]]:
    """(condition, likelihood 0 to 1) that may be added at a node, likeliest first."""
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    used |= {ast.unparse(n) for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    inner = target.inner_names(node)
    found: dict[str, float] = {}
    for text, weight in (*_existing(target, node), *_parallel(target, node)):
        found.setdefault(text, weight)
    near = [(n, t, w * (1.0 if n in used or n in inner else 0.5)) for n, t, w in variables_at(target, node)]
    near = sorted((one for one in near if one[2] > 0.1), key=lambda one: -one[2])[:_VARIABLES]
    for name, types, weight in near:
        for constant in values_of_module(target):
            if constant.isupper() and "." not in name and not surely(types, *_CONTAINERS[:4]):
                found.setdefault(f"{name} != {constant}", 0.2 * weight)
                found.setdefault(f"{name} == {constant}", 0.15 * weight)
    for text, weight in (*_predicates(target, near), *_kinds(node)):
        found.setdefault(text, weight)
    for name, types, weight in near:
        for text, share in (*_about(name, types), *_between(name, types, near)):
            found[text] = max(found.get(text, 0.0), weight * share)
    values = target.values_at(target.statement_of(node).lineno)
    for text, weight in found.items():
        if len(outcomes(text, values)) == 1:
            found[text] = _CONSTANT * weight
    return sorted(found.items(), key=lambda pair: -pair[1])[:most]


def _existing(target: Target, node: ast.expr) -> Iterator[tuple[str, float]]:
    """Conditions of the target, then of the module and of other files, whose names can be read at the node."""
    places = frozenset(target.places)
    own = dict.fromkeys(target.text(c) for n in target.nodes for c in conditions_of(n) if c in places)
    for rank, text in enumerate(own):
        if text != target.text(node) and readable_at(target, node, text) is not None:
            yield text, 0.7 / (1 + rank / 10)
    kept = 0
    for text, _ in target.ingredients.conditions[:300]:
        if kept < 10 and text not in own and readable_at(target, node, text) is not None:
            kept += 1
            yield text, 0.4 / (1 + kept / 10)


def _parallel(target: Target, node: ast.expr) -> Iterator[tuple[str, float]]:
    """What is asked about one attribute or key on both sides asked about another one: `a.x == b.x` -> `a.y == b.y`."""
    for part in (node, *getattr(node, "values", ())):
        match part:
            case ast.Compare(left=ast.Attribute(attr=one) as left, comparators=[ast.Attribute(attr=other) as right]):
                fields = [names for names in target.ingredients.fields.values() if one in names]
                head, tail = target.text(part), (target.text(left), target.text(right))
                for name in dict.fromkeys(name for names in fields for name in names if name != one):
                    if one == other and one_line(head):
                        texts = [text.removesuffix(one) + name for text in tail]
                        yield texts[0] + head[len(tail[0]) : len(head) - len(tail[1])] + texts[1], 0.6
            case ast.Compare(left=ast.Subscript() as left, comparators=[right]):
                yield from _other_entry(target, part, left, right)


def _other_entry(
    target: Target, whole: ast.Compare, left: ast.Subscript, right: ast.expr
) -> Iterator[tuple[str, float]]:
    """What is asked about one item of a pair asked about the other one: `a[0] > n` -> `a[1] > m`."""
    head, tail = target.text(whole), target.text(right)
    if not isinstance(left.slice, ast.Constant) or not one_line(head) or type(left.slice.value) is not int:
        return
    between = head[len(target.text(left)) : len(head) - len(tail)]
    for place in (left.slice.value - 1, left.slice.value + 1):
        if place >= 0:
            entry = f"{target.text(left.value)}[{place}]"
            others = [(tail, 0.3), *((name, 0.7 * share) for name, share in others_for(target, right, 3))]
            if isinstance(right, ast.Subscript) and isinstance(right.slice, ast.Constant):
                others = [(f"{target.text(right.value)}[{place}]", 0.6)]
            yield from ((f"{entry}{between}{other}", share) for other, share in others)


def _kinds(node: ast.expr) -> Iterator[tuple[str, float]]:
    """Where it is asked what something is: whether it is of a special kind (`bool` is a kind of `int`)."""
    for call in ast.walk(node):
        match call:
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), kinds]):
                named = {one.id for one in ast.walk(kinds) if isinstance(one, ast.Name)}
                for kind in ("bool", "str", "list", "dict"):
                    if kind not in named:
                        yield f"not isinstance({name}, {kind})", 0.6 if kind == "bool" and "int" in named else 0.3
                        yield f"isinstance({name}, {kind})", 0.3


def _predicates(target: Target, near: list[tuple[str, Types, float]]) -> Iterator[tuple[str, float]]:
    """What functions of the module and methods of texts answer about the nearest variables."""
    for callee, function in functions_of_module(target).items():
        answers = ast.unparse(function.returns) == "bool" if function.returns is not None else _ASKS.search(callee)
        if not answers or function is target.node:
            continue
        if callee.startswith("self.") and takes(target, callee, 0):
            yield from ((f"{callee}()", 0.4), (f"not {callee}()", 0.4))
        elif takes(target, callee, 1):
            for name, _, weight in near[:3]:
                yield from ((f"{callee}({name})", 0.4 * weight), (f"not {callee}({name})", 0.4 * weight))
    asked = [method for method in _OF_TEXTS if method in target.ingredients.attributes]
    for name, types, weight in near[:3]:
        if surely(types, "str"):
            yield from ((f"{name}.{method}()", 0.3 * weight) for method in asked)
            yield from ((f"not {name}.{method}()", 0.25 * weight) for method in asked)
        if surely(types, "Match"):
            yield from ((f"any({name}.groups())", 0.4 * weight), (f"not any({name}.groups())", 0.4 * weight))


def _about(name: str, types: Types) -> Iterator[tuple[str, float]]:
    """Conditions about one variable."""
    if not types or "NoneType" in types:
        yield f"{name} is not None", 0.9 if types else 0.6
        yield f"{name} is None", 0.6 if types else 0.4
    if may_be(types, "bool", *SIZED) or len(types - {"NoneType"}) != 1:
        yield name, 0.9
        yield f"not {name}", 0.8
    if surely(types, "int", "float"):
        yield f"{name} > 0", 0.8
        yield f"{name} != 0", 0.6
        yield from ((f"{name} {operator} 0", 0.4) for operator in (">=", "<", "==", "<="))
        yield from ((f"{name} {operator} 1", 0.3) for operator in (">", "==", "<="))
    if surely(types, "list", "tuple", "str", "dict", "set"):
        yield f"len({name}) > 1", 0.4
        yield f"len({name}) == 1", 0.2


def _between(name: str, types: Types, others: list[tuple[str, Types, float]]) -> Iterator[tuple[str, float]]:
    """Conditions about a variable and another one."""
    for other, kind, near in others:
        if other == name:
            continue
        scalar = not types or not surely(types, *_CONTAINERS)
        if may_be(kind, *_CONTAINERS) and kind and scalar and fits(types, held(kind)):
            yield f"{name} in {other}", 0.6 * near
            yield f"{name} not in {other}", 0.7 * near
            if surely(types, "int") and surely(kind, "list", "str", "tuple"):
                yield f"{name} < len({other})", 0.7 * near
        if types and kind and fits(types, kind) and not surely(types, "bool"):
            yield f"{name} != {other}", 0.5 * near
            if name < other:
                yield f"{name} == {other}", 0.5 * near
            if surely(types, *NUMBERS):
                yield f"{name} < {other}", 0.6 * near
                yield f"{name} <= {other}", 0.5 * near
