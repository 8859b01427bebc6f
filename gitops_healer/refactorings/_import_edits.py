"""Moves imports within a file by small text edits: line ends, tabs, comments and encoding stay as they are."""

import ast
import difflib
import io
import sys
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_healer.code.shape import lines_of
from gitops_healer.code.truth import Truth, TruthTeller
from gitops_healer.core.change import Edit, replace_span
from gitops_healer.refactorings._import_uses import Function
from gitops_healer.refactorings._syntax import first_line, is_docstring

_WIDTH = 88
Statement = ast.Import | ast.ImportFrom


class UneditableError(Exception):
    """The text has a form that these edits do not know; it says which."""


@dataclass(frozen=True)
class Moved:
    """One imported name that leaves the module level. functions: those that import it themselves from now on;
    typing: whether it is also imported for type checkers."""

    statement: Statement
    alias: ast.alias
    functions: tuple[Function, ...]
    typing: bool


@dataclass(frozen=True)
class _Splice:
    """Replace text[start:end] by new; order: among insertions at one place."""

    start: int
    end: int
    new: str
    order: int = 0


def edits_between(path: str, before: bytes, after: bytes) -> tuple[Edit, ...]:
    """The edits, by lines, that lead from one text to another."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        replace_span(path, before, starts[i], starts[j], b"".join(new[k:m]).decode("utf-8", "surrogateescape"))
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    )


class Rewriter:
    """Makes the new bytes of one file. Raises UneditableError when its text cannot be read back exactly."""

    def __init__(self, source: bytes) -> None:
        self._encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        self.text = source.decode(self._encoding)
        if self.text.encode(self._encoding) != source:
            raise UneditableError(f"the encoding {self._encoding} does not give the same bytes back")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = ast.parse(self.text)
        self._lines = lines_of(self.text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        first = self._lines[0] if self._lines else "\n"
        self._eol = first[len(first.rstrip("\r\n")) :] or "\n"

    def rewrite(self, moves: Sequence[Moved], quotes: Sequence[ast.expr], future: bool) -> bytes:
        """moves: nodes of `self.tree`; quotes: annotations that become strings; future: defer all annotations."""
        splices = [self._quote(annotation) for annotation in quotes]
        typed = self._typing_statements(moves)
        gone = self._removals(moves)
        splices += gone
        if future:
            splices.append(self._future())
        if typed:
            splices += self._typing_block(typed, moves, gone)
        splices += self._deferred(moves)
        splices = [splice for splice in splices if splice not in gone] + self._closed_up(gone, splices)
        return self._applied(splices).encode(self._encoding)

    def _applied(self, splices: list[_Splice]) -> str:
        pieces: list[str] = []
        position = 0
        for splice in sorted(splices, key=lambda item: (item.start, item.end > item.start, item.order)):
            if splice.start < position:
                raise UneditableError("two edits meet at one place")
            pieces += [self.text[position : splice.start], splice.new]
            position = splice.end
        return "".join([*pieces, self.text[position:]])

    # Places

    def _at(self, line: int, column: int) -> int:
        """The index in the text of a line (from 1) and a column in UTF-8 bytes."""
        head = self._lines[line - 1].encode("utf-8")[:column] if line <= len(self._lines) else b""
        return self._starts[line - 1] + len(head.decode("utf-8"))

    def _span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._at(node.lineno, node.col_offset), self._at(end_line, end_column)

    def _line_span(self, node: ast.stmt) -> tuple[int, int]:
        """From the start of the first line of a statement to the start of the line after it."""
        return self._starts[node.lineno - 1], self._starts[node.end_lineno or node.lineno]

    def _is_alone(self, node: ast.stmt) -> bool:
        """Whether a statement shares its lines with nothing but a comment."""
        start, end = self._span(node)
        begin, stop = self._line_span(node)
        rest = self.text[end:stop].strip()
        return not self.text[begin:start].strip() and (not rest or rest.startswith("#"))

    def _is_blank(self, line: int) -> bool:
        return 1 <= line <= len(self._lines) and not self._lines[line - 1].strip()

    def _closed_up(self, gone: list[_Splice], splices: list[_Splice]) -> list[_Splice]:
        """Removals that meet become one, and do not leave blank lines both above and below what is gone."""
        merged: list[_Splice] = []
        taken = {splice.start for splice in splices if splice not in gone}
        for splice in sorted(gone, key=lambda item: item.start):
            if merged and merged[-1].end == splice.start and splice.start not in taken:
                splice = _Splice(merged.pop().start, splice.end, "")
            merged.append(splice)
        return [splice if splice.start in taken else self._with_blanks(splice) for splice in merged]

    def _with_blanks(self, splice: _Splice) -> _Splice:
        if splice.start not in self._starts or splice.end not in self._starts:
            return splice
        above, below = self._starts.index(splice.start), self._starts.index(splice.end) + 1
        before = 0
        while above - before > 0 and self._is_blank(above - before):
            before += 1
        after = 0
        while self._is_blank(below + after) and (after < before or above == 0):
            after += 1
        return _Splice(splice.start, self._starts[below + after - 1], "")

    # What goes

    def _removals(self, moves: Sequence[Moved]) -> list[_Splice]:
        by_statement: dict[Statement, list[ast.alias]] = {}
        for move in moves:
            by_statement.setdefault(move.statement, []).append(move.alias)
        splices: list[_Splice] = []
        for statement, aliases in by_statement.items():
            if len(aliases) == len(statement.names):
                splices.append(self._without(statement))
            else:
                splices += self._without_names(statement, aliases)
        return splices

    def _without(self, node: Statement) -> _Splice:
        start, end = self._span(node)
        begin, stop = self._line_span(node)
        if self._is_alone(node):
            return _Splice(begin, stop, "")
        after = self.text[end:stop]
        if after.lstrip().startswith(";"):
            gap = len(after) - len(after.lstrip()) + 1
            rest = after[gap:]
            return _Splice(start, end + gap + len(rest) - len(rest.lstrip(" \t")), "")
        before = self.text[begin:start].rstrip()
        if not before.endswith(";"):
            raise UneditableError(f"line {node.lineno} cannot be taken apart")
        return _Splice(begin + len(before[:-1].rstrip()), end, "")

    def _without_names(self, node: Statement, gone: list[ast.alias]) -> Iterator[_Splice]:
        """Names leave with their comma; a name on lines of its own leaves with them and with its comment."""
        names = node.names
        for number, alias in enumerate(names):
            if alias not in gone:
                continue
            start, end = self._span(alias)
            begin, stop = self._starts[alias.lineno - 1], self._starts[alias.end_lineno or alias.lineno]
            rest = self.text[end:stop].strip().removeprefix(",").strip()
            if not self.text[begin:start].strip() and (not rest or rest.startswith("#")):
                yield _Splice(begin, stop, "")
                continue
            later = names[number + 1 :]
            if later and self._starts[later[0].lineno - 1] == begin:
                yield _Splice(start, self._span(later[0])[0], "")
                continue
            kept = [item for item in names[:number] if item not in gone]
            if later:
                yield _Splice(start, self._comma_after(end), "")
            elif kept:
                yield (
                    _Splice(self._span(kept[-1])[1], end, "")
                    if kept[-1] is names[number - 1]
                    else _Splice(start, end, "")
                )
            else:
                raise UneditableError(f"line {node.lineno} cannot be taken apart")

    def _comma_after(self, position: int) -> int:
        comma = self.text.find(",", position)
        end = comma + 1 if comma >= 0 else position
        while end < len(self.text) and self.text[end] in " \t":
            end += 1
        return end

    # What comes

    def _typing_statements(self, moves: Sequence[Moved]) -> list[str]:
        """The import statements for type checkers, in the order of the file, with the comments they had."""
        found: dict[Statement, list[ast.alias]] = {}
        for move in moves:
            if move.typing:
                found.setdefault(move.statement, []).append(move.alias)
        return [
            self._spelled(statement, aliases, self._indent_unit()) + self._comment(statement, aliases)
            for statement, aliases in found.items()
        ]

    def _comment(self, node: Statement, aliases: list[ast.alias]) -> str:
        """The comment behind a statement that moves as a whole."""
        if len(aliases) != len(node.names) or node.lineno != node.end_lineno or not self._is_alone(node):
            return ""
        rest = self.text[self._span(node)[1] : self._line_span(node)[1]].strip()
        return f"  {rest}" if rest else ""

    def _spelled(self, node: Statement, aliases: list[ast.alias], indent: str) -> str:
        names = [alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in aliases]
        if isinstance(node, ast.Import):
            return f"import {', '.join(names)}"
        head = f"from {'.' * node.level}{node.module or ''} import "
        line = head + ", ".join(names)
        if len(indent.expandtabs(4)) + len(line) <= _WIDTH or len(names) == 1:
            return line
        inner = "".join(f"{indent}{self._indent_unit()}{name},{self._eol}" for name in names)
        return f"{head}({self._eol}{inner}{indent})"

    def _indent_unit(self) -> str:
        for node in self.tree.body:
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt) and body[0].lineno > node.lineno:
                line = self._lines[body[0].lineno - 1]
                space = line[: len(line) - len(line.lstrip(" \t"))]
                if space:
                    return space
        return "    "

    def _typing_block(self, typed: list[str], moves: Sequence[Moved], gone: list[_Splice]) -> list[_Splice]:
        existing = self._existing_block()
        if existing is not None:
            return list(self._into_block(existing, typed))
        header = self._header()
        anchor = header[-1]
        guard, splices = self._guard(header, gone)
        unit = self._indent_unit()
        lines = "".join(f"{unit}{statement}{self._eol}" for statement in typed)
        block = f"if {guard}:{self._eol}{lines}"
        removed = next((splice for splice in gone if splice.start == self._line_span(anchor)[0]), None)
        at, line = (removed.start, anchor.lineno - 1) if removed else (self._after(anchor), self._last_line(anchor))
        occupied = any(splice.start == at for splice in splices)
        above = "" if occupied or line == 0 or self._is_blank(line) else self._eol
        next_line = self._last_line(anchor) + 1
        below = "" if next_line > len(self._lines) or self._is_blank(next_line) else self._eol
        if at > 0 and not self.text[:at].endswith(("\n", "\r")):
            above += self._eol
        return [*splices, _Splice(at, at, f"{above}{block}{below}", 2)]

    def _existing_block(self) -> ast.If | None:
        truth = TruthTeller(self.tree)
        for node in self.tree.body:
            if not isinstance(node, ast.If) or node.orelse or isinstance(node.test, ast.BoolOp):
                continue
            if truth.of(node.test) is Truth.TYPING and node.body[0].lineno > node.lineno:
                return node
        return None

    def _into_block(self, block: ast.If, typed: list[str]) -> Iterator[_Splice]:
        imports = [node for node in block.body if isinstance(node, Statement) and self._is_alone(node)]
        first = self._lines[block.body[0].lineno - 1]
        space = first[: len(first) - len(first.lstrip(" \t"))]
        lines = "".join(f"{space}{statement}{self._eol}" for statement in typed)
        at = self._line_span(imports[-1])[1] if imports else self._starts[first_line(block.body[0]) - 1]
        missing = self._eol if at == len(self.text) and not self.text.endswith(("\n", "\r")) else ""
        yield _Splice(at, at, missing + lines, 2)

    def _header(self) -> list[Statement]:
        """The plain imports above the first function or class."""
        found: list[Statement] = []
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                break
            if isinstance(node, Statement):
                found.append(node)
        if not found:
            raise UneditableError("there are no imports above the first definition")
        return found

    def _guard(self, header: list[Statement], gone: list[_Splice]) -> tuple[str, list[_Splice]]:
        """How TYPE_CHECKING is spelled here, and what must be added so that it is known."""
        for node in header:
            for alias in node.names:
                if isinstance(node, ast.ImportFrom) and alias.name == "TYPE_CHECKING":
                    return alias.asname or alias.name, []
                if isinstance(node, ast.Import) and alias.name == "typing":
                    return f"{alias.asname or alias.name}.TYPE_CHECKING", []
        for node in header:
            if isinstance(node, ast.ImportFrom) and node.module == "typing" and not node.level and _is_plain(node):
                added = self._with_name(node, "TYPE_CHECKING")
                if added is not None:
                    return "TYPE_CHECKING", [added]
        return "TYPE_CHECKING", [self._typing_import(header)]

    def _with_name(self, node: ast.ImportFrom, name: str) -> _Splice | None:
        """One more name in a `from` statement, where isort would put it; None when the line would become too long."""
        before = next((alias for alias in node.names if _sort_key(alias.name) > _sort_key(name)), None)
        if before is None:
            end = self._span(node.names[-1])[1]
            splice = _Splice(end, end, f", {name}")
        else:
            start = self._span(before)[0]
            begin = self._starts[before.lineno - 1]
            indent = self.text[begin:start]
            if not indent.strip():
                return _Splice(start, start, f"{name},{self._eol}{indent}")
            splice = _Splice(start, start, f"{name}, ")
        line = self._lines[(before or node.names[-1]).lineno - 1].rstrip("\r\n")
        return splice if len(line) + len(splice.new) <= _WIDTH else None

    def _typing_import(self, header: list[Statement]) -> _Splice:
        """`from typing import TYPE_CHECKING` among the imports of the standard library."""
        line = f"from typing import TYPE_CHECKING{self._eol}"
        own = [node for node in header if _module(node) != "__future__" and self._is_alone(node)]
        standard = [node for node in own if _is_standard(node)]
        earlier = [node for node in standard if (isinstance(node, ast.ImportFrom), _module(node)) < (True, "typing")]
        if earlier:
            at = self._line_span(earlier[-1])[1]
            missing = "" if self.text[:at].endswith(("\n", "\r")) else self._eol
            return _Splice(at, at, missing + line, 1)
        if standard:
            at = self._line_span(standard[0])[0]
            return _Splice(at, at, line, 1)
        if not own:
            raise UneditableError("there is no place for another import")
        at = self._line_span(own[0])[0]
        return _Splice(at, at, line + self._eol, 1)

    def _future(self) -> _Splice:
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__" and _is_plain(node):
                added = self._with_name(node, "annotations")
                if added is not None:
                    return added
        body = self.tree.body
        first = body[1] if is_docstring(body[0]) and len(body) > 1 else body[0]
        line = first_line(first)
        at = self._starts[line - 1]
        if self.text[at : self._at(first.lineno, first.col_offset)].strip() and line == first.lineno:
            raise UneditableError(f"line {line} shares its line with another statement")
        above = self._eol if is_docstring(body[0]) and not self._is_blank(line - 1) else ""
        follows = isinstance(first, ast.ImportFrom) and first.module == "__future__"
        return _Splice(at, at, f"{above}from __future__ import annotations{self._eol}{'' if follows else self._eol}", 0)

    def _quote(self, node: ast.expr) -> _Splice:
        start, end = self._span(node)
        text = self.text[start:end]
        if isinstance(node, ast.Starred):
            raise UneditableError(f"the annotation at line {node.lineno} cannot be quoted")
        mark = '"' if '"' not in text else "'"
        if mark in text or "\n" in text or "\r" in text or "\\" in text:
            raise UneditableError(f"the annotation at line {node.lineno} cannot be quoted")
        return _Splice(start, end, f"{mark}{text}{mark}")

    def _deferred(self, moves: Sequence[Moved]) -> Iterator[_Splice]:
        wanted: dict[Function, dict[Statement, list[ast.alias]]] = {}
        for move in moves:
            for function in move.functions:
                wanted.setdefault(function, {}).setdefault(move.statement, []).append(move.alias)
        for function, statements in wanted.items():
            yield self._into_function(function, statements)

    def _into_function(self, function: Function, statements: dict[Statement, list[ast.alias]]) -> _Splice:
        body = function.body
        first = body[1] if is_docstring(body[0]) and len(body) > 1 else body[0]
        line = first_line(first)
        start = self._at(line, 0) if line < first.lineno else self._span(first)[0]
        begin = self._starts[line - 1]
        space = self.text[begin:start] if line == first.lineno else self._leading(line)
        if space.strip():
            text = "; ".join(self._spelled(node, aliases, "") for node, aliases in statements.items())
            if "\n" in text or "\r" in text:
                raise UneditableError(f"the one-line function at line {function.lineno} has no room for the import")
            return _Splice(start, start, f"{text}; ")
        floor = (body[0].end_lineno or 0) if first is not body[0] else function.lineno
        while line - 1 > floor and self._lines[line - 2].lstrip().startswith("#") and self._leading(line - 1) == space:
            line -= 1
        lines = "".join(
            f"{space}{self._spelled(node, aliases, space)}{self._eol}" for node, aliases in statements.items()
        )
        gap = "" if isinstance(first, Statement) else self._eol
        at = self._starts[line - 1]
        return _Splice(at, at, lines + gap)

    def _leading(self, line: int) -> str:
        text = self._lines[line - 1]
        return text[: len(text) - len(text.lstrip(" \t"))]

    def _last_line(self, node: ast.stmt) -> int:
        """The last line of a statement and of those that share lines with it."""
        last = node.end_lineno or node.lineno
        for other in self.tree.body:
            if other.lineno <= last <= (other.end_lineno or other.lineno):
                last = other.end_lineno or other.lineno
        return last

    def _after(self, node: ast.stmt) -> int:
        return self._starts[self._last_line(node)]


def _is_plain(node: ast.ImportFrom) -> bool:
    return all(alias.name != "*" for alias in node.names)


def _module(node: Statement) -> str:
    return (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name


def _is_standard(node: Statement) -> bool:
    level = node.level if isinstance(node, ast.ImportFrom) else 0
    return not level and _module(node).partition(".")[0] in sys.stdlib_module_names


def _sort_key(name: str) -> tuple[int, str]:
    """Constants, classes, the rest: as isort orders names by default."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name
