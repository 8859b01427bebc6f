"""Decorators that count, check, limit and register calls."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class CheckError(TypeError):
    pass


class LimitError(RuntimeError):
    pass


class Tally:
    """Counts calls and errors by the name of the function."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.errors: dict[str, int] = {}

    def count(self, function: Callable) -> Callable:
        """Decorator: count the calls of a function and those that end in an error, which goes on."""
        name = function.__name__

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            self.calls[name] = self.calls.get(name, 0) + 1
            try:
                return function(*args, **kwargs)
            except Exception:
                self.errors[name] = self.errors.get(name, 0) + 1
                raise

        return wrapper

    def reset(self, prefix: str = "") -> list[str]:
        """Forget all functions whose names begin with the prefix; returns the names, sorted."""
        gone = [name for name in self.calls if name.startswith(prefix)]
        for name in gone:
            del self.calls[name]
            self.errors.pop(name, None)
        return sorted(gone)

    def rate(self, name: str) -> float:
        """Share of calls without error, 0 to 1; 1 for what was never called."""
        calls = self.calls.get(name, 0)
        if not calls:
            return 1.0
        return (calls - self.errors.get(name, 0)) / calls


def check(**kinds: type | tuple[type, ...]) -> Callable:
    """Decorator: CheckError when a named argument is not of its kind, by position or by name; defaults are not checked.

    The names must be parameters of the function, or CheckError comes at once.
    """

    def decorate(function: Callable) -> Callable:
        signature = inspect.signature(function)
        unknown = sorted(set(kinds) - set(signature.parameters))
        if unknown:
            raise CheckError(f"no parameter {', '.join(unknown)}")

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            for name, value in bound.arguments.items():
                if name in kinds and not isinstance(value, kinds[name]):
                    raise CheckError(f"{name}: {type(value).__name__}")
            return function(*args, **kwargs)

        return wrapper

    return decorate


def limited(most: int) -> Callable:
    """Decorator: LimitError for every call above `most`; each decorated function has its own count.

    Calls that fail do not count. `wrapper.left()` tells how many calls are left.
    """

    def decorate(function: Callable) -> Callable:
        used = 0

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            nonlocal used
            if used >= most:
                raise LimitError(f"only {most} calls of {function.__name__}")
            result = function(*args, **kwargs)
            used += 1
            return result

        wrapper.left = lambda: most - used
        return wrapper

    return decorate


def fallback(value: object, *errors: type[Exception]) -> Callable:
    """Decorator: the value instead of certain errors (of all exceptions when none is named).

    A callable value is called with the arguments of the call.
    """
    caught = errors or (Exception,)

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            except caught:
                return value(*args, **kwargs) if callable(value) else value

        return wrapper

    return decorate


def chain(*decorators: Callable) -> Callable:
    """One decorator out of several; the first one is the outermost, as if they were written one below the other."""

    def decorate(function: Callable) -> Callable:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


class Commands:
    """Functions by name and aliases, for texts such as `move 3 4`."""

    def __init__(self) -> None:
        self._functions: dict[str, Callable] = {}
        self._aliases: dict[str, str] = {}

    def command(self, *aliases: str) -> Callable:
        """Decorator: register a function under its name, with _ as -, and under aliases."""

        def decorate(function: Callable) -> Callable:
            name = function.__name__.replace("_", "-")
            self._functions[name] = function
            for alias in aliases:
                self._aliases[alias] = name
            return function

        return decorate

    def call(self, text: str) -> object:
        """Run a command; words that are whole numbers are given as numbers. LookupError for an unknown one."""
        name, *words = text.split()
        name = self._aliases.get(name, name)
        if name not in self._functions:
            raise LookupError(f"no command {name}")
        return self._functions[name](*[number_or_text(word) for word in words])

    def help(self) -> list[str]:
        """`name (alias, alias): first line of its docstring`, sorted by name."""
        lines = []
        for name, function in sorted(self._functions.items()):
            aliases = sorted(alias for alias, target in self._aliases.items() if target == name)
            title = f"{name} ({', '.join(aliases)})" if aliases else name
            doc = inspect.getdoc(function) or "no description"
            lines.append(f"{title}: {doc.splitlines()[0]}")
        return lines


def number_or_text(word: str) -> int | str:
    """A whole number, also a negative one, as a number; anything else as it is."""
    digits = word[1:] if word.startswith("-") else word
    return int(word) if digits.isdecimal() else word


@contextmanager
def overridden(settings: dict, **values: object) -> Iterator[dict]:
    """Other values inside the block; afterwards the settings are as before, also after an error."""
    before = dict(settings)
    settings.update(values)
    try:
        yield settings
    finally:
        settings.clear()
        settings.update(before)
