import pytest
from report_tables import (
    align,
    bars,
    change,
    column_widths,
    group_digits,
    histogram,
    outliers,
    pages,
    percent,
    table,
    top,
    totals,
)

SALES = [
    {"town": "Ulm", "goods": "tea", "sum": 10},
    {"town": "Bonn", "goods": "tea", "sum": 30},
    {"town": "Ulm", "goods": "cups", "sum": 25},
    {"town": "Aachen", "goods": "cups", "sum": 30},
]


def test_column_widths():
    assert column_widths([["a", "bbb"], ["cc", 1, "d"]]) == [2, 3, 1]
    assert column_widths([]) == []


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("ab", "ab   "), (12, "   12"), (1.5, "  1.5"), (True, "True "), (None, "     ")],
)
def test_align(cell, expected):
    assert align(cell, 5) == expected


def test_table():
    assert table([["tea", 5], ["cups", 120]]).splitlines() == ["tea     5", "cups  120"]


def test_table_with_header():
    assert table([["tea", 5], ["cups", None]], ["what", "pieces"]).splitlines() == [
        "what  pieces",
        "----  ------",
        "tea        5",
        "cups",
    ]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567"), (-12345, "-12,345")],
)
def test_group_digits(number, expected):
    assert group_digits(number) == expected


def test_group_digits_with_another_sign():
    assert group_digits(1000000, ".") == "1.000.000"


def test_percent():
    assert percent(1, 3) == "33.3%"
    assert percent(2, 3, 0) == "67%"
    assert percent(0, 0) == "n/a"


def test_bars():
    assert bars({"tea": 10, "cups": 7, "x": 0}, 4).splitlines() == ["tea  |#### 10", "cups |### 7", "x    | 0"]


def test_no_bars():
    assert bars({}) == ""
    assert bars({"a": 0}) == "a | 0"


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], [0, 0, 0]), ([0, 5, 9], [3, 0, 0]), ([10, 19, 20], [0, 2, 1]), ([-3, 35, 99], [1, 0, 2])],
)
def test_histogram(numbers, expected):
    assert histogram(numbers, 0, 10, 3) == expected


def test_totals():
    assert totals(SALES, "town", "sum") == [("Ulm", 35), ("Aachen", 30), ("Bonn", 30)]
    assert totals(SALES, "goods", "sum") == [("cups", 55), ("tea", 40)]


def test_top():
    pairs = totals(SALES, "town", "sum")
    assert top(pairs, 1) == [("Ulm", 35), ("others", 60)]
    assert top(pairs, 3) == pairs


def test_pages():
    assert pages(["a", "b", "c"], 2) == [["a", "b", "page 1 of 2"], ["c", "page 2 of 2"]]


def test_full_pages():
    assert pages(["a", "b"], 2) == [["a", "b", "page 1 of 1"]]


def test_an_empty_report_has_a_page():
    assert pages([], 5, "{number}/{count}") == [["1/1"]]


def test_outliers():
    assert outliers([10, 11, 9, 10, 30, 10, 9, 10, 10, 11, -10]) == [30, -10]
    assert outliers([10, 11, 9, 10, 10, 30]) == [30]
    assert outliers([5]) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(10, 15, "+5 (+50.0%)"), (8, 6, "-2 (-25.0%)"), (3, 3, "no change"), (0, 4, "new"), (0, 0, "no change")],
)
def test_change(before, after, expected):
    assert change(before, after) == expected
