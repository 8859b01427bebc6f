"""Something is looked up that may be missing, or is made up where it should be looked up."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import beside, change, plain, short
from gitops_healer.repair.search.types import may_be, surely, type_of

_MAPPINGS = ("dict", "defaultdict", "Counter", "OrderedDict", "mappingproxy", "ChainMap", "Message")
_DEFAULTS = ("0", "[]", '""', "None", "{}", "set()", "False", "1")
_LARGEST = ("max", "min")


@repair_template(
    prior=0.06,
    examples=(
        Example("def f(d, k):\n    return d[k] + 1  # kept\n", "def f(d, k):\n    return d.get(k, 0) + 1  # kept\n"),
        Example("def f(d, k):\n    return d.get(k)\n", "def f(d, k):\n    return d[k]\n"),
        Example(
            "def f(d, k, x):\n    d.get(k, []).append(x)\n", "def f(d, k, x):\n    d.setdefault(k, []).append(x)\n"
        ),
        Example("def f(d, k, x):\n    d[k].append(x)\n", "def f(d, k, x):\n    d.setdefault(k, []).append(x)\n"),
        Example("def f(d, k, x):\n    d[k] = x\n", "def f(d, k, x):\n    d[k] = d.get(k, 0) + x\n"),
        Example("def f(d, x):\n    return x in d\n", "def f(d, x):\n    return x in d.values()\n"),
        Example("def f(xs):\n    return max(xs)\n", "def f(xs):\n    return max(xs, default=0)\n"),
        Example("def f(xs):\n    return xs[0]\n", "def f(xs):\n    return xs[0] if xs else None\n"),
        Example("def f(a, n):\n    return a / n\n", "def f(a, n):\n    return a / n if n else 0\n"),
    ),
)
def lookup(target: Target) -> Iterator[Rewrite]:
    """Look up with a default, or without one: `d[k]` -> `d.get(k, 0)`, `xs[0]` -> `xs[0] if xs else None`."""
    for node in target.places:
        for new, weight in _otherwise(target, node):
            title = f"Use {short(new)} instead of {short(target.text(node))}"
            caution = (
                "gives a default where it failed" if " else " in new or ".get(" in new or "default=" in new else ""
            )
            yield from change(target, node, new, title, weight, caution)
    for statement in target.statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
            yield from _accumulated(target, statement.targets[0], statement.value)


def _otherwise(target: Target, node: ast.expr) -> Iterator[tuple[str, float]]:
    match node:
        case ast.Subscript(value=whole, slice=key) if not isinstance(key, ast.Slice | ast.Tuple | ast.UnaryOp):
            if may_be(type_of(target, whole), *_MAPPINGS) and not surely(type_of(target, key), "slice"):
                yield from _gentle(target, node, whole, key)
            yield from _guarded(target, node, whole)
        case ast.Subscript(value=whole):
            yield from _guarded(target, node, whole)
        case ast.Call(func=ast.Attribute(value=whole, attr="get" | "setdefault" as name), args=[key, *rest]):
            yield from _other_form(target, whole, name, key, rest)
        case ast.Compare(ops=[ast.In() | ast.NotIn() as operator], left=left, comparators=[whole]):
            if may_be(type_of(target, whole), *_MAPPINGS) and isinstance(whole, ast.Name | ast.Attribute):
                word = "in" if isinstance(operator, ast.In) else "not in"
                yield f"{beside(target, left, 7)} {word} {target.text(whole)}.values()", 0.3
        case ast.Call(func=ast.Name(id="max" | "min"), args=[items], keywords=[]) if not isinstance(items, ast.Starred):
            yield from _guarded(target, node, items)
        case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=ast.expr() as right):
            if not isinstance(right, ast.Constant) and not surely(type_of(target, node.left), "str"):
                yield from _guarded(target, node, right)
        case _:
            return


def _gentle(target: Target, node: ast.Subscript, whole: ast.expr, key: ast.expr) -> Iterator[tuple[str, float]]:
    """`d.get(k, default)`; `d.setdefault(k, [])` where something is put into what is found."""
    known = 1.0 if surely(type_of(target, whole), *_MAPPINGS) else 0.35
    lead, inside, parent = beside(target, whole, 16), plain(target, key), target.parent(node)
    if isinstance(parent, ast.Attribute):
        empty = "set()" if parent.attr in ("add", "update") else ("{}" if parent.attr == "items" else "[]")
        yield f"{lead}.setdefault({inside}, {empty})", 0.7 * known
        yield f"{lead}.get({inside}, {empty})", 0.4 * known
        return
    yield f"{lead}.get({inside})", 0.6 * known
    for rank, default in enumerate((*_DEFAULTS, inside)):
        yield f"{lead}.get({inside}, {default})", 0.7 * known / (1 + rank / 3)


def _other_form(
    target: Target, whole: ast.expr, name: str, key: ast.expr, rest: list[ast.expr]
) -> Iterator[tuple[str, float]]:
    lead, inside = beside(target, whole, 16), plain(target, key)
    yield f"{lead}[{inside}]", 0.6
    if rest and name == "get":
        yield f"{lead}.setdefault({inside}, {plain(target, rest[0])})", 0.5
    for rank, default in enumerate(_DEFAULTS):
        yield f"{lead}.{name}({inside}, {default})", 0.5 / (1 + rank / 3)


def _guarded(target: Target, node: ast.expr, needed: ast.expr) -> Iterator[tuple[str, float]]:
    """`node if needed else default` for whole values, since inside of others it would tear them apart."""
    parent = target.parent(node)
    whole = isinstance(parent, ast.Return | ast.Assign | ast.keyword | ast.Call | ast.IfExp | ast.AnnAssign)
    if not whole or not isinstance(needed, ast.Name | ast.Attribute | ast.Call):
        return
    text, condition = target.text(node), target.text(needed)
    if isinstance(node, ast.Call):
        function = target.text(node.func)
        inside = plain(target, needed)
        for rank, default in enumerate(("0", "None", '""')):
            yield f"{function}({inside}, default={default})", 0.5 / (1 + rank)
    if surely(type_of(target, needed), *_MAPPINGS):
        return
    defaults = ("0", "0.0", "None", "1.0", "1") if isinstance(node, ast.BinOp) else ("None", "0", '""', "[]", "False")
    for rank, default in enumerate(defaults):
        yield (
            f"{text} if {condition} else {default}",
            (0.5 if isinstance(parent, ast.Return) else 0.25) / (1 + rank / 2),
        )


def _accumulated(target: Target, place: ast.Subscript, value: ast.expr) -> Iterator[Rewrite]:
    """`d[k] = x` -> `d[k] = d.get(k, 0) + x`, or the larger or smaller one of both."""
    if isinstance(place.slice, ast.Slice) or not may_be(type_of(target, place.value), *_MAPPINGS):
        return
    now = f"{target.text(place.value)}.get({target.text(place.slice)}, 0)"
    new = f"{now} + {beside(target, value, 12)}"
    yield from change(target, value, new, f"Add to what is there: {short(new)}", 0.5)
    for rank, function in enumerate(_LARGEST):
        new = f"{function}({now}, {plain(target, value)})"
        yield from change(target, value, new, f"Keep the {function}imum", 0.2 / (1 + rank / 4))
