"""A piece of code under suspicion, and what templates may ask about it."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from gitops_healer.code.source import Function, Source
from gitops_healer.core.trials import Seen
from gitops_healer.repair.search.ingredients import Ingredients

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Variable:
    """A name that can be read at a place. types: seen there at run time, empty when unknown; distance: 0 for
    variables of the function, 1 for names of the module, 2 for builtins."""

    name: str
    types: frozenset[str] = frozenset()
    distance: int = 0


@dataclass(frozen=True, eq=False)
class Target:
    """One function (a method, with what is nested in it), or the statements of a module or class outside of functions.

    node: FunctionDef, AsyncFunctionDef, or Module for what is outside; qualname: `Class.method`, "" for a Module;
    lines: suspicion of each line that failing tests ran, 0 to 1; seen: values at run time.
    """

    source: Source
    node: Function | ast.Module
    qualname: str
    lines: Mapping[int, float]
    ingredients: Ingredients
    seen: Seen = field(default_factory=Seen)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in the target, in the order of the text, nested functions too; decorators and, of a Module, the
        bodies of functions left out."""
        return tuple(self._walk(self.node))

    def _walk(self, top: ast.AST) -> Iterator[ast.AST]:
        aside = getattr(self.node, "decorator_list", ())
        for child in ast.iter_child_nodes(top):
            if child in aside:
                continue
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            if function and isinstance(self.node, ast.Module):
                yield from self._defaults(child)
                continue
            yield child
            yield from self._walk(child)

    def _defaults(self, function: ast.AST) -> Iterator[ast.AST]:
        arguments: ast.arguments = function.args  # type: ignore[attr-defined]
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                yield from ast.walk(default)

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """All statements inside, outer before inner, docstrings left out."""
        return tuple(n for n in self.nodes if isinstance(n, ast.stmt) and not _is_docstring(n))

    @cached_property
    def expressions(self) -> tuple[ast.expr, ...]:
        """All expressions that are read (not targets of assignments, not annotations), outer before inner."""
        aside = self._annotations
        return tuple(
            n
            for n in self.nodes
            if isinstance(n, ast.expr) and isinstance(getattr(n, "ctx", ast.Load()), ast.Load) and n not in aside
        )

    @cached_property
    def places(self) -> tuple[ast.expr, ...]:
        """The expressions that may be rewritten: not in decorators, patterns, type parameters or docstrings, and of
        f-strings only what stands where the tree says."""
        return tuple(n for n in self.expressions if not _is_part(n) and self._open(n))

    def _open(self, node: ast.expr) -> bool:
        below: ast.AST = node
        for above in self.source.above(node):
            if isinstance(above, ast.pattern) or below in getattr(above, "decorator_list", ()):
                return False
            if type(above).__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple", "TypeAlias"):
                return False
            if isinstance(above, ast.JoinedStr) and not self._inside(node, above):
                return False
            if above is self.node:
                break
            below = above
        return True

    def _inside(self, node: ast.expr, string: ast.JoinedStr) -> bool:
        if isinstance(node, ast.JoinedStr) or not self.source.faithful(node):
            return False
        outer, inner = self.source.span(string), self.source.span(node)
        return outer[0] < inner[0] and inner[1] < outer[1]

    @cached_property
    def _annotations(self) -> frozenset[ast.AST]:
        tops = [n for n in self.nodes if isinstance(n, ast.AnnAssign | ast.arg)]
        marked = [n.annotation for n in tops if n.annotation is not None]
        returns = [n.returns for n in self.nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.returns]
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef) and self.node.returns is not None:
            returns.append(self.node.returns)
        docs = [n.value for n in self.nodes if isinstance(n, ast.Expr) and _is_docstring(n)]
        return frozenset(inner for top in (*marked, *returns, *docs) for inner in ast.walk(top))

    def text(self, node: ast.expr | ast.stmt) -> str:
        return self.source.text(node)

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds the node."""
        for above in (node, *self.source.above(node)):
            if isinstance(above, ast.stmt):
                return above
        raise ValueError("no statement is around that node")

    def parent(self, node: ast.AST) -> ast.AST:
        return self.source.parents[node]

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """The list of statements that the statement is one of."""
        parent = self.source.parents[statement]
        for name in ("body", "orelse", "finalbody", "handlers"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and statement in block:
                return block
        raise ValueError("no block holds that statement")

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names in the order of the signature, `self` and `cls` included."""
        if isinstance(self.node, ast.Module):
            return ()
        a = self.node.args
        extra = [one for one in (a.vararg, a.kwarg) if one is not None]
        return tuple(one.arg for one in (*a.posonlyargs, *a.args, *a.kwonlyargs, *extra))

    @cached_property
    def locals(self) -> tuple[str, ...]:
        """Parameters, then what is assigned inside, in the order of the text; not what comprehensions bind."""
        looped = {id(n) for c in self.nodes if isinstance(c, ast.comprehension) for n in ast.walk(c.target)}
        names = [n for n in self.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        return tuple(dict.fromkeys([*self.parameters, *(n.id for n in names if id(n) not in looped)]))

    def types_at(self, line: int) -> Mapping[str, frozenset[str]]:
        """Types of variables (and of `self.x`) seen when the line was about to run."""
        return self.seen.types.get((self.source.path, line), {})

    def values_at(self, line: int) -> Mapping[str, tuple[str, ...]]:
        return self.seen.values.get((self.source.path, line), {})

    @property
    def returned(self) -> frozenset[str]:
        """Types of what the function returned."""
        line = getattr(self.node, "lineno", 0)
        return self.seen.returns.get((self.source.path, line), frozenset())

    def names_at(self, node: ast.AST) -> tuple[Variable, ...]:
        """Variables that may be read at a node: of the function (when values were seen there: those bound at that
        line), then the functions, classes and constants of the module."""
        line = self.statement_of(node).lineno
        seen = self.types_at(line)
        own = [name for name in self.locals if not seen or name in seen or name in self.inner_names(node)]
        inner = [name for name in self.inner_names(node) if name not in own]
        module = [name for name in self.ingredients.module_names if name not in own]
        return (
            *(Variable(name, seen.get(name, frozenset())) for name in (*own, *inner)),
            *(Variable(name, frozenset(), 1) for name in module),
        )

    def inner_names(self, node: ast.AST) -> tuple[str, ...]:
        """Names that comprehensions and lambdas around the node bind."""
        names: dict[str, None] = {}
        for above in self.source.above(node):
            if isinstance(above, ast.stmt):
                break
            if isinstance(above, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                names |= {n.id: None for g in above.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
            elif isinstance(above, ast.Lambda):
                names |= {argument.arg: None for argument in ast.walk(above.args) if isinstance(argument, ast.arg)}
        return tuple(names)

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_part(node: ast.expr) -> bool:
    """Whether a node is no expression of its own: `*x`, the braces of an f-string, `a, 1:2` in brackets."""
    slices = isinstance(node, ast.Tuple) and any(isinstance(one, ast.Slice) for one in node.elts)
    return slices or isinstance(node, ast.Starred | ast.FormattedValue)
