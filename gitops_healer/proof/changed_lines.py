"""Which lines of a step can be run, told by the syntax trees before and after."""

import ast
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from types import CodeType

from gitops_healer.code.parsing import parsed
from gitops_healer.code.roles import is_test_path
from gitops_healer.core.evidence import Changed
from gitops_healer.core.evidence import lines_of as lines_of
from gitops_healer.core.evidence import spans as spans
from gitops_healer.core.trials import Line
from gitops_healer.ports import FileChange, Repository

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef
_HEADS = {
    ast.If: ("test",), ast.While: ("test",), ast.For: ("target", "iter"), ast.AsyncFor: ("target", "iter"),
    ast.With: ("items",), ast.AsyncWith: ("items",), ast.Match: ("subject",), ast.Try: (), ast.TryStar: (),
}  # fmt: skip
_MOST_COMPARED = 4_000_000  # pairs of statements of one scope; with more all of them count as new


def changed_lines(repository: Repository, base: str, head: str) -> Changed:
    """What the step from `base` to `head` changed or added in Python files that are no tests.

    Comments, docstrings and layout do not count. A changed default, decorator or annotation counts as the line of the
    `def`. Where statements were only taken away, the one that follows counts, else the one before.
    """
    changes = _moved_away(repository.file_changes(base, head))
    python = [change for change in changes if change.path.endswith(".py") and not is_test_path(change.path)]
    found = _Found()
    for change in python:
        if not change.new:
            found.deleted.append(change.path)
            continue
        before = repository.read_blob(change.old) if change.old else b""
        _compare(found, change.path, before, repository.read_blob(change.new))
    changed = found.changed()
    return changed if changed.lines else Changed(deleted=changed.deleted, nothing=_why_nothing(changes, python, found))


def _moved_away(changes: Sequence[FileChange]) -> list[FileChange]:
    """Without files that only have another name now."""
    gone = {change.old for change in changes if not change.new}
    moved = {change.new for change in changes if not change.old and change.new in gone}
    return [change for change in changes if (change.new or change.old) not in moved]


def _why_nothing(changes: Sequence[FileChange], python: Sequence[FileChange], found: "_Found") -> str:
    if not changes:
        return "no file has other contents"
    if not python:
        tests = sum(change.path.endswith(".py") for change in changes)
        return f"only tests and files that are no Python changed ({len(changes)} files, {tests} of tests)"
    if found.unreadable:
        return f"{', '.join(found.unreadable[:3])} cannot be parsed"
    if found.deleted:
        return f"nothing was changed or added that can be run: only gone are {', '.join(found.deleted[:3])}"
    return f"only comments, docstrings or layout changed in {len(python)} Python files"


# One file


@dataclass(frozen=True)
class _Statement:
    """key: what it is and in which blocks of its scope; first, last: lines of it without its blocks, 0 when there is no
    code on them; sure: it runs whenever its scope does, as far as nothing is raised."""

    key: str
    first: int
    last: int
    sure: bool


@dataclass
class _Scope:
    """A module, class or function with its own statements. function: qualified name of the outermost function around
    it or it itself, "" outside of functions; entry: where it begins, decorators included. Grows while it is read."""

    node: ast.AST
    name: str
    head: str
    function: str
    line: int
    entry: int
    statements: list[_Statement] = field(default_factory=list)

    @property
    def lines(self) -> frozenset[int]:
        return frozenset(statement.first for statement in self.statements if statement.first)


_Key = tuple[str, int]
"""Qualified name, and how many of that name came before."""


@dataclass
class _Found:
    """What is known so far. Mutable because every file adds to it."""

    lines: dict[str, set[int]] = field(default_factory=dict)
    functions: dict[Line, str] = field(default_factory=dict)
    headers: dict[Line, frozenset[int]] = field(default_factory=dict)
    imported: set[Line] = field(default_factory=set)
    entries: dict[str, set[int]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def changed(self) -> Changed:
        lines = {path: frozenset(numbers) for path, numbers in self.lines.items() if numbers}
        entries = {path: frozenset(numbers) for path, numbers in self.entries.items()}
        imported = frozenset(self.imported)
        return Changed(lines, self.functions, self.headers, imported, entries, tuple(self.deleted))

    def add(self, path: str, scope: _Scope, line: int, sure: bool) -> None:
        if not line:
            return
        self.lines.setdefault(path, set()).add(line)
        if scope.function:
            self.functions[path, line] = scope.function
            self.entries.setdefault(path, set()).add(scope.entry)
        elif sure:
            self.imported.add((path, line))

    def add_header(self, path: str, scope: _Scope, inside: frozenset[int]) -> None:
        self.add(path, scope, scope.line, True)
        if scope.function:
            self.headers[path, scope.line] = inside | {scope.entry}


def _compare(found: _Found, path: str, before: bytes, after: bytes) -> None:
    now = _scopes(after, _code_lines(after, path))
    then = _scopes(before)
    if now is None:
        found.unreadable.append(path)
        return
    if then is None:
        _compare_texts(found, path, before, after, now)
        return
    gone = [name for name, number in then if (name, number) not in now and _outer(name, then) in now]
    found.deleted += [f"{path}:{name}" for name in dict.fromkeys(gone)]
    for key, scope in now.items():
        _compare_scopes(found, path, then.get(key), scope)


def _scopes(data: bytes, lines: frozenset[int] | None = None) -> "Mapping[_Key, _Scope] | None":
    """None when it is no Python that can be read. lines: on which there is code."""
    tree = parsed(data)
    try:
        return _Reading(tree, lines).scopes if tree is not None else None
    except RecursionError:  # an expression too deep to be written out
        return None


def _outer(name: str, scopes: Mapping[_Key, _Scope]) -> _Key:
    """The scope around a definition."""
    outer = name.rpartition(".")[0]
    return (outer, max((number for known, number in scopes if known == outer), default=0))


def _compare_scopes(found: _Found, path: str, then: _Scope | None, now: _Scope) -> None:
    inside = now.lines
    if then is None:
        for statement in now.statements:
            found.add(path, now, statement.first, statement.sure)
        if now.function and not inside - {now.line}:
            found.add_header(path, now, inside)
        return
    if then.head != now.head:
        found.add_header(path, now, inside)
    for fresh in _fresh(then.statements, now.statements):
        if fresh is not None:
            found.add(path, now, fresh.first, fresh.sure)
        elif now.function:
            found.add_header(path, now, inside)
        else:
            found.deleted.append(f"{path}:{now.name}" if now.name else path)
    if now.function and now.line in inside and now.line in found.lines.get(path, ()):  # all on one line
        found.add_header(path, now, inside)


def _fresh(then: Sequence[_Statement], now: Sequence[_Statement]) -> Iterator[_Statement | None]:
    """Statements that are new, and those beside which others are gone; None when there is none beside them."""
    start, end = 0, 0
    most = min(len(then), len(now))
    while start < most and then[start].key == now[start].key:
        start += 1
    while end < most - start and then[-1 - end].key == now[-1 - end].key:
        end += 1
    old, new = then[start : len(then) - end], now[start : len(now) - end]
    if len(old) * len(new) > _MOST_COMPARED:
        yield from new
        return
    matcher = SequenceMatcher(None, [one.key for one in old], [one.key for one in new], autojunk=False)
    for kind, _, _, first, last in matcher.get_opcodes():
        if kind == "delete":
            behind, ahead = now[start + first :], reversed(now[: start + first])
            yield next((one for one in (*behind, *ahead) if one.first), None)
        elif kind != "equal":
            yield from new[first:last]


def _compare_texts(found: _Found, path: str, before: bytes, after: bytes, now: Mapping[_Key, _Scope]) -> None:
    """Before, it was no Python: statements on lines whose text is new."""
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, [line.strip() for line in old], [line.strip() for line in new], autojunk=False)
    fresh = {
        line + 1
        for kind, _, _, first, last in matcher.get_opcodes()
        if kind != "equal"
        for line in (range(first, last) if last > first else (first,))
    }
    for scope in now.values():
        for statement in scope.statements:
            if not fresh.isdisjoint(range(statement.first, statement.last + 1)):
                found.add(path, scope, statement.first, statement.sure)
        if scope.function and not fresh.isdisjoint(range(scope.entry, _first_of_body(scope.node))):
            found.add_header(path, scope, scope.lines)


def _first_of_body(node: ast.AST) -> int:
    body = getattr(node, "body", [])
    return max(getattr(node, "lineno", 0) + 1, min(getattr(one, "lineno", 0) for one in body)) if body else 0


class _Reading:
    """All scopes of a module. lines: on which there is code, None when nobody asks."""

    def __init__(self, tree: ast.Module, lines: frozenset[int] | None) -> None:
        self._lines = lines
        self._named: Counter[str] = Counter()
        module = _Scope(tree, "", "", "", 1, 1)
        self.scopes: dict[_Key, _Scope] = {("", 0): module}
        self._read(module, tree.body, "", True)

    def _read(self, scope: _Scope, body: Sequence[ast.stmt], blocks: str, sure: bool) -> None:
        for node in body:
            if isinstance(node, _Definition):
                self._define(scope, node)
            elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                self._add(scope, node, blocks, sure)

    def _define(self, around: _Scope, node: _Definition) -> None:
        name = f"{around.name}.{node.name}" if around.name else node.name
        function = around.function or (name if isinstance(node, _Function) else "")
        entry = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        scope = _Scope(node, name, _head_of(node), function, node.lineno, entry)
        self.scopes[name, self._named[name]] = scope
        self._named[name] += 1
        self._read(scope, node.body, "", True)

    def _add(self, scope: _Scope, node: ast.stmt, blocks: str, sure: bool) -> None:
        names = _HEADS.get(type(node))
        if names is None:
            self._note(scope, f"{blocks}:{ast.dump(node)}", node.lineno, node.end_lineno or node.lineno, sure)
            return
        parts = [part for name in names for part in _parts(getattr(node, name))]
        last = max([node.lineno, *(getattr(inner, "end_lineno", 0) or 0 for part in parts for inner in ast.walk(part))])
        told = ",".join(ast.dump(part) for part in parts)
        self._note(scope, f"{blocks}:{type(node).__name__}({told})", node.lineno, last, sure)
        self._read_blocks(scope, node, blocks, sure)

    def _read_blocks(self, scope: _Scope, node: ast.stmt, blocks: str, sure: bool) -> None:
        always = isinstance(node, ast.With | ast.AsyncWith | ast.Try | ast.TryStar)
        self._read(scope, getattr(node, "body", []), f"{blocks}/body", sure and always)
        for handler in getattr(node, "handlers", ()):
            kind = ast.dump(handler.type) if handler.type is not None else ""
            last = handler.type.end_lineno if handler.type is not None else handler.lineno
            self._note(scope, f"{blocks}/except:{kind} as {handler.name}", handler.lineno, last, False)
            self._read(scope, handler.body, f"{blocks}/except", False)
        for case in getattr(node, "cases", ()):
            told = f"{ast.dump(case.pattern)} if {ast.dump(case.guard) if case.guard is not None else ''}"
            last = (case.guard or case.pattern).end_lineno
            self._note(scope, f"{blocks}/case:{told}", case.pattern.lineno, last, False)
            self._read(scope, case.body, f"{blocks}/case", False)
        following, whole = getattr(node, "orelse", []), blocks.rstrip("|")
        if isinstance(node, ast.If) and len(following) == 1 and isinstance(following[0], ast.If):
            self._add(scope, following[0], f"{whole}|", False)  # one branch more or less before it is nothing new
        else:
            self._read(scope, following, f"{whole}/else", False)
        self._read(scope, getattr(node, "finalbody", []), f"{blocks}/finally", sure)

    def _note(self, scope: _Scope, key: str, first: int, last: int, sure: bool) -> None:
        if self._lines is not None and first not in self._lines:
            first = min((line for line in self._lines if first < line <= last), default=0)
        scope.statements.append(_Statement(key, first, last, sure))


def _parts(value: object) -> list[ast.AST]:
    return [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST)]


def _head_of(node: _Definition) -> str:
    """All of a definition but its name and body."""
    names = ("args", "returns", "bases", "keywords", "decorator_list", "type_params")
    parts = [ast.dump(part) for name in names for part in _parts(getattr(node, name, None))]
    return f"{type(node).__name__}({','.join(parts)})"


def _code_lines(data: bytes, path: str) -> frozenset[int] | None:
    """Lines on which there is code, as far as it compiles here; None when it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = compile(data, path, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return frozenset(_lines_in(code))


def _lines_in(code: CodeType) -> Iterator[int]:
    yield from (line for _, _, line in code.co_lines() if line)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _lines_in(inner)
