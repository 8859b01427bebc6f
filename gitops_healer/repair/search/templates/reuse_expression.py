"""What is meant stands elsewhere in the code already."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._calls import readable_at
from gitops_healer.repair.search.templates._places import alike, change, conditions, one_line, short
from gitops_healer.repair.search.types import Types, fits, type_of

_WHOLE = (
    ast.Call,
    ast.BinOp,
    ast.Subscript,
    ast.Attribute,
    ast.Compare,
    ast.BoolOp,
    ast.Tuple,
    ast.ListComp,
    ast.IfExp,
)
_AT_A_PLACE = 6


@repair_template(
    prior=0.015,
    examples=(
        Example(
            "def f(xs, i):\n    a = g(xs[i + 1])\n    return a + g(xs[i])\n",
            "def f(xs, i):\n    a = g(xs[i + 1])\n    return a + g(xs[i + 1])\n",
        ),
        Example(
            "def f(a, b):\n    if a.to(b) > 1:\n        return b\n    return a\n",
            "def f(a, b):\n    if a.to(b) > 1:\n        return b\n    return a.to(b)\n",
        ),
        Example(
            "def f(a, b):\n    while a[0] < b:\n        a = h(a)\n    if b:\n        return a\n",
            "def f(a, b):\n    while a[0] < b:\n        a = h(a)\n    if a[0] < b:\n        return a\n",
        ),
    ),
)
def reuse_expression(target: Target) -> Iterator[Rewrite]:
    """Use an expression of the function or the module in the place of another one of a fitting type."""
    own = _own(target)
    deciding = frozenset(conditions(target))
    for node in target.places:
        if _is_slot(target, node):
            found: dict[str, float] = {}
            for text, weight in (*_grown(target, node, own), *_instead(target, node, own, node in deciding)):
                found[text] = max(found.get(text, 0.0), weight)
            best = sorted(found.items(), key=lambda pair: -pair[1])[:_AT_A_PLACE]
            for rank, (text, weight) in enumerate(best):
                title = f"Use {short(text)} instead of {short(target.text(node))}"
                yield from change(target, node, text, title, weight / (1 + rank / 4))


def _own(target: Target) -> dict[str, tuple[ast.expr, Types]]:
    """Expressions of the target by their texts."""
    found = [
        n for n in target.places if isinstance(n, _WHOLE) and one_line(target.text(n)) and not _is_callee(target, n)
    ]
    return {target.text(node): (node, type_of(target, node)) for node in found}


def _is_callee(target: Target, node: ast.expr) -> bool:
    parent = target.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _is_slot(target: Target, node: ast.expr) -> bool:
    """Whether an expression stands where any other could."""
    if isinstance(node, ast.Constant | ast.Slice | ast.Lambda | ast.JoinedStr) or _is_callee(target, node):
        return False
    return not isinstance(target.parent(node), ast.Starred | ast.Expr | ast.Await | ast.FormattedValue | ast.withitem)


def _grown(target: Target, node: ast.expr, own: dict[str, tuple[ast.expr, Types]]) -> Iterator[tuple[str, float]]:
    """Expressions elsewhere that hold this one as a part: `x` -> `x.to(unit)`."""
    text = target.text(node)
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        above = target.text(parent) if isinstance(parent := target.parent(node), ast.expr) else ""
        for other, (expr, _) in own.items():
            if other not in (text, above) and _holds(expr, text):
                yield other, 0.5
        for other, _ in target.ingredients.calls[:400]:
            parsed = readable_at(target, node, other) if text in other and other not in own else None
            if parsed is not None and _holds(parsed, text):
                yield other, 0.35


def _holds(expr: ast.expr, text: str) -> bool:
    """Whether a text is an argument, an operand or the object of an expression."""
    parts = list(ast.iter_child_nodes(expr))
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
        parts.append(expr.func.value)
    return any(isinstance(part, ast.expr) and ast.unparse(part) == text for part in parts)


def _instead(
    target: Target, node: ast.expr, own: dict[str, tuple[ast.expr, Types]], decides: bool
) -> Iterator[tuple[str, float]]:
    """Expressions of the same form and a fitting type; for conditions, other conditions."""
    text, types = target.text(node), type_of(target, node)
    inner = set(target.inner_names(node))
    for other, (expr, kind) in own.items():
        if other == text or text in other or not _readable(target, expr, node, inner):
            continue
        same = type(expr) is type(node)
        known = bool(kind and types and fits(kind, types))
        if same or known:
            yield other, (0.25 if same and known else 0.15) * (0.5 + alike(other, text))
    if decides:
        for other, _ in target.ingredients.conditions[:200]:
            if other != text and readable_at(target, node, other) is not None:
                yield other, 0.12


def _readable(target: Target, expr: ast.expr, node: ast.expr, inner: set[str]) -> bool:
    """Whether what comprehensions bind around an expression is bound at the other place too."""
    bound = set(target.inner_names(expr))
    return all(n.id not in bound or n.id in inner for n in ast.walk(expr) if isinstance(n, ast.Name))
