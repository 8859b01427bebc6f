"""Functions that are not called for real: recorded answers stand for them, and unknown calls fail loudly.

Runs inside the sandbox: standard library only, on any Python from 3.8. `install` puts them in place once, after the
candidate was imported; `begin` says when a call is made, for answers that changed with time.
"""

from __future__ import annotations

import functools
import gc
import importlib
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .call_answers import Mocked

_OURS = __name__.rpartition(".")[0]
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)


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
                mocked = Mocked(place.label, place.function, place.takes_owner, mock.get("answers") or [], record)
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


_MOCKED: list[Mocked] = []


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
        return _of_module(owner)
    for name in names[:-1]:
        owner = _member(owner, name)
    held = _member(owner, names[-1])
    if issubclass(type(held), types.ModuleType):
        return _of_module(held)
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


def _of_module(module: Any) -> Iterator[_Place]:
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


def _stand(place: _Place, mocked: Mocked) -> Any:
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


def _as_function(mocked: Mocked) -> Any:
    return lambda *args, **kwargs: mocked.answer(args, kwargs)


def _as_coroutine(mocked: Mocked) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        return mocked.answer(args, kwargs)

    return call


def _as_generator(mocked: Mocked) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        yield from mocked.items(args, kwargs)

    return call


def _as_async_generator(mocked: Mocked) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        for item in mocked.items(args, kwargs):
            yield item

    return call


_FLAVOURS: dict[str, Callable[[Mocked], Any]] = {
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
