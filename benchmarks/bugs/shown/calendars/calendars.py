"""Working days, months and ages."""

import calendar
from collections.abc import Collection, Iterator
from datetime import date, timedelta


def is_workday(day: date, holidays: Collection[date] = ()) -> bool:
    """Whether the day is a Monday to Friday that is no holiday."""
    return day.weekday() < 5 and day not in holidays


def add_workdays(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """The day that lies `count` working days later (earlier when negative); `day` itself is not counted.

    >>> add_workdays(date(2024, 3, 1), 1)
    datetime.date(2024, 3, 4)
    """
    step = timedelta(days=1 if count >= 0 else -1)
    left = abs(count)
    while left > 0:
        day += step
        if is_workday(day, holidays):
            left -= 1
    return day


def count_workdays(first: date, last: date, holidays: Collection[date] = ()) -> int:
    """Working days from first to last, both included."""
    days = (last - first).days + 1
    return sum(is_workday(first + timedelta(days=offset), holidays) for offset in range(days))


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth weekday of a month (0 is Monday), counted from the end when nth is negative.

    Raises ValueError when the month has no such day.
    """
    length = calendar.monthrange(year, month)[1]
    first = 1 + (weekday - date(year, month, 1).weekday()) % 7
    days = list(range(first, length + 1, 7))
    if nth == 0 or abs(nth) > len(days):
        raise ValueError(f"no weekday number {nth} in {year}-{month:02d}")
    return date(year, month, days[nth - 1] if nth > 0 else days[nth])


def add_months(day: date, count: int) -> date:
    """The same day `count` months later; the last day of the month where that day does not exist."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, length))


def age(born: date, on: date) -> int:
    """Full years of life on a day; the birthday counts. Somebody born on 29 February has it on 1 March."""
    years = on.year - born.year
    if (on.month, on.day) < (born.month, born.day):
        years -= 1
    return years


def month_grid(year: int, month: int, sunday_first: bool = False) -> list[list[int]]:
    """The weeks of a month as rows of seven; 0 where a day belongs to another month."""
    offset = date(year, month, 1).weekday()
    if sunday_first:
        offset = (offset + 1) % 7
    length = calendar.monthrange(year, month)[1]
    cells = [0] * offset + list(range(1, length + 1))
    while len(cells) % 7 != 0:
        cells.append(0)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def quarter_bounds(day: date) -> tuple[date, date]:
    """First and last day of the quarter that contains the day."""
    first_month = (day.month - 1) // 3 * 3 + 1
    first = date(day.year, first_month, 1)
    return first, add_months(first, 3) - timedelta(days=1)


def every(first: date, last: date, days: int) -> Iterator[date]:
    """Every `days`-th day from first up to and including last."""
    day = first
    while day <= last:
        yield day
        day += timedelta(days=days)


def group_in_runs(days: Collection[date]) -> list[tuple[date, date]]:
    """Consecutive days as (first, last) runs, in order; doubles count once."""
    runs: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
