"""What a function relies on around it: names of its module, and what its object offers."""

import ast
import builtins
import symtable
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_healer.code.history_reading import Snapshot
from gitops_healer.code.parsing import parsed
from gitops_healer.code.shape import decode, lines_of, shape_of

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__class__", "__doc__", "__path__", "__spec__"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Binding:
    """What binds a name at the level of a module or of a class body. kind: `import`, `function`, `class`, `constant`;
    start, end: lines from 1, decorators included; text: these lines, or for an import the statement that binds this
    name alone; shape: of the text."""

    name: str
    kind: str
    start: int
    end: int
    text: str
    shape: str


def bindings(source: bytes) -> dict[str, Binding]:
    """What each name of a module means when it has been loaded: of several bindings the last one."""
    tree = parsed(source)
    if tree is None:
        return {}
    lines = lines_of(decode(source))
    return {name: _binding(name, node, lines) for node in _statements(tree.body) for name in _bound(node)}


def members(source: bytes, owner: str) -> dict[str, Binding] | None:
    """What a class body binds, and the attributes that its methods set on their object; None when the class has bases
    (or is not there), which may bring anything."""
    node = _class(parsed(source), owner)
    if node is None or any(not (isinstance(base, ast.Name) and base.id == "object") for base in node.bases):
        return None
    lines = lines_of(decode(source))
    found = {name: _binding(name, item, lines) for item in _statements(node.body) for name in _bound(item)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
            found.setdefault(inner.attr, Binding(inner.attr, "attribute", inner.lineno, inner.lineno, "", ""))
    return found


def names_of(snapshot: Snapshot) -> frozenset[str]:
    """Names that a function takes from its module: global in Python's own reading, and no builtins."""
    text = textwrap.dedent(snapshot.text)
    try:
        table = symtable.symtable(text, "version", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    for inner in _tables(table):
        found |= {symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global() and symbol.is_referenced()}
    return frozenset(found - _BUILTINS - {snapshot.spot.name})


def local_names(snapshot: Snapshot) -> frozenset[str]:
    """Names that a function binds for itself, and so for the functions inside of it."""
    try:
        table = symtable.symtable(textwrap.dedent(snapshot.text), "version", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    own = next((child for child in table.get_children() if child.get_name() == snapshot.spot.name), None)
    return frozenset(symbol.get_name() for symbol in own.get_symbols() if symbol.is_local()) if own else frozenset()


def own_attributes(snapshot: Snapshot) -> frozenset[str]:
    """Attributes of its object that a method reads or calls."""
    tree = parsed(textwrap.dedent(snapshot.text).encode("utf-8", "replace"))
    function = tree.body[0] if tree is not None and tree.body else None
    if not isinstance(function, _FUNCTIONS) or "." not in snapshot.symbol:
        return frozenset()
    arguments = [*function.args.posonlyargs, *function.args.args]
    own = arguments[0].arg if arguments else ""
    return frozenset(
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == own
        and not node.attr.startswith("__")
    )


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _tables(child)


def _class(tree: ast.Module | None, owner: str) -> ast.ClassDef | None:
    body = tree.body if tree is not None else []
    found: ast.ClassDef | None = None
    for part in owner.split("."):
        found = next((node for node in reversed(body) if isinstance(node, ast.ClassDef) and node.name == part), None)
        if found is None:
            return None
        body = found.body
    return found


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a body and of the conditions and attempts in it, in order (a chain of `elif` nests deeply)."""
    waiting: list[ast.stmt] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With | ast.AsyncWith | ast.For | ast.While):
            parts = [getattr(node, name, []) for name in ("body", "handlers", "orelse", "finalbody")]
            inner = [item for part in parts for item in part]
            flat = [one for item in inner for one in (item.body if isinstance(item, ast.ExceptHandler) else [item])]
            waiting += reversed(flat)


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        case ast.Assign(targets=targets):
            for target in targets:
                yield from (item.id for item in ast.walk(target) if isinstance(item, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            yield name


def first_line(node: ast.stmt) -> int:
    """With its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _binding(name: str, node: ast.stmt, lines: list[str]) -> Binding:
    start = first_line(node)
    end = node.end_lineno or node.lineno
    text = "".join(lines[start - 1 : end])
    if isinstance(node, ast.Import | ast.ImportFrom):
        alias = next(item for item in node.names if (item.asname or item.name.partition(".")[0]) == name)
        alone = (
            ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], node.level)
        )
        text = ast.unparse(alone) + "\n"
        return Binding(name, "import", start, end, text, text)
    kind = "function" if isinstance(node, _FUNCTIONS) else "class" if isinstance(node, ast.ClassDef) else "constant"
    return Binding(name, kind, start, end, text, shape_of(text.encode("utf-8", "replace"), 1, end - start + 1))
