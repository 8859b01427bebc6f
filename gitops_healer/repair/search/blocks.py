"""Statements as lines of a block: what is around them, and moving, indenting and inserting them."""

import ast
import heapq
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from gitops_healer.code.source import Function
from gitops_healer.repair.search.edits import deleted, indent_of, own_lines
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Rewrite, Span

Loop = ast.For | ast.AsyncFor | ast.While
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BINDS_LATER = (ast.Global, ast.Nonlocal)
_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def likeliest(target: Target, rewrites: Iterable[Rewrite], most: int) -> Iterator[Rewrite]:
    """The `most` rewrites with the largest weight and suspicion, each text once; of equals the first drawn."""
    unique: dict[tuple[Span, ...], Rewrite] = {}
    for one in rewrites:
        known = unique.get(one.spans)
        if known is None or known.weight < one.weight:
            unique[one.spans] = one
    return iter(heapq.nlargest(most, unique.values(), key=lambda one: one.weight * target.lines.get(one.line, 0.0)))


def by_size(target: Target, each: int, most: int) -> int:
    """How many rewrites a template may draw: so many for each statement of the target, some for short ones."""
    return min(most, each * (len(target.statements) + 4))


@dataclass(frozen=True)
class Draft:
    """A rewrite that is only written out when it is among the likeliest."""

    weight: float
    line: int
    write: Callable[[], Rewrite]


def written(target: Target, drafts: Iterable[Draft], most: int) -> Iterator[Rewrite]:
    """The `most` drafts with the largest weight and suspicion."""
    for draft in heapq.nlargest(most, drafts, key=lambda one: one.weight * target.lines.get(one.line, 0.0)):
        yield draft.write()


def suspects(target: Target) -> Iterator[ast.stmt]:
    """Statements that failing tests ran and that have their lines for themselves."""
    for statement in target.statements:
        if statement.lineno in target.lines and stands_alone(target, statement):
            yield statement


def stands_alone(target: Target, statement: ast.stmt) -> bool:
    """Whether lines may be put before, behind and in the place of the statement. `elif` is no statement of its own, nor
    is what a backslash ties to the line above."""
    if not own_lines(target, statement) or is_elif(target, statement) or isinstance(statement, _BINDS_LATER):
        return False
    first = first_line(statement)
    if first == 1:
        return not target.source.data.startswith(b"\xef\xbb\xbf")
    return not target.source.lines[first - 2].rstrip(b"\r\n").endswith(b"\\")


def is_elif(target: Target, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and target.text(statement).startswith("elif")


def first_line(statement: ast.stmt) -> int:
    """The line of the statement, or of its first decorator."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def is_movable(target: Target, statement: ast.stmt) -> bool:
    """Whether other indentation leaves the meaning of the statement's text alone."""
    return stands_alone(target, statement) and not any(
        isinstance(n, ast.Constant | ast.JoinedStr)
        and n.lineno != n.end_lineno
        and (isinstance(n, ast.JoinedStr) or isinstance(n.value, str | bytes))
        for n in ast.walk(statement)
    )


def lines_of(target: Target, statements: list[ast.stmt]) -> str:
    """The lines of neighbours in one block, comments between them too, without their indentation, joined by \\n."""
    start, end = line_span(target, statements[0], statements[-1])
    indent = indent_of(target, statements[0]) if first_line(statements[0]) == statements[0].lineno else ""
    indent = indent or target.source.indent_at(first_line(statements[0]))
    text = target.source.data[start:end].decode("utf-8", "surrogateescape")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    return "\n".join(line.removeprefix(indent) if line.strip() else "" for line in lines)


def line_span(target: Target, first: ast.stmt, last: ast.stmt) -> tuple[int, int]:
    """Bytes of the lines from one statement to another, the last line end included."""
    end = (last.end_lineno or last.lineno) - 1
    return target.source.starts[first_line(first) - 1], target.source.starts[end] + len(target.source.lines[end])


def relined(target: Target, first: ast.stmt, last: ast.stmt, text: str) -> Span:
    """The lines from one statement to another become `text` (without indentation), indented as the first was."""
    start, end = line_span(target, first, last)
    newline, indent = target.source.newline_at(first.lineno), target.source.indent_at(first_line(first))
    new = newline.join(indent + line if line else line for line in text.split("\n"))
    ended = target.source.data[start:end].endswith((b"\n", b"\r"))
    return Span(start, end, new + newline if ended else new)


def nested(text: str, unit: str) -> str:
    """Lines one step deeper."""
    return "\n".join(unit + line if line else line for line in text.split("\n"))


def moved(target: Target, statement: ast.stmt, put: Span) -> tuple[Span, ...]:
    """The statement goes from where it stands, and `put` brings it elsewhere."""
    gone = deleted(target, statement)
    if put.start == gone.start:
        return (Span(gone.start, gone.end, put.new + gone.new),)
    return (gone, put)


def function_of(target: Target, node: ast.AST) -> Function | None:
    """The function that a `return` at the node would leave."""
    for above in target.source.above(node):
        if isinstance(above, _FUNCTIONS):
            return above
        if isinstance(above, ast.ClassDef | ast.Lambda):
            return None
    return None


def loop_of(target: Target, node: ast.AST) -> Loop | None:
    """The loop that a `break` at the node would leave."""
    below = node
    for above in target.source.above(node):
        if isinstance(above, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            return None
        if isinstance(above, Loop) and below in above.body:
            return above
        below = above
    return None


def may_leave(target: Target, node: ast.AST) -> bool:
    """Whether `return`, `break` and `continue` are allowed at the node (in `except*` they are not)."""
    return not any(isinstance(above, ast.TryStar) for above in target.source.above(node))


def always_leaves(block: list[ast.stmt]) -> bool:
    """Whether what follows the block is never reached through it."""
    last = block[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and always_leaves(last.body) and always_leaves(last.orelse)
    return isinstance(last, _LEAVES)


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """What is in a function, without what is in functions and classes nested in it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            yield from own_nodes(child)


def is_generator(function: ast.AST) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own_nodes(function))


@lru_cache(maxsize=8)
def nonlocal_names(target: Target) -> frozenset[str]:
    """Names that `nonlocal` and `global` in the target speak of."""
    return frozenset(name for n in ast.walk(target.node) if isinstance(n, _BINDS_LATER) for name in n.names)


def else_at(target: Target, node: ast.If | ast.For | ast.AsyncFor | ast.While) -> int | None:
    """Where the word `else` of a statement begins; None without one, or for `elif`."""
    if not node.orelse or (isinstance(node, ast.If) and is_elif(target, node.orelse[0])):
        return None
    start = target.source.span(node.body[-1])[1]
    end = target.source.starts[first_line(node.orelse[0]) - 1] if stands_alone(target, node.orelse[0]) else None
    between = target.source.data[start : target.source.span(node.orelse[0])[0] if end is None else end]
    bare = re.sub(rb"#[^\r\n]*", lambda found: b" " * len(found.group()), between)
    at = bare.rfind(b"else")
    return start + at if at >= 0 else None


def line_start(target: Target, at: int) -> int:
    """The first byte of the line that holds a byte."""
    return target.source.starts[bisect_right(target.source.starts, at) - 1]


def chain_of(target: Target, top: ast.If) -> list[ast.If]:
    """An `if` with its `elif`s."""
    chain = [top]
    while len(chain[-1].orelse) == 1 and isinstance(inner := chain[-1].orelse[0], ast.If) and is_elif(target, inner):
        chain.append(inner)
    return chain


@lru_cache(maxsize=8)
def bound_once(target: Target) -> frozenset[str]:
    """Names that would be unknown, where they are used, without the one statement that binds them."""
    stored = Counter(n.id for n in target.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    used = {n.id for n in target.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    once = {name for name, times in stored.items() if times == 1 and name in used and name not in target.parameters}
    return frozenset(once) | nonlocal_names(target)


def in_f_string(target: Target, node: ast.AST) -> bool:
    """Whether the node may have no true position."""
    return any(isinstance(above, ast.JoinedStr) for above in target.source.above(node))


def alone(target: Target, node: ast.expr) -> str:
    """The node's text, fit to stand where no parentheses are around: over several lines it gets its own."""
    text = target.text(node)
    return f"({text})" if "\n" in text or "\r" in text else text
