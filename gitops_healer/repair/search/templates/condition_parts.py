"""A condition has a part too many or too few."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.edits import parenthesised, tightness
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._conditions import atoms
from gitops_healer.repair.search.templates._places import (
    AND,
    OR,
    beside,
    can_stand,
    change,
    conditions,
    in_fstring,
    short,
)
from gitops_healer.repair.search.types import surely, type_of


@repair_template(
    prior=0.054,
    examples=(
        Example("def f(a, b):\n    return a and b\n", "def f(a, b):\n    return a\n"),
        Example("def f(a, b, c):\n    return a or b or c\n", "def f(a, b, c):\n    return a or c\n"),
        Example(
            "def f(a, b):\n    if a > b:  # kept\n        return 1\n",
            "def f(a, b):\n    if a and a > b:  # kept\n        return 1\n",
        ),
        Example(
            "def f(xs, seen: set):\n    for x in xs:\n        if x > 1:\n            seen.add(x)\n",
            "def f(xs, seen: set):\n    for x in xs:\n        if x > 1 and x not in seen:\n            seen.add(x)\n",
        ),
        Example(
            "def f(a, b):\n    while a[0] or a[1]:\n        a.pop()\n    return not b or a is b\n",
            "def f(a, b):\n    while a and (a[0] or a[1]):\n        a.pop()\n    return not b or a is b\n",
        ),
    ),
)
def condition_parts(target: Target) -> Iterator[Rewrite]:
    """Drop a part of a condition, or add one: `a and b` -> `a`, `x > y` -> `x > y and x not in seen`."""
    for node in target.places:
        if isinstance(node, ast.BoolOp):
            yield from _without(target, node)
    for node in dict.fromkeys([*conditions(target), *_answers(target)]):
        if not in_fstring(target, node):
            yield from _with(target, node)


def _answers(target: Target) -> Iterator[ast.expr]:
    """Truth values that are returned."""
    for statement in target.statements:
        if isinstance(statement, ast.Return) and statement.value is not None:
            value = statement.value
            if isinstance(value, ast.Compare | ast.BoolOp) or surely(type_of(target, value), "bool"):
                yield value


def _without(target: Target, node: ast.BoolOp) -> Iterator[Rewrite]:
    word, least, caution = (
        (" and ", AND + 1, "widens a condition") if isinstance(node.op, ast.And) else (" or ", OR + 1, "")
    )
    for number, value in enumerate(node.values):
        kept = node.values[:number] + node.values[number + 1 :]
        text = target.text(kept[0]) if len(kept) == 1 else word.join(beside(target, one, least) for one in kept)
        title = f"Drop {short(target.text(value))} from the condition"
        yield from change(target, node, text, title, 0.8, caution)


def _with(target: Target, node: ast.expr) -> Iterator[Rewrite]:
    """The part before or behind, joined by `and` or `or`; in front, what makes the rest safe to ask."""
    present = {target.text(one) for one in (node, *getattr(node, "values", ()))}
    for text, weight in atoms(target, node):
        if text in present or not can_stand(target, node, text):
            continue
        atom = ast.parse(text, mode="eval").body
        front = 0.7 if _guards(atom, node) else 0.3
        for word, least, share in (("and", AND, 0.7), ("or", OR, 0.5)):
            part = text if tightness(atom) >= least else parenthesised(text)
            title = f"Ask for {short(text)} as well" if word == "and" else f"Let {short(text)} be enough"
            caution = "" if word == "and" else "widens a condition"
            for before, place in ((True, front), (False, 1 - front)):
                spans = _joined(target, node, word, least, part, before)
                yield Rewrite(spans, node.lineno, title, share * weight * place, caution)


def _guards(atom: ast.expr, node: ast.expr) -> bool:
    """Whether a part asks about what the rest uses: `x` before `x[0]`, `x is not None` before `x.y`."""
    asked = {ast.unparse(n) for n in ast.walk(atom) if isinstance(n, ast.Name | ast.Attribute)}
    used = (n for n in ast.walk(node) if isinstance(n, ast.Subscript | ast.Attribute | ast.Call | ast.Compare))
    return any(ast.unparse(child) in asked for n in used for child in ast.iter_child_nodes(n))


def _joined(target: Target, node: ast.expr, word: str, least: int, part: str, before: bool) -> tuple[Span, ...]:
    """Insertions around a condition that leave its own text alone."""
    start, end = target.source.span(node)
    opened, closed = ("(", ")") if tightness(node) < least else ("", "")
    first = f"{part} {word} {opened}" if before else opened
    tail = " " if target.source.data[end : end + 1].isalpha() else ""
    last = closed if before else f"{closed} {word} {part}{tail}"
    return tuple(Span(at, at, new) for at, new in ((start, first), (end, last)) if new)
