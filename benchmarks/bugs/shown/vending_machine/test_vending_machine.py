import pytest
from vending_machine import RefusedError, Slot, State, VendingMachine, change_for


@pytest.fixture
def machine():
    return VendingMachine({"tea": Slot(120, 3), "bar": Slot(85, 1)}, {10: 5, 5: 5, 20: 1})


def pay(machine, *coins):
    for coin in coins:
        machine.insert(coin)


@pytest.mark.parametrize(
    ("amount", "coins", "expected"),
    [
        (0, {}, []),
        (85, {50: 1, 20: 2, 10: 3, 5: 1}, [50, 20, 10, 5]),
        (40, {50: 1, 20: 1, 10: 3}, [20, 10, 10]),
        (15, {10: 2}, None),
        (300, {200: 1, 50: 2}, [200, 50, 50]),
    ],
)
def test_change_for(amount, coins, expected):
    assert change_for(amount, coins) == expected


def test_exact_payment(machine):
    pay(machine, 100, 20)
    assert machine.choose("tea") == []
    assert machine.state is State.IDLE
    assert machine.credit == 0


def test_change(machine):
    pay(machine, 100)
    assert machine.choose("bar") == [10, 5]
    assert machine.coins[100] == 1
    assert machine.coins[10] == 4


def test_paid_coins_serve_as_change(machine):
    pay(machine, 100, 50, 20, 20)
    assert machine.choose("tea") == [50, 20]


def test_credit_adds_up(machine):
    assert machine.insert(50) == 50
    assert machine.insert(20) == 70


def test_too_little(machine):
    pay(machine, 100)
    with pytest.raises(RefusedError, match="tea costs 120"):
        machine.choose("tea")
    assert machine.credit == 100


def test_no_change():
    machine = VendingMachine({"tea": Slot(120, 3)})
    pay(machine, 200)
    with pytest.raises(RefusedError, match="no change"):
        machine.choose("tea")
    assert machine.coins[200] == 0
    assert machine.cancel() == [200]
    assert machine.slots["tea"].pieces == 3


def test_unknown_coins_and_slots(machine):
    with pytest.raises(RefusedError):
        machine.insert(25)
    pay(machine, 200)
    with pytest.raises(RefusedError):
        machine.choose("juice")


def test_an_empty_slot(machine):
    pay(machine, 100)
    machine.choose("bar")
    pay(machine, 100)
    with pytest.raises(RefusedError, match="bar is not there"):
        machine.choose("bar")


def test_cancel_gives_back_the_coins(machine):
    pay(machine, 5, 50, 5)
    assert machine.cancel() == [5, 50, 5]
    assert machine.cancel() == []
    assert machine.state is State.IDLE


def test_sold_out():
    machine = VendingMachine({"bar": Slot(50, 1)})
    pay(machine, 50)
    machine.choose("bar")
    assert machine.state is State.SOLD_OUT
    with pytest.raises(RefusedError, match="pay while sold out"):
        machine.insert(50)


def test_an_empty_machine_is_sold_out():
    assert VendingMachine({"bar": Slot(50)}).state is State.SOLD_OUT


def test_service(machine):
    machine.open_service("4711")
    assert machine.refill({"juice": 2, "tea": 4, "bar": 9}) == {"juice": 2, "bar": 2}
    assert machine.slots["tea"].pieces == 7
    machine.close_service()
    assert machine.state is State.IDLE


def test_service_needs_the_code(machine):
    with pytest.raises(RefusedError, match="wrong code"):
        machine.open_service("0000")


def test_no_service_while_somebody_pays(machine):
    pay(machine, 50)
    with pytest.raises(RefusedError):
        machine.open_service("4711")


def test_refill_of_a_sold_out_machine():
    machine = VendingMachine({"bar": Slot(50)})
    machine.open_service("4711")
    machine.refill({"bar": 1})
    machine.close_service()
    assert machine.state is State.IDLE


def test_closing_an_empty_machine():
    machine = VendingMachine({"bar": Slot(50)})
    machine.open_service("4711")
    machine.close_service()
    assert machine.state is State.SOLD_OUT


def test_collect(machine):
    machine.open_service("4711")
    assert machine.collect() == 3 * 10 + 3 * 5
    assert machine.coins[10] == 2
    assert machine.coins[20] == 1


def test_collect_only_in_service(machine):
    with pytest.raises(RefusedError):
        machine.collect()


def test_best_seller(machine):
    assert machine.best_seller() is None
    for coins, name in (((100,), "bar"), ((100, 20), "tea"), ((100, 20), "tea")):
        pay(machine, *coins)
        machine.choose(name)
    assert machine.best_seller() == "tea"


def test_best_sellers_by_name(machine):
    machine.sales = {"tea": 2, "bar": 2, "water": 1}
    assert machine.best_seller() == "bar"


def test_slots_have_room_for_eight():
    slot = Slot(50, 6)
    assert slot.refill(5) == 3
    assert slot.refill(1) == 1
    assert slot.pieces == 8
