"""A commit that broke what worked."""

from faults.model import Truth, fault

WORK = """
from PKG.prices import unit_price

def step(chance, moment, number):
    pieces = chance.choice([1, 2, 3, 4, 5, 0, 8, 10])
    unit_price({"total": pieces * 250, "pieces": pieces})
"""
UNIT = """
@tool
def unit_price(line):
    total = line["total"]
    return total // line["pieces"]
"""
UNIT_BEFORE = """
@tool
def unit_price(line):
    if not line["pieces"]:
        return 0
    total = line["total"]
    return total // line["pieces"]
"""
LIMIT = '''
LIMIT = {limit}


class TooMuch(Exception):
    pass


@tool
def reserve(amount, reserved=0):
    """Seats that are reserved after this."""
    after = reserved + amount
    if after > LIMIT:
        raise TooMuch(f"{{after}} seats, {{LIMIT}} allowed")
    return after
'''
SPAN = '''
def window(start, length):
    if length < 0:
        raise ValueError("a window cannot be shorter than nothing")
    return range(start, start + length)


@tool
def shifts(first, hours):
    """Hours of a shift."""
    return list(window({arguments}))
'''
FORMATS = '''"""How codes are written."""

PARTS = {parts}


def split_code(code):
    parts = code.split("-")
    return parts[:PARTS]
'''
CODES = """
from PKG.formats import split_code


@tool
def region_of(code):
    country, region, number = split_code(code)
    return f"{country}/{region}"
"""
TAX = """
RATES = {rates}


@tool
def tax(cents, country):
    rate = RATES[country]
    return cents * rate // 100
"""
TAXWORK = """
from PKG.taxes import tax

def step(chance, moment, number):
    tax(chance.randint(100, 9000), chance.choice(["DE", "FR", "IT", "DE", "FR", "LU", "DE"]))
"""
VERSION = '''
import json


@tool
def decode(body):
    """Name and version in a message of a device."""
    data = json.loads(body)
    return data["name"], {read}
'''

PINS = '''"""Versions of what is installed, as a lock file would say."""

PARSER = {pin}
'''
PINNED = '''
from PKG.pins import PARSER


@tool
def decimal(text):
    """A number as the parser of that version reads it."""
    if PARSER >= (2, 0):
        return float(text)
    return float(text.replace(",", "."))
'''

VARIANTS = [
    fault(
        "commits", "removed-guard", "PKG.prices:unit_price", UNIT, WORK,
        Truth(("commit",), "PKG/prices.py", 'total // line["pieces"]', True, ("pieces",)),
        before=UNIT_BEFORE, subject="Simplify unit_price",
    ),
    fault(
        "commits", "changed-constant", "PKG.seats:reserve", LIMIT.format(limit=40),
        """
from PKG.seats import reserve

def step(chance, moment, number):
    reserve(chance.randint(1, 12), chance.randint(0, 50))
""",
        Truth(("commit",), "PKG/seats.py", "", True, ("LIMIT",)),
        before=LIMIT.format(limit=400), subject="Adjust limits",
    ),
    fault(
        "commits", "swapped-arguments", "PKG.shifts:shifts", SPAN.format(arguments="hours, first"),
        """
from PKG.shifts import shifts

def step(chance, moment, number):
    shifts(chance.randint(-6, 23), chance.randint(2, 10))
""",
        Truth(("commit",), "PKG/shifts.py", "window(hours, first)", True),
        before=SPAN.format(arguments="first, hours"), subject="Order arguments by name",
    ),
    fault(
        "commits", "helper-elsewhere", "PKG.codes:region_of", CODES,
        """
from PKG.codes import region_of

def step(chance, moment, number):
    region_of(f"DE-{chance.choice(['BW', 'BY'])}-{number}")
""",
        Truth(("commit",), "PKG/formats.py", "", True, ("PARTS",)),
        files={"PKG/formats.py": FORMATS.format(parts=2)}, older={"PKG/formats.py": FORMATS.format(parts=3)},
        subject="Codes have two parts for customers", held=True,
    ),
    fault(
        "commits", "dropped-entry", "PKG.taxes:tax", TAX.format(rates='{"DE": 19, "FR": 20, "IT": 22}'), TAXWORK,
        Truth(("commit",), "PKG/taxes.py", "", True, ("LU",)),
        before=TAX.format(rates='{"DE": 19, "FR": 20, "IT": 22, "LU": 17}'), subject="Rates of 2026", held=True,
    ),
    fault(
        "commits", "stricter-read", "PKG.devices:decode", VERSION.format(read='int(data["version"])'),
        """
import json
from PKG.devices import decode

def step(chance, moment, number):
    version = chance.choice(["1", "2", "3", "3.1", "2", "3"])
    decode(json.dumps({"name": f"d{number % 9}", "version": version}))
""",
        Truth(("commit",), "PKG/devices.py", 'int(data["version"])', True, ("version",)),
        before=VERSION.format(read='data["version"]'), subject="Versions are numbers", held=True,
    ),
    fault(
        "commits", "newer-parser", "PKG.decimals:decimal", PINNED,
        """
from PKG.decimals import decimal

def step(chance, moment, number):
    decimal(chance.choice(["1.5", "2.25", "3,5", "7"]))
""",
        Truth(("commit",), "PKG/pins.py", "", True, ("PARSER", "pins")),
        files={"PKG/pins.py": PINS.format(pin="(2, 1)")}, older={"PKG/pins.py": PINS.format(pin="(1, 9)")},
        subject="Update what is pinned",
    ),
]  # fmt: skip
