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
]  # fmt: skip
