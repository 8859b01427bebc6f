from order_desk.errors import OrderError, OutOfStockError
from order_desk.models import Order
from order_desk.repository import Repository
from order_desk.serializers import order_data
from order_desk.validation import parse_order


class OrderDesk:
    """The use cases: place, show, cancel, ship."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def place(self, data: dict) -> int:
        """Check, reserve and store an order; returns its number. Nothing is reserved when anything is missing."""
        order = parse_order(data)
        missing = self._missing(order)
        if missing:
            raise OutOfStockError(", ".join(missing))
        for line in order.lines:
            self.repository.change_stock(line.article, -line.pieces)
        return self.repository.add(order)

    def show(self, number: int) -> dict:
        return order_data(self.repository.get(number))

    def cancel(self, number: int) -> None:
        """Only an open order can be cancelled; its pieces go back to the stock."""
        order = self.repository.get(number)
        if order.state != "open":
            raise OrderError(f"order {number} is {order.state}")
        for line in order.lines:
            self.repository.change_stock(line.article, line.pieces)
        self.repository.set_state(number, "cancelled")

    def ship(self, number: int) -> None:
        order = self.repository.get(number)
        if order.state != "open":
            raise OrderError(f"order {number} is {order.state}")
        self.repository.set_state(number, "shipped")

    def turnover(self) -> int:
        """Sum of all shipped orders in cents, without discount and shipping."""
        return sum(self.repository.get(number).total for number in self.repository.numbers("shipped"))

    def _missing(self, order: Order) -> list[str]:
        """Articles that are short, sorted by name. An article may stand in several lines."""
        wanted: dict[str, int] = {}
        for line in order.lines:
            wanted[line.article] = wanted.get(line.article, 0) + line.pieces
        return sorted(article for article, pieces in wanted.items() if self.repository.stock(article) < pieces)
