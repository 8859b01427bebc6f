from decimal import Decimal
from fractions import Fraction

import pytest

import figures


@pytest.mark.parametrize(
    ("number", "digits", "rounded"),
    [(0.5, 0, "1"), (-0.5, 0, "-1"), (1.49, 0, "1"), (2.675, 2, "2.68"), (7, 1, "7.0")],
)
def test_round_half_up(number, digits, rounded):
    assert figures.round_half_up(number, digits) == Decimal(rounded)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1], [5, 5]),
        (100, [1, 1, 1], [34, 33, 33]),
        (7, [1, 2, 4], [1, 2, 4]),
        (10, [3, 3, 1], [4, 4, 2]),
        (5, [0, 1], [0, 5]),
    ],
)
def test_share(total, weights, parts):
    assert figures.share(total, weights) == parts


def test_share_without_weight():
    with pytest.raises(ValueError):
        figures.share(10, [0, 0])


@pytest.mark.parametrize(
    ("number", "letters"), [(1, "I"), (4, "IV"), (9, "IX"), (44, "XLIV"), (1994, "MCMXCIV"), (3999, "MMMCMXCIX")]
)
def test_roman(number, letters):
    assert figures.roman(number) == letters


@pytest.mark.parametrize("number", [0, 4000, -3])
def test_roman_refuses(number):
    with pytest.raises(ValueError):
        figures.roman(number)


def test_grouped():
    assert figures.grouped(7) == "7"
    assert figures.grouped(1234567) == "1 234 567"
    assert figures.grouped(-123, ",") == "-123"
    assert figures.grouped(100000, ".") == "100.000"


def test_gross():
    assert figures.gross(1000) == 1190
    assert figures.gross(50, "reduced") == 54
    assert figures.gross(33, "none") == 33


def test_gross_unknown():
    with pytest.raises(ValueError):
        figures.gross(1, "luxury")


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (Fraction(7, 3), "2 1/3"),
        (Fraction(1, 2), "1/2"),
        (Fraction(-3, 2), "-1 1/2"),
        (Fraction(6, 2), "3"),
        (Fraction(0), "0"),
    ],
)
def test_mixed(fraction, text):
    assert figures.mixed(fraction) == text
    assert figures.parse_mixed(text) == fraction


def test_change_in_percent():
    assert figures.change_in_percent(50, 75) == 50
    assert figures.change_in_percent(80, 60) == -25
    assert figures.change_in_percent(-10, 10) == 200
    assert figures.change_in_percent(0, 5) is None


def test_moving_average():
    assert figures.moving_average([2, 4, 6, 8], 2) == [2, 3, 5, 7]
    assert figures.moving_average([3, 3], 5) == [3, 3]
    assert figures.moving_average([], 3) == []


def test_ratio():
    assert figures.ratio(1920, 1080) == "16:9"
    assert figures.ratio(7, 7) == "1:1"


def test_divisors():
    assert figures.divisors(12) == [1, 2, 3, 4, 6, 12]
    assert figures.divisors(36) == [1, 2, 3, 4, 6, 9, 12, 18, 36]
    assert figures.divisors(1) == [1]


def test_rate_table():
    assert figures.rate_table(100000, 12, 50000) == [(1, 1000, 51000), (2, 510, 1510), (3, 15, 0)]
    assert figures.rate_table(500, 0, 500) == [(1, 0, 0)]
    assert figures.rate_table(0, 5, 100) == []


def test_rate_table_is_continued():
    rows = [(1, 0, 5)]
    assert figures.rate_table(5, 0, 5, rows) == [(1, 0, 5), (1, 0, 0)]


def test_payment_too_small():
    with pytest.raises(ValueError):
        figures.rate_table(100000, 12, 1000)
