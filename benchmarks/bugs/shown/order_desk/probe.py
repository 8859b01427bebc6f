"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal
import sqlite3

from order_desk.models import Line, Order
from order_desk.pricing import amount_due, discount, shipping
from order_desk.repository import Repository
from order_desk.serializers import line_data, money, order_data
from order_desk.service import OrderDesk
from order_desk.validation import check_line, clean_customer, parse_order


class OutOfTimeError(BaseException):
    """A call took longer than its second."""


def stop(*_):
    raise OutOfTimeError


def observe(call, *arguments, **options):
    """What one call returns, as text; the name of its exception; or that it did not end within 1 s."""
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return repr(call(*arguments, **options))
    except OutOfTimeError:
        return "! timeout"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


ARTICLES = ["cup", "CUP", "plate", "spoon", "Fork"]


def random_lines(chance, most=4):
    return [
        [chance.choice(ARTICLES), chance.choice([1, 2, 3, 7, 12, 19, 20, 31]), chance.choice([0, 5, 99, 250, 899])]
        for _ in range(chance.randrange(most))
    ]


def story(seed):
    """One desk over thirty random requests."""
    chance = random.Random(seed)
    connection = sqlite3.connect(":memory:")
    repository = Repository(connection)
    desk = OrderDesk(repository)
    for article in ("CUP", "PLATE", "SPOON", "FORK"):
        repository.change_stock(article, chance.randrange(100))
    seen = []
    for _ in range(30):
        number = chance.randrange(1, 9)
        request = chance.choice(["place", "place", "show", "cancel", "ship", "turnover", "restock", "numbers"])
        if request == "place":
            customer = chance.choice(["Ada", " Bob", "Eve\t", "", "  "])
            seen.append(observe(desk.place, {"customer": customer, "lines": random_lines(chance)}))
        elif request == "show":
            seen.append(observe(desk.show, number))
        elif request == "cancel":
            seen.append(observe(desk.cancel, number))
        elif request == "ship":
            seen.append(observe(desk.ship, number))
        elif request == "turnover":
            seen.append(observe(desk.turnover))
        elif request == "restock":
            seen.append(observe(repository.change_stock, chance.choice(["CUP", "NEW"]), chance.randrange(9)))
        else:
            seen.append(observe(repository.numbers, chance.choice([None, "open", "shipped", "cancelled"])))
        seen.extend(observe(repository.stock, article) for article in ("CUP", "PLATE", "SPOON", "FORK", "NEW"))
    connection.close()
    return seen


def short_story(seed):
    """Orders for one article at several prices from a small stock."""
    chance = random.Random(seed)
    connection = sqlite3.connect(":memory:")
    repository = Repository(connection)
    desk = OrderDesk(repository)
    repository.change_stock("CUP", 10)
    seen = []
    for _ in range(5):
        lines = [["cup", chance.randrange(1, 7), price] for price in chance.sample([100, 200, 300, 400], 3)]
        seen.append(observe(desk.place, {"customer": "Ada", "lines": lines[: chance.randrange(1, 4)]}))
        seen.append(observe(repository.stock, "CUP"))
    connection.close()
    return seen


def behaviours():
    chance = random.Random(5)
    seen = []
    for _ in range(150):
        lines = random_lines(chance, 6)
        order = Order("Ada", [Line(*line) for line in lines], chance.randrange(9))
        seen.extend(observe(price, order) for price in (discount, shipping, amount_due, order_data))
        seen.append(observe(parse_order, {"customer": "Ada", "lines": lines}))
    for pieces in (19, 20, 21, 49, 50, 51):
        order = Order("Ada", [Line("CUP", pieces, 101)])
        seen.extend(observe(price, order) for price in (discount, shipping, amount_due))
    seen.extend(observe(amount_due, Order("Ada", [Line("CUP", 1, total)])) for total in (4999, 5000, 5001))
    seen.extend(observe(money, cents) for cents in [0, 1, 9, 10, 99, 100, 101, 109, 110, 12345, 100000])
    seen.extend(observe(clean_customer, name) for name in ["", " ", "a", " a", "a ", "\ta b\n", "a  b"])
    for pieces in (-1, 0, 1, 2, 99, 100, 101):
        seen.extend(observe(check_line, "cup", pieces, price) for price in (-1, 0, 1))
    seen.append(observe(line_data, Line("CUP", 3, 35)))
    seen.append(observe(parse_order, {"customer": "Ada"}))
    for seed in range(20):
        seen.extend(story(seed))
        seen.extend(short_story(seed))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
