"""One caller passes what the others do not."""

from faults.model import Truth, fault

HEAT = """
class TooHot(ValueError):
    pass


@tool
def heat(room, celsius):
    if not 5 <= celsius <= 32:
        raise TooHot(f"{celsius} degrees are out of range")
    return f"{room}: {celsius}"
"""
CONTROLS = '''"""Who heats rooms."""

from PKG.heating import heat

USUAL = {"hall": 18, "office": 21, "attic": 16}


def by_hand(room, celsius):
    return heat(room, celsius)


def by_plan(room):
    return heat(room, USUAL[room])
'''
APP = '''"""Wishes from the app of the house."""

from PKG.heating import heat


def wished(room, step):
    fahrenheit = 59 + 9 * step
    return heat(room, fahrenheit)
'''
HALL = """
class Hall:
    def __init__(self, rows, places):
        self.seats = [[f"{row}-{place}" for place in range(places)] for row in range(rows)]


HALL = Hall(8, 10)


@tool
def seat(row, place):
    return HALL.seats[row][place]


@tool
def at_random(row, place):
    return seat(row % 8, place % 10)


@tool
def beside(row, place):
    return seat(row, min(place + 1, 9))


@tool
def behind(row, place):
    return seat(row + 1, place)
"""
ORDERED = '''
from bisect import bisect_left
from itertools import pairwise


@tool
def rank(scores, score):
    """How many scores are lower. scores: ascending."""
    if any(a > b for a, b in pairwise(scores)):
        raise ValueError("scores are not in order")
    return bisect_left(scores, score)
'''
TABLES = '''"""Tables of a league."""

from gitops_healer.recorder import tool

from PKG.league import rank


@tool
def by_points(points, mine):
    return rank(sorted(points), mine)


@tool
def by_goals(rows, mine):
    return rank([goals for goals in sorted(rows)], mine)


@tool
def latest(points, mine):
    return rank(sorted(points)[::-1][:3], mine)
'''
WHEN = '''
from datetime import datetime

_QUEUE = []


@tool
def enqueue(job, when):
    """To be done at a moment."""
    _QUEUE.append((when.timestamp(), job))
    del _QUEUE[:-50]
    return job
'''
JOBS = '''"""Who has something to do later."""

from datetime import datetime, timedelta

from PKG.todo import enqueue


class Gardener:
    def __init__(self, when=None):
        self.when = when or (lambda: datetime.now() + timedelta(hours=1))

    def water(self, bed):
        return enqueue(f"water {bed}", self.when())


class Steward(Gardener):
    def light(self, room):
        return enqueue(f"light {room}", self.when())

    def close(self, room):
        return enqueue(f"close {room}", self.when().isoformat())
'''

VARIANTS = [
    fault(
        "caller", "other-unit", "PKG.heating:heat", HEAT,
        """
from PKG import app, panels

def step(chance, moment, number):
    room = chance.choice(["hall", "office", "attic"])
    luck = chance.random()
    if luck < 0.45:
        panels.by_hand(room, chance.randint(14, 25))
    elif luck < 0.85:
        panels.by_plan(room)
    else:
        app.wished(room, chance.randint(0, 2))
""",
        Truth(("caller",), "PKG/app.py", "heat(room, fahrenheit)", words=("wished", "fahrenheit")),
        files={"PKG/panels.py": CONTROLS, "PKG/app.py": APP},
    ),
    fault(
        "caller", "row-too-far", "PKG.halls:seat", HALL,
        """
from PKG import halls

def step(chance, moment, number):
    chance.choice([halls.at_random, halls.beside, halls.behind])(chance.randrange(8), chance.randrange(10))
""",
        Truth(("caller",), "PKG/halls.py", "seat(row + 1, place)", words=("behind",)),
    ),
    fault(
        "caller", "newest-first", "PKG.league:rank", ORDERED,
        """
from PKG import standings

def step(chance, moment, number):
    points = [chance.randint(0, 60) for _ in range(chance.randint(1, 6))]
    chance.choice([standings.by_points, standings.by_goals, standings.latest])(points, chance.randint(0, 60))
""",
        Truth(("caller",), "PKG/standings.py", "[::-1]", words=("latest",)), files={"PKG/standings.py": TABLES},
    ),
    fault(
        "caller", "text-for-a-moment", "PKG.todo:enqueue", WHEN,
        """
from PKG.people import Gardener, Steward

def step(chance, moment, number):
    luck = chance.random()
    if luck < 0.5:
        Gardener().water(chance.choice(["north", "south"]))
    elif luck < 0.85:
        Steward().light(chance.choice(["hall", "yard"]))
    else:
        Steward().close(chance.choice(["hall", "yard"]))
""",
        Truth(("caller",), "PKG/people.py", ".isoformat())", words=("close",)), files={"PKG/people.py": JOBS},
    ),
]  # fmt: skip
