"""A value is given out in the wrong way: yielded, returned, appended."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import alone, function_of, is_generator
from gitops_healer.repair.search.edits import replaced
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template


@repair_template(
    prior=0.027,
    examples=(
        Example(
            "def f(t):\n    for x in t:\n        if x:\n            yield f(x)\n",
            "def f(t):\n    for x in t:\n        if x:\n            yield from f(x)\n",
        ),
        Example("def f(t):\n    for x in t:\n        return x\n", "def f(t):\n    for x in t:\n        yield x\n"),
        Example(
            "def f(t):\n    for x in t:\n        yield x\n        f(t)\n",
            "def f(t):\n    for x in t:\n        yield x\n        yield from f(t)\n",
        ),
        Example(
            "def f(t):\n    out = []\n    for x in t:\n        out.append(f(x))\n    return out\n",
            "def f(t):\n    out = []\n    for x in t:\n        out.extend(f(x))\n    return out\n",
        ),
        Example(
            "def f(t):\n    out = []\n    for x in t:\n        return x\n    return out\n",
            "def f(t):\n    out = []\n    for x in t:\n        out.append(x)\n    return out\n",
        ),
    ),
)
def yield_form(target: Target) -> Iterator[Rewrite]:
    """Give a value out in another way: `yield from` for `yield`, `yield` for `return`, `extend` for `append`."""
    lists = _lists(target)
    for node in target.statements:
        function = function_of(target, node)
        if function is None:
            continue
        generator, plain = is_generator(function), isinstance(function, ast.FunctionDef)
        match node:
            case ast.Expr(value=ast.Yield(value=ast.expr() as value)):
                yield from _yielded(target, node, value, plain)
            case ast.Expr(value=ast.YieldFrom(value=value)):
                yield _given(target, node, f"yield {_item(target, value)}", 1.0)
                yield _given(target, node, f"return {alone(target, value)}", 0.3)
            case ast.Return(value=ast.expr() as value) if generator or not _has_other_returns(function, node):
                yield _given(target, node, f"yield {_item(target, value)}", 0.8 if generator else 0.5)
                if plain and not isinstance(value, ast.Tuple | ast.NamedExpr):
                    yield _given(target, node, f"yield from {alone(target, value)}", 0.8 if generator else 0.3)
            case ast.Expr(value=ast.Call() as call) if generator:
                yield _given(target, node, f"yield {alone(target, call)}", 0.6)
                if plain:
                    yield _given(target, node, f"yield from {alone(target, call)}", 0.9)
        if isinstance(node, ast.Return) and node.value is not None and not generator:
            yield from _gathered(target, node, node.value, lists)
        yield from _appended(target, node)


def _yielded(target: Target, node: ast.stmt, value: ast.expr, plain: bool) -> Iterator[Rewrite]:
    if plain and not isinstance(value, ast.Tuple):
        yield _given(target, node, f"yield from {alone(target, value)}", 1.0)
    if plain:
        yield _given(target, node, f"return {alone(target, value)}", 0.3)


def _given(target: Target, node: ast.stmt, new: str, weight: float) -> Rewrite:
    return Rewrite((replaced(target, node, new),), node.lineno, f"Write `{new.splitlines()[0]}`", weight)


def _item(target: Target, value: ast.expr) -> str:
    text = alone(target, value)
    return f"({text})" if isinstance(value, ast.Starred | ast.NamedExpr) and not text.startswith("(") else text


def _has_other_returns(function: ast.AST, node: ast.Return) -> bool:
    """Whether the function gives back values in other places, so that it is no generator in disguise."""
    return any(isinstance(n, ast.Return) and n is not node and n.value is not None for n in ast.walk(function))


def _lists(target: Target) -> list[str]:
    """Variables that start as an empty list."""
    return [
        n.targets[0].id
        for n in target.statements
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and isinstance(n.value, ast.List)
    ]


def _gathered(target: Target, node: ast.Return, value: ast.expr, lists: list[str]) -> Iterator[Rewrite]:
    if isinstance(value, ast.Starred | ast.NamedExpr) or not isinstance(target.parent(node), ast.stmt):
        return
    text = f"({alone(target, value)})" if isinstance(value, ast.Tuple) else alone(target, value)
    text = text.removeprefix("(").removesuffix(")") if text.startswith("((") and text.endswith("))") else text
    for name in lists:
        if name != text and not isinstance(target.parent(node), ast.FunctionDef | ast.AsyncFunctionDef):
            yield _given(target, node, f"{name}.append({text})", 0.4)


def _appended(target: Target, node: ast.stmt) -> Iterator[Rewrite]:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="append"), args=[value], keywords=[])):
            forms = (
                f"{target.text(owner)}.extend({alone(target, value)})",
                f"{target.text(owner)} += {alone(target, value)}",
            )
            yield _given(target, node, forms[0], 0.8)
            if isinstance(owner, ast.Name):
                yield _given(target, node, f"{owner.id}.insert(0, {alone(target, value)})", 0.5)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="extend"), args=[value], keywords=[])):
            if not isinstance(value, ast.GeneratorExp):
                yield _given(target, node, f"{target.text(owner)}.append({alone(target, value)})", 0.8)
