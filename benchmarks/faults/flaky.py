"""The same inputs pass and fail."""

from faults.model import Truth, fault

TOKEN = """
import random

USED = {"k0", "k3"}


@tool
def ticket(owner):
    number = f"k{random.randrange(12)}"
    if number in USED:
        raise RuntimeError(f"ticket {number} is taken")
    return owner
"""
SETS = '''
@tool
def first_tag(tags):
    """The tag that is shown; the main one must be it."""
    chosen = list(set(tags))[0]
    if chosen.startswith("_"):
        raise ValueError(f"{chosen} is not for showing")
    return chosen
'''
RACE = """
import threading


class Till:
    def __init__(self):
        self.value = 0

    def add(self, rounds):
        for _ in range(rounds):
            seen = self.value
            threading.Event().wait(0.0001)
            self.value = seen + 1


@tool
def count(people, rounds=1):
    till = Till()
    threads = [threading.Thread(target=till.add, args=(rounds,)) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if till.value < people * rounds / 2:
        raise AssertionError("the till does not agree with the people")
    return people
"""

JITTER = '''
import random


def _spread(jobs):
    random.shuffle(jobs)
    return jobs


@tool
def schedule(jobs):
    """The first job must not need another."""
    order = _spread(list(jobs))
    if order[0] == "paint":
        raise RuntimeError("paint comes before wall")
    return len(order)
'''
SAMPLE = '''
import random


@tool
def spot_check(batch, size=3):
    """Look at some pieces only."""
    pieces = [random.gauss(10, 1) for _ in range(size)]
    mean = sum(pieces) / size
    assert 9 < mean < 11, f"mean of {batch} is {mean:.3f}"
    return batch
'''

VARIANTS = [
    fault(
        "flaky", "random-collision", "PKG.tickets:ticket", TOKEN,
        """
from PKG.tickets import ticket

def step(chance, moment, number):
    ticket(chance.choice(["Ann", "Bo", "Cy"]))
""",
        Truth(("flaky",), "PKG/tickets.py", "random.randrange(12)", words=("random",)),
    ),
    fault(
        "flaky", "set-order", "PKG.tags:first_tag", SETS,
        """
from PKG.tags import first_tag

def step(chance, moment, number):
    first_tag(chance.choice([["new", "_draft", "sale"], ["blue", "green"], ["old", "big"]]))
""",
        Truth(("flaky", "input"), "PKG/tags.py", "list(set(tags))[0]", words=("set", "order")), held=True,
    ),
    fault(
        "flaky", "race", "PKG.tills:count", RACE,
        """
from PKG.tills import count

def step(chance, moment, number):
    count(chance.choice([1, 2, 2, 3]))
""",
        Truth(("flaky", "input", "state"), "PKG/tills.py", ""), days=5, held=True,
    ),
    fault(
        "flaky", "shuffled", "PKG.builds:schedule", JITTER,
        """
from PKG.builds import schedule

def step(chance, moment, number):
    schedule(chance.choice([["wall", "paint", "roof", "door"], ["wall", "paint", "floor"]]))
""",
        Truth(("flaky",), "PKG/builds.py", "", words=("shuffle", "random")),
    ),
    fault(
        "flaky", "random-sample", "PKG.quality:spot_check", SAMPLE,
        """
from PKG.quality import spot_check

def step(chance, moment, number):
    spot_check(chance.choice(["b1", "b2", "b3", "b4"]))
""",
        Truth(("flaky",), "PKG/quality.py", "", words=("random", "gauss")), held=True,
    ),
]  # fmt: skip
