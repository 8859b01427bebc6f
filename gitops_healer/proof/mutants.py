"""Small mistakes that are put into code on purpose, to see whether anybody notices.

The operators are those that mutation testing knows as sufficient (Offutt et al., "An experimental determination of
sufficient mutant operators", ACM TOSEM 5(2), 1996: relational, logical, arithmetic and unary ones), with constants,
negated conditions, removed statements and other results. What mostly means the same is left out: messages of errors
and logs, annotations, docstrings, the inside of formatted strings. (A negated condition swaps its branches.)
"""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from gitops_healer.code.source import Function, Source, parse, read_source
from gitops_healer.core.change import Change, replace_span

_NEIGHBOURS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_OPPOSITES = {
    "<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==", "in": "not in", "not in": "in",
    "is": "is not", "is not": "is",
}  # fmt: skip
_ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*", "<<": ">>", ">>": "<<", "&": "|",
    "|": "&", "^": "&", "@": "*",
}  # fmt: skip
_TELLING = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print"})
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Dict)
_TEXTS = (ast.JoinedStr, ast.List, ast.Tuple)
_REMOVABLE = (ast.Expr, ast.AugAssign, ast.Delete, ast.Raise, ast.Assign)
_COMMENT = re.compile(rb"#[^\r\n]*")
_SHOWN = 60


@dataclass(frozen=True)
class Mutant:
    """operator: what kind of mistake; line: of the statement that it is in; place: line on which it is itself; title:
    "`a < b` becomes `a <= b`"."""

    change: Change
    path: str
    line: int
    place: int
    operator: str
    title: str

    def __str__(self) -> str:
        return f"{self.path}:{self.place}: {self.title}"


@dataclass(frozen=True)
class _Mistake:
    """node: what is shown of it; start, end: bytes that `new` replaces."""

    operator: str
    line: int
    node: ast.expr | ast.stmt
    start: int
    end: int
    new: str


def mutants_of(source: bytes, path: str, lines: Collection[int]) -> Iterator[Mutant]:
    """Mutants of the statements on these lines, each different from the others and from the source.

    One a line, then a second one a line and so on, other operators first, so that whoever takes the first few gets
    them evenly spread. Always the same ones in the same order. None for a file that is no Python in UTF-8.
    """
    read = read_source(path, source)
    if read is None or read.encoding not in ("utf-8", "utf-8-sig"):
        return
    seen: dict[ast.stmt, set[str | None]] = {}
    for mistake in _spread(read, lines):
        around = _around(read, mistake.node)
        known = seen.setdefault(around, {None, _shape(read, around)})
        shape = _shape(read, around, mistake)
        if shape not in known:
            known.add(shape)
            yield _mutant(read, mistake)


def _around(source: Source, node: ast.expr | ast.stmt) -> ast.stmt:
    """The function that it is in, else the statement of the module or class: what is read again with a mistake."""
    found: ast.AST = node
    for outer in source.above(node):
        inner = isinstance(found, ast.stmt) and isinstance(outer, ast.Module | ast.ClassDef)
        if inner or isinstance(found, Function):
            break
        found = outer
    assert isinstance(found, ast.stmt)
    return found


def _shape(source: Source, around: ast.stmt, mistake: _Mistake | None = None) -> str | None:
    """What is read there, with a mistake; None when that is no Python."""
    marks = getattr(around, "decorator_list", ())
    first = min([around.lineno, *(mark.lineno for mark in marks)])
    start = source.starts[first - 1]
    last = around.end_lineno or around.lineno
    end = source.starts[last] if last < len(source.starts) else len(source.data)
    text = source.data[start:end]
    if mistake is not None:
        new = mistake.new.encode("utf-8", "surrogateescape")
        text = source.data[start : mistake.start] + new + source.data[mistake.end : end]
    opening = b"if 1:\n" if text[:1] in (b" ", b"\t", b"\x0c") else b""
    try:
        return ast.dump(parse(opening + text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _mutant(source: Source, mistake: _Mistake) -> Mutant:
    edit = replace_span(source.path, source.data, mistake.start, mistake.end, mistake.new)
    start, end = source.span(mistake.node)
    old = source.text(mistake.node)
    new = source.data[start : mistake.start].decode("utf-8", "surrogateescape") + mistake.new
    new += source.data[mistake.end : end].decode("utf-8", "surrogateescape")
    title = f"`{_short(old)}` becomes `{_short(new)}`" if new != "pass" else f"`{_short(old)}` is left out"
    return Mutant(Change((edit,)), source.path, mistake.line, mistake.node.lineno, mistake.operator, title)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _spread(source: Source, lines: Collection[int]) -> Iterator[_Mistake]:
    """Round by round over the lines; each line begins with another of its operators."""
    by_line: dict[int, list[_Mistake]] = {}
    for statement, line in _statements(source, frozenset(lines)):
        by_line.setdefault(line, []).extend(_mistakes(source, statement, line))
    rows = [_alternating(by_line[line], number) for number, line in enumerate(sorted(by_line)) if by_line[line]]
    for turn in zip_longest(*_halving(rows)):
        yield from (mistake for mistake in turn if mistake is not None)


def _alternating(mistakes: Sequence[_Mistake], number: int) -> list[_Mistake]:
    """One of each operator, then a second one of each; a variable without its value, which seldom tells much, last."""
    groups: dict[str, list[_Mistake]] = {}
    for mistake in mistakes:
        groups.setdefault(mistake.operator, []).append(mistake)
    last = groups.pop("value", [])
    ordered = list(groups.values())
    first = number % max(1, len(ordered))
    turns = zip_longest(*ordered[first:], *ordered[:first])
    return [*(mistake for turn in turns for mistake in turn if mistake is not None), *last]


def _halving(rows: list[list[_Mistake]]) -> list[list[_Mistake]]:
    """In the order first, middle, quarters and so on: however few are taken, they come from everywhere."""
    order = sorted(range(len(rows)), key=lambda number: (_reversed_bits(number, len(rows).bit_length()), number))
    return [rows[number] for number in order]


def _reversed_bits(number: int, width: int) -> int:
    return int(format(number, f"0{width}b")[::-1], 2)


def _statements(source: Source, lines: frozenset[int]) -> Iterator[tuple[ast.stmt | ast.ExceptHandler, int]]:
    """(statement, line) of those that stand on the lines, without the blocks in them."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            last = _head_end(node)
            here = [line for line in lines if node.lineno <= line <= last]
            if here:
                yield node, min(here)


def _head_end(node: ast.stmt | ast.ExceptHandler) -> int:
    """The last line before the first block of a statement."""
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not isinstance(body, list):
        return int(node.end_lineno or node.lineno)
    inner = [last for part in _head(node) if (last := getattr(part, "end_lineno", None))]
    return int(max([node.lineno, *inner]))


def _head(node: ast.AST) -> Iterator[ast.AST]:
    """What belongs to a statement itself: all children but statements, handlers, cases and annotations."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield child


def _mistakes(source: Source, statement: ast.stmt | ast.ExceptHandler, line: int) -> Iterator[_Mistake]:
    if _only_tells(statement) or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        return
    nodes = list(_below(statement))
    for name, operator in _OPERATORS.items():
        for node in (statement, *nodes):
            for shown, start, end, new in operator(source, node):
                yield _Mistake(name, line, shown, start, end, new)


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """What is looked into: no formatted strings, no annotations, no messages of errors."""
    for child in _head(node):
        if isinstance(child, ast.JoinedStr | ast.expr_context) or child is getattr(node, "msg", None):
            continue
        yield child
        if not isinstance(node, ast.Raise):
            yield from _below(child)


def _only_tells(node: ast.AST) -> bool:
    """Whether it is a call that only writes for people to read."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name in _TELLING
        case _:
            return False


# Operators: (node that is shown, start, end, new text)

_Found = Iterator[tuple[ast.expr | ast.stmt, int, int, str]]


def _between(source: Source, left: ast.expr, right: ast.expr, known: Collection[str]) -> tuple[int, int, str] | None:
    """(start, end, name) of the operator between two operands."""
    start, end = source.span(left)[1], source.span(right)[0]
    text = _COMMENT.sub(lambda note: b" " * len(note[0]), source.data[start:end])
    words = sorted(known, key=len, reverse=True)
    pattern = "|".join(
        rf"\b{word}\b".replace(" ", r"[\s\\]+") if word[0].isalpha() else re.escape(word) for word in words
    )
    found = re.search(pattern.encode(), text)
    if found is None:
        return None
    return start + found.start(), start + found.end(), " ".join(found[0].decode().replace("\\", " ").split())


def _relational(source: Source, node: ast.AST) -> _Found:
    if not isinstance(node, ast.Compare):
        return
    for left, right in pairwise([node.left, *node.comparators]):
        found = _between(source, left, right, _OPPOSITES)
        if found is not None:
            start, end, name = found
            if name in _NEIGHBOURS:
                yield node, start, end, _NEIGHBOURS[name]
            if not _is_condition(source, node) or len(node.ops) > 1:
                yield node, start, end, _OPPOSITES[name]


def _is_condition(source: Source, node: ast.AST) -> bool:
    """Whether negating it is a mutant of its own."""
    parent = source.parents.get(node)
    return getattr(parent, "test", None) is node or node in getattr(parent, "ifs", ())


def _arithmetic(source: Source, node: ast.AST) -> _Found:
    match node:
        case ast.BinOp(left=left, right=right):
            texts = [one for one in (left, right) if _is_text(one)]
        case ast.AugAssign(target=left, value=right):
            texts = [right] if _is_text(right) else []
        case _:
            return
    found = None if texts else _between(source, left, right, _ARITHMETIC)
    if found is not None and isinstance(node, ast.BinOp | ast.AugAssign):
        yield node, found[0], found[1], _ARITHMETIC[found[2]]


def _is_text(node: ast.expr) -> bool:
    """With a text or a list most operators only raise an error."""
    return isinstance(node, _TEXTS) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _logical(source: Source, node: ast.AST) -> _Found:
    if isinstance(node, ast.BoolOp):
        for left, right in pairwise(node.values):
            found = _between(source, left, right, ("and", "or"))
            if found is not None:
                yield node, found[0], found[1], "or" if found[2] == "and" else "and"


def _unary(source: Source, node: ast.AST) -> _Found:
    turns = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert)
    if isinstance(node, ast.UnaryOp) and turns and not _is_condition(source, node):
        yield node, *source.span(node), _closed(source, node.operand)


def _constant(source: Source, node: ast.AST) -> _Found:
    match node:
        case ast.Constant(bool() as value):
            new = repr(not value)
        case ast.Constant(int() | float() as value):
            new = repr(value + 1)
        case ast.Constant(str() as value) if not isinstance(source.parents.get(node), ast.JoinedStr):
            new = '""' if value else '"?"'
        case _:
            return
    around = source.parents.get(node)  # a number by itself says little
    shown = around if isinstance(around, ast.expr) and len(source.text(around)) <= _SHOWN else node
    yield shown, *source.span(node), new


def _condition(source: Source, node: ast.AST) -> _Found:
    """Branches change places."""
    tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert) else []
    for test in [*tests, *(getattr(node, "ifs", ()) if isinstance(node, ast.comprehension) else ())]:
        plain = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        yield test, *source.span(test), (_closed(source, test.operand) if plain else f"not {_closed(source, test)}")


def _statement_removed(source: Source, node: ast.AST) -> _Found:
    if not isinstance(node, _REMOVABLE) or (isinstance(node, ast.Assign) and not _is_stored(node)):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        return  # the function may be no generator any more
    yield node, *source.span(node), "pass"


def _is_stored(node: ast.Assign) -> bool:
    """Without a variable what follows only raises an error; an attribute or an item may have been there before."""
    return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)


def _result(source: Source, node: ast.AST) -> _Found:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield node, *source.span(node.value), "None"


def _value(source: Source, node: ast.AST) -> _Found:
    if isinstance(node, ast.Assign) and not _is_none(node.value):
        yield node, *source.span(node.value), "None"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _loop(source: Source, node: ast.AST) -> _Found:
    if isinstance(node, ast.For):
        yield node.iter, *source.span(node.iter), "()"
    elif isinstance(node, ast.Break | ast.Continue):
        yield node, *source.span(node), "continue" if isinstance(node, ast.Break) else "break"


def _handler(source: Source, node: ast.AST) -> _Found:
    """The error is not caught any more."""
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield node.type, *source.span(node.type), "()"


def _closed(source: Source, node: ast.expr) -> str:
    return source.text(node) if isinstance(node, _ATOMS) else f"({source.text(node)})"


_OPERATORS: dict[str, Callable[[Source, ast.AST], _Found]] = {
    "condition": _condition,
    "relational": _relational,
    "result": _result,
    "logical": _logical,
    "arithmetic": _arithmetic,
    "constant": _constant,
    "statement": _statement_removed,
    "loop": _loop,
    "handler": _handler,
    "unary": _unary,
    "value": _value,
}
