"""A comprehension filters, pairs or collects in the wrong way."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._conditions import atoms
from gitops_healer.repair.search.templates._places import change, in_fstring, plain, short, swap
from gitops_healer.repair.search.types import may_be, type_of

_FORMS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Call, ast.BinOp)


@repair_template(
    prior=0.077,
    examples=(
        Example("def f(xs):\n    return [x for x in xs]\n", "def f(xs):\n    return [x for x in xs if x]\n"),
        Example(
            "def f(xs):\n    return [x for x in xs if x > 1]  # kept\n",
            "def f(xs):\n    return [x for x in xs]  # kept\n",
        ),
        Example("def f(d):\n    return {k: v for k, v in d}\n", "def f(d):\n    return {v: k for k, v in d}\n"),
        Example(
            "def f(a, b):\n    return [(x, y) for x in a for y in b]\n",
            "def f(a, b):\n    return [(x, y) for y in b for x in a]\n",
        ),
        Example("def f(xs):\n    return [x for x in xs]\n", "def f(xs):\n    return {x for x in xs}\n"),
        Example(
            "def f(n):\n    return [[0] * n] * n\n",
            "def f(n):\n    return [[0] * n for _ in range(n)]\n",
        ),
        Example(
            "def f(keys):\n    return dict.fromkeys(keys, [])\n",
            "def f(keys):\n    return {key: [] for key in keys}\n",
        ),
        Example("def f(xs):\n    return len(x for x in xs)\n", "def f(xs):\n    return len([x for x in xs])\n"),
    ),
)
def comprehension(target: Target) -> Iterator[Rewrite]:
    """Filter, pair or collect otherwise: `[x for x in xs]` -> `[x for x in xs if x]`, `{k: v …}` -> `{v: k …}`."""
    for node in target.places:
        if isinstance(node, _FORMS) and not in_fstring(target, node):
            yield from _filters(target, node)
            yield from _collected(target, node)
            if len(node.generators) == 2:
                yield from _loops_swapped(target, node)
            if isinstance(node, ast.DictComp):
                yield from swap(target, node.key, node.value, "Swap key and value", 0.6)
        yield from _one_each(target, node)


def _filters(target: Target, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Iterator[Rewrite]:
    """Every filter dropped, and one added to the last loop."""
    for generator in node.generators:
        for number, test in enumerate(generator.ifs):
            before = generator.ifs[number - 1] if number else generator.iter
            start, end = target.source.span(before)[1], target.source.span(test)[1]
            gap = target.source.data[start : target.source.span(test)[0]]
            if gap.strip() == b"if":
                title = f"Drop the filter {short(target.text(test))}"
                yield Rewrite((Span(start, end, ""),), test.lineno, title, 0.7, "widens a condition")
    last = node.generators[-1]
    if last.ifs:
        return  # the template for parts of conditions adds to what is there
    end = target.source.span(node)[1] - 1
    body = target.source.data[target.source.span(node)[0] : end]
    place = target.source.span(node)[0] + len(body.rstrip())
    at = end if b"#" in body else place
    element = node.key if isinstance(node, ast.DictComp) else node.elt
    for text, weight in _conditions(target, element, last.target):
        title = f"Keep only where {short(text)}"
        yield Rewrite((Span(at, at, f" if {text}"),), node.lineno, title, 0.8 * weight)


def _conditions(target: Target, element: ast.expr, place: ast.expr) -> Iterator[tuple[str, float]]:
    """Conditions about what the loop binds."""
    names = [n.id for n in ast.walk(place) if isinstance(n, ast.Name)]
    for name in names:
        yield name, 0.8
        if may_be(type_of(target, element), "str") and len(names) == 1:
            yield f"{name}.strip()", 0.3
    for text, weight in atoms(target, element, 30):
        used = {n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)}
        if used & set(names) and text not in names:
            yield text, weight


def _collected(target: Target, node: ast.expr) -> Iterator[Rewrite]:
    """A list for a set, and so on; a list for a generator that is the only argument of a call."""
    start, end = target.source.span(node)
    inside = target.source.data[start + 1 : end - 1].decode("utf-8", "surrogateescape")
    match node:
        case ast.ListComp():
            yield from change(target, node, "{" + inside + "}", "Collect a set", 0.3)
        case ast.SetComp():
            yield from change(target, node, f"[{inside}]", "Collect a list", 0.4)
        case ast.GeneratorExp():
            parent = target.parent(node)
            lone = isinstance(parent, ast.Call) and target.source.span(parent)[1] == end
            spans = (Span(start, start + 1, "([" if lone else "["), Span(end - 1, end, "])" if lone else "]"))
            yield Rewrite(spans, node.lineno, "Collect a list", 0.4)


def _loops_swapped(
    target: Target, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
) -> Iterator[Rewrite]:
    first, second = node.generators
    if first.ifs or second.ifs or first.is_async or second.is_async:
        return
    texts = [f"{target.text(one.target)} in {plain(target, one.iter)}" for one in (first, second)]
    spans = [Span(target.source.span(one.target)[0], target.source.span(one.iter)[1], "") for one in (first, second)]
    whole = [target.source.data[span.start : span.end] for span in spans]
    if all(b"\n" not in part and b"#" not in part for part in whole) and not _in_parentheses(target, second.iter):
        swapped = tuple(Span(span.start, span.end, new) for span, new in zip(spans, texts[::-1], strict=True))
        yield Rewrite(swapped, node.lineno, "Swap the two loops", 0.5)


def _in_parentheses(target: Target, node: ast.expr) -> bool:
    start = target.source.span(node)[0]
    return target.source.data[start - 1 : start] == b"("


def _one_each(target: Target, node: ast.expr) -> Iterator[Rewrite]:
    """`[[0] * n] * m` and `dict.fromkeys(keys, [])` hold one and the same list many times."""
    match node:
        case ast.BinOp(left=ast.List(elts=[ast.expr() as item]), op=ast.Mult(), right=count) if isinstance(
            item, _MUTABLE
        ):
            new = f"[{target.text(item)} for _ in range({target.text(count)})]"
            yield from change(target, node, new, "Make each of them anew", 1.0)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="dict"), attr="fromkeys"), args=[keys, item]):
            if isinstance(item, _MUTABLE):
                new = "{key: " + target.text(item) + f" for key in {plain(target, keys)}" + "}"
                yield from change(target, node, new, "Make each of them anew", 1.0)
