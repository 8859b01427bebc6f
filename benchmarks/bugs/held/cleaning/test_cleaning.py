import pytest

import cleaning


@pytest.mark.parametrize(
    ("value", "text"), [("  a  b ", "a b"), (" N/A ", None), ("", None), (None, None), (12, "12"), ("-", None)]
)
def test_tidy(value, text):
    assert cleaning.tidy(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12), ("1,234.50", 1234.5), (" 12 %", 0.12), ("(30)", -30), ("-5", -5), ("ten", None), (None, None), (7, 7)],
)
def test_to_number(value, number):
    assert cleaning.to_number(value) == number


@pytest.mark.parametrize(
    ("value", "flag"), [("Yes", True), (" n ", False), (1, True), (False, False), ("maybe", None), (None, None)]
)
def test_to_flag(value, flag):
    assert cleaning.to_flag(value) is flag


def test_column_name():
    assert cleaning.column_name("Net Price (EUR)") == "net_price_eur"
    assert cleaning.column_name("2023 total") == "_2023_total"
    assert cleaning.column_name("???") == "column"


def test_column_name_taken():
    assert cleaning.column_name("Name", ["name"]) == "name_2"
    assert cleaning.column_name("Name", ["name", "name_2", "name_3"]) == "name_4"


def test_without_duplicates():
    records = [{"mail": "A@x.org", "city": None}, {"mail": "b@x.org"}, {"mail": "a@x.org", "city": "Bonn", "age": 4}]
    assert cleaning.without_duplicates(records, ["mail"]) == [
        {"mail": "A@x.org", "city": "Bonn", "age": 4},
        {"mail": "b@x.org"},
    ]


def test_without_duplicates_leaves_the_records_alone():
    records = [{"mail": "a"}, {"mail": "a", "city": "Bonn"}]
    cleaning.without_duplicates(records, ["mail"])
    assert records[0] == {"mail": "a"}


def test_without_duplicates_by_two_keys():
    records = [{"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 2}]
    assert cleaning.without_duplicates(records, ["a", "b"]) == [{"a": 1, "b": 2}, {"a": 1, "b": 3}]


def test_fill_down():
    records = [{"day": "mon", "n": 1}, {"day": None, "n": None}, {"n": 3}, {"day": "tue", "n": 4}]
    assert cleaning.fill_down(records, ["day"]) == [
        {"day": "mon", "n": 1},
        {"day": "mon", "n": None},
        {"day": "mon", "n": 3},
        {"day": "tue", "n": 4},
    ]


def test_fill_down_at_the_top():
    assert cleaning.fill_down([{"day": None}], ["day"]) == [{"day": None}]


def test_outliers():
    assert cleaning.outliers([10, 11, 12, 11, 10, 99]) == [99]
    assert cleaning.outliers([10, 11, 12, 11, 10, -50, 11]) == [-50]
    assert cleaning.outliers([1, 2, 3, 4]) == []


def test_outliers_of_few_values():
    assert cleaning.outliers([1, 500]) == []
    assert cleaning.outliers([5]) == []


def test_rescale():
    assert cleaning.rescale([5, 10, 15]) == [0, 0.5, 1]
    assert cleaning.rescale([0, 1], 10, 20) == [10, 20]
    assert cleaning.rescale([3, 3], 1, 2) == [1, 1]
    assert cleaning.rescale([]) == []


def test_group_totals():
    records = [{"who": "a", "n": "5"}, {"who": "b", "n": 20}, {"who": "a", "n": "1,000"}, {"who": "b", "n": "?"}]
    assert cleaning.group_totals(records, "who", "n") == [("a", 1005), ("b", 20)]


def test_group_totals_without_group():
    assert cleaning.group_totals([{"n": 1}, {"n": 2}], "who", "n") == [(None, 3)]


RULES = {"age": {"required": True, "low": 0, "high": 120}, "plan": {"among": ["free", "paid"]}}


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"age": 30, "plan": "free"}, []),
        ({"age": 0}, []),
        ({"plan": "free"}, ["age is missing"]),
        ({"age": -1}, ["age is below 0"]),
        ({"age": 121, "plan": "gold"}, ["age is above 120", "plan is not one of free, paid"]),
    ],
)
def test_problems(record, found):
    assert cleaning.problems(record, RULES) == found
