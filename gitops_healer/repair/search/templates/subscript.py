"""The wrong key or index is asked for, or a key where none belongs."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import alike, beside, can_stand, change, others_for, short
from gitops_healer.repair.search.templates.constant import quoted
from gitops_healer.repair.search.types import may_be, surely, type_of

_CLOSED = 16
_SEQUENCES = ("list", "tuple", "str", "bytes", "range", "deque", "bytearray")
_MAPPINGS = ("dict", "defaultdict", "Counter", "OrderedDict")


@repair_template(
    prior=0.035,
    examples=(
        Example("def f(xs):\n    return xs\n", "def f(xs):\n    return xs[0]\n"),
        Example("def f(xs, i):\n    return xs[i]  # kept\n", "def f(xs, i):\n    return xs  # kept\n"),
        Example("def f(xs, i):\n    return xs[i]\n", "def f(xs, i):\n    return i\n"),
        Example("def f(xs, i):\n    return xs[i]\n", "def f(xs, i):\n    return xs[-i]\n"),
        Example("def f(xs, i):\n    return xs[i]\n", "def f(xs, i):\n    return xs[0]\n"),
        Example("def f(x):\n    return x['name'], x['name']\n", "def f(x):\n    return x['name'], x\n"),
        Example(
            "def f(x):\n    x['size'] = 2\n    return x['name']\n",
            "def f(x):\n    x['size'] = 2\n    return x['size']\n",
        ),
        Example(
            "def f(names: list, i):\n    return f'{i}'\n",
            "def f(names: list, i):\n    return f'{names[i]}'\n",
        ),
    ),
)
def subscript(target: Target) -> Iterator[Rewrite]:
    """Ask for another key or index, or for the thing itself: `xs[-1]` for `xs[i]`, `xs[0]` for `xs`."""
    changed = [n for n in target.nodes if isinstance(n, ast.Subscript) and not isinstance(n.ctx, ast.Load)]
    for place in changed:
        if not isinstance(place.slice, ast.Slice | ast.Tuple):
            yield from _other_keys(target, place.value, place.slice)
    for node in target.places:
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Tuple):
            yield from _other_keys(target, node.value, node.slice)
            yield from _without(target, node)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Call):
            yield from _with(target, node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_named(node):
            yield from _other_keys(target, node.func.value, node.args[0])
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            yield from _of_container(target, node)


def _other_keys(target: Target, container: ast.expr, key: ast.expr) -> Iterator[Rewrite]:
    now = target.text(key)
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        quote = now[-1]
        fields = [name for names in target.ingredients.fields.values() for name in names]
        names = dict.fromkeys([*keys_of_file(target), *fields, *target.ingredients.attributes])
        likely = sorted(names, key=lambda name: -alike(name, str(key.value)))[:12]
        found = [(quoted(name, quote), 0.8 / (1 + rank / 2)) for rank, name in enumerate(likely)]
    elif may_be(type_of(target, container), *_SEQUENCES) and not surely(type_of(target, key), "str"):
        whole = target.text(container)
        found = [("0", 0.4), ("-1", 0.5)] if not isinstance(key, ast.Constant) else []
        found += [(f"-{now}", 0.5)] if isinstance(key, ast.Name | ast.Call) else []
        found += [(f"-{beside(target, key, _CLOSED)} - 1", 0.3)] if isinstance(key, ast.Name) else []
        found += [(f"len({whole}) - 1 - {now}", 0.2)] if isinstance(key, ast.Name) else []
        found += [(f"{now} % len({whole})", 0.3)] if isinstance(key, ast.Name | ast.BinOp) else []
    else:
        return
    for new, weight in found:
        yield from change(target, key, new, f"Ask for {short(new)} instead of {short(now)}", weight)


def _is_named(call: ast.Call) -> bool:
    """Whether a call asks for something by a string: `d.get("name")`."""
    asks = isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "pop", "setdefault")
    return asks and bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)


@lru_cache(maxsize=16)
def keys_of_file(target: Target) -> tuple[str, ...]:
    """Strings by which the file asks for items, and keys of its dict displays."""
    found: dict[str, None] = {}
    for node in ast.walk(target.source.tree):
        match node:
            case ast.Subscript(slice=ast.Constant(value=str(key))):
                found[key] = None
            case ast.Call(
                func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[ast.Constant(value=str(key)), *_]
            ):
                found[key] = None
            case ast.Dict(keys=keys):
                found |= {k.value: None for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)}
    return tuple(found)


def _without(target: Target, node: ast.Subscript) -> Iterator[Rewrite]:
    whole, key = target.text(node.value), target.text(node.slice)
    title = "Use {} instead of {}"
    yield from change(target, node, whole, title.format(short(whole), short(target.text(node))), 0.5)
    if not isinstance(node.slice, ast.Constant | ast.UnaryOp):
        yield from change(target, node, key, title.format(short(key), short(target.text(node))), 0.4)


def _with(target: Target, node: ast.expr) -> Iterator[Rewrite]:
    """`xs` -> `xs[0]`: of what may be indexed, where the whole is not what is used anyway."""
    types, parent = type_of(target, node), target.parent(node)
    used = isinstance(parent, ast.Attribute | ast.Starred | ast.Subscript) and getattr(parent, "value", None) is node
    called = isinstance(parent, ast.Call) and (parent.func is node or _is_len(parent))
    if used or called or not may_be(types, *_SEQUENCES, *_MAPPINGS):
        return
    text = target.text(node)
    known = 1.0 if types else 0.35
    found = [("0", 0.7), ("-1", 0.6), ("1", 0.4)] if may_be(types, *_SEQUENCES) else []
    if isinstance(node, ast.Name) and types:
        kinds = ("int",) if surely(types, *_SEQUENCES) else ("int", "str", "tuple")
        near = [(n, w) for n, w in others_for(target, node, 8, kinds) if n != text]
        found += [(name, 0.6 * weight) for name, weight in near[:4]]
    for key, weight in found:
        title = f"Use {short(f'{text}[{key}]')} instead of {short(text)}"
        yield from change(target, node, f"{text}[{key}]", title, known * weight)


def _is_len(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("len", "isinstance", "range", "enumerate")


def _of_container(target: Target, node: ast.expr) -> Iterator[Rewrite]:
    """`i` -> `xs[i]`: what stands under a key where the key is read."""
    parent = target.parent(node)
    now = target.text(node)
    if isinstance(parent, ast.Attribute | ast.Subscript | ast.Starred) or now in ("self", "cls"):
        return
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    if not surely(type_of(target, node), "int", "str", "tuple") and len(now) > 1:
        return
    for name, weight in others_for(target, node, 3, (*_MAPPINGS, "list", "tuple", "deque")):
        text = f"{name}[{now}]"
        if can_stand(target, node, text):
            yield from change(target, node, text, f"Use {short(text)} instead of {short(now)}", 0.5 * weight)
