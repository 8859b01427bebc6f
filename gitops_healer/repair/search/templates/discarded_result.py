"""A call that gives a new value is used as if it changed the old one, or the reverse."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import alone, nonlocal_names
from gitops_healer.repair.search.edits import replaced
from gitops_healer.repair.search.scope import Scope, name_of, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

_IN_PLACE = frozenset({"append", "extend", "insert", "remove", "sort", "reverse", "clear", "add", "discard", "update"})
_GIVES_NEW = {
    "union": "update", "difference": "difference_update", "intersection": "intersection_update",
    "symmetric_difference": "symmetric_difference_update",
}  # fmt: skip


@repair_template(
    prior=0.032,
    examples=(
        Example(
            "def f(s):\n    s.strip()  # clean\n    return s\n", "def f(s):\n    s = s.strip()  # clean\n    return s\n"
        ),
        Example("def f(xs):\n    xs = xs.sort()\n    return xs\n", "def f(xs):\n    xs.sort()\n    return xs\n"),
        Example(
            "def f(xs, n):\n    sorted(xs)\n    return xs\n", "def f(xs, n):\n    xs = sorted(xs)\n    return xs\n"
        ),
        Example("def f(a, b):\n    a.union(b)\n    return a\n", "def f(a, b):\n    a.update(b)\n    return a\n"),
    ),
)
def discarded_result(target: Target) -> Iterator[Rewrite]:
    """Keep what a call gives, or do not keep what gives nothing: `s = s.strip()` for `s.strip()`, `xs.sort()`."""
    scope = scope_of(target)
    for node in target.statements:
        match node:
            case ast.Expr(value=ast.Call() | ast.Await() as value):
                yield from _kept(target, scope, node, value)
            case ast.Expr(value=ast.Compare(left=left, ops=[ast.Eq()])) if name_of(left):
                yield from _assigned(target, node, left)
            case ast.Assign(targets=[_], value=ast.Call(func=ast.Attribute(attr=method)) as call) if (
                method in _IN_PLACE
            ):
                spans = (replaced(target, node, alone(target, call)),)
                yield Rewrite(spans, node.lineno, f"Do not assign what {method} gives", 1.0)


def _kept(target: Target, scope: Scope, node: ast.Expr, value: ast.Call | ast.Await) -> Iterator[Rewrite]:
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if isinstance(call.func, ast.Attribute) and method in _GIVES_NEW:
        spans = (_method_span(target, call.func, _GIVES_NEW[method]),)
        yield Rewrite(spans, node.lineno, f"Change {target.text(call.func.value)} itself", 1.0)
    if method in _IN_PLACE:
        return
    own = [name_of(one) for one in (receiver, *call.args) if one is not None and name_of(one)]
    others = [name for name in scope.assigned(node) & scope.visible(node).keys() if name not in own]
    fixed = nonlocal_names(target)
    for rank, name in enumerate([*dict.fromkeys(own), *sorted(others)][:5]):
        if name not in ("self", "cls", *fixed) and scope.spellable(name) and _is_changeable(scope, node, name):
            start, _ = target.source.span(node)
            title = f"Keep the result of the call in {name}"
            yield Rewrite((Span(start, start, f"{name} = "),), node.lineno, title, 1 / (1 + rank))


def _is_changeable(scope: Scope, node: ast.stmt, name: str) -> bool:
    return "." in name or name in scope.assigned(node)


def _method_span(target: Target, function: ast.Attribute, new: str) -> Span:
    _, end = target.source.span(function)
    return Span(end - len(function.attr.encode()), end, new)


def _assigned(target: Target, node: ast.Expr, left: ast.expr) -> Iterator[Rewrite]:
    """`x == 1` as a statement was meant to be `x = 1`."""
    compare = node.value
    if isinstance(compare, ast.Compare):
        new = f"{target.text(left)} = {alone(target, compare.comparators[0])}"
        if not isinstance(left, ast.Name) or left.id not in nonlocal_names(target):
            yield Rewrite((replaced(target, compare, new),), node.lineno, f"Assign: `{new}`", 1.0)
