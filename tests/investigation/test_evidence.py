"""Each source of evidence: a story in which it speaks, next to one in which it must not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.diagnosis import CauseKind, Problem
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame, Slice
from gitops_healer.investigation.callers import caller_of
from gitops_healer.investigation.changing import shapes
from gitops_healer.investigation.investigate import investigate
from gitops_healer.investigation.moments import moment_of
from gitops_healer.investigation.orders import order_of
from gitops_healer.investigation.reach import Reach, Symbol
from gitops_healer.investigation.slowness import growth_of
from gitops_healer.investigation.telling import telling
from tests.code.models import model_of
from tests.detectors.tools_scene import HOUR, NOW, Tools

LONG_AGO = "2025-12-01T00:00:00Z"
SHOP = {
    "shop/__init__.py": "",
    "shop/limits.py": "LIMIT = 40\nOTHER = 1\n\n\ndef allowed(n):\n    return n <= LIMIT\n",
    "shop/seats.py": (
        "from shop import limits\nfrom shop.limits import allowed\n\n\ndef reserve(n, who='x'):\n"
        "    if not allowed(n):\n        raise ValueError(n)\n    return n\n"
    ),
}


@pytest.fixture
def shop(make_repo: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setenv("GIT_COMMITTER_DATE", LONG_AGO)
    return Tools(make_repo(SHOP), tmp_path)


def calls(tools: Tools, numbers: range, at: datetime, commit: str, fails: Callable[[int], bool], line: int = 7) -> None:
    """One call a minute, of reserve(number)."""
    made = []
    for n in numbers:
        tools.recorded += 1
        error = ExecutionFailure("ValueError", str(n), (Frame("shop/seats.py", line, "reserve"),)) if fails(n) else None
        ts = at + timedelta(minutes=tools.recorded)
        ident = f"{'a' * 12}-{tools.recorded:x}"
        made.append(Execution(ident, "shop.seats:reserve", ts, error is None, 1.0, f"[{n}]", None, None, error, commit))
    assert tools.store.add(made).stored == len(made)


def found(tools: Tools) -> Problem:
    return investigate(tools.scene(), "shop.seats:reserve").problems[0]


# Commits


def test_a_commit_is_named_that_changed_a_constant_two_modules_away(shop: Tools) -> None:
    good = shop.repo.git("rev-parse", "HEAD")
    calls(shop, range(40), NOW - 20 * HOUR, good, lambda n: False)
    calls(shop, range(40), NOW - 20 * HOUR, good, lambda n: False)
    shop.repo.commit({"shop/other.py": "x = 1\n"}, "Add something else")
    guilty = shop.repo.commit({"shop/limits.py": SHOP["shop/limits.py"].replace("40", "30")}, "Adjust limits")
    bad = shop.repo.commit({"shop/limits.py": SHOP["shop/limits.py"].replace("40", "30") + "# end\n"}, "Comment")
    calls(shop, range(40), NOW - 10 * HOUR, bad, lambda n: n > 30)
    calls(shop, range(40), NOW - 9 * HOUR, bad, lambda n: n > 30)
    problem = found(shop)
    assert (problem.kind, problem.began and problem.began.commit) == (CauseKind.COMMIT, guilty)
    assert str(problem.place) == "shop/limits.py:1" and problem.confidence >= 0.7
    assert any("different inputs of this kind that passed before it" in line for line in problem.evidence)


def test_inputs_that_are_new_are_not_put_down_to_a_commit(shop: Tools) -> None:
    """The commit touched what the tool relies on, but nobody had ever asked for so many seats before."""
    good = shop.repo.git("rev-parse", "HEAD")
    calls(shop, range(40), NOW - 20 * HOUR, good, lambda n: False)
    bad = shop.repo.commit({"shop/limits.py": SHOP["shop/limits.py"].replace("LIMIT = 40", "LIMIT = 20 + 20")}, "Spell")
    calls(shop, range(80), NOW - 10 * HOUR, bad, lambda n: n > 40)
    problem = found(shop)
    assert problem.kind is CauseKind.INPUT
    assert any("commit: weaker evidence" in line for line in problem.ruled_out)


def test_of_two_commits_as_near_none_is_named(shop: Tools) -> None:
    good = shop.repo.git("rev-parse", "HEAD")
    calls(shop, range(40), NOW - 20 * HOUR, good, lambda n: False)
    seats = SHOP["shop/seats.py"]
    shop.repo.commit({"shop/seats.py": seats.replace("return n\n", "return n + 0\n")}, "One")
    bad = shop.repo.commit({"shop/seats.py": seats.replace("return n\n", "return 0 + n\n")}, "Two")
    calls(shop, range(40), NOW - 10 * HOUR, bad, lambda n: n % 2 == 0)
    problem = found(shop)
    assert problem.kind is not CauseKind.COMMIT and (problem.began is None or problem.began.commit is None)


def test_a_change_is_one_of_code() -> None:
    method = b"    def m(self):\n        'doc'\n        return 1\n"
    before = b'"""Doc."""\nimport os\nA = 1\n\nclass C:\n    """Doc."""\n    x = 1\n' + method
    after = b"import os, sys\n\nA  = 1  # same\nclass C:\n    x = 2\n" + method.replace(b"'doc'", b"'more'")
    after += b"    def n(self): ...\n"
    old, new = shapes(before), shapes(after)
    assert old is not None and new is not None
    assert {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} == {
        "os",
        "sys",
        "C",
        "C.x",
        "C.n",
    }
    assert shapes(b"def (") is None


def test_what_a_function_relies_on_is_found_across_modules() -> None:
    code = model_of(SHOP)
    reach = Reach(code, [Symbol("shop/seats.py", "reserve")])
    assert reach.distance[Symbol("shop/limits.py", "allowed")] == 1
    assert reach.distance[Symbol("shop/limits.py", "LIMIT")] == 2
    assert Symbol("shop/limits.py", "OTHER") not in reach.distance
    assert Reach(code, [Symbol("gone.py", "f"), Symbol("shop/seats.py", "gone")]).distance == {
        Symbol("shop/seats.py", "gone"): 0
    }


# Inputs


def one(number: int, ok: bool, args: str, **more: Any) -> Execution:
    error = None if ok else ExecutionFailure("ValueError", "bad")
    return Execution(f"id-{number}", "f", NOW + timedelta(seconds=number), ok, 1.0, args, error=error, **more)


@pytest.mark.parametrize(
    ("bad", "good", "names", "said"),
    [
        ("[[]]", lambda n: f"[[{n}]]", ("items",), "items is empty"),
        ("[-1]", lambda n: f"[{n}]", ("n",), "n < 0"),
        ("[null]", lambda n: f"[{n}]", ("n",), "n is of type 'None'"),
        ('[{"a": 1}]', lambda n: f'[{{"a": 1, "zip": {n}}}]', ("address",), "address.zip is missing"),
        ('["é"]', lambda n: f'["{n}"]', ("name",), "name has characters beyond ASCII"),
        ('["spoon"]', lambda n: f'["fork{n}"]', ("name",), "name = 'spoon'"),
    ],
)
def test_one_input_that_fails_again_and_again_tells_what_is_odd_about_it(
    bad: str, good: Callable[[int], str], names: tuple[str, ...], said: str
) -> None:
    failing = [one(n, False, bad) for n in range(5)]
    passing = [one(n + 9, True, good(n)) for n in range(30)]
    told = telling(failing, passing, names, frozenset(names) | {"zip"})
    assert told is not None and str(told.literal).replace("'", "") == said.replace("'", "") and told.named
    assert telling(failing, [*passing, one(99, True, bad)], names, frozenset()) is None, "it passes as well"
    assert telling(failing[:2], passing, names, frozenset()) is None, "twice is chance"
    assert telling(failing, passing[:5], names, frozenset()) is None, "nothing to set it against"


# Time


def slices(fails: Callable[[datetime], bool], days: int = 21) -> list[Slice]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = (start + n * HOUR for n in range(24 * days))
    return [Slice(hour, None, 10, 4 if fails(hour) else 0) for hour in hours]


@pytest.mark.parametrize(
    ("fails", "when"),
    [
        (lambda t: t.hour in (22, 23), "at 22:00, 23:00 UTC"),
        (lambda t: t.weekday() == 6 and t.hour > 8, "on Sundays"),
        (lambda t: (t + timedelta(days=1)).day == 1 or t.day == 1, "at the turn of the month"),
        (lambda t: t.day == 5, None),
        (lambda t: t.day == 31 and t.hour == 9, "on 2026-01-31 (the turn of a month)"),
        (lambda t: t.day in (5, 6, 7) and t.month == 1, None),
        (lambda t: t.day in (5, 20), None),
        (lambda t: hash((t.day * 31 + t.hour * 17) % 29) == 0, None),
        (lambda t: True, None),
        (lambda t: False, None),
    ],
)
def test_failures_that_keep_to_a_time(fails: Callable[[datetime], bool], when: str | None) -> None:
    found = moment_of(slices(fails, 35))
    assert (found.when if found else None) == when


# State and callers


def run(process: str, outcomes: str) -> list[Execution]:
    return [
        Execution(f"{process * 12}-{n}", "f", NOW + timedelta(seconds=n), mark == ".")
        for n, mark in enumerate(outcomes)
    ]


def test_failures_that_last_until_the_process_ends() -> None:
    lasting = [*run("a", "....xxxx"), *run("b", "...xxx"), *run("c", "......")]
    assert order_of(lasting).telling
    assert not order_of([*run("a", "..xx..x."), *run("b", ".x.x.x.x")]).telling
    assert not order_of(run("a", "....xxxx")).telling, "once is an outage"
    assert not order_of([*run("a", "xxxxx"), *run("b", "xxxxx")]).telling, "they never worked"


def from_(place: tuple[str, int, str], number: int, ok: bool) -> Execution:
    return one(number, ok, "[1]", caller=Frame(*place))


def test_a_caller_stands_out_or_does_not() -> None:
    garden, house = ("app/garden.py", 9, "plan"), ("app/house.py", 4, "plan")
    bad = [from_(garden, n, False) for n in range(9)]
    good = [from_(house, n + 50, True) for n in range(9)]
    known = {"app/garden.py", "app/house.py"}

    def own(file: str) -> str | None:
        return file if file in known else None

    told = caller_of(bad, good, own)
    assert told is not None and (told.path, told.line, told.others) == ("app/garden.py", 9, 1)
    assert caller_of(bad, [from_(garden, n + 50, True) for n in range(9)], own) is None, "there is only one"
    assert caller_of([*bad, *(from_(house, n + 90, False) for n in range(3))], good, own) is None
    assert caller_of([one(n, False, "[1]") for n in range(9)], good, own) is None, "callers were not recorded"


# Slowness


@pytest.mark.parametrize(("exponent", "found"), [(2.0, True), (1.0, True), (0.0, False)])
def test_duration_that_grows_with_an_argument(exponent: float, found: bool) -> None:
    passing = [
        Execution(f"i{n}", "f", NOW, True, 0.001 * n**exponent * (1 + n % 7 / 20), f"[{list(range(n))}]")
        for n in range(1, 60)
    ]
    growth = growth_of(passing, ("items",))
    assert (growth is not None) is found
    if growth is not None:
        assert growth.feature == "the size of items" and growth.exponent == pytest.approx(exponent, abs=0.2)


def test_what_was_repaired_since_is_no_problem_any_more(shop: Tools) -> None:
    bad = shop.repo.git("rev-parse", "HEAD")
    calls(shop, range(40), NOW - 20 * HOUR, bad, lambda n: n % 2 == 0)
    good = shop.repo.commit({"shop/limits.py": SHOP["shop/limits.py"].replace("40", "50")}, "Allow more")
    calls(shop, range(3), NOW - 10 * HOUR, good, lambda n: False)
    assert investigate(shop.scene(), "shop.seats:reserve").problems, "three calls prove nothing"
    calls(shop, range(40), NOW - 9 * HOUR, good, lambda n: False)
    diagnosis = investigate(shop.scene(), "shop.seats:reserve")
    assert diagnosis.problems == () and f"gone since {good[:10]}" in diagnosis.summary


def test_inputs_that_fail_whenever_they_come_decide_even_without_a_rule(shop: Tools) -> None:
    """Primes below forty are refused: no condition on a number says so."""
    commit = shop.repo.git("rev-parse", "HEAD")
    primes = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}
    for hours in (20, 15, 10):
        calls(shop, range(2, 40), NOW - hours * HOUR, commit, lambda n: n in primes)
    problem = found(shop)
    assert problem.kind is CauseKind.INPUT and problem.confidence < 0.7
    assert "it refuses some inputs" in problem.sentence


def test_what_ended_by_itself_was_not_repaired(shop: Tools) -> None:
    bad = shop.repo.git("rev-parse", "HEAD")
    calls(shop, range(40), NOW - 20 * HOUR, bad, lambda n: n % 2 == 0)
    later = shop.repo.commit({"README.md": "Text.\n"}, "Say more")
    calls(shop, range(60), NOW - 9 * HOUR, later, lambda n: False)
    assert investigate(shop.scene(), "shop.seats:reserve").problems
