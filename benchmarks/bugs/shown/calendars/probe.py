"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable
from datetime import date, timedelta

import calendars

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
dice = random.Random(12)


def random_day() -> date:
    """A day in the years around a leap year, month ends more often than others."""
    day = date(2022, 12, 1) + timedelta(days=dice.randrange(0, 900))
    return dice.choice([day, day, day.replace(day=1), day.replace(day=1) - timedelta(days=1)])


for _ in range(50):
    day = random_day()
    near = [day + timedelta(days=dice.randrange(-9, 10)) for _ in range(dice.randrange(0, 6))]
    ask(calendars.is_workday, day)
    ask(calendars.is_workday, day, [*near, day])
    ask(calendars.is_workday, day, near)
    ask(calendars.add_workdays, day, dice.randrange(-12, 13), near)
    ask(calendars.count_workdays, day, day + timedelta(days=dice.randrange(0, 30)), near)
    ask(calendars.add_months, day, dice.randrange(-30, 31))
    ask(calendars.quarter_bounds, day)
    last, step = day + timedelta(days=dice.randrange(-3, 40)), dice.randrange(1, 9)
    ask(lambda first, last, step: list(calendars.every(first, last, step)), day, last, step)
    ask(calendars.group_in_runs, near + near[:2])
    ask(calendars.group_in_runs, [random_day() for _ in range(4)] + near)

for year in (2023, 2024):
    for month in range(1, 13):
        ask(calendars.month_grid, year, month)
        ask(calendars.month_grid, year, month, True)
        for nth in (-5, -2, -1, 0, 1, 3, 5, 6):
            ask(calendars.nth_weekday, year, month, (month * 3 + nth) % 7, nth)

births = [date(1988, 2, 29), date(2000, 1, 1), date(1999, 12, 31)]
births += [*(random_day() - timedelta(days=9000) for _ in range(20))]
for born in births:
    near_birthday = [(born.month, min(born.day, 28)), (born.month, 1)]
    for month, day_of_month in [(1, 1), (2, 28), (3, 1), (12, 31), *near_birthday, (6, 30)]:
        ask(calendars.age, born, date(2023, month, day_of_month))
    ask(calendars.age, born, born)

print(json.dumps(ANSWERS))
