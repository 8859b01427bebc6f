import pytest

from stock import OutOfStock, Warehouse


def test_unknown_article(warehouse):
    with pytest.raises(LookupError, match="no article 'jug'"):
        warehouse.reserve("o1", {"jug": 1})


def test_add_twice(warehouse):
    with pytest.raises(ValueError):
        warehouse.add("cup")


def test_reserve(warehouse):
    warehouse.reserve("o1", {"cup": 4, "pot": 1})
    warehouse.reserve("o2", {"cup": 1})
    assert warehouse.article("cup").free == 5
    assert warehouse.article("pot").free == 2
    assert warehouse.article("cup").pieces == 10


def test_reserve_more_for_the_same_order(warehouse):
    warehouse.reserve("o1", {"cup": 4})
    warehouse.reserve("o1", {"cup": 2})
    assert warehouse.article("cup").free == 4


def test_reserve_all_or_nothing(warehouse):
    with pytest.raises(OutOfStock) as caught:
        warehouse.reserve("o1", {"cup": 4, "pot": 9})
    assert caught.value.free == 3
    assert warehouse.article("cup").free == 10


def test_reserve_the_last_one(warehouse, told):
    warehouse.reserve("o1", {"pot": 3})
    assert told == [("stock.low", {"article": "pot", "free": 0})]


def test_low(warehouse, told):
    warehouse.reserve("o1", {"cup": 7})
    assert told == []
    warehouse.reserve("o2", {"cup": 1})
    assert told == [("stock.low", {"article": "cup", "free": 2})]


def test_back_in_stock(warehouse, told):
    warehouse.receive("pot", 1)
    assert told == []
    warehouse.reserve("o1", {"pot": 4})
    told.clear()
    warehouse.receive("pot", 5)
    assert told == [("stock.back", {"article": "pot", "free": 5})]


def test_release(warehouse):
    warehouse.reserve("o1", {"cup": 4, "pot": 1})
    warehouse.reserve("o2", {"cup": 1})
    assert warehouse.release("o1") == 2
    assert warehouse.article("cup").free == 9
    assert warehouse.release("o1") == 0


def test_ship(warehouse):
    warehouse.reserve("o1", {"cup": 4, "pot": 1})
    assert warehouse.ship("o1") == {"cup": 4, "pot": 1}
    assert warehouse.article("cup").pieces == 6
    assert warehouse.article("cup").free == 6


def test_ship_nothing(warehouse):
    with pytest.raises(LookupError):
        warehouse.ship("o1")


def test_ship_is_told(warehouse, bus):
    heard = []
    bus.listen("order.shipped", lambda topic, details: heard.append(details))
    warehouse.reserve("o1", {"cup": 1})
    warehouse.ship("o1")
    assert heard == [{"order": "o1", "parcel": {"cup": 1}}]


def test_stale_reservations(warehouse, clock):
    warehouse.reserve("old", {"cup": 1})
    clock.time += 5
    warehouse.reserve("older", {"cup": 1})
    clock.time += 30
    warehouse.reserve("new", {"cup": 1})
    assert warehouse.release_stale(29) == ["old", "older"]
    assert warehouse.article("cup").free == 9
    assert warehouse.release_stale(29) == []


def test_stale_border(warehouse, clock):
    warehouse.reserve("o1", {"cup": 1})
    clock.time += 30
    assert warehouse.release_stale(30) == []


def test_to_order(warehouse):
    assert warehouse.to_order(20) == {}
    warehouse.reserve("o1", {"cup": 9, "pot": 2})
    assert warehouse.to_order(20) == {"cup": 19}


def test_to_order_new_article():
    warehouse = Warehouse()
    warehouse.add("jug")
    assert warehouse.to_order(5) == {"jug": 5}
    assert warehouse.to_order(0) == {}
