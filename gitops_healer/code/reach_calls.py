"""Calls: who is called, with what, and what that does when it is none of the project's."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gitops_healer.code.effects import Effect, effect_of, effect_of_method
from gitops_healer.code.reach_attributes import Attributes
from gitops_healer.code.reach_names import Function, is_abstract, root_of
from gitops_healer.code.reach_scope import Call
from gitops_healer.code.reach_types import BUILTIN_METHODS, RESULTS, assumed_pure, is_builtin, result_of_method
from gitops_healer.code.reach_values import MUTATING, NOTHING, UNKNOWN, Kind, Known, Origin, Value, made

_COPIES = frozenset(
    "list tuple set frozenset sorted reversed iter enumerate zip filter dict collections.deque collections.OrderedDict "
    "collections.Counter itertools.chain itertools.islice".split()
)
_SAME = frozenset("max min next copy.copy copy.deepcopy abs sum round".split())
_WALKED = _COPIES | frozenset("max min sum any all map str.join".split())
_HIGHER = ("map", "filter", "sorted", "max", "min", "functools.reduce", "itertools", "heapq", "re.sub", "re.subn",
           "collections.defaultdict", "functools.cmp_to_key", "bisect")  # fmt: skip
_STORING = ("atexit.register", "signal.signal", "weakref")
_MOST_CLASSES = 3
_DYNAMIC = {"eval": "eval", "exec": "exec", "__import__": "__import__", "importlib.import_module": "an import by name"}
_SHOWN_BY = frozenset("str repr len bool hash abs round int float format print next reversed".split())


class Calls(Attributes):
    """A scope that knows calls."""

    def _call(self, node: ast.Call) -> Known:
        if isinstance(node.func, ast.Attribute) and _is_super(node.func.value):
            return self._super(node, node.func.attr)
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        if receiver is None:
            callee = self.value(node.func)
        else:
            assert isinstance(node.func, ast.Attribute)
            callee = self.attribute(receiver, node.func.attr, node.func)
        positional = [self.value(argument) for argument in node.args]
        spread = any(isinstance(argument, ast.Starred) for argument in node.args)
        named = {keyword.arg or "**": self.value(keyword.value) for keyword in node.keywords}
        if spread:
            named.setdefault("*", positional[-1])
        text = _short(node.func)
        if receiver is not None:
            assert isinstance(node.func, ast.Attribute)
            return self._call_method(receiver, node.func, positional, named)
        found = Known()
        for value in callee.values or (UNKNOWN,):
            found |= self._to_value(value, callee, positional, named, node.lineno, text)
        return found

    def _call_method(
        self, receiver: Known, func: ast.Attribute, positional: list[Known], named: dict[str, Known]
    ) -> Known:
        found, line, text = Known(), func.lineno, _short(func)
        for value in receiver.values or (UNKNOWN,):
            if value.kind is Kind.MADE:
                found |= self._on_made(value, receiver, func, positional, named)
            elif value.kind in (Kind.UNKNOWN, Kind.PARAMETER):
                found |= self._on_unknown(receiver, func, positional, named)
            else:
                single = self._attribute_of(value, receiver, func.attr, func)
                for one in single.values or (UNKNOWN,):
                    if one.kind is Kind.UNKNOWN and value.kind is Kind.OBJECT:
                        found |= self._on_stranger(value, receiver, func, positional, named)
                    else:
                        known = Known((value,), receiver.origins, receiver.inner)
                        found |= self._to_value(one, known, positional, named, line, text)
        return found

    def _on_stranger(
        self, value: Value, receiver: Known, func: ast.Attribute, positional: list[Known], named: dict[str, Known]
    ) -> Known:
        """A method that the class of the project does not have: that of a base from outside, or anything."""
        outer = self._project.outer_bases((value.path, value.name))
        if "" not in outer and outer:
            return self._on_made(made(outer[0]), receiver, func, positional, named)
        return self._on_unknown(receiver, func, positional, named)

    def _on_made(
        self, value: Value, receiver: Known, func: ast.Attribute, positional: list[Known], named: dict[str, Known]
    ) -> Known:
        method, line, text = func.attr, func.lineno, _short(func)
        if method in MUTATING:
            self._mutation(receiver, text, line)
        if is_builtin(value.name):
            if method == "sort" or method == "join":
                self._call_backs(positional, named, receiver.items, line)
                for argument in positional:
                    self.iterate(argument, line)
            values = result_of_method(value, method)
            held = frozenset() if values and all(one.name == "str" for one in values) else receiver.inner
            return Known(values or (UNKNOWN,), held, held)
        effect = effect_of_method(value.name, method)
        if effect is not None and not effect.is_pure and (effect, value.name) not in self.summary.direct:
            self.summary.does(effect, f"{value.name}.{method}", line)
        if effect not in (None, Effect.LOGGING):
            self._call_backs(positional, named, NOTHING, line)
        if value.name.startswith("re."):
            self._call_backs(positional, named, Known((made("re.Match"),)), line)
        if value.name.startswith("pathlib."):
            text_methods = ("as_posix", "as_uri", "read_text")
            return Known((made("str" if method in text_methods else "open" if method == "open" else "pathlib.Path"),))
        return Known((made(f"{value.name}.{method}"),), receiver.origins if effect is Effect.UNKNOWN else frozenset())

    def _on_unknown(
        self, receiver: Known, func: ast.Attribute, positional: list[Known], named: dict[str, Known]
    ) -> Known:
        method, line, text = func.attr, func.lineno, _short(func)
        near = self._project.methods_near(self.path)
        by_name = effect_of(f"?.{method}") if method not in near else Effect.UNKNOWN
        if by_name is not Effect.UNKNOWN and by_name is not None:
            self.summary.does(by_name, text, line)
        elif assumed_pure(func, near):
            self.summary.assumed.setdefault(f"{text} as a method of {BUILTIN_METHODS[method]}", line)
            if method in MUTATING:
                self._mutation(receiver, text, line)
            if method == "sort":
                self._call_backs(positional, named, receiver.items, line)
            kind = BUILTIN_METHODS[method]
            values = result_of_method(made(kind), method) if kind == "str" else ()
            return Known(values or (UNKNOWN,), frozenset() if values else receiver.origins, receiver.inner)
        else:
            self.summary.does(Effect.UNKNOWN, f"{text}, a method of an object whose class is not known", line)
        return Known((UNKNOWN,), receiver.origins, receiver.inner)

    def _super(self, node: ast.Call, name: str) -> Known:
        positional = [self.value(argument) for argument in node.args]
        named = {keyword.arg or "**": self.value(keyword.value) for keyword in node.keywords}
        owner = self.owner
        if owner is None:
            self.summary.does(Effect.UNKNOWN, "super() outside of a class", node.lineno)
            return NOTHING
        of = self.function.of if self.function.of[1] else owner
        method = self._project.method(of, name, after=owner)
        own = self._env.get(self.parameters[0], NOTHING) if self.parameters else NOTHING
        if method is not None:
            return self._to(method, [own, *positional], named, node.lineno)
        for base in self._project.outer_bases(of):
            effect = effect_of_method(base, name) if base else Effect.UNKNOWN
            if effect is not None and not effect.is_pure:
                self.summary.does(effect, f"super().{name} of {base or 'a base that nobody knows'}", node.lineno)
        return NOTHING

    def _to_value(
        self, value: Value, known: Known, positional: list[Known], named: Mapping[str, Known], line: int, text: str
    ) -> Known:
        match value.kind:
            case Kind.FUNCTION:
                own = [_receiver(value, known)] if value.bound else []
                return self._to(value, [*own, *positional], named, line)
            case Kind.CLASS:
                return self._construct(value, positional, named, line)
            case Kind.OUTER:
                return self._to_outer(value.name, positional, named, line)
            case Kind.PARAMETER:
                gets = tuple(positional)
                self.summary.calls_back.setdefault(Origin(value.name, value.path, value.owner), (line, gets))
                return NOTHING
            case Kind.OBJECT:
                method = self._project.method((value.path, value.name), "__call__")
                if method is not None:
                    return self._to(method, [Known((value,), known.origins, known.inner), *positional], named, line)
            case Kind.MADE if not is_builtin(value.name):
                maker, _, called = value.name.rpartition(".")
                if is_builtin(maker) and called in MUTATING:
                    self._mutation(known, text, line)
                effect = effect_of(value.name)
                if effect is not None and not effect.is_pure:
                    self.summary.does(effect, value.name, line)
                return NOTHING if is_builtin(maker) else Known((made(value.name),))
        self.summary.does(Effect.UNKNOWN, f"{text}(), and nobody knows what that is", line)
        return NOTHING

    def _to(self, function: Value, positional: Sequence[Known], named: Mapping[str, Known], line: int) -> Known:
        """Call a function of the project; positional: with its object in front where it is a method."""
        node = self._project.module(function.path).definitions.get(function.name)
        node = node or self._project.module(function.path).lambdas.get(function.name)
        if not isinstance(node, Function):
            self.summary.does(Effect.UNKNOWN, f"{function.name}, and nobody knows what that is", line)
            return NOTHING
        given = _given(node, positional, named)
        target = replace(function, bound=False, given=classes_given(node, given))
        self.summary.calls.append(Call(target, line, given))
        if is_abstract(node) and function.of[1]:
            return self.annotated_of(target, node)
        returned = self._all.summary(target).returns
        return _translated(returned, target, given)

    def annotated_of(self, function: Value, node: Function) -> Known:
        scope = self._all.body(Value(Kind.FUNCTION, "", function.path))
        told = getattr(node, "returns", None)
        return scope.annotated(told) if scope is not None and told is not None else NOTHING

    def _construct(self, value: Value, positional: list[Known], named: Mapping[str, Known], line: int) -> Known:
        of = value.path, value.name
        self_value = Known((Value(Kind.OBJECT, value.name, value.path),))
        for name in ("__new__", "__init__"):
            method = self._project.method(of, name)
            if method is not None:
                self._to(method, [self_value, *positional], named, line)
        method = self._project.method(of, "__post_init__")
        if method is not None:
            self._to(method, [self_value], {}, line)
        for path, qualname in self._project.line_of(*of):
            if path:
                self._default_factories(path, qualname, named, line)
        for base in self._project.outer_bases(of):
            effect = effect_of(base) if base else Effect.UNKNOWN
            if effect is not None and not effect.is_pure:
                self.summary.does(effect, f"{value.name}(), built on {base or 'a base that nobody knows'}", line)
        return self_value

    def _default_factories(self, path: str, qualname: str, named: Mapping[str, Known], line: int) -> None:
        scope = self._all.body(Value(Kind.FUNCTION, "", path))
        for node in self._project.module(path).class_body(qualname):
            made_by = node.value if isinstance(node, ast.AnnAssign) else None
            if not isinstance(made_by, ast.Call) or scope is None or not isinstance(node, ast.AnnAssign):
                continue
            for keyword in made_by.keywords:
                if keyword.arg in ("default_factory", "factory") and root_of(node.target) not in named:
                    factory = scope.value(keyword.value)
                    for value in factory.values:
                        self._to_value(value, factory, [], {}, line, "default_factory")

    def _to_outer(self, name: str, positional: list[Known], named: Mapping[str, Known], line: int) -> Known:
        first = positional[0] if positional else Known()
        if name in _DYNAMIC:
            self.summary.does(Effect.UNKNOWN, f"{_DYNAMIC[name]}, which can do anything", line)
            return NOTHING
        if name in ("setattr", "delattr"):
            if any(value.kind in (Kind.CLASS, Kind.MODULE, Kind.OUTER) for value in first.values):
                self.summary.does(Effect.GLOBAL_STATE, name, line)
            self._mutation(first, name, line)
            return Known()
        effect = effect_of(name)
        if effect is not None and not effect.is_pure:
            self.summary.does(effect, name, line)
        if name in _SHOWN_BY:
            for argument in positional:
                self._show(argument, name, line)
        walked = Known()
        if name in _WALKED:
            for argument in positional:
                walked |= self.iterate(argument, line)
        if _begins(name, _HIGHER):
            held = walked if name in _WALKED else NOTHING
            functions = (
                positional[:1] if name in ("map", "filter", "functools.reduce", "collections.defaultdict") else []
            )
            functions += [named[key] for key in ("key", "default_factory") if key in named]
            if name == "map" or name == "filter":
                held = Known()
                for argument in positional[1:]:
                    held |= self.iterate(argument, line)
            result = self._called_back(functions, held, line)
            rest = [argument for argument in positional if all(argument is not one for one in functions)]
            self._call_backs(rest, {}, NOTHING, line)
            if name == "map":
                return Known((made("generator", *result.values),), frozenset(), result.origins)
            if name in ("sorted", "max", "min") and "key" not in named:
                self._dunder(walked, "__lt__", line)
        elif effect not in (None, Effect.LOGGING) and not _begins(name, _STORING):
            self._call_backs(positional, named, NOTHING, line)
        return self._outer_result(name, positional, walked, first)

    def _outer_result(self, name: str, positional: list[Known], walked: Known, first: Known) -> Known:
        if name in _COPIES:
            items = [value for value in walked.values if value.kind is not Kind.UNKNOWN] if walked.values else []
            if name in ("enumerate", "zip", "dict"):
                items = [made("tuple", *items)] if items and name != "dict" else []
            inner = frozenset(origin for part in positional for origin in part.inner | part.origins)
            return Known((made("dict" if name == "dict" else "list", *items),), frozenset(), inner)
        if name in ("max", "min", "next") and positional:
            return walked if name in _WALKED else first.items
        if name in _SAME:
            return Known(first.values, frozenset(), frozenset() if name == "copy.deepcopy" else first.inner)
        if name == "functools.partial":
            return first
        if name in RESULTS:
            return Known((made(RESULTS[name]),))
        if name in ("getattr", "filter", "functools.reduce", "heapq.heappop", "vars", "locals"):
            return Known((UNKNOWN,), first.origins | first.inner)
        return Known((made(name),))

    def _called_back(self, functions: Sequence[Known], given: Known, line: int) -> Known:
        """Functions that something calls at once with items of what it got."""
        found = Known()
        for known in functions:
            for value in known.values:
                found |= self._to_value(value, known, [given], {}, line, "a function that is passed on")
        return found

    def _call_backs(self, positional: Sequence[Known], named: Mapping[str, Known], given: Known, line: int) -> None:
        """Functions and methods of the project that are handed to something that may call them."""
        for known in (*positional, *named.values()):
            for value in known.values:
                if value.kind is Kind.FUNCTION:
                    self._to_value(value, known, [given], {}, line, "a function that is passed on")


def classes_given(node: Function, given: Mapping[str, Known]) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    """Objects of classes of the project that parameters without annotation get."""
    own = node.args
    return tuple(
        (arg.arg, known.values)
        for arg in (*own.posonlyargs, *own.args, *own.kwonlyargs)
        if arg.annotation is None and arg.arg not in ("self", "cls")
        for known in [given.get(arg.arg)]
        if known is not None and known.values and len(known.values) <= _MOST_CLASSES and all(map(_tells, known.values))
    )


def _tells(value: Value) -> bool:
    """Whether it is an object of a class of the project, or holds such."""
    if value.kind is Kind.MADE:
        return bool(value.items) and all(item.kind is Kind.OBJECT for item in value.items)
    return value.kind is Kind.OBJECT


def _receiver(value: Value, known: Known) -> Known:
    """The object of a bound method."""
    owners = tuple(one for one in known.values if one.kind in (Kind.OBJECT, Kind.CLASS))
    of = Value(Kind.OBJECT, value.of[1], value.of[0])
    return Known(owners or (of,), known.origins, known.inner)


def _given(node: Function, positional: Sequence[Known], named: Mapping[str, Known]) -> dict[str, Known]:
    own = node.args
    names = [arg.arg for arg in (*own.posonlyargs, *own.args)]
    given = dict(zip(names, positional, strict=False))
    extra = list(positional[len(names) :])
    known = {*names, *(arg.arg for arg in own.kwonlyargs)}
    spread = [value for key, value in named.items() if key in ("*", "**")]
    for key, value in named.items():
        if key in known:
            given[key] = value
        elif key not in ("*", "**"):
            extra.append(value)
    for value in spread:
        for name in known - given.keys():
            given[name] = value.items | value
        extra.append(value)
    for arg in (own.vararg, own.kwarg):
        if arg is not None and extra:
            whole = Known()
            for value in extra:
                whole |= value
            given[arg.arg] = whole
    return given


def _translated(returned: Known, function: Value, given: Mapping[str, Known]) -> Known:
    """What a function returns, as its caller sees it: parameters become what was given."""
    found = Known(inner=frozenset())
    for value in returned.values:
        if value.kind is Kind.PARAMETER and value.owner == function.name and value.path == function.path:
            found |= given.get(value.name, NOTHING)
        else:
            found |= Known((value,))
    for origins, inner in ((returned.origins, False), (returned.inner, True)):
        for origin in origins:
            if not origin.owner:
                found |= Known((), frozenset() if inner else frozenset({origin}), frozenset({origin}))
            elif origin.owner == function.name and origin.path == function.path and origin.name in given:
                held = given[origin.name]
                merged = held.origins | held.inner
                found |= Known((), frozenset() if inner else merged, merged)
    return found


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _begins(name: str, prefixes: Sequence[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def _short(node: ast.expr) -> str:
    try:
        text = ast.unparse(node)
    except (RecursionError, ValueError):
        return "..."
    return text if len(text) <= 60 else f"{text[:57]}..."
