"""What a pattern may ask of the file around a node: what a name was imported as, what stands around, the source text.

Everything is worked out when it is first asked for, since most files hold no match.
"""

import ast
import contextlib
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from gitops_healer.code.shape import lines_of

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NO_NODES = frozenset(
    "ctx kind type_comment conversion op ops type_ignores id attr arg module level asname simple is_async".split()
)
_SIMPLE = frozenset(
    {ast.Expr, ast.Assign, ast.Return, ast.Raise, ast.Import, ast.ImportFrom, ast.Pass, ast.Assert, ast.AugAssign}
)
"""The most frequent statements without blocks."""
_BLOCKS = ("body", "orelse", "finalbody")
_HOLDERS = ("handlers", "cases")


class _FieldsOf(dict[type[ast.AST], tuple[str, ...]]):
    """{class: its fields that can hold nodes other than the statements of a block}."""

    def __missing__(self, cls: type[ast.AST]) -> tuple[str, ...]:
        no_nodes = _NO_NODES if issubclass(cls, ast.expr) else _NO_NODES.union(_BLOCKS)
        self[cls] = fields = tuple(name for name in cls._fields if name not in no_nodes)
        return fields


_FIELDS = _FieldsOf()


def nodes_of(statement: ast.AST, wanted: Container[type[ast.AST]] | None = None) -> Iterator[ast.AST]:
    """A statement and the nodes below it, without the statements of its blocks, contexts and operators.

    wanted: the classes that are given (all when nothing is said). In no order that means anything.
    """
    stack: list[Any] = [statement]
    pop, push, extend, fields = stack.pop, stack.append, stack.extend, _FIELDS
    while stack:
        node = pop()
        cls = node.__class__
        if wanted is None or cls in wanted:
            yield node
        if cls is ast.Name or cls is ast.Constant:
            continue
        if cls is ast.Attribute or cls is ast.keyword or cls is ast.Expr:
            push(node.value)
        elif cls is ast.Call:
            push(node.func)
            if node.args:
                extend(node.args)
            if node.keywords:
                extend(node.keywords)
        else:
            for name in fields[cls]:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    if value:
                        extend([item for item in value if isinstance(item, ast.AST)])
                elif isinstance(value, ast.AST):
                    push(value)


def blocks_of(node: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """(the node that holds it, block) of each block of a statement or module."""
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if block:
            yield node, block
    for name in _HOLDERS:
        for holder in getattr(node, name, ()):
            yield holder, holder.body


class Place(NamedTuple):
    """Where a node hangs. block, at: the list that holds it and its index there, for statements."""

    parent: ast.AST
    block: list[ast.stmt]
    at: int


_NO_BLOCK: list[ast.stmt] = []


class Surroundings:
    """One parsed file. source: its text; near: the statement that is looked at, whose nodes are found fastest."""

    def __init__(self, tree: ast.Module, source: str) -> None:
        self.tree = tree
        self.near: ast.stmt | None = None
        self._source = source
        self._bindings: dict[ast.AST, dict[str, frozenset[str]]] = {}
        self._known: set[ast.AST | None] = {None}

    # Where things stand

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """All statements, in the order of the file."""
        waiting: list[ast.AST] = [self.tree]
        found = []
        while waiting:
            node = waiting.pop()
            found.append(node)
            if node.__class__ not in _SIMPLE:
                waiting += [item for _, block in [*blocks_of(node)][::-1] for item in block[::-1]]
        return found[1:]  # type: ignore[return-value]  # the module came first

    @cached_property
    def _places(self) -> dict[ast.AST, Place]:
        """Those of statements and what holds their blocks at first; those of other nodes join when asked for."""
        found: dict[ast.AST, Place] = {}
        for node in (self.tree, *self.statements):
            if node.__class__ in _SIMPLE:
                continue
            for holder, block in blocks_of(node):
                if holder is not node:
                    found[holder] = Place(node, _NO_BLOCK, 0)
                for at, item in enumerate(block):
                    found[item] = Place(holder, block, at)
        return found

    def place(self, node: ast.AST) -> Place | None:
        """None for the module."""
        if node is not self.tree and node not in self._places:
            self._learn([self.near])
        if node is not self.tree and node not in self._places:
            self._learn(self.statements)
        return self._places.get(node)

    def _learn(self, statements: Sequence[ast.stmt | None]) -> None:
        for statement in statements:
            if statement is None or statement in self._known:
                continue
            self._known.add(statement)
            for parent in nodes_of(statement):
                for child in ast.iter_child_nodes(parent):
                    if not isinstance(child, ast.stmt | ast.expr_context | ast.operator | ast.cmpop | ast.boolop):
                        self._places[child] = Place(parent, _NO_BLOCK, 0)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """From the parent to the module."""
        while (place := self.place(node)) is not None:
            node = place.parent
            yield node

    # What names mean

    @cached_property
    def aliases(self) -> dict[str, frozenset[str]]:
        """{name: dotted names that it is imported as, anywhere in the file}, of absolute imports only."""
        found: dict[str, set[str]] = {}
        for node in self.statements:
            for name, target in _imported(node):
                found.setdefault(name, set()).add(target)
        return {name: frozenset(targets) for name, targets in found.items()}

    def is_named(self, node: ast.expr, parts: Sequence[str]) -> bool:
        """Whether an attribute chain or name reads like these parts, as written or by what its first part was
        imported as."""
        last = len(parts) - 1
        while isinstance(node, ast.Attribute) and last > 0 and node.attr == parts[last]:
            node, last = node.value, last - 1
        if not isinstance(node, ast.Name):
            return False
        if last == 0 and node.id == parts[0]:
            return True
        meant = ".".join(parts[: last + 1])
        return meant in self.aliases.get(node.id, ()) and meant in self._targets(node)

    def _targets(self, name: ast.Name) -> frozenset[str]:
        """What a name was imported as, by the innermost scope that binds it."""
        innermost = True
        for around in self.ancestors(name):
            if isinstance(around, (*_SCOPES, ast.Module)):
                seen = innermost or not isinstance(around, ast.ClassDef)
                bound = self._bound_in(around).get(name.id) if seen else None
                if bound is not None:
                    return bound
                innermost = False
        return frozenset()

    def _bound_in(self, scope: ast.AST) -> dict[str, frozenset[str]]:
        """{name: what it is imported as, nothing when it is bound in another way only}."""
        if scope not in self._bindings:
            found: dict[str, set[str]] = {}
            elsewhere: set[str] = set()
            for node in _inside(scope):
                for name, target in _imported(node):
                    found.setdefault(name, set()).add(target)
                if isinstance(node, ast.Global | ast.Nonlocal):
                    elsewhere.update(node.names)
                elif (own := _binds(node)) is not None:
                    found.setdefault(own, set())
            self._bindings[scope] = {name: frozenset(to) for name, to in found.items() if name not in elsewhere}
        return self._bindings[scope]

    # What it reads like

    @cached_property
    def _lines(self) -> list[bytes]:
        """In UTF-8, in which the parser counts columns."""
        return [line.encode("utf-8", "surrogatepass") for line in lines_of(self._source)]

    def text(self, node: ast.AST, *, quoted: bool = False) -> str:
        """The source of a node. quoted: it stands in an f-string, where not every version of Python knows places."""
        end = getattr(node, "end_lineno", None)
        if quoted or end is None or end > len(self._lines):
            with contextlib.suppress(RecursionError, ValueError):
                return ast.unparse(node)
            return ""
        first, last, begin, stop = node.lineno, end, node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        lines = self._lines[first - 1 : last]
        lines[-1] = lines[-1][:stop]
        lines[0] = lines[0][begin:]
        return b"".join(lines).decode("utf-8", "surrogatepass")


def qualname(around: Iterable[ast.AST]) -> str:
    """The qualified name of the innermost of these definitions, from the inside out; "" at the top of the module."""
    parts: list[str] = []
    for node in around:
        if isinstance(node, ast.ClassDef):
            parts.append(node.name)
        elif isinstance(node, FUNCTIONS):
            parts += ["<locals>", node.name] if parts else [node.name]
    return ".".join(reversed(parts))


def first_line(node: ast.stmt | ast.expr) -> int:
    """With decorators."""
    return min(int(item.lineno) for item in (node, *getattr(node, "decorator_list", ())))


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name, what it means) of each name that an absolute import binds to something with another spelling or place."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
    elif isinstance(node, ast.ImportFrom) and not node.level:
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a scope without those of the scopes in it, which are given themselves."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _binds(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return name
    return None
