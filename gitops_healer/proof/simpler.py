"""Simpler values of the same type. A way down is a generator: it gives a candidate and is told whether that will do."""

import base64
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

Way = Generator[Any, bool, None]

_SIMPLEST: Final[Mapping[str, Any]] = {
    "bytes": "", "bytearray": "", "Decimal": "0", "Fraction": "0", "complex": "0j", "date": "2000-01-01",
    "datetime": "2000-01-01T00:00:00", "time": "00:00:00", "timedelta": [0, 0, 0], "range": [0, 0, 1],
    "UUID": "00000000-0000-0000-0000-000000000000", "PosixPath": "a", "PurePosixPath": "a",
}  # fmt: skip
_HELD: Final = frozenset({"tuple", "set", "frozenset", "dict", "slice"})
_EXACT: Final = 2**53


def is_leaf(value: Any) -> bool:
    """Whether it is one value, rather than something that holds values."""
    if isinstance(value, dict):
        return "$type" in value and value["$type"] not in _HELD
    return not isinstance(value, list)


def simplest(value: Any) -> Any:
    """The simplest value of a leaf's type; a moment with a time zone keeps one."""
    match value:
        case bool():
            return False
        case int():
            return 0
        case float() | {"$type": "float"}:
            return 0.0
        case str():
            return ""
        case {"$type": "datetime" | "time" as name, "value": str(text)} if _zoned(name, text):
            return {"$type": name, "value": f"{_SIMPLEST[name]}+00:00"}
        case {"$type": str(name)} if name in _SIMPLEST:
            return {"$type": name, "value": _SIMPLEST[name]}
    return value


def _zoned(name: str, text: str) -> bool:
    return any(sign in (text[10:] if name == "datetime" else text) for sign in "+-Z")


def way_down(value: Any) -> Way:
    """Candidates from the simplest on; the last that will do is the simplest found."""
    match value:
        case bool():
            return _chain(value, [lambda _: False])
        case int():
            return _integer(value)
        case float():
            return _float(value)
        case str():
            return _text(value)
        case {"$type": "bytes" | "bytearray" as name, "value": str(held)}:
            data = base64.b64decode(held).decode("latin-1")
            return _mapped(_text(data), lambda text: _typed(name, base64.b64encode(text.encode("latin-1")).decode()))
        case {"$type": "Decimal"}:
            return _decimal(value)
        case {"$type": str(name)}:
            steps = _STEPS.get(name, ())
            return _chain(value, [lambda _: simplest(value), *(_inner(name, step) for step in steps)])
    return _chain(value, [])


def descend(way: Way, will_do: Callable[[Any], bool]) -> None:
    """Try what a way gives, until it ends."""
    try:
        candidate = next(way)
        while True:
            candidate = way.send(will_do(candidate))
    except StopIteration:
        return


def _typed(name: str, held: Any) -> dict[str, Any]:
    return {"$type": name, "value": held}


def _decimal(value: Any) -> Way:
    """Zero, one, without a sign; else with as few digits as will do."""
    for held in ("0", "1"):
        candidate = _typed("Decimal", held)
        if candidate == value or (yield candidate):
            return
    for step in (_absolute, *map(_rounded, ("1", "0.1", "0.01"))):
        candidate = _inner("Decimal", step)(value)
        if len(candidate["value"]) < len(value["value"]) and (yield candidate):
            value = candidate


def _mapped(way: Way, change: Callable[[Any], Any]) -> Way:
    """The same way with each candidate changed."""
    try:
        candidate = next(way)
        while True:
            candidate = way.send((yield change(candidate)))
    except StopIteration:
        return


def _chain(value: Any, steps: Sequence[Callable[[Any], Any]]) -> Way:
    """Each step on what the steps before it came to."""
    for step in steps:
        candidate = step(value)
        if candidate != value and (yield candidate):
            value = candidate


def _integer(value: int) -> Way:
    """Towards zero by bisection, the positive one first. What will do need not lie in one stretch: then the least of
    some stretch is found."""
    if value < 0 and (yield -value):
        value = -value
    sign, far, near = (1 if value > 0 else -1), abs(value), -1
    for small in (0, 1, 2):
        if small >= far:
            return
        if (yield sign * small):
            return
        near = small
    while far - near > 1:
        middle = (far + near) // 2
        if (yield sign * middle):
            far = middle
        else:
            near = middle


def _float(value: float) -> Way:
    """Whole if possible, then as a whole number; else with few digits."""
    if value < 0 and (yield -value):
        value = -value
    sign = -1.0 if value < 0 else 1.0
    whole = float(int(value)) if abs(value) < _EXACT else value
    beside = () if whole == value else (whole, whole + sign)
    for candidate in (0.0, sign, *beside):
        if candidate != value and (yield candidate):
            value = candidate
            break
    if abs(value) < _EXACT and value == int(value):
        yield from _mapped(_integer(int(value)), float)
        return
    for digits in (0, 1, 2, 3):
        if round(value, digits) != value and (yield round(value, digits)):
            return


def _text(text: str) -> Way:
    """Shorter by halves, quarters, single characters; then each character as plain as can be."""
    if not text or (yield ""):
        return
    size = len(text) // 2
    while size >= 1:
        index = 0
        while index < len(text) > 1:
            shorter = text[:index] + text[index + size :]
            if shorter and (yield shorter):
                text = shorter
            else:
                index += size
        size //= 2
    plain = "".join(map(_plain, text))
    if plain == text or (yield plain):
        return
    for index, letter in enumerate(text):
        candidate = f"{text[:index]}{_plain(letter)}{text[index + 1 :]}"
        if candidate != text and (yield candidate):
            text = candidate


def _plain(letter: str) -> str:
    return "0" if letter.isdigit() else "a" if letter.isalpha() else " " if letter.isspace() else letter


# Types that JSON does not know


def _inner(name: str, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A step on what `$type` holds; where it cannot be taken, nothing changes."""

    def taken(value: Any) -> Any:
        try:
            return _typed(name, step(value["value"]))
        except (ValueError, TypeError, ArithmeticError, KeyError):
            return value

    return taken


def _moment(**parts: int) -> Callable[[str], str]:
    return lambda text: datetime.fromisoformat(text).replace(**parts).isoformat()  # type: ignore[arg-type]


def _day(**parts: int) -> Callable[[str], str]:
    return lambda text: date.fromisoformat(text).replace(**parts).isoformat()


def _in_utc(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=timezone(timedelta(0))) if moment.tzinfo else moment).isoformat()


def _part(index: int) -> Callable[[list[int]], list[int]]:
    return lambda parts: [0 if place == index else part for place, part in enumerate(parts)]


def _absolute(text: str) -> str:
    return str(abs(Decimal(text)))


def _rounded(unit: str) -> Callable[[str], str]:
    return lambda text: str(Decimal(text).quantize(Decimal(unit)))


_STEPS: Final[Mapping[str, Sequence[Callable[[Any], Any]]]] = {
    "datetime": (
        _moment(hour=0, minute=0, second=0, microsecond=0), _moment(microsecond=0), _moment(second=0),
        _moment(minute=0), _moment(hour=0), _moment(year=2000), _moment(day=1), _moment(month=1), _in_utc,
    ),
    "date": (_day(year=2000), _day(day=1), _day(month=1)),
    "timedelta": (_part(2), _part(1), _part(0)),
    "Fraction": (lambda _: "1",),
    "range": (lambda parts: [0, *parts[1:]], lambda parts: [parts[0], parts[0] + 1, parts[2]]),
}  # fmt: skip
