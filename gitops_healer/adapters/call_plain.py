"""A call whose result is wanted as JSON, as a recorder writes it, and nothing else. Runs inside the sandbox: standard
library only, on any Python from 3.8.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import fractions
import json
import pathlib
import time
import uuid
from typing import Any

from .call_function import MAX_ITEMS, arguments_of, raised, resolve
from .call_values import repr_of
from .finishing import finished

MAX_RESULT = 1024 * 1024
_clock = time.perf_counter  # bound now: candidates patch time


def called(module: Any, qualname: str, item: dict[str, Any], root: str) -> dict[str, Any]:
    """What came of it. seconds: of the function alone, where it was reached."""
    began = _clock()
    try:
        function = resolve(module, qualname)
        arguments, options = arguments_of(item)
        began = _clock()
        result = finished(function(*arguments, **options), MAX_ITEMS)
        seconds = _clock() - began
        return {"ok": True, "type": "", "frames": [], "seconds": seconds, **_shown(result)}
    except BaseException as error:
        return {**raised(error, root), "seconds": _clock() - began}


def _told(value: Any) -> Any:
    """A part of a result that is no JSON, as a recorder writes it down. Raises TypeError for objects."""
    kind = type(value)
    if kind in (bytes, bytearray):
        return {"$type": kind.__name__, "value": base64.b64encode(value).decode()}
    if kind in (set, frozenset):
        return {"$type": kind.__name__, "value": sorted(value, key=repr)}
    if kind in (datetime.datetime, datetime.date, datetime.time):
        return {"$type": kind.__name__, "value": value.isoformat()}
    if kind in (decimal.Decimal, fractions.Fraction, uuid.UUID, complex, pathlib.PosixPath, pathlib.PurePosixPath):
        return {"$type": kind.__name__, "value": str(value)}
    if kind is datetime.timedelta:
        return {"$type": "timedelta", "value": [value.days, value.seconds, value.microseconds]}
    raise TypeError(f"a {kind.__name__} is no JSON")


def _shown(result: Any) -> dict[str, Any]:
    """{"value": JSON or None, "detail": repr without addresses}"""
    detail = repr_of(result)
    try:
        text = json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_told)
    except Exception:
        return {"value": None, "detail": detail}
    return {"value": text if len(text) <= MAX_RESULT else None, "detail": detail}
