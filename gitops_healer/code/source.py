"""A parsed file that knows, for every node, the bytes that it stands on."""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, eq=False)
class Source:
    """One module. lines: bytes with their line ends; starts: offset of each line; parents: node -> node above it.

    Texts taken from it are UTF-8 with undecodable bytes as surrogates, as edits want them, whatever the encoding.
    """

    path: str
    data: bytes
    tree: ast.Module
    encoding: str
    lines: tuple[bytes, ...]
    starts: tuple[int, ...]
    parents: Mapping[ast.AST, ast.AST]

    def offset(self, line: int, column: int) -> int:
        """Byte offset of an AST position (`line` from 1, `column` in UTF-8 bytes)."""
        data = self.lines[line - 1]
        skip = len(_BOM) if line == 1 and data.startswith(_BOM) else 0
        if self.encoding not in ("utf-8", "utf-8-sig") and not data.isascii():
            decoded = data.decode(self.encoding)
            column = len(decoded.encode("utf-8")[:column].decode("utf-8").encode(self.encoding))
        return self.starts[line - 1] + skip + column

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self.span(node)
        return self.data[start:end].decode("utf-8", "surrogateescape")

    def faithful(self, node: ast.expr) -> bool:
        """Whether the span really holds the expression (inside f-strings of Python 3.11 it may not)."""
        try:
            start, end = self.span(node)
            read = parse(f"({self.data[start:end].decode(self.encoding)}\n)").body
        except (SyntaxError, ValueError, UnicodeError):
            return False
        return len(read) == 1 and isinstance(read[0], ast.Expr) and ast.dump(read[0].value) == ast.dump(node)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, nearest first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def newline_at(self, line: int) -> str:
        """The line end in use at a line; at the last line without one, that of the first line."""
        for data in (self.lines[line - 1], self.lines[0]):
            for end in ("\r\n", "\n", "\r"):
                if data.endswith(end.encode()):
                    return end
        return "\n"

    def indent_at(self, line: int) -> str:
        data = self.lines[line - 1].removeprefix(_BOM)
        return data[: len(data) - len(data.lstrip(b" \t\x0c"))].decode("ascii")


def parse(data: bytes | str) -> ast.Module:
    """`ast.parse` that keeps to itself what it thinks of the style of the code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def read_source(path: str, data: bytes) -> Source | None:
    """The file parsed, or None when it is not Python that this interpreter reads."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        tree = parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = tuple(data.splitlines(keepends=True)) or (b"",)
    starts = tuple(accumulate((len(line) for line in lines[:-1]), initial=0))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return Source(path, data, tree, encoding, lines, starts, parents)
