"""A list, tuple, set or dict that is written out has an element too many, too few, or in the wrong place."""

import ast
from collections.abc import Iterator
from itertools import combinations, pairwise

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._places import change, functions_of_module, in_fstring, short, swap

_LONGEST = 12  # elements of what is looked at
_KINDS = {"list": "tuple", "tuple": "list", "int": "float", "float": "int", "str": "bytes", "dict": "list"}


@repair_template(
    prior=0.03,
    examples=(
        Example("NAMES = {'a': 1, 'b': 2}  # kept\n", "NAMES = {'a': 2, 'b': 1}  # kept\n"),
        Example("NAMES = {'a': f, 'b': g}\n", "NAMES = {'b': f, 'a': g}\n"),
        Example("def f(x):\n    return x in ('a', 'b', 'c')\n", "def f(x):\n    return x in ('a', 'b')\n"),
        Example("XS = ['a', 'b']\nYS = ['a', 'b', 'c']\n", "XS = ['a', 'b', 'c']\nYS = ['a', 'b', 'c']\n"),
        Example("def f(x):\n    return isinstance(x, list)\n", "def f(x):\n    return isinstance(x, (list, tuple))\n"),
        Example(
            "def add(): ...\ndef take(): ...\ndef x():\n    return {'a': add, 'b': add}\n",
            "def add(): ...\ndef take(): ...\ndef x():\n    return {'a': add, 'b': take}\n",
        ),
    ),
)
def element(target: Target) -> Iterator[Rewrite]:
    """Drop, add or exchange elements that are written out: `("a", "b")` -> `("a",)`, `{"a": g, "b": f}`."""
    for node in target.places:
        if in_fstring(target, node):
            continue
        match node:
            case ast.Dict(keys=keys, values=values) if all(keys) and len(values) <= _LONGEST:
                yield from _exchanged(target, [key for key in keys if key is not None], values)
                yield from _other_functions(target, values)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items) if len(items) <= _LONGEST:
                yield from _dropped(target, node, items)
                yield from _added(target, node, items)
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id=name) as kind]):
                other = _KINDS.get(name)
                if other:
                    yield from change(target, kind, f"({name}, {other})", f"Let it be a {short(other)} as well", 0.6)


def _exchanged(target: Target, keys: list[ast.expr], values: list[ast.expr]) -> Iterator[Rewrite]:
    for one, other in combinations(range(len(values)), 2):
        weight = 0.6 / (other - one)
        title = f"Swap what stands for {short(target.text(keys[one]))} and {short(target.text(keys[other]))}"
        yield from swap(target, values[one], values[other], title, weight)
        if ast.dump(values[one]) != ast.dump(values[other]):
            yield from swap(target, keys[one], keys[other], f"{title}, by the keys", 0.5 * weight)


def _other_functions(target: Target, values: list[ast.expr]) -> Iterator[Rewrite]:
    """Functions of the module that the dict does not name, in the place of those that it names."""
    functions = [name for name in functions_of_module(target) if "." not in name]
    named = {value.id for value in values if isinstance(value, ast.Name)}
    for value in values:
        if isinstance(value, ast.Name) and value.id in functions:
            for rank, name in enumerate([one for one in functions if one not in named][:5]):
                title = f"Name {short(name)} instead of {short(value.id)}"
                yield from change(target, value, name, title, 0.6 / (1 + 0.3 * rank))


def _dropped(target: Target, node: ast.expr, items: list[ast.expr]) -> Iterator[Rewrite]:
    """Without one of at least two elements; a tuple of one keeps its comma."""
    if len(items) < 2 or isinstance(target.parent(node), ast.Subscript) or not _bare(target, items):
        return
    for number, item in enumerate(items):
        start, end = target.source.span(item)
        spans = [Span(target.source.span(items[number - 1])[1], end, "")]
        if number == 0:
            spans = [Span(start, target.source.span(items[1])[0], "")]
        if isinstance(node, ast.Tuple) and len(items) == 2 and not _closed_by_comma(target, items[-1]):
            last = target.source.span(items[1])[1]
            spans = [Span(spans[0].start, last, ",")] if number else [*spans, Span(last, last, ",")]
        constant = isinstance(item, ast.Constant)
        yield Rewrite(tuple(spans), item.lineno, f"Leave out {short(target.text(item))}", 0.5 if constant else 0.2)


def _closed_by_comma(target: Target, last: ast.expr) -> bool:
    return target.source.data[target.source.span(last)[1] :].lstrip(b" \t").startswith(b",")


def _bare(target: Target, items: list[ast.expr]) -> bool:
    """Whether only commas and spaces stand between the elements: no comments, no parentheses around one of them."""
    spans = [target.source.span(item) for item in items]
    gaps = [target.source.data[one[1] : other[0]] for one, other in pairwise(spans)]
    return all(not gap.strip(b", \t") for gap in gaps)


def _added(target: Target, node: ast.expr, items: list[ast.expr]) -> Iterator[Rewrite]:
    """Elements of like lists, of which most are in this one already."""
    texts = [target.text(item) for item in items]
    if not items or not all(isinstance(item, ast.Constant) for item in items) or len(items) < 2:
        return
    end = target.source.span(items[-1])[1]
    for other in ast.walk(target.source.tree):
        if not isinstance(other, ast.List | ast.Tuple | ast.Set) or other is node:
            continue
        all_ = [item for item in other.elts if isinstance(item, ast.Constant)]
        new = [text for item in all_ if (text := target.source.text(item)) not in texts and "\n" not in text]
        if new and len(new) < len(all_) / 2:
            for text in new[:3]:
                yield Rewrite((Span(end, end, f", {text}"),), node.lineno, f"Add {short(text)}, as elsewhere", 0.4)
