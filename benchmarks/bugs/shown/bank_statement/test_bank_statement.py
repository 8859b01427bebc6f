from datetime import date

import pytest
from bank_statement import (
    Entry,
    find_transfers,
    format_amount,
    interest,
    largest_expense,
    lowest_balance,
    monthly_totals,
    parse_amount,
    parse_entry,
    running_balances,
    split_evenly,
)


@pytest.fixture
def march():
    return [
        Entry(date(2024, 3, 1), "Rent", -85000),
        Entry(date(2024, 3, 4), "Salary", 210000),
        Entry(date(2024, 3, 9), "Shoes", -6999),
        Entry(date(2024, 4, 1), "Rent", -85000),
    ]


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12", 1200), ("1,234.50", 123450), ("-7.5", -750), (" (3.20) ", -320), (".99", 99), ("0.05", 5)],
)
def test_parse_amount(text, cents):
    assert parse_amount(text) == cents


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (123456, "1,234.56"), (-250, "-2.50"), (5, "0.05"), (-1, "-0.01")]
)
def test_format_amount(cents, text):
    assert format_amount(cents) == text


def test_parse_entry():
    assert parse_entry("2024-03-01; Rent, March; -850.00") == Entry(date(2024, 3, 1), "Rent, March", -85000)
    assert parse_entry("2024-03-02;Tea; two cups;4") == Entry(date(2024, 3, 2), "Tea; two cups", 400)


def test_running_balances(march):
    assert running_balances(10000, march) == [-75000, 135000, 128001, 43001]
    assert running_balances(10000, []) == []


def test_lowest_balance(march):
    assert lowest_balance(10000, march) == -75000
    assert lowest_balance(10000, march[1:2]) == 10000


def test_split_evenly():
    assert split_evenly(900, 3) == [300, 300, 300]
    assert split_evenly(1000, 3) == [334, 333, 333]
    assert split_evenly(2, 4) == [1, 1, 0, 0]
    with pytest.raises(ValueError):
        split_evenly(100, 0)


def test_monthly_totals(march):
    assert monthly_totals(march) == {"2024-03": 118001, "2024-04": -85000}


def test_largest_expense(march):
    assert largest_expense(march[1:]) == march[3]
    assert largest_expense(march).day == date(2024, 3, 1)


def test_no_expense(march):
    assert largest_expense(march[1:2]) is None
    assert largest_expense([]) is None


def test_interest():
    assert interest(100000, "3.65", 10) == 100
    assert interest(100000, "0", 10) == 0
    assert interest(123456, "1.5", 365) == 1852


def test_find_transfers():
    sent = [Entry(date(2024, 3, 1), "to savings", -5000), Entry(date(2024, 3, 2), "to savings", -5000)]
    received = [Entry(date(2024, 3, 2), "from giro", 5000), Entry(date(2024, 3, 9), "from giro", 5000)]
    assert find_transfers(sent, received) == [(sent[0], received[0])]
    assert find_transfers(sent, received, days=7) == [(sent[0], received[0]), (sent[1], received[1])]
    assert find_transfers(sent, []) == []
    assert find_transfers([Entry(date(2024, 3, 12), "to savings", -5000)], received) == []
