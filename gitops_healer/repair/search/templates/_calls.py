"""What is called, with how many arguments, and what could be called instead."""

import ast
import builtins
from collections.abc import Iterator
from functools import lru_cache

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Rewrite, Span
from gitops_healer.repair.search.templates._places import alike, functions_of_module, one_line
from gitops_healer.repair.search.types import heads, type_of

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_") and name.islower())
_TYPES: dict[str, type] = {
    one.__name__: one for one in (str, bytes, int, float, list, tuple, dict, set, frozenset, bytearray, range)
}


def attribute_name(target: Target, node: ast.Attribute, new: str) -> Span | None:
    """The name behind the dot becomes another one; None where it is spelt otherwise than it is read."""
    end = target.source.span(node)[1]
    start = end - len(node.attr.encode())
    return Span(start, end, new) if target.source.data[start:end] == node.attr.encode() and new.isascii() else None


def renamed(target: Target, node: ast.Attribute, new: str, title: str, weight: float) -> Iterator[Rewrite]:
    span = attribute_name(target, node, new)
    if span is not None and new != node.attr:
        yield Rewrite((span,), node.lineno, title, min(1.0, weight))


def has_attribute(target: Target, receiver: ast.expr, name: str) -> bool | None:
    """Whether an object of the receiver's type has an attribute; None when the type is not known or not a builtin."""
    known = heads(type_of(target, receiver)) - {"NoneType"}
    if not known or not known <= _TYPES.keys():
        return None
    return any(hasattr(_TYPES[kind], name) for kind in known)


def takes(target: Target, callee: str, count: int) -> bool | None:
    """Whether a function of the module (`f`, `self.f`, a class) takes so many positional arguments; None: unknown."""
    arity = target.ingredients.arities.get(callee)
    if arity is None:
        function = functions_of_module(target).get(callee)
        if function is None:
            return None
        a = function.args
        most = len(a.posonlyargs) + len(a.args) - callee.startswith("self.")
        arity = (max(0, most - len(a.defaults)), -1 if a.vararg else most)
    return arity[0] <= count and (arity[1] == -1 or count <= arity[1])


def is_open(call: ast.Call) -> bool:
    """Whether it cannot be told how many arguments a call passes."""
    return any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)


def functions_like(target: Target, callee: str, call: ast.Call, most: int = 6) -> list[tuple[str, float]]:
    """Other functions (`self.…` for `self.…`) of the module that take as many arguments, similar names first."""
    lead = "self." if callee.startswith("self.") else ""
    names = [name for name in functions_of_module(target) if name.startswith("self.") == bool(lead)]
    names += [name for name in target.ingredients.arities if not lead and "." not in name and name not in names]
    count = len(call.args) + len(call.keywords)
    fitting = [name for name in names if name != callee and (is_open(call) or takes(target, name, count))]
    private = [name for name in fitting if not name.removeprefix("self.").startswith("__")]
    return sorted(((name, alike(name, callee)) for name in private), key=lambda pair: -pair[1])[:most]


def calls_of(target: Target, callee: str) -> tuple[ast.Call, ...]:
    """All calls of a callee in the file: `f`, or any `….f` for a method."""
    return _calls(target).get(callee if "." not in callee else f".{callee.rpartition('.')[2]}", ())


@lru_cache(maxsize=16)
def _calls(target: Target) -> dict[str, tuple[ast.Call, ...]]:
    """Calls of the file by `f` or `.method`."""
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(target.source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else f".{node.func.attr}"
            found.setdefault(name, []).append(node)
    return {name: tuple(calls) for name, calls in found.items()}


def callee_of(call: ast.Call) -> str:
    """`f`, `self.f`, `math.floor`; "" for what is called by no dotted name."""
    text = ast.unparse(call.func)
    return text if text.replace(".", "_").isidentifier() else ""


def readable_at(target: Target, node: ast.AST, text: str) -> ast.expr | None:
    """The expression of a text, when it fits on a line and all names in it can be read at a node; else None."""
    parsed, names = _read(text)
    return parsed if parsed is not None and names <= _visible(target, node) else None


@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[ast.expr | None, frozenset[str]]:
    """The expression of a text that fits on a line, and the names that it needs, builtins left out."""
    if not one_line(text):
        return None, frozenset()
    try:
        parsed = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None, frozenset()
    nodes = list(ast.walk(parsed))
    own = {n.arg for n in nodes if isinstance(n, ast.arg)}
    own |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return parsed, frozenset(n.id for n in nodes if isinstance(n, ast.Name)) - own - BUILTINS


@lru_cache(maxsize=4096)
def _visible(target: Target, node: ast.AST) -> frozenset[str]:
    names = (variable.name for variable in target.names_at(node))
    return frozenset(names) | functions_of_module(target).keys() | {"None", "True", "False"}
