"""Records of what happened, as logs have them: fields to moments, outcomes and counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

Value = object
"""What a field holds: a JSON value, or the text of a CSV cell."""

PASSED: Final = frozenset({"true", "t", "yes", "y", "ok", "pass", "passed", "success", "succeeded", "successful"})
FAILED: Final = frozenset(
    {
        "false",
        "f",
        "no",
        "n",
        "ko",
        "fail",
        "failed",
        "failure",
        "error",
        "errored",
        "exception",
        "timeout",
        "timed_out",
    }
)
LONGEST_NAME: Final = 300
MOST: Final = 1e15
_UNITS: Final = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""(below that it is in this unit, units a second): 1e11 seconds are the year 5138, 1e11 milliseconds are 1973."""


@dataclass(frozen=True)
class Fields:
    """Under which names a record says what. subject "": records say none; either ok, or total and failed."""

    ts: str
    subject: str = ""
    ok: str = ""
    total: str = ""
    failed: str = ""
    commit: str = ""


@dataclass(frozen=True)
class Record:
    """commit: "" when it says none."""

    at: datetime
    subject: str
    total: float
    failed: float
    commit: str = ""


def record_of(row: Mapping[str, Value], fields: Fields) -> Record:
    """Raises ValueError, which says what is wrong with it."""
    at = moment_of(_field(row, fields.ts))
    subject = _name(row, fields.subject) if fields.subject else ""
    if fields.subject and not subject:
        raise ValueError(f"has no {fields.subject}")
    commit = _name(row, fields.commit) if fields.commit else ""
    if fields.ok:
        return Record(at, subject, 1, 0 if passed(_field(row, fields.ok)) else 1, commit)
    total, failed = count_of(_field(row, fields.total)), count_of(_field(row, fields.failed))
    if failed > total:
        raise ValueError(f"has more failed ({failed:g}) than there were ({total:g})")
    return Record(at, subject, total, failed, commit)


def moment_of(value: Value) -> datetime:
    """RFC 3339 (without a zone: UTC), or a number since 1970 in seconds, milli-, micro- or nanoseconds, told apart by
    its size. Raises ValueError."""
    if isinstance(value, str) and value[4:5] == "-":
        return _written(value)
    number = _number(value)
    if number is None:
        if not isinstance(value, str):
            raise ValueError(f"has no moment: {_shown(value)}")
        return _written(value)
    for below, units in _UNITS:
        if 0 <= number < below:
            return datetime.fromtimestamp(number / units, UTC)
    raise ValueError(f"has no moment: {_shown(value)}")


def _written(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is UTC:
            return moment
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"has no moment: {_shown(text)}") from None


def passed(value: Value) -> bool:
    """true, 1, "ok", "passed" …; false, 0, "failed", "error" …; a status code of HTTP passed below 400. Raises
    ValueError for what is none of these, so that nobody counts what they did not mean."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in PASSED or word in FAILED:
        return word in PASSED
    number = _number(value)
    if number is not None and number in (0, 1):
        return number == 1
    if number is not None and number == int(number) and 100 <= number <= 599:
        return number < 400
    raise ValueError(f"does not say whether it passed: {_shown(value)}")


def count_of(value: Value) -> float:
    """A number from 0, need not be whole. Raises ValueError."""
    number = None if isinstance(value, bool) else _number(value)
    if number is None or not 0 <= number <= MOST:
        raise ValueError(f"has no count: {_shown(value)}")
    return number


def _field(row: Mapping[str, Value], name: str) -> Value:
    """A field; `a.b` is also `b` inside of `a`. Raises ValueError when there is none."""
    if name in row:
        return row[name]
    inner: Value = row
    for part in name.split("."):
        if not isinstance(inner, Mapping) or part not in inner:
            raise ValueError(f"has no {name}")
        inner = inner[part]
    return inner


def _name(row: Mapping[str, Value], field: str) -> str:
    try:
        value = _field(row, field)
    except ValueError:
        return ""
    if value is None or isinstance(value, Mapping | list):
        return ""
    text = str(value).strip()[:LONGEST_NAME]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def _number(value: Value) -> float | None:
    """What is a finite number, or the text of one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and ("_" in value or len(value) > 40):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _shown(value: Value) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
