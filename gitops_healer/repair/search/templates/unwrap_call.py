"""A call, a conversion or an `await` is superfluous."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._calls import BUILTINS
from gitops_healer.repair.search.templates._places import change, short

_PURE = BUILTINS - {"len", "range", "print", "open", "input", "isinstance", "super", "next", "type", "getattr", "zip"}


@repair_template(
    prior=0.033,
    examples=(
        Example("def f(x):\n    return sorted(x)  # kept\n", "def f(x):\n    return x  # kept\n"),
        Example("def f(x):\n    return x.strip().lower()\n", "def f(x):\n    return x.lower()\n"),
        Example("def f(x):\n    return x.strip().lower()\n", "def f(x):\n    return x.strip()\n"),
        Example("def f(x, y):\n    return max(x, y) + 1\n", "def f(x, y):\n    return y + 1\n"),
        Example("async def f(x):\n    return await x\n", "async def f(x):\n    return x\n"),
        Example("def f(x):\n    return -x\n", "def f(x):\n    return x\n"),
        Example(
            "class A:\n    def f(self):\n        return self.g()\n",
            "class A:\n    def f(self):\n        return self.g\n",
        ),
    ),
)
def unwrap_call(target: Target) -> Iterator[Rewrite]:
    """Drop a call and keep what it is given, or its object: `sorted(xs)` -> `xs`, `text.lower()` -> `text`."""
    for node in target.places:
        match node:
            case ast.Call():
                yield from _of_call(target, node)
            case ast.Await(value=inner):
                yield from change(target, node, target.text(inner), f"Do not await {short(target.text(inner))}", 0.3)
            case ast.UnaryOp(op=ast.USub() | ast.Invert(), operand=inner) if not isinstance(inner, ast.Constant):
                yield from change(
                    target, node, target.text(inner), f"Drop the sign of {short(target.text(inner))}", 0.7
                )


def _of_call(target: Target, call: ast.Call) -> Iterator[Rewrite]:
    if isinstance(target.parent(call), ast.Expr | ast.Await):
        return
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    weight = 0.9 if name in _PURE else 0.4
    for number, argument in enumerate(call.args):
        if not isinstance(argument, ast.Starred | ast.Constant | ast.Lambda):
            text = target.text(argument)
            share = weight if len(call.args) == 1 else weight * 0.6
            title = f"Use {short(text)} instead of {short(target.text(call))}"
            yield from change(target, call, text, title, share / (1 + number / 2))
    if isinstance(call.func, ast.Attribute):
        yield from _of_method(target, call, call.func)


def _of_method(target: Target, call: ast.Call, method: ast.Attribute) -> Iterator[Rewrite]:
    receiver = target.text(method.value)
    module = isinstance(method.value, ast.Name) and method.value.id not in target.locals
    if not module or receiver in target.inner_names(call):
        weight = 0.2 if receiver in ("self", "cls") else 0.8
        yield from change(target, call, receiver, f"Drop the call of {short('.' + method.attr)}", weight)
        inner = method.value
        while isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            inner = inner.func.value
            if not isinstance(inner, ast.Name) or inner.id in target.locals:
                yield from change(target, call, target.text(inner), f"Use {short(target.text(inner))} as it is", 0.3)
    if not call.args and not call.keywords:
        text = target.text(method)
        yield from change(target, call, text, f"Do not call {short(text)}", 0.3)
