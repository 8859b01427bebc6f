"""Nothing is wrong, or it cannot be known, or two things are at once, or what stands beside it is innocent."""

from datetime import UTC, datetime

from faults.fresh_inputs import SPANS
from faults.model import Truth, fault

# Of what a later commit has repaired nothing is wrong any more: whoever blames something is wrong.
UNKNOWN = Truth(("unknown",))
BANK = """
import asyncio


class Account:
    def __init__(self):
        self.cents = 0

    async def add(self, cents):
        await asyncio.sleep(0)
        self.cents = max(0, self.cents + cents)
        return self.cents


KITTY = Account()


@tool
async def pay_in(cents, note=""):
    await KITTY.add(cents)
    return note or "thanks"
"""
BAKE = """
def _oven(loaf):
    return loaf


@tool
def bake(loaf, minutes=40):
    _oven(loaf)
    return minutes
"""
COLD = """
from PKG import bakery

class Cold(Exception):
    pass

def cold(loaf):
    raise Cold("the oven did not do it")

GOOD = bakery._oven

def step(chance, moment, number):
    bakery._oven = cold if WHEN else GOOD
    bakery.bake(chance.choice(["rye", "oat"]), 40)
"""
CLUB = '''
from datetime import datetime

FEES = {"child": 400, "adult": 900}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@tool
def entry(kind, guests=0):
    """Fee and day, as the ticket says."""
    cents = FEES[kind] * (1 + guests)
    # Tickets say the day in short.
    label = str(cents)
    if guests:
        label = f"{label} ({guests})"
    day = datetime.now().weekday()
    return f"{label} {DAYS[day]}"
'''
KNOTS = """
from dataclasses import dataclass


@dataclass(frozen=True)
class Log:
    miles: float
    hours: float
    crew: tuple = ()

    def speed(self):
        return self.miles / self.hours

    def watch(self):
        turns = len(self.crew)
        names = sorted(self.crew)
        first = names[0]
        return f"{first} of {turns}"


@tool
def voyage(miles, hours, crew):
    log = Log(miles, hours, GIVEN)
    speed = round(log.speed(), 1)
    return f"{speed} {log.watch()}"
"""
PROBE = '''
import socket

PLACE = ("127.0.0.1", 9)
PAUSE = SECONDS


@tool
def lamp(street, on):
    """Switches a street's lamps, by the cabinet at its corner."""
    with socket.create_connection(PLACE, timeout=PAUSE) as cabinet:
        cabinet.sendall(f"{street} {on}".encode())
    return on
'''
COMMITTED = """
import subprocess

def committed(subject):
    found = ["git", "log", "-1", "--format=%ct", f"--grep={subject}", "main"]
    return int(subprocess.run(found, capture_output=True, check=True, text=True).stdout)
"""
OUTAGE = (
    COMMITTED
    + """
import socket
from PKG import lamps

LISTENER = socket.create_server(("127.0.0.1", 0), backlog=4)
CLOSED = socket.create_server(("127.0.0.1", 0))
CLOSED_PORT = CLOSED.getsockname()[1]
CLOSED.close()
AT = committed("Wait a little longer")

def step(chance, moment, number):
    hours = (moment.timestamp() - AT) / 3600
    down = 4 <= hours < 30 or -80 <= hours < -72
    lamps.PLACE = ("127.0.0.1", CLOSED_PORT if down else LISTENER.getsockname()[1])
    try:
        lamps.lamp(chance.choice(["Elm", "Mill"]), chance.random() < 0.5)
    finally:
        if not down:
            LISTENER.accept()[0].close()
"""
)
SHOES = '''
HALVES = {"": 0, "½": 1}


def _half(text):
    whole = text.rstrip("½")
    return 2 * int(whole) + HALVES[text[len(whole) :]]


@tool
def last_for(size, width="G"):
    """Number of the last for a shoe."""
    number = _half(size)
    return f"WORDS{number}{width}"
'''
POUR = '''
@tool
def concentration(grams, litres):
    """Grams a litre, of a brine."""
GUARD    return round(grams / litres, 3)
'''
SONAR = """
FLOOR = DEPTH


class TooDeep(Exception):
    pass


class Sonar:
    def __init__(self, limit):
        self.limit = limit

    def ping(self, metres):
        if metres > self.limit:
            raise TooDeep("no echo from below the limit")
        return metres * 2 / 1500


@tool
def echo(metres):
    return round(Sonar(FLOOR).ping(metres), 3)
"""
CHECKED = '''
class Refused(ValueError):
    """The documented answer to a number that is not one."""


def _digits(number):
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled)


@tool
def member_number(number):
    """The number itself. Raises Refused for one that somebody mistyped (Luhn's formula)."""
    if _digits(number) % 10:
        raise Refused("the check digit is wrong")
    return number
'''
PHRASE = '''
import re

RULES = (
    (re.compile(r".{8,}"), "is too short"),
    (re.compile(r"\\d"), "has no digit"),
    (re.compile(r"[A-Z]"), "has no capital"),
)


class Weak(ValueError):
    """Raised by contract: the form shows it to who has chosen the phrase."""


@tool
def accept_phrase(phrase):
    for rule, complaint in RULES:
        if not rule.search(phrase):
            raise Weak(f"the phrase {complaint}")
    return len(phrase)
'''

VARIANTS = [
    fault(
        "controls", "healthy-coroutine", "PKG.kitty:pay_in", BANK,
        """
import asyncio
from PKG.kitty import pay_in

def step(chance, moment, number):
    asyncio.run(pay_in(chance.randint(-900, 900), chance.choice(["", "cake", "tea"])))
""",
    ),
    fault(
        "controls", "healthy-over-a-changed-default", "PKG.rests:rest", SPANS.replace('"break"', '"rest"'),
        """
from PKG.rests import rest

def step(chance, moment, number):
    rest(chance.choice(["15m", "1h", "1h30m"]), *chance.choice([(), ("tea",)]))
""",
        before=SPANS, subject="Say rest instead of break",
    ),
    fault(
        "controls", "two-failures", "PKG.bakery:bake", BAKE, COLD.replace("WHEN", "number in (311, 702)"), UNKNOWN,
    ),
    fault(
        "controls", "three-failures-of-many", "PKG.bakery:bake", BAKE,
        COLD.replace("WHEN", "number in (97, 1204, 2333)"), UNKNOWN, rate=190,
    ),
    fault(
        "controls", "neither-inputs-nor-frames", "PKG.bakery:bake", BAKE,
        COLD.replace("WHEN", "chance.random() < 0.11"), UNKNOWN, inputs=False, frames=False,
    ),
    fault(
        "controls", "input-and-sunday", "PKG.clubs:entry", CLUB,
        """
from PKG.clubs import entry

def step(chance, moment, number):
    entry(chance.choice(["child", "adult", "child", "adult", "adult", "adult", "child", "child", "senior"]),
          chance.randint(0, 3))
""",
        Truth(("input",), "PKG/clubs.py", "FEES[kind]", words=("senior",)),
        Truth(("time",), "PKG/clubs.py", "DAYS[day]", words=("Sunday",)),
        start=datetime(2026, 2, 2, tzinfo=UTC),
    ),
    fault(
        "controls", "input-and-commit", "PKG.voyages:voyage", KNOTS.replace("GIVEN", 'tuple(crew[1:])'),
        """
from PKG.voyages import voyage

def step(chance, moment, number):
    crew = chance.sample(["Ann", "Bo", "Cy", "Di"], chance.choice([1, 2, 3, 4, 2, 3]))
    voyage(chance.randint(1, 60), chance.choice([1, 2, 3, 5, 8, 2, 3, 5, 8, 0]), crew)
""",
        Truth(("input",), "PKG/voyages.py", "self.miles / self.hours", words=("hours",)),
        Truth(("commit",), "PKG/voyages.py", "", True, ("crew",)),
        before=KNOTS.replace("GIVEN", "tuple(crew)"), subject="Leave out the skipper",
    ),
    fault(
        "controls", "outage-beside-a-commit", "PKG.lamps:lamp", PROBE.replace("SECONDS", "0.4"), OUTAGE,
        Truth(("dependency",), "PKG/lamps.py", "socket.create_connection("),
        before=PROBE.replace("SECONDS", "0.2"), subject="Wait a little longer",
    ),
    fault(
        "controls", "traffic-beside-a-commit", "PKG.shoes:last_for", SHOES.replace("WORDS", "L"),
        COMMITTED
        + """
from PKG.shoes import last_for

AT = committed("Mark lasts with a letter")

def step(chance, moment, number):
    american = 0.15 if moment.timestamp() > AT else 0.025
    size = chance.choice(["36", "38½", "40", "42½", "44"])
    last_for("8.5" if chance.random() < american else size, chance.choice("GH"))
""",
        Truth(("input",), "PKG/shoes.py", "", words=("8.5", "size")),
        before=SHOES.replace("WORDS", ""), subject="Mark lasts with a letter",
    ),
    fault(
        "controls", "repaired-guard", "PKG.brine:concentration",
        POUR.replace("GUARD", "    if not litres:\n        return 0.0\n"),
        """
from PKG.brine import concentration

def step(chance, moment, number):
    concentration(chance.randint(1, 90), chance.choice([1, 2, 5, 8, 10, 2, 5, 0]))
""",
        UNKNOWN, before=POUR.replace("GUARD", ""), subject="An empty vat holds no salt",
    ),
    fault(
        "controls", "repaired-constant", "PKG.sonars:echo", SONAR.replace("DEPTH", "600"),
        """
from PKG.sonars import echo

def step(chance, moment, number):
    echo(chance.randint(2, 240))
""",
        UNKNOWN, before=SONAR.replace("DEPTH", "200"), subject="The new sonar hears more",
    ),
    fault(
        "controls", "check-digit", "PKG.members:member_number", CHECKED,
        """
from PKG.members import member_number

def luhn(number):
    doubled = [int(digit) * (1 + (place + 1) % 2) for place, digit in enumerate(reversed(number))]
    return -sum(value - 9 if value > 9 else value for value in doubled) % 10

def step(chance, moment, number):
    text = f"{chance.randint(1000, 9999)}"
    right = luhn(text)
    member_number(f"{text}{(right + chance.randint(1, 9)) % 10 if chance.random() < 0.3 else right}")
""",
        Truth(("input",), "PKG/members.py", ""),
    ),
    fault(
        "controls", "weak-phrases", "PKG.phrases:accept_phrase", PHRASE,
        """
from PKG.phrases import accept_phrase

def step(chance, moment, number):
    accept_phrase(chance.choice(["Meadow42lark", "River7stone", "Copper88kettle", "Oak1", "quietharbor9", "Fi5"]))
""",
        Truth(("input",), "PKG/phrases.py", ""),
    ),
]  # fmt: skip
