"""What the code at a place says: the failing line, and what the functions do that it relies on."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gitops_healer.code.model import CodeModel
from gitops_healer.code.parsing import parsed
from gitops_healer.core.diagnosis import Place
from gitops_healer.investigation.reach import FUNCTIONS, Reach

RANDOM: Final = frozenset({"random", "secrets", "uuid4", "uuid1", "shuffle", "urandom", "randint", "choice", "sample"})
CLOCK: Final = frozenset({"now", "today", "utcnow", "localtime", "gmtime", "strftime", "monotonic", "time_ns"})
GROWS: Final = frozenset(
    {"append", "add", "pop", "popitem", "update", "extend", "clear", "remove", "setdefault", "insert"}
)
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Reading:
    """line: the text of the failing line; words: that the failing function mentions, in strings as well; random, clock:
    it draws random values, looks at the clock, itself or in what it calls; unordered: it goes through a set; shared:
    names whose values outlive a call and that are changed, nearest first; loops: how deep loops are nested."""

    line: str = ""
    words: frozenset[str] = frozenset()
    random: bool = False
    clock: bool = False
    unordered: bool = False
    shared: tuple[str, ...] = ()
    loops: int = 0

    @property
    def environment(self) -> bool:
        return "environ" in self.line or "getenv" in self.line


def read(code: CodeModel, place: Place | None, reach: Reach) -> Reading:
    """An empty reading when the file is not there or does not parse."""
    source = code.source(place.path) if place else None
    if place is None or source is None:
        return Reading()
    lines = source.decode("utf-8", "replace").splitlines()
    line = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
    tree = parsed(source)
    found = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS) and _covers(n, place.line)] if tree else []
    if not found:
        return Reading(line, frozenset(_WORD.findall(line)))
    function = max(found, key=lambda node: node.lineno)
    near = [function, *(node for _, node in reach.functions(2))]
    names = {name for node in near for name in _names(node)}
    shared = dict.fromkeys(name for symbol, node in reach.functions(2) for name in _shared(reach, symbol.path, node))
    text = "\n".join(lines[function.lineno - 1 : function.end_lineno])
    return Reading(
        line, frozenset(_WORD.findall(text)), not RANDOM.isdisjoint(names), not CLOCK.isdisjoint(names),
        any(map(_unordered, near)), tuple(shared), _depth(function),
    )  # fmt: skip


def _unordered(node: ast.AST) -> bool:
    """Whether it makes a set: the order of one differs from process to process (PYTHONHASHSEED)."""
    for part in ast.walk(node):
        if isinstance(part, ast.Set | ast.SetComp):
            return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in ("set", "frozenset"):
            return True
    return False


def _covers(node: FUNCTIONS, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _shared(reach: Reach, path: str, function: ast.AST) -> Iterator[str]:
    """Names of module level, of objects and of defaults whose value outlives a call and that the function changes."""
    assert isinstance(function, FUNCTIONS)
    kept = {name for name in reach.module(path).nodes if "." not in name} | set(_defaults(function))
    for node in ast.walk(function):
        match node:
            case ast.Global(names=names):
                yield from names
            case ast.Call(func=ast.Attribute(value=owner, attr=attribute)) if attribute in GROWS:
                yield from _owned(owner, kept)
            case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()):
                yield from _owned(owner, kept)
            case ast.AugAssign(target=ast.Attribute() as target) if function.name != "__init__":
                yield from _owned(target, kept)


def _owned(owner: ast.AST, kept: set[str]) -> Iterator[str]:
    match owner:
        case ast.Name(id=name) if name in kept:
            yield name
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
            yield f"self.{name}"


def _defaults(function: FUNCTIONS) -> Iterator[str]:
    mutable = ast.List | ast.Dict | ast.Set | ast.Call
    arguments = [*function.args.posonlyargs, *function.args.args]
    defaults = zip(reversed(arguments), reversed(function.args.defaults), strict=False)
    yield from (argument.arg for argument, value in defaults if isinstance(value, mutable))


def _depth(node: ast.AST) -> int:
    inner = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return inner + isinstance(node, ast.For | ast.While | ast.AsyncFor | ast.comprehension)
