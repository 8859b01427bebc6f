import pytest
from measures import Quantity, UnitError, UnreadableError, convert, convert_temperature, parse, pretty, table
from measures.quantity import total
from measures.showing import clock


@pytest.mark.parametrize(
    ("value", "unit", "target", "expected"),
    [
        (1.5, "km", "m", 1500),
        (1, "mi", "km", 1.609344),
        (2, "hours", "min", 120),
        (1, "lb", "g", 453.59237),
        (5, "g", "g", 5),
    ],
)
def test_convert(value, unit, target, expected):
    assert convert(value, unit, target) == pytest.approx(expected)


def test_convert_refuses():
    with pytest.raises(UnitError):
        convert(1, "km", "kg")
    with pytest.raises(UnitError, match="unknown unit parsec"):
        convert(1, "parsec", "m")


@pytest.mark.parametrize(
    ("value", "scale", "target", "expected"),
    [(100, "C", "F", 212), (32, "F", "C", 0), (0, "K", "C", -273.15), (20, "C", "K", 293.15), (50, "F", "K", 283.15)],
)
def test_temperatures(value, scale, target, expected):
    assert convert_temperature(value, scale, target) == pytest.approx(expected)


def test_impossible_temperatures():
    with pytest.raises(UnitError):
        convert_temperature(-1, "K", "C")
    with pytest.raises(UnitError):
        convert_temperature(1, "X", "C")


def test_quantities_add_in_the_left_unit():
    quantity = Quantity(1, "km") + Quantity(250, "m")
    assert (quantity.value, quantity.unit) == (1.25, "km")


def test_subtract():
    assert Quantity(1, "h") - Quantity(15, "min") == Quantity(45, "min")


def test_compare():
    assert Quantity(90, "s") < Quantity(2, "min")
    assert not Quantity(2, "kg") < Quantity(1999, "g")
    assert Quantity(1, "km") == Quantity(1000, "m")
    assert Quantity(1, "km") != Quantity(1, "kg")


def test_ratio():
    assert Quantity(1, "km") / Quantity(250, "m") == 4


def test_total():
    assert total([Quantity(1, "m"), Quantity(20, "cm"), Quantity(3, "mm")]) == Quantity(1203, "mm")
    assert total([]) is None


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("3.5 km", 3.5, "km"),
        ("2,5kg", 2.5, "kg"),
        (" 10 miles ", 10, "mi"),
        ("-4 g", -4, "g"),
        ("1 h 30 min", 1.5, "h"),
    ],
)
def test_parse(text, value, unit):
    quantity = parse(text)
    assert quantity.value == pytest.approx(value)
    assert quantity.unit == unit


@pytest.mark.parametrize("text", ["", "km", "3", "3 km!", "x 3 km"])
def test_unreadable(text):
    with pytest.raises(UnreadableError):
        parse(text)


def test_pretty():
    assert pretty(Quantity(1530, "m")) == "1.53 km"
    assert pretty(Quantity(0.25, "kg")) == "250 g"
    assert pretty(Quantity(0.0001, "m")) == "0.1 mm"
    assert pretty(Quantity(86400, "s")) == "1 d"


def test_clock():
    assert clock(Quantity(2.5, "h")) == "2:30:00"
    assert clock(Quantity(3661, "s")) == "1:01:01"


def test_table():
    assert table(Quantity(2, "h")) == ["7,200.00 s", "  120.00 min", "    2.00 h", "    0.08 d"]
