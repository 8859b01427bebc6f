"""What a module offers for its own repair."""

import pytest

from gitops_healer.code.source import Source, read_source
from gitops_healer.repair.search.ingredients import gather

SHOP = '''"""Prices."""
import math
from decimal import Decimal as D
from shop.tax import rate, unknown

LIMIT = 40
try:
    FAST = True
except ImportError:
    SLOW = None


class Order:
    """An order."""

    def __init__(self, items, tax=0.2):
        self.items = items
        self.tax = tax

    @staticmethod
    def empty():
        return Order([])

    def total(self, *more):
        """The sum."""
        whole = sum(self.items) if self.items and self.tax > 0.5 else 0
        return math.floor(whole), f"{whole!r:>4} or {LIMIT}"


def cheap(order, /, limit=LIMIT, *, strict):
    if order.total() < limit:
        print(
            order,
            "a\\tb",
        )
    return rate(order)
'''
TAX = "def rate(order, place, year=2024):\n    if place in order.places:\n        return year % 7\n"


def source(path: str, text: str) -> Source:
    read = read_source(path, text.encode())
    assert read is not None
    return read


def test_names_of_the_module_are_those_that_it_binds_in_their_order() -> None:
    names = gather(source("shop/order.py", SHOP)).module_names
    assert names == ("math", "D", "rate", "unknown", "LIMIT", "FAST", "SLOW", "Order", "cheap")


@pytest.mark.parametrize(
    ("callee", "arity"),
    [("Order", (1, 2)), ("Order.empty", (0, 0)), ("Order.total", (0, -1)), ("cheap", (1, 2)), ("rate", (2, 3))],
)
def test_callables_say_how_many_arguments_they_take_also_those_from_other_files(
    callee: str, arity: tuple[int, int]
) -> None:
    arities = gather(source("shop/order.py", SHOP), [source("src/shop/tax.py", TAX)]).arities
    assert arities[callee] == arity
    assert "unknown" not in arities


def test_a_dataclass_is_called_with_its_fields() -> None:
    text = "@dataclass(frozen=True)\nclass Point:\n    x: int\n    y: int = 0\n"
    assert gather(source("p.py", text)).arities["Point"] == (1, 2)


def test_constants_leave_out_docstrings_and_parts_of_f_strings() -> None:
    constants = gather(source("shop/order.py", SHOP)).constants
    assert set(constants) == {"40", "0.2", "0.5", "0", '"a\\tb"'}


def test_texts_of_the_module_stand_before_those_of_other_files_and_say_where_they_come_from() -> None:
    found = gather(source("shop/order.py", SHOP), [source("src/shop/tax.py", TAX)])
    conditions = dict(found.conditions)
    assert conditions["self.tax > 0.5"] == "Order.total"
    assert conditions["order.total() < limit"] == "cheap"
    assert list(conditions)[-1] == "place in order.places"
    assert conditions["place in order.places"] == "src/shop/tax.py:rate"
    assert ("sum(self.items)", "Order.total") in found.calls
    assert ("return year % 7", "src/shop/tax.py:rate") in found.statements


def test_a_statement_of_several_lines_stands_at_the_left_edge() -> None:
    statements = dict(gather(source("shop/order.py", SHOP)).statements)
    assert statements['print(\n    order,\n    "a\\tb",\n)'] == "cheap"


def test_words_come_from_the_tests_and_nothing_else_does() -> None:
    test = source("test_order.py", 'def test_it():\n    assert cheap(Order([7]), "x;y") == weird(8)\n')
    found = gather(source("shop/order.py", SHOP), [], [test])
    assert set(found.words) == {"7", "8", '"x;y"'}
    assert not any("weird" in text for text, _ in found.calls)


def test_attributes_are_counted_where_they_are_read() -> None:
    attributes = gather(source("shop/order.py", SHOP)).attributes
    assert attributes["items"] == 2
    assert attributes["tax"] == 1


@pytest.mark.parametrize("text", ["", "#", "x = 1\r\ny = 'é'\r\n", "\ufeffdef f():\r\n\tif a:\r\n\t\tg(\r\n\t\t1)\r\n"])
def test_odd_files_are_read_all_the_same(text: str) -> None:
    found = gather(source("odd.py", text))
    assert len(found.constants) == text.count("1") + text.count("é")
    assert all("\r" not in one for one, _ in found.statements)
