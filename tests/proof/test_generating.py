"""Generated inputs: like those that were seen, or as annotated."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.code.literals import json_of, value_of_json
from gitops_healer.code.source import Source, read_source
from gitops_healer.core.analysis.features import type_of
from gitops_healer.core.shadowing import Origin, Sample
from gitops_healer.proof.generating import generated_samples

ORDERS = """\
LIMIT = 100


def price(order, vip=False, *, code=None):
    if order["kind"] == "gold" and order.get("qty", 0) > LIMIT:
        return 0
    return len(order["items"]) > 7
"""


def source_of(text: str) -> Source:
    source = read_source("m.py", text.encode())
    assert source is not None
    return source


def seeds_of(*calls: tuple[list[Any], dict[str, Any]]) -> list[Sample]:
    return [Sample((json_of(args), json_of(kwargs)), Origin.RECORDED) for args, kwargs in calls]


def order(n: int, **more: Any) -> dict[str, Any]:
    items = [{"sku": f"A-{n:03}", "price": 1.5 * n} for _ in range(n % 4)]
    return {"kind": ("gold", "silver", "iron")[n % 3], "qty": n, "items": items, **more}


def values(samples: tuple[Sample, ...]) -> list[tuple[Any, Any]]:
    return [(json.loads(sample.given[0]), json.loads(sample.given[1])) for sample in samples]


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    yield path, type_of(value)
    inner = (
        value.items() if isinstance(value, dict) else (("*", item) for item in value) if isinstance(value, list) else ()
    )
    for key, item in inner:
        yield from places(item, (*path, key))


def test_inputs_are_new_different_and_the_same_for_a_seed() -> None:
    seeds = seeds_of(*(([order(n)], {}) for n in range(1, 13)))
    source = source_of(ORDERS)
    found = generated_samples(source, "price", seeds, 80, 3)
    assert len(found) == len({sample.given for sample in found}) == 80
    assert not {sample.given for sample in found} & {sample.given for sample in seeds}
    assert {sample.origin for sample in found} == {Origin.GENERATED}
    assert found == generated_samples(source, "price", seeds, 80, 3)
    assert found != generated_samples(source, "price", seeds, 80, 4)


def test_borders_that_the_code_draws_are_reached_on_both_sides() -> None:
    seeds = seeds_of(*(([order(n)], {}) for n in range(1, 13)))
    orders = [args[0] for args, _ in values(generated_samples(source_of(ORDERS), "price", seeds, 200, 0))]
    assert {99, 100, 101} <= {one["qty"] for one in orders}
    assert {6, 7, 8} <= {len(one["items"]) for one in orders}
    assert any(one["qty"] == 0 for one in orders)
    assert any(one["qty"] < 0 for one in orders)
    assert any(item["price"] != one["items"][0]["price"] for one in orders for item in one["items"])


def test_what_may_be_compared_is_equal_once() -> None:
    source = source_of("def late(day, until, limit, size, kind):\n    return day > until or size > limit\n")
    kinds = ("short", "long", "wide")
    seeds = seeds_of(
        *(([f"2026-01-{n:02}", "2026-06-15", 40 + n, n / 1, kinds[n % 3]], {"name": f"n{n}"}) for n in range(10, 30))
    )
    found = [args for args, _ in values(generated_samples(source, "late", seeds, 20, 0))]
    assert any(day == until for day, until, *_ in found)
    assert {kind for *_, kind in found} <= set(kinds)


def test_keys_and_none_come_only_where_they_were_seen_or_are_allowed() -> None:
    seeds = seeds_of(*(([order(n, **({"note": "hi"} if n % 2 else {}))], {"code": "AB-12"}) for n in range(1, 9)))
    found = values(generated_samples(source_of(ORDERS), "price", seeds, 150, 0))
    assert {frozenset(args[0]) for args, _ in found} == {
        frozenset({"kind", "qty", "items"}),
        frozenset({"kind", "qty", "items", "note"}),
    }
    assert {frozenset(kwargs) for _, kwargs in found} == {frozenset({"code"})}
    assert any(kwargs["code"] is None for _, kwargs in found)
    assert not any(value is None for args, _ in found for value in args[0].values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-50, 50) | st.floats(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.lists(JSON, min_size=2, max_size=2), min_size=1, max_size=5))
@settings(max_examples=60)
def test_no_place_gets_a_type_that_no_seed_has_there(calls: list[list[Any]]) -> None:
    seeds = seeds_of(*((args, {}) for args in calls))
    seen = {(number, *place) for args in calls for number, arg in enumerate(args) for place in places(arg)}
    for args, kwargs in values(generated_samples(source_of("def f(x, y): ...\n"), "f", seeds, 25, 0)):
        assert kwargs == {}
        assert len(args) == 2
        assert {(number, *place) for number, arg in enumerate(args) for place in places(arg)} <= seen


@pytest.mark.parametrize(
    ("annotation", "fits"),
    [
        ("int", lambda v: type(v) is int),
        ("'int'", lambda v: type(v) is int),
        ("float", lambda v: type(v) is float),
        ("str", lambda v: type(v) is str),
        ("bool", lambda v: type(v) is bool),
        ("bytes", lambda v: type(v) is bytes),
        ("list[int]", lambda v: type(v) is list and all(type(i) is int for i in v)),
        ("Sequence[str]", lambda v: type(v) is list and all(type(i) is str for i in v)),
        ("dict[str, float]", lambda v: type(v) is dict and all(type(i) is float for i in v.values())),
        ("dict[int, bool]", lambda v: type(v) is dict and all(type(i) is int for i in v)),
        ("tuple[int, str]", lambda v: [type(i) for i in v] == [int, str]),
        ("tuple[int, ...]", lambda v: type(v) is tuple and all(type(i) is int for i in v)),
        ("set[int]", lambda v: type(v) is set),
        ("frozenset[str]", lambda v: type(v) is frozenset),
        ("Optional[int]", lambda v: v is None or type(v) is int),
        ("int | None", lambda v: v is None or type(v) is int),
        ("int | str | bool | float | bytes | Decimal | UUID | Cents | None", lambda v: True),
        (" | ".join(["int"] * 500), lambda v: type(v) is int),
        ("t.Union[int, str]", lambda v: type(v) in (int, str)),
        ("Literal['a', 3]", lambda v: v in ("a", 3)),
        ("list[Literal['a', 'b']]", lambda v: set(v) <= {"a", "b"}),
        ("Mode | None", lambda v: v in ("x", "y", None)),
        ("t.Annotated[int, 'cents']", lambda v: type(v) is int),
        ("dt.datetime", lambda v: type(v).__name__ == "datetime"),
        ("dt.date", lambda v: type(v).__name__ == "date"),
        ("Decimal", lambda v: type(v).__name__ == "Decimal"),
        ("UUID", lambda v: type(v).__name__ == "UUID"),
        ("Cents", lambda v: type(v) is int),
        ("Name", lambda v: type(v) is str),
        ("list[list[Cents]]", lambda v: all(type(i) is int for row in v for i in row)),
    ],
)
def test_values_fit_their_annotation(annotation: str, fits: Callable[[Any], bool]) -> None:
    head = (
        "import typing as t, datetime as dt\nfrom typing import Optional, Sequence, Literal\n"
        "from decimal import Decimal\nfrom uuid import UUID\nCents = int\n"
        "Mode = Literal['x', 'y']\nName = t.NewType('Name', str)\n"
    )
    found = generated_samples(source_of(f"{head}def f(x: {annotation}): ...\n"), "f", [], 30, 0)
    made = [value_of_json(sample.given[0])[0] for sample in found]
    assert made
    assert all(fits(value) for value in made), made


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): ...",
        "def f(x, y: int): ...",
        "def f(x: Order): ...",
        "def f(x: list[Order]): ...",
        "def f(x: Decimal): ...",
        "from .money import Decimal\ndef f(x: Decimal): ...",
        "class int: ...\ndef f(x: int): ...",
        "def f(x: list): ...",
        "def f(x: set[list[int]]): ...",
        "def f(x: 'list['): ...",
        "def f(*rest, **more): ...",
        "def f(): ...",
        "def g(x: int): ...",
        "A = list[A]\ndef f(x: A): ...",
    ],
)
def test_nothing_known_gives_nothing(text: str) -> None:
    # A set of lists can only be empty.
    assert len(generated_samples(source_of(f"{text}\n"), "f", [], 30, 0)) <= ("set[list" in text)


def test_defaults_comparisons_and_calls_by_keyword_need_no_annotation() -> None:
    text = "def f(kind, n=3, /, *, wide=False, other=None):\n    return 1 if kind in ('gold', 'iron') else n > 40\n"
    found = values(generated_samples(source_of(text), "f", [], 120, 0))
    assert {"gold", "iron"} <= {args[0] for args, _ in found}
    assert {41, 39} <= {args[1] for args, _ in found if len(args) == 2}
    assert {frozenset(kwargs) for _, kwargs in found} <= {frozenset(), frozenset({"wide"})}


def test_methods_are_called_without_their_object() -> None:
    text = "class A:\n    def f(self, n: int): ...\n    @staticmethod\n    def g(n: int): ...\n"
    for symbol in ("A.f", "A.g"):
        assert {len(args) for args, _ in values(generated_samples(source_of(text), symbol, [], 20, 0))} == {1}


@pytest.mark.parametrize(
    "value",
    [
        '{"$type":"tuple","value":[1,"a"]}',
        '{"$type":"set","value":[1,2,3]}',
        '{"$type":"datetime","value":"2024-02-29T23:59:59+02:00"}',
        '{"$type":"datetime","value":"9999-12-31T23:59:59"}',
        '{"$type":"date","value":"0001-01-01"}',
        '{"$type":"Decimal","value":"1E+999999"}',
        '{"$type":"Decimal","value":"NaN"}',
        '{"$type":"bytes","value":"AAEC"}',
        '{"$type":"timedelta","value":[999999999,0,0]}',
        '{"$type":"float","value":"nan"}',
        '{"$type":"dict","value":[[1,2],[3,4]]}',
        '{"$type":"range","value":[0,10,1]}',
        f"[{'9' * 4200},1e308,{'[' * 50}{']' * 50}]",
        '"\\ud83d\\ude00"',
        '"\\ud83d"',
    ],
)
def test_what_is_no_json_stays_what_it_is_and_is_spelled_as_recorded(value: str) -> None:
    seed = Sample((f"[{value}]", '{"n":1}'), Origin.RECORDED)
    found = generated_samples(source_of("def f(x, n): ...\n"), "f", [seed], 40, 0)
    assert found
    for sample in found:
        assert type_of(json.loads(sample.given[0])[0]) == type_of(json.loads(value))
        assert sample.given[0] == json_of(value_of_json(sample.given[0]))


@pytest.mark.parametrize(
    "args",
    [
        "",
        "[",
        "{}",
        '[{"$type":"object","class":"m.A"}]',
        '[{"$type":"cut"}]',
        '[{"$type":"date","value":"x"}]',
        "[[" * 9999,
    ],
)
def test_seeds_that_cannot_be_read_are_no_seeds(args: str) -> None:
    assert generated_samples(source_of("def f(x): ...\n"), "f", [Sample((args, "{}"), Origin.RECORDED)], 10, 0) == ()
