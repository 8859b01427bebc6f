"""How values are told, so that equal ones are told alike: the same in every version and process. Runs inside the
sandbox: standard library only, on any Python from 3.8."""

from __future__ import annotations

import itertools
import zlib
from typing import Any

from .failures import masked, type_name

MAX_TOLD = 400
MAX_ITEMS = 1000
_DEPTH = 4
_ATOMS = (int, float, complex, bool, str, bytes, type(None), type(Ellipsis), range)


def described(value: Any) -> str:
    """A repr without addresses; of objects with no repr of their own the class and its public attributes. Long texts
    are cut, with a sum by which they still differ."""
    try:
        text = _told(value, _DEPTH)
    except Exception as error:  # whatever the project's own repr does
        text = f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
    if len(text) <= MAX_TOLD:
        return text
    return f"{text[:MAX_TOLD]}... ({len(text)} characters, {zlib.crc32(text.encode('utf-8', 'replace')):08x})"


def _told(value: Any, depth: int) -> str:
    kind = type(value)
    if kind in _ATOMS:
        return repr(value)
    if depth == 0:
        return "..."
    if kind in (list, tuple):
        inner = ", ".join(_told(item, depth - 1) for item in value[:MAX_ITEMS])
        return f"[{inner}]" if kind is list else f"({inner}{',' if len(value) == 1 else ''})"
    if kind in (set, frozenset):
        inner = ", ".join(sorted(_told(item, depth - 1) for item in value))
        return f"{{{inner}}}" if kind is set and value else f"{kind.__name__}({inner and f'{{{inner}}}'})"
    if kind is dict:
        pairs = (f"{_told(key, depth - 1)}: {_told(item, depth - 1)}" for key, item in value.items())
        return f"{{{', '.join(itertools.islice(pairs, MAX_ITEMS))}}}"
    return _told_object(value, depth)


def _told_object(value: Any, depth: int) -> str:
    kind = type(value)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"<{getattr(value, '__qualname__', kind.__name__)}>"
    if isinstance(value, BaseException):
        return f"{type_name(value)}({', '.join(_told(item, depth - 1) for item in value.args)})"
    own: Any = kind.__repr__
    if own is not object.__repr__:
        return masked(repr(value))
    attributes = _public(value)
    inner = ", ".join(f"{name}={_told(item, min(depth - 1, 2))}" for name, item in sorted(attributes.items()))
    return f"{kind.__qualname__}({inner})"


def _public(value: Any) -> dict[str, Any]:
    found = dict(getattr(value, "__dict__", {}))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return {name: item for name, item in found.items() if isinstance(name, str) and not name.startswith("__")}
