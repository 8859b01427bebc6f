"""Something outside of the program fails: a server, a program, a database."""

from faults.model import Truth, fault

DIALOGUE = '''
import socket
from contextlib import contextmanager

ADDRESS = ("127.0.0.1", 9)


@contextmanager
def line():
    with socket.create_connection(ADDRESS, timeout=0.5) as connection, connection.makefile("rwb") as file:
        yield file


@tool
def turn(antenna, degrees):
    """Asks the rotor of an antenna to turn; its answer."""
    with line() as rotor:
        rotor.write(f"TURN {antenna} {degrees}\\n".encode())
        rotor.flush()
        answer = rotor.readline()
    if not answer:
        raise ConnectionAbortedError("the rotor hung up")
    return answer.decode().strip()
'''
ROTOR = """
import socket, threading
from PKG import rotors

LISTENER = socket.create_server(("127.0.0.1", 0), backlog=8)
rotors.ADDRESS = LISTENER.getsockname()
SULKS = [False]

def serve():
    while True:
        connection, _ = LISTENER.accept()
        with connection:
            asked = connection.recv(100)
            if not SULKS[0]:
                connection.sendall(b"OK " + asked)

threading.Thread(target=serve, daemon=True).start()

def step(chance, moment, number):
    SULKS[0] = moment.day in (7, 11, 16) and moment.hour in (8, 9, 10, 14, 15, 18)
    rotors.turn(chance.choice(["north", "hill"]), chance.randrange(0, 360, 15))
"""
RENDERER = """
import subprocess

RENDERER = ["sh", "-c", "exit ${RENDERER_STATUS:-0}"]


class Sheet:
    def __init__(self, name):
        self.name = name

    def engrave(self):
        subprocess.run([*RENDERER, self.name], check=True, capture_output=True)
        return f"{self.name}.pdf"


@tool
def print_sheet(name, copies=1):
    return [Sheet(name).engrave()] * copies
"""
RETRY = '''
import http.client

PLACE = ("127.0.0.1", 9)
ATTEMPTS = 3


class Unavailable(RuntimeError):
    pass


def _ask(path):
    connection = http.client.HTTPConnection(*PLACE, timeout=0.5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@tool
def elevation(cell):
    """Metres above the sea, from the service that has maps."""
    for _ in range(ATTEMPTS):
        status, body = _ask(f"/cells/{cell}")
        if status == 200:
            return int(body)
    raise Unavailable(f"maps answered {status} {ATTEMPTS} times")
'''
MAPS = """
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from PKG import heights

STATUS = [200]

class Maps(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(STATUS[0])
        self.end_headers()
        self.wfile.write(b"431")

    def log_message(self, *args):
        pass

SERVICE = ThreadingHTTPServer(("127.0.0.1", 0), Maps)
threading.Thread(target=SERVICE.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
heights.PLACE = ("127.0.0.1", SERVICE.server_port)

def step(chance, moment, number):
    STATUS[0] = 502 if (moment.day, moment.hour // 6) in ((6, 2), (10, 1), (13, 2), (14, 1)) else 200
    heights.elevation(f"{chance.choice('ABC')}{chance.randint(1, 9)}")
"""
LEDGER = """
import sqlite3

PATH = ":memory:"
WAIT = 0.001


class Ledger:
    def __enter__(self):
        self.database = sqlite3.connect(PATH, timeout=WAIT)
        self.database.execute("pragma synchronous = off")
        return self

    def __exit__(self, kind, error, trace):
        self.database.close()

    def add(self, member, points):
        with self.database:
            self.database.execute("insert into points values (?, ?)", (member, points))


@tool
def credit(member, points):
    with Ledger() as ledger:
        ledger.add(member, points)
    return points
"""

VARIANTS = [
    fault(
        "dependency", "hung-up", "PKG.rotors:turn", DIALOGUE, ROTOR,
        Truth(("dependency",), "PKG/rotors.py", "", words=("rotor",)),
    ),
    fault(
        "dependency", "exit-status", "PKG.sheets:print_sheet", RENDERER,
        """
import os
from PKG.sheets import print_sheet

def step(chance, moment, number):
    broken = moment.day in (9, 10, 15) and 7 <= moment.hour < 16
    os.environ["RENDERER_STATUS"] = "74" if broken and chance.random() < 0.8 else "0"
    print_sheet(chance.choice(["waltz", "march", "polka"]), chance.randint(1, 3))
""",
        Truth(("dependency", "environment"), "PKG/sheets.py", "subprocess.run("), rate=30,
    ),
    fault(
        "dependency", "retries-in-vain", "PKG.heights:elevation", RETRY, MAPS,
        Truth(("dependency",), "PKG/heights.py", "", words=("502",)), rate=50,
    ),
    fault(
        "dependency", "lock-timeout", "PKG.points:credit", LEDGER,
        """
import sqlite3, tempfile
from PKG import points

PLACE = tempfile.TemporaryDirectory()
points.PATH = f"{PLACE.name}/points.sqlite"
OTHER = sqlite3.connect(points.PATH, isolation_level=None)
OTHER.execute("pragma synchronous = off")
OTHER.execute("pragma journal_mode = memory")
OTHER.execute("create table if not exists points (member, points)")

def step(chance, moment, number):
    exported = moment.day % 3 == 2 and moment.hour in (10, 11, 16)  # somebody else's export holds the lock
    if exported:
        OTHER.execute("begin exclusive")
    try:
        points.credit(f"m{chance.randint(1, 30)}", chance.choice([5, 10, 50]))
    finally:
        if exported:
            OTHER.execute("rollback")
""",
        Truth(("dependency", "environment"), "PKG/points.py", "insert into points"), rate=40,
    ),
]  # fmt: skip
