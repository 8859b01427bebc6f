"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import measures
from measures import Quantity
from measures.quantity import total
from measures.showing import clock

ANSWERS: list[str] = []
TIMEOUTS_BEFORE_GIVING_UP = 5


class Late(BaseException):
    """The call took longer than a second."""


def ring(signum: int, frame: object) -> None:
    raise Late


def ask(call: Callable[..., object], *arguments: object) -> None:
    """Notes what the call returns, or the type of its exception."""
    if ANSWERS.count("! timeout") >= TIMEOUTS_BEFORE_GIVING_UP:
        ANSWERS.append("! timeout")
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        answer = repr(call(*arguments))
    except Late:
        answer = "! timeout"
    except Exception as error:
        answer = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    ANSWERS.append(answer)


signal.signal(signal.SIGALRM, ring)
dice = random.Random(16)


UNITS = ["mm", "cm", "m", "km", "in", "ft", "mi", "mg", "g", "kg", "t", "oz", "lb", "s", "min", "h", "d"]
LONG = ["metre", "meters", "inch", "foot", "feet", "miles", "hours", "day", "days", "parsec", "ms", "kgs", ""]


def number() -> float:
    return dice.choice([0.0, 1.0, -1.0, 0.5, 12.0, dice.randrange(1, 10**6) / 100, float(dice.randrange(1, 10**5))])


def rounded(value: object) -> object:
    """The value in a form in which the last bits of numbers do not count."""
    if isinstance(value, float):
        return f"{value:.9g}"
    return (f"{value.value:.9g}", value.unit) if isinstance(value, Quantity) else value


def pair() -> tuple[Quantity, Quantity]:
    start = dice.choice([0, 7, 13])
    units = UNITS[start : start + 4]
    return Quantity(number(), dice.choice(units)), Quantity(number() + 0.25, dice.choice(units))


for _ in range(60):
    first, second = dice.choice(UNITS), dice.choice(UNITS + LONG)
    ask(lambda *known: rounded(measures.convert(*known)), number(), first, second)
    ask(lambda *known: rounded(measures.convert(*known)), number(), dice.choice(LONG), dice.choice(UNITS))
    scale, target = dice.choice("CFKX"), dice.choice("CFKC")
    ask(lambda *known: rounded(measures.convert_temperature(*known)), dice.randrange(-500, 500), scale, target)
    one, other = pair()
    ask(lambda one, other: rounded(one + other), one, other)
    ask(lambda one, other: rounded(one - other), one, other)
    ask(lambda one, other: rounded(one / other), one, other)
    ask(lambda one, other: (one < other, other < one, one == other), one, other)
    ask(lambda one, other: one < other, one, Quantity(1, dice.choice(UNITS)))
    ask(lambda one, unit: one == one.to(unit), one, other.unit)
    ask(lambda *known: rounded(total(list(known))), one, other, one)
    ask(measures.pretty, one)
    ask(measures.pretty, other, dice.randrange(1, 6))
    ask(measures.table, one)
    ask(clock, Quantity(dice.randrange(0, 200000), "s"))
    ask(clock, Quantity(dice.randrange(0, 200), "min"))
    text = dice.choice(["{} {}", "{}{}", " {}  {} ", "{} {} {} {}", "{} {} {}"])
    ask(lambda text: rounded(measures.parse(text)), text.format(number(), first, dice.randrange(0, 20), second))
for unit in [*UNITS, *LONG]:
    ask(lambda unit: Quantity(1, unit).unit, unit)
    ask(lambda unit: rounded(measures.parse(f"1 {unit}")), unit)
    ask(lambda unit: measures.pretty(Quantity(1, unit)), unit)
for text in [
    "",
    " ",
    "5",
    "km",
    "5 ft 3 in",
    "1 h 1 kg",
    "1,5 m",
    "-2 d",
    "- 2 d",
    "1.5.5 m",
    "2 d 3 h 4 min 5 s",
    "3 KM",
]:
    ask(lambda text: rounded(measures.parse(text)), text)
ask(total, [])
ask(lambda: rounded(total([Quantity(5, "kg")])))

print(json.dumps(ANSWERS))
