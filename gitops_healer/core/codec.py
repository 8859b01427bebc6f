"""Frozen dataclasses to JSON values and back: the one place where core meets naked dicts."""

import hashlib
import json
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _converter() -> Any:
    """Made when it is first needed: a scan does without, and starts sooner."""
    from cattrs import Converter
    from cattrs.strategies import configure_union_passthrough

    converter = Converter(forbid_extra_keys=False, omit_if_default=True)
    converter.register_unstructure_hook(datetime, lambda moment: moment.isoformat())
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    configure_union_passthrough(str | bool | int | float | None, converter)
    configure_union_passthrough(int | float, converter)  # what was written as a whole number is read as one
    return converter


def to_json(value: object) -> Any:
    """The JSON value of a dataclass; fields at their default are left out, so that schemas can grow."""
    return _converter().unstructure(value)


def from_json(data: Any, kind: type[T]) -> T:
    """The dataclass `kind` read from a JSON value; unknown keys are ignored (a newer writer may have added them).

    Raises cattrs.BaseValidationError, KeyError, TypeError or ValueError when `data` is not of that shape.
    """
    structured: T = _converter().structure(data, kind)
    return structured


def dump(value: object) -> bytes:
    """A dataclass as bytes to be remembered."""
    return canonical(to_json(value)).encode("ascii")


def load(data: bytes | None, kind: type[T]) -> T | None:
    """What `dump` made; None when there is nothing, or something else: what can be computed again is computed again."""
    if data is None:
        return None
    try:
        return from_json(json.loads(data), kind)
    except Exception:  # however a remembered value is damaged
        return None


def canonical(value: Any) -> str:
    """One spelling for one JSON value: sorted keys, no spaces, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(*parts: object) -> str:
    """40 hex digits (truncated SHA-256) of the canonical JSON of `parts`."""
    spelled = canonical([part.value if isinstance(part, Enum) else part for part in parts])
    return hashlib.sha256(spelled.encode("ascii")).hexdigest()[:40]
