"""What tests run, with which values, and what versions of a function do on the same calls."""

import os
from pathlib import Path

import pytest

from gitops_healer.core.trials import Ending
from tests.adapters.trial_projects import Open

SHOP = {
    "shop.py": '''
class Order:
    __slots__ = ("items", "__paid")
    def __init__(self, items):
        self.items = items
        self.__paid = False
    def __repr__(self):
        raise SystemExit("never ask me")
    def total(self):
        result = 0
        for name, price in self.items.items():
            result += price
        return result + 1

def label(order, *more, sep="-"):
    text = sep.join([str(order.total()), *more])
    return text

async def later(order):
    value = order.total()
    return str(value)

def spin():
    while True:
        turns = 1

def unused():
    return 1
''',
    "test_shop.py": '''
import asyncio
from shop import *
def test_total(): assert Order({"tea": 3, "cake": 4}).total() == 7
def test_label(): assert label(Order({}), "x") == "1-x"
def test_later(): assert asyncio.run(later(Order({"tea": 3}))) == "4"
def test_spin(): spin()
''',
}  # fmt: skip


def test_a_trace_tells_lines_types_values_and_results(opened: Open) -> None:
    with opened(SHOP, patience=0.5) as project:
        names = [f"test_shop.py::test_{name}" for name in ("total", "label", "later", "spin")]
        total, label, later, spin = names
        assert project.failing == [total, spin]
        trace = project.session.trace(names, detailed=[total, later, spin])
    lines = {name: covered["shop.py"] for name, covered in trace.covered.items()}
    assert lines[total] == {5, 6, 10, 11, 12, 13}
    assert lines[later] == {5, 6, 10, 11, 12, 13, 20, 21}
    assert lines[label] == {5, 6, 10, 11, 13}  # of its own function nothing: no detailed test ran it
    assert lines[spin] == {24, 25}
    assert trace.functions[label]["shop.py"] == {4, 9, 15}
    seen = trace.seen
    assert seen.types["shop.py", 12]["name"] == {"str"}
    assert seen.types["shop.py", 12]["self"] == {"shop.Order"}
    assert seen.types["shop.py", 10]["self.items"] == {"dict[str, int]"}
    assert seen.types["shop.py", 10]["self.__paid"] == {"bool"}
    assert set(seen.values["shop.py", 12]["price"]) == {"3", "4"}
    assert "{'tea': 3}" in seen.values["shop.py", 21]["order.items"]
    assert (seen.returns["shop.py", 9], seen.returns["shop.py", 19]) == ({"int"}, {"str"})
    assert ("shop.py", 23) not in seen.returns


def test_a_trace_ends_in_time_and_the_session_goes_on(opened: Open) -> None:
    files = {
        "m.py": "import time\ndef f(n):\n    time.sleep(0.2)\n    return 2\n",
        "test_m.py": "import pytest\nfrom m import f\n@pytest.mark.parametrize('n', range(40))\n"
        "def test_f(n): assert f(n) == 1\n",
    }
    with opened(files, only=["test_m.py::test_f[0]", "test_m.py::test_f[1]"]) as project:
        trace = project.session.trace(project.failing, detailed=project.failing, seconds=0.01)
        assert len(trace.covered) < 2
        (tried,) = project.try_all([project.change("m.py", ("return 2", "return 1"))])
    assert tried.ending is Ending.PASSED


OBSERVED = {
    "m.py": '''
import itertools

class Box:
    def __init__(self, size):
        self.size = size
    def grow(self, by):
        self.size += by
        return self.size

def first(items, default=None, *, strict=False):
    if strict and not items:
        raise ValueError(f"empty at {hex(id(items))}")
    return items[0] if items else default

def drain(items):
    items.pop()

def numbers(n):
    for number in range(n):
        yield number
    while n == 3:
        pass

async def later(x):
    return Box(x)
''',
    "test_m.py": '''
import asyncio
from m import *
def test_first(): assert first([1, 2]) == 1 and first([], 5) == 5 and first((7,), strict=True) == 7
def test_box():
    assert Box(1).grow(2) == 3
def test_drain(): drain([1, 2])
def test_numbers(): assert list(numbers(2)) == [0, 1]
def test_later(): assert asyncio.run(later(4)).size == 4
''',
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "swap", "call", "before", "after"),
    [
        (("first",), ("items[0] if", "items[-1] if"), "first([1, 2], None, strict=False)", "= 1", "= 2"),
        (("first",), ("items[0] if", "items[-1] if"), "first([], 5, strict=False)", "= 5", "= 5"),
        (
            ("first",), ("strict and", "not strict and"), "first((), None, strict=True)",
            "! ValueError: empty at 0x...", "= None",
        ),
        (
            ("Box", "grow"), ("+= by", "-= by"), "Box.grow(Box(size=1), 2)",
            "= 3; self: Box(size=3)", "= -1; self: Box(size=-1)",
        ),
        (("drain",), ("items.pop()", "return items"), "drain([1, 2])", "= None; items: [1]", "= [1, 2]"),
        (("numbers",), ("range(n)", "range(n + 1)"), "numbers(2)", "= [0, 1]", "= [0, 1, 2]"),
        (("numbers",), ("range(n)", "range(n + 1)"), "numbers(3)", "~", "~"),
        (("later",), ("Box(x)", "Box(-x)"), "later(4)", "= Box(size=4)", "= Box(size=-4)"),
    ],
)  # fmt: skip
def test_versions_are_compared_on_the_same_calls(
    opened: Open, names: tuple[str, ...], swap: tuple[str, str], call: str, before: str, after: str
) -> None:
    with opened(OBSERVED) as project:
        changes = [project.change("m.py", swap), project.change("m.py", ("import itertools", "import sys"))]
        seen = project.session.observe("m.py", names, changes, project.passing)
        again = project.session.observe("m.py", names, changes, project.passing)
    assert seen == again
    assert set(seen.endings) == {-1, 0}  # the other change needs a fresh import
    place = seen.calls.index(call)
    assert (seen.endings[-1][place], seen.endings[0][place]) == (before, after)
    assert len(seen.calls) == len(seen.tested) == len(seen.endings[0]) and any(seen.tested)
    assert len(seen.calls) > (100 if names == ("first",) else 8)


def test_nothing_is_observed_of_what_no_test_calls(opened: Open) -> None:
    with opened(OBSERVED) as project:
        passing = [name for name in project.passing if "first" not in name]
        assert project.session.observe("m.py", ("first",), [], passing).calls == ()
        assert project.session.observe("m.py", ("no_such",), [], passing).calls == ()


def test_nothing_is_left_behind(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folders = set(tmp_path.iterdir())
    files = {
        "m.py": "import os, time\ndef f():\n    return 2\n",
        "test_m.py": "from m import f\ndef test_f(): assert f() == 1\n",
    }
    with pytest.raises(KeyboardInterrupt), opened(files) as project:
        assert set(tmp_path.iterdir()) != folders and _servers(tmp_path)
        bodies = ["os.fork(); os.setsid(); time.sleep(99)"] * 3 + ["time.sleep(99)"]
        changes = (project.change("m.py", ("return 2", body)) for body in bodies)
        next(iter(project.session.run(changes, project.failing, lambda _: [])))
        raise KeyboardInterrupt
    assert {path for path in tmp_path.iterdir() if path.name.startswith("healer-")} == set()
    assert not _servers(tmp_path)


def _servers(folder: Path) -> list[str]:
    """Command lines of processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    return [os.fsdecode(line) for line in found if os.fsencode(folder) in line and b"healer_trial_server" in line]
