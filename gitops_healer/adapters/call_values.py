"""Any value as canonical JSON, objects by their fields. Runs inside the sandbox: standard library only, on any Python
from 3.8.

Plain JSON data stays as it is, other builtin types are spelled as docs/recorder.md says. Beyond that:
`{"$type": "object", "class": "pkg.mod.Name", "fields": {...}}`, with `"value"` for what a subclass of a builtin
container or number holds, and without fields where nothing can be known (a lock); `{"$type": "cycle"}` for a value
inside of itself; `{"$type": "function" | "class" | "module" | "logger", "value": qualified name}`.

No method of the program is called: fields are taken from where objects keep them, items by the builtin types.
"""

from __future__ import annotations

import base64
import collections
import datetime
import decimal
import enum
import fractions
import json
import logging
import math
import pathlib
import types
import uuid
from collections.abc import Callable
from typing import Any

from .failures import masked, shortened, type_name

MAX_TEXT = 1024 * 1024
MAX_NODES = 200_000
MAX_DEPTH = 150
MAX_DETAIL = 4000
_MAX_BITS = 14_000  # longer ints cannot be read again: sys.int_info.default_max_str_digits is 4300
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement (or one that could be)
_TYPE = "$type"


class UnspeakableError(Exception):
    """The value cannot be written down; says why."""


def canonical(value: Any, foreign: Callable[[type[Any]], bool], nodes: int = MAX_NODES) -> str:
    """The text of a value: sorted keys, no spaces, ASCII. foreign: whether a class is no code of the repository, so
    that its `tolist` or `to_dict` may be called. Raises UnspeakableError."""
    walk = _Walk(foreign, nodes)
    try:
        tree = walk.encode(value, 0)
        if isinstance(tree, dict) and _is_opaque(tree):
            raise UnspeakableError(f"a {tree['class']} shows nothing of what it holds")
        text = _text(tree)
    except UnspeakableError:
        raise
    except Exception as error:
        raise UnspeakableError(f"it cannot be written down: {type(error).__name__}: {error}") from None
    if len(text) > MAX_TEXT:
        raise UnspeakableError(f"it takes {len(text):,} characters, {MAX_TEXT:,} are kept")
    return text


_PLAIN = frozenset((str, bool, type(None)))
_WIDE = 1 << 64
_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, check_circular=False).encode


def _is_opaque(tree: dict[str, Any]) -> bool:
    return tree.get(_TYPE) == "object" and "fields" not in tree and "value" not in tree


def class_name(kind: type[Any]) -> str:
    """`package.module.Outer.Inner`."""
    module = type.__dict__["__module__"].__get__(kind)
    return f"{module}.{type.__dict__['__qualname__'].__get__(kind)}"


class _Walk:
    """One walk over one value. around: ids of the values that the present one lies in."""

    def __init__(self, foreign: Callable[[type[Any]], bool], nodes: int) -> None:
        self.foreign = foreign
        self.left = nodes
        self.nodes = nodes
        self.around: set[int] = set()

    def encode(self, value: Any, depth: int) -> Any:
        """What stands for the value in JSON."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        spell = _SCALARS.get(kind)
        if spell is not None:
            return spell(value)
        if depth > MAX_DEPTH:
            raise UnspeakableError(f"it is nested deeper than {MAX_DEPTH} levels")
        if id(value) in self.around:
            return {_TYPE: "cycle"}
        self.around.add(id(value))
        try:
            holds = _HOLDERS.get(kind)
            return holds(self, value, depth + 1) if holds is not None else self.other(kind, value, depth + 1)
        finally:
            self.around.discard(id(value))

    def items(self, value: Any, depth: int) -> list[Any]:
        self.afford(len(value))
        encode = self.encode
        return [
            item
            if (kind := type(item)) in _PLAIN
            or (kind is int and -_WIDE < item < _WIDE)
            or (kind is float and item - item == 0.0)
            else encode(item, depth)
            for item in value
        ]

    def afford(self, count: int) -> None:
        """Count the values of a container before it is walked over."""
        self.left -= count
        if self.left < 0:
            raise UnspeakableError(f"it holds more than {self.nodes:,} values")

    def unordered(self, value: Any, depth: int) -> list[Any]:
        return sorted(self.items(value, depth), key=_text)

    def mapping(self, value: dict[Any, Any], depth: int) -> Any:
        self.afford(2 * len(value))
        if all(type(key) is str for key in value) and _TYPE not in value:
            encode = self.encode
            return {
                key: item
                if (kind := type(item)) in _PLAIN
                or (kind is int and -_WIDE < item < _WIDE)
                or (kind is float and item - item == 0.0)
                else encode(item, depth)
                for key, item in value.items()
            }
        pairs = [[self.encode(key, depth), self.encode(item, depth)] for key, item in value.items()]
        return {_TYPE: "dict", "value": sorted(pairs, key=_text)}

    # Objects

    def other(self, kind: type[Any], value: Any, depth: int) -> Any:
        if isinstance(value, type):
            return {_TYPE: "class", "value": class_name(value)}
        named = _named(value)
        if named is not None:
            return named
        if issubclass(kind, enum.Enum):
            fields = object.__getattribute__(value, "__dict__")
            return self.object(kind, {"name": fields.get("_name_"), "value": fields.get("_value_")}, depth)
        if self.foreign(kind):
            shown = self.foreign_object(kind, value, depth)
            if shown is not None:
                return shown
        return self.by_fields(kind, value, depth)

    def foreign_object(self, kind: type[Any], value: Any, depth: int) -> Any:
        """An array or a table of a library, by the method with which it gives plain data."""
        for name in ("to_dict", "tolist"):
            method = getattr(kind, name, None)
            if not callable(method):
                continue
            try:
                plain = method(value)
            except Exception:  # its own business, and perhaps it wants arguments
                continue
            fields = {"dtype": str(value.dtype)} if hasattr(value, "dtype") and not hasattr(value, "items") else {}
            return {**self.object(kind, fields, depth), "value": self.encode(plain, depth)}
        return None

    def by_fields(self, kind: type[Any], value: Any, depth: int) -> Any:
        fields = _fields(kind, value)
        inner = self.inner(value, depth)
        if inner is None and not fields and not _is_transparent(kind):
            return {_TYPE: "object", "class": class_name(kind)}
        shown: dict[str, Any] = self.object(kind, fields, depth)
        return shown if inner is None else {**shown, **inner}

    def object(self, kind: type[Any], fields: dict[str, Any], depth: int) -> dict[str, Any]:
        self.afford(1 + len(fields))
        told = {str(name): self.encode(field, depth) for name, field in fields.items()}
        return {_TYPE: "object", "class": class_name(kind), "fields": told}

    def inner(self, value: Any, depth: int) -> dict[str, Any] | None:
        """What an instance of a subclass holds as a builtin, {"value": ...}; None when it is none."""
        if isinstance(value, tuple) and isinstance(getattr(type(value), "_fields", None), tuple):
            return None
        for kind, plain in _BUILTIN:
            if isinstance(value, kind):
                return {"value": self.encode(plain(value), depth)}
        return None


def _is_transparent(kind: type[Any]) -> bool:
    """Whether an object of the class keeps nothing but its fields: no class written in C stands behind it."""
    return all(base is object or base.__flags__ & _HEAP_TYPE for base in type.mro(kind)) and (
        "__dict__" in dir(kind) or kind is object or any("__slots__" in vars(base) for base in type.mro(kind))
    )


def _fields(kind: type[Any], value: Any) -> dict[str, Any]:
    """Where the object keeps them: its dictionary, slots, the fields of a named tuple, the arguments of an error."""
    found: dict[str, Any] = {}
    if isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        found.update(zip(kind._fields, tuple.__iter__(value)))  # noqa: B905 - not in 3.8
    if isinstance(value, BaseException):
        found["args"] = BaseException.__dict__["args"].__get__(value)
    for name in _SHOWN.get(class_name(kind), ()):
        found[name] = getattr(value, name)
    for base in reversed(type.mro(kind)):
        for name, member in vars(base).items() if "__slots__" in vars(base) else ():
            if isinstance(member, types.MemberDescriptorType):
                try:
                    found[name] = member.__get__(value)
                except AttributeError:  # the slot is empty
                    continue
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = None
    if type(own) is dict:
        found.update(own)
    return found


_SHOWN = {
    "functools.partial": ("func", "args", "keywords"),
    "re.Pattern": ("pattern", "flags"),
    "re.Match": ("re", "string", "regs"),
    "zoneinfo.ZoneInfo": ("key",),
}


def _named(value: Any) -> dict[str, Any] | None:
    """Functions, modules and loggers by their name."""
    if isinstance(value, types.ModuleType):
        return {_TYPE: "module", "value": value.__name__}
    if isinstance(value, logging.Logger):
        return {_TYPE: "logger", "value": value.name}
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
        owner = getattr(value, "__module__", None) or "builtins"
        return {_TYPE: "function", "value": f"{owner}.{value.__qualname__}"}
    return None


def _integer(value: int) -> Any:
    if value.bit_length() > _MAX_BITS:
        raise UnspeakableError(f"a whole number of {value.bit_length():,} bits")
    return value


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {_TYPE: "float", "value": repr(value)}


def _bytes(value: Any) -> Any:
    if len(value) > MAX_TEXT:
        raise UnspeakableError(f"it holds {len(value):,} bytes, {MAX_TEXT:,} are kept")
    return {_TYPE: type(value).__name__, "value": base64.b64encode(value).decode("ascii")}


def _by(spell: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: {_TYPE: type(value).__name__, "value": spell(value)}


_SCALARS: dict[type[Any], Callable[[Any], Any]] = {
    int: _integer,
    float: _float,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: lambda value: _bytes(value.tobytes()),
    complex: _by(repr),
    range: _by(lambda value: [value.start, value.stop, value.step]),
    datetime.datetime: _by(datetime.datetime.isoformat),
    datetime.date: _by(datetime.date.isoformat),
    datetime.time: _by(datetime.time.isoformat),
    datetime.timedelta: _by(lambda value: [value.days, value.seconds, value.microseconds]),
    datetime.timezone: _by(str),
    decimal.Decimal: _by(str),
    fractions.Fraction: _by(str),
    uuid.UUID: _by(str),
    pathlib.PosixPath: _by(str),
    pathlib.PurePosixPath: _by(str),
    type(Ellipsis): lambda value: {_TYPE: "object", "class": "builtins.ellipsis", "fields": {}},
    type(NotImplemented): lambda value: {_TYPE: "object", "class": "builtins.NotImplementedType", "fields": {}},
}


def _viewed(walk: _Walk, value: Any, depth: int) -> Any:
    kind = type(value)
    items = walk.items(value, depth)
    return {_TYPE: "object", "class": class_name(kind), "fields": {}, "value": items}


_HOLDERS: dict[type[Any], Callable[[_Walk, Any, int], Any]] = {
    list: _Walk.items,
    dict: _Walk.mapping,
    tuple: lambda walk, value, depth: {_TYPE: "tuple", "value": walk.items(value, depth)},
    set: lambda walk, value, depth: {_TYPE: "set", "value": walk.unordered(value, depth)},
    frozenset: lambda walk, value, depth: {_TYPE: "frozenset", "value": walk.unordered(value, depth)},
    slice: lambda walk, value, depth: {
        _TYPE: "slice", "value": walk.items([value.start, value.stop, value.step], depth),
    },
    collections.deque: _viewed,
    type({}.keys()): _viewed,
    type({}.values()): _viewed,
    type({}.items()): _viewed,
    types.MappingProxyType: lambda walk, value, depth: walk.mapping(dict(value), depth),
    types.SimpleNamespace: lambda walk, value, depth: walk.object(types.SimpleNamespace, vars(value), depth),
}  # fmt: skip

_BUILTIN: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (str, lambda value: str.__str__(value)),
    (int, lambda value: int.__int__(value)),
    (float, lambda value: float.__float__(value)),
    (dict, lambda value: dict(zip(dict.keys(value), dict.values(value)))),  # noqa: B905 - strict came with 3.10
    (list, lambda value: list(list.__iter__(value))),
    (tuple, lambda value: list(tuple.__iter__(value))),
    (set, lambda value: set(set.__iter__(value))),
    (frozenset, lambda value: set(frozenset.__iter__(value))),
    (bytes, lambda value: bytes.__add__(b"", value)),
    (collections.deque, lambda value: list(collections.deque.__iter__(value))),
    (datetime.datetime, datetime.datetime.isoformat),
    (datetime.date, datetime.date.isoformat),
    (datetime.timedelta, lambda value: [value.days, value.seconds, value.microseconds]),
    (pathlib.PurePath, lambda value: "/".join(value.parts)),
    (decimal.Decimal, decimal.Decimal.__str__),
    (uuid.UUID, uuid.UUID.__str__),
)


def spelled(result: Any, foreign: Callable[[type[Any]], bool]) -> dict[str, Any]:
    """{"value": canonical JSON or None, "detail": repr, or why there is no value}"""
    try:
        text = canonical(result, foreign)
    except UnspeakableError as error:
        return {"value": None, "detail": shortened(f"(not written down: {error}) {repr_of(result)}", MAX_DETAIL)}
    return {"value": text, "detail": repr_of(result) if len(text) < 4 * MAX_DETAIL else shortened(text, MAX_DETAIL)}


def repr_of(value: Any) -> str:
    try:
        return shortened(masked(repr(value)), MAX_DETAIL)
    except BaseException as error:
        return f"(its repr raises {type_name(error)})"
