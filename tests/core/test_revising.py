"""What maintainers want of a plan: which words are understood, and which options are that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.change import Change, Edit
from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.planning import choose, make_plan, sized
from gitops_healer.core.revising import (
    FORMS,
    AtMostLines,
    Leave,
    Not,
    Only,
    RiskAtMost,
    Use,
    Wish,
    Wishes,
    fits,
    fitting,
    read,
    standing,
    wishes_of,
)


def option(key: str, *paths: str, symbols: tuple[str, ...] = (), lines: int = 1) -> Option:
    edits = tuple(Edit(path, 0, "", "x\n" * lines) for path in paths or ("src/shop/prices.py",))
    return Option(key, f"Do {key}", "template", Change(edits), symbols=symbols)


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("use return_none", (Use("return_none"),)),
        ("Please use option `return_none`.", (Use("return_none"),)),
        ("not return_none", (Not("return_none"),)),
        ("without a.py, b.py", (Not("a.py"), Not("b.py"))),
        ("don't use return_none", (Not("return_none"),)),
        ("only src/a.py", (Only(("src/a.py",)),)),
        ("only a.py, b.py", (Only(("a.py", "b.py")),)),
        ("only in a.py and b.py", (Only(("a.py", "b.py")),)),
        ("leave a.py alone", (Leave("a.py"),)),
        ("leave a.py and b.py alone", (Leave("a.py"), Leave("b.py"))),
        ("do not touch src/api", (Leave("src/api"),)),
        ("at most 10 lines", (AtMostLines(10),)),
        ("No more than 1 line", (AtMostLines(1),)),
        ("risk at most low", (RiskAtMost(Risk.LOW),)),
        ("at most medium risk", (RiskAtMost(Risk.MEDIUM),)),
        ("only low risk", (RiskAtMost(Risk.LOW),)),
        ("use a; at most 5 lines\nleave b.py alone and low risk", (
            Use("a"), AtMostLines(5), Leave("b.py"), RiskAtMost(Risk.LOW))),
        ("use a, but leave b.py alone", (Use("a"), Leave("b.py"))),
    ],
)  # fmt: skip
def test_what_is_understood(text: str, wishes: tuple[Wish, ...]) -> None:
    assert read(text) == Wishes(wishes)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_is_told_is_understood(form: str) -> None:
    understood = read(form)
    assert len(understood.wishes) == 1
    assert not understood.unclear


@pytest.mark.parametrize(
    ("text", "unclear"),
    [
        ("make it nicer", ("make it nicer",)),
        ("use a and think about caching", ("think about caching",)),
        ("not sure about this", ("not sure about this",)),
        ("at most many lines", ("at most many lines",)),
        ("at most 9999999 lines", ("at most 9999999 lines",)),
        ("risk at most tiny", ("risk at most tiny",)),
        ("a.py", ("a.py",)),
        ("use", ("use",)),
    ],
)
def test_what_is_not_understood_is_given_back(text: str, unclear: tuple[str, ...]) -> None:
    assert read(text).unclear == unclear


@pytest.mark.parametrize("nothing", ["", " \n ", ";;", "``", "."])
def test_nothing_said_is_no_wish(nothing: str) -> None:
    assert read(nothing) == Wishes(())


words = st.sampled_from(
    ["use", "not", "only", "leave", "alone", "at most", "10", "lines", "risk", "low", "and", ";", ",", "a.py", "x"]
)


@given(st.one_of(st.text(), st.lists(words, max_size=12).map(" ".join)))
def test_whatever_is_said_what_is_understood_can_be_said_again(text: str) -> None:
    for wish in wishes_of(text):
        assert wishes_of(str(wish)) == (wish,)


# Which options are that


def decided(one: Option, text: str, lines: int = 3, risk: Risk = Risk.MEDIUM) -> Decision:
    return fits(one, wishes_of(text), lines, risk)


PRICES = option("guard", "src/shop/prices.py", "tests/test_prices.py", symbols=("shop.prices.Price.total",))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("use GUARD", True),
        ("use other", False),
        ("not guard", False),
        ("not other", True),
        ("not src/shop", False),
        ("only src, tests", True),
        ("only src", False),
        ("only src/shop/prices.py", False),
        ("only src/shop/*.py, tests/*", True),
        ("only prices.py, test_prices.py", True),
        ("leave shop.prices alone", False),
        ("leave shop alone", False),
        ("leave sho alone", True),
        ("leave src/shop/ alone", False),
        ("leave ./src/shop/prices.py alone", False),
        ("leave src/other alone", True),
        ("leave Price.total alone", False),
        ("leave Price alone", True),
        ("leave shop.prices:Price alone", False),
        ("only Price.total", True),
        ("only Price.other", False),
        ("at most 3 lines", True),
        ("at most 2 lines", False),
        ("risk at most medium", True),
        ("low risk", False),
    ],
)
def test_an_option_is_what_is_wanted_or_says_what_it_violates(text: str, allowed: bool) -> None:
    decision = decided(PRICES, text)
    assert decision.allowed is allowed
    if not allowed:
        assert decision.blocking is not None
        assert decision.blocking.reason


def test_every_wish_has_its_answer_and_size_is_only_asked_for_when_it_matters() -> None:
    decision = decided(PRICES, "use guard; at most 2 lines; low risk")
    assert [child.allowed for child in decision.children] == [True, False, False]
    assert decision.blocking is not None
    assert "3 lines" in decision.blocking.reason

    def never(_: Option) -> tuple[int, Risk]:
        raise AssertionError

    assert all(found.allowed for found in fitting([PRICES], wishes_of("use guard"), never))


@pytest.mark.parametrize(
    ("texts", "wishes"),
    [
        (["use a", "use b"], (Use("b"),)),
        (["not a", "use a"], (Use("a"),)),
        (["use a", "not a"], (Not("a"),)),
        (["at most 5 lines; low risk", "at most 9 lines"], (RiskAtMost(Risk.LOW), AtMostLines(9))),
        (["leave a.py alone", "only A.py"], (Only(("A.py",)),)),
        (["leave a.py alone", "leave b.py alone"], (Leave("a.py"), Leave("b.py"))),
        (["nonsense", ""], ()),
    ],
)
def test_the_last_word_counts(texts: list[str], wishes: tuple[Wish, ...]) -> None:
    assert standing(texts) == wishes


# What is planned then


SURE = Investigation(Cause("x"), options=(option("a"), option("b", lines=9), option("c", "lib/c.py")))
ASKING = Investigation(Cause("x"), options=SURE.options, question="Which?")
FINDING = Finding("rule", "src/shop/prices.py", "f", 1, 1, Severity.LOW, "x", "0" * 40)


@pytest.mark.parametrize(
    ("investigation", "key", "text", "expected"),
    [
        (SURE, "", "", "a"),
        (ASKING, "", "", None),
        (ASKING, "b", "", "b"),
        (SURE, "", "not a", "b"),
        (SURE, "a", "not a", "b"),
        (SURE, "", "use b", "b"),
        (SURE, "a", "use b", "b"),
        (ASKING, "", "use b", "b"),
        (ASKING, "", "not a", None),
        (ASKING, "a", "not a", None),
        (SURE, "", "only lib", "c"),
        (SURE, "b", "at most 3 lines", "a"),
        (SURE, "", "use b; at most 3 lines", None),
        (SURE, "gone", "", None),
    ],
)
def test_the_option_that_is_planned(investigation: Investigation, key: str, text: str, expected: str | None) -> None:
    chosen = choose(investigation, key, wishes_of(text), lambda one: sized(FINDING, one, lambda _: b""))
    assert (chosen.key if chosen else None) == expected


def test_a_revised_plan_says_which_version_it_is_and_why() -> None:
    plan = make_plan(FINDING, SURE.options[0], lambda _: b"", "base", SURE.aim, 2, ("use a",))
    assert (plan.version, plan.notes, plan.lines, plan.risk) == (2, ("use a",), 1, Risk.LOW)
