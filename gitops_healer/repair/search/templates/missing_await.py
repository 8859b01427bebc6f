"""A coroutine is made and not awaited."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._calls import callee_of
from gitops_healer.repair.search.templates._places import change, functions_of_module, short

_COROUTINES = frozenset(
    "asyncio.sleep asyncio.gather asyncio.wait asyncio.wait_for asyncio.to_thread asyncio.open_connection".split()
)
_METHODS = frozenset("acquire drain wait join put get wait_closed __aenter__ aclose fetch execute read commit".split())


@repair_template(
    prior=0.166,
    examples=(
        Example(
            "async def g(x):\n    return x\n\nasync def f(x):\n    return g(x) + 1\n",
            "async def g(x):\n    return x\n\nasync def f(x):\n    return await g(x) + 1\n",
        ),
        Example(
            "async def g(x):\n    return x\n\nasync def f(x):\n    return g(x)[0]\n",
            "async def g(x):\n    return x\n\nasync def f(x):\n    return (await g(x))[0]\n",
        ),
        Example("async def f(queue):\n    queue.put(1)\n", "async def f(queue):\n    await queue.put(1)\n"),
    ),
)
def missing_await(target: Target) -> Iterator[Rewrite]:
    """Await what an async function gives: `g(x)` -> `await g(x)`."""
    for node in target.places:
        if isinstance(node, ast.expr) and not isinstance(target.parent(node), ast.Await) and _in_async(target, node):
            weight = _likely(target, node)
            if weight:
                text = target.text(node)
                yield from change(target, node, f"await {text}", f"Await {short(text)}", weight)


def _in_async(target: Target, node: ast.AST) -> bool:
    """Whether the innermost function around a node is async."""
    for above in target.source.above(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return isinstance(above, ast.AsyncFunctionDef)
    return False


def _likely(target: Target, node: ast.expr) -> float:
    if isinstance(node, ast.Name):  # a task or a coroutine in a variable
        return 0.15 if node.id in target.locals and isinstance(target.parent(node), ast.Return | ast.Assign) else 0.0
    if not isinstance(node, ast.Call):
        return 0.0
    callee = callee_of(node)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else callee
    function = functions_of_module(target).get(callee)
    if function is not None:
        return 1.0 if isinstance(function, ast.AsyncFunctionDef) else 0.0
    if callee in _COROUTINES or name in _async_methods(target):
        return 1.0
    statement = isinstance(target.parent(node), ast.Expr)
    return (0.8 if statement else 0.5) if name in _METHODS and isinstance(node.func, ast.Attribute) else 0.1


def _async_methods(target: Target) -> frozenset[str]:
    return frozenset(n.name for n in ast.walk(target.source.tree) if isinstance(n, ast.AsyncFunctionDef))
