"""Types and short values of what variables hold, read without running a line of the project. Runs inside the sandbox:
standard library only, on any Python from 3.8."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from .failures import relative

MAX_SHOWN = 40
MAX_ATTRIBUTES = 12
MAX_ITEMS = 8
_MAX_BITS = 128
_ATOMS = (str, int, float, bool, bytes, type(None))
_SEQUENCES = (list, tuple, set, frozenset)


def type_name_of(value: Any) -> str:
    """`int`, `list[str]` (by the first element), `dict[str, int]`, `shop.Order`."""
    kind = type(value)
    if kind in _SEQUENCES and value:
        return f"{kind.__name__}[{_plain_name(next(iter(value)))}]"
    if kind is dict and value:
        key = next(iter(value))
        return f"dict[{_plain_name(key)}, {_plain_name(value[key])}]"
    return _plain_name(value)


def _plain_name(value: Any) -> str:
    kind = type(value)
    module = type.__getattribute__(kind, "__module__") if kind.__class__ is type else getattr(kind, "__module__", "")
    name = type.__getattribute__(kind, "__qualname__")
    return str(name) if module == "builtins" or not isinstance(module, str) else f"{module}.{name}"


def shown(value: Any, depth: int = 2) -> str:
    """A repr of at most 40 characters of plain values and small containers of them, else ""."""
    if not _is_plain(value, depth):
        return ""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else ""


def _is_plain(value: Any, depth: int) -> bool:
    kind = type(value)
    if kind is int:
        return int(value).bit_length() <= _MAX_BITS
    if kind in (str, bytes):
        return len(value) <= MAX_SHOWN
    if kind in _ATOMS:
        return True
    if depth == 0 or kind not in (*_SEQUENCES, dict) or len(value) > MAX_ITEMS:
        return False
    items = [*value, *value.values()] if kind is dict else list(value)
    return all(_is_plain(item, depth - 1) for item in items)


class Attributes:
    """Attributes of objects whose class is of the tree, read past any `__getattr__` and property."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.known: dict[type, bool] = {}

    def of(self, value: Any) -> Iterator[tuple[str, Any]]:
        """(name as the class writes it, value), at most 12."""
        kind = type(value)
        if not self._is_ours(kind):
            return
        found: dict[str, Any] = {}
        try:
            inner = object.__getattribute__(value, "__dict__")
        except AttributeError:
            inner = None
        if type(inner) is dict:
            found.update(inner)
        slots = (item for base in kind.__mro__ for item in base.__dict__.items())
        for name, member in slots:
            if type(member).__name__ == "member_descriptor":
                try:
                    found[name] = member.__get__(value, kind)
                except AttributeError:
                    continue
        private = [f"_{base.__name__.lstrip('_')}__" for base in kind.__mro__]
        for name, item in list(found.items())[:MAX_ATTRIBUTES]:
            if type(name) is str:
                hidden = next((prefix for prefix in private if name.startswith(prefix)), "__")
                yield "__" + name[len(hidden) :] if hidden != "__" else name, item

    def _is_ours(self, kind: type) -> bool:
        if kind not in self.known:
            module = sys.modules.get(str(type.__getattribute__(kind, "__module__")))
            file = getattr(module, "__file__", None)
            inside = isinstance(file, str) and relative(file, self.root) != file
            self.known[kind] = inside and not issubclass(kind, (BaseException, type))
        return self.known[kind]
