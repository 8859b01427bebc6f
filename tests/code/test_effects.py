"""What calls do, told by name."""

import pytest

from gitops_healer.code.effects import Effect, causes_of, concerns_by_call, effects_of
from gitops_healer.code.facts import Facts
from tests.code.models import model_of


def facts(source: str) -> Facts:
    return model_of({"p/a.py": source, "p/__init__.py": ""}).facts("p/a.py", detail=True)


def effects(body: str, head: str = "") -> set[Effect]:
    """Of a function with that body, below these imports."""
    known = facts(f"{head}\ndef f(x):\n    {body}\n")
    index = next(n for n, item in enumerate(known.definitions) if item.qualname == "f")
    return set(effects_of(known, index))


KNOWN = [
    ("", "open(x)", Effect.FILES),
    ("from pathlib import Path", "Path(x).read_text()", Effect.FILES),
    ("import os", "os.path.exists(x)", Effect.FILES),
    ("import os.path", "os.path.exists(x)", Effect.FILES),
    ("import os.path as p", "p.exists(x)", Effect.FILES),
    ("import requests as r", "r.get(x)", Effect.NETWORK),
    ("from urllib import request", "request.urlopen(x)", Effect.NETWORK),
    ("from urllib.request import urlopen as o", "o(x)", Effect.NETWORK),
    ("import subprocess", "subprocess.run(x)", Effect.PROCESS),
    ("import sqlite3", "sqlite3.connect(x)", Effect.DATABASE),
    ("", "x.fetchall()", Effect.DATABASE),
    ("import time", "time.time()", Effect.CLOCK),
    ("import datetime", "datetime.datetime.now()", Effect.CLOCK),
    ("from datetime import datetime as d", "d.now()", Effect.CLOCK),
    ("import random", "random.choice(x)", Effect.RANDOMNESS),
    ("import uuid", "uuid.uuid4()", Effect.RANDOMNESS),
    ("import os", "os.environ.get(x)", Effect.GLOBAL_STATE),
    ("", "print(x)", Effect.CONSOLE),
    ("import sys", "sys.stdout.write(x)", Effect.CONSOLE),
    ("import json", "json.loads(x)", Effect.PARSING),
    ("import json", "json.dumps(x)", Effect.SERIALISATION),
    ("import logging", "logging.getLogger(x)", Effect.LOGGING),
    ("", "x.anything()", Effect.UNKNOWN),
    ("", "x()", Effect.UNKNOWN),
    ("from . import json", "json.loads(x)", Effect.UNKNOWN),
    ("from .requests import get", "get(x)", Effect.UNKNOWN),
    ("import nobody_knows", "nobody_knows.it(x)", Effect.UNKNOWN),
]


@pytest.mark.parametrize(("head", "body", "effect"), KNOWN, ids=[f"{head}: {body}" for head, body, _ in KNOWN])
def test_what_a_call_does(head: str, body: str, effect: Effect) -> None:
    assert effects(body, head) == {effect}


PURE = [
    ("", "return len(x) + sum(x)"),
    ("import math", "return math.sqrt(x)"),
    ("from datetime import datetime", "return datetime(2026, 1, 1)"),
    ("import os.path", "return os.path.join(x, x)"),
    ("", "raise ValueError(x)"),
    ("", "return x + 1"),
]


@pytest.mark.parametrize(("head", "body"), PURE, ids=[body for _, body in PURE])
def test_what_only_computes(head: str, body: str) -> None:
    assert effects(body, head) == set()


def test_a_namesake_of_a_module_that_is_not_imported_is_unknown() -> None:
    assert effects("random.choice(x)") == {Effect.UNKNOWN}
    assert effects("open(x)", "def open(x): pass") == set()


CHAIN = """
import os
class Store:
    def save(self, x):
        self._write(x)
    def _write(self, x):
        put(x)
    def other(self):
        self.inherited()
def put(x):
    def inner():
        os.remove(x)
    return inner()
def loop(x):
    return loop(x)
"""


def test_effects_are_followed_through_the_file() -> None:
    known = facts(CHAIN)
    number = {item.qualname: n for n, item in enumerate(known.definitions)}
    assert [cause.callee for cause in causes_of(known, number["Store.save"])] == ["os.remove"]
    assert effects_of(known, number["Store.save"]) == {Effect.FILES}
    assert effects_of(known, number["Store.other"]) == {Effect.UNKNOWN}
    assert effects_of(known, number["loop"]) == set()


def test_concerns_of_calls() -> None:
    source = (
        "import json, socket\ndef f(x):\n    json.loads(x), json.dumps(x), print(x), len(x), socket.socket(x), x.y()\n"
    )
    assert concerns_by_call(facts(source)) == {
        "json.dumps": "parsing and serialisation",
        "json.loads": "parsing and serialisation",
        "print": "presentation",
        "socket.socket": "network",
    }
