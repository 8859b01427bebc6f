"""Small edits of a target as spans of bytes: what is not edited keeps its formatting and its comments."""

import ast
import re
import textwrap

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Span

# How tightly expressions bind, loosest first (the order of the language reference, section 6.17).
_LOOSE = (ast.NamedExpr, ast.Lambda, ast.IfExp, ast.BoolOp, ast.Compare, ast.BinOp, ast.UnaryOp, ast.Await)
_CLOSED = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Call, ast.List, ast.Dict, ast.Set, ast.ListComp,
    ast.DictComp, ast.SetComp, ast.JoinedStr,
)  # fmt: skip

_COMMENT = re.compile(rb"#[^\r\n]*")


def replaced(target: Target, node: ast.expr | ast.stmt, new: str) -> Span:
    """The node's text becomes `new`."""
    return Span(*target.source.span(node), new)


def put(target: Target, node: ast.expr, new: str) -> Span:
    """Replace an expression by another one, in parentheses where the place needs them."""
    return replaced(target, node, parenthesised(new) if needs_parentheses(target, node, new) else new)


def needs_parentheses(target: Target, node: ast.expr, new: str) -> bool:
    """Whether `new` in the place of `node` would be torn apart by what is around."""
    parsed = _parsed(new)
    if parsed is None or isinstance(parsed, (*_CLOSED, ast.Tuple)):
        return False
    parent = target.parent(node)
    return isinstance(parent, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.Await | ast.Starred) or (
        isinstance(parent, ast.Attribute | ast.Subscript | ast.Call)
        and node is (getattr(parent, "func", None) or getattr(parent, "value", None))
    )


def operand(target: Target, node: ast.expr) -> str:
    """The node's text, fit to stand beside an operator."""
    text = target.text(node)
    return parenthesised(text) if isinstance(node, _LOOSE) else text


def parenthesised(text: str) -> str:
    return f"({text})"


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def indent_of(target: Target, statement: ast.stmt) -> str:
    return target.source.indent_at(statement.lineno)


def unit_of(target: Target) -> str:
    """One step of indentation as the target has it."""
    for statement in target.statements:
        parent = target.parent(statement)
        if isinstance(parent, ast.stmt) and statement.lineno > parent.lineno:
            step = indent_of(target, statement).removeprefix(indent_of(target, parent))
            if step:
                return step
    return "    "


def own_lines(target: Target, statement: ast.stmt) -> bool:
    """Whether the statement has its lines for itself, so that lines may be put around it."""
    start, end = target.source.span(statement)
    first, last = _first_line(statement), statement.end_lineno or statement.lineno
    before = target.source.data[target.source.starts[first - 1] : start]
    after = target.source.data[end : _line_end(target, last)]
    lead = before.strip()
    return (not lead or first != statement.lineno) and (not after.strip() or after.strip().startswith(b"#"))


def before(target: Target, statement: ast.stmt, text: str) -> Span:
    """New lines in front of a statement, at its indentation. text: without indentation, lines joined by \\n."""
    at = target.source.starts[_first_line(statement) - 1]
    return Span(at, at, _lines(target, statement, text))


def after(target: Target, statement: ast.stmt, text: str) -> Span:
    """New lines behind a statement, at its indentation."""
    at = _line_end(target, statement.end_lineno or statement.lineno)
    lines = _lines(target, statement, text)
    newline = target.source.newline_at(statement.lineno)
    ended = target.source.data[:at].endswith((b"\n", b"\r"))
    return Span(at, at, lines if ended else newline + lines.removesuffix(newline))


def deleted(target: Target, statement: ast.stmt) -> Span:
    """The statement with its lines gone, `pass` in its place where it stood alone."""
    if len(target.block_of(statement)) == 1:
        return replaced(target, statement, "pass")
    start = target.source.starts[_first_line(statement) - 1]
    return Span(start, _line_end(target, statement.end_lineno or statement.lineno), "")


def dedented(target: Target, statement: ast.stmt) -> str:
    """The statement's lines without the indentation that they have in common."""
    start = target.source.starts[_first_line(statement) - 1]
    end = _line_end(target, statement.end_lineno or statement.lineno)
    text = target.source.data[start:end].decode("utf-8", "surrogateescape")
    return textwrap.dedent(text.replace("\r\n", "\n")).rstrip("\n")


def _lines(target: Target, statement: ast.stmt, text: str) -> str:
    newline, indent = target.source.newline_at(statement.lineno), indent_of(target, statement)
    return "".join((indent + line if line else line) + newline for line in text.split("\n"))


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _line_end(target: Target, line: int) -> int:
    return target.source.starts[line - 1] + len(target.source.lines[line - 1])


def operator_span(target: Target, left: ast.expr, right: ast.expr, now: str, new: str) -> Span:
    """The operator between two operands becomes another one; what else stands between them (parentheses, line ends,
    comments) stays."""
    start, end = target.source.span(left)[1], target.source.span(right)[0]
    between = target.source.data[start:end]
    bare = _COMMENT.sub(lambda found: b" " * len(found.group()), between)
    at = re.search(rb"\s+".join(map(re.escape, now.encode().split())), bare)
    if at is None:
        raise ValueError(f"there is no {now} between the operands")
    return Span(start + at.start(), start + at.end(), new)
