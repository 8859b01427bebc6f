"""A truth value is the opposite of what is meant."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import NOT, beside, change, conditions, short
from gitops_healer.repair.search.types import surely, type_of


@repair_template(
    prior=0.108,
    examples=(
        Example("def f(a):\n    if a:\n        return 1\n", "def f(a):\n    if not a:\n        return 1\n"),
        Example("def f(a):\n    return not a.ready()\n", "def f(a):\n    return a.ready()\n"),
        Example(
            "def f(a, b):\n    if a and b:\n        return 1\n", "def f(a, b):\n    if a and not b:\n        return 1\n"
        ),
        Example(
            "def f(a):\n    while a > 1 and a < 5:\n        a += 1\n",
            "def f(a):\n    while not (a > 1 and a < 5):\n        a += 1\n",
        ),
    ),
)
def negation(target: Target) -> Iterator[Rewrite]:
    """Negate a condition, or drop its `not`."""
    deciding = frozenset(conditions(target))
    for node in target.places:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = node.operand
            yield from change(target, node, target.text(inner), f"Drop the `not` before {short(target.text(inner))}")
        elif weight := _doubtful(target, node, deciding):
            text = f"not {beside(target, node, NOT)}"
            yield from change(target, node, text, f"Negate {short(target.text(node))}", weight)


def _doubtful(target: Target, node: ast.expr, deciding: frozenset[ast.expr]) -> float:
    """How likely it is that a value should be negated; 0 where another template turns it round, or where it is no
    truth value."""
    parent = target.parent(node)
    if isinstance(node, ast.Constant) or (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)):
        return 0.0
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return 0.0
    if node in deciding:
        return 0.8
    if isinstance(parent, ast.GeneratorExp | ast.ListComp) and node is parent.elt:
        above = target.parent(parent)
        counted = isinstance(above, ast.Call) and ast.unparse(above.func) in ("sum", "any", "all")
        return 0.4 if counted else 0.0
    if isinstance(parent, ast.BoolOp):
        return 0.5 if surely(type_of(target, node), "bool") or _decides(target, parent, deciding) else 0.1
    return 0.4 if surely(type_of(target, node), "bool") and not isinstance(parent, ast.Compare) else 0.0


def _decides(target: Target, node: ast.expr, deciding: frozenset[ast.expr]) -> bool:
    """Whether an expression is a condition or a part of one."""
    above: ast.AST = node
    while isinstance(above, ast.BoolOp | ast.UnaryOp):
        if above in deciding:
            return True
        above = target.parent(above)
    return False
