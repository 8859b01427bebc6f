"""The names that the body of a function sees, and what special methods of known objects do."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gitops_healer.code.effects import Effect, effect_of
from gitops_healer.code.reach_annotations import Annotations
from gitops_healer.code.reach_names import BUILTINS, Function, ModuleNames, Project, every
from gitops_healer.code.reach_types import is_builtin
from gitops_healer.code.reach_values import NOTHING, UNKNOWN, Kind, Known, Origin, Value

_SHOWS = {"str": ("__str__", "__repr__"), "repr": ("__repr__",), "len": ("__len__",), "bool": ("__bool__", "__len__"),
          "hash": ("__hash__",), "abs": ("__abs__",), "round": ("__round__",), "int": ("__int__",),
          "float": ("__float__",), "format": ("__format__", "__str__"), "print": ("__str__", "__repr__"),
          "next": ("__next__",), "reversed": ("__reversed__",)}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A call of a function of the project. given: what each parameter gets; line: where it is called."""

    target: Value
    line: int
    given: Mapping[str, Known] = field(default_factory=dict)


@dataclass
class Summary:
    """What one function does by itself.

    direct: {(effect, what is called): line}; calls_back: parameters that it calls, with the line and what they get;
    yields: None when it is no generator; sets: attributes that it gives its object; assumed: methods of objects that
    nobody knows, taken for those of builtin types, with the line; defaults: parameters whose default can be changed.
    """

    direct: dict[tuple[Effect, str], int] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    mutates: set[Origin] = field(default_factory=set)
    calls_back: dict[Origin, tuple[int, tuple[Known, ...]]] = field(default_factory=dict)
    returns: Known = field(default_factory=Known)
    yields: Known | None = None
    sets: dict[str, Known] = field(default_factory=dict)
    assumed: dict[str, int] = field(default_factory=dict)
    caches: bool = False
    defaults: frozenset[str] = frozenset()

    def does(self, effect: Effect, what: str, line: int) -> None:
        self.direct.setdefault((effect, what), line)


class Summaries(Protocol):
    """Whoever knows what other functions do."""

    project: Project

    def summary(self, function: Value) -> Summary: ...

    def body(self, function: Value) -> "Scope | None": ...


class Scope(ABC):
    """What is known inside of one function. outer: the function around it, whose names it sees."""

    def __init__(self, known: Summaries, function: Value, node: Function, outer: "Scope | None" = None) -> None:
        self._all = known
        self._project = known.project
        self.function = function
        self.path = function.path
        self._module: ModuleNames = self._project.module(function.path)
        self._outer = outer
        self.node = node
        self.summary = Summary()
        self.annotations = Annotations(self._project, function.path, function.of)
        self._env: dict[str, Known] = {}
        self._nested = 0
        self._globals: set[str] = set()
        self._free: set[str] = set()
        self._locals: frozenset[str] = frozenset(
            one.id
            for part in _own(node)
            for one in [part]
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        )
        self.parameters = [arg.arg for arg in every(node.args)]

    @abstractmethod
    def read(self) -> Summary:
        """Everything that the function does by itself."""

    @abstractmethod
    def value(self, node: ast.expr) -> Known:
        """What an expression may be; what it does is noted."""

    @abstractmethod
    def _to(self, function: Value, positional: Sequence[Known], named: Mapping[str, Known], line: int) -> Known: ...

    @property
    def owner(self) -> tuple[str, str] | None:
        """The class in whose body the function stands."""
        name = self.function.name.rpartition(".")[0]
        return (self.path, name) if isinstance(self._module.definitions.get(name), ast.ClassDef) else None

    def annotated(self, node: ast.expr | None) -> Known:
        """What something of this annotation may be; no values for None."""
        return self.annotations.of(node)

    def _load(self, node: ast.Name) -> Known:
        name = node.id
        if name not in self._globals:
            body: Scope | None = self
            while body is not None:
                if name in body._env:
                    return body._env[name]
                if name in body._locals and name not in body._free | body._globals:
                    return NOTHING
                body = body._outer
        return self._at_top(self.path, name, node.lineno)

    def _at_top(self, path: str, name: str, line: int) -> Known:
        values = self._project.named(path, name)
        if values and not (values[0].kind is Kind.MODULE and values[0].name):
            found = tuple(value for value in values if not (value.kind is Kind.MODULE and value.name))
            return Known(found)
        if values:
            path, name = values[0].path, values[0].name
        module = self._project.module(path)
        if name in module.changed:
            self.summary.does(Effect.GLOBAL_STATE, f"{name}, which functions of {module.name} change", line)
        origin = frozenset({Origin(name if path == self.path else f"{module.name}.{name}")})
        return Known(self._variable(path, name).values, origin, origin)

    def _variable(self, path: str, name: str) -> Known:
        """What a variable at the top of a file may be."""
        module = self._project.module(path)
        scope = self._all.body(Value(Kind.FUNCTION, "", path))
        if scope is None:
            return NOTHING
        if name in scope._env:
            return scope._env[name]
        builtin = name in BUILTINS and name not in self._project.imported(path)
        scope._env[name] = Known((Value(Kind.OUTER, name),)) if builtin else NOTHING
        found = Known()
        if name in module.annotated:
            found = scope.annotated(module.annotated[name])
        if not found.values or UNKNOWN in found.values:
            found = Known()
            for expression in module.assigned.get(name, ())[:4]:
                found |= scope.value(expression)
        scope._env[name] = found
        return found

    def _mutation(self, known: Known, text: str, line: int) -> None:
        for origin in known.origins:
            if origin.owner:
                self.summary.mutates.add(origin)
            else:
                self.summary.does(Effect.GLOBAL_STATE, f"{text}, which changes {origin.name}", line)

    def iterate(self, known: Known, line: int) -> Known:
        """What a loop over something gives."""
        done = self._dunder(known, "__iter__", line)
        if done is not None:
            given = self._dunder(done, "__next__", line)
            return given if given is not None else done.items
        if any(value.kind is Kind.MADE and value.name in ("str", "bytes") for value in known.values):
            return known
        if any(value.kind is Kind.MADE and value.name == "dict" for value in known.values):
            return Known((UNKNOWN,), known.inner)
        classes = tuple(replace(one, kind=Kind.OBJECT) for one in known.values if one.kind is Kind.CLASS)
        return Known(classes) if classes else known.items

    def _enter(self, known: Known, line: int) -> Known:
        done = self._dunder(known, "__enter__", line) or self._dunder(known, "__aenter__", line)
        self._dunder(known, "__exit__", line)
        self._dunder(known, "__aexit__", line)
        if done is not None:
            return done
        if any(value.kind is Kind.MADE and value.name == "generator" for value in known.values):
            return known.items
        for value in known.values:
            if value.kind in (Kind.UNKNOWN, Kind.PARAMETER):
                self.summary.does(Effect.UNKNOWN, "with something that nobody knows", line)
            effect = effect_of(value.name) if value.kind is Kind.MADE and not is_builtin(value.name) else None
            if effect is not None and not effect.is_pure and (effect, value.name) not in self.summary.direct:
                self.summary.does(effect, f"with {value.name}", line)
        return known

    def _show(self, known: Known, how: str, line: int) -> None:
        for name in _SHOWS[how]:
            if self._dunder(known, name, line) is not None:
                return

    def _dunder(self, known: Known, name: str, line: int) -> Known | None:
        """Call a special method of those values that are objects of the project and have it; None when none has."""
        found: Known | None = None
        for value in known.values:
            if value.kind is Kind.OBJECT:
                method = self._project.method((value.path, value.name), name)
                if method is not None:
                    result = self._to(method, [Known((value,), known.origins, known.inner)], {}, line)
                    found = result if found is None else found | result
        return found


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a function without those of functions and classes inside of it."""
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        child = waiting.pop()
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(child)
