"""A class of inputs that the code does not handle, in other shapes of code."""

from faults.model import Truth, fault

SCANNER = '''
import re

TOKEN = re.compile(r"\\d+|[-+*()]")


class Scanner:
    """Sums and products of whole numbers."""

    def __init__(self, text):
        self.tokens = TOKEN.findall(text)
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        token = self.tokens[self.at]
        self.at += 1
        return token

    def sum(self):
        value = self.product()
        while self.peek() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            value += sign * self.product()
        return value

    def product(self):
        value = self.atom()
        while self.peek() == "*":
            self.take()
            value *= self.atom()
        return value

    def atom(self):
        token = self.take()
        if token == "(":
            value = self.sum()
            self.take()
            return value
        return int(token)


@tool
def evaluate(formula):
    return Scanner(formula).sum()
'''
SPANS = '''
import re
from dataclasses import dataclass

SPAN = re.compile(r"(?:(?P<hours>\\d+)h)?(?:(?P<minutes>\\d+)m)?")


@dataclass(frozen=True)
class Rest:
    minutes: int
    label: str


def _minutes(text):
    found = SPAN.fullmatch(text)
    hours, minutes = found.group("hours", "minutes")
    return 60 * int(hours or 0) + int(minutes or 0)


@tool
def rest(text, label="break"):
    """A rest for a shift plan, such as 1h15m."""
    one = Rest(_minutes(text), label)
    return f"{one.label}: {one.minutes}"
'''
SPREAD = '''
import statistics


@tool
def outliers(readings, bound=2.0):
    """Readings of a buoy that are far from the others of their hour."""

    def far(group):
        middle = statistics.fmean(group)
        spread = statistics.stdev(group)
        return [value for value in group if abs(value - middle) > bound * spread]

    hours = {}
    for hour, value in readings:
        hours.setdefault(hour, []).append(value)
    return {hour: far(group) for hour, group in hours.items()}
'''
SPLIT = '''
class Unfair(ValueError):
    pass


def _whole(parts):
    if sum(parts.values()) != 1.0:
        raise Unfair("the parts must make up a whole")


@tool
async def royalties(cents, parts):
    """What every author of a song gets."""
    _whole(parts)
    return {name: round(cents * part) for name, part in parts.items()}
'''
TREE = '''
class Staff:
    def __init__(self, boss_of):
        self.boss_of = boss_of

    def level(self, name):
        boss = self.boss_of.get(name)
        return 0 if boss is None else 1 + self.level(boss)


@tool
def levels(boss_of):
    """How far from the top everybody is."""
    staff = Staff(boss_of)
    return {name: staff.level(name) for name in boss_of}
'''
WINDOWS = '''
@tool
def steps_up(tides, width=4):
    """First of every block of tides, with the first of the next."""
    for start in range(0, len(tides) - width + 1, width):
        yield tides[start], tides[start + width]
'''
TELEGRAM = '''
import struct

LAYOUT = {1: "<hh", 2: "<hhf"}


@tool
def telegram(raw):
    """Version, place and weather of a balloon."""
    head = raw[0]
    return [head, *struct.unpack(LAYOUT[head], raw[1:])]
'''

VARIANTS = [
    fault(
        "inputs", "unfinished-formula", "PKG.formulas:evaluate", SCANNER,
        """
from PKG.formulas import evaluate

def step(chance, moment, number):
    a, b, c = (chance.randint(0, 99) for _ in range(3))
    evaluate(chance.choice([f"{a}+{b}", f"{a}*({b}-{c})", f"({a}+{b})*{c}", f"{a}-{b}*{c}"] * 4 + [f"({a}+{b}"]))
""",
        Truth(("input",), "PKG/formulas.py", "token = self.tokens[self.at]", words=("(", "formula")),
    ),
    fault(
        "inputs", "seconds-in-a-span", "PKG.rests:rest", SPANS,
        """
from PKG.rests import rest

def step(chance, moment, number):
    span = chance.choice(["15m", "1h", "1h30m", "45m", "20m", "2h", "10m", "90s"])
    rest(span, chance.choice(["lunch", "tea"]))
""",
        Truth(("input",), "PKG/rests.py", 'found.group("hours"', words=("90s", "text")),
    ),
    fault(
        "inputs", "lonely-reading", "PKG.buoys:outliers", SPREAD,
        """
from PKG.buoys import outliers

def step(chance, moment, number):
    hours = chance.sample(range(24), 3)
    sizes = [chance.randint(2, 6) for _ in hours]
    if chance.random() < 0.09:
        sizes[chance.randrange(3)] = 1
    outliers([(hour, chance.gauss(9, 2)) for hour, size in zip(hours, sizes) for _ in range(size)])
""",
        Truth(("input",), "PKG/buoys.py", "statistics.stdev(group)"),
    ),
    fault(
        "inputs", "float-sum", "PKG.songs:royalties", SPLIT,
        """
import asyncio
from PKG.songs import royalties

def step(chance, moment, number):
    parts = chance.choice([[0.5, 0.5], [0.25, 0.75], [1.0], [0.5, 0.25, 0.25], [0.4, 0.6], [0.3, 0.7], [0.7, 0.2, 0.1]])
    asyncio.run(royalties(chance.randint(100, 90000), dict(zip("abc", parts))))
""",
        Truth(("input",), "PKG/songs.py", "sum(parts.values()) != 1.0", words=("parts",)),
    ),
    fault(
        "inputs", "own-boss", "PKG.staff:levels", TREE,
        """
from PKG.staff import levels

def step(chance, moment, number):
    names = [f"p{i}" for i in range(chance.randint(2, 7))]
    boss_of = {name: names[chance.randrange(i)] if i else None for i, name in enumerate(names)}
    if chance.random() < 0.06:
        boss_of["p0"] = chance.choice(names)
    levels(boss_of)
""",
        Truth(("input",), "PKG/staff.py", "self.level(boss)", words=("boss",)),
    ),
    fault(
        "inputs", "even-blocks", "PKG.tides:steps_up", WINDOWS,
        """
from PKG.tides import steps_up

def step(chance, moment, number):
    list(steps_up([chance.randint(0, 50) for _ in range(chance.choice([1, 2, 3, 5, 6, 7, 9, 10, 11, 8, 13, 14]))]))
""",
        Truth(("input",), "PKG/tides.py", "tides[start + width]"),
    ),
    fault(
        "inputs", "short-telegram", "PKG.balloons:telegram", TELEGRAM,
        """
import struct
from PKG.balloons import telegram

def step(chance, moment, number):
    x, y = chance.randint(-90, 90), chance.randint(-180, 180)
    if chance.random() < 0.5:
        telegram(b"\\x01" + struct.pack("<hh", x, y))
    else:
        whole = b"\\x02" + struct.pack("<hhf", x, y, chance.uniform(-20, 30))
        telegram(whole[:-2] if chance.random() < 0.14 else whole)
""",
        Truth(("input",), "PKG/balloons.py", "struct.unpack(", words=("raw",)),
    ),
]  # fmt: skip
