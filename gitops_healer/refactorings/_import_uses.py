"""Where a module uses the names that it imports, and when: while it is imported, when a function is called, or only
in annotations."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from gitops_healer.refactorings._syntax import last_name

Function = ast.FunctionDef | ast.AsyncFunctionDef
Owner = Function | ast.ClassDef | None


class When(Enum):
    """LOAD: while the module is imported; CALL: in the body of a function; TYPE: in an annotation that runs at
    definition unless annotations are deferred; TEXT: in an annotation that never runs by itself."""

    LOAD = "load"
    CALL = "call"
    TYPE = "type"
    TEXT = "text"


@dataclass(frozen=True)
class Use:
    """One place where a global name is read. chain: the name and the attributes read from it; function: innermost
    function whose call runs this, None at load; owner: whose annotation it is; annotation: the whole of it."""

    name: str
    chain: tuple[str, ...]
    line: int
    when: When
    function: Function | None = None
    owner: Owner = None
    annotation: ast.expr | None = None


@dataclass
class Uses:
    """All that is known of the global names of one module. rebound: {name: lines where the module binds it};
    declared_global: names in `global` statements; parents: {function: the function that it stands in}."""

    reads: dict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))
    rebound: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    declared_global: set[str] = field(default_factory=set)
    parents: dict[Function, Function | None] = field(default_factory=dict)
    deferred_annotations: bool = False


@dataclass(frozen=True)
class _Scope:
    kind: str
    bound: frozenset[str]
    outer: "_Scope | None"


@dataclass(frozen=True)
class _Context:
    """Where the reader is. typing: what kind of annotation it is in, None outside of annotations."""

    scope: _Scope
    function: Function | None = None
    typing: When | None = None
    owner: Owner = None
    annotation: ast.expr | None = None


_TYPE_COMMENT = re.compile(r"#\s*type:\s*(?!ignore)(.*)")
_NAME = re.compile(r"[^\W\d]\w*")
_GENERIC = re.compile(r"[A-Z]|(list|dict|set|frozenset|tuple|type|deque|defaultdict)$")


def read_uses(tree: ast.Module, text: str) -> Uses:
    """The uses of all global names of a module. text: its source, for type comments."""
    uses = Uses()
    uses.deferred_annotations = any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and _imports(node, "annotations")
        for node in tree.body
    )
    reader = _Reader(uses)
    for statement in tree.body:
        reader.visit(statement, _Context(_Scope("module", frozenset(), None)))
    for number, line in enumerate(text.splitlines(), 1):
        comment = _TYPE_COMMENT.search(line) if "#" in line else None
        for name in _NAME.findall(comment[1]) if comment else ():
            uses.reads[name].append(Use(name, (name,), number, When.TEXT))
    return uses


def _imports(node: ast.ImportFrom, name: str) -> bool:
    return any(alias.name == name for alias in node.names)


class _Reader:
    """Walks a tree as the interpreter binds names: scopes, class bodies, comprehensions, annotations."""

    def __init__(self, uses: Uses) -> None:
        self._uses = uses

    def visit(self, node: ast.AST, at: _Context) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, at)
            case ast.ClassDef():
                self._class(node, at)
            case ast.Lambda():
                self._many([*node.args.defaults, *node.args.kw_defaults], at)
                self.visit(node.body, _into(at, "function", frozenset(_arguments(node.args)) | bound_in([node.body])))
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node, at)
            case ast.AnnAssign():
                self._annotated(node, at)
            case ast.Import() | ast.ImportFrom():
                if at.scope.kind == "module":
                    for alias in node.names:
                        self._uses.rebound[alias.asname or alias.name.partition(".")[0]].append(node.lineno)
            case ast.Global():
                self._uses.declared_global.update(node.names)
            case ast.Name() | ast.Attribute():
                self._name(node, at)
            case ast.Constant(value=str() as text) if at.typing is not None:
                self._quoted(text, node.lineno, at)
            case ast.Subscript():
                self._subscript(node, at)
            case ast.Call():
                self._call(node, at)
            case (
                ast.ExceptHandler(name=str() as name)
                | ast.MatchAs(name=str() as name)
                | ast.MatchStar(name=str() as name)
            ):
                self._store(name, node.lineno, at)
                self._many(ast.iter_child_nodes(node), at)
            case _:
                self._many(ast.iter_child_nodes(node), at)

    def _many(self, nodes: Iterable[ast.AST | None], at: _Context) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node, at)

    def _function(self, node: Function, at: _Context) -> None:
        self._store(node.name, node.lineno, at)
        self._uses.parents[node] = at.function
        arguments = node.args
        self._many([*node.decorator_list, *arguments.defaults, *arguments.kw_defaults], at)
        self._many(getattr(node, "type_params", ()), at)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for annotation in [*(item.annotation for item in every if item is not None), node.returns]:
            self._annotation(annotation, at, node)
        declared = {name for item in _own(node.body) if isinstance(item, ast.Global) for name in item.names}
        bound = (frozenset(_arguments(arguments)) | bound_in(node.body)) - declared
        self._many(node.body, _Context(_Scope("function", bound, at.scope), node))

    def _class(self, node: ast.ClassDef, at: _Context) -> None:
        self._store(node.name, node.lineno, at)
        self._many([*node.decorator_list, *node.bases, *node.keywords], at)
        self._many(getattr(node, "type_params", ()), at)
        inner = _Context(_Scope("class", bound_in(node.body), at.scope), at.function, None, node)
        self._many(node.body, inner)

    def _comprehension(self, node: ast.AST, at: _Context) -> None:
        targets = frozenset(
            name.id
            for generator in getattr(node, "generators", ())
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        )
        inner = _into(at, "function", targets)
        for number, generator in enumerate(getattr(node, "generators", ())):
            self.visit(generator.iter, at if number == 0 else inner)
            self._many(generator.ifs, inner)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [getattr(node, "elt", None)]
        self._many(parts, inner)

    def _annotated(self, node: ast.AnnAssign, at: _Context) -> None:
        if at.scope.kind == "function":
            self._annotation(node.annotation, at, None, never=True)
        else:
            self._annotation(node.annotation, at, at.owner)
        self._many([node.target, node.value], at)

    def _annotation(self, node: ast.expr | None, at: _Context, owner: Owner, never: bool = False) -> None:
        if node is None:
            return
        text = never or self._uses.deferred_annotations
        when = When.TEXT if text else When.TYPE if at.function is None else When.CALL
        self.visit(node, _Context(at.scope, at.function, when, owner, node))

    def _quoted(self, text: str, line: int, at: _Context) -> None:
        try:
            inner = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in ast.walk(inner):
            if isinstance(node, ast.Name) and not _is_local(node.id, at.scope):
                use = Use(node.id, (node.id,), line, When.TEXT, at.function, at.owner, at.annotation)
                self._uses.reads[node.id].append(use)

    def _subscript(self, node: ast.Subscript, at: _Context) -> None:
        name = last_name(node.value)
        self.visit(node.value, at)
        if name == "Literal":
            return
        inner = node.slice
        if at.typing is None and _GENERIC.match(name):
            for text in ast.walk(inner):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    self._quoted(text.value, text.lineno, at)
        self.visit(inner, at)

    def _call(self, node: ast.Call, at: _Context) -> None:
        texts: list[ast.expr] = []
        if last_name(node.func) == "cast":
            texts = node.args[:1]
        elif last_name(node.func) in ("TypeVar", "NewType"):
            texts = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
        for text in texts:
            for part in ast.walk(text):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    self._quoted(part.value, part.lineno, at)
        self._many(ast.iter_child_nodes(node), at)

    def _name(self, node: ast.Name | ast.Attribute, at: _Context) -> None:
        parts: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            parts.append(base.attr)
            base = base.value
        if not isinstance(base, ast.Name):
            self.visit(base, at)
            return
        if not isinstance(base.ctx, ast.Load):
            self._store(base.id, base.lineno, at)
            return
        if _is_local(base.id, at.scope):
            return
        chain = (base.id, *reversed(parts))
        when = at.typing or (When.LOAD if at.function is None else When.CALL)
        self._uses.reads[base.id].append(
            Use(base.id, chain, base.lineno, when, at.function, at.owner, at.annotation if at.typing else None)
        )

    def _store(self, name: str, line: int, at: _Context) -> None:
        if at.scope.kind == "module":
            self._uses.rebound[name].append(line)


def _into(at: _Context, kind: str, bound: frozenset[str]) -> _Context:
    return _Context(_Scope(kind, bound, at.scope), at.function, at.typing, at.owner, at.annotation)


def _is_local(name: str, scope: _Scope) -> bool:
    """Whether a name is some function's own. A class body reads the global before it binds a name, so it counts not."""
    inner: _Scope | None = scope
    while inner is not None:
        if inner.kind == "function" and name in inner.bound:
            return True
        inner = inner.outer
    return False


def _arguments(arguments: ast.arguments) -> Iterator[str]:
    for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if item is not None:
            yield item.arg


def bound_in(body: Iterable[ast.AST]) -> frozenset[str]:
    """Names that these nodes bind in the scope that they stand in."""
    found: set[str] = set()
    for node in _own(body):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=asname):
                found.add(asname or name.partition(".")[0])
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                found.add(name)
            case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
                found.add(name)
    return frozenset(found)


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a scope: nested functions and classes appear, but are not entered; of comprehensions only what
    `:=` binds belongs to the scope around them."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                pass
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                yield from (item.target for item in ast.walk(node) if isinstance(item, ast.NamedExpr))
            case _:
                waiting += ast.iter_child_nodes(node)
