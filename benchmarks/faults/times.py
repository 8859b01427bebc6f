"""The hour, the weekday or the date decides."""

from datetime import UTC, datetime

from faults.model import Truth, fault

HOURS = """
from datetime import datetime

SHIFTS = {range(0, 6): "night", range(6, 14): "early", range(14, 22): "late"}


@tool
def shift_now(team):
    hour = datetime.now().hour
    name = [name for hours, name in SHIFTS.items() if hour in hours][0]
    return f"{team}/{name}"
"""
WEEK = """
from datetime import datetime

DRIVERS = {0: "Ann", 1: "Bo", 2: "Cy", 3: "Di", 4: "Ed", 5: "Flo"}


@tool
def driver(region):
    day = datetime.now().weekday()
    return f"{region}: {DRIVERS[day]}"
"""
MONTH = '''
from datetime import datetime


@tool
def due(plan):
    """The same day of the next month."""
    today = datetime.now()
    later = today.replace(month=today.month % 12 + 1)
    return f"{plan} {later:%d.%m.}"
'''
LEAP = """
from datetime import datetime


@tool
def anniversary(contract, years=1):
    today = datetime.now()
    return f"{contract} {today.replace(year=today.year + years):%Y-%m-%d}"
"""

YEAR = """
from datetime import datetime

HOLIDAYS = {2025: ["01-01", "12-25"]}


@tool
def workdays(region):
    year = datetime.now().year
    closed = HOLIDAYS[year]
    return f"{region} {365 - len(closed)}"
"""

VARIANTS = [
    fault(
        "times", "hours-left-out", "PKG.roster:shift_now", HOURS,
        "from PKG.roster import shift_now\n\ndef step(chance, moment, number):\n    shift_now(chance.choice('AB'))\n",
        Truth(("time",), "PKG/roster.py", "if hour in hours", words=("22", "23", "hour")),
    ),
    fault(
        "times", "sunday", "PKG.drivers:driver", WEEK,
        "from PKG.drivers import driver\n\ndef step(chance, moment, number):\n    driver(chance.choice(['N', 'S']))\n",
        Truth(("time",), "PKG/drivers.py", "DRIVERS[day]", words=("Sunday", "weekday")),
    ),
    fault(
        "times", "end-of-month", "PKG.plans:due", MONTH,
        "from PKG.plans import due\n\ndef step(chance, moment, number):\n    due(chance.choice(['S', 'M', 'L']))\n",
        Truth(("time",), "PKG/plans.py", "today.replace(month=", words=("month",)),
        start=datetime(2026, 1, 10, tzinfo=UTC), days=28, rate=40, held=True,
    ),
    fault(
        "times", "leap-day", "PKG.contracts:anniversary", LEAP,
        "from PKG.contracts import anniversary\n\ndef step(chance, moment, number):\n"
        "    anniversary(f'c{number % 5}', chance.choice([1, 2, 3]))\n",
        Truth(("time",), "PKG/contracts.py", "today.replace(year=", words=("29", "leap", "February")),
        start=datetime(2028, 2, 21, tzinfo=UTC), held=True,
    ),
    fault(
        "times", "new-year", "PKG.holidays:workdays", YEAR,
        "from PKG.holidays import workdays\n\ndef step(chance, moment, number):\n"
        "    workdays(chance.choice(['N', 'S']))\n",
        Truth(("time",), "PKG/holidays.py", "HOLIDAYS[year]", words=("year", "2026")),
        start=datetime(2025, 12, 22, tzinfo=UTC), held=True,
    ),
]  # fmt: skip
