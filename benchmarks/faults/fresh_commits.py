"""A commit that broke what worked: a pattern, a default, an operator, an order, a data file, a pin."""

from faults.model import Truth, fault

PLATE = '''
import re

PLATE = re.compile(r"DIGITS")


@tool
def toll(plate, axles=2):
    """Cents for a lorry."""
    if PLATE.fullmatch(plate) is None:
        raise ValueError(f"not a plate: {plate}")
    return 180 * axles
'''
HERBS = """
from PKG.labels_read import fields


@tool
def jar(text):
    found = fields(text)
    return f"{found['herb']} ({found.get('year', 'old')})"
"""
FIELDS = '''"""Labels such as herb=mint,year=2024."""

KNOWN = ("herb", "year")


def fields(text, strict=STRICT):
    found = dict(part.split("=", 1) for part in text.split(","))
    if strict and set(found) - set(KNOWN):
        raise ValueError(f"unknown fields: {sorted(set(found) - set(KNOWN))}")
    return found
'''
LIFT = """
from dataclasses import dataclass, field


class Overload(Exception):
    pass


@dataclass
class Cabin:
    room: int = 6
    aboard: list = field(default_factory=list)

    def enter(self, weight):
        if OPERATOR:
            raise Overload(f"{len(self.aboard)} are aboard")
        self.aboard.append(weight)


@tool
def ride(weights):
    cabin = Cabin()
    for weight in weights:
        cabin.enter(weight)
    return sum(cabin.aboard)
"""
ISBN = '''
def _plain(code):
    return code.replace("-", "").replace(" ", "")


def _checked(code):
    if len(code) != 10:
        raise ValueError(f"{len(code)} characters instead of 10")
    return code


@tool
def shelf_mark(code):
    """Where a book stands."""
    plain = CALLS
    return f"{plain[1:4]}.{plain[-1]}"
'''
POSTAGE = """
import json
from pathlib import Path

TARIFFS = json.loads(Path(__file__).with_name("tariffs.json").read_text())


@tool
def postage(zone, grams):
    steps = TARIFFS[zone]["steps"]
    return next(step["cents"] for step in steps if grams <= step["grams"])
"""
TARIFFS = """{
 "inland": {"steps": [{"grams": 100, "cents": 95}, {"grams": 1000, "cents": 290}]},
 "europe": {"steps": [{"grams": 100, "cents": 125}, {"grams": LAST, "cents": 440}]}
}
"""
TRAMS = '''
import csv
from pathlib import Path


def _stops():
    with Path(__file__).with_name("stops.csv").open(newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


class Network:
    def __init__(self):
        self.stops = _stops()

    def zones(self, start, end):
        return 1 + abs(int(self.stops[start]["zone"]) - int(self.stops[end]["zone"]))


NETWORK = Network()


@tool
def fare(start, end):
    """Cents for a ride."""
    return 160 * NETWORK.zones(start, end)
'''
STOPS = "code,name,zone\nAM,Am Markt,1\nBF,Bahnhof,1\nHF,Hafen,2\nZO,Zoo,2\nFL,Flugfeld,3\n"
PIN = '''
from PKG.installed import load

weeks = load("weeks")


@tool
def harvest(week, field):
    """When a field is due."""
    year, number = weeks.parse(week)
    return f"{field}: {year * 100 + number}"
'''
INSTALLED = '''"""Loads the version of a package that is pinned."""

from importlib import import_module
from pathlib import Path


def load(name):
    pins = dict(line.split("==") for line in Path(__file__).with_name("requirements.txt").read_text().split())
    return import_module(f"PKG.site.{name}_{pins[name].replace('.', '_')}")
'''
WEEKS = '''"""Weeks, version 1."""


def parse(text):
    year, _, number = text.upper().replace("-", "").partition("W")
    return int(year), int(number)
'''
WEEKS_2 = '''"""Weeks, version 2."""

import re


def parse(text):
    found = re.fullmatch(r"(\\d{4})-W(\\d\\d)", text)
    if not found:
        raise ValueError(f"not a week of ISO 8601: {text}")
    return int(found[1]), int(found[2])
'''
NARROW = '''
from decimal import Decimal, InvalidOperation


@tool
def dose(row):
    """Millilitres of a medicine, None when nobody wrote a number."""
    try:
        return Decimal(row["dose"]) * Decimal(row.get("times", "1"))
    except CAUGHT:
        return None
'''
UNIT = """
from PKG.clockwork import elapsed

PRICES = [0, 150, 300, 450, 600]


@tool
def parking(entry, leaving):
    hours = -(-elapsed(entry, leaving) // 60)
    return PRICES[min(hours, 4)] if hours >= 0 else PRICES[hours]
"""
CLOCKWORK = '''"""Times of day as text."""


def _minutes(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def elapsed(start, end):
    """Minutes; the end may be on the next day."""
    return SPAN
'''

VARIANTS = [
    fault(
        "commits", "tighter-pattern", "PKG.tolls:toll", PLATE.replace("DIGITS", r"[A-Z]{2}\d{4}"),
        """
from PKG.tolls import toll

def step(chance, moment, number):
    digits = chance.choice([4, 4, 4, 4, 5, 4, 4, 6])
    plate = chance.choice(["KA", "MZ", "OF"]) + str(chance.randrange(10 ** (digits - 1), 10**digits))
    toll(plate, chance.randint(2, 5))
""",
        Truth(("commit",), "PKG/tolls.py", "", True, ("PLATE",)),
        before=PLATE.replace("DIGITS", r"[A-Z]{2}\d{4,6}"), subject="Be exact about plates",
    ),
    fault(
        "commits", "stricter-default", "PKG.herbs:jar", HERBS,
        """
from PKG.herbs import jar

def step(chance, moment, number):
    parts = [f"herb={chance.choice(['mint', 'sage', 'dill'])}", f"year={chance.randint(2021, 2025)}"]
    jar(",".join(parts + (["bed=4"] if chance.random() < 0.2 else [])))
""",
        Truth(("commit",), "PKG/labels_read.py", "", True, ("strict",)),
        files={"PKG/labels_read.py": FIELDS.replace("STRICT", "True")},
        older={"PKG/labels_read.py": FIELDS.replace("STRICT", "False")}, subject="Check fields by default",
    ),
    fault(
        "commits", "off-by-one", "PKG.lifts:ride", LIFT.replace("OPERATOR", "len(self.aboard) + 1 >= self.room"),
        """
from PKG.lifts import ride

def step(chance, moment, number):
    ride([chance.randint(50, 95) for _ in range(chance.choice([1, 2, 3, 3, 4, 5, 6, 6]))])
""",
        Truth(("commit",), "PKG/lifts.py", "len(self.aboard) + 1", True, ("room",)),
        before=LIFT.replace("OPERATOR", "len(self.aboard) + 1 > self.room"), subject="Say how many fit",
    ),
    fault(
        "commits", "order-of-calls", "PKG.marks:shelf_mark", ISBN.replace("CALLS", "_plain(_checked(code))"),
        """
from PKG.marks import shelf_mark

def step(chance, moment, number):
    code = "".join(chance.choice("0123456789") for _ in range(10))
    shelf_mark(chance.choice([code, code, code, f"{code[0]}-{code[1:4]}-{code[4:9]}-{code[9]}"]))
""",
        Truth(("commit",), "PKG/marks.py", "_plain(_checked(code))", True, ("_checked",)),
        before=ISBN.replace("CALLS", "_checked(_plain(code))"), subject="Check first, then work",
    ),
    fault(
        "commits", "json-table", "PKG.postage:postage", POSTAGE,
        """
from PKG.postage import postage

def step(chance, moment, number):
    postage(chance.choice(["inland", "europe"]), chance.choice([20, 50, 80, 150, 300, 700, 900]))
""",
        Truth(("commit",), "", "", True, ("tariffs.json",)),
        files={"PKG/tariffs.json": TARIFFS.replace("LAST", "500")},
        older={"PKG/tariffs.json": TARIFFS.replace("LAST", "1000")}, subject="Tariffs of this year",
    ),
    fault(
        "commits", "csv-row", "PKG.trams:fare", TRAMS,
        """
from PKG.trams import fare

def step(chance, moment, number):
    fare(*chance.sample(["AM", "BF", "HF", "ZO", "AM", "BF", "HF", "FL"], 2))
""",
        Truth(("commit",), "", "", True, ("stops.csv",)),
        files={"PKG/stops.csv": STOPS.replace("Flugfeld,3", "Flugfeld,C")}, older={"PKG/stops.csv": STOPS},
        subject="Zones as on the new map",
    ),
    fault(
        "commits", "pinned-package", "PKG.harvests:harvest", PIN,
        """
from PKG.harvests import harvest

def step(chance, moment, number):
    week = chance.choice(["2026-W05", "2026-W31", "2026-W32", "2026W33"])
    harvest(week, chance.choice(["hill", "brook"]))
""",
        Truth(("commit",), "", "", True, ("requirements", "weeks")),
        files={
            "PKG/installed.py": INSTALLED, "PKG/site/__init__.py": "", "PKG/requirements.txt": "weeks==2.0\n",
            "PKG/site/weeks_1_4.py": WEEKS, "PKG/site/weeks_2_0.py": WEEKS_2,
        },
        older={"PKG/requirements.txt": "weeks==1.4\n"}, subject="Bump weeks from 1.4 to 2.0",
    ),
    fault(
        "commits", "narrower-except", "PKG.doses:dose", NARROW.replace("CAUGHT", "KeyError"),
        """
from PKG.doses import dose

def step(chance, moment, number):
    row = {"dose": chance.choice(["2.5", "5", "7.5", "10", "some", "5"]), "times": "3"}
    if chance.random() < 0.1:
        del row["dose"]
    dose(row)
""",
        Truth(("commit",), "PKG/doses.py", "except KeyError", True, ("InvalidOperation",)),
        before=NARROW.replace("CAUGHT", "(KeyError, InvalidOperation)"), subject="Catch less",
    ),
    fault(
        "commits", "precedence", "PKG.parking:parking", UNIT,
        """
from PKG.parking import parking

def step(chance, moment, number):
    entry = chance.randint(6, 23) * 60 + chance.randrange(60)
    leaving = (entry + chance.randint(10, 420)) % 1440
    parking(f"{entry // 60}:{entry % 60:02d}", f"{leaving // 60}:{leaving % 60:02d}")
""",
        Truth(("commit",), "PKG/clockwork.py", "_minutes(end)", True, ("1440", "elapsed")),
        files={"PKG/clockwork.py": CLOCKWORK.replace("SPAN", "_minutes(end) - _minutes(start) % 1440")},
        older={"PKG/clockwork.py": CLOCKWORK.replace("SPAN", "(_minutes(end) - _minutes(start)) % 1440")},
        subject="Drop brackets",
    ),
]  # fmt: skip
