"""A loop changes what it goes over."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.edits import replaced
from gitops_healer.repair.search.scope import UNKNOWN, name_of, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_CHANGES = frozenset(
    {
        "append",
        "remove",
        "pop",
        "insert",
        "extend",
        "add",
        "discard",
        "clear",
        "popitem",
        "update",
        "setdefault",
        "sort",
    }
)


@repair_template(
    prior=0.063,
    examples=(
        Example(
            "def f(xs):\n    for x in xs:\n        if x:\n            xs.remove(x)\n    return xs\n",
            "def f(xs):\n    for x in list(xs):\n        if x:\n            xs.remove(x)\n    return xs\n",
        ),
        Example(
            "def f(d):\n    for k, v in d.items():\n        if v:\n            del d[k]\n",
            "def f(d):\n    for k, v in list(d.items()):\n        if v:\n            del d[k]\n",
        ),
    ),
)
def loop_mutation(target: Target) -> Iterator[Rewrite]:
    """Loop over a copy, where the loop may change what it goes over: `for x in list(xs)`."""
    scope = scope_of(target)
    for node in target.statements:
        if not isinstance(node, ast.For):
            continue
        now, base = target.text(node.iter), _base(node.iter)
        if not isinstance(node.iter, ast.Name | ast.Attribute | ast.Subscript | ast.Call) or not base:
            continue
        weight = 1.0 if _is_changed(node, base) else 0.2
        kinds = scope.visible(node).get(name_of(node.iter), UNKNOWN)
        for rank, new in enumerate(_copies(node.iter, now, kinds)):
            spans = (replaced(target, node.iter, new),)
            yield Rewrite(spans, node.lineno, f"Loop over a copy, {new}", weight / (1 + 0.3 * rank))


def _copies(iterable: ast.expr, text: str, kinds: frozenset[str]) -> Iterator[str]:
    yield f"list({text})"
    if not isinstance(iterable, ast.Call) and not kinds & {"dict", "set"}:
        yield f"{text}[:]"
        yield f"reversed({text})"


def _base(iterable: ast.expr) -> str:
    """The variable that is gone over, also through `.items()`, `enumerate(…)` and the like."""
    match iterable:
        case ast.Call(func=ast.Attribute(value=owner), args=[]):
            return name_of(owner)
        case ast.Call(func=ast.Name(id="enumerate" | "reversed"), args=[inner, *_]):
            return _base(inner)
    return ast.unparse(iterable) if isinstance(iterable, ast.Name | ast.Attribute | ast.Subscript) else ""


def _is_changed(loop: ast.For, base: str) -> bool:
    for node in (n for one in loop.body for n in ast.walk(one)):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _CHANGES:
                if ast.unparse(owner) == base:
                    return True
            case ast.Subscript(value=owner, ctx=ast.Del() | ast.Store()) if ast.unparse(owner) == base:
                return True
            case ast.Call(args=args) if any(ast.unparse(one) == base for one in args):
                return True
    return False
