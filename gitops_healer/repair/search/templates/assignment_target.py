"""A value is put into the wrong variable, attribute or scope."""

import ast
from collections.abc import Iterator, Mapping

from gitops_healer.repair.search.blocks import bound_once, in_f_string, likeliest, nonlocal_names, own_nodes
from gitops_healer.repair.search.edits import replaced
from gitops_healer.repair.search.scope import UNKNOWN, Scope, kind_of, name_of, own_attribute, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_NEAREST = 8
_MOST = 300


@repair_template(
    prior=0.013,
    examples=(
        Example(
            "def f(xs):\n    low = high = 0\n    for x in xs:\n        if x > high:\n"
            "            low = x\n    return low, high\n",
            "def f(xs):\n    low = high = 0\n    for x in xs:\n        if x > high:\n"
            "            high = x\n    return low, high\n",
        ),
        Example("def f(p):\n    a, b = p\n    return a - b\n", "def f(p):\n    b, a = p\n    return a - b\n"),
        Example(
            "class A:\n    def g(self):\n        self.n = 0\n\n    def h(self, x):\n        n = x\n",
            "class A:\n    def g(self):\n        self.n = 0\n\n    def h(self, x):\n        self.n = x\n",
        ),
        Example(
            "def f(d, k):\n    v = d[k]\n    v = 1\n    return d\n",
            "def f(d, k):\n    v = d[k]\n    d[k] = 1\n    return d\n",
        ),
    ),
)
def assignment_target(target: Target) -> Iterator[Rewrite]:
    """Assign to another variable or attribute: `high = x` for `low = x`, `self.n = x` for `n = x`, `b, a = pair`."""
    yield from likeliest(target, _targets_of_all(target), _MOST)


def _targets_of_all(target: Target) -> Iterator[Rewrite]:
    scope = scope_of(target)
    for node in target.statements:
        match node:
            case ast.Assign(targets=[place], value=value) | ast.AugAssign(target=place, value=value):
                yield from _instead(target, scope, node, place, value)
            case ast.For(target=ast.Tuple() as place):
                yield from _swapped(target, node, place)
    for made in target.nodes:
        if isinstance(made, ast.comprehension) and isinstance(made.target, ast.Tuple) and not in_f_string(target, made):
            yield from _swapped(target, target.statement_of(made), made.target)


def _instead(target: Target, scope: Scope, node: ast.stmt, place: ast.expr, value: ast.expr) -> Iterator[Rewrite]:
    if isinstance(place, ast.Tuple):
        yield from _swapped(target, node, place)
        return
    now, fixed = target.text(place), nonlocal_names(target)
    if isinstance(place, ast.Name) and place.id in bound_once(target):
        return
    found: dict[str, float] = {}
    for weight, new in _targets(target, scope, node, place, value):
        if new not in (now, *fixed):
            found[new] = max(weight, found.get(new, 0.0))
    for new, weight in found.items():
        yield Rewrite((replaced(target, place, new),), node.lineno, f"Assign to {new} instead of {now}", weight)


def _swapped(target: Target, node: ast.stmt, place: ast.Tuple) -> Iterator[Rewrite]:
    for number, one in enumerate(place.elts):
        for other in place.elts[number + 1 :]:
            texts = target.text(one), target.text(other)
            if texts[0] != texts[1]:
                spans = (replaced(target, one, texts[1]), replaced(target, other, texts[0]))
                weight = 0.6 if len(place.elts) == 2 else 0.3
                yield Rewrite(spans, node.lineno, f"Swap {texts[0]} and {texts[1]}", weight)


def _targets(
    target: Target, scope: Scope, node: ast.stmt, place: ast.expr, value: ast.expr
) -> Iterator[tuple[float, str]]:
    visible = scope.visible(node)
    kinds = visible.get(name_of(place), UNKNOWN) or _told(kind_of(value))
    name = name_of(place)
    own = scope.assigned(node)
    fitting = [one for one, held in visible.items() if one != name and (not kinds or not held or kinds & held)]
    for rank, one in enumerate([one for one in fitting if one in own or "." in one][:_NEAREST]):
        yield (0.9 if ("." in one) == ("." in name) else 0.4) / (1 + 0.2 * rank), one
    if isinstance(place, ast.Name) and f"self.{place.id}" in scope.attributes and "self" in target.parameters:
        yield 1.0, f"self.{place.id}"
    if attribute := own_attribute(place):
        yield 0.3, attribute.removeprefix("self.")
    yield from _items(target, node, visible, name)
    yield from _other_parts(target, place)


def _told(kind: str) -> frozenset[str]:
    return frozenset({kind}) if kind else UNKNOWN


def _items(
    target: Target, node: ast.stmt, visible: Mapping[str, frozenset[str]], name: str
) -> Iterator[tuple[float, str]]:
    """Items and attributes that the function reads or assigns elsewhere, of containers that are bound here."""
    texts: dict[str, None] = {}
    for one in target.nodes:
        if (
            isinstance(one, ast.Subscript)
            and not isinstance(one.slice, ast.Slice | ast.Tuple)
            and one.lineno != node.lineno
        ):
            if isinstance(one.slice, ast.Slice | ast.Tuple):
                continue
            names = {n.id for n in ast.walk(one) if isinstance(n, ast.Name)}
            if names <= {*visible, "self"} and names:
                texts[target.text(one)] = None
    yield from ((0.5 / (1 + 0.2 * rank), text) for rank, text in enumerate(list(texts)[:_NEAREST]) if "\n" not in text)


def _other_parts(target: Target, place: ast.expr) -> Iterator[tuple[float, str]]:
    """`node.left` for `node.right`: other attributes that the function uses."""
    if isinstance(place, ast.Attribute) and not own_attribute(place):
        used = dict.fromkeys(
            n.attr for n in own_nodes(target.node) if isinstance(n, ast.Attribute) and n.attr != place.attr
        )
        for rank, attribute in enumerate(list(used)[:_NEAREST]):
            if attribute.isascii():
                yield 0.7 / (1 + 0.2 * rank), f"{target.text(place.value)}.{attribute}"
