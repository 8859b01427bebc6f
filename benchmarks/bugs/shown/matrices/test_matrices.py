from fractions import Fraction

import pytest
from matrices import (
    ShapeError,
    determinant,
    diagonals,
    identity,
    minor,
    power,
    product,
    quarter_turn,
    saddle_points,
    shape,
    smoothed,
    solve,
    spiral,
    transposed,
)

WIDE = [[1, 2, 3], [4, 5, 6]]


def test_shape():
    assert shape(WIDE) == (2, 3)
    assert shape([]) == (0, 0)


def test_identity():
    assert identity(3) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert identity(1) == [[1]]
    assert identity(0) == []


def test_transposed():
    assert transposed(WIDE) == [[1, 4], [2, 5], [3, 6]]


def test_product():
    assert product([[1, 2], [3, 4]], [[0, 1], [1, 0]]) == [[2, 1], [4, 3]]
    assert product(WIDE, [[1], [0], [2]]) == [[7], [16]]
    assert product([[2]], [[3]]) == [[6]]


def test_product_of_shapes_that_do_not_fit():
    with pytest.raises(ShapeError):
        product(WIDE, [[1, 2], [3, 4]])


def test_power():
    assert power([[1, 1], [1, 0]], 1) == [[1, 1], [1, 0]]
    assert power([[1, 1], [1, 0]], 10) == [[89, 55], [55, 34]]
    assert power([[5]], 3) == [[125]]
    assert power([[5]], 0) == [[1]]


def test_minor():
    assert minor([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 1, 0) == [[2, 3], [8, 9]]
    assert minor(WIDE, 0, 2) == [[4, 5]]


def test_determinant():
    assert determinant([[3]]) == 3
    assert determinant([[1, 2], [3, 4]]) == -2
    assert determinant([[2, 0, 1], [1, 3, 2], [0, 1, 4]]) == 21
    assert determinant([]) == 1
    with pytest.raises(ShapeError):
        determinant(WIDE)


def test_solve():
    assert solve([[2, 1], [1, 3]], [3, 5]) == [Fraction(4, 5), Fraction(7, 5)]
    assert solve([[4]], [2]) == [Fraction(1, 2)]


def test_solve_with_zero_in_the_corner():
    assert solve([[0, 1], [1, 0]], [5, 7]) == [7, 5]


def test_solve_without_a_single_solution():
    assert solve([[1, 2], [2, 4]], [1, 2]) is None


def test_quarter_turn():
    assert quarter_turn(WIDE) == [[4, 1], [5, 2], [6, 3]]


def test_spiral():
    assert spiral(WIDE) == [1, 2, 3, 6, 5, 4]
    assert spiral([[1, 2, 3], [4, 5, 6], [7, 8, 9]]) == [1, 2, 3, 6, 9, 8, 7, 4, 5]
    assert spiral([]) == []


def test_saddle_points():
    assert saddle_points([[9, 8, 7], [5, 3, 2], [6, 6, 4]]) == [(0, 2)]
    assert saddle_points([[3, 3], [1, 2]]) == [(0, 0), (0, 1)]
    assert saddle_points([[1, 2], [2, 1]]) == []


def test_diagonals():
    assert diagonals(WIDE) == [[1], [2, 4], [3, 5], [6]]
    assert diagonals([[1], [2]]) == [[1], [2]]


def test_smoothed():
    assert smoothed([[1, 3], [5, 7]]) == [[4, 4], [4, 4]]
    assert smoothed([[0, 3, 6, 0]]) == [[1.5, 3, 3, 3]]
