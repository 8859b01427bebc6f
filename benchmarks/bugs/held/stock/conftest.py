import pytest

from stock import Bus, Warehouse


class Clock:
    def __init__(self):
        self.time = 100

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def told():
    return []


@pytest.fixture
def bus(told):
    bus = Bus()
    bus.listen("stock.*", lambda topic, details: told.append((topic, details)))
    return bus


@pytest.fixture
def warehouse(bus, clock, told):
    """10 cups (low at 2) and 3 pots."""
    warehouse = Warehouse(bus, clock)
    warehouse.add("cup", low=2)
    warehouse.add("pot")
    warehouse.receive("cup", 10)
    warehouse.receive("pot", 3)
    told.clear()
    return warehouse
