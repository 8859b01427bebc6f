"""A calculation lacks an operand, or has one too many."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import ADD, MULTIPLY, beside, change, others_for, short
from gitops_healer.repair.search.types import NUMBERS, Types, surely, type_of

_LISTS = ("list", "tuple", "str", "bytes")


@repair_template(
    prior=0.046,
    examples=(
        Example("def f(a, b):\n    return a + b  # kept\n", "def f(a, b):\n    return a  # kept\n"),
        Example("def f(a, b):\n    return a * b\n", "def f(a, b):\n    return b\n"),
        Example("def f(a: int, b: int):\n    return a\n", "def f(a: int, b: int):\n    return a + b\n"),
        Example("def f(a: int, b: int):\n    return g(a, b)\n", "def f(a: int, b: int):\n    return g(a - b, b)\n"),
        Example("def f(a: int):\n    return a\n", "def f(a: int):\n    return -a\n"),
        Example("def f(a: int):\n    return a + 1\n", "def f(a: int):\n    return (a + 1) // 2\n"),
        Example("def f(a: list, b: list):\n    return a\n", "def f(a: list, b: list):\n    return a + b\n"),
        Example("def f(a: list, b: int):\n    return a\n", "def f(a: list, b: int):\n    return a + [b]\n"),
    ),
)
def operand(target: Target) -> Iterator[Rewrite]:
    """Drop an operand or add a variable as one: `a + b` -> `a`, `a` -> `a + b`, `xs` -> `xs + [x]`."""
    for node in target.places:
        if isinstance(node, ast.BinOp):
            yield from _dropped(target, node)
        weight = _weight(target, node)
        if weight:
            yield from _added(target, node, weight)
        if isinstance(target.parent(node), ast.Lambda) or _in_lambda_key(target, node):
            text = f"-{beside(target, node, 13)}"
            yield from change(target, node, text, f"Use {short(text)} instead of {short(target.text(node))}", 0.4)
        if isinstance(node, ast.Lambda) and len(node.args.args) == 1 and not isinstance(node.body, ast.Tuple):
            text = f"({beside(target, node.body, 1)}, {node.args.args[0].arg})"
            yield from change(target, node.body, text, f"Order equal ones too: {short(text)}", 0.3)
    for statement in target.statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            yield from _accumulated(target, statement.targets[0], statement.value)


def _in_lambda_key(target: Target, node: ast.expr) -> bool:
    """Whether an expression is a part of what a lambda sorts by."""
    parent = target.parent(node)
    number = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
    return number and isinstance(parent, ast.Tuple) and isinstance(target.parent(parent), ast.Lambda)


def _accumulated(target: Target, place: ast.expr, value: ast.expr) -> Iterator[Rewrite]:
    """`best = x` -> `best = max(best, x)`, `best + x`, and so on."""
    types = type_of(target, value)
    if isinstance(place, ast.Tuple | ast.List | ast.Starred) or isinstance(value, ast.Constant):
        return
    if types and not surely(types, *NUMBERS, *_LISTS):
        return
    now, known = target.text(place), 1.0 if types else 0.4
    if any(ast.unparse(n) == now for n in ast.walk(value) if isinstance(n, ast.expr)):
        return
    text, inside = beside(target, value, ADD + 1), beside(target, value, 1)
    forms = ((f"max({now}, {inside})", 0.6), (f"min({now}, {inside})", 0.5), (f"{now} + {text}", 0.6))
    for form, share in (*forms, (f"{now} - {text}", 0.3), (f"{now} * {text}", 0.2), (f"{now} or {inside}", 0.2)):
        yield from change(target, value, form, f"Keep what is there: {short(form)}", 0.6 * known * share)


def _dropped(target: Target, node: ast.BinOp) -> Iterator[Rewrite]:
    for kept, share in ((node.left, 0.9), (node.right, 0.6)):
        text = target.text(kept)
        likely = share * (0.2 if isinstance(kept, ast.Constant) else 1.0)
        yield from change(target, node, text, f"Use {short(text)} instead of {short(target.text(node))}", likely)


def _weight(target: Target, node: ast.expr) -> float:
    """How likely an operand is missing beside an expression; 0 where none can be."""
    if isinstance(node, ast.Constant | ast.Compare | ast.BoolOp | ast.Slice | ast.Lambda | ast.IfExp | ast.Starred):
        return 0.0
    parent = target.parent(node)
    match parent:
        case ast.Return() | ast.Assign() | ast.AugAssign() | ast.Yield() | ast.Subscript() | ast.Slice():
            return 0.0 if isinstance(parent, ast.Subscript) and node is parent.value else 1.0
        case ast.Call() | ast.keyword():
            return 0.0 if isinstance(parent, ast.Call) and node is parent.func else 0.7
        case ast.Compare():
            return 0.6
        case ast.BinOp() | ast.Tuple() | ast.List() | ast.Dict() | ast.ListComp() | ast.GeneratorExp():
            return 0.4
        case _:
            return 0.0


def _added(target: Target, node: ast.expr, weight: float) -> Iterator[Rewrite]:
    types = type_of(target, node)
    for rank, (new, share) in enumerate(_longer(target, node, types)):
        title = f"Use {short(new)} instead of {short(target.text(node))}"
        yield from change(target, node, new, title, weight * share * 0.6 / (1 + rank / 8))


def _separators(target: Target) -> list[str]:
    """Short strings of the module that are no words."""
    found = [text for text in target.ingredients.constants if text[:1] in "\"'" and 2 < len(text) <= 4]
    return [text for text in found if not any(letter.isalnum() for letter in text) and "\\" not in text]


def _longer(target: Target, node: ast.expr, types: Types) -> Iterator[tuple[str, float]]:
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    added, multiplied = beside(target, node, ADD), beside(target, node, MULTIPLY)
    if surely(types, *NUMBERS):
        names = [
            (n, w) for n, w in others_for(target, node, 6, ("int", "float", "Decimal", "Fraction")) if n not in used
        ]
        for name, near in names:
            yield from ((f"{added} {sign} {name}", near * share) for sign, share in (("+", 1.0), ("-", 1.0)))
            yield from ((f"{multiplied} {sign} {name}", near * share) for sign, share in (("*", 0.7), ("%", 0.3)))
            yield from ((f"{multiplied} {sign} {name}", near * share) for sign, share in (("//", 0.25), ("/", 0.25)))
            yield f"{name} - {multiplied}", near * 0.5
        for name, near in others_for(target, node, 2, ("list", "str", "tuple", "dict", "set", "deque")):
            yield f"{added} + len({name})", near * 0.4
            yield f"len({name}) - {multiplied}", near * 0.3
            yield f"{multiplied} % len({name})", near * 0.3
        yield from ((f"-{beside(target, node, 13)}", 0.6), (f"{multiplied} // 2", 0.3), (f"{multiplied} * 2", 0.3))
        yield from ((f"1 - {multiplied}", 0.2), (f"{multiplied} / 100", 0.15), (f"{multiplied} * 100", 0.15))
    elif surely(types, *_LISTS) and (kinds := tuple(one.partition("[")[0] for one in types if one != "NoneType")):
        for name, near in others_for(target, node, 4, kinds):
            yield f"{added} + {name}", near
            yield f"{name} + {added}", near * 0.8
        if kinds == ("str",):
            yield from ((f"{added} + {text}", 0.3) for text in _separators(target)[:4])
        if kinds == ("list",):
            for name, near in others_for(target, node, 3, ("int", "str", "float", "tuple", "dict")):
                yield f"{added} + [{name}]", near * 0.7
                yield f"[{name}] + {added}", near * 0.6
