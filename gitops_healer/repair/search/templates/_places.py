"""What the templates for expressions share: how a rewrite is made, which names fit, what stands where."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from gitops_healer.repair.search.edits import parenthesised, put, tightness
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Rewrite
from gitops_healer.repair.search.types import Types, fits, surely, type_of, type_of_name

_UNSAFE_IN_FSTRINGS = frozenset("\"'\\{}\n#:")
_BRACKETS = re.compile(r"\[[^\[\]]*\]")  # in which a colon is that of a slice
_LONGEST_TITLE = 40
_IDENTITY = ("self", "cls", "_")
ADD, MULTIPLY, COMPARE, AND, OR, NOT = 11, 12, 6, 4, 3, 5  # as `edits.tightness` counts


def change(
    target: Target, node: ast.expr, new: str, title: str, weight: float = 1.0, caution: str = ""
) -> Iterator[Rewrite]:
    """The rewrite that puts `new` in the place of an expression: none when that changes nothing, or when the place is
    inside an f-string and `new` cannot stand there."""
    if target.text(node) != new and can_stand(target, node, new):
        yield Rewrite((put(target, node, new),), node.lineno, title, min(1.0, weight), caution)


def can_stand(target: Target, node: ast.expr, new: str) -> bool:
    """Whether a text can be written there: in the file's encoding, and without what f-strings cannot hold."""
    foreign = not new.isascii() and not target.source.encoding.startswith("utf-8")
    unsafe = _UNSAFE_IN_FSTRINGS & set(_BRACKETS.sub("", new)) or _UNSAFE_IN_FSTRINGS & set(new) - {":"}
    return not foreign and not (unsafe and in_fstring(target, node))


def in_fstring(target: Target, node: ast.AST) -> bool:
    for above in target.source.above(node):
        if isinstance(above, ast.JoinedStr):
            return True
        if isinstance(above, ast.stmt):
            return False
    return False


def swap(target: Target, one: ast.expr, other: ast.expr, title: str, weight: float = 1.0) -> Iterator[Rewrite]:
    """The rewrite that exchanges two expressions."""
    texts = target.text(one), target.text(other)
    if texts[0] != texts[1] and can_stand(target, one, "".join(texts)):
        yield Rewrite((put(target, one, texts[1]), put(target, other, texts[0])), one.lineno, title, min(1.0, weight))


def beside(target: Target, node: ast.expr, least: int) -> str:
    """The text of an expression, in parentheses unless it binds at least so tightly."""
    text = target.text(node)
    if isinstance(node, ast.GeneratorExp) or (isinstance(node, ast.Tuple) and text.startswith("(")):
        return text
    return parenthesised(text) if tightness(node) < least or isinstance(node, ast.Tuple) else text


def plain(target: Target, node: ast.expr) -> str:
    """The text of an expression as the argument of a call."""
    return beside(target, node, 1)


def short(text: str) -> str:
    """A piece of code as it can stand in a title."""
    line = " ".join(text.split())
    return f"`{line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + '…'}`"


def one_line(text: str) -> bool:
    """Whether a text of the code can be copied to another place as it is."""
    return "\n" not in text and "\r" not in text and "#" not in text and len(text) < 120


def alike(one: str, other: str) -> float:
    """How much two names share at their beginnings and ends, 0 to 1."""
    longest, shortest = max(len(one), len(other)), min(len(one), len(other))
    head = next((i for i in range(shortest) if one[i] != other[i]), shortest)
    tail = next((i for i in range(shortest - head) if one[-1 - i] != other[-1 - i]), shortest - head)
    return (head + tail) / longest if longest else 0.0


def in_default(target: Target, node: ast.AST) -> bool:
    """Whether a node is (part of) the default of a parameter of the target."""
    below = node
    for above in target.source.above(node):
        if isinstance(above, ast.arguments):
            return not isinstance(target.source.parents[above], ast.Lambda)
        if isinstance(above, ast.stmt) and below is not node:
            return False
        below = above
    return False


def has_self(target: Target) -> bool:
    return target.parameters[:1] == ("self",)


@lru_cache(maxsize=16)
def values_of_module(target: Target) -> dict[str, ast.expr]:
    """Variables and constants of the module with what they are bound to; functions and classes left out."""
    found: dict[str, ast.expr] = {}
    for statement in target.source.tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, value)
    return {name: value for name, value in found.items() if not name.startswith("__") and name not in target.locals}


@lru_cache(maxsize=16)
def functions_of_module(target: Target) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions of the module, and methods of the target's class as `self.method`."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    owner = class_of(target)
    for lead, body in (("", target.source.tree.body), ("self.", owner.body if owner else [])):
        for one in body:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                found[lead + one.name] = one
    return found


def class_of(target: Target) -> ast.ClassDef | None:
    """The class that the target is a method of."""
    parent = target.source.parents.get(target.node)
    return parent if isinstance(parent, ast.ClassDef) else None


@lru_cache(maxsize=16)
def attributes_of_self(target: Target) -> tuple[str, ...]:
    """Attributes and properties of `self`, as the class reads and sets them; methods left out."""
    owner = class_of(target)
    if owner is None or not has_self(target):
        return ()
    methods = {one.name: one for one in owner.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    fields = [n.target.id for n in owner.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    used = [
        n.attr
        for n in ast.walk(owner)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self"
    ]
    return tuple(name for name in dict.fromkeys([*fields, *used]) if name not in methods or _property(methods[name]))


def _property(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(one) for one in method.decorator_list)


@lru_cache(maxsize=4096)
def _fitting(target: Target, line: int, names: tuple[str, ...]) -> tuple[tuple[str, Types], ...]:
    return tuple((name, type_of_name(target, name, line)) for name in names)


@lru_cache(maxsize=4096)
def variables_at(target: Target, node: ast.AST) -> tuple[tuple[str, Types, float], ...]:
    """(name, types, nearness 0 to 1) of what can be read at a node: variables, attributes of self, values of the
    module. In defaults of parameters only the last."""
    line = target.statement_of(node).lineno
    values = values_of_module(target)
    outside = tuple((name, type_of(target, value), 0.3) for name, value in values.items())
    if in_default(target, node):
        return outside
    names = tuple(v.name for v in target.names_at(node) if v.distance == 0 and v.name not in _IDENTITY)
    late = _bound_after(target, line) if not target.types_at(line) else frozenset()
    own = tuple((n, t, 0.3 if n in late else 1.0) for n, t in _fitting(target, line, names))
    selves = tuple(f"self.{name}" for name in attributes_of_self(target))
    return (*own, *((n, t, 0.5) for n, t in _fitting(target, line, selves)), *outside)


@lru_cache(maxsize=256)
def _bound_after(target: Target, line: int) -> frozenset[str]:
    """Variables that are first bound at a line or after it."""
    first: dict[str, int] = dict.fromkeys(target.parameters, 0)
    for node in target.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            first.setdefault(node.id, node.lineno)
    return frozenset(name for name, at in first.items() if at >= line)


def others_for(
    target: Target, node: ast.expr, most: int = 12, kinds: tuple[str, ...] = ()
) -> tuple[tuple[str, float], ...]:
    """(name, weight) of variables that could be meant at the place of an expression, likeliest first: of a type that
    fits, or known to be of one of the kinds. Names that look alike and that are near are likelier."""
    text, types = target.text(node), type_of(target, node)
    found = []
    for name, known, near in variables_at(target, node):
        if name != text and (surely(known, *kinds) if kinds else fits(known, types)):
            sure = 1.0 if known and (types or kinds) else 0.5
            found.append((name, near * sure * (0.6 + 0.4 * alike(name, text))))
    return tuple(sorted(found, key=lambda pair: -pair[1])[:most])


def conditions(target: Target) -> Iterator[ast.expr]:
    """What the target decides by: tests of branches, loops, assertions and filters."""
    places = frozenset(target.places)
    for node in target.nodes:
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                found: Iterable[ast.expr] = (test,)
            case ast.comprehension(ifs=tests):
                found = tests
            case ast.match_case(guard=ast.expr() as test):
                found = (test,)
            case _:
                continue
        yield from (one for one in found if one in places)
