"""Small changes of one value that keep its type: what a bug at a border, a sign or a character would show.

Values are JSON as docs/recorder.md spells it. A change may give the value itself, or None where nothing can be changed.
"""

import base64
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, localcontext
from random import Random
from typing import Any, Final, TypeVar

LONGEST_TEXT: Final = 8000
_LARGEST: Final = 10**1000
"""Python does not write numbers of more than 4,300 digits."""
_DIGITS: Final = "0123456789"
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_INSERTED: Final = (
    " ",
    "\t",
    "\n",
    "\u00a0",
    "é",
    "ß",
    "İ",
    "日",
    "e\u0301",
    "😀",
    "'",
    '"',
    "0",
    "-",
    ",",
    ".",
    "/",
    "%",
    "<",
    "\\",
)
_DAYS: Final = (timedelta(days=1), timedelta(days=-1), timedelta(days=365), timedelta(days=-30))
_MOMENTS: Final = (*_DAYS, timedelta(seconds=1), timedelta(seconds=-1), timedelta(microseconds=1), timedelta(hours=12))
_M = TypeVar("_M", date, datetime)


def of_number(value: float, random: Random) -> int | float:
    """One more, one less, the other sign, zero, double, half; of floats, a little more too."""
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            return value
        steps = (value + 1, value - 1, -value, 0, 1, -1, 2 * value, value // 2, 10 * value)
        return random.choice(steps)
    small = (
        value + 1,
        value - 1,
        -value,
        0.0,
        1.0,
        2 * value,
        value / 2,
        value + 0.005,
        value - 0.01,
        float(round(value)),
    )
    found = random.choice(small)
    return found if math.isfinite(found) else value


def mask(text: str) -> str:
    """The text with `0`, `a`, `A` for digits and letters of these kinds, and all else as it is."""
    return "".join(_class(letter) for letter in text)


def _class(letter: str) -> str:
    if letter in _DIGITS:
        return "0"
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    return letter


def alike_text(text: str, random: Random) -> str:
    """Another text of the same mask: one letter or digit is another one."""
    places = [index for index, letter in enumerate(text) if letter.isalnum() and letter.isascii()]
    if not places:
        return text
    index = random.choice(places)
    letter = text[index]
    pool = _DIGITS if letter in _DIGITS else _LOWER.upper() if letter.isupper() else _LOWER
    return f"{text[:index]}{random.choice(pool)}{text[index + 1 :]}"


def of_text(text: str, random: Random) -> str:
    """Empty, blank, padded, another case, shorter, longer, a strange character inside, a like one."""
    where = random.randint(0, len(text))
    ways: tuple[Callable[[], str], ...] = (
        lambda: "",
        lambda: " ",
        lambda: f" {text}" if random.random() < 0.5 else f"{text} ",
        text.upper,
        text.lower,
        text.title,
        text.strip,
        lambda: text[: len(text) // 2],
        lambda: text[:-1],
        lambda: text[1:],
        lambda: text * 2,
        lambda: text[::-1],
        lambda: f"{text[:where]}{random.choice(_INSERTED)}{text[where:]}",
        lambda: f"{text[:where]}{random.choice(_INSERTED)}{text[where:]}",
        lambda: alike_text(text, random),
        lambda: alike_text(text, random),
    )
    return random.choice(ways)()[:LONGEST_TEXT]


def of_list(items: Sequence[Any], random: Random, others: Sequence[Any], longest: int) -> list[Any]:
    """Empty, one less, one twice, two swapped, turned round, one more of `others`, up to `longest` items."""
    held = list(items)
    if not held:
        return [random.choice(others)] if others and longest else held
    one, other = random.randrange(len(held)), random.randrange(len(held))
    match random.randrange(7):
        case 0:
            return [] if random.random() < 0.5 else held[:1]
        case 1:
            del held[one]
        case 2:
            held.insert(other, held[one])
        case 3:
            held[one], held[other] = held[other], held[one]
        case 4:
            held.reverse()
        case 5:
            held.insert(one, random.choice(others) if others else held[other])
        case _:
            held += [random.choice(others) if others else held[one] for _ in range(random.randint(1, len(held) + 1))]
    return held[:longest]


# What is no JSON


def of_typed(value: Mapping[str, Any], random: Random) -> Any:
    """Another value of the same `$type`, None for types that are only mixed and never changed."""
    change = _CHANGES.get(str(value.get("$type")))
    try:
        held = change(value.get("value"), random) if change else None
    except (ValueError, TypeError, ArithmeticError):
        return None
    return None if held is None else {"$type": value["$type"], "value": held}


def _decimal(text: str, random: Random) -> str:
    value = Decimal(text)
    with localcontext() as context:
        context.prec = 50
        steps = (
            value + 1,
            value - 1,
            -value,
            Decimal(0),
            value * 2,
            value / 2,
            value + Decimal("0.01"),
            value + Decimal("0.005"),
        )
        return str(random.choice(steps))


def _bytes(text: str, random: Random) -> str:
    data = base64.b64decode(text)
    return base64.b64encode(
        random.choice((b"", data[:-1], data[1:], data + b"\x00", b"\xff" + data, data[::-1]))
    ).decode()


def _datetime(text: str, random: Random) -> str:
    value = datetime.fromisoformat(text)
    if random.random() < 0.3:
        return value.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
    return _other_day(value, random).isoformat()


def _date(text: str, random: Random) -> str:
    return _other_day(date.fromisoformat(text), random).isoformat()


def _other_day(value: _M, random: Random) -> _M:
    """Beside it, or one on which calendars go wrong."""
    match random.randrange(4):
        case 0:
            return value.replace(year=2024, month=2, day=29)
        case 1:
            return value.replace(month=12, day=31)
        case 2:
            return value.replace(month=1, day=random.choice((1, 31)))
    return value + random.choice(_MOMENTS if isinstance(value, datetime) else _DAYS)


def _time(text: str, random: Random) -> str:
    value = time.fromisoformat(text)
    ways = (value.replace(0, 0, 0, 0), value.replace(23, 59, 59, 999999), value.replace(hour=(value.hour + 1) % 24))
    return random.choice(ways).isoformat()


def _timedelta(parts: list[int], random: Random) -> list[int]:
    value = timedelta(*parts)
    value = random.choice((-value, timedelta(0), value + timedelta(days=1), value - timedelta(seconds=1), 2 * value))
    return [value.days, value.seconds, value.microseconds]


def _range(parts: list[int], random: Random) -> list[int]:
    start, stop, step = parts
    return random.choice(
        ([start, start, step], [start, stop + 1, step], [start, stop - 1, step], [start + 1, stop, step])
    )


_CHANGES: Final[Mapping[str, Callable[[Any, Random], Any]]] = {
    "Decimal": _decimal,
    "bytes": _bytes,
    "bytearray": _bytes,
    "datetime": _datetime,
    "date": _date,
    "time": _time,
    "timedelta": _timedelta,
    "range": _range,
    "UUID": lambda _, random: str(uuid.UUID(int=random.getrandbits(128), version=4)),
}
