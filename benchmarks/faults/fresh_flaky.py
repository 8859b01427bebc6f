"""The same inputs pass and fail."""

from faults.model import Truth, fault

NODES = """
import random


class Refused(RuntimeError):
    pass


def _answer(node, question):
    if node == "oak":
        raise Refused("the node is not in service")
    return f"{question}?"


class Cluster:
    def __init__(self, *nodes):
        self.nodes = nodes

    def ask(self, question):
        return _answer(random.choice(self.nodes), question)


CLUSTER = Cluster("ash", "elm", "fir", "oak", "yew", "box", "bay")


@tool
def consult(question):
    return CLUSTER.ask(question)
"""
JITTER = '''
import random
from contextlib import contextmanager

BUDGET = 2.5


class TooLate(Exception):
    pass


@contextmanager
def attempt(station):
    waited = random.expovariate(1.0)
    if waited > BUDGET:
        raise TooLate("waited longer than the budget allows")
    yield waited


@tool
def poll(station):
    """Water level; several stations share the radio and have to draw lots."""
    with attempt(station):
        return 100 + len(station)
'''
PUZZLE = '''
import random

NEXT = {"a": "bc", "b": "ad", "c": "ad", "d": "bef", "e": "", "f": "g", "g": ""}


class DeadEnd(LookupError):
    pass


def _walk(room, goal, seen):
    if room == goal:
        return [room]
    ways = [way for way in NEXT[room] if way not in seen]
    if not ways:
        raise DeadEnd("no way leads on")
    return [room, *_walk(random.choice(ways), goal, seen | {room})]


@tool
def visit(start, goal="g"):
    """A way through the museum, another one every time."""
    return len(_walk(start, goal, frozenset()))
'''
BUCKETS = '''
import random

LAYOUTS = {
    "A": {"title": "Welcome", "button": "green"},
    "B": {"title": "Hello", "button": "blue"},
    "C": {"title": "Hey", "colour": "red"},
}


def _bucket():
    return random.choices("ABC", (10, 8, 2))[0]


@tool
def landing(campaign):
    """The page that a visitor sees, by lot."""
    layout = LAYOUTS[_bucket()]
    return f"{campaign}: {layout['title']} {layout['button']}"
'''

VARIANTS = [
    fault(
        "flaky", "one-bad-node", "PKG.oracle:consult", NODES,
        "from PKG.oracle import consult\n\ndef step(chance, moment, number):\n"
        "    consult(chance.choice(['rain', 'sun', 'wind']))\n",
        Truth(("flaky",), "PKG/oracle.py", "", words=("random", "oak")),
    ),
    fault(
        "flaky", "drawn-wait", "PKG.levels:poll", JITTER,
        "from PKG.levels import poll\n\ndef step(chance, moment, number):\n"
        "    poll(chance.choice(['weir', 'lock', 'mill', 'ford']))\n",
        Truth(("flaky",), "PKG/levels.py", "", words=("random", "expovariate")),
    ),
    fault(
        "flaky", "dead-end", "PKG.museum:visit", PUZZLE,
        "from PKG.museum import visit\n\ndef step(chance, moment, number):\n"
        "    visit(chance.choice(['a', 'b', 'd', 'f']))\n",
        Truth(("flaky",), "PKG/museum.py", "", words=("random",)),
    ),
    fault(
        "flaky", "by-lot", "PKG.campaigns:landing", BUCKETS,
        "from PKG.campaigns import landing\n\ndef step(chance, moment, number):\n"
        "    landing(chance.choice(['spring', 'sale']))\n",
        Truth(("flaky",), "PKG/campaigns.py", "", words=("random", "button")),
    ),
]  # fmt: skip
