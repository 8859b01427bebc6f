from datetime import date

import pytest
from calendars import (
    add_months,
    add_workdays,
    age,
    count_workdays,
    every,
    group_in_runs,
    is_workday,
    month_grid,
    nth_weekday,
    quarter_bounds,
)

EASTER_MONDAY = date(2024, 4, 1)


def test_is_workday():
    assert is_workday(date(2024, 3, 1))
    assert not is_workday(date(2024, 3, 2))
    assert not is_workday(EASTER_MONDAY, {EASTER_MONDAY})


def test_add_workdays():
    assert add_workdays(date(2024, 3, 1), 1) == date(2024, 3, 4)
    assert add_workdays(date(2024, 3, 28), 2, [EASTER_MONDAY]) == date(2024, 4, 2)
    assert add_workdays(date(2024, 3, 4), -1) == date(2024, 3, 1)
    assert add_workdays(date(2024, 3, 4), 0) == date(2024, 3, 4)


def test_count_workdays():
    assert count_workdays(date(2024, 3, 1), date(2024, 3, 31)) == 21
    assert count_workdays(EASTER_MONDAY, EASTER_MONDAY, [EASTER_MONDAY]) == 0
    assert count_workdays(date(2024, 3, 4), date(2024, 3, 4)) == 1


@pytest.mark.parametrize(
    ("weekday", "nth", "expected"), [(0, 1, 4), (4, 1, 1), (3, 2, 14), (6, -1, 31), (4, 5, 29), (3, -2, 21)]
)
def test_nth_weekday_of_march_2024(weekday, nth, expected):
    assert nth_weekday(2024, 3, weekday, nth) == date(2024, 3, expected)


def test_there_is_no_fifth_monday():
    with pytest.raises(ValueError):
        nth_weekday(2024, 3, 0, 5)


def test_add_months():
    assert add_months(date(2024, 1, 15), 1) == date(2024, 2, 15)
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2023, 11, 30), 3) == date(2024, 2, 29)
    assert add_months(date(2024, 3, 31), -1) == date(2024, 2, 29)
    assert add_months(date(2024, 5, 5), 12) == date(2025, 5, 5)


def test_age():
    assert age(date(1990, 6, 15), date(2024, 6, 14)) == 33
    assert age(date(1990, 6, 15), date(2024, 6, 15)) == 34
    assert age(date(1990, 6, 15), date(2024, 12, 1)) == 34
    assert age(date(1990, 6, 15), date(2024, 2, 20)) == 33


def test_month_grid():
    assert month_grid(2024, 3)[0] == [0, 0, 0, 0, 1, 2, 3]
    assert month_grid(2024, 3)[-1] == [25, 26, 27, 28, 29, 30, 31]
    assert month_grid(2024, 9, sunday_first=True)[0] == [1, 2, 3, 4, 5, 6, 7]
    assert month_grid(2024, 2)[-1] == [26, 27, 28, 29, 0, 0, 0]


def test_quarter_bounds():
    assert quarter_bounds(date(2024, 2, 10)) == (date(2024, 1, 1), date(2024, 3, 31))
    assert quarter_bounds(date(2024, 4, 30)) == (date(2024, 4, 1), date(2024, 6, 30))
    assert quarter_bounds(date(2024, 12, 31)) == (date(2024, 10, 1), date(2024, 12, 31))
    assert quarter_bounds(date(2024, 6, 1)) == (date(2024, 4, 1), date(2024, 6, 30))


def test_every():
    assert list(every(date(2024, 2, 26), date(2024, 3, 4), 7)) == [date(2024, 2, 26), date(2024, 3, 4)]
    assert list(every(date(2024, 3, 2), date(2024, 3, 1), 7)) == []


def test_group_in_runs():
    days = [date(2024, 3, 2), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 9), date(2024, 3, 9)]
    assert group_in_runs(days) == [(date(2024, 2, 29), date(2024, 3, 2)), (date(2024, 3, 9), date(2024, 3, 9))]
    assert group_in_runs([]) == []
