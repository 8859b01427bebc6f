import pytest
from intervals import (
    contains,
    difference,
    first_free,
    from_text,
    gaps,
    intersection,
    merged,
    most_at_once,
    size,
    to_text,
)


def test_merged():
    assert merged([(5, 7), (1, 3), (3, 4), (6, 9)]) == [(1, 4), (5, 9)]
    assert merged([(1, 10), (2, 3)]) == [(1, 10)]
    assert merged([(4, 4), (6, 2)]) == []


def test_size():
    assert size([(1, 4), (5, 9)]) == 7
    assert size([]) == 0


def test_contains():
    numbers = [(1, 4), (6, 8)]
    assert [number for number in range(10) if contains(numbers, number)] == [1, 2, 3, 6, 7]
    assert not contains([], 3)


def test_intersection():
    assert intersection([(1, 5), (7, 10)], [(3, 8)]) == [(3, 5), (7, 8)]
    assert intersection([(1, 3)], [(3, 5)]) == []
    assert intersection([(0, 20)], [(1, 2), (4, 6), (19, 30)]) == [(1, 2), (4, 6), (19, 20)]


def test_difference():
    assert difference([(1, 10)], [(3, 5), (7, 8)]) == [(1, 3), (5, 7), (8, 10)]
    assert difference([(1, 4), (6, 9)], [(0, 2), (8, 12)]) == [(2, 4), (6, 8)]
    assert difference([(1, 4)], []) == [(1, 4)]
    assert difference([(2, 4)], [(1, 9)]) == []


def test_gaps():
    assert gaps([(2, 4), (6, 8)], (0, 10)) == [(0, 2), (4, 6), (8, 10)]
    assert gaps([(2, 4), (6, 8)], (3, 7)) == [(4, 6)]
    assert gaps([], (1, 2)) == [(1, 2)]


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [([], 0), ([(1, 5), (5, 9)], 1), ([(1, 5), (4, 9), (2, 3)], 2), ([(1, 9), (2, 9), (3, 9)], 3)],
)
def test_most_at_once(intervals, expected):
    assert most_at_once(intervals) == expected


def test_first_free():
    assert first_free([(0, 3), (5, 9)], 2) == 3
    assert first_free([(0, 3), (5, 9)], 3) == 9
    assert first_free([(4, 5)], 2) == 0
    assert first_free([(4, 5)], 2, start=3) == 5
    assert first_free([(0, 2), (8, 9)], 4, start=3) == 3


def test_to_text():
    assert to_text([(1, 4), (7, 8), (9, 11)]) == "1-3, 7, 9-10"
    assert to_text([]) == ""


def test_from_text():
    assert from_text("9-10, 1-3,7") == [(1, 4), (7, 8), (9, 11)]
    assert from_text(" ") == []
    with pytest.raises(ValueError):
        from_text("5-3")
