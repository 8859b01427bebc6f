"""A case is not told apart, or nothing is done in the other one."""

import ast
from collections.abc import Iterator, Mapping
from functools import partial

from gitops_healer.repair.search.blocks import (
    Draft,
    by_size,
    chain_of,
    function_of,
    is_generator,
    loop_of,
    may_leave,
    stands_alone,
    written,
)  # fmt: skip
from gitops_healer.repair.search.conditions import conditions, opposite, results
from gitops_healer.repair.search.edits import indent_of, unit_of
from gitops_healer.repair.search.scope import Scope, renamed, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.variants import updates, variants

_MOST = 300
_EACH = 14  # for each statement of the function
_ASKED, _DONE = 12, 8  # conditions and statements of which new `elif`s are made
_MIRROR: dict[type[ast.cmpop], str] = {ast.Lt: ">", ast.Gt: "<", ast.LtE: ">=", ast.GtE: "<="}
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Break, ast.Continue)


@repair_template(
    prior=0.014,
    examples=(
        Example(
            "def f(xs):\n    up = down = 0\n    for x in xs:\n        if x > 0:\n"
            "            up += 1  # one\n    return up, down\n",
            "def f(xs):\n    up = down = 0\n    for x in xs:\n        if x > 0:\n            up += 1  # one\n"
            "        else:\n            down += 1\n    return up, down\n",
        ),
        Example(
            "def f(x):\n    if x > 0:\n        return 1\n    return 0\n",
            "def f(x):\n    if x > 0:\n        return 1\n    elif x < 0:\n        return -1\n    return 0\n",
        ),
        Example(
            "def f(a, b):\n    i = 0\n    while i < 9:\n        if a[i]:\n            b += 1\n    return b\n",
            "def f(a, b):\n    i = 0\n    while i < 9:\n        if a[i]:\n            b += 1\n"
            "        else:\n            i += 1\n    return b\n",
        ),
    ),
)
def missing_branch(target: Target) -> Iterator[Rewrite]:
    """Add an `else` or `elif` that does something like the branch before it, or an update that is missing."""
    yield from written(target, _branches(target), by_size(target, _EACH, _MOST))


def _branches(target: Target) -> Iterator[Draft]:
    scope = scope_of(target)
    for node in target.statements:
        if not isinstance(node, ast.If) or not stands_alone(target, node):
            continue
        last = chain_of(target, node)[-1]
        actions = dict(sorted(_actions(target, node, last).items(), key=lambda one: -one[1]))
        if not last.orelse:
            for text, weight in actions.items():
                yield Draft(weight, node.lineno, partial(_added, target, node, last, "else", text, weight))
        asked = sorted(_asked(target, scope, node, last).items(), key=lambda one: -one[1])[:_ASKED]
        for condition, weight in asked:
            for text, fit in list(actions.items())[:_DONE]:
                rank = 0.6 * weight * fit
                yield Draft(rank, node.lineno, partial(_added, target, node, last, f"elif {condition}", text, rank))


def _added(target: Target, node: ast.If, last: ast.If, head: str, text: str, weight: float) -> Rewrite:
    newline, indent, unit = target.source.newline_at(node.lineno), indent_of(target, node), unit_of(target)
    end = last.body[-1].end_lineno or last.lineno
    at = target.source.starts[end - 1] + len(target.source.lines[end - 1])
    ended = target.source.data[:at].endswith((b"\n", b"\r"))
    body = newline.join(indent + unit + line for line in text.split("\n"))
    new = f"{indent}{head}:{newline}{body}"
    spans = (Span(at, at, new + newline if ended else newline + new),)
    return Rewrite(spans, node.lineno, f"Add `{head}: {text.splitlines()[0]}`", weight)


def _actions(target: Target, node: ast.If, last: ast.If) -> Mapping[str, float]:
    """What a new branch may do, with weights: first what the branch before does, with one thing changed."""
    found: dict[str, float] = {}
    for statement in dict.fromkeys((last.body[-1], last.body[0], node.body[-1], *last.orelse[-1:])):
        if isinstance(statement, _SIMPLE) and "\n" not in (text := target.text(statement)) and "\r" not in text:
            found.setdefault(text, 0.5)
            for weight, variant in variants(target, statement):
                found[variant] = max(weight, found.get(variant, 0.0))
    for text, weight in updates(target, node).items():
        found[text] = max(min(1.0, 0.8 * weight), found.get(text, 0.0))
    return found | _ways_out(target, node)


def _ways_out(target: Target, node: ast.If) -> dict[str, float]:
    if not may_leave(target, node):
        return {}
    found = {"continue": 0.4, "break": 0.6} if loop_of(target, node) is not None else {}
    function = function_of(target, node)
    if function is not None and not is_generator(function):
        fit = 0.9 if any(isinstance(one, ast.Return) for one in node.body) else 0.4
        found |= {f"return {value}".rstrip(): fit * weight for value, weight in results(target, node).items()}
    return found


def _asked(target: Target, scope: Scope, node: ast.If, last: ast.If) -> Mapping[str, float]:
    """Conditions of a new `elif`: the mirrored one, the same of another variable, others that can be asked here."""
    text = target.text(last.test)
    found = {one: weight for one, weight in conditions(target, node).items() if one != text}
    if "\n" in text or "\r" in text:
        return found
    match last.test:
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _MIRROR:
            found[f"{target.text(left)} {_MIRROR[type(operator)]} {target.text(right)}"] = 1.0
    visible = [name for name in scope.visible(node) if "." not in name and name not in ("self", "cls")]
    for name in [n.id for n in ast.walk(last.test) if isinstance(n, ast.Name) and n.id in visible]:
        for rank, other in enumerate([one for one in visible if one != name][:4]):
            found.setdefault(renamed(text, name, other), 0.7 / (1 + 0.3 * rank))
    found.pop(opposite(target, last.test), None)
    return found
