import pytest
from floor_plans import Plan, collect, dead_ends, distances, rooms, turned, visible, walk


@pytest.fixture
def flat():
    return Plan(
        """
        A..#..
        .#.#.B
        ...#..
        ##.###
        C.....
        """
    )


@pytest.fixture
def corridor():
    return Plan("..A")


def test_find(flat):
    assert flat.find("B") == (1, 5)
    assert flat.find("C") == (4, 0)
    assert flat.find("X") is None


def test_is_floor(corridor):
    assert corridor.is_floor((0, 0))
    assert not corridor.is_floor((1, 0))
    assert not corridor.is_floor((0, -1))


def test_neighbours(flat):
    assert flat.neighbours((0, 0)) == [(0, 1), (1, 0)]
    assert flat.neighbours((2, 2)) == [(1, 2), (3, 2), (2, 1)]
    assert flat.neighbours((4, 5)) == [(4, 4)]


def test_distances(corridor, flat):
    assert distances(corridor, [(0, 0)]) == {(0, 0): 0, (0, 1): 1, (0, 2): 2}
    assert distances(flat, [(0, 0)])[(4, 0)] == 8
    assert (0, 4) not in distances(flat, [(0, 0)])


def test_distances_from_several_starts(flat):
    steps = distances(flat, [(0, 0), (4, 5)])
    assert steps[(3, 2)] == 4
    assert steps[(2, 2)] == 4


def test_walk(flat):
    way = walk(flat, (0, 0), (4, 0))
    assert way[0] == (0, 0)
    assert way[-1] == (4, 0)
    assert len(way) == 9


def test_no_walk(flat):
    assert walk(flat, (0, 0), (0, 4)) == []


def test_walk_to_where_one_is(flat):
    assert walk(flat, (0, 0), (0, 0)) == [(0, 0)]


def test_rooms(flat):
    assert rooms(flat) == [15, 6]
    assert rooms(Plan("##")) == []
    assert rooms(Plan(".#.#..")) == [2, 1, 1]


def test_visible(flat):
    assert visible(flat, (0, 0)) == {(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)}
    assert len(visible(flat, (4, 2))) == 10


def test_dead_ends(flat, corridor):
    assert dead_ends(flat) == [(4, 0), (4, 5)]
    assert dead_ends(corridor) == [(0, 0), (0, 2)]


def test_collect():
    plan = Plan("B....C...A")
    assert collect(plan, (0, 4)) == ["C", "A", "B"]
    assert collect(Plan("A.B.C"), (0, 1)) == ["A", "B", "C"]
    assert collect(Plan("A#B"), (0, 2)) == ["B"]


def test_turned():
    assert turned(Plan("ab.\n..#")).lines == [".a", ".b", "#."]
