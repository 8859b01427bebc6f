"""What a mocked function answers: what was recorded for the same inputs, near the moment of the call. Runs inside the
sandbox: standard library only, on any Python from 3.8.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .call_making import BROKEN, made
from .call_values import UnspeakableError, canonical

BEFORE_SECONDS = 1.0
AFTER_SECONDS = 3600.0
"""How long before and after the moment of a call an answer may have been given, to count for it."""
MAX_SHOWN = 200
_read = json.JSONDecoder().decode  # functions of our own: those of the module may be mocked
_text = json.JSONEncoder(sort_keys=True).encode


class UnrecordedCallError(Exception):
    """Something that is mocked was called as nobody recorded it."""


UnrecordedCallError.__module__ = "gitops_healer"


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


class Mocked:
    """One function that is not called. label: how it is told; takes_owner: whether its first argument is the object or
    class that it is called on, which no record holds; record: is told ("mock", what was called and whether it was
    answered). whole: its signature, None when it has none that can be known."""

    def __init__(
        self,
        label: str,
        function: Any,
        takes_owner: bool,
        answers: list[dict[str, Any]],
        record: Callable[[str, str], None],
    ) -> None:
        self.label = label
        self.whole = _signature(function)
        self._skip = int(takes_owner)
        self._signature = _without_owner(self.whole) if self._skip else self.whole
        self._home = getattr(function, "__module__", None) or ""
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
