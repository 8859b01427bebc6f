"""Conditions that could be meant at a place: those of the code around, and simple ones over the variables in scope."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.ingredients import conditions_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.templates._calls import readable_at
from gitops_healer.repair.search.templates._places import one_line, values_of_module, variables_at
from gitops_healer.repair.search.types import NUMBERS, SIZED, Types, fits, held, may_be, surely

_CONTAINERS = ("list", "set", "dict", "tuple", "str", "frozenset", "deque", "defaultdict", "Counter", "OrderedDict")
_VARIABLES = 8  # the nearest, about which simple conditions are made


def atoms(target: Target, node: ast.expr, most: int = 24) -> list[tuple[str, float]]:
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
    for name, types, weight in near:
        for text, share in (*_about(name, types), *_between(name, types, near)):
            found[text] = max(found.get(text, 0.0), weight * share)
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
