"""The place where it fails: statement, line, function, and what can be known of it without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gitops_healer.code.source import Function, Source

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_ASIDE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# Calls that may be made twice without harm when they act on plain names.
_PURE_CALLS = frozenset({"len", "abs", "int", "float", "str", "round", "min", "max", "sum", "bool"})
_PURE_METHODS = frozenset(
    {"get", "count", "lower", "upper", "strip", "keys", "values", "items", "total_seconds", "bit_length", "casefold"}
)


@dataclass(frozen=True, eq=False)
class Site:
    """statement: the innermost one at `line`; error: simple class name; message: the exception's text."""

    source: Source
    function: Function
    qualname: str
    statement: ast.stmt
    line: int
    error: str
    message: str

    @cached_property
    def header(self) -> tuple[ast.expr, ...]:
        """The expressions of the statement itself, outermost first, without those of statements inside it."""
        found: list[ast.expr] = []
        todo: list[ast.AST] = [self.statement]
        while todo:
            children = [c for c in ast.iter_child_nodes(todo.pop(0)) if not isinstance(c, ast.stmt | ast.ExceptHandler)]
            found += [child for child in children if isinstance(child, ast.expr)]
            todo += children
        return tuple(found)

    @cached_property
    def at_line(self) -> tuple[ast.expr, ...]:
        """Expressions that cover the line: those that begin there first, then in the order of the text."""
        line = self.line
        covering = [e for e in self.header if e.lineno <= line <= (e.end_lineno or e.lineno)]
        return tuple(
            sorted(covering, key=lambda e: (e.lineno != line, e.lineno, e.col_offset, -(e.end_col_offset or 0)))
        )

    def text(self, node: ast.expr) -> str:
        """The expression as it is written, on one line."""
        text = self.source.text(node)
        return text if "\n" not in text and "\r" not in text else ast.unparse(node)

    def inner_names(self, node: ast.AST) -> frozenset[str]:
        """Names that comprehensions and lambdas between the statement and the node bind."""
        names: set[str] = set()
        for above in self.source.above(node):
            if above is self.statement:
                break
            if isinstance(above, _COMPREHENSIONS):
                names |= {n.id for g in above.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
            elif isinstance(above, ast.Lambda):
                names |= {argument.arg for argument in _arguments(above.args)}
        return frozenset(names)

    def conditional(self, node: ast.AST) -> bool:
        """Whether the statement may run without the node: it stands behind `and`, `or`, `if`-`else` or in a lambda."""
        below = node
        for above in self.source.above(node):
            if isinstance(above, ast.Lambda):
                return True
            if isinstance(above, ast.BoolOp) and above.values[0] is not below:
                return True
            if isinstance(above, ast.IfExp) and above.test is not below:
                return True
            if above is self.statement:
                return False
            below = above
        return False

    @property
    def loop(self) -> ast.For | ast.AsyncFor | ast.While | None:
        """The loop around the statement, inside the function; not a loop whose header the statement is."""
        for above in self.source.above(self.statement):
            if above is self.function:
                return None
            if isinstance(above, _LOOPS):
                return None if self.statement in above.orelse else above
        return None

    def comprehension(self, node: ast.AST) -> ast.comprehension | None:
        """The last `for` of the comprehension whose element (or filter) the node stands in."""
        for above in self.source.above(node):
            if above is self.statement or isinstance(above, ast.Lambda):
                return None
            if isinstance(above, _COMPREHENSIONS):
                last = above.generators[-1]
                return last if not any(node in ast.walk(g.iter) for g in above.generators) else None
        return None

    def is_result(self, node: ast.expr) -> bool:
        """Whether the value of the node is what the function returns."""
        return isinstance(self.statement, ast.Return) and self.statement.value is node

    @property
    def is_generator(self) -> bool:
        return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(self.function))

    @property
    def own_lines(self) -> bool:
        """Whether the statement has its lines for itself, so that lines may be put before it."""
        start, end = self.source.span(self.statement)
        first = self.statement.lineno
        before = self.source.data[self.source.starts[first - 1] : start].removeprefix(b"\xef\xbb\xbf")
        last = self.statement.end_lineno or first
        after = self.source.data[end : self.source.starts[last - 1] + len(self.source.lines[last - 1])]
        return not before.strip() and (not after.strip() or after.strip().startswith(b"#"))

    @property
    def is_elif(self) -> bool:
        return isinstance(self.statement, ast.If) and self.source.text(self.statement).startswith("elif")

    @property
    def indent(self) -> str:
        return self.source.indent_at(self.statement.lineno)

    @property
    def unit(self) -> str:
        """One step of indentation, as the function has it."""
        outer, inner = self.source.indent_at(self.function.lineno), self.source.indent_at(self.function.body[0].lineno)
        return inner.removeprefix(outer) or ("\t" if "\t" in inner else "    ")

    @property
    def newline(self) -> str:
        return self.source.newline_at(self.statement.lineno)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names in the order of the signature, without `self` and `cls`."""
        names = [argument.arg for argument in _arguments(self.function.args)]
        return tuple(names[1:] if self.is_method and names[:1] in (["self"], ["cls"], ["mcs"]) else names)

    @property
    def is_method(self) -> bool:
        return isinstance(self.source.parents.get(self.function), ast.ClassDef)

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.function) or ""

    @property
    def annotation(self) -> str:
        """The return annotation as text without quotes, "" when there is none."""
        returns = self.function.returns
        return ast.unparse(returns).strip("'\"") if returns is not None else ""

    def sources_of(self, names: frozenset[str]) -> frozenset[str]:
        """The names and everything in the function that they are computed from (one way, to the end)."""
        reached = set(names)
        flows = tuple(_flows(self.function))
        while grown := {n for targets, read in flows if targets & reached for n in read} - reached:
            reached |= grown
        return frozenset(reached)

    def fresh(self, *wanted: str) -> str:
        """A name that the module does not use."""
        used = {n.id for n in ast.walk(self.source.tree) if isinstance(n, ast.Name)}
        used |= {a.arg for a in ast.walk(self.source.tree) if isinstance(a, ast.arg)}
        candidates = [*wanted, *(f"{wanted[0]}_{number}" for number in range(2, len(used) + 3))]
        return next(name for name in candidates if name not in used)


def find_site(source: Source, line: int, error: str, message: str) -> Site | None:
    """The site of an error at a line, or None when the line is in no function."""
    functions = [
        (node, name) for node, name in _functions(source.tree) if _body_start(node) <= line <= (node.end_lineno or 0)
    ]
    if not functions:
        return None
    function, qualname = functions[-1]
    statement = _statement(function, line)
    if statement is None:
        return None
    return Site(source, function, qualname, statement, line, error.rpartition(".")[2], message)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions, classes and lambdas inside it."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop(0)
        yield node
        if not isinstance(node, _ASIDE):
            todo += ast.iter_child_nodes(node)


def repeatable(node: ast.expr) -> bool:
    """Whether evaluating the expression once more changes nothing and costs little, as far as can be told."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=value):
            return repeatable(value)
        case ast.Subscript(value=value, slice=ast.Slice() as part):
            return repeatable(value) and all(repeatable(b) for b in (part.lower, part.upper, part.step) if b)
        case ast.Subscript(value=value, slice=index):
            return repeatable(value) and repeatable(index)
        case ast.BinOp(left=left, right=right):
            return repeatable(left) and repeatable(right)
        case ast.UnaryOp(operand=operand):
            return repeatable(operand)
        case ast.Tuple(elts=elts):
            return all(map(repeatable, elts))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return name in _PURE_CALLS and all(map(repeatable, args))
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=args, keywords=[]):
            return name in _PURE_METHODS and repeatable(value) and all(map(repeatable, args))
        case _:
            return False


def names_in(node: ast.AST) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    extra = [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def _functions(tree: ast.Module) -> Iterator[tuple[Function, str]]:
    """(function, qualified name) of all functions, outer before inner."""
    todo: list[tuple[ast.AST, str]] = [(tree, "")]
    while todo:
        node, prefix = todo.pop(0)
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    yield child, prefix + name
                    todo.append((child, f"{prefix}{name}.<locals>."))
                case ast.ClassDef(name=name):
                    todo.append((child, f"{prefix}{name}."))
                case _:
                    todo.append((child, prefix))


def _body_start(function: Function) -> int:
    first = function.body[0]
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    return min([first.lineno, *(decorator.lineno for decorator in decorators)])


def _statement(function: Function, line: int) -> ast.stmt | None:
    """The smallest statement that covers the line."""
    covering = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.stmt) and node is not function and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return min(covering, key=lambda s: ((s.end_lineno or 0) - s.lineno, -s.col_offset), default=None)


def _flows(function: Function) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """(names written, names read) of everything that binds names."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield frozenset().union(*map(names_in, targets)), names_in(value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                yield names_in(target), names_in(value)
            case ast.NamedExpr(target=target, value=value):
                yield names_in(target), names_in(value)
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                yield names_in(target), names_in(value)
            case ast.comprehension(target=target, iter=value):
                yield names_in(target), names_in(value)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                yield names_in(target), names_in(value)
