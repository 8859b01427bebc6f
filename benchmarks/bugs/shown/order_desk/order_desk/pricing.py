"""What an order costs. All amounts are whole cents."""

from order_desk.models import Order

SHIPPING = 490
FREE_SHIPPING_FROM = 5000


def discount(order: Order) -> int:
    """Five percent off from 20 pieces on, ten percent from 50 pieces on; rounded down to whole cents."""
    pieces = sum(line.pieces for line in order.lines)
    if pieces >= 50:
        return order.total * 10 // 100
    if pieces >= 20:
        return order.total * 5 // 100
    return 0


def shipping(order: Order) -> int:
    """Free when what is left after the discount reaches the limit."""
    if order.total - discount(order) >= FREE_SHIPPING_FROM:
        return 0
    return SHIPPING


def amount_due(order: Order) -> int:
    return order.total - discount(order) + shipping(order)
