from datetime import date

import pytest

from almanac import add_months, age, due, nth_weekday, parse_when, quarter, span_text, weeks_of, workdays

TODAY = date(2024, 5, 15)  # a Wednesday


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2024, 3, 10), 1, date(2024, 4, 10)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2024, 1, 15), -1, date(2023, 12, 15)),
        (date(2024, 11, 5), 1, date(2024, 12, 5)),
    ],
)
def test_add_months(day, months, result):
    assert add_months(day, months) == result


def test_age():
    assert age(date(2000, 5, 15), TODAY) == 24
    assert age(date(2000, 5, 16), TODAY) == 23
    assert age(date(2000, 4, 30), TODAY) == 24
    assert age(date(2000, 6, 1), TODAY) == 23


def test_quarter():
    assert quarter(TODAY) == (date(2024, 4, 1), date(2024, 6, 30))
    assert quarter(date(2024, 12, 31)) == (date(2024, 10, 1), date(2024, 12, 31))
    assert quarter(date(2024, 3, 1)) == (date(2024, 1, 1), date(2024, 3, 31))


def test_workdays():
    assert workdays(date(2024, 5, 13), date(2024, 5, 19)) == 5
    assert workdays(date(2024, 5, 13), date(2024, 5, 13)) == 1
    assert workdays(date(2024, 5, 18), date(2024, 5, 19)) == 0
    assert workdays(TODAY, date(2024, 5, 1)) == 0


def test_workdays_without_holidays():
    assert workdays(date(2024, 5, 6), date(2024, 5, 10), {date(2024, 5, 9)}) == 4


def test_due():
    assert due(date(2024, 5, 1), 14) == TODAY
    assert due(date(2024, 5, 3), 15) == date(2024, 5, 20)


def test_due_after_holidays():
    assert due(date(2024, 5, 4), 14, [date(2024, 5, 20), date(2024, 5, 21)]) == date(2024, 5, 22)


def test_nth_weekday():
    assert nth_weekday(2024, 5, "tue", 2) == date(2024, 5, 14)
    assert nth_weekday(2024, 5, "wed", 1) == date(2024, 5, 1)
    assert nth_weekday(2024, 5, "fri", -1) == date(2024, 5, 31)


@pytest.mark.parametrize("nth", [0, 5, -5])
def test_no_such_weekday(nth):
    with pytest.raises(ValueError):
        nth_weekday(2024, 5, "mon", nth)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("today", TODAY),
        (" Tomorrow", date(2024, 5, 16)),
        ("fri", date(2024, 5, 17)),
        ("mon", date(2024, 5, 20)),
        ("wed", date(2024, 5, 22)),
        ("+3d", date(2024, 5, 18)),
        ("-2w", date(2024, 5, 1)),
        ("2023-12-24", date(2023, 12, 24)),
    ],
)
def test_parse_when(text, result):
    assert parse_when(text, TODAY) == result


def test_parse_nonsense():
    with pytest.raises(ValueError):
        parse_when("soon", TODAY)


def test_span_text():
    assert span_text(date(2024, 5, 3), date(2024, 5, 3)) == "3 May 2024"
    assert span_text(date(2024, 5, 3), date(2024, 5, 5)) == "3-5 May 2024"
    assert span_text(date(2024, 4, 30), date(2024, 5, 2)) == "30 Apr - 2 May 2024"
    assert span_text(date(2023, 12, 30), date(2024, 1, 2)) == "30 Dec 2023 - 2 Jan 2024"


def test_weeks_of():
    weeks = weeks_of(2024, 5)
    assert [len(week) for week in weeks] == [5, 7, 7, 7, 5]
    assert weeks[0][0] == date(2024, 5, 1)
    assert weeks[-1][-1] == date(2024, 5, 31)


def test_month_that_begins_on_monday():
    assert [len(week) for week in weeks_of(2024, 4)] == [7, 7, 7, 7, 2]
