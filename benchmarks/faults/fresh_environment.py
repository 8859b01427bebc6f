"""The machine: its languages, programs, settings and ports."""

from faults.model import Truth, fault

LOCALE = """
import locale
import os
from contextlib import contextmanager


@contextmanager
def language():
    before = locale.setlocale(locale.LC_NUMERIC)
    locale.setlocale(locale.LC_NUMERIC, os.environ.get("REPORT_LOCALE", "C"))
    try:
        yield
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)


@tool
def amount(grams):
    with language():
        return locale.format_string("%.2f", grams / 1000)
"""
PROGRAM = '''
import subprocess

COMMAND = ["true"]


def _run(*arguments):
    return subprocess.run([*COMMAND, *arguments], capture_output=True, check=False).returncode


@tool
def transcode(film, quality=2):
    """Whether the film was made smaller."""
    return _run("-q", str(quality), film) == 0
'''
WORKERS = """
import os
from dataclasses import dataclass, field


def _workers():
    return int(os.environ.get("LOOM_WORKERS", "4"))


@dataclass
class Loom:
    workers: int = field(default_factory=_workers)

    def rows(self, threads):
        return -(-threads // self.workers)


@tool
def weave(threads):
    return Loom().rows(threads)
"""
PORT = '''
import socket

PORT = 0


class Beacon:
    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", PORT))
        return self

    def __exit__(self, *error):
        self.socket.close()

    def send(self, name):
        return self.socket.sendto(name.encode(), ("127.0.0.1", 9))


@tool
def announce(name):
    """Tells the neighbours that we are here."""
    with Beacon() as beacon:
        return beacon.send(name)
'''

VARIANTS = [
    fault(
        "environment", "language-not-installed", "PKG.scales:amount", LOCALE,
        """
import os
from PKG.scales import amount

def step(chance, moment, number):
    other = moment.day > 9 and chance.random() < 0.15  # one machine of several
    os.environ["REPORT_LOCALE"] = "xx_YY.UTF-8" if other else "C"
    amount(chance.choice([100, 250, 500, 1000]))
""",
        Truth(("environment",), "PKG/scales.py", "os.environ.get(", words=("REPORT_LOCALE", "locale")),
    ),
    fault(
        "environment", "program-not-found", "PKG.films:transcode", PROGRAM,
        """
import os
from PKG.films import transcode

GOOD = os.environ["PATH"]

def step(chance, moment, number):
    os.environ["PATH"] = "/var/empty" if moment.day in (11, 17) and moment.hour >= 9 else GOOD
    try:
        transcode(chance.choice(["heat", "alien"]), chance.randint(1, 4))
    finally:
        os.environ["PATH"] = GOOD
""",
        Truth(("environment", "dependency"), "PKG/films.py", "subprocess.run("), rate=25,
    ),
    fault(
        "environment", "setting-not-a-number", "PKG.looms:weave", WORKERS,
        """
import os
from PKG.looms import weave

def step(chance, moment, number):
    os.environ["LOOM_WORKERS"] = "auto" if moment.day in (8, 9, 14) and moment.hour > 6 else "6"
    weave(chance.choice([60, 90, 120, 300]))
""",
        Truth(("environment",), "PKG/looms.py", "os.environ.get(", words=("LOOM_WORKERS",)),
    ),
    fault(
        "environment", "port-in-use", "PKG.beacons:announce", PORT,
        """
import socket
from PKG import beacons

OTHER = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
OTHER.bind(("127.0.0.1", 0))
TAKEN = OTHER.getsockname()[1]

def step(chance, moment, number):
    beacons.PORT = TAKEN if moment.day in (7, 13) and 8 <= moment.hour < 20 else 0
    beacons.announce(chance.choice(["mast", "buoy"]))
""",
        Truth(("environment", "dependency"), "PKG/beacons.py", "self.socket.bind("),
    ),
]  # fmt: skip
