"""The simplest input that still disagrees."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.code.literals import json_of, value_of_json
from gitops_healer.core.analysis.features import type_of
from gitops_healer.core.calls import Input
from gitops_healer.proof.shrinking import shrink

ORDER = {
    "id": 48213,
    "kind": "gold",
    "customer": {"name": "Jürgen Müller", "address": {"city": "Köln", "zip": "50667"}},
    "items": [
        {"sku": f"SKU-{n:05}", "qty": 7 * n % 40, "price": 3.37 * n + 1, "tags": ["new", "sale"][: n % 3]}
        for n in range(14)
    ],
    "paid": True,
}
NUMBERS = [(37 * n) % 201 - 100 for n in range(60)]
TREE = {"v": 5, "kids": [{"v": 3, "kids": [{"v": 99, "kids": []}, {"v": 2, "kids": []}]}]}


def values_of(tree: dict[str, Any]) -> Iterator[int]:
    yield tree["v"]
    for kid in tree["kids"]:
        yield from values_of(kid)


def asking(predicate: Callable[[Any], object]) -> tuple[Callable[[Input], bool], list[Input]]:
    """A question about the first argument, and what it was asked for; what is not of the right form agrees."""
    asked: list[Input] = []

    def disagrees(given: Input) -> bool:
        asked.append(given)
        try:
            return bool(predicate(value_of_json(given[0])[0]))
        except (LookupError, TypeError, ValueError):
            return False

    return disagrees, asked


def shrunk(value: Any, predicate: Callable[[Any], object], tries: int = 200) -> Any:
    disagrees, asked = asking(predicate)
    found = shrink((json_of([value]), "{}"), disagrees, seconds=60, most_tries=tries)
    assert len(asked) == len(set(asked)) <= tries
    return value_of_json(found[0])[0]


@pytest.mark.parametrize(
    ("value", "predicate", "simplest"),
    [
        (ORDER, lambda o: any(i["qty"] > 20 for i in o["items"]), {"items": [{"qty": 21}]}),
        (ORDER, lambda o: len(o["items"]) >= 5, {"items": [{}] * 5}),
        (ORDER, lambda o: "ü" in o["customer"]["name"], {"customer": {"name": "ü"}}),
        (ORDER, lambda o: any("sale" in i["tags"] for i in o["items"]), {"items": [{"tags": ["sale"]}]}),
        (ORDER, lambda o: o["paid"] and o["kind"] == "gold", {"kind": "gold", "paid": True}),
        (ORDER, lambda o: o["items"][0]["price"] > 0.5, {"items": [{"price": 1.0}]}),
        (NUMBERS, lambda x: any(n < 0 for n in x), [-1]),
        (NUMBERS, lambda x: x != sorted(x), [1, 0]),
        (NUMBERS, lambda x: len(x) > 10, [0] * 11),
        (NUMBERS, lambda x: len(x) % 2 == 0 and len(x) > 2, [0] * 4),
        (TREE, lambda t: max(values_of(t)) > 50, {"v": 51, "kids": []}),
        ([7, 7, "abc"], lambda x: x[0] == x[1] and x[0] > 2, [3, 3]),
        ([1000, 900], lambda x: x[0] - x[1] > 10, [11, 0]),
        (123456789, lambda n: n > 1000, 1001),
        (-17, lambda n: n != 0, 1),
        (-17, lambda n: n < -3, -4),
        (2.718, lambda x: x != int(x), 2.7),
        ("Hello, World 42", lambda s: "o, W" in s, "o, W"),
        ("Hello, World 42", lambda s: any(c.isdigit() for c in s), "0"),
        ("x" * 500, lambda s: len(s) > 20, "a" * 21),
    ],
)
def test_what_does_not_matter_goes_and_what_matters_becomes_small(
    value: Any, predicate: Callable[[Any], object], simplest: Any
) -> None:
    assert shrunk(value, predicate) == simplest


@pytest.mark.parametrize(
    ("source", "predicate", "simplest"),
    [
        ('{"$type":"date","value":"2026-07-31"}', lambda d: d.day > 30, '{"$type":"date","value":"2000-01-31"}'),
        (
            '{"$type":"datetime","value":"2026-07-31T10:20:30+02:00"}',
            lambda d: d.tzinfo is not None,
            '{"$type":"datetime","value":"2000-01-01T00:00:00+00:00"}',
        ),
        ('{"$type":"Decimal","value":"19.995"}', lambda d: d > 5, '{"$type":"Decimal","value":"20"}'),
        ('{"$type":"set","value":[9,5,30]}', lambda s: len(s) > 1, '{"$type":"set","value":[0,1]}'),
        ('{"$type":"tuple","value":[9,"x"]}', lambda t: t[0] > 3, '{"$type":"tuple","value":[4,""]}'),
        ('{"$type":"bytes","value":"AAECAwQFBv8="}', lambda b: b"\xff" in b, '{"$type":"bytes","value":"/w=="}'),
        ('{"$type":"dict","value":[[1,22],[3,44]]}', lambda d: 3 in d, '{"$type":"dict","value":[[3,0]]}'),
        ('{"$type":"float","value":"nan"}', lambda x: x != x, '{"$type":"float","value":"nan"}'),
    ],
)
def test_what_is_no_json_becomes_simple_too(source: str, predicate: Callable[[Any], object], simplest: str) -> None:
    disagrees, _ = asking(predicate)
    found = shrink((f"[{source}]", "{}"), disagrees, seconds=60)
    assert json.loads(found[0]) == [json.loads(simplest)]


def test_arguments_that_do_not_matter_go_and_positions_stay() -> None:
    def disagrees(given: Input) -> bool:
        args, kwargs = json.loads(given[0]), json.loads(given[1])
        return len(args) >= 2 and args[1] == "b" and kwargs.get("deep") is True

    found = shrink(('[99,"b",3,[4]]', '{"deep":true,"wide":7}'), disagrees, seconds=60)
    assert found == ('[0,"b"]', '{"deep":true}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=15,
)


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    yield path, type_of(value)
    inner = (
        value.items() if isinstance(value, dict) else [("*", item) for item in value] if isinstance(value, list) else []
    )
    for key, item in inner:
        yield from places(item, (*path, key))


@given(JSON, st.integers(0, 2**32))
@settings(max_examples=50)
def test_whatever_is_asked_the_answer_disagrees_keeps_its_types_and_comes_again(value: Any, salt: int) -> None:
    def disagrees(one: Input) -> bool:
        return one == given or crc32(f"{one}{salt}".encode()) % 3 == 0

    given = (json_of([value]), "{}")
    found = shrink(given, disagrees, seconds=60, most_tries=60)
    assert disagrees(found)
    assert found == shrink(given, disagrees, seconds=60, most_tries=60)
    for one in json.loads(found[0]):
        assert type_of(one) == type_of(value)
        assert {kind for _, kind in places(one)} <= {kind for _, kind in places(value)}


def test_tries_and_time_are_bounded() -> None:
    disagrees, asked = asking(lambda x: sum(x) > 100)
    wide = (json.dumps([list(range(3000))]), "{}")
    shrink(wide, disagrees, seconds=60, most_tries=7)
    assert len(asked) == 7
    assert shrink(wide, disagrees, seconds=0) == wide
    assert len(asked) == 7


@pytest.mark.parametrize(
    "given_",
    [("", "{}"), ("{}", "{}"), ("[]", "[]"), ("[" * 99_999, "{}"), ('[{"$type":"object"}]', "{}"), ("[]", "{}")],
)
def test_what_cannot_be_shrunk_stays(given_: Input) -> None:
    assert shrink(given_, lambda _: True, seconds=60) == given_


def test_what_is_never_simpler_stays_as_it_is_spelled() -> None:
    given_ = ('[{"b":1,"a":2}]', "{}")
    assert shrink(given_, lambda _: False, seconds=60) is given_


def test_what_the_question_raises_passes_through() -> None:
    def disagrees(_: Input) -> bool:
        raise OSError("no sandbox")

    with pytest.raises(OSError, match="no sandbox"):
        shrink(("[5]", "{}"), disagrees, seconds=60)
