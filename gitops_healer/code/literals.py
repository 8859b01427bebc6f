"""Recorded values, read without running anything of the project, and written as Python source.

Read are JSON with `$type` (docs/recorder.md), reprs, and expressions of literals; what is none of the types that a
recorder writes down whole raises ValueError.
"""

import ast
import base64
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PosixPath, PurePosixPath
from typing import Any, Final
from uuid import UUID

from gitops_healer.core.codec import canonical

_FRACTION = re.compile(r"-?\d{1,400}(/\d{1,400})?")
_DEEPEST = 40
_CUT = "…"


def _fraction(*parts: Any) -> Fraction:
    """An exponent would be written out: `1e999999999` takes all memory."""
    if len(parts) == 1 and isinstance(parts[0], str) and not _FRACTION.fullmatch(parts[0]):
        raise ValueError(f"{parts[0][:40]} is no fraction")
    return Fraction(*parts)


def _from_literal(kind: Callable[..., Any]) -> Callable[..., Any]:
    """Containers of what was written out: `list(range(10**12))` takes all memory."""

    def make(*parts: Any) -> Any:
        if not all(isinstance(part, list | tuple | set | frozenset | dict | bytes) for part in parts):
            raise ValueError("only what is written out is read")
        return kind(*parts)

    return make


_CALLED: Final[Mapping[str, Callable[..., Any]]] = {
    **{kind.__name__: _from_literal(kind) for kind in (bytearray, set, frozenset, tuple, list, dict)},
    "range": range, "slice": slice, "float": float, "complex": complex, "Decimal": Decimal, "Fraction": _fraction,
    "UUID": UUID, "PosixPath": PosixPath, "Path": PosixPath, "PurePosixPath": PurePosixPath, "datetime": datetime,
    "date": date, "time": time, "timedelta": timedelta, "timezone": timezone,
}  # fmt: skip
_NAMED: Final[Mapping[str, Any]] = {
    "inf": math.inf, "nan": math.nan, "infj": complex(0, math.inf), "nanj": complex(0, math.nan), "utc": timezone.utc  # noqa: UP017 - 3.11's name of it is not read everywhere
}  # fmt: skip
_TYPED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "bytes": base64.b64decode,
    "bytearray": lambda held: bytearray(base64.b64decode(held)),
    "tuple": lambda held: tuple(_whole(held)),
    "set": lambda held: set(_whole(held)),
    "frozenset": lambda held: frozenset(_whole(held)),
    "dict": lambda held: {_whole(key): _whole(item) for key, item in held},
    "range": lambda held: range(*held),
    "slice": lambda held: slice(*_whole(held)),
    "float": float,
    "complex": complex,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda held: timedelta(*held),
    "Decimal": Decimal,
    "Fraction": _fraction,
    "UUID": UUID,
    "PosixPath": PosixPath,
    "PurePosixPath": PurePosixPath,
}


# Reading


def value_of_json(text: str) -> Any:
    """The value that a recorder wrote down as `text`. Raises ValueError."""
    return _guarded(lambda: _whole(json.loads(text)))


def value_of_source(source: str | ast.expr) -> Any:
    """The value of an expression of literals and constructors, such as a repr. Raises ValueError."""
    return _guarded(lambda: _evaluated(ast.parse(source, mode="eval").body if isinstance(source, str) else source))


def _guarded(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (ValueError, TypeError, SyntaxError, ArithmeticError, KeyError, RecursionError, MemoryError) as error:
        raise ValueError(f"the value cannot be read: {error}") from None


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$type" not in value:
        return {key: _whole(item) for key, item in value.items()}
    return _TYPED[value["$type"]](value.get("value"))


def _evaluated(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value) if value is not ...:
            return value
        case ast.Tuple(elts=items):
            return tuple(map(_evaluated, items))
        case ast.List(elts=items):
            return list(map(_evaluated, items))
        case ast.Set(elts=items):
            return set(map(_evaluated, items))
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {_evaluated(key): _evaluated(item) for key, item in zip(keys, values, strict=True) if key}
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()) | ast.BinOp(op=ast.Add() | ast.Sub()):
            return _number(node)
        case ast.Name() | ast.Attribute() if _last(node) in _NAMED:
            return _NAMED[_last(node)]
        case ast.Call(func=ast.Name() | ast.Attribute() as named, args=args, keywords=keywords):
            options = {keyword.arg: _evaluated(keyword.value) for keyword in keywords if keyword.arg}
            return _CALLED[_last(named)](*map(_evaluated, args), **options)
    raise ValueError(f"{ast.unparse(node)[:60]} is no literal")


def _number(node: ast.UnaryOp | ast.BinOp) -> Any:
    """Signs, and the two parts of a complex number."""
    if isinstance(node, ast.UnaryOp):
        value = _evaluated(node.operand)
        return -value if isinstance(node.op, ast.USub) else +value
    left, right = _evaluated(node.left), _evaluated(node.right)
    if not isinstance(right, complex) or not isinstance(left, int | float):
        raise ValueError("only complex numbers are sums")
    return left + right if isinstance(node.op, ast.Add) else left - right


def _last(node: ast.expr) -> str:
    """`datetime` of `datetime.datetime`; where a name comes from is not looked at."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a reader: a tuple is a list (JSON knows no tuples), 1 is 1.0 and not True,
    floats differ by rounding at most (1e-9), nan is nan."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or _close(one, other)
    return type(one) is type(other) and bool(one == other)


def _close(one: float, other: float) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return False
    try:
        return math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))
    except OverflowError:
        return False


# Writing


def json_of(value: Any) -> str:
    """Canonical JSON with `$type`, as a recorder writes the value down. Raises ValueError for what it does not."""
    return canonical(_guarded(lambda: _typed(value)))


def _typed(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else {"$type": "float", "value": str(value)}
        case list():
            return list(map(_typed, value))
        case dict() if all(isinstance(key, str) for key in value) and "$type" not in value:
            return {key: _typed(item) for key, item in value.items()}
        case dict():
            return {"$type": "dict", "value": [[_typed(key), _typed(item)] for key, item in value.items()]}
    return {"$type": type(value).__name__, "value": _held(value)}


def _held(value: Any) -> Any:
    match value:
        case tuple():
            return list(map(_typed, value))
        case set() | frozenset():
            return list(map(_typed, sorted(value, key=repr)))
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case range() | slice():
            return [value.start, value.stop, value.step]
        case timedelta():
            return [value.days, value.seconds, value.microseconds]
        case date() | time():
            return value.isoformat()
        case Decimal() | Fraction() | UUID() | complex() | PurePosixPath():
            return str(value)
    raise ValueError(f"a {type(value).__name__} is not written down")


_IMPORTS: Final[Sequence[tuple[type, str]]] = (
    (date, "import datetime"),
    (time, "import datetime"),
    (timedelta, "import datetime"),
    (Decimal, "from decimal import Decimal"),
    (Fraction, "from fractions import Fraction"),
    (PosixPath, "from pathlib import Path"),
    (PurePosixPath, "from pathlib import PurePosixPath"),
    (UUID, "from uuid import UUID"),
)


def imports_of(value: Any) -> frozenset[str]:
    """The import statements that `source_of(value)` needs."""
    return frozenset(statement for part in _parts(value) if (statement := _import(part)))


def _import(value: Any) -> str:
    return next((statement for kind, statement in _IMPORTS if isinstance(value, kind)), "")


def _parts(value: Any) -> Iterator[Any]:
    yield value
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    for item in inner if isinstance(inner, list | tuple | set | frozenset) else ():
        yield from _parts(item)


def source_of(value: Any, *, indent: int = 0, before: int = 0, width: int = 88, about: str = "") -> str:
    """The value as Python source, laid out as formatters do when one line is too long.

    indent: columns in which its further lines begin; before: columns of what stands before it on its first line;
    about: the function that compares floats nearly (`pytest.approx`), which then stands around each that is not in a
    set or a key.
    """
    line = _line(value, about)
    if indent + before + len(line) + 1 <= width or indent > _DEEPEST:
        return line
    inner = " " * (indent + 4)

    def below(item: Any, prefix: str = "") -> str:
        text = source_of(item, indent=indent + 4, before=len(prefix), width=width, about=about)
        return f"{inner}{prefix}{text},\n"

    match value:
        case list() | tuple() if value:
            ends = "[]" if isinstance(value, list) else "()"
            return f"{ends[0]}\n{''.join(map(below, value))}{' ' * indent}{ends[1]}"
        case dict() if value:
            rows = (below(item, f"{_line(key, '')}: ") for key, item in value.items())
            return f"{{\n{''.join(rows)}{' ' * indent}}}"
    return line


def _line(value: Any, about: str) -> str:
    match value:
        case bool() | None | int() | bytes():
            return repr(value)
        case complex() if not (math.isfinite(value.real) and math.isfinite(value.imag)):
            return f"complex({_float(value.real, '')}, {_float(value.imag, '')})"
        case float():
            return _float(value, about)
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(_line(item, about) for item in value)}]"
        case tuple():
            return f"({', '.join(_line(item, about) for item in value)}{',' if len(value) == 1 else ''})"
        case dict():
            rows = (f"{_line(key, '')}: {_line(item, about)}" for key, item in value.items())
            return f"{{{', '.join(rows)}}}"
        case set() | frozenset():
            inner = f"{{{', '.join(sorted(_line(item, '') for item in value))}}}" if value else "set()"
            return inner if isinstance(value, set) else f"frozenset({inner if value else ''})"
        case PosixPath():
            return f"Path({_text(str(value))})"
        case Decimal() | Fraction() | PurePosixPath() | UUID():
            return f"{type(value).__name__}({_text(str(value))})"
    return repr(value)


def _float(value: float, about: str) -> str:
    text = repr(value) if math.isfinite(value) else f'float("{value}")'
    return f"{about}({text}{', nan_ok=True' if math.isnan(value) else ''})" if about else text


def _text(value: str) -> str:
    """In double quotes where that needs no more escapes."""
    text = repr(value)
    return text if '"' in value or "\\" in text or "'" in value else f'"{text[1:-1]}"'
