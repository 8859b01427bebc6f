"""JSON for what every file of a repository has: orjson, which is faster, and the standard library where it refuses."""

import json
from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """Compact JSON; NamedTuples become lists. What is no Unicode (lone surrogates in a string) is escaped."""
    try:
        return orjson.dumps(value, default=tuple)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def loads(data: bytes) -> Any:
    """Raises ValueError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)
