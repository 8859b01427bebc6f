"""Functions that are not called for real: recorded answers stand for them, and unknown calls fail loudly.

Runs inside the sandbox: standard library only, on any Python from 3.8. `install` puts them in place once, after the
candidate was imported; `begin` says when a call is made, for answers that changed with time.
"""

from __future__ import annotations

import ast
import builtins
import functools
import gc
import importlib
import inspect
import json
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .call_making import BROKEN, made
from .call_values import UnspeakableError, canonical

BEFORE_SECONDS = 1.0
AFTER_SECONDS = 3600.0
"""How long before and after the moment of a call an answer may have been given, to count for it."""
MAX_SHOWN = 200
_OURS = __name__.rpartition(".")[0]
_read = json.JSONDecoder().decode  # functions of our own: those of the module may be mocked
_text = json.JSONEncoder(sort_keys=True).encode
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)


class UnrecordedCallError(Exception):
    """Something that is mocked was called as nobody recorded it."""


UnrecordedCallError.__module__ = "gitops_healer"


def install(mocks: list[dict[str, Any]], record: Callable[[str, str], None]) -> list[str]:
    """Replace the targets wherever they are bound, and say which cannot be, a sentence each.

    mocks: [{"target", "answers": [{"args", "kwargs", "result", "error", "message", "at"}]}]; a target is
    `pkg.mod:qualname`, or dotted; one that is a class or a module means all that can be called of it. Payloads are
    JSON texts, "at" seconds since 1970. record: is told ("mock", what was called and whether it was answered).
    """
    problems, stands = [], {}
    for mock in mocks:
        try:
            places = list(_places(mock["target"]))
        except _UnfindableError as error:
            problems.append(f"{mock['target']} cannot be mocked: {error}")
            continue
        for place in places:
            try:
                mocked = _Mocked(place, mock.get("answers") or [], record)
                stands.update(_put(place, _stand(place, mocked)))
            except Exception as error:  # how an owner of the program's refuses is its own business
                problems.append(f"{place.label} cannot be mocked: {error}")
            else:
                _MOCKED.append(mocked)
    _exchange(stands)
    return problems


def begin(call: dict[str, Any]) -> None:
    """From now on, answers are those to a call at call["at"]."""
    for mocked in _MOCKED:
        mocked.begin(float(call.get("at", 0.0)))


_MOCKED: list[_Mocked] = []


# Where it is


class _UnfindableError(Exception):
    """There is no such target."""


class _Place(NamedTuple):
    """owner: module, class or object; held: what is bound there, before any descriptor works; label: how it is told."""

    owner: Any
    name: str
    held: Any
    label: str

    @property
    def function(self) -> Any:
        return self.held.__func__ if type(self.held) in (staticmethod, classmethod) else self.held

    @property
    def takes_owner(self) -> bool:
        """Whether the first argument is the object or class that it is called on."""
        return _is_class(self.owner) and type(self.held) is not staticmethod


def _is_class(value: Any) -> bool:
    """Asked by isinstance, a proxy of the program's would go to what it stands for."""
    return issubclass(type(value), type)


def _places(target: str) -> Iterator[_Place]:
    owner, names = _module_of(target)
    if not names:
        return _of_module(owner, target)
    for name in names[:-1]:
        owner = _member(owner, name)
    held = _member(owner, names[-1])
    if issubclass(type(held), types.ModuleType):
        return _of_module(held, target)
    if _is_class(held):
        return _of_class(held, target)
    if _is_class(owner):
        held = inspect.getattr_static(owner, names[-1])
    place = _Place(owner, names[-1], held, target)
    if not callable(place.function):
        raise _UnfindableError(f"it is a {type(held).__name__}, not a function")
    return iter([place])


def _module_of(target: str) -> tuple[Any, list[str]]:
    """The module, and the names inside of it."""
    module, colon, qualname = target.partition(":")
    parts = module.split(".")
    least = len(parts) if colon else 1
    for end in range(len(parts), least - 1, -1):
        found = _imported(".".join(parts[:end]))
        if found is not None:
            return found, [*parts[end:], *(qualname.split(".") if qualname else [])]
    raise _UnfindableError(f"there is no module {module if colon else parts[0]}")


def _imported(name: str) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
    except BaseException as error:
        raise _UnfindableError(f"importing {name} raises {type(error).__name__}") from None


def _member(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except Exception:
        shown = getattr(owner, "__qualname__", getattr(owner, "__name__", type(owner).__name__))
        raise _UnfindableError(f"{shown} has no {name}") from None


def _of_module(module: Any, target: str) -> Iterator[_Place]:
    """All functions and classes of a module, and of the package that it is."""
    home = module.__name__
    for each in [one for name, one in list(sys.modules.items()) if _lies_in(name, home)]:
        for name, value in list(_fields_of(each).items()):
            kind = type(value)
            if not issubclass(kind, (type, *_FUNCTIONS)) or not _lies_in(str(value.__module__), home):
                continue
            if not issubclass(kind, type):
                yield _Place(each, name, value, f"{value.__module__}.{name}")
            elif value.__module__ == each.__name__:
                yield from _of_class(value, f"{value.__module__}.{name}")


def _fields_of(holder: Any) -> dict[str, Any]:
    """Where an object keeps them, past any `__getattr__` and property."""
    try:
        found = object.__getattribute__(holder, "__dict__")
    except Exception:
        return {}
    return found if type(found) is dict else {}


def _lies_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _of_class(kind: type, label: str) -> Iterator[_Place]:
    """Its making and its own methods. Errors are left as they are: they are raised and caught, not called."""
    for name, held in list(vars(kind).items()) if not issubclass(kind, BaseException) else ():
        hidden = name.startswith("__") and name not in ("__init__", "__call__", "__enter__", "__aenter__", "__iter__")
        if not hidden and isinstance(held, (types.FunctionType, staticmethod, classmethod)):
            yield _Place(kind, name, held, f"{label}.{name}")


# What stands there


def _stand(place: _Place, mocked: _Mocked) -> Any:
    """As the function is: awaitable, iterable, with its name and signature, but without a way to the real one."""
    function = place.function
    stand = _FLAVOURS[_flavour(function)](mocked)
    functools.update_wrapper(stand, function)
    del stand.__wrapped__
    if mocked.whole is not None:
        stand.__signature__ = mocked.whole
    return type(place.held)(stand) if type(place.held) in (staticmethod, classmethod) else stand


def _flavour(function: Any) -> str:
    if inspect.isasyncgenfunction(function):
        return "async generator"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return "coroutine" if inspect.iscoroutinefunction(inspect.unwrap(function)) else "function"


def _as_function(mocked: _Mocked) -> Any:
    return lambda *args, **kwargs: mocked.answer(args, kwargs)


def _as_coroutine(mocked: _Mocked) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        return mocked.answer(args, kwargs)

    return call


def _as_generator(mocked: _Mocked) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        yield from mocked.items(args, kwargs)

    return call


def _as_async_generator(mocked: _Mocked) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        for item in mocked.items(args, kwargs):
            yield item

    return call


_FLAVOURS: dict[str, Callable[[_Mocked], Any]] = {
    "function": _as_function,
    "coroutine": _as_coroutine,
    "generator": _as_generator,
    "async generator": _as_async_generator,
}


def _put(place: _Place, stand: Any) -> dict[int, Any]:
    """Bind it in its own place. {id: stand} of what has to be looked for elsewhere too. Raises TypeError and
    AttributeError where nothing can be bound."""
    setattr(place.owner, place.name, stand)
    if getattr(place.owner, place.name, None) is None:
        raise AttributeError(f"{place.name} of it cannot be changed")
    _KEPT.append(place.held)
    return {} if _is_class(place.owner) else {id(place.held): stand}


_KEPT: list[Any] = []
"""The real functions: an id means something as long as its object lives."""


def _exchange(stands: dict[int, Any], depth: int = 3) -> None:
    """In modules that imported it by name, and wherever else it is held: dicts, lists, objects, closures, defaults of
    parameters. What holds it and cannot be changed (tuples, partials, static methods) is made anew, and exchanged."""
    originals = [held for held in _KEPT if id(held) in stands]
    ours = [vars(module) for name, module in list(sys.modules.items()) if _lies_in(name, _OURS)]
    anew: dict[int, Any] = {}
    for holder in gc.get_referrers(*originals) if originals else ():
        if type(holder) is types.FrameType or any(holder is one for one in (_KEPT, originals, *ours)):
            continue
        if (copy := _made_anew(holder, stands)) is not None:
            anew[id(holder)] = copy
            _KEPT.append(holder)
        elif type(holder) is list:
            holder[:] = [stands.get(id(item), item) for item in holder]
        elif type(holder) is types.CellType:
            holder.cell_contents = stands[id(holder.cell_contents)]
        elif type(holder) is types.FunctionType and id(holder.__defaults__) in stands:
            holder.__defaults__ = stands[id(holder.__defaults__)]
        else:
            _exchange_fields(holder if type(holder) is dict else _fields_of(holder), stands)
    if anew and depth:
        _exchange(anew, depth - 1)


def _made_anew(holder: Any, stands: dict[int, Any]) -> Any:
    if type(holder) is tuple:
        return tuple(stands.get(id(item), item) for item in holder)
    if type(holder) is functools.partial and id(holder.func) in stands:
        return functools.partial(stands[id(holder.func)], *holder.args, **holder.keywords)
    if type(holder) in (staticmethod, classmethod) and id(holder.__func__) in stands:
        return type(holder)(stands[id(holder.__func__)])
    return None


def _exchange_fields(fields: dict[Any, Any], stands: dict[int, Any]) -> None:
    for key, value in list(fields.items()):
        if id(value) in stands:
            kind = _class_of(fields) if "__module__" in fields else None
            if kind is None:
                fields[key] = stands[id(value)]
            else:  # a class remembers what it looked up: its dictionary is not to be written past it
                setattr(kind, key, stands[id(value)])


def _class_of(fields: dict[str, Any]) -> Any:
    """The class whose own dictionary this is."""
    return next((one for one in gc.get_referrers(fields) if _is_class(one)), None)


# What it answers


class _Recorded(NamedTuple):
    at: float
    gave: tuple[str, str, str]
    """(result as canonical JSON, error type or "", message)"""


class _UnansweredError(Exception):
    """Nothing that was recorded answers this; says why."""


def _made_items(tree: Any) -> list[Any]:
    items = made(tree)
    if type(items) not in (list, tuple):
        raise ValueError("what it yielded was not recorded")
    return list(items)


class _Mocked:
    """One function that is not called. whole: its signature, None when it has none that can be known."""

    def __init__(self, place: _Place, answers: list[dict[str, Any]], record: Callable[[str, str], None]) -> None:
        self.label = place.label
        self.whole = _signature(place.function)
        self._skip = int(place.takes_owner)
        self._signature = _without_owner(self.whole) if self._skip else self.whole
        self._home = getattr(place.function, "__module__", None) or ""
        self._record = record
        self._known: dict[str, list[_Recorded]] = {}
        for answer in answers:
            self._learn(answer)
        for known in self._known.values():
            known.sort(key=lambda one: one.at)
        self.begin(0.0)

    def begin(self, at: float) -> None:
        self._at = at
        self._used: dict[str, int] = {}

    def answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What was recorded for these inputs. Raises what was raised; UnrecordedCallError when nothing fits."""
        return self._answered(args, kwargs, made)

    def items(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Any]:
        """The same of a generator, whose result is the list of what it yielded."""
        return iter(self._answered(args, kwargs, _made_items))

    def _answered(self, args: tuple[Any, ...], kwargs: dict[str, Any], make: Callable[[Any], Any]) -> Any:
        spelled = self._spelled(args[self._skip :], kwargs)
        called = f"{self.label}{_shown(spelled)}"
        try:
            found = self._looked_up(spelled)
            value = None if found.gave[1] else make(_read(found.gave[0]))
        except _UnansweredError as error:
            why = str(error)
        except BROKEN as error:
            why = f"what it gave cannot be made again: {error}"
        else:
            self._record("mock", f"{called} -> answered")
            if found.gave[1]:
                raise _error(found.gave[1], found.gave[2], self._home)
            return value
        self._record("mock", f"{called} -> unrecorded")
        raise UnrecordedCallError(f"{called}: {why}")

    def _looked_up(self, spelled: tuple[str, str] | None) -> _Recorded:
        """The answer to these inputs. Raises _UnansweredError."""
        if spelled is None:
            raise _UnansweredError("these inputs cannot be written down")
        key = self._key(*map(_read, spelled))
        known = self._known.get(key)
        if not known:
            count = sum(map(len, self._known.values()))
            raise _UnansweredError(f"no such call was recorded; {count} with other inputs are known")
        if all(one.gave == known[0].gave for one in known):
            return known[0]
        return self._next_of(known, key)

    def _next_of(self, known: list[_Recorded], key: str) -> _Recorded:
        """Answers that differ are given in the order in which they were recorded after the moment of the call."""
        near = [one for one in known if self._at - BEFORE_SECONDS <= one.at <= self._at + AFTER_SECONDS]
        if not near:
            raise _UnansweredError(f"its {len(known)} known answers differ, and none is of the time of this call")
        following = [one for one in near if one.at >= self._at] or near[-1:]
        position = self._used.get(key, 0)
        self._used[key] = position + 1
        return following[min(position, len(following) - 1)]

    # Inputs

    def _learn(self, answer: dict[str, Any]) -> None:
        """Take in one recorded call; those whose inputs were not recorded whole can be compared to nothing."""
        try:
            args, kwargs = _read(answer.get("args") or "[]"), _read(answer.get("kwargs") or "{}")
            result = _text(_read(answer.get("result") or "null"))
        except (ValueError, RecursionError):
            return
        if not isinstance(args, list) or not isinstance(kwargs, dict) or not (_is_whole(args) and _is_whole(kwargs)):
            return
        error, message = str(answer.get("error") or ""), str(answer.get("message") or "")
        recorded = _Recorded(float(answer.get("at") or 0.0), ("" if error else result, error, message))
        self._known.setdefault(self._key(args, kwargs), []).append(recorded)

    def _key(self, args: list[Any], kwargs: dict[str, Any]) -> str:
        """Inputs as JSON values, by the names of the parameters where they fit to them."""
        given: Any = [args, kwargs]
        if self._signature is not None:
            try:
                bound = self._signature.bind(*args, **kwargs).arguments
                given = {name: bound.get(name, _unset(of)) for name, of in self._signature.parameters.items()}
            except TypeError:
                pass
        return _text(_ordered(given))

    def _spelled(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, str] | None:
        try:
            return canonical(list(args), _is_foreign), canonical(dict(kwargs), _is_foreign)
        except UnspeakableError:
            return None


def _is_foreign(kind: type[Any]) -> bool:
    return False


def _shown(spelled: tuple[str, str] | None) -> str:
    """`([1],{})`"""
    if spelled is None:
        return "(...)"
    return "(" + ",".join(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..." for text in spelled) + ")"


def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def _without_owner(signature: inspect.Signature | None) -> inspect.Signature | None:
    parameters = list(signature.parameters.values()) if signature is not None else []
    if not parameters or parameters[0].kind is inspect.Parameter.VAR_POSITIONAL:
        return signature
    return inspect.Signature(parameters[1:])


def _unset(parameter: inspect.Parameter) -> Any:
    """What a parameter has when nothing is given, as JSON."""
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return []
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return {}
    try:
        return _read(canonical(parameter.default, _is_foreign))
    except UnspeakableError:
        return {"$type": "default"}


def _ordered(value: Any) -> Any:
    """The same with sets, and pairs of dicts, in a fixed order."""
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _ordered(item) for key, item in value.items()}
    if inner.get("$type") in ("set", "frozenset", "dict") and isinstance(inner.get("value"), list):
        inner["value"].sort(key=_text)
    return inner


def _is_whole(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_whole, value))
    if not isinstance(value, dict):
        return True
    return value.get("$type") not in ("object", "cut") and all(map(_is_whole, value.values()))


# Errors


def _error(name: str, message: str, home: str) -> BaseException:
    """An exception of the recorded class where it is loaded, a RuntimeError with the message where not."""
    kind = _error_class(name, home)
    if kind is None:
        return RuntimeError(message)
    for arguments in _possible_arguments(message):
        try:
            error: BaseException = kind(*arguments)
            if str(error) == message:
                return error
        except Exception:  # its own business, and perhaps it wants other arguments
            continue
    error = kind.__new__(kind)
    error.args = (message,)
    return error


def _possible_arguments(message: str) -> Iterator[tuple[Any, ...]]:
    yield (message,) if message else ()
    try:
        yield (ast.literal_eval(message),)  # a KeyError shows the repr of its key
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return


def _error_class(name: str, home: str) -> Any:
    module, _, short = name.rpartition(".")
    for owner in (sys.modules.get(module), builtins if not module else None, sys.modules.get(home)):
        kind = getattr(owner, short, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            return kind
    return None
