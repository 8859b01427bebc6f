"""Turns what a customer sent into an order, or says what is wrong with it."""

from order_desk.errors import InvalidOrderError
from order_desk.models import Line, Order


def clean_customer(name: str) -> str:
    """The name without spaces around it; an empty name is refused."""
    name = name.strip()
    if not name:
        raise InvalidOrderError("a customer needs a name")
    return name


def check_line(article: str, pieces: int, price: int) -> Line:
    if pieces < 1 or pieces > 100:
        raise InvalidOrderError(f"{article}: between 1 and 100 pieces")
    if price < 0:
        raise InvalidOrderError(f"{article}: a price cannot be negative")
    return Line(article.upper(), pieces, price)


def parse_order(data: dict) -> Order:
    """Make an order from `{"customer": ..., "lines": [[article, pieces, price], ...]}`.

    Lines of the same article and price are put together.
    """
    order = Order(clean_customer(data["customer"]))
    for article, pieces, price in data.get("lines", []):
        line = check_line(article, pieces, price)
        for known in order.lines:
            if known.article == line.article and known.price == line.price:
                known.pieces += line.pieces
                break
        else:
            order.lines.append(line)
    if not order.lines:
        raise InvalidOrderError("an order needs a line")
    return order
