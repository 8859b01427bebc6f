"""Python values made again from what a recorder wrote down. Runs inside the sandbox: standard library only, on any
Python from 3.8.

What is no JSON stands there as `{"$type": name, "value": ...}`, as docs/recorder.md lists it. Nothing that data names
is imported.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import fractions
import os
import pathlib
import uuid
from collections.abc import Callable
from typing import Any

BROKEN = (ValueError, TypeError, ArithmeticError, KeyError, RecursionError)
"""What `made` raises for what cannot be made."""


def made(value: Any) -> Any:
    """The Python value of recorded JSON. Raises ValueError where there is none (objects, cuts), and others of BROKEN
    for what no recorder writes."""
    if isinstance(value, list):
        return [made(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$type" not in value:
        return {key: made(item) for key, item in value.items()}
    name, inner = value["$type"], value.get("value")
    if name not in _MAKERS:
        raise ValueError(f"a value of type {name} was not recorded whole")
    return _MAKERS[name](inner)


_MAKERS: dict[Any, Callable[[Any], Any]] = {
    "bytes": base64.b64decode,
    "bytearray": lambda value: bytearray(base64.b64decode(value)),
    "tuple": lambda value: tuple(made(value)),
    "set": lambda value: set(made(value)),
    "frozenset": lambda value: frozenset(made(value)),
    "dict": lambda value: {made(key): made(item) for key, item in value},
    "range": lambda value: range(*value),
    "slice": lambda value: slice(*made(value)),
    "float": float,
    "complex": complex,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda value: datetime.timedelta(*value),
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "UUID": uuid.UUID,
    "PosixPath": pathlib.PurePosixPath if os.name == "nt" else pathlib.Path,
    "PurePosixPath": pathlib.PurePosixPath,
}
