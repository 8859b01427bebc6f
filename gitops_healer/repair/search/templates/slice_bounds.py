"""A slice takes too much or too little."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import ADD, beside, change, others_for, short
from gitops_healer.repair.search.types import may_be, surely, type_of

_SLICED = ("list", "tuple", "str", "bytes", "range", "bytearray", "array")
_PARTS = tuple[str, str, str]


@repair_template(
    prior=0.035,
    examples=(
        Example("def f(xs, k):\n    return xs[:k]  # kept\n", "def f(xs, k):\n    return xs[k:]  # kept\n"),
        Example("def f(xs, k):\n    return xs[k:]\n", "def f(xs, k):\n    return xs[-k:]\n"),
        Example("def f(xs):\n    return xs[1:]\n", "def f(xs):\n    return xs\n"),
        Example("def f(xs: list):\n    return xs\n", "def f(xs: list):\n    return xs[1:]\n"),
        Example("def f(xs, i, n):\n    return xs[i:n]\n", "def f(xs, i, n):\n    return xs[i:i + n]\n"),
        Example("def f(xs, k):\n    return xs[:k]\n", "def f(xs, k):\n    return xs[:k:-1]\n"),
        Example("def f(xs, i):\n    return xs[i]\n", "def f(xs, i):\n    return xs[i:]\n"),
        Example("def f(xs, i):\n    return xs[i:]\n", "def f(xs, i):\n    return xs[i]\n"),
    ),
)
def slice_bounds(target: Target) -> Iterator[Rewrite]:
    """Slice from, up to or in steps of something else, or not at all: `xs[k:]` for `xs[:k]`, `xs[1:]` for `xs`."""
    changed = [n for n in target.nodes if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load)]
    for node in (*target.places, *changed):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            yield from _other_bounds(target, node, node.slice)
            if isinstance(node.ctx, ast.Load):
                yield from _unsliced(target, node, node.slice)
        elif (
            isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and not isinstance(node.slice, ast.Tuple)
        ):
            yield from _from_index(target, node)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Call):
            yield from _sliced(target, node)


def _other_bounds(target: Target, node: ast.Subscript, now: ast.Slice) -> Iterator[Rewrite]:
    parts = _texts(target, now)
    found = [*_moved(target, parts, now), *_bounded(target, parts, node)]
    for rank, (start, stop, step) in enumerate(dict.fromkeys(found)):
        if (start, stop, step) != parts:
            new = _written(start, stop, step)
            title = f"Slice by {short(new)} instead of {short(target.text(now))}"
            yield from change(target, now, new, title, 1 / (1 + rank / 4))


def _texts(target: Target, now: ast.Slice) -> _PARTS:
    start, stop, step = (target.text(one) if one is not None else "" for one in (now.lower, now.upper, now.step))
    return start, stop, step


def _written(start: str, stop: str, step: str) -> str:
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def _moved(target: Target, parts: _PARTS, now: ast.Slice) -> Iterator[_PARTS]:
    """The same bounds otherwise: dropped, exchanged, counted from the end, a length taken for an end."""
    start, stop, step = parts
    yield from ((stop, "", step), ("", start, step)) if not (start and stop) else ((stop, start, step),)
    if start:
        yield ("", stop, step)
    if stop:
        yield (start, "", step)
    if start == "1" and not stop:
        yield ("", "-1", step)
    if stop == "-1" and not start:
        yield ("1", "", step)
    for bound, text in ((now.lower, start), (now.upper, stop)):
        if isinstance(bound, ast.Name | ast.Call | ast.Attribute):
            yield (f"-{text}", stop, step) if bound is now.lower else (start, f"-{text}", step)
            if not (start and stop):
                yield ("", f"-{text}", step) if bound is now.lower else (f"-{text}", "", step)
    if now.lower is not None and now.upper is not None:
        yield (start, f"{beside(target, now.lower, ADD)} + {beside(target, now.upper, ADD)}", step)
    if not start:
        yield ("1", stop, step)
    if not stop:
        yield (start, "-1", step)
    yield (start, stop, "" if step else "-1")
    yield (start, stop, "2") if not step else ("", "", step)


def _bounded(target: Target, parts: _PARTS, node: ast.Subscript) -> Iterator[_PARTS]:
    """Variables that count as bounds where there is none."""
    start, stop, step = parts
    for name, _ in others_for(target, node, 4, ("int",)):
        if not stop and name != start:
            yield (start, name, step)
        if not start and name != stop:
            yield (name, stop, step)
    for name, _ in others_for(target, node, 3, ("str", "list", "tuple", "bytes")):
        if isinstance(now := node.slice, ast.Slice) and name != target.text(node.value):
            yield (f"len({name})", stop, step) if now.upper is None else (start, f"len({name})", step)


def _unsliced(target: Target, node: ast.Subscript, now: ast.Slice) -> Iterator[Rewrite]:
    whole = target.text(node.value)
    yield from change(target, node, whole, f"Use the whole {short(whole)}", 0.6)
    for bound in (now.lower, now.upper):
        if bound is not None and (now.lower is None or now.upper is None):
            text = f"{whole}[{target.text(bound)}]"
            yield from change(target, node, text, f"Take one item: {short(text)}", 0.3)


def _from_index(target: Target, node: ast.Subscript) -> Iterator[Rewrite]:
    types = type_of(target, node.value)
    if not may_be(types, *_SLICED) or surely(type_of(target, node.slice), "str", "tuple"):
        return
    key, known = target.text(node.slice), 0.3 if types else 0.1
    for new in (f"{key}:", f":{key}"):
        yield from change(target, node.slice, new, f"Take several items: {short(f'[{new}]')}", known)


def _sliced(target: Target, node: ast.expr) -> Iterator[Rewrite]:
    """`xs` -> `xs[1:]`, `xs[:-1]`, `xs[::-1]`, `xs[:n]`, `xs[:]` for what is known to be a sequence."""
    parent = target.parent(node)
    if not surely(type_of(target, node), *_SLICED) or isinstance(parent, ast.Attribute | ast.Subscript):
        return
    text = target.text(node)
    forms = ["1:", ":-1", "::-1", ":", "2:"]
    names = [name for name, _ in others_for(target, node, 3, ("int",))]
    forms += [form for name in names for form in (f":{name}", f"{name}:")]
    for rank, form in enumerate(forms):
        new = f"{text}[{form}]"
        yield from change(target, node, new, f"Use {short(new)} instead of {short(text)}", 0.5 / (1 + rank / 3))
