"""Small mistakes put into a function, one at a time, as text: the operators by which mutants of libraries are drawn.

They were chosen from what mutation testing uses (Offutt's sufficient set, mutmut, cosmic-ray) and from mistakes that
people make, and know nothing about how mutants are repaired.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
Span = tuple[int, int]
Replacement = tuple[int, int, str]
"""First byte, the byte behind the last, and the text that comes there."""

COMPARISONS = {
    "<": ("<=", ">"), "<=": ("<", ">="), ">": (">=", "<"), ">=": (">", "<="), "==": ("!=",), "!=": ("==",),
    "in": ("not in",), "not in": ("in",), "is": ("is not",), "is not": ("is",),
}  # fmt: skip
ARITHMETIC = {
    "+": ("-",), "-": ("+",), "*": ("+", "//"), "/": ("*", "//"), "//": ("/", "*"), "%": ("//", "*"), "**": ("*",),
    "<<": (">>",), ">>": ("<<",), "&": ("|",), "|": ("&", "^"), "^": ("&",), "@": ("*",),
}  # fmt: skip
ALIKE = (
    ("append", "extend", "appendleft"), ("add", "discard", "remove"), ("pop", "popleft"), ("keys", "values", "items"),
    ("startswith", "endswith"), ("strip", "lstrip", "rstrip"), ("lower", "upper", "title", "capitalize"),
    ("find", "rfind", "index", "rindex"), ("split", "rsplit"), ("partition", "rpartition"), ("match", "search"),
    ("union", "intersection", "difference"), ("update", "intersection_update"), ("isdigit", "isalpha", "isalnum"),
    ("get", "setdefault"), ("min", "max"), ("any", "all"), ("list", "tuple", "set"), ("sorted", "reversed"),
    ("int", "float"), ("str", "repr"), ("ljust", "rjust"), ("floor", "ceil"), ("read", "readline"),
)  # fmt: skip
SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete, ast.Assert, ast.Raise)
LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Dict)
ORDERINGS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Mutant:
    """One mistake in a file. names: the function, `("Class", "method")`."""

    operator: str
    path: str
    names: tuple[str, ...]
    line: int
    replacement: Replacement

    def put_into(self, source: bytes) -> bytes:
        start, end, new = self.replacement
        return source[:start] + new.encode() + source[end:]


class Scope:
    """A function in its file. owner: the class around it."""

    def __init__(self, source: bytes, function: Function, owner: ast.ClassDef | None) -> None:
        self.source, self.function, self.owner = source, function, owner
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: Any) -> Span:
        first, last = self._starts[node.lineno - 1], self._starts[node.end_lineno - 1]
        return first + node.col_offset, last + node.end_col_offset

    def text(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.source[start:end].decode()

    def closed(self, node: ast.AST) -> str:
        """Its text as an operand: in parentheses where it needs them."""
        return self.text(node) if isinstance(node, ATOMS) else f"({self.text(node)})"

    def lines(self, first: int, last: int) -> Span:
        """Bytes of whole lines; numbers from 1, both included."""
        return self._starts[first - 1], self._starts[last]

    def alone(self, statement: ast.stmt) -> bool:
        """Whether nothing else stands on its lines."""
        start, end = self.lines(statement.lineno, statement.end_lineno or 0)
        left, right = self.span(statement)
        rest = self.source[right:end].strip()
        return not self.source[start:left].strip() and (not rest or rest.startswith(b"#"))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All below the body, but docstrings, annotations and the inside of formatted strings, which has no span."""
        return tuple(node for statement in self.function.body for node in _below(statement))

    @cached_property
    def blocks(self) -> tuple[list[ast.stmt], ...]:
        fields = ("body", "orelse", "finalbody")
        inner = (getattr(node, name, None) for node in self.nodes for name in fields)
        return (self.function.body, *(block for block in inner if isinstance(block, list) and block))

    @cached_property
    def locals(self) -> tuple[str, ...]:
        given = self.function.args
        arguments = {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)} - {"self", "cls"}
        bound = {node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        return tuple(sorted(arguments | bound))

    @cached_property
    def attributes(self) -> dict[str, set[str]]:
        """Attributes that are read or set, not called, in the class or function, by what they are asked of."""
        inside = self.owner or self.function
        called = {id(node.func) for node in ast.walk(inside) if isinstance(node, ast.Call)}
        found: defaultdict[str, set[str]] = defaultdict(set)
        for node in ast.walk(inside):
            if isinstance(node, ast.Attribute) and id(node) not in called:
                found[ast.unparse(node.value)].add(node.attr)
        return found

    @cached_property
    def methods(self) -> dict[str, int]:
        """Number of parameters of each method of the class."""
        body = self.owner.body if self.owner else []
        return {one.name: len(one.args.args) for one in body if isinstance(one, ast.FunctionDef)}


def _below(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(node, ast.Call):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.expr_context):
                yield from _below(child)


Operator = Callable[[Scope, ast.AST], Iterator[Replacement]]
OPERATORS: dict[str, Operator] = {}


def operator(rule: Operator) -> Operator:
    OPERATORS[rule.__name__.replace("_", " ")] = rule
    return rule


def _between(scope: Scope, left: ast.AST, right: ast.AST, known: dict[str, tuple[str, ...]]) -> Iterator[Replacement]:
    """The operator between two operands, for others."""
    start, end = scope.span(left)[1], scope.span(right)[0]
    words = sorted(known, key=len, reverse=True)
    pattern = "|".join(rf"\b{word}\b".replace(" ", r"\s+") if word[0].isalpha() else re.escape(word) for word in words)
    found = re.search(pattern.encode(), re.sub(rb"#[^\n]*", lambda note: b" " * len(note[0]), scope.source[start:end]))
    for new in known[" ".join(found[0].decode().split())] if found else ():
        yield start + found.start(), start + found.end(), new


@operator
def comparison(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Compare):
        for left, right in pairwise([node.left, *node.comparators]):
            yield from _between(scope, left, right, COMPARISONS)


@operator
def arithmetic(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.BinOp):
        yield from _between(scope, node.left, node.right, ARITHMETIC)
    elif isinstance(node, ast.AugAssign):
        yield from _between(scope, node.target, node.value, ARITHMETIC)


@operator
def boolean(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.BoolOp):
        for left, right in pairwise(node.values):
            yield from _between(scope, left, right, {"and": ("or",), "or": ("and",)})


@operator
def constant(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    match node:
        case ast.Constant(bool() as value):
            others: Sequence[Any] = [not value]
        case ast.Constant(int() | float() as value):
            others = [value + 1, value - 1, value * 10, 0]
        case ast.Constant(str() as value):
            others = ["", value[:-1], value.swapcase(), value + " "]
        case _:
            return
    for new in others:
        if new != value:
            yield *scope.span(node), repr(new) if repr(new)[0] != "-" else f"({new})"


@operator
def negation(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield *scope.span(node.test), f"not {scope.closed(node.test)}"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield *scope.span(node), scope.closed(node.operand)


@operator
def statement_deleted(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, SIMPLE) and scope.alone(node):
        single = any(node in block and len(block) == 1 for block in scope.blocks)
        whole = scope.lines(node.lineno, node.end_lineno or 0)
        yield (*scope.span(node), "pass") if single else (*whole, "")


@operator
def another_local(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in scope.locals:
        yield from ((*scope.span(node), other) for other in scope.locals if other != node.id)


@operator
def arguments_swapped(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Call) and not any(isinstance(one, ast.Starred) for one in node.args):
        for left, right in pairwise(node.args):
            (start, middle), (after, end) = scope.span(left), scope.span(right)
            between = scope.source[middle:after].decode()
            yield start, end, f"{scope.text(right)}{between}{scope.text(left)}"


@operator
def argument_dropped(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Call):
        given = sorted([*node.args, *node.keywords], key=lambda one: scope.span(one))
        for before, dropped in pairwise(given):
            yield scope.span(before)[1], scope.span(dropped)[1], ""


@operator
def return_value(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Return) and node.value is not None:
        yield *scope.span(node), "return None"
        if isinstance(node.value, ast.Call) and node.value.args:
            yield *scope.span(node.value), scope.text(node.value.args[0])
        if isinstance(node.value, ast.BoolOp | ast.Compare):
            yield from ((*scope.span(node.value), new) for new in ("True", "False"))


@operator
def sibling_called(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    """A method or function that is often confused, or another method of the class with as many parameters."""
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    others = {other for group in ALIKE if name in group for other in group}
    if isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "self" and name in scope.methods:
        others |= {other for other, count in scope.methods.items() if count == scope.methods[name]}
    end = scope.span(node.func)[1]
    yield from ((end - len(name.encode()), end, other) for other in sorted(others - {name}))


@operator
def index_or_slice(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return
    if isinstance(node.slice, ast.Slice):
        for bound in filter(None, (node.slice.lower, node.slice.upper, node.slice.step)):
            yield *scope.span(bound), ""
            yield from _one_off(scope, bound)
    elif not isinstance(node.slice, ast.Tuple) and not isinstance(getattr(node.slice, "value", 0), str):
        yield from _one_off(scope, node.slice)


def _one_off(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    yield from ((*scope.span(node), f"{scope.closed(node)} {sign} 1") for sign in "+-")


@operator
def break_or_continue(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Break | ast.Continue):
        yield *scope.span(node), "continue" if isinstance(node, ast.Break) else "break"


@operator
def off_by_one(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("range", "islice"):
        for argument in node.args:
            yield from _one_off(scope, argument)
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ORDERINGS):
        yield from _one_off(scope, node.comparators[0])


@operator
def guard_removed(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if not isinstance(node, ast.If) or node.orelse or not isinstance(node.body[-1], LEAVING) or not scope.alone(node):
        return
    if any(node in block and len(block) > 1 for block in scope.blocks):
        yield *scope.lines(node.lineno, node.end_lineno or 0), ""


@operator
def branch_removed(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    """The `else`, the whole rest of a chain, or one `elif` of it."""
    if not isinstance(node, ast.If) or not node.orelse or not scope.alone(node):
        return
    after = (node.body[-1].end_lineno or 0) + 1
    yield *scope.lines(after, node.end_lineno or 0), ""
    follower = node.orelse[0]
    if isinstance(follower, ast.If) and follower.orelse and scope.text(follower).startswith("elif"):
        yield *scope.lines(after, follower.body[-1].end_lineno or 0), ""


@operator
def statements_in_wrong_order(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, SIMPLE) and scope.alone(node):
        for block in scope.blocks:
            for left, right in pairwise(block):
                if left is node and isinstance(right, SIMPLE) and scope.alone(right):
                    (start, middle), (after, end) = scope.span(left), scope.span(right)
                    between = scope.source[middle:after].decode()
                    yield start, end, f"{scope.text(right)}{between}{scope.text(left)}"


@operator
def wrong_attribute(scope: Scope, node: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.Attribute):
        others = scope.attributes.get(ast.unparse(node.value), set())
        if node.attr in others:
            end = scope.span(node)[1]
            yield from ((end - len(node.attr.encode()), end, other) for other in sorted(others - {node.attr}))


def functions(tree: ast.Module) -> Iterator[tuple[tuple[str, ...], Function, ast.ClassDef | None]]:
    """(names, function, class around it) of all that are not inside of other functions."""

    def visit(body: Sequence[ast.stmt], names: tuple[str, ...], owner: ast.ClassDef | None) -> Iterator[Any]:
        for node in body:
            if isinstance(node, Function):
                yield (*names, node.name), node, owner
            elif isinstance(node, ast.ClassDef):
                yield from visit(node.body, (*names, node.name), node)
            elif isinstance(node, ast.If | ast.Try):
                yield from visit([*node.body, *node.orelse], names, owner)

    yield from visit(tree.body, (), None)


def mutants(path: str, names: tuple[str, ...], scope: Scope) -> dict[str, list[Mutant]]:
    """All mutants of a function by operator; some do not compile or mean the same: ask `sound`."""
    found: defaultdict[str, list[Mutant]] = defaultdict(list)
    for name, rule in OPERATORS.items():
        for node in scope.nodes:
            line = getattr(node, "lineno", 0)
            found[name] += [Mutant(name, path, names, line, replacement) for replacement in rule(scope, node)]
    return {name: of for name, of in found.items() if of}


def sound(mutant: Mutant, source: bytes) -> bool:
    """Whether it compiles and is another program than `source`."""
    mutated = mutant.put_into(source)
    try:
        compile(mutated, "<mutant>", "exec", dont_inherit=True)
        return ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return False
