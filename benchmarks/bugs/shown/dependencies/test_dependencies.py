import pytest
from dependencies import CycleError, Dependencies


@pytest.fixture
def house():
    return Dependencies(
        {"roof": ["walls"], "walls": ["ground"], "windows": ["walls"], "paint": ["roof", "windows"], "garden": []}
    )


@pytest.fixture
def circle():
    return Dependencies({"a": ["b"], "b": ["c"], "c": ["b", "d"]})


def test_needs_become_tasks(house):
    assert house.needs["ground"] == set()


def test_add_keeps_earlier_needs(house):
    house.add("roof", ["tiles"])
    assert house.needs["roof"] == {"walls", "tiles"}
    assert house.needs["tiles"] == set()


def test_needed_by(house):
    assert house.needed_by("walls") == ["roof", "windows"]
    assert house.needed_by("paint") == []


def test_all_needs(house):
    assert house.all_needs("paint") == {"roof", "windows", "walls", "ground"}
    assert house.all_needs("ground") == set()


def test_all_needs_in_a_circle(circle):
    assert circle.all_needs("a") == {"b", "c", "d"}
    assert "b" in circle.all_needs("b")


def test_stages(house):
    assert house.stages() == [["garden", "ground"], ["walls"], ["roof", "windows"], ["paint"]]
    assert Dependencies().stages() == []


def test_stages_of_a_circle(circle):
    with pytest.raises(CycleError):
        circle.stages()


def test_find_cycle(house, circle):
    assert circle.find_cycle() == ["b", "c"]
    assert house.find_cycle() is None
    assert Dependencies({"x": ["x"]}).find_cycle() == ["x"]


def test_remove(house):
    house.remove("walls")
    assert house.needs["roof"] == {"ground"}
    assert house.needs["garden"] == set()
    assert "walls" not in house.needs


def test_prune(house):
    house.prune(["roof"])
    assert sorted(house.needs) == ["ground", "roof", "walls"]


def test_prune_nothing(house):
    before = len(house.needs)
    house.prune(["paint", "garden"])
    assert len(house.needs) == before


DAYS = {"ground": 5, "walls": 10, "roof": 4, "windows": 6, "paint": 2, "garden": 8}


def test_finish_times(house):
    times = house.finish_times(DAYS)
    assert times["walls"] == 15
    assert times["paint"] == 23
    assert times["garden"] == 8


def test_longest_chain(house):
    assert house.longest_chain(DAYS) == ["ground", "walls", "windows", "paint"]
    assert house.longest_chain({"garden": 1}) == ["garden"]


def test_copy_is_independent(house):
    twin = house.copy()
    twin.add("roof", ["money"])
    assert "money" not in house.needs["roof"]
    assert house.stages() != twin.stages()
