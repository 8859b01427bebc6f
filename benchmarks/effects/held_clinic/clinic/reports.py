import csv
import glob
import io
import shutil
import sys
import tempfile
import warnings
from contextlib import contextmanager

import requests

from . import people as p
from .people import Person, Ward

session = requests.Session()
settings = {"url": "http://x"}
handlers = {}


@contextmanager
def quiet():  # effects: console, global state
    old = sys.stdout
    sys.stdout = io.StringIO()
    try:
        yield
    finally:
        sys.stdout = old


@contextmanager
def scratch():  # effects: files
    path = tempfile.mkdtemp()
    try:
        yield path
    finally:
        shutil.rmtree(path)


def table(rows):  # effects: pure
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(rows)
    return out.getvalue()


def written(rows):  # effects: files
    with scratch() as place:
        with open(f"{place}/x.csv", "w") as file:
            file.write(table(rows))


def upload(rows):  # effects: network, global state
    answer = session.post(settings["url"], data=table(rows))
    answer.raise_for_status()
    return answer.json()


def configure(url):  # effects: global state
    settings["url"] = url


def on(name):  # effects: pure
    def add(handler):
        handlers.setdefault(name, []).append(handler)
        return handler

    return add


@on("visit")
def count(person: Person):  # effects: pure
    return len(person.visits)


def fire(name, *args):  # effects: unknown, global state
    for handler in handlers.get(name, ()):
        handler(*args)


def old(x):  # effects: global state
    warnings.warn("use new", DeprecationWarning, stacklevel=2)
    return x


def report_files(root):  # effects: files
    return sorted(glob.glob(f"{root}/*.csv"))


def summary(person: Person, on):  # effects: pure
    age = person.age(on)
    parts = [person.name, str(age)]
    if visit := person.last():
        parts.append(visit.why)
    return ", ".join(parts)


def tokens(n):  # effects: randomness
    return [p.token() for _ in range(n)]


def called(ward: Ward):  # effects: clock; mutates ward
    while ward:
        ward.call()


def with_default(value, default=None):  # effects: pure
    return default if value is None else value


def norm(values):  # effects: pure
    low, high = min(values), max(values)
    return [(value - low) / (high - low) for value in values]


def each(rows, *steps):  # effects: unknown
    for step in steps:
        rows = [step(row) for row in rows]
    return rows


def trimmed(rows):  # effects: pure
    return each(rows, str.strip, str.lower)
