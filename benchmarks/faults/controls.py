"""Nothing is wrong, or it cannot be known, or two things are wrong at once."""

from faults.inputs import ADDRESS, AVERAGE
from faults.model import Truth, fault

UNKNOWN = Truth(("unknown",))
EMPTY = """
from PKG.ratings import average

def step(chance, moment, number):
    average([chance.randint(1, 5) for _ in range(chance.randint(1, 8))] if chance.random() > 0.08 else [])
"""
HEALTHY = EMPTY.replace(" if chance.random() > 0.08 else []", "")
TWICE = """
from PKG.labels import label

def step(chance, moment, number):
    address = {"name": "Ann", "street": f"Hill {number}", "city": "Ulm", "zip": "89073"}
    luck = chance.random()
    if luck < 0.06:
        del address["zip"]
    elif luck < 0.1:
        address["street"] = None
    label(address)
"""
OPAQUE = """
def _fetch(part):
    return part


@tool
def job(part):
    _fetch(part)
    return part
"""
FAILS = """
from PKG import jobs

class Lost(Exception):
    pass

def failing(part):
    raise Lost("failed")

GOOD = jobs._fetch

def step(chance, moment, number):
    jobs._fetch = failing if chance.random() < 0.06 else GOOD
    jobs.job(number)
"""

VARIANTS = [
    fault("controls", "healthy", "PKG.ratings:average", AVERAGE, HEALTHY),
    fault("controls", "healthy-and-busy", "PKG.ratings:average", AVERAGE, HEALTHY, rate=200, days=7, held=True),
    fault(
        "controls", "one-failure", "PKG.ratings:average", AVERAGE,
        HEALTHY.replace("average([", "average([] if number == 500 else ["), UNKNOWN,
    ),
    fault("controls", "nothing-recorded", "PKG.jobs:job", OPAQUE, FAILS, UNKNOWN, inputs=False, frames=False),
    fault(
        "controls", "no-reason-recorded", "PKG.jobs:job", OPAQUE, FAILS, UNKNOWN, inputs=False, frames=False, rate=30,
        held=True,
    ),
    fault(
        "controls", "two-faults", "PKG.labels:label", ADDRESS, TWICE,
        Truth(("input",), "PKG/labels.py", "address['zip']"),
        Truth(("input",), "PKG/labels.py", 'address["street"].strip()'),
    ),
]  # fmt: skip
