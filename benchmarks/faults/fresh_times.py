"""The minute, the day of the week, the end of a month or of a year decides."""

from datetime import UTC, datetime

from faults.model import Truth, fault

SUMMER = '''
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

TOWN = ZoneInfo("Europe/Berlin")


class Timetable:
    def __init__(self, hour, minute):
        self.hour, self.minute = hour, minute

    def next(self):
        slot = datetime.now(TOWN).replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        return slot + timedelta(days=1)


@tool
def night_train(line):
    """When a train leaves tomorrow, in seconds since 1970."""
    slot = Timetable(2, 30).next()
    if slot.astimezone(UTC).astimezone(TOWN).hour != slot.hour:
        raise ValueError("there is no such time")
    return f"{line} {slot.timestamp():.0f}"
'''
MIDNIGHT = '''
from datetime import datetime


def _since_midnight():
    return datetime.now().hour


@tool
def pace(litres, ward):
    """Litres an hour since midnight."""
    return {"ward": ward, "pace": litres // _since_midnight()}
'''
BANKING = '''
from datetime import datetime, timedelta


class NotABankingDay(ValueError):
    pass


def _banking(day):
    if day.weekday() > 4:
        raise NotABankingDay("banks are closed")
    return day


@tool
def value_date(account):
    """The day on which a payment of today counts."""
    day = datetime.now() + timedelta(days=1)
    return f"{account} {_banking(day):%d.%m.}"
'''
YESTERDAY = """
from datetime import datetime


class Diary:
    def __init__(self, owner):
        self.owner = owner

    def before(self, day):
        return day.replace(day=day.day - 1)


@tool
def yesterday(owner):
    return f"{owner} {Diary(owner).before(datetime.now()):%m-%d}"
"""
WEEKS = '''
from datetime import date, datetime


def monday(moment):
    """First day of the week of a moment."""
    return date.fromisocalendar(moment.year, moment.isocalendar().week, 1)


@tool
def rota(team):
    start = monday(datetime.now())
    return [team, start.isoformat()]
'''
QUARTERS = '''
from datetime import datetime


def _quarter(moment):
    return moment.replace(minute=(moment.minute // 15 + 1) * 15, second=0, microsecond=0)


@tool
def next_ferry(pier):
    """Ferries leave every quarter of an hour."""
    return f"{pier} {_quarter(datetime.now()):%H:%M}"
'''

VARIANTS = [
    fault(
        "times", "hour-that-is-not", "PKG.trains:night_train", SUMMER,
        "from PKG.trains import night_train\n\ndef step(chance, moment, number):\n"
        "    night_train(chance.choice(['N1', 'N2']))\n",
        Truth(("time",), "PKG/trains.py", "", words=("28", "summer", "day")),
        start=datetime(2026, 3, 20, tzinfo=UTC),
    ),
    fault(
        "times", "after-midnight", "PKG.wards:pace", MIDNIGHT,
        "from PKG.wards import pace\n\ndef step(chance, moment, number):\n"
        "    pace(chance.randint(1, 900), chance.choice(['east', 'west']))\n",
        Truth(("time",), "PKG/wards.py", "_since_midnight()", words=("hour", "midnight")), rate=160,
    ),
    fault(
        "times", "before-the-weekend", "PKG.banking:value_date", BANKING,
        "from PKG.banking import value_date\n\ndef step(chance, moment, number):\n"
        "    value_date(f'a{chance.randint(1, 6)}')\n",
        Truth(("time",), "PKG/banking.py", "", words=("weekday", "Friday")),
    ),
    fault(
        "times", "first-of-month", "PKG.diaries:yesterday", YESTERDAY,
        "from PKG.diaries import yesterday\n\ndef step(chance, moment, number):\n"
        "    yesterday(chance.choice(['Ann', 'Bo']))\n",
        Truth(("time",), "PKG/diaries.py", "day.replace(day=", words=("first", "month")),
        start=datetime(2026, 4, 22, tzinfo=UTC),
    ),
    fault(
        "times", "week-of-two-years", "PKG.rotas:rota", WEEKS,
        "from PKG.rotas import rota\n\ndef step(chance, moment, number):\n    rota(chance.choice(['red', 'blue']))\n",
        Truth(("time",), "PKG/rotas.py", "date.fromisocalendar(", words=("year", "week")),
        start=datetime(2026, 12, 23, tzinfo=UTC),
    ),
    fault(
        "times", "last-quarter", "PKG.piers:next_ferry", QUARTERS,
        "from PKG.piers import next_ferry\n\ndef step(chance, moment, number):\n"
        "    next_ferry(chance.choice(['old', 'new']))\n",
        Truth(("time",), "PKG/piers.py", "moment.replace(minute=", words=("minute",)),
    ),
]  # fmt: skip
