"""Calls of one function, noted while tests run, and more that are made from these. Runs inside the sandbox: standard
library only, on any Python from 3.8."""

from __future__ import annotations

import copy
import inspect
import itertools
import random
import sys
import zlib
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from .trial_shown import described

MAX_TESTED = 60
MAX_MADE = 250
_MAX_TRIED = 4000
_NESTED = 3


class Call:
    """values: by parameter; `*` and `**` parameters hold what they collected. tested: a test has made it."""

    def __init__(self, code: CodeType, values: dict[str, Any], tested: bool) -> None:
        self.code = code
        self.values = values
        self.tested = tested

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Positional and named arguments."""
        names = parameters(self.code)
        plain = names[: self.code.co_argcount]
        named = names[self.code.co_argcount : self.code.co_argcount + self.code.co_kwonlyargcount]
        rest = names[len(plain) + len(named) :]
        positional = [self.values[name] for name in plain]
        if self.code.co_flags & inspect.CO_VARARGS:
            positional += self.values[rest.pop(0)]
        options = {name: self.values[name] for name in named}
        if rest:
            options.update(self.values[rest[0]])
        return positional, options

    def written(self, name: str) -> str:
        positional, options = self.arguments()
        words = [described(value) for value in positional]
        words += [f"{option}={described(value)}" for option, value in options.items()]
        return f"{name}({', '.join(words)})"


def parameters(code: CodeType) -> list[str]:
    """Names in order: plain, keyword only, `*`, `**`."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return list(code.co_varnames[:count])


class Listener:
    """Keeps copies of the arguments with which some code is entered, while it is on. What cannot be copied is left."""

    def __init__(self, codes: list[CodeType]) -> None:
        self.codes = {id(code): code for code in codes}
        self.calls: list[Call] = []
        self.known: set[str] = set()

    @property
    def full(self) -> bool:
        return len(self.calls) >= MAX_TESTED

    def start(self) -> None:
        sys.setprofile(self._hear)

    def stop(self) -> None:
        sys.setprofile(None)

    def _hear(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or id(frame.f_code) not in self.codes or self.full:
            return
        names = parameters(frame.f_code)
        variables = frame.f_locals
        inner = frame.f_code.co_freevars
        if any(name not in names and name not in inner for name in variables) or len(names) > len(variables):
            return  # a generator that goes on
        values = {name: variables[name] for name in names}
        try:
            call = Call(frame.f_code, copy.deepcopy(values), True)
            key = call.written("")
        except Exception:  # whatever the project's objects do when they are copied
            return
        if key not in self.known:
            self.known.add(key)
            self.calls.append(call)


def made_calls(tested: list[Call], limit: int = MAX_MADE) -> list[Call]:
    """Calls like the tested ones with one thing changed in each, then with another; the same for the same calls."""
    known = {call.written("") for call in tested}
    chance = random.Random(zlib.crc32("\n".join(sorted(known)).encode("utf-8", "replace")))
    chosen: list[Call] = []
    for sources in (tested, chosen):
        tried = list(itertools.islice(_in_turn([_variants(call, tested) for call in sources]), _MAX_TRIED))
        chance.shuffle(tried)
        for call in tried:
            key = call.written("")
            if len(chosen) < limit and key not in known:
                known.add(key)
                chosen.append(call)
    return chosen


def _in_turn(streams: list[Iterator[Call]]) -> Iterator[Call]:
    while streams:
        alive = []
        for stream in streams:
            call = next(stream, None)
            if call is not None:
                alive.append(stream)
                yield call
        streams = alive


def _variants(call: Call, others: list[Call]) -> Iterator[Call]:
    for name, value in call.values.items():
        for new in varied(value):
            yield Call(call.code, {**call.values, name: new}, False)
    for other in others:
        for name in call.values:
            if other is not call and name in other.values:
                yield Call(call.code, {**call.values, name: other.values[name]}, False)


def varied(value: Any, depth: int = 2) -> Iterator[Any]:
    """Values near a plain one; none of an object."""
    kind = type(value)
    if kind is bool:
        yield not value
    elif kind in (int, float):
        yield from (value + 1, value - 1, kind(0), kind(-1), -value, value * 2)
    elif kind in (str, bytes):
        yield from _varied_text(value)
    elif kind in (list, tuple):
        yield from (kind(items) for items in _varied_items(list(value), depth))
    elif kind is dict:
        pairs = list(value.items())
        yield from ({}, dict(pairs[1:]), dict(pairs[:-1]))
        for key, inner in pairs[:_NESTED] if depth else ():
            yield from ({**value, key: new} for new in varied(inner, depth - 1))
    elif kind in (set, frozenset):
        items = sorted(value, key=described)
        yield from (kind(), kind(items[1:]), kind(items[:-1]))


def _varied_text(value: Any) -> Iterator[Any]:
    half = len(value) // 2
    yield from (value[:0], value[1:], value[:-1], value[:half] + value[half + 1 :])
    yield from (value[:1] + value, value + value[-1:], value[::-1], value.swapcase(), value[:1])


def _varied_items(items: list[Any], depth: int) -> Iterator[list[Any]]:
    yield from ([], items[1:], items[:-1], items[:1], items[:1] + items, items + items[-1:], items[::-1])
    for place in sorted({0, len(items) // 2, len(items) - 1}) if depth and items else ():
        for new in itertools.islice(varied(items[place], depth - 1), 6):
            yield [*items[:place], new, *items[place + 1 :]]
