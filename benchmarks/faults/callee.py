"""A tool fails because another tool of the program does."""

from faults.model import Truth, fault

QUOTE = '''
from PKG.weights import weight_of


@tool
def quote(article, number):
    """Cents for sending it."""
    grams = weight_of(article) * number
    return 300 + grams // 10
'''
WEIGHTS = '''"""What articles weigh."""

from gitops_healer.recorder import tool

GRAMS = {"cup": 300, "plate": 450, "fork": 40}


@tool
def weight_of(article):
    return GRAMS[article]
'''
REPORT = """
from PKG.lines import amount_of


@tool
def report(lines):
    rows = []
    for line in lines:
        rows.append(amount_of(line))
    return sum(rows)
"""
LINES = '''"""Lines of an invoice."""

from gitops_healer.recorder import tool


@tool
def amount_of(line):
    text = line.split()[-1]
    return int(text.replace(".", ""))
'''

STATUS = """
from PKG.carriers import Carrier


@tool
def status(parcel):
    carrier = Carrier(parcel[:2])
    state = carrier.state_of(parcel)
    return f"{parcel}: {state}"
"""
CARRIERS = '''"""Who carries parcels."""

from gitops_healer.recorder import tool

STATES = ("packed", "on its way", "there")


class Carrier:
    def __init__(self, code):
        self.code = code

    @tool
    def state_of(self, parcel):
        digit = int(parcel[-1])
        return STATES[digit // 4 + (digit == 9)]
'''
PLAN = """
from PKG.routes import distance


@tool
def hours(stops):
    total = 0.0
    for start, end in zip(stops, stops[1:]):
        total += distance(start, end) / 80
    return round(total, 1)
"""
ROUTES = '''"""Roads between towns."""

from gitops_healer.recorder import tool

ROADS = {frozenset("AB"): 120, frozenset("BC"): 40, frozenset("AC"): 90}


class NoRoad(LookupError):
    pass


@tool
def distance(start, end):
    found = ROADS.get(frozenset((start, end)))
    if found is None:
        raise NoRoad(f"no road from {start} to {end}")
    return found
'''
MAIL = """
from PKG.outbox import deliver


@tool
def notify(user, text):
    message = f"{user}: {text}"
    return deliver(message)
"""
OUTBOX = '''"""Messages that wait."""

from datetime import datetime

from gitops_healer.recorder import tool


class Closed(RuntimeError):
    pass


@tool
def deliver(message):
    if datetime.now().day in (8, 9) and datetime.now().hour > 8:
        raise Closed("the outbox is closed")
    return len(message)
'''


VARIANTS = [
    fault(
        "callee", "unknown-article", "PKG.quotes:quote", QUOTE,
        """
from PKG.quotes import quote

def step(chance, moment, number):
    quote(chance.choice(["cup", "plate", "fork", "cup", "cup", "plate", "spoon"]), chance.randint(1, 9))
""",
        Truth(("dependency", "input"), "PKG/weights.py", "GRAMS[article]", words=("spoon", "weight_of")),
        files={"PKG/weights.py": WEIGHTS},
    ),
    fault(
        "callee", "empty-line", "PKG.invoices:report", REPORT,
        """
from PKG.invoices import report

def step(chance, moment, number):
    lines = [f"{chance.choice(['tea', 'cake'])} {chance.randint(1, 9)}.50" for _ in range(chance.randint(1, 5))]
    report(lines + ([""] if chance.random() < 0.07 else []))
""",
        Truth(("dependency", "input"), "PKG/lines.py", "line.split()[-1]", words=("empty", "amount_of")),
        files={"PKG/lines.py": LINES}, held=True,
    ),
    fault(
        "callee", "method-out-of-range", "PKG.status:status", STATUS,
        """
from PKG.status import status

def step(chance, moment, number):
    status(f"XY{chance.randint(100, 999)}")
""",
        Truth(("dependency", "input"), "PKG/carriers.py", "STATES[digit", words=("9", "state_of")),
        files={"PKG/carriers.py": CARRIERS},
    ),
    fault(
        "callee", "no-road", "PKG.journeys:hours", PLAN,
        """
from PKG.journeys import hours

def step(chance, moment, number):
    stops = chance.sample("ABC", chance.randint(2, 3))
    hours(stops + (["D"] if chance.random() < 0.07 else []))
""",
        Truth(("dependency", "input"), "PKG/routes.py", "raise NoRoad", words=("D", "distance")),
        files={"PKG/routes.py": ROUTES}, held=True,
    ),
    fault(
        "callee", "closed-outbox", "PKG.notices:notify", MAIL,
        """
from PKG.notices import notify

def step(chance, moment, number):
    notify(chance.choice(["ann", "bo"]), chance.choice(["hello", "bye"]))
""",
        Truth(("dependency",), "PKG/outbox.py", "raise Closed", words=("deliver",)),
        files={"PKG/outbox.py": OUTBOX}, held=True,
    ),
]  # fmt: skip
