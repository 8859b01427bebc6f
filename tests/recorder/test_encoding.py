"""What a recorder writes down and what a caller in another process makes of it is the same value."""

import datetime
import decimal
import enum
import fractions
import json
import math
import pathlib
import time
import uuid
import zoneinfo
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.adapters import call_function, call_making
from gitops_healer.recorder import tool
from gitops_healer.recorder.encoding import Walk, decode, json_encoder, plain_left
from tests.recorder.conftest import Recorded

encode_json = json_encoder()


@tool
def keep(value: Any) -> Any:
    return value


def repr_of_ends(value: Any) -> str:
    return str(value)[:20]


HOURS = st.integers(-12, 12).map(lambda hours: datetime.timezone(datetime.timedelta(hours=hours)))
hashable = st.deferred(
    lambda: st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.binary(max_size=20),
        st.floats(allow_nan=False), st.dates(), st.datetimes(timezones=st.none() | HOURS), st.times(),
        st.timedeltas(), st.uuids(), st.decimals(allow_nan=False), st.fractions(), st.complex_numbers(allow_nan=False),
        st.sampled_from([pathlib.PurePosixPath("a/b"), pathlib.Path("c")]),
        st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 3)),
        st.tuples(hashable, hashable), st.frozensets(st.integers(), max_size=3),
    )
)  # fmt: skip
values = st.recursive(
    hashable | st.binary(max_size=9).map(bytearray),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=9) | st.just("$type") | st.integers(), inner, max_size=4),
        st.sets(st.integers() | st.text(max_size=5), max_size=4),
        st.tuples(inner),
    ),
    max_leaves=8,
)


def through(value: Any) -> tuple[Any, str]:
    """A value as JSON text, and why it is not whole."""
    walk = Walk(lambda key: False, lambda text: text)
    return encode_json(walk.encode(value)), walk.why


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down: True is not 1, a tuple is no list."""
    return (
        type(one) is type(other) and repr(one) == repr(other) if not isinstance(one, set | frozenset) else one == other
    )


@settings(max_examples=300, deadline=None)
@given(values)
def test_what_is_written_is_what_is_called(value: Any) -> None:
    text, why = through(value)
    assert not why
    back = call_making.made(json.loads(text))
    assert type(back) is type(value) and back == value
    assert same(decode(json.loads(text)), value) or decode(json.loads(text)) == value


@pytest.mark.parametrize(
    "value",
    [math.inf, -math.inf, 1e308, -0.0, 2**200, -(2**64), "\ud800", "\0", "", [], {}, (), set(), frozenset(), b"",
     {"$type": "bytes", "value": "!"}, {"$type": {"$type": 1}}, {(1, 2): {3: 4}}, slice(1, None, 2), True,
     decimal.Decimal("NaN").copy_abs() and decimal.Decimal("1E+400"), fractions.Fraction(1, 3), uuid.UUID(int=7),
     datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)],
    ids=repr,
)  # fmt: skip
def test_values_at_the_edge(value: Any) -> None:
    text, why = through(value)
    assert text.isascii() and not why
    back = call_making.made(json.loads(text))
    assert repr(back) == repr(value) and type(back) is type(value)


def test_no_number_and_named_time_zones() -> None:
    assert math.isnan(call_making.made(json.loads(through(math.nan)[0])))
    berlin = datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("UTC"))
    assert call_making.made(json.loads(through(berlin)[0])) == berlin


class Zone(datetime.tzinfo):
    def utcoffset(self, _: datetime.datetime | None) -> datetime.timedelta:
        raise RuntimeError("do not ask")


class Money(decimal.Decimal):
    def __str__(self) -> str:
        raise RuntimeError("do not ask")


@pytest.mark.parametrize(
    "value",
    [object(), Money(1), datetime.datetime(2024, 1, 1, tzinfo=Zone()), "x" * 100_000, b"x" * 100_000, 1 << 100_000,
     [0] * 5000, print, ValueError, type("dict", (dict,), {})()],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_cannot_be_kept_whole_says_so_and_is_not_called_with(value: Any) -> None:
    text, why = through([value])
    assert why and len(text) < 20_000
    if isinstance(value, str | bytes):
        return
    with pytest.raises(ValueError, match="was not recorded whole"):
        call_making.made(json.loads(text))


def test_depth_and_size_are_bounded() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    wide = {str(number): {str(inner): inner for inner in range(100)} for number in range(100)}
    for value in (deep, wide):
        text, why = through(value)
        assert why == "too large or too deep" and len(text) < 50_000


@pytest.mark.parametrize(
    "text",
    [
        '{"$type":"os:system","value":"x"}',
        '{"$type":[1]}',
        '{"$type":null}',
        '{"$type":"set","value":[[]]}',
        '{"$type":"bytes","value":7}',
        '{"$type":"dict","value":[1]}',
        '{"$type":"range","value":["a"]}',
    ],
)
def test_hostile_data_is_refused(text: str) -> None:
    with pytest.raises(call_function.UncallableError):
        call_function.arguments_of({"args": f"[{text}]", "kwargs": "{}"})


@settings(max_examples=150, deadline=None)
@given(values)
def test_what_is_plain_is_json_as_it_stands(value: Any) -> None:
    if plain_left([value], set(), lambda name: False) >= 0:
        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
        if "Infinity" not in text:
            assert encode_json(value) == text


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([[0] * 400] * 400, "too large"),
        ({"a": {"b": [{"c": 1}] * 300}, "d": [[1, 2]] * 300}, "too large"),
        (["x" * 8193], "a text was cut"),
        ({"text": "x" * 50_000_000}, "a text was cut"),
        ({Colour.RED: 1}, "Colour"),
        ([Colour.RED], "Colour"),
        ((1, 2), None),
        ([{"a": [0] * 400}, {"a": [0] * 400}], None),
        (["x" * 8192], None),
    ],
    ids=repr_of_ends,
)
def test_limits_are_the_same_for_plain_values(recorded: Recorded, value: Any, why: str | None) -> None:
    began = time.process_time()
    assert keep(value) is value
    assert time.process_time() - began < 0.05  # encoding all of it takes longer
    (event,) = recorded.events("keep")
    told = event.get("unreplayable")
    assert told is None if why is None else why in told
    assert len(json.dumps(event)) < 70_000
    if why is None:
        assert call_making.made(event["args"][0]) == value


@pytest.mark.parametrize("size", [2, 7, 30])
def test_a_line_has_a_largest_size_and_stays_a_line(recorded: Recorded, size: int) -> None:
    texts = ["x" * 8000] * size
    assert keep(texts) is texts
    (event,) = recorded.events("keep")
    assert len(json.dumps(event)) <= 64 * 1024
    whole = 2 * size * 8000 < 64 * 1024
    assert (event.get("unreplayable") == "too large", "args" in event) == (not whole, whole)
    assert event["caller"][2] == "test_a_line_has_a_largest_size_and_stays_a_line"
    assert event["ok"] and 0 < event["duration_ms"] < 1000
