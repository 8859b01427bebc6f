import pytest

from polygons import (
    area,
    bounds,
    centroid,
    cross,
    distance,
    hull,
    inside,
    is_convex,
    on_segment,
    perimeter,
    rotate,
    simplify,
    turn,
)

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]
ARROW = [(0, 0), (4, 0), (2, 1), (2, 4)]


def test_distance():
    assert distance((1, 2), (4, 6)) == 5


def test_turn():
    assert turn((0, 0), (1, 0), (2, 1)) > 0
    assert turn((0, 0), (1, 0), (2, -1)) < 0
    assert turn((0, 0), (1, 1), (3, 3)) == 0


def test_perimeter():
    assert perimeter(SQUARE) == 16
    assert perimeter([(0, 0), (3, 0), (3, 4)]) == 12


def test_area():
    assert area(SQUARE) == 16
    assert area(SQUARE[::-1]) == 16
    assert area(ARROW) == 5


def test_centroid():
    assert centroid(SQUARE) == (2, 2)
    assert centroid([(0, 0), (3, 0), (0, 6)]) == (1, 2)
    assert centroid([(0, 0), (0, 6), (3, 0)]) == (1, 2)


def test_centroid_without_surface():
    with pytest.raises(ValueError):
        centroid([(0, 0), (1, 1), (2, 2)])


def test_bounds():
    assert bounds([(3, 1), (-1, 5), (2, 2)]) == (-1, 1, 3, 5)


def test_on_segment():
    assert on_segment((1, 1), (0, 0), (2, 2))
    assert on_segment((2, 2), (0, 0), (2, 2))
    assert not on_segment((3, 3), (0, 0), (2, 2))
    assert not on_segment((1, 2), (0, 0), (2, 2))
    assert not on_segment((0, 5), (0, 0), (0, 2))


@pytest.mark.parametrize("point", [(2, 2), (0, 2), (4, 4), (1, 0)])
def test_inside(point):
    assert inside(point, SQUARE)


@pytest.mark.parametrize("point", [(5, 2), (-1, 2), (2, -1), (-1, 0), (-1, 4)])
def test_outside(point):
    assert not inside(point, SQUARE)


def test_inside_arrow():
    assert inside((1, 1), ARROW)
    assert not inside((3, 2), ARROW)


def test_cross():
    assert cross((0, 0), (2, 2), (0, 2), (2, 0))
    assert cross((0, 0), (2, 0), (1, 0), (1, 5))
    assert not cross((0, 0), (1, 1), (0, 2), (2, 3))
    assert not cross((0, 0), (1, 0), (2, -1), (2, 1))
    assert not cross((0, 0), (1, 0), (2, 0), (3, 0))


def test_cross_touching_ends():
    assert cross((0, 0), (2, 2), (2, 2), (5, 0))
    assert cross((1, 0), (1, 5), (0, 0), (2, 0))


def test_hull():
    points = [(1, 1), (0, 0), (4, 0), (2, 3), (4, 4), (0, 4), (2, 0)]
    assert hull(points) == SQUARE


def test_hull_of_few():
    assert hull([(2, 2), (1, 1), (2, 2)]) == [(1, 1), (2, 2)]


def test_is_convex():
    assert is_convex(SQUARE)
    assert is_convex([(0, 0), (2, 0), (4, 0), (4, 4)])
    assert not is_convex(ARROW)


def test_simplify():
    assert simplify([(0, 0), (1, 0.1), (2, 0)], 0.5) == [(0, 0), (2, 0)]
    assert simplify([(0, 0), (1, 3), (2, 0)], 0.5) == [(0, 0), (1, 3), (2, 0)]
    assert simplify([(0, 0), (1, 0.1), (2, 4), (3, 0.1), (4, 0)], 0.5) == [(0, 0), (1, 0.1), (2, 4), (3, 0.1), (4, 0)]
    assert simplify([(0, 0), (5, 5)], 1) == [(0, 0), (5, 5)]


def test_simplify_closed():
    assert simplify([(0, 0), (4, 0), (4, 4), (0, 0)], 1) == [(0, 0), (4, 0), (4, 4), (0, 0)]


def test_rotate():
    assert rotate([(1, 0)], 90) == [pytest.approx((0, 1))]
    assert rotate([(2, 1)], 180, about=(1, 1)) == [pytest.approx((0, 1))]
    assert rotate([(3, 4)], 0) == [(3, 4)]
    assert rotate([(0, 2)], 90) == [pytest.approx((-2, 0))]
