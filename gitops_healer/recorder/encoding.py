"""Values of a program as JSON, and back: no pickle, no code of the program is called.

Plain JSON data stays what it is. Everything else of a known builtin type becomes `{"$type": name, "value": ...}`; see
docs/recorder.md for the list. What has no safe encoding is shown by its class alone, and its call cannot be replayed.
Only exact types are encoded: a subclass may have changed what its methods do.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

MAX_DEPTH = 8
MAX_NODES = 1000
MAX_TEXT = 8192
MAX_BITS = 4096
TYPE = "$type"

_SCALARS = frozenset((int, float, bool, type(None)))


def plain_left(value: Any, safe: set[str], names: Callable[[str], bool], left: int = MAX_NODES, depth: int = 0) -> int:
    """How many more values may follow a container that is JSON as it stands, with no key that names a secret; negative
    when it is not, or is too large. safe: names that are known to name none. The outermost may be a tuple: a call's.

    Most values of most programs are, and then nothing has to be copied. What a text says is looked at afterwards, in
    the JSON of the whole call.
    """
    kind = type(value)
    if (kind is not dict and kind is not list and (depth or kind is not tuple)) or depth > MAX_DEPTH:
        return -1
    left -= len(value)
    if left < 0:
        return -1
    if kind is dict:
        for key in value:
            if type(key) is not str or (key not in safe and (key == TYPE or names(key))):
                return -1
        value = value.values()
    for item in value:
        kind = type(item)
        if kind is str:
            if len(item) > MAX_TEXT:
                return -1
        elif kind not in _SCALARS:
            left = plain_left(item, safe, names, left, depth + 1)
            if left < 0:
                return -1
    return left


class Walk:
    """One walk over one value. why: the reason why the encoding is not the value, "" when it is; keys: whether a dict's
    key (a text) names a secret; text: redacts one text, returns the same object when there is nothing to redact."""

    __slots__ = ("_keys", "_left", "_text", "why")

    def __init__(self, keys: Callable[[str], bool], text: Callable[[str], str]) -> None:
        self._keys = keys
        self._text = text
        self._left = MAX_NODES
        self.why = ""

    def encode(self, value: Any, depth: int = 0, secret: bool = False) -> Any:
        """The JSON value; the same object where nothing has to change."""
        kind = type(value)
        if kind is str:
            return self._string(value, secret)
        if value is None or kind is bool:
            return value
        if kind is int:
            return self._int(value, secret)
        if kind is float:
            return value if value - value == 0 else {TYPE: "float", "value": _SPECIAL.get(value, "nan")}
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            self.why = self.why or "too large or too deep"
            return {TYPE: "cut", "class": kind.__name__}
        if kind is list:
            return self._items(value, depth, secret)
        if kind is dict:
            return self._dict(value, depth, secret)
        if kind is tuple:
            return {TYPE: "tuple", "value": self._items(list(value), depth, secret)}
        return self._other(kind, value, depth, secret)

    def _string(self, value: str, secret: bool) -> str:
        if secret:
            self.why = self.why or "redacted"
            return REDACTED
        if len(value) > MAX_TEXT:
            self.why = self.why or "a text was cut"
            value = value[:MAX_TEXT]
        shown = self._text(value)
        if shown is not value:
            self.why = self.why or "redacted"
        return shown

    def _int(self, value: Any, secret: bool) -> Any:
        if secret:
            self.why = self.why or "redacted"
            return REDACTED
        if value.bit_length() > MAX_BITS:
            self.why = self.why or "a number was cut"
            return {TYPE: "cut", "class": "int"}
        return value

    def _items(self, items: list[Any], depth: int, secret: bool) -> list[Any]:
        self._left -= len(items)
        if self._left < 0:
            self.why = self.why or "too large or too deep"
            return [{TYPE: "cut", "class": "list"}]
        encode, changed, found = self.encode, False, []
        for item in items:
            kind = type(item)
            if item is None or kind is bool or (kind is float and item - item == 0):
                found.append(item)
                continue
            shown = encode(item, depth + 1, secret)
            changed = changed or shown is not item
            found.append(shown)
        return found if changed else items[:]

    def _dict(self, value: Any, depth: int, secret: bool) -> dict[str, Any]:
        self._left -= len(value)
        if self._left < 0:
            self.why = self.why or "too large or too deep"
            return {TYPE: "cut", "class": "dict"}
        encode, keys, found = self.encode, self._keys, {}
        for key, item in list(value.items()):
            if type(key) is not str or key == TYPE:
                return self._pairs(value, depth, secret)
            found[self._string(key, False)] = encode(item, depth + 1, secret or keys(key))
        return found

    def _pairs(self, value: Any, depth: int, secret: bool) -> dict[str, Any]:
        encode, keys = self.encode, self._keys
        pairs = [
            [encode(key, depth + 1, secret), encode(item, depth + 1, secret or (type(key) is str and keys(key)))]
            for key, item in list(value.items())
        ]
        return {TYPE: "dict", "value": pairs}

    def _other(self, kind: type[Any], value: Any, depth: int, secret: bool) -> Any:
        if kind is bytes or kind is bytearray:
            return self._bytes(kind, value, secret)
        if kind is set or kind is frozenset:
            return {TYPE: kind.__name__, "value": self._items(list(value), depth, secret)}
        if kind is complex:
            return {TYPE: "complex", "value": repr(value)}
        if kind is range:
            return {TYPE: "range", "value": [value.start, value.stop, value.step]}
        if kind is slice:
            parts = [value.start, value.stop, value.step]
            return {TYPE: "slice", "value": self._items(parts, depth, secret)}
        name = _library_name(kind)
        if name in ("datetime", "time") and not _is_plain_zone(value.tzinfo):
            name = ""
        if name and not secret:
            return {TYPE: name, "value": _SPELLED[name](value)}
        self.why = self.why or f"a {kind.__name__} has no safe encoding"
        return {TYPE: "object", "class": f"{kind.__module__}:{kind.__qualname__}"}

    def _bytes(self, kind: type[Any], value: Any, secret: bool) -> Any:
        import binascii

        if secret:
            self.why = self.why or "redacted"
            return REDACTED
        if len(value) > MAX_TEXT:
            self.why = self.why or "bytes were cut"
            value = value[:MAX_TEXT]
        text = bytes(value)
        if self._text(shown := text.decode("latin-1")) is not shown:
            self.why = self.why or "redacted"
            return REDACTED
        return {TYPE: kind.__name__, "value": binascii.b2a_base64(text, newline=False).decode()}


REDACTED = "[redacted]"
_SPECIAL = {float("inf"): "inf", float("-inf"): "-inf"}


def _zoned(value: Any) -> str:
    """ISO text; a time zone becomes its offset, since zones are objects of their own."""
    return str(value.isoformat())


_SPELLED: dict[str, Callable[[Any], Any]] = {
    "datetime": _zoned,
    "date": _zoned,
    "time": _zoned,
    "timedelta": lambda value: [value.days, value.seconds, value.microseconds],
    "Decimal": str,
    "Fraction": str,
    "UUID": str,
    "PosixPath": str,
    "PurePosixPath": str,
}
_HOMES = {
    "datetime": "datetime",
    "date": "datetime",
    "time": "datetime",
    "timedelta": "datetime",
    "Decimal": "decimal",
    "Fraction": "fractions",
    "UUID": "uuid",
    "PosixPath": "pathlib",
    "PurePosixPath": "pathlib",
}


def _library_name(kind: type[Any]) -> str:
    """The name of a standard library type whose own methods may be called, "" for any other. A program's class of the
    same name is another object. Time zones of the program's own making would be asked: they are refused."""
    name = kind.__name__
    home = sys.modules.get(_HOMES.get(name, ""))
    return name if home is not None and getattr(home, name, None) is kind else ""


def _is_plain_zone(zone: Any) -> bool:
    """Whether a time zone is of the standard library, so that asking it for its offset calls no code of the program."""
    return zone is None or (type(zone).__module__, type(zone).__name__) in (
        ("datetime", "timezone"),
        ("zoneinfo", "ZoneInfo"),
    )


def decode(value: Any) -> Any:
    """The Python value of what `Walk.encode` gave. Raises ValueError where that is not possible (objects, cuts)."""
    if type(value) is list:
        return [decode(item) for item in value]
    if type(value) is not dict:
        return value
    name = value.get(TYPE)
    if name is None:
        return {key: decode(item) for key, item in value.items()}
    return _decoded(name, value.get("value"))


def _decoded(name: str, value: Any) -> Any:
    if name in ("bytes", "bytearray"):
        import binascii

        data = binascii.a2b_base64(value)
        return data if name == "bytes" else bytearray(data)
    if name == "dict":
        return {decode(key): decode(item) for key, item in value}
    makers = {"tuple": tuple, "set": set, "frozenset": frozenset}
    if name in makers:
        return makers[name](decode(value))
    if name in ("range", "slice"):
        return (range if name == "range" else slice)(*decode(value))
    if name in ("float", "complex"):
        return {"float": float, "complex": complex}[name](value)
    if name in _HOMES:
        return _of_library(name, value)
    raise ValueError(f"a {name} cannot be made again")


def _of_library(name: str, value: Any) -> Any:
    import importlib

    kind = getattr(importlib.import_module(_HOMES[name]), name)
    if name in ("datetime", "date", "time"):
        return kind.fromisoformat(value)
    return kind(*value) if name == "timedelta" else kind(value)


def json_speller() -> Callable[[Any, int], Iterable[str]]:
    """A function from JSON values (and 0) to the parts of their text, ASCII only, without spaces. Raises ValueError for
    what is no JSON.

    The encoder that the json module makes anew for every call is made once: half of the time for small values.
    """
    import json
    from json import encoder

    make = getattr(encoder, "c_make_encoder", None)
    if make is None:
        encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False).encode
        return lambda value, _: (encode(value),)
    spell: Callable[[Any, int], Iterable[str]] = make(
        None, _refuse, encoder.encode_basestring_ascii, None, ":", ",", False, False, False
    )
    return spell


def json_encoder() -> Callable[[Any], str]:
    """The same, the text in one piece."""
    spell, join = json_speller(), "".join
    return lambda value: join(spell(value, 0))


def _refuse(value: Any) -> NoReturn:
    raise ValueError(f"a {type(value).__name__} is no JSON")
