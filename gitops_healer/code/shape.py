"""The normalised shape of a piece of code: what stays the same when only its place or its looks change."""

import ast
import contextlib
import io
import re
import tokenize
import warnings
from collections.abc import Iterator

from gitops_healer.core.codec import digest

_NEWLINE = re.compile(r"\r\n|\r|\n")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_COMMENT = re.compile(r"#[^\r\n]*")
# What may stand around a fragment that is no statement by itself: a block's head alone, `elif`, `else`, `except`.
_FRAMES = (("", ""), ("", "{i} pass\n"), ("{i}if 1:\n{i} pass\n", ""), ("{i}try:\n{i} pass\n", ""))
_SILENT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.TYPE_COMMENT})
_UNSPOKEN = frozenset({"ctx", "type_comment", "kind"})


def shape_of(source: bytes, start: int, end: int) -> str:
    """The shape of lines `start` to `end` (from 1, both included) of a Python file, as 40 hex digits.

    The same for code that was moved, re-indented, reformatted, or whose comments and docstrings changed; different
    when anything else changed. Lines that are no statements by themselves, or no Python at all, are compared by
    their tokens. Does not depend on the interpreter's version where the grammar does not.
    """
    lines = lines_of(decode(source))
    fragment = "".join(lines[max(start, 1) - 1 : max(end, 0)])
    fragment = fragment if fragment.endswith(("\n", "\r")) else fragment + "\n"
    tree = _parse(fragment)
    return digest("shape", list(_spell(tree)) if tree is not None else list(_tokens(fragment)))


def decode(source: bytes) -> str:
    """The text of a Python file by its declared encoding, line ends as they are; Latin-1 when it does not fit."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return source.decode("latin-1")


def lines_of(text: str) -> list[str]:
    """Lines with their ends, divided where Python divides them (LF, CRLF, CR; not at form feeds or U+2028)."""
    if "\r" not in text:
        *whole, rest = text.split("\n")
        lines = [f"{line}\n" for line in whole]
        return [*lines, rest] if rest else lines
    lines = []
    position = 0
    for match in _NEWLINE.finditer(text):
        lines.append(text[position : match.end()])
        position = match.end()
    return [*lines, text[position:]] if position < len(text) else lines


def _parse(fragment: str) -> list[ast.stmt] | None:
    """The statements of a fragment, whatever its indentation, or of the smallest frame that makes it parse."""
    code = _first_code_line(fragment)
    if not code or "\0" in fragment:
        return None
    space = code[: len(code) - len(code.lstrip(" \t"))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for before, after in _FRAMES:
            framed = before.replace("{i}", space) + fragment + after.replace("{i}", space)
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                return _unframed(ast.parse(f"if 1:\n{framed}")) if space else ast.parse(framed).body
    return None


def _unframed(tree: ast.Module) -> list[ast.stmt]:
    """What stands inside of the `if 1:` that only carried the indentation."""
    outer = tree.body[0]
    if len(tree.body) > 1 or not isinstance(outer, ast.If) or outer.orelse:
        raise SyntaxError("the fragment ends the block that it begins in")
    return outer.body


def _first_code_line(fragment: str) -> str:
    return next((line for line in fragment.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")


class _Mark(str):
    """Punctuation of the spelling, told apart from values that read the same."""

    __slots__ = ()


def _spell(statements: list[ast.stmt]) -> Iterator[str]:
    """Node names, field names and values in a fixed order; own, since `ast.dump` differs between versions."""
    stack: list[object] = list(reversed(statements))
    while stack:
        item = stack.pop()
        if isinstance(item, _Mark):
            yield item
        elif isinstance(item, ast.AST):
            yield type(item).__name__
            stack.append(_Mark(")"))
            for name in reversed(item._fields):
                value = _field(item, name)
                if name not in _UNSPOKEN and value is not None and value != []:
                    stack += [value, _Mark(f".{name}")]
        elif isinstance(item, list):
            yield "["
            stack += [_Mark("]"), *reversed(item)]
        else:
            yield repr(item)


def _field(node: ast.AST, name: str) -> object:
    value: object = getattr(node, name, None)
    return _without_docstring(node, value) if name == "body" and isinstance(value, list) else value


def _without_docstring(owner: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    if not isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or not body:
        return body
    first = body[0]
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_docstring else body


def _tokens(fragment: str) -> list[str]:
    """Token texts without comments and layout; blocks are kept as far as the tokenizer sees them."""
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(fragment.lstrip(" \t\f")).readline):
            if token.type == tokenize.ERRORTOKEN:
                raise tokenize.TokenError(token.string)
            if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE):
                found.append(tokenize.tok_name[token.type])
            elif token.type not in _SILENT:
                found.append(token.string)
    except (tokenize.TokenError, SyntaxError, ValueError):
        # Where the tokenizer gives up differs between versions, so the whole fragment is divided another way.
        return ["?", *_TOKEN.findall(_COMMENT.sub("", fragment))]
    return found
