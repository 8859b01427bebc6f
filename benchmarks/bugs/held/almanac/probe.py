"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal
from datetime import date, timedelta

import almanac


class TooLong(BaseException):
    """A call went on for longer than a second."""


def ring(signum, frame):
    raise TooLong


signal.signal(signal.SIGALRM, ring)
seen, slow = [], {}


def shown(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    return repr(value)


def look(name, call, *args):
    """Notes what one call gives; a function that was too slow three times is not called again."""
    if slow.get(name, 0) >= 3:
        seen.append(f"{name} ! timeout")
        return
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        outcome = shown(call(*args))
    except TooLong:
        slow[name] = slow.get(name, 0) + 1
        outcome = "! timeout"
    except (Exception, SystemExit) as error:
        outcome = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.append(f"{name} {outcome}")


rng = random.Random(1999)


def day():
    chosen = date(2018, 12, 1) + timedelta(days=rng.randrange(2500))
    return rng.choice([chosen, chosen.replace(day=1), date(chosen.year, 12, 31), date(chosen.year, 1, 31)])


HOLIDAYS = {date(2020, 1, 1) + timedelta(days=rng.randrange(1500)) for _ in range(150)}
for _ in range(60):
    first, second = sorted([day(), day()])
    near = first + timedelta(days=rng.randrange(0, 40))
    look("add_months", almanac.add_months, first, rng.randrange(-30, 31))
    look("age", almanac.age, first, second)
    look("age", almanac.age, first, first.replace(year=2030, day=min(28, first.day), month=first.month))
    look("quarter", almanac.quarter, first)
    look("workdays", almanac.workdays, first, near)
    look("workdays", almanac.workdays, first, near, HOLIDAYS)
    look("due", almanac.due, first, rng.randrange(0, 60))
    look("due", almanac.due, first, rng.randrange(0, 60), HOLIDAYS)
    weekday = rng.choice(almanac.WEEKDAYS)
    look("nth_weekday", almanac.nth_weekday, first.year, first.month, weekday, rng.randrange(-5, 6))
    look("parse_when", almanac.parse_when, weekday, first)
    look("parse_when", almanac.parse_when, f"{rng.choice('+-')}{rng.randrange(0, 40)}{rng.choice('dw')}", first)
    look("span_text", almanac.span_text, first, second)
    look("span_text", almanac.span_text, first, near)
    look("weeks_of", almanac.weeks_of, first.year, first.month)
for text in [
    "today",
    " TODAY ",
    "tomorrow",
    "Sun",
    "2024-02-30",
    "2024-02-29",
    "3d",
    "+d",
    "+3m",
    "",
    "monday",
    "yesterday",
]:
    look("parse_when", almanac.parse_when, text, date(2024, 2, 28))
for month in range(1, 13):
    look("quarter", almanac.quarter, date(2023, month, 17))
    look("add_months", almanac.add_months, date(2023, month, 28), rng.randrange(1, 5))
look("age", almanac.age, date(2004, 2, 29), date(2023, 2, 28))
look("age", almanac.age, date(2004, 2, 29), date(2023, 3, 1))
look("span_text", almanac.span_text, date(2023, 5, 1), date(2024, 5, 1))
print(json.dumps(seen))
