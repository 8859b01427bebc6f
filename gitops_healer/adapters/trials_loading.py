"""Which definitions a change touches, so that a running program can be given their new code."""

import ast
import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gitops_healer.core.change import Change, Edit

_LINE_END = re.compile(rb"\r\n|\r|\n")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*(?!utf-?8\b)[-\w.]+", re.I)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Definition:
    """A function outside any other function. names: its classes and its own; line, first: from 1, where it begins with
    its decorators and with its `def`; start, body, end: byte offsets of the line of its `def`, of where edits may begin
    and of the end of its last line."""

    names: tuple[str, ...]
    line: int
    first: int
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Part:
    """One definition with its new text, as the trial server takes it."""

    path: str
    definition: Definition
    text: str

    def as_json(self) -> dict[str, object]:
        names, line, first = list(self.definition.names), self.definition.line, self.definition.first
        return {"path": self.path, "names": names, "line": line, "first": first, "text": self.text}


@dataclass(frozen=True)
class _Source:
    data: bytes

    @cached_property
    def starts(self) -> list[int]:
        """Byte offsets of lines, and of the end."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.data)), len(self.data)]

    def offset(self, line: int, column: int = 0) -> int:
        return self.starts[min(line, len(self.starts)) - 1] + column

    @cached_property
    def definitions(self) -> list[Definition]:
        """In the order of the file; none when it is no Python in UTF-8."""
        if any(_COOKIE.match(line) for line in self.data.split(b"\n", 2)[:2]):
            return []
        try:
            tree = ast.parse(self.data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
        found = _definitions(self, tree.body, ())
        return sorted(found, key=lambda definition: definition.start)

    @cached_property
    def _beginnings(self) -> list[int]:
        return [definition.start for definition in self.definitions]

    def holding(self, edit: Edit) -> Definition | None:
        """The definition in whose body all of the edit lies."""
        at = bisect_right(self._beginnings, edit.start) - 1
        if at < 0:
            return None
        found = self.definitions[at]
        return found if found.body <= edit.start and edit.end <= found.end else None


class Definitions:
    """The definitions of a tree. read: the bytes of a file of it, None when there is none."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._sources: dict[str, _Source] = {}

    def parts(self, change: Change) -> tuple[Part, ...] | None:
        """What has to be put into the running program for a change; None when it touches more than bodies of functions
        (or files as they are not): that needs a fresh import. Raises StaleEditError."""
        touched: dict[tuple[str, Definition], list[Edit]] = {}
        for edit in change.edits:
            definition = self._source(edit.path).holding(edit) if edit.path.endswith(".py") else None
            if definition is None:
                return None
            touched.setdefault((edit.path, definition), []).append(edit)
        return tuple(self._part(path, definition, edits) for (path, definition), edits in touched.items())

    def named(self, path: str, names: Sequence[str]) -> Definition | None:
        """The last definition of that name, which is the one that callers get."""
        found = [definition for definition in self._source(path).definitions if definition.names == tuple(names)]
        return found[-1] if found else None

    def _source(self, path: str) -> _Source:
        if path not in self._sources:
            self._sources[path] = _Source(self._read(path) or b"")
        return self._sources[path]

    def _part(self, path: str, definition: Definition, edits: Sequence[Edit]) -> Part:
        here = self._source(path).data[definition.start : definition.end]
        moved = (Edit(path, edit.start - definition.start, edit.old, edit.new) for edit in edits)
        new = Change(tuple(moved)).apply({path: here})[path]
        return Part(path, definition, new.decode("utf-8", "replace"))


@dataclass(frozen=True)
class Loading:
    """How a change gets into a program. read: bytes of a file; called: (path, first line) of functions whose
    work was done when the project was imported; fresh: nothing but a fresh import will do."""

    definitions: Definitions
    read: Callable[[str], bytes | None]
    called: frozenset[tuple[str, int]]
    fresh: bool = False

    def parts(self, change: Change) -> tuple[Part, ...] | None:
        """For a running program; None when the change needs a fresh import. Raises StaleEditError."""
        parts = None if self.fresh else self.definitions.parts(change)
        if parts is None or any((part.path, part.definition.line) in self.called for part in parts):
            return None
        return parts

    def files(self, change: Change) -> dict[str, str]:
        """Whole files in base 64, for a fresh import. Raises StaleEditError."""
        after = change.apply({path: self.read(path) or b"" for path in change.paths})
        return {path: base64.b64encode(data).decode("ascii") for path, data in after.items()}


def _definitions(source: _Source, body: Sequence[ast.stmt], classes: tuple[str, ...]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, _FUNCTIONS):
            if not getattr(node, "type_params", None):
                yield _definition(source, node, classes)
        elif isinstance(node, ast.ClassDef):
            yield from _definitions(source, node.body, (*classes, node.name))
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            for handler in getattr(node, "handlers", ()):
                inner += handler.body
            yield from _definitions(source, inner, classes)


def _definition(source: _Source, node: ast.FunctionDef | ast.AsyncFunctionDef, classes: tuple[str, ...]) -> Definition:
    line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    first = node.body[0]
    opening = min([first.lineno, *(decorator.lineno for decorator in getattr(first, "decorator_list", ()))])
    body = source.offset(opening)
    if source.data[body : source.offset(first.lineno, first.col_offset)].strip() and opening == first.lineno:
        body = source.offset(first.lineno, first.col_offset)
    last = node.end_lineno or node.lineno
    return Definition(
        (*classes, node.name), line, node.lineno, source.offset(node.lineno), body, source.offset(last + 1)
    )
