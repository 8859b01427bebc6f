"""Dates for invoices, meetings and reports."""

import calendar
import re
from datetime import date, timedelta

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
QUARTER_STARTS = {1: 1, 2: 4, 3: 7, 4: 10}
UNITS = {"w": 7, "d": 1}


def add_months(day: date, months: int) -> date:
    """The same day some months later (or earlier); the last of the month if it has no such day.

    >>> add_months(date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def age(born: date, on: date) -> int:
    """Whole years; who was born on 29 February has the birthday on 1 March in other years."""
    years = on.year - born.year
    if (on.month, on.day) < (born.month, born.day):
        years -= 1
    return years


def quarter(day: date) -> tuple[date, date]:
    """First and last day of the quarter."""
    number = (day.month - 1) // 3 + 1
    first = date(day.year, QUARTER_STARTS[number], 1)
    return first, add_months(first, 3) - timedelta(days=1)


def workdays(first: date, last: date, holidays=()) -> int:
    """Mondays to Fridays from `first` to `last`, both included, that are no holidays."""
    count = 0
    day = first
    while day <= last:
        if day.weekday() < 5 and day not in holidays:
            count += 1
        day += timedelta(days=1)
    return count


def due(invoiced: date, days: int, holidays=()) -> date:
    """The day `days` after the invoice, or the next working day if it is none."""
    day = invoiced + timedelta(days=days)
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day


def nth_weekday(year: int, month: int, weekday: str, nth: int) -> date:
    """For example the second Tuesday; -1 is the last one. ValueError if the month has no such day."""
    wanted = WEEKDAYS.index(weekday)
    length = calendar.monthrange(year, month)[1]
    days = [day for day in range(1, length + 1) if date(year, month, day).weekday() == wanted]
    if nth == 0 or abs(nth) > len(days):
        raise ValueError(f"no {weekday} number {nth}")
    return date(year, month, days[nth - 1 if nth > 0 else nth])


def parse_when(text: str, today: date) -> date:
    """A date as people write: "today", "tomorrow", "+3d", "-2w", "fri" (the next one, never today) or "2024-05-01"."""
    text = text.strip().lower()
    if text == "today":
        return today
    if text == "tomorrow":
        return today + timedelta(days=1)
    if text in WEEKDAYS:
        ahead = (WEEKDAYS.index(text) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    relative = re.fullmatch(r"([+-])(\d+)([dw])", text)
    if relative:
        sign, number, unit = relative.groups()
        days = int(number) * UNITS[unit]
        return today + timedelta(days=days if sign == "+" else -days)
    return date.fromisoformat(text)


def span_text(first: date, last: date) -> str:
    """ "3 May 2024", "3-5 May 2024", "30 Apr - 2 May 2024" or "30 Dec 2023 - 2 Jan 2024"."""
    if first == last:
        return f"{first.day} {first:%b %Y}"
    if first.year != last.year:
        return f"{first.day} {first:%b %Y} - {last.day} {last:%b %Y}"
    if first.month != last.month:
        return f"{first.day} {first:%b} - {last.day} {last:%b %Y}"
    return f"{first.day}-{last.day} {last:%b %Y}"


def weeks_of(year: int, month: int) -> list[list[date]]:
    """The days of the month by week, weeks begin on Monday."""
    weeks: list[list[date]] = []
    for number in range(1, calendar.monthrange(year, month)[1] + 1):
        day = date(year, month, number)
        if not weeks or day.weekday() == 0:
            weeks.append([])
        weeks[-1].append(day)
    return weeks
