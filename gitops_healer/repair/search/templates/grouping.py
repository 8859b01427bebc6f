"""Things are done in the wrong order or grouped in the wrong way."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.edits import tightness
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import beside, change, short


@repair_template(
    prior=0.068,
    examples=(
        Example("def f(a, b, c):\n    return a - b * c\n", "def f(a, b, c):\n    return (a - b) * c\n"),
        Example("def f(a, b, c):\n    return a / b * c\n", "def f(a, b, c):\n    return a / (b * c)\n"),
        Example("def f(a, b, c):\n    return (a - b) * c\n", "def f(a, b, c):\n    return a - b * c\n"),
        Example("def f(xs):\n    return g(xs)[1:]\n", "def f(xs):\n    return g(xs[1:])\n"),
        Example("def f(x):\n    return g(x.strip())\n", "def f(x):\n    return g(x).strip()\n"),
        Example("def f(a, b):\n    return int(a + b)\n", "def f(a, b):\n    return int(a) + b\n"),
        Example("def f(a, b):\n    return a + int(b / 2)\n", "def f(a, b):\n    return a + int(b) / 2\n"),
        Example("def f(xs):\n    return set(sorted(xs))\n", "def f(xs):\n    return sorted(set(xs))\n"),
        Example("def f(a, b):\n    return abs(a) - b\n", "def f(a, b):\n    return abs(a - b)\n"),
    ),
)
def grouping(target: Target) -> Iterator[Rewrite]:
    """Group otherwise: `a - b * c` -> `(a - b) * c`, `f(x)[1:]` -> `f(x[1:])`, `int(a + b)` -> `int(a) + b`."""
    for node in target.places:
        for new, weight in _regrouped(target, node):
            title = f"Use {short(new)} instead of {short(target.text(node))}"
            yield from change(target, node, new, title, weight)


def _regrouped(target: Target, node: ast.expr) -> Iterator[tuple[str, float]]:
    match node:
        case ast.BinOp():
            yield from _operators(target, node)
            yield from _into_call(target, node)
        case ast.Subscript(value=ast.Call() as call) | ast.Call(func=ast.Attribute(value=ast.Call() as call)):
            yield from _tail_into_call(target, node, call)
        case ast.Call(args=[argument], keywords=[]) if not isinstance(argument, ast.Starred):
            yield from _out_of_call(target, node, argument)
        case _:
            return


def _operators(target: Target, node: ast.BinOp) -> Iterator[tuple[str, float]]:
    """The other way to put parentheses around three operands."""
    yield from _joined_first(target, node)
    for side in (node.left, node.right):
        if not isinstance(side, ast.BinOp):
            continue
        if side is node.right:  # a ∘ (b • c) -> (a ∘ b) • c
            first, second, third = node.left, side.left, side.right
            inner, outer = _between(target, first, second), _between(target, second, third)
            new = f"({beside(target, first, 1)} {inner} {beside(target, second, tightness(node))}) {outer} "
            yield f"{new}{beside(target, third, tightness(side) + 1)}", 0.8
        else:  # (a • b) ∘ c -> a • (b ∘ c)
            first, second, third = side.left, side.right, node.right
            inner, outer = _between(target, second, third), _between(target, first, second)
            last = f"{beside(target, second, tightness(node))} {inner} {beside(target, third, tightness(node) + 1)}"
            tighter = tightness(node) > tightness(side)
            yield f"{beside(target, first, tightness(side))} {outer} {last if tighter else f'({last})'}", 0.6


def _joined_first(target: Target, node: ast.BinOp) -> Iterator[tuple[str, float]]:
    """`a - b * c / d` -> `(a - b) * c / d`: parentheses around the beginning of a longer chain."""
    leaf = node.right
    while isinstance(leaf, ast.BinOp):
        leaf = leaf.left
    inner = node.right
    deep = isinstance(inner, ast.BinOp) and isinstance(inner.left, ast.BinOp)
    start, middle, end = target.source.span(node)[0], target.source.span(leaf)[1], target.source.span(node)[1]
    head, tail = (
        target.source.data[a:b].decode("utf-8", "surrogateescape") for a, b in ((start, middle), (middle, end))
    )
    if deep and head.count("(") == head.count(")") and tail.count("(") == tail.count(")"):
        yield f"({head}){tail}", 0.7


def _between(target: Target, left: ast.expr, right: ast.expr) -> str:
    """The operator of two neighbours."""
    start, end = target.source.span(left)[1], target.source.span(right)[0]
    text = target.source.data[start:end].decode("utf-8", "surrogateescape")
    return text.translate(str.maketrans("", "", "()\\ \t\r\n\f"))


def _into_call(target: Target, node: ast.BinOp) -> Iterator[tuple[str, float]]:
    """`abs(a) - b` -> `abs(a - b)`."""
    for call, number in ((node.left, 0), (node.right, 1)):
        if isinstance(call, ast.Call) and len(call.args) == 1 and not call.keywords and _plain(call.args[0]):
            least = tightness(node)
            parts = [beside(target, node.left, least), beside(target, node.right, least + 1)]
            parts[number] = beside(target, call.args[0], least + number)
            inside = f"{parts[0]} {_between(target, node.left, node.right)} {parts[1]}"
            yield f"{target.text(call.func)}({inside})", 0.5


def _plain(argument: ast.expr) -> bool:
    return not isinstance(argument, ast.Starred | ast.GeneratorExp)


def _tail_into_call(target: Target, node: ast.expr, call: ast.Call) -> Iterator[tuple[str, float]]:
    """`f(x)[1:]` -> `f(x[1:])`, `f(x).strip()` -> `f(x.strip())`."""
    if not call.args or not _plain(call.args[0]) or isinstance(call.args[0], ast.Constant):
        return
    tail = target.source.data[target.source.span(call)[1] : target.source.span(node)[1]]
    first = call.args[0]
    start, end = target.source.span(call)
    at, behind = target.source.span(first)
    if b"\n" not in tail and tail[:1] in (b"[", b"."):
        pieces = (target.source.data[start:at], tail + target.source.data[behind:end])
        before, after = (piece.decode("utf-8", "surrogateescape") for piece in pieces)
        yield before + beside(target, first, 16) + after, 0.7


def _out_of_call(target: Target, call: ast.Call, argument: ast.expr) -> Iterator[tuple[str, float]]:
    """`f(x[1:])` -> `f(x)[1:]`, `int(a + b)` -> `int(a) + b`, `f(g(x))` -> `g(f(x))`."""
    function = target.text(call.func)
    match argument:
        case ast.BinOp(left=left, right=right):
            sign = _between(target, left, right)
            least = tightness(argument)
            yield f"{function}({beside(target, left, 1)}) {sign} {beside(target, right, least + 1)}", 0.7
            yield f"{beside(target, left, least)} {sign} {function}({beside(target, right, 1)})", 0.6
        case ast.Call(func=ast.Attribute(value=inner)) if not _is_module(target, inner):
            yield from _tail_out(target, function, inner, argument)
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            yield from _tail_out(target, function, inner, argument)
        case ast.Call(args=[inner], keywords=[]) if _plain(inner):
            yield f"{target.text(argument.func)}({function}({beside(target, inner, 1)}))", 0.5
        case _:
            return


def _is_module(target: Target, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id not in target.locals and node.id not in target.inner_names(node)


def _tail_out(target: Target, function: str, inner: ast.expr, whole: ast.expr) -> Iterator[tuple[str, float]]:
    tail = target.source.data[target.source.span(inner)[1] : target.source.span(whole)[1]]
    if b"\n" not in tail and tail[:1] in (b"[", b"."):
        yield f"{function}({beside(target, inner, 1)}){tail.decode('utf-8', 'surrogateescape')}", 0.5
