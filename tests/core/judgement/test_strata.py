"""Kinds of inputs: whatever the JSON, and only what the time before the merge tells."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.judgement.strata import MOST_FIELDS, MOST_STRATA, Sample, kinds, strata_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES | st.lists(VALUES, max_size=5), VALUES | st.dictionaries(st.text(), VALUES, max_size=5))
def test_any_json_has_kinds(args: Any, kwargs: Any) -> None:
    found = kinds(json.dumps(args), json.dumps(kwargs))
    assert len(found) <= MOST_FIELDS
    assert all(name.isprintable() and kind.isprintable() for name, kind in found.items())


@given(st.text(), st.none() | st.text())
def test_what_is_no_json_has_kinds_of_nothing_or_something(args: str, kwargs: str | None) -> None:
    assert isinstance(kinds(args, kwargs), dict)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[1" + "0" * 5_000 + "]", "{", "", None, "[1e999, -1e999, NaN]", "nul"]
)
def test_hostile_json_raises_nothing(text: str | None) -> None:
    assert isinstance(kinds(text, text), dict)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-12, {"argument 1": "whole number of 2 digits", "argument 1 is": "below 0", "argument 1 =": "-12"}),
        (12345, {"argument 1": "whole number of 5 digits", "argument 1 is": "above 0"}),
        (10**400, {"argument 1": "whole number of 40 digits", "argument 1 is": "above 0"}),
        (0.5, {"argument 1": "number below 1", "argument 1 is": "above 0"}),
        (True, {"argument 1": "true"}),
        (None, {"argument 1": "null"}),
        ("", {"argument 1": "text of 0", "argument 1 in": "ASCII", "argument 1 =": '""'}),
        ("é" * 20, {"argument 1": "text of 16 to 31", "argument 1 in": "characters beyond ASCII"}),
        ([[], 1], {"argument 1": "list of 2 to 3", "argument 1[0]": "list of 0"}),
        ({"a": True}, {"argument 1": "object of 1", "argument 1.a": "true"}),
    ],
)
def test_kinds(value: Any, expected: dict[str, str]) -> None:
    assert kinds(json.dumps([value]), None) == expected
    named = {name.replace("argument 1", "x"): kind for name, kind in expected.items()}
    assert kinds(None, json.dumps({"x": value})) == named


def sample(fails: bool, *args: Any, **kwargs: Any) -> Sample:
    return Sample(kinds(json.dumps(args), json.dumps(kwargs)), not fails)


def test_the_field_that_fails_is_found_among_others() -> None:
    """Texts beyond ASCII fail in half of the calls; numbers and regions have nothing to do with it."""
    chance = random.Random(7)

    def call(strange: float) -> Sample:
        text = "ж" * chance.randint(1, 9) if chance.random() < strange else "z" * chance.randint(1, 9)
        fails = chance.random() < (0.02 if text.isascii() else 0.5)
        return sample(fails, text, chance.randint(-50, 50), region=chance.choice(["eu", "us", "asia"]))

    before, after = [call(0.1) for _ in range(600)], [call(0.7) for _ in range(200)]
    strata = strata_of(before, after)
    names = {stratum.name for stratum in strata} - {"all others"}
    assert names == {"argument 1 in letters", "argument 1 in characters beyond ASCII"}
    assert sum(stratum.before_total for stratum in strata) == 600
    assert sum(stratum.after_failed for stratum in strata) == sum(not one.ok for one in after)
    strange = next(stratum for stratum in strata if "beyond" in stratum.name)
    assert strange.before_failed / strange.before_total == pytest.approx(0.5, abs=0.12)


def test_two_fields_together_where_neither_alone_tells_all() -> None:
    before = [
        sample(kind == "a" and size == 0, kind, size) for _ in range(40) for kind in "abcd" for size in (0, 10, 1000)
    ]
    strata = strata_of(before, before)
    assert any(stratum.before_failed == stratum.before_total == 40 for stratum in strata)


def test_what_only_fails_after_the_merge_explains_nothing() -> None:
    before = [sample(n % 10 == 0, n % 7) for n in range(300)]
    after = [sample(n % 7 == 3, n % 7) for n in range(300)]
    assert strata_of(before, after) == ()


@pytest.mark.parametrize("failing", [0, 4, 296, 300])
def test_too_few_of_either_outcome_tell_nothing(failing: int) -> None:
    before = [sample(n < failing, n < failing) for n in range(300)]
    assert strata_of(before, before) == ()


@given(st.integers(0, 2**32), st.integers(0, 400))
def test_chance_is_no_kind(seed: int, number: int) -> None:
    """Outcomes that have nothing to do with the inputs."""
    chance = random.Random(seed)
    before = [sample(chance.random() < 0.2, chance.choice("abcde"), chance.randint(0, 9)) for _ in range(number)]
    assert strata_of(before, before) == ()


@given(st.lists(st.tuples(VALUES, st.booleans(), st.floats(0, 1e6)), max_size=80))
def test_few_strata_that_hold_all_calls(calls: list[tuple[Any, bool, float]]) -> None:
    side = [Sample(kinds(json.dumps([value]), None), ok, weight) for value, ok, weight in calls * 4]
    strata = strata_of(side, side[::3])
    assert len(strata) <= MOST_STRATA
    for stratum in strata:
        assert 0 <= stratum.before_failed <= stratum.before_total
    if strata:
        assert sum(stratum.before_total for stratum in strata) == pytest.approx(
            sum(one.weight for one in side), abs=0.1
        )
