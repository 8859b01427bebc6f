"""A class of inputs that the code does not handle."""

from faults.model import Truth, fault

AVERAGE = '''
@tool
def average(ratings, digits=2):
    """Mean rating of an article."""
    total = sum(ratings)
    return round(total / len(ratings), digits)


@tool
def highest(ratings):
    if not ratings:
        return None
    return max(ratings)
'''
ADDRESS = '''
@tool
def label(address):
    """Lines of a parcel label."""
    street = address["street"].strip()
    place = f"{address['zip']} {address['city'].upper()}"
    return [address["name"], street, place]
'''
DISCOUNT = '''
import math


@tool
def score(quantity, price):
    """Weight of an order in the ranking."""
    worth = quantity * price
    return round(math.log(worth + 1) * 10)
'''
PARSE = '''
@tool
def parse_row(line):
    """name;number;price of a supplier's list."""
    name, number, price = line.split(";")
    return {"name": name.strip(), "number": int(number), "price": float(price)}
'''
ENCODE = '''
@tool
def packet(title, flags=0):
    """A title for the old label printer, which takes 7 bits."""
    head = bytes([flags & 255])
    body = title[:30].encode("ascii")
    return head + body
'''
OWNER = """
class Account:
    def __init__(self, name, manager=None):
        self.name = name
        self.manager = manager


ACCOUNTS = {"a1": Account("North", Account("Kim")), "a2": Account("South", Account("Lee")), "a3": Account("East")}


@tool
def greeting(account_id):
    account = ACCOUNTS[account_id]
    who = account.manager.name
    return f"Dear {who} of {account.name}"
"""
PAGES = '''
@tool
def page(items, size):
    """Items cut into pages."""
    pages = []
    for start in range(0, len(items), size):
        pages.append(items[start : start + size])
    return pages
'''

VARIANTS = [
    fault(
        "inputs", "empty-list", "PKG.ratings:average", AVERAGE,
        """
from PKG.ratings import average, highest

def step(chance, moment, number):
    ratings = [chance.randint(1, 5) for _ in range(chance.randint(1, 8))] if chance.random() > 0.08 else []
    highest(ratings)
    average(ratings)
""",
        Truth(("input",), "PKG/ratings.py", "total / len(ratings)", words=("empty",)),
    ),
    fault(
        "inputs", "missing-key", "PKG.labels:label", ADDRESS,
        """
from PKG.labels import label

def step(chance, moment, number):
    address = {"name": chance.choice(["Ann", "Bo"]), "street": f"Hill {number}", "city": "Ulm", "zip": "89073"}
    if chance.random() < 0.06:
        del address["zip"]
    label(address)
""",
        Truth(("input",), "PKG/labels.py", "address['zip']", words=("zip",)),
    ),
    fault(
        "inputs", "negative", "PKG.ranking:score", DISCOUNT,
        """
from PKG.ranking import score

def step(chance, moment, number):
    quantity = chance.randint(1, 30) if chance.random() > 0.07 else -chance.randint(1, 5)
    score(quantity, chance.randint(2, 90))
""",
        Truth(("input",), "PKG/ranking.py", "math.log(worth + 1)", words=("negative", "< 0", "quantity")),
    ),
    fault(
        "inputs", "extra-separator", "PKG.supply:parse_row", PARSE,
        """
from PKG.supply import parse_row

def step(chance, moment, number):
    name = chance.choice(["bolt", "nut", "screw M4", "washer"])
    if chance.random() < 0.05:
        name = name + "; steel"
    parse_row(f"{name};{chance.randint(1, 99)};{chance.uniform(1, 9):.2f}")
""",
        Truth(("input",), "PKG/supply.py", 'line.split(";")', words=(";",)),
        held=True,
    ),
    fault(
        "inputs", "not-ascii", "PKG.printer:packet", ENCODE,
        """
from PKG.printer import packet

def step(chance, moment, number):
    packet(chance.choice(["Tea", "Coffee", "Milk", "Sugar", "Bread", "Rice", "Beans", "Caf\u00e9", "Oats"]), number % 4)
""",
        Truth(("input",), "PKG/printer.py", 'encode("ascii")', words=("ascii", "title")),
    ),
    fault(
        "inputs", "none-inside", "PKG.accounts:greeting", OWNER,
        """
from PKG.accounts import greeting

def step(chance, moment, number):
    greeting(chance.choice(["a1", "a2", "a1", "a2", "a2", "a3"]))
""",
        Truth(("input",), "PKG/accounts.py", "account.manager.name", words=("a3",)),
        held=True,
    ),
    fault(
        "inputs", "zero-size", "PKG.paging:page", PAGES,
        """
from PKG.paging import page

def step(chance, moment, number):
    page(list(range(chance.randint(0, 20))), chance.choice([5, 10, 20, 5, 10, 20, 5, 10, 10, 0]))
""",
        Truth(("input",), "PKG/paging.py", "range(0, len(items), size)", words=("size", "0")),
        held=True,
    ),
]  # fmt: skip
