from order_desk.models import Line, Order
from order_desk.pricing import amount_due, discount


def money(cents: int) -> str:
    """Cents as text: 1234 is `12.34`."""
    return f"{cents // 100}.{cents % 100:02d}"


def line_data(line: Line) -> dict:
    return {"article": line.article, "pieces": line.pieces, "total": money(line.total)}


def order_data(order: Order) -> dict:
    """An order as plain data; the discount is only named when there is one."""
    data = {
        "number": order.number,
        "customer": order.customer,
        "state": order.state,
        "lines": [line_data(line) for line in order.lines],
        "due": money(amount_due(order)),
    }
    if discount(order):
        data["discount"] = money(discount(order))
    return data
