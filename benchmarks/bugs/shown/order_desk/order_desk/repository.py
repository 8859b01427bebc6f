"""Orders and stock in a SQLite database."""

import sqlite3

from order_desk.errors import OrderNotFoundError
from order_desk.models import Line, Order

SCHEMA = """
CREATE TABLE orders (number INTEGER PRIMARY KEY, customer TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE lines (number INTEGER NOT NULL, article TEXT NOT NULL, pieces INTEGER NOT NULL, price INTEGER NOT NULL);
CREATE TABLE stock (article TEXT PRIMARY KEY, pieces INTEGER NOT NULL);
"""


class Repository:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.connection.executescript(SCHEMA)

    def add(self, order: Order) -> int:
        """Store a new order and return its number."""
        cursor = self.connection.execute(
            "INSERT INTO orders (customer, state) VALUES (?, ?)", (order.customer, order.state)
        )
        order.number = cursor.lastrowid
        self.connection.executemany(
            "INSERT INTO lines VALUES (?, ?, ?, ?)",
            [(order.number, line.article, line.pieces, line.price) for line in order.lines],
        )
        return order.number

    def get(self, number: int) -> Order:
        """The stored order, its lines in the order in which they were added. OrderNotFoundError if there is none."""
        row = self.connection.execute("SELECT customer, state FROM orders WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise OrderNotFoundError(number)
        lines = self.connection.execute(
            "SELECT article, pieces, price FROM lines WHERE number = ? ORDER BY rowid", (number,)
        )
        return Order(row[0], [Line(*line) for line in lines], number, row[1])

    def set_state(self, number: int, state: str) -> None:
        cursor = self.connection.execute("UPDATE orders SET state = ? WHERE number = ?", (state, number))
        if cursor.rowcount == 0:
            raise OrderNotFoundError(number)

    def numbers(self, state: str | None = None) -> list[int]:
        """Numbers of all orders, or of those in one state, ascending."""
        if state is None:
            rows = self.connection.execute("SELECT number FROM orders ORDER BY number")
        else:
            rows = self.connection.execute("SELECT number FROM orders WHERE state = ? ORDER BY number", (state,))
        return [row[0] for row in rows]

    def stock(self, article: str) -> int:
        row = self.connection.execute("SELECT pieces FROM stock WHERE article = ?", (article,)).fetchone()
        return row[0] if row else 0

    def change_stock(self, article: str, pieces: int) -> None:
        """Add pieces (or take them away, when negative) to the stock of an article."""
        self.connection.execute(
            "INSERT INTO stock VALUES (?, ?) ON CONFLICT (article) DO UPDATE SET pieces = ?",
            (article, pieces, self.stock(article) + pieces),
        )
