"""What the code at a place says: the failing line, what it reads, what similar functions guard against."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_healer.code.model import CodeModel
from gitops_healer.core.diagnosis import Place

RANDOM = frozenset({"random", "secrets", "uuid4", "uuid1", "shuffle", "urandom"})
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Reading:
    """line: the text of the failing line; names: that the function mentions; shared: module level names that it
    changes, or parameters with a mutable default; loops: how deep its loops are nested."""

    line: str = ""
    names: frozenset[str] = frozenset()
    shared: tuple[str, ...] = ()
    loops: int = 0

    @property
    def random(self) -> bool:
        return bool(self.names & RANDOM)

    @property
    def environment(self) -> bool:
        return "environ" in self.line or "getenv" in self.line


def read(code: CodeModel, place: Place | None) -> Reading:
    """An empty reading when the file is not there or does not parse."""
    source = code.source(place.path) if place else None
    if place is None or source is None:
        return Reading()
    lines = source.decode("utf-8", "replace").splitlines()
    line = lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return Reading(line)
    found = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS) and _covers(n, place.line)]
    if not found:
        return Reading(line)
    function = max(found, key=lambda node: node.lineno)
    names = frozenset(_names(function))
    return Reading(line, names, tuple(sorted(set(_shared(tree, function)))), _depth(function))


def _covers(node: FUNCTIONS, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _shared(tree: ast.Module, function: FUNCTIONS) -> Iterator[str]:
    """Names whose value outlives a call and that the function changes."""
    top = {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
    top |= {n.target.id for n in tree.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    mutable = ast.List | ast.Dict | ast.Set
    arguments = [*function.args.posonlyargs, *function.args.args]
    defaults = zip(reversed(arguments), reversed(function.args.defaults), strict=False)
    kept = top | {argument.arg for argument, value in defaults if isinstance(value, mutable)}
    for node in ast.walk(function):
        match node:
            case ast.Global(names=names):
                yield from names
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)) if (
                name in kept and attribute in {"append", "add", "pop", "update", "extend", "clear", "remove"}
            ):
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in kept:
                yield name


def _depth(node: ast.AST) -> int:
    inner = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return inner + isinstance(node, ast.For | ast.While | ast.AsyncFor | ast.comprehension)
