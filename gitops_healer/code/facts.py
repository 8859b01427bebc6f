"""What one parse of one file tells: imports with their kind, definitions, complexity."""

import ast
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from gitops_healer.code.truth import Truth, TruthTeller

MAX_BYTES = 5 * 1024 * 1024


class ImportKind(Enum):
    """When an import statement runs. The value is its spelling in the cache."""

    MODULE = "m"
    CONDITIONAL = "c"
    TRY = "t"
    FUNCTION = "f"
    TYPE_CHECKING = "y"
    MAIN = "i"
    NEVER = "n"

    @property
    def at_load(self) -> bool:
        """Whether it runs while its module is being imported."""
        return self in (ImportKind.MODULE, ImportKind.CONDITIONAL, ImportKind.TRY)


class Import(NamedTuple):
    """One `from` statement, or one name of an `import` statement.

    level: number of leading dots; module: what stands after `import` or `from`; names: (name, bound as) of a `from`
    statement; bound: what a plain import binds (its first part, or the name after `as`).
    """

    line: int
    kind: ImportKind
    level: int
    module: str
    names: tuple[tuple[str, str], ...] = ()
    bound: str = ""


class Definition(NamedTuple):
    """A function or class. start: with its decorators; complexity: McCabe's number of its own body (classes: 0).

    accessory: an overload, setter or deleter, which is not what the qualified name means.
    """

    qualname: str
    is_class: bool
    start: int
    end: int
    complexity: int
    accessory: bool


@dataclass(frozen=True)
class Facts:
    """What is known of one blob. reason: why it could not be analysed; complexity: McCabe's numbers of its functions
    and its branches outside of them, summed; exports: what `__all__` lists, None when there is none that can be read;
    packed: definitions and names as JSON, unpacked only when asked for, since most questions need neither."""

    analyzable: bool
    reason: str = ""
    total_lines: int = 0
    complexity: int = 0
    imports: tuple[Import, ...] = ()
    exports: tuple[str, ...] | None = None
    packed: bytes = b"[[],[]]"

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Functions and classes in the order of the file."""
        return tuple(Definition(*row) for row in json.loads(self.packed)[0])

    @cached_property
    def names(self) -> frozenset[str]:
        """Names bound at module level by anything but imports."""
        return frozenset(json.loads(self.packed)[1])


def packed(definitions: Iterable[Definition], names: Iterable[str]) -> bytes:
    """What `Facts.packed` holds."""
    return json.dumps([list(definitions), sorted(names)], separators=(",", ":")).encode("ascii")


def extract(source: bytes) -> Facts:
    """The facts of a Python file. Never raises: what cannot be read is not analyzable and says why."""
    lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    if len(source) > MAX_BYTES:
        return Facts(False, too_big(len(source)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        return _Reader(tree).facts(lines)
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        return Facts(False, f"{error.msg}{where}", lines)
    except (ValueError, UnicodeError) as error:
        return Facts(False, str(error), lines)
    except (RecursionError, MemoryError):
        return Facts(False, "nested too deeply for the parser", lines)


def too_big(size: int) -> str:
    return f"{size:,} bytes are more than the {MAX_BYTES:,} that are read"


@dataclass(frozen=True)
class _Block:
    """Statements that wait to be read. prefix: qualified name so far, with its dot; owner: index of the function
    whose complexity they add to, -1 for the module; depth: whether names bound here are the module's."""

    body: list[ast.stmt]
    kind: ImportKind
    prefix: str
    owner: int
    top: bool


@dataclass
class _Reader:
    """One pass over the statements of a module, without recursion, so that long `elif` chains do no harm."""

    tree: ast.Module
    imports: list[Import] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    exports: list[str] | None = None
    branches: dict[int, int] = field(default_factory=lambda: {-1: 0})
    waiting: list[_Block] = field(default_factory=list)

    def facts(self, lines: int) -> Facts:
        truth = TruthTeller(self.tree)
        self.waiting.append(_Block(self.tree.body, ImportKind.MODULE, "", -1, True))
        while self.waiting:
            block = self.waiting.pop()
            for statement in block.body:
                self._read(statement, block, truth)
        definitions = [item._replace(complexity=self.branches.get(n, 0)) for n, item in enumerate(self.definitions)]
        return Facts(
            analyzable=True,
            total_lines=lines,
            complexity=sum(self.branches.values()),
            imports=tuple(sorted(self.imports, key=lambda item: item.line)),
            exports=None if self.exports is None else tuple(self.exports),
            packed=packed(sorted(definitions, key=lambda item: (item.start, -item.end)), self.names),
        )

    def _read(self, node: ast.stmt, block: _Block, truth: TruthTeller) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node, block.kind)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node, block)
                owner = len(self.definitions) - 1
                self.branches[owner] = 1
                kind = block.kind if _is_final(block.kind) else ImportKind.FUNCTION
                self._wait(node.body, kind, f"{block.prefix}{node.name}.<locals>.", owner, False)
            case ast.ClassDef():
                self._define(node, block)
                self._wait(node.body, block.kind, f"{block.prefix}{node.name}.", block.owner, False)
            case ast.If():
                self._if(node, block, truth)
            case ast.Try() | ast.TryStar():
                self._try(node, block)
            case ast.For() | ast.AsyncFor() | ast.While():
                self.branches[block.owner] += 1
                self._bind(node, block)
                kind = _inside(block.kind, ImportKind.CONDITIONAL)
                self._wait(node.body, kind, block.prefix, block.owner, block.top)
                self._wait(node.orelse, kind, block.prefix, block.owner, block.top)
            case ast.With() | ast.AsyncWith():
                self._bind(node, block)
                self._wait(node.body, block.kind, block.prefix, block.owner, block.top)
            case ast.Match():
                self.branches[block.owner] += len(node.cases)
                for case in node.cases:
                    kind = _inside(block.kind, ImportKind.CONDITIONAL)
                    self._wait(case.body, kind, block.prefix, block.owner, block.top)
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                self._bind(node, block)
            case _:
                pass

    def _wait(self, body: list[ast.stmt], kind: ImportKind, prefix: str, owner: int, top: bool) -> None:
        if body:
            self.waiting.append(_Block(body, kind, prefix, owner, top))

    def _import(self, node: ast.Import | ast.ImportFrom, kind: ImportKind) -> None:
        if isinstance(node, ast.ImportFrom):
            names = tuple((alias.name, alias.asname or alias.name) for alias in node.names)
            self.imports.append(Import(node.lineno, kind, node.level, node.module or "", names))
        else:
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                self.imports.append(Import(node.lineno, kind, 0, alias.name, (), bound))

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, block: _Block) -> None:
        if block.top and not _is_final(block.kind):
            self.names.add(node.name)
        start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        accessory = any(_is_accessory(decorator, node.name) for decorator in node.decorator_list)
        end = node.end_lineno or node.lineno
        is_class = isinstance(node, ast.ClassDef)
        self.definitions.append(Definition(f"{block.prefix}{node.name}", is_class, start, end, 0, accessory))

    def _if(self, node: ast.If, block: _Block, truth: TruthTeller) -> None:
        self.branches[block.owner] += 1
        yes, no = _BRANCHES[truth.of(node.test)]
        self._wait(node.body, _inside(block.kind, yes), block.prefix, block.owner, block.top)
        self._wait(node.orelse, _inside(block.kind, no), block.prefix, block.owner, block.top)

    def _try(self, node: ast.Try | ast.TryStar, block: _Block) -> None:
        self.branches[block.owner] += len(node.handlers)
        guarded = _inside(block.kind, ImportKind.TRY if node.handlers else ImportKind.MODULE)
        for body in (node.body, *(handler.body for handler in node.handlers)):
            self._wait(body, guarded, block.prefix, block.owner, block.top)
        for body in (node.orelse, node.finalbody):
            self._wait(body, block.kind, block.prefix, block.owner, block.top)

    def _bind(self, node: ast.stmt, block: _Block) -> None:
        if not block.top or _is_final(block.kind):
            return
        bound = list(bound_names(node))
        self.names.update(bound)
        if "__all__" in bound and isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            listed = _strings(node.value)
            if listed is not None:
                self.exports = [*(self.exports or []), *listed]


# What the two branches of an `if` are, by what is known of its test.
_BRANCHES = {
    Truth.UNKNOWN: (ImportKind.CONDITIONAL, ImportKind.CONDITIONAL),
    Truth.TRUE: (ImportKind.MODULE, ImportKind.NEVER),
    Truth.FALSE: (ImportKind.NEVER, ImportKind.MODULE),
    Truth.TYPING: (ImportKind.TYPE_CHECKING, ImportKind.MODULE),
    Truth.NOT_TYPING: (ImportKind.MODULE, ImportKind.TYPE_CHECKING),
    Truth.MAIN: (ImportKind.MAIN, ImportKind.MODULE),
    Truth.NOT_MAIN: (ImportKind.MODULE, ImportKind.MAIN),
}


def _is_final(kind: ImportKind) -> bool:
    """Whether nothing inside can run at load time any more, whatever it is."""
    return kind in (ImportKind.NEVER, ImportKind.TYPE_CHECKING)


def _inside(outer: ImportKind, inner: ImportKind) -> ImportKind:
    """The kind of a block inside a block: the least that can run wins."""
    if _is_final(outer) or inner is ImportKind.MODULE:
        return outer
    if outer in (ImportKind.FUNCTION, ImportKind.MAIN) and not _is_final(inner):
        return outer
    return inner


def _is_accessory(decorator: ast.expr, name: str) -> bool:
    match decorator:
        case ast.Name(id="overload") | ast.Attribute(attr="overload"):
            return True
        case ast.Attribute(value=ast.Name(id=owner), attr="setter" | "deleter"):
            return owner == name
    return False


def bound_names(node: ast.stmt) -> list[str]:
    """Names that a statement other than an import or definition binds by itself (not by what stands inside of it)."""
    match node:
        case ast.Assign(targets=targets):
            pass
        case ast.AugAssign(target=target):
            targets = [target]
        case ast.AnnAssign(target=target, value=value):
            targets = [target] if value is not None else []
        case ast.For(target=target) | ast.AsyncFor(target=target):
            targets = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            targets = [item.optional_vars for item in items if item.optional_vars is not None]
        case _:
            targets = []
    waiting, found = list(targets), []
    while waiting:
        target = waiting.pop()
        match target:
            case ast.Name(id=name):
                found.append(name)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                waiting += parts
            case ast.Starred(value=part):
                waiting.append(part)
    return found


def _strings(node: ast.expr | None) -> list[str] | None:
    """The texts in a list or tuple of constants; what is not constant is left out; None for anything else."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return None
    return [part.value for part in node.elts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
