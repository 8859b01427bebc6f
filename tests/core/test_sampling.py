"""Fair samples of inputs."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.core.execution import Execution, ExecutionFailure, Frame
from gitops_healer.core.sampling import error_of, fair_order, input_of, shape, stratified
from gitops_healer.core.shadowing import Origin, Sample

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def call(minutes: float, args: list[Any], error: str = "", place: str = "f", **more: Any) -> Execution:
    failure = ExecutionFailure(error, "bad", (Frame("m.py", 9, "main"), Frame("m.py", 3, place))) if error else None
    moment = NOW - timedelta(minutes=minutes)
    return Execution(f"id-{minutes}", "m:f", moment, not error, args=json.dumps(args), error=failure, **more)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ([1], [2], True),
        ([1], [-1], False),
        ([1], [0], False),
        ([1], [5000], False),
        ([1], [1.0], False),
        ([1], [None], False),
        ([True], [False], False),
        (["ab"], ["cd"], True),
        ([""], ["cd"], False),
        ([" "], [""], False),
        (["12"], ["cd"], False),
        (["é"], ["e"], False),
        ([[]], [[1]], False),
        ([[1]], [[1, 2]], False),
        ([[1, 2]], [[3, 4, 5]], True),
        ([[1] * 9], [[1] * 10], False),
        ([[1, None]], [[1, 2]], False),
        ([{"a": 1}], [{"a": 2000}], True),
        ([{"a": 1}], [{"a": None}], False),
        ([{"a": 1}], [{"b": 1}], False),
        ([{str(n): 1 for n in range(20)}], [{str(n): 1 for n in range(5, 40)}], True),
        ([{"$type": "tuple", "value": [1, 2]}], [[1, 2]], False),
        ([{"$type": "Decimal", "value": "-1"}], [{"$type": "Decimal", "value": "1"}], False),
        ([{"$type": "date", "value": "2026-01-01"}], [{"$type": "date", "value": "2025-01-01"}], True),
        ([1], [1, 1], False),
    ],
)
def test_shapes_tell_inputs_apart_that_go_different_ways(one: list[Any], other: list[Any], alike: bool) -> None:
    assert (shape((json.dumps(one), "{}")) == shape((json.dumps(other), "{}"))) is alike


@pytest.mark.parametrize("args", ["", "[", "3", "[" * 100_000, "null"])
def test_what_is_no_call_has_a_shape_too(args: str) -> None:
    assert shape((args, "{}")) == "unreadable"


def test_shapes_of_large_inputs_are_short_and_tell_apart() -> None:
    one, other = ({f"key{n}": {f"{m}": [n, "a", last] for m in range(9)} for n in range(9)} for last in (1, None))
    shapes = [shape((json.dumps([value]), "{}")) for value in (one, other)]
    assert all(len(text) <= 400 for text in shapes)
    assert shapes[0] != shapes[1]


def test_every_error_and_every_shape_comes_before_any_comes_again() -> None:
    common = [call(n, [n + 1]) for n in range(300)]
    rare = [call(400, ["x"]), call(401, [[]]), call(402, [None], "TypeError"), call(403, [0], "ZeroDivisionError", "g")]
    first = stratified([*common, *rare], 5, now=NOW)
    assert {input_of(one) for one in first} == {input_of(one) for one in (common[0], *rare)}


def test_an_input_counts_once_as_it_ended_last() -> None:
    calls = [call(5, [1], "ValueError"), call(3, [1]), call(4, [2]), call(2, [2], "KeyError")]
    assert [(one.args, error_of(one)) for one in stratified(calls, 9, now=NOW)] == [
        ("[2]", "KeyError at m.py:f < m.py:main"),
        ("[1]", ""),
    ]


def test_a_clock_that_is_ahead_does_not_push_itself_to_the_front() -> None:
    assert [one.args for one in stratified([call(-600, [1]), call(2, [2])], 1, now=NOW)] == ["[2]"]


def test_lines_that_moved_are_the_same_error() -> None:
    moved = ExecutionFailure("ValueError", "worse", (Frame("m.py", 90, "main"), Frame("m.py", 30, "f")))
    later = Execution("x", "m:f", NOW, False, args="[7]", error=moved)
    assert error_of(later) == error_of(call(1, [3], "ValueError"))


strata = st.lists(st.tuples(st.sampled_from(Origin), st.sampled_from("abcde")), max_size=60)


@given(strata)
@settings(max_examples=60, deadline=None)
def test_fair_order_loses_nothing_and_keeps_the_order_of_what_is_alike(drawn: list[tuple[Origin, str]]) -> None:
    samples = [Sample((f"[{n}]", "{}"), origin, "", name) for n, (origin, name) in enumerate(drawn)]
    ordered = fair_order(samples)
    assert sorted(ordered, key=samples.index) == samples
    for origin, name in set(drawn):
        alike = [samples.index(one) for one in ordered if (one.origin, one.stratum) == (origin, name)]
        assert alike == sorted(alike)


@given(st.lists(st.sampled_from("aaaaabbbcd"), max_size=60))
@settings(max_examples=60, deadline=None)
def test_in_any_prefix_no_stratum_is_two_ahead_of_one_that_has_more(names: list[str]) -> None:
    ordered = fair_order([Sample((f"[{n}]", "{}"), Origin.RECORDED, "", name) for n, name in enumerate(names)])
    have, seen = Counter(names), Counter[str]()
    for sample in ordered:
        seen[sample.stratum] += 1
        left = [seen[name] for name in have if seen[name] < have[name]]
        assert seen[sample.stratum] <= min(left, default=len(names)) + 1


def test_any_prefix_has_its_share_of_each_origin() -> None:
    many = [Sample((f"[{n}]", "{}"), Origin.GENERATED, "", f"s{n % 40}") for n in range(400)]
    few = [Sample((f"[-{n}]", "{}"), Origin.RECORDED, "", f"s{n % 4}") for n in range(40)]
    ordered = fair_order([*many, *few])
    for length in (2, 10, 40, 80):
        assert sum(one.origin is Origin.RECORDED for one in ordered[:length]) == length // 2
    assert {one.stratum for one in ordered[:80]} == {f"s{n}" for n in range(40)}
