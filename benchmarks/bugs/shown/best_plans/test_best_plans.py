import pytest
from best_plans import (
    Booking,
    best_cuts,
    best_income,
    cheapest_path,
    fairest_split,
    raggedness,
    tallest_tower,
    ticket_cost,
)


def test_cheapest_path():
    assert cheapest_path([[1, 3, 1], [1, 5, 1], [4, 2, 1]]) == 7
    assert cheapest_path([[5]]) == 5
    assert cheapest_path([[1, 2, 3]]) == 6
    assert cheapest_path([[1], [2], [3]]) == 6


PRICES = {1: 1, 2: 5, 3: 8, 4: 9}


@pytest.mark.parametrize(
    ("length", "expected"),
    [(0, (0, [])), (1, (1, [1])), (4, (10, [2, 2])), (7, (18, [3, 2, 2])), (8, (21, [3, 3, 2]))],
)
def test_best_cuts(length, expected):
    assert best_cuts(length, PRICES) == expected


def test_left_over_bar():
    assert best_cuts(5, {4: 9}) == (9, [4])


def test_best_income():
    assert best_income([Booking(1, 4, 50), Booking(3, 6, 70), Booking(4, 7, 30)]) == 80
    assert best_income([Booking(1, 10, 100), Booking(2, 3, 40), Booking(3, 5, 40)]) == 100
    assert best_income([Booking(5, 6, 10), Booking(1, 2, 10), Booking(3, 4, 10)]) == 30


def test_no_bookings():
    assert best_income([]) == 0


def test_single_tickets():
    assert ticket_cost([1, 20]) == 8
    assert ticket_cost([]) == 0


def test_week_passes():
    assert ticket_cost([1, 2, 3, 4, 5, 6]) == 18
    assert ticket_cost([3, 4, 5, 8, 9, 10]) == 22


def test_month_pass():
    assert ticket_cost(list(range(1, 31))) == 60
    assert ticket_cost([*range(1, 31), 40]) == 64


def test_fairest_split():
    assert fairest_split([3, 1, 4, 2, 2]) == 0
    assert fairest_split([10, 2, 3]) == 5
    assert fairest_split([7]) == 7
    assert fairest_split([]) == 0


def test_raggedness():
    assert raggedness(["aaa", "bb", "cc", "ddddd"], 6) == 10
    assert raggedness(["one", "two"], 10) == 0
    assert raggedness([], 10) == 0


def test_tallest_tower():
    assert tallest_tower([(4, 5), (2, 3), (3, 4)]) == 3
    assert tallest_tower([(4, 5), (4, 3), (1, 9)]) == 1
    assert tallest_tower([]) == 0
