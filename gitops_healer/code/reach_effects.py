"""What a function does besides computing, through the calls of the whole project, each with the way that leads there.

Names are followed across files: imports and what packages pass on, methods by the class of their object, properties,
operators, decorators, functions that are handed on. What cannot be told is UNKNOWN, never pure. Limits: a parameter
that is annotated with a class is taken for that class, not for a subclass; what runs while modules are imported is not
part of a function; an attribute that another object changes is not traced.
"""

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gitops_healer.code.effects import Effect, effect_of
from gitops_healer.code.model import CodeModel
from gitops_healer.code.reach_body import Body
from gitops_healer.code.reach_calls import classes_given
from gitops_healer.code.reach_names import Function, Project, is_abstract
from gitops_healer.code.reach_scope import Call, Summary
from gitops_healer.code.reach_values import NOTHING, Kind, Known, Origin, Value

_DEEP: Final = 60
"""Calls inside of calls that are followed at once to see what a function returns."""
_MOST: Final = 3000
_TRANSPARENT: Final = frozenset(
    """
    property staticmethod classmethod functools abc contextlib dataclasses typing typing_extensions enum
    gitops_healer.recorder click typer pytest overload override setter getter deleter atexit.register numba
    """.split()
)
"""Decorators after which calling the function still is calling the function."""


@dataclass(frozen=True)
class Reason:
    """One effect. callee: what does it; path_of_functions: `pkg.mod:qualname`, from the function that was asked about
    to the one that does it; file, line: where."""

    effect: Effect
    callee: str
    path_of_functions: tuple[str, ...]
    file: str
    line: int

    def __str__(self) -> str:
        way = " -> ".join((*self.path_of_functions, self.callee))
        return f"{way} ({self.effect.value}), at {self.file}:{self.line}"


@dataclass(frozen=True)
class Effects:
    """reasons: the shortest way to each (effect, callee), nearest first; mutates: parameters that it changes; cache: it
    remembers results (`lru_cache`), which is harmless; assumed: methods of objects that nobody knows, taken for those
    of builtin types; functions: how many were looked at."""

    reasons: tuple[Reason, ...] = ()
    mutates: tuple[str, ...] = ()
    cache: bool = False
    assumed: tuple[str, ...] = ()
    functions: int = 1

    @property
    def kinds(self) -> frozenset[Effect]:
        return frozenset(reason.effect for reason in self.reasons)

    @property
    def unknown(self) -> tuple[Reason, ...]:
        return self.of(Effect.UNKNOWN)

    @property
    def is_pure(self) -> bool:
        """It only computes, as far as its code tells."""
        return not self.reasons

    def of(self, *effects: Effect) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.effect in effects)


def effects_through(model: CodeModel, path: str, qualname: str, decorators: Iterable[str] = ()) -> Effects:
    """What a function of a file does. qualname: as `Location.symbol`; of a class, what making an object does;
    decorators: dotted names of those from outside that change nothing of what a function does."""
    return ReachedEffects(model, decorators).of(path, qualname)


class ReachedEffects:
    """Answers for many functions of one model; what was read once is known."""

    def __init__(self, model: CodeModel, decorators: Iterable[str] = ()) -> None:
        self.project = Project(model)
        self._transparent = _TRANSPARENT | frozenset(decorators)
        self._summaries: dict[Value, Summary] = {}
        self._bodies: dict[Value, Body | None] = {}
        self._depth = 0

    def of(self, path: str, qualname: str) -> Effects:
        function = self._function(path, qualname)
        graph = _Graph(self, function)
        return graph.effects()

    def _function(self, path: str, qualname: str) -> Value:
        name = qualname if "<locals>" in qualname else self._qualified(path, qualname)
        definitions = self.project.module(path).definitions
        if isinstance(definitions.get(name), ast.ClassDef):
            method = self.project.method((path, name), "__init__")
            return method or Value(Kind.FUNCTION, f"{name}.__init__", path, (path, name))
        owner = name.rpartition(".")[0]
        of = (path, owner) if isinstance(definitions.get(owner), ast.ClassDef) else ("", "")
        return Value(Kind.FUNCTION, name, path, of)

    def _qualified(self, path: str, qualname: str) -> str:
        """The name with `<locals>` where it stands inside of a function."""
        definitions = self.project.module(path).definitions
        if qualname in definitions:
            return qualname
        return next((name for name in definitions if name.replace("<locals>.", "") == qualname), qualname)

    def body(self, function: Value) -> Body | None:
        """The body of a function, read; with an empty name, an empty one that sees the names of the file."""
        if function not in self._bodies:
            self._bodies[function] = None
            if not function.name:
                node: ast.AST | None = ast.parse("def f(): ...").body[0]
            else:
                module = self.project.module(function.path)
                node = module.definitions.get(function.name) or module.lambdas.get(function.name)
            if isinstance(node, Function):
                self._bodies[function] = Body(self, function, node, self._around(function))
        return self._bodies[function]

    def _around(self, function: Value) -> Body | None:
        name, inside, _ = function.name.rpartition(".<locals>.")
        if not inside:
            return None
        outer = function.around or replace(function, name=name, given=())
        self.summary(outer)
        return self.body(outer)

    def summary(self, function: Value) -> Summary:
        """What a function does by itself. While it is being read it does nothing, so that recursion ends."""
        function = replace(function, bound=False, items=())
        if function in self._summaries:
            return self._summaries[function]
        if self._depth > _DEEP:
            return Summary(returns=NOTHING)
        self._summaries[function] = Summary(returns=Known())
        self._depth += 1
        try:
            body = self.body(function)
            if body is not None:
                self._summaries[function] = body.summary
                body.read()
                self._decorators(function, body)
        except RecursionError:
            self._summaries[function].does(Effect.UNKNOWN, "code that is nested too deeply", 1)
        finally:
            self._depth -= 1
        return self._summaries[function]

    def _decorators(self, function: Value, body: Body) -> None:
        """Calling a decorated function is calling what the decorator made of it."""
        node = self.project.module(function.path).definitions.get(function.name)
        scope = self.body(Value(Kind.FUNCTION, "", function.path))
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or scope is None:
            return
        for mark in node.decorator_list:
            target = mark.func if isinstance(mark, ast.Call) else mark
            for value in scope.value(target).values:
                self._decorated(body.summary, value, isinstance(mark, ast.Call), mark)

    def _decorated(self, summary: Summary, value: Value, called: bool, mark: ast.expr) -> None:
        line = mark.lineno
        if value.kind is Kind.FUNCTION:
            made_by = self.summary(value).returns.values
            if called:
                made_by = tuple(
                    inner for one in made_by if one.kind is Kind.FUNCTION for inner in self.summary(one).returns.values
                )
            for wrapper in made_by:
                if wrapper.kind is Kind.FUNCTION:
                    summary.calls.append(Call(replace(wrapper, bound=False), line))
                elif wrapper.kind is not Kind.PARAMETER:
                    summary.does(Effect.UNKNOWN, f"what @{_dotted(mark)} makes of it", line)
        elif value.kind is Kind.OUTER:
            summary.caches |= value.name in ("functools.lru_cache", "functools.cache", "functools.cached_property")
            if not self._is_transparent(value.name):
                effect = effect_of(value.name)
                if effect is not None and not effect.is_pure:
                    summary.does(effect, f"@{value.name}", line)
        elif not self._is_transparent(_dotted(mark).rpartition(".")[2]):
            summary.does(Effect.UNKNOWN, f"@{_dotted(mark)}, a decorator that nobody knows", line)

    def _is_transparent(self, name: str) -> bool:
        parts = name.split(".")
        return any(".".join(parts[: n + 1]) in self._transparent for n in range(len(parts)))


def _dotted(mark: ast.expr) -> str:
    return ast.unparse(mark.func if isinstance(mark, ast.Call) else mark)


class _Graph:
    """The functions that one function reaches."""

    def __init__(self, reached: ReachedEffects, start: Value) -> None:
        self._reached = reached
        self._start = start
        self._calls: dict[Value, list[Call]] = {}
        self._way: dict[Value, tuple[Value, ...]] = {}
        self._mutates: dict[Value, frozenset[Origin]] = {}
        self._calls_back: dict[Value, frozenset[Origin]] = {}
        self._found: dict[Value, dict[tuple[Effect, str], int]] = {}
        self._resolved: set[tuple[Value, Value, str]] = set()

    def effects(self) -> Effects:
        self._spread()
        while self._resolve():
            self._spread()
        reasons = tuple(self._reasons())
        own = [origin for origin in self._mutates[self._start] if origin.owner == self._start.name]
        order = self._parameters(self._start)
        mutates = sorted({origin.name for origin in own}, key=lambda name: order.index(name) if name in order else 99)
        return Effects(
            reasons,
            tuple(name for name in mutates if not self._makes_self(name)),
            any(self._reached.summary(one).caches for one in self._way),
            tuple(dict.fromkeys(self._assumed())),
            len(self._way),
        )

    def _makes_self(self, name: str) -> bool:
        """A constructor fills its own new object: that is no change of anything."""
        order = self._parameters(self._start)
        return self._start.name.endswith(".__init__") and order[:1] == [name]

    def _parameters(self, function: Value) -> list[str]:
        body = self._reached.body(function)
        return body.parameters if body is not None else []

    def _spread(self) -> None:
        """Which functions are reached, and the shortest way to each; then what they change and call back."""
        self._way = {self._start: (self._start,)}
        waiting = deque([self._start])
        while waiting and len(self._way) <= _MOST:
            function = waiting.popleft()
            for call in self._calls_of(function):
                if call.target not in self._way:
                    self._way[call.target] = (*self._way[function], call.target)
                    waiting.append(call.target)
        self._settle()

    def _calls_of(self, function: Value) -> list[Call]:
        if function not in self._calls:
            summary = self._reached.summary(function)
            self._calls[function] = list(summary.calls)
            self._found[function] = dict(summary.direct)
            self._mutates[function] = frozenset(summary.mutates)
            self._calls_back[function] = frozenset(summary.calls_back)
            node = self._node(function)
            if node is not None and is_abstract(node) and function.of[1] and function is not self._start:
                name = function.name.rpartition(".")[2]
                self._found[function][Effect.UNKNOWN, f"whichever {name} the object has"] = node.lineno
        return self._calls[function]

    def _node(self, function: Value) -> Function | None:
        node = self._reached.project.module(function.path).definitions.get(function.name)
        return node if isinstance(node, Function) else None

    def _settle(self) -> None:
        changed = True
        while changed:
            changed = False
            for function in reversed(list(self._way)):
                for call in self._calls_of(function):
                    for held, is_change in ((self._mutates, True), (self._calls_back, False)):
                        more = self._through(function, call, held.get(call.target, frozenset()), is_change)
                        if not more <= held[function]:
                            held[function] |= more
                            changed = True

    def _through(self, caller: Value, call: Call, origins: frozenset[Origin], is_change: bool) -> frozenset[Origin]:
        """What of the caller a callee changes, or calls, by way of its parameters."""
        found: set[Origin] = set()
        for origin in origins:
            if origin.owner != call.target.name or origin.path != call.target.path:
                if caller.path == origin.path and f"{caller.name}.".startswith(f"{origin.owner}."):
                    found.add(origin)
                continue
            given = call.given.get(origin.name)
            if given is None:
                given = Known() if is_change else self._default(call.target, origin.name)
            if is_change:
                for one in given.origins:
                    if one.owner:
                        found.add(one)
                    else:
                        name = self._reached.project.label(call.target.path, call.target.name)
                        self._found[caller].setdefault(
                            (Effect.GLOBAL_STATE, f"{name}, which changes {one.name}"), call.line
                        )
            else:
                found |= {
                    Origin(value.name, value.path, value.owner)
                    for value in _callables(given)
                    if value.kind is Kind.PARAMETER
                }
        return frozenset(found)

    def _resolve(self) -> bool:
        """Functions that are handed to functions that call them; whether any was new."""
        grown = False
        for function in list(self._way):
            for call in list(self._calls_of(function)):
                for origin in self._calls_back.get(call.target, frozenset()):
                    if origin.owner != call.target.name or origin.path != call.target.path:
                        continue
                    given = call.given.get(origin.name)
                    if given is None:
                        given = self._default(call.target, origin.name)
                    for value in _callables(given):
                        key = function, replace(value, items=()), f"{call.target.name} {origin.name} {call.line}"
                        if key not in self._resolved:
                            self._resolved.add(key)
                            _, gets = self._reached.summary(call.target).calls_back.get(origin, (0, ()))
                            grown |= self._handed(function, value, call, gets)
        return grown

    def _handed(self, function: Value, value: Value, call: Call, gets: Sequence[Known]) -> bool:
        """Note that a function has something called. gets: what it is called with, as far as that is known."""
        found = self._found[function]
        line = call.line
        match value.kind:
            case Kind.FUNCTION:
                self._calls[function].append(self._call_of(value, line, gets))
                return True
            case Kind.CLASS | Kind.OBJECT:
                name = "__init__" if value.kind is Kind.CLASS else "__call__"
                method = self._reached.project.method((value.path, value.name), name)
                if method is not None:
                    self._calls[function].append(Call(method, line))
                elif value.kind is Kind.OBJECT:
                    found.setdefault((Effect.UNKNOWN, f"an object of {value.name} that is handed on"), line)
                return True
            case Kind.OUTER:
                effect = effect_of(value.name)
                if effect is not None and not effect.is_pure:
                    found.setdefault((effect, value.name), line)
            case Kind.PARAMETER | Kind.MADE:
                pass
            case _:
                found.setdefault((Effect.UNKNOWN, f"something that is handed to {call.target.name}"), line)
        return False

    def _call_of(self, value: Value, line: int, gets: Sequence[Known]) -> Call:
        target = replace(value, bound=False, items=())
        body = self._reached.body(target)
        names = body.parameters[1 if value.bound else 0 :] if body is not None else []
        given = dict(zip(names, gets, strict=False))
        return Call(replace(target, given=classes_given(body.node, given) if body is not None else ()), line)

    def _reasons(self) -> Iterator[Reason]:
        label = self._reached.project.label
        if len(self._way) > _MOST:
            start = self._start
            said = f"more than {_MOST:,} functions"
            yield Reason(Effect.UNKNOWN, said, (label(start.path, start.name),), start.path, self._line(start))
        seen: set[tuple[Effect, str]] = set()
        for function, way in self._way.items():
            names = tuple(label(one.path, one.name) for one in way)
            found = dict(self._found[function])
            if function == self._start:
                for origin in self._calls_back[function]:
                    if origin.owner == function.name:
                        line, _ = self._reached.summary(function).calls_back.get(origin, (self._line(function), ()))
                        found.setdefault((Effect.UNKNOWN, f"its parameter {origin.name}"), line)
            found |= self._changed_defaults(function)
            for (effect, callee), line in found.items():
                if (effect, callee) not in seen:
                    seen.add((effect, callee))
                    yield Reason(effect, callee, names, function.path, line)

    def _default(self, function: Value, parameter: str) -> Known:
        """What a parameter is when nobody gives it."""
        node = self._node(function)
        scope = self._reached.body(Value(Kind.FUNCTION, "", function.path))
        if node is None or scope is None:
            return Known()
        own = node.args
        positional = [*own.posonlyargs, *own.args]
        pairs = [*zip(positional[len(positional) - len(own.defaults) :], own.defaults, strict=True)]
        pairs += [(arg, value) for arg, value in zip(own.kwonlyargs, own.kw_defaults, strict=True) if value is not None]
        return next((scope.value(value) for arg, value in pairs if arg.arg == parameter), Known())

    def _line(self, function: Value) -> int:
        node = self._node(function)
        return node.lineno if node is not None else 1

    def _changed_defaults(self, function: Value) -> dict[tuple[Effect, str], int]:
        defaults = self._reached.summary(function).defaults
        return {
            (Effect.GLOBAL_STATE, f"the default of {origin.name}, which it changes"): self._line(function)
            for origin in self._mutates[function]
            if origin.owner == function.name and origin.name in defaults
        }

    def _assumed(self) -> Iterator[str]:
        for function in self._way:
            for text, line in self._reached.summary(function).assumed.items():
                yield f"{text}, at {function.path}:{line}"


def _callables(known: Known) -> Iterator[Value]:
    for value in known.values:
        if value.kind is Kind.MADE and value.name in ("tuple", "list", "dict", "generator"):
            yield from value.items
        else:
            yield value
