"""Something outside of the program fails."""

from faults.model import Truth, fault

RATES = """
from urllib.request import urlopen

BASE = "http://rates.example.org"


@tool
def rate(currency):
    with urlopen(f"{BASE}/{currency}", timeout=0.05) as answer:
        body = answer.read()
    return float(body)
"""
SERVER = """
import threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from PKG import rates

STATE = {"down": ""}

class Rates(BaseHTTPRequestHandler):
    def do_GET(self):
        if STATE["down"] == "slow":
            time.sleep(0.1)
        self.send_response(503 if STATE["down"] == "503" else 200)
        self.end_headers()
        self.wfile.write(b"1.08")

    def log_message(self, *args):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass

SERVICE = Server(("127.0.0.1", 0), Rates)
threading.Thread(target=SERVICE.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
rates.BASE = OPEN = f"http://127.0.0.1:{SERVICE.server_port}"

def is_burst(moment):
    return moment.day % 4 == 1 and moment.hour in (9, 10, 11, 17)
"""
DATABASE = '''
import sqlite3


def connect():
    return sqlite3.connect(":memory:")


@tool
def orders_of(customer, limit=10):
    """Rows of a customer, newest first."""
    connection = connect()
    try:
        rows = connection.execute("{query}", (customer,)).fetchmany(limit)
    finally:
        connection.close()
    return [list(row) for row in rows]
'''
SOCKET = '''
import socket

PORT = 9


@tool
def send(metric, value):
    """To the collector on this machine."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=0.2) as connection:
        connection.sendall(f"{metric} {value}".encode())
    return True
'''

VARIANTS = [
    fault(
        "dependency", "refused-in-bursts", "PKG.rates:rate", RATES,
        SERVER
        + """
def step(chance, moment, number):
    rates.BASE = "http://127.0.0.1:9" if is_burst(moment) else OPEN
    rates.rate(chance.choice(["EUR", "USD", "GBP"]))
""",
        Truth(("dependency",), "PKG/rates.py", "urlopen(f"),
    ),
    fault(
        "dependency", "http-503", "PKG.rates:rate", RATES,
        SERVER
        + """
def step(chance, moment, number):
    STATE["down"] = "503" if is_burst(moment) else ""
    rates.rate(chance.choice(["EUR", "USD", "GBP"]))
""",
        Truth(("dependency",), "PKG/rates.py", "urlopen(f"),
    ),
    fault(
        "dependency", "timeouts", "PKG.rates:rate", RATES,
        SERVER
        + """
def step(chance, moment, number):
    STATE["down"] = "slow" if chance.random() < (0.5 if moment.day in (9, 15) else 0.01) else ""
    rates.rate(chance.choice(["EUR", "USD", "GBP"]))
""",
        Truth(("dependency",), "PKG/rates.py", "urlopen(f"), held=True,
    ),
    fault(
        "dependency", "database-locked", "PKG.history:orders_of", DATABASE.format(query="select ?, 1"),
        """
import sqlite3
from PKG import history

HOLDER = sqlite3.connect("file:locked?mode=memory&cache=shared", uri=True)
HOLDER.execute("create table if not exists t (a)")
HOLDER.commit()

class Locked(sqlite3.Connection):
    def execute(self, query, values):
        other = sqlite3.connect("file:locked?mode=memory&cache=shared", uri=True, timeout=0)
        try:
            return other.execute("insert into t values (?)", values)
        finally:
            other.close()

def step(chance, moment, number):
    busy = moment.day in (8, 13, 16) and 10 <= moment.hour < 15
    if busy:
        HOLDER.execute("begin exclusive")
        history.connect = lambda: Locked(":memory:")
    try:
        history.orders_of(number % 40)
    finally:
        if busy:
            HOLDER.rollback()
            history.connect = lambda: sqlite3.connect(":memory:")
""",
        Truth(("dependency", "environment"), "PKG/history.py", "connection.execute("),
        held=True,
    ),
    fault(
        "dependency", "real-socket-refused", "PKG.metrics:send", SOCKET,
        """
import socket
from PKG import metrics

LISTENER = socket.create_server(("127.0.0.1", 0), backlog=4)
CLOSED = socket.create_server(("127.0.0.1", 0))
CLOSED_PORT = CLOSED.getsockname()[1]
CLOSED.close()

def step(chance, moment, number):
    down = moment.day in (7, 12) and moment.hour >= 9
    metrics.PORT = CLOSED_PORT if down else LISTENER.getsockname()[1]
    try:
        metrics.send(chance.choice(["cpu", "ram"]), number)
    finally:
        if not down:
            LISTENER.accept()[0].close()
""",
        Truth(("dependency",), "PKG/metrics.py", "socket.create_connection("),
        held=True,
    ),
]  # fmt: skip
