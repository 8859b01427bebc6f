"""Small edits of a target as spans of bytes: what is not edited keeps its formatting and its comments."""

import ast
import re

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Span

_LOOSE = (ast.NamedExpr, ast.Lambda, ast.IfExp, ast.BoolOp, ast.Compare, ast.BinOp, ast.UnaryOp, ast.Await)
# How tightly expressions bind (the order of the language reference, section 6.17).
_BINDS: dict[type[ast.AST], int] = {
    ast.GeneratorExp: 16, ast.Yield: -1, ast.YieldFrom: -1, ast.Starred: -1, ast.NamedExpr: 0, ast.Lambda: 1,
    ast.IfExp: 2, ast.Or: 3, ast.And: 4, ast.Not: 5, ast.Compare: 6, ast.BitOr: 7, ast.BitXor: 8, ast.BitAnd: 9,
    ast.LShift: 10, ast.RShift: 10, ast.Add: 11, ast.Sub: 11, ast.Mult: 12, ast.Div: 12, ast.FloorDiv: 12,
    ast.Mod: 12, ast.MatMult: 12, ast.USub: 13, ast.UAdd: 13, ast.Invert: 13, ast.Pow: 14, ast.Await: 15,
}  # fmt: skip
_CLOSED = 16

_COMMENT = re.compile(rb"#[^\r\n]*")


def replaced(target: Target, node: ast.expr | ast.stmt, new: str) -> Span:
    """The node's text becomes `new`."""
    return Span(*target.source.span(node), new)


def put(target: Target, node: ast.expr, new: str) -> Span:
    """Replace an expression by another one, in parentheses where the place needs them."""
    start, end = target.source.span(node)
    if needs_parentheses(target, node, new):
        new = parenthesised(new)
    data = target.source.data
    before, after = _word_at(data[start - 1 : start], new[:1]), _word_at(data[end : end + 1], new[-1:])
    return Span(start, end, " " * before + new + " " * after)


def _word_at(edge: bytes, near: str) -> bool:
    """Whether two characters that come to stand side by side would run into one word (`return[1]` -> `returnx`)."""
    return (edge.isalnum() or edge == b"_" or edge >= b"\x80") and (near.isalnum() or near in ("_", '"', "'"))


def needs_parentheses(target: Target, node: ast.expr, new: str) -> bool:
    """Whether `new` in the place of `node` would be torn apart by what is around."""
    parent = target.parent(node)
    if isinstance(node, ast.GeneratorExp) and isinstance(parent, ast.Call) and node in parent.args:
        return target.source.span(node)[1] == target.source.span(parent)[1]  # its parentheses are those of the call
    parsed = _parsed(new)
    if parsed is None:
        return "\n" in new
    if isinstance(parsed, ast.Tuple):
        bare = isinstance(parent, ast.Return | ast.Assign | ast.Expr | ast.Subscript) or new.startswith("(")
        return not bare or (isinstance(parent, ast.Subscript) and node is parent.value)
    if isinstance(parsed, ast.Constant) and isinstance(parent, ast.Attribute):
        return isinstance(parsed.value, int)
    return tightness(parsed) < _demanded(parent, node)


def tightness(node: ast.expr) -> int:
    """How tightly an expression binds, from 0 for `:=` to 16 for names and calls (language reference, 6.17)."""
    match node:
        case ast.BoolOp(op=operator) | ast.UnaryOp(op=operator) | ast.BinOp(op=operator):
            return _BINDS[type(operator)]
        case _:
            return _BINDS.get(type(node), _CLOSED)


def _demanded(parent: ast.AST, node: ast.expr) -> int:
    """The least tightness that an expression needs in the place of `node`."""
    match parent:
        case ast.BoolOp(op=operator):
            return _BINDS[type(operator)] + 1
        case ast.UnaryOp(op=operator):
            return _BINDS[type(operator)]
        case ast.BinOp(op=ast.Pow()):
            return _BINDS[ast.USub] if node is parent.right else _BINDS[ast.Await]
        case ast.BinOp(op=operator):
            return _BINDS[type(operator)] + (node is parent.right)
        case ast.Compare():
            return _BINDS[ast.Compare] + 1
        case ast.Starred():
            return _BINDS[ast.BitOr]
        case ast.Await():
            return _CLOSED
        case ast.Attribute():
            return _CLOSED
        case ast.Subscript(value=inner) | ast.Call(func=inner) if node is inner:
            return _CLOSED
        case ast.IfExp(orelse=inner):
            return _BINDS[ast.Lambda] if node is inner else _BINDS[ast.Or]
        case ast.comprehension():
            return _BINDS[ast.Or]
        case ast.FormattedValue():
            return _BINDS[ast.IfExp]
        case _:
            return _BINDS[ast.Lambda]


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
