import pytest
from order_desk.models import Line, Order
from order_desk.pricing import amount_due, discount
from order_desk.serializers import money, order_data


def order(*lines):
    return Order("Ada", [Line(*line) for line in lines])


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [(19, 0), (20, 100), (49, 245), (60, 600)],
)
def test_discount(pieces, expected):
    assert discount(order(("CUP", pieces, 100))) == expected


def test_small_orders_pay_shipping():
    assert amount_due(order(("CUP", 2, 1000))) == 2490


def test_large_orders_do_not():
    assert amount_due(order(("CUP", 6, 1000))) == 6000


def test_the_limit_for_shipping_is_after_the_discount():
    assert amount_due(order(("CUP", 20, 255))) == 5335


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (1234, "12.34")])
def test_money(cents, text):
    assert money(cents) == text


def test_the_discount_is_named_when_there_is_one():
    assert "discount" not in order_data(order(("CUP", 1, 100)))
    assert order_data(order(("CUP", 30, 100)))["discount"] == "1.50"
