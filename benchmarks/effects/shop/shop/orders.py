import logging
import random
import uuid
from datetime import date, datetime, timedelta

from . import exchange_rate, rates
from .money import Money, total as sum_of
from .mail import Mailer, Outbox

log = logging.getLogger(__name__)


class Line:
    def __init__(self, sku: str, price: Money, count: int = 1):  # effects: pure
        self.sku = sku
        self.price = price
        self.count = count

    def cost(self) -> int:  # effects: pure
        return self.price.cents * self.count


class Order:
    tax = 0.19

    def __init__(self, lines: list[Line], mailer: Mailer, placed=None):  # effects: pure
        self.lines = lines
        self.mailer = mailer
        self.outbox = Outbox()
        self.placed = placed
        self.notes = []

    def net(self):  # effects: pure
        return sum(line.cost() for line in self.lines)

    def gross(self):  # effects: pure
        return round(self.net() * (1 + self.tax))

    def add(self, line):  # effects: pure; mutates self
        self.lines.append(line)

    def note(self, text):  # effects: clock; mutates self
        self.notes.append((datetime.now(), text))

    def confirm(self):  # effects: network
        self.mailer.send("order", str(self.gross()))

    def queue(self):  # effects: pure; mutates self
        self.outbox.put("order")

    def flush(self):  # effects: network; mutates self
        self.outbox.flush()


def total(order: Order) -> float:  # effects: network, clock, global state
    return order.net() * exchange_rate("USD")


def forget_rates():  # effects: global state
    rates.forget()


def make_id():  # effects: randomness
    return uuid.uuid4().hex


def due(placed: date, days=14) -> date:  # effects: pure
    return placed + timedelta(days=days)


def is_late(placed):  # effects: clock
    return due(placed) < date.today()


def pick(orders):  # effects: randomness
    return random.choice(orders)


def logged(order):  # effects: logging
    log.info("order %s", order)
    return order


def by_day(orders: list[Order]):  # effects: pure
    found = {}
    for order in orders:
        found.setdefault(order.placed, []).append(order)
    return {day: sum(map(Order.gross, group)) for day, group in sorted(found.items())}


def drop_empty(orders):  # effects: pure; mutates orders
    for order in list(orders):
        if not order.lines:
            orders.remove(order)


def cheap(orders, limit):  # effects: pure
    return [order for order in orders if order.net() < limit]


def apply_all(orders, action):  # effects: unknown
    return [action(order) for order in orders]


def all_nets(orders: list[Order]):  # effects: pure
    return apply_all(orders, Order.net)


def confirm_all(orders: list[Order]):  # effects: network
    return apply_all(orders, lambda order: order.confirm())


def history(order, seen=[]):  # effects: global state; mutates seen
    seen.append(order)
    return len(seen)


def change_tax(value):  # effects: global state
    Order.tax = value


def mean(orders: list[Order]):  # effects: pure
    values = [order.net() for order in orders]
    return sum(values) / len(values) if values else 0.0


def counter():  # effects: pure
    count = 0

    def step():
        nonlocal count
        count += 1
        return count

    step()
    return step()
