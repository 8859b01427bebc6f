from __future__ import annotations

import enum
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Iterator


class Kind(enum.Enum):
    CHILD = "child"
    ADULT = "adult"

    @property
    def label(self):  # effects: pure
        return self.value.title()


@dataclass
class Person:
    name: str
    born: date
    visits: list[Visit] = field(default_factory=list)

    def age(self, on: date) -> int:  # effects: pure
        before = (on.month, on.day) < (self.born.month, self.born.day)
        return on.year - self.born.year - before

    def age_now(self) -> int:  # effects: clock
        return self.age(date.today())

    def kind(self, on) -> Kind:  # effects: pure
        return Kind.ADULT if self.age(on) >= 18 else Kind.CHILD

    def visit(self, why: str) -> Visit:  # effects: clock; mutates self
        made = Visit(why)
        self.visits.append(made)
        return made

    def last(self) -> Visit | None:  # effects: pure
        return max(self.visits, key=lambda visit: visit.at, default=None)


@dataclass
class Visit:
    why: str
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def __post_init__(self):  # effects: pure; mutates self
        self.why = self.why.strip()


class Ward:
    _all: dict[str, Ward] = {}

    def __init__(self, name: str, beds: int = 10):  # effects: pure
        self.name = name
        self.beds = beds
        self.queue: deque[Person] = deque()

    @classmethod
    def named(cls, name):  # effects: global state
        return cls._all.setdefault(name, cls(name))

    def admit(self, person: Person):  # effects: pure; mutates self
        self.queue.append(person)
        return len(self.queue)

    def next(self) -> Person:  # effects: pure; mutates self
        return self.queue.popleft()

    def call(self):  # effects: clock; mutates self
        return self.next().visit("called")

    def __iter__(self) -> Iterator[Person]:  # effects: pure
        return iter(self.queue)

    def __bool__(self):  # effects: pure
        return bool(self.queue)


def token():  # effects: randomness
    return secrets.token_hex(8)


def ages(people: list[Person], on: date):  # effects: pure
    return {person.name: person.age(on) for person in people}


def labels(people: list[Person], on: date):  # effects: pure
    return [person.kind(on).label for person in people]


def adults(ward: Ward, on: date):  # effects: pure
    return [person for person in ward if person.kind(on) is Kind.ADULT]


def newest(people: list[Person], on: date):  # effects: pure
    cache = OrderedDict()
    for person in people:
        cache[person.name] = person
        cache.move_to_end(person.name)
    return list(cache)


def rename(person, name):  # effects: pure; mutates person
    person.name = name


def renamed(name):  # effects: pure
    person = Person("", date(2000, 1, 1))
    rename(person, name)
    return person


def admit_all(ward: Ward, people):  # effects: pure; mutates ward
    for person in people:
        ward.admit(person)


def all_busy(wards: list[Ward]):  # effects: pure
    return all(len(ward.queue) >= ward.beds for ward in wards)
