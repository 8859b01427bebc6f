"""Two values: what is the same, what is told, and that nothing in them can hurt."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.core.comparing import TOLD, How, Walk, as_json, decoded, differences, exact, sentence
from gitops_healer.core.comparing_places import place_text, steps_of
from gitops_healer.core.shadowing import Differences, Rules

PLAIN = Rules()


def typed(name: str, value: Any) -> dict[str, Any]:
    return {"$type": name, "value": value}


def thing(fields: dict[str, Any], name: str = "shop:Order") -> dict[str, Any]:
    return {"$type": "object", "class": name, "fields": fields}


NAN = typed("float", "nan")

SAME = [
    (3, 3.0),
    (1.0, 1.0 + 5e-10),
    (1e12, 1e12 + 100),
    (0.0, 9e-10),
    (-0.0, 0.0),
    (float("nan"), NAN),
    (typed("float", "inf"), typed("float", "inf")),
    (typed("tuple", [1, 2]), [1, 2]),
    (typed("set", ["a", "b", 1.5]), typed("frozenset", ["b", 1.5000000001, "a"])),
    (typed("Decimal", "1.10"), typed("Decimal", "1.1")),
    (typed("datetime", "2026-01-01T12:00:00+00:00"), typed("datetime", "2026-01-01T13:00:00+01:00")),
    (typed("dict", [[1, "a"], ["b", 2]]), typed("dict", [["b", 2], [1.0, "a"]])),
    (typed("dict", [["b", 2]]), {"b": 2}),
    (thing({"total": 3, "lines": [NAN]}), thing({"lines": [NAN], "total": 3.0})),
    (typed("set", [typed("frozenset", [1, 2]), 3]), typed("set", [3, typed("frozenset", [2, 1])])),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_means_the_same(left: Any, right: Any) -> None:
    assert differences(left, right, PLAIN).told == differences(right, left, PLAIN).told == ()


OTHER = [
    (True, 1, "$: bool True → number 1"),
    (None, 0, "$: None → number 0"),
    (4, "4", '$: number 4 → text "4"'),
    (10**12, 10**12 + 1, "$: 1000000000000 → 1000000000001"),
    (10**400, 1.0, f"$: {hex(10**400)[:60]}… → 1.0"),
    (1.0, 1.0 + 2e-9, "$: 1.0 → 1.000000002"),
    (typed("float", "inf"), 1e300, "$: inf → 1e+300"),
    (NAN, 1.0, "$: nan → 1.0"),
    ({"items": [{"qty": 4}]}, {"items": [{"qty": 5}]}, "$.items[0].qty: 4 → 5"),
    ({"a b": {"c": 1}}, {"a b": {"c": 2}}, '$["a b"].c: 1 → 2'),
    ({"a": 1}, {}, "$.a: 1 is gone"),
    ({}, {"a": [1, 2]}, "$.a: a list of 2 is new"),
    ([1, 2], typed("set", [1, 2]), "$: a list of 2 → a set of 2"),
    (typed("bytes", "YQ=="), typed("bytearray", "YQ=="), "$: bytes YQ== → bytearray YQ=="),
    (typed("Decimal", "1.10"), typed("Decimal", "1.11"), "$: 1.10 → 1.11"),
    (thing({"total": 3}), thing({"total": 4}), "$.total: 3 → 4"),
    (thing({}), thing({}, "shop:Basket"), "$: a shop:Order → a shop:Basket"),
    ({**thing({}), "value": [1]}, {**thing({}), "value": [2]}, "$.value[0]: 1 → 2"),
    (typed("set", ["a", "b"]), typed("set", ["c", "a"]), '$[1]: "b" → "c"'),
    ("a" * 500 + "x" + "b" * 500, "a" * 500 + "y", f'$: "…{"a" * 12}x{"b" * 47}…" → "…{"a" * 12}y"'),
    ("line\nbreak\u202e", "line", '$: "line\\nbreak " → "line"'),
    (typed("datetime", "2026-01-01T12:00:00"), typed("datetime", "2026-01-01T12:00:00+00:00"), None),
    (typed("dict", [[1, "a"]]), typed("dict", [["1", "a"]]), None),
    (typed("Decimal", "sNaN"), typed("Decimal", "1"), None),
]


@pytest.mark.parametrize(("left", "right", "sentence"), OTHER)
def test_tells_where_and_how(left: Any, right: Any, sentence: str | None) -> None:
    told = differences(left, right, PLAIN).told
    assert told and (sentence is None or told == (sentence,))
    assert differences(right, left, PLAIN).told


LENGTHS = [
    ([1, 2], [1], ["$: 2 items → 1", "$[1]: 2 is gone"]),
    ([], ["a"], ["$: 0 items → 1", '$[0]: "a" is new']),
    ([1, 2, 3, 4], [1, 9, 2, 3, 4], ["$: 4 items → 5", "$[1]: 9 is new"]),
    ([1, 2, 3, 4], [1, 9, 8, 3, 4], ["$: 4 items → 5", "$[2]: 8 is new", "$[1]: 2 → 9"]),
    ([1, 1, 1], [1, 1], ["$: 3 items → 2", "$[2]: 1 is gone"]),
]


@pytest.mark.parametrize(("left", "right", "told"), LENGTHS)
def test_tells_what_was_put_in_or_taken_out(left: list[Any], right: list[Any], told: list[str]) -> None:
    assert list(differences(left, right, PLAIN).told) == told


def test_cheaper_ways() -> None:
    assert exact("[1]", "[1]") and not exact("[1]", "[1 ]")
    assert as_json('{"a":1,"b":2}', '{"b": 2, "a": 1}')
    assert not as_json("[1]", "[true]") and not as_json("[1]", "[1.0]")
    assert decoded("[" * 100_000) == "[" * 100_000


ROWS = [{"id": n, "qty": n % 7, "price": n * 1.1} for n in range(40)]
ANY_ORDER = Rules(unordered=frozenset({"$.rows"}))


def test_changed_row_of_a_shuffled_list_is_told_as_that_row() -> None:
    shuffled = [dict(row) for row in reversed(ROWS)]
    shuffled[7]["qty"] = 99
    assert differences({"rows": ROWS}, {"rows": shuffled}, ANY_ORDER).told == ("$.rows[32].qty: 4 → 99",)
    assert len(differences({"rows": ROWS}, {"rows": shuffled}, PLAIN).told) == TOLD


def test_floats_that_fall_into_neighbouring_buckets_still_match() -> None:
    nearly = [{**row, "price": row["price"] * (1 + 6e-10)} for row in reversed(ROWS)]
    assert differences({"rows": ROWS}, {"rows": nearly}, ANY_ORDER).told == ()
    far = [{**row, "price": row["price"] * (1 + 6e-9)} for row in ROWS]
    assert len(differences({"rows": ROWS}, {"rows": far}, ANY_ORDER).told) == TOLD


NOISY = [
    ("at 2026-01-01 12:00:07 by 0x7f01", "at 2026-01-02T09:30:00Z by 0x9", "$.x", True),
    ("8f14e45f-ceea-467f-a3e6-1c2d3e4f5a6b", "0cc175b9-c0f1-46b6-a831-c399e2697726", "$.x", True),
    ("/tmp/pytest-1/a", "/tmp/pytest-22/b", "$.x", True),
    ("job 7 done", "job 12 done", "$.x", True),
    ("job 7 done", "failed", "$.x", False),
    ("job 7 done", "failed", "$.x~", True),
    (7, 8.5, "$.x", True),
    (7, "8", "$.x~", False),
    ([1], [1, 2], "$.x", True),
]


@pytest.mark.parametrize(("left", "right", "place", "agrees"), NOISY)
def test_at_noisy_places_types_and_shapes_count(left: Any, right: Any, place: str, agrees: bool) -> None:
    found = differences({"x": left, "y": 1}, {"x": right, "y": 1}, Rules(noisy=frozenset({place})))
    assert (not found.told) is agrees
    assert found.noisy == (("$.x",) if agrees else ())
    assert found.compared == 1


def test_ignored_places_are_skipped_by_key_item_and_any_key() -> None:
    left = {"at": 1, "rows": [{"id": 1, "n": 1}], "by": {"a": {"t": 1, "n": 1}, "b": {"t": 1}}}
    right = {"rows": [{"id": 2, "n": 1}], "by": {"a": {"t": 2, "n": 2}, "b": {"t": 3}}}
    ignored = frozenset({"$.at", "$.rows[*].id", "$.by.*.t"})
    assert differences(left, right, Rules(ignored=ignored)).told == ("$.by.a.n: 1 → 2",)
    assert differences(left, right, Rules(ignored=ignored | {"$.by.a.x"})).told == ("$.by.a.n: 1 → 2",)


@pytest.mark.parametrize("place", ["", "items", "$.a[", "$..a", "$ .a", "$[x]"])
def test_what_is_no_place_is_refused_with_an_example(place: str) -> None:
    with pytest.raises(ValueError, match="Example"):
        differences(1, 2, Rules(ignored=frozenset({place})))


@given(st.lists(st.text() | st.just(-1) | st.just(-2), max_size=5))
def test_places_are_read_as_they_are_written(steps: list[str | int]) -> None:
    assert steps_of(place_text("$", steps)) == ("$", tuple(steps))


@pytest.mark.parametrize("kind", ["list", "dict", "set", "object", "pairs"])
def test_depth_costs_no_stack(kind: str) -> None:
    wrapped = {
        "list": lambda value: [value],
        "dict": lambda value: {"k": value},
        "set": lambda value: typed("set", [value]),
        "object": lambda value: thing({"f": value}),
        "pairs": lambda value: typed("tuple", [value, 1]),
    }[kind]
    left, right = 1, 2
    for _ in range(20_000):
        left, right = wrapped(left), wrapped(right)
    (sentence,) = differences(left, right, PLAIN).told
    assert sentence.endswith("1 → 2") and len(sentence) < 100


@pytest.mark.parametrize("rules", [PLAIN, Rules(unordered=frozenset({"$"}))])
def test_what_is_too_large_is_no_agreement(rules: Rules) -> None:
    many = [[[number]] for number in range(1100)]
    walk = Walk(rules, most=1000)
    walk.over(many, [*many[:-1], [[0]]])
    assert walk.found[0].how is How.TOO_LARGE
    assert sentence("$", walk.found[0]).endswith("the rest is too large to be compared")


leaves = st.none() | st.booleans() | st.integers() | st.floats(width=32) | st.text(max_size=8)
hashable = st.text(max_size=4)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.lists(inner, max_size=4).map(lambda items: typed("tuple", items))
        | st.lists(inner, max_size=4).map(lambda items: typed("set", items))
        | st.dictionaries(hashable, inner, max_size=3).map(thing)
        | st.lists(st.tuples(inner, inner).map(list), max_size=3).map(lambda pairs: typed("dict", pairs))
        | st.dictionaries(st.sampled_from(["$type", "value", "class", "fields", "x"]), inner, max_size=4)
    )


values = st.recursive(leaves, containers, max_leaves=15)
places = st.lists(hashable | st.just(-1) | st.just(-2), max_size=3).map(lambda steps: place_text("$", steps))
some_places = st.frozensets(places, max_size=3)
some_rules = st.builds(
    Rules,
    st.sampled_from([0.0, 1e-9, 0.1]),
    some_places,
    some_places,
    st.frozensets(places.map(lambda p: p + "~") | places),
)


@given(values, some_rules)
def test_a_value_agrees_with_itself(value: Any, rules: Rules) -> None:
    assert differences(value, json.loads(json.dumps(value)), rules).told == ()


@given(values, values, some_rules)
def test_equality_has_no_direction(left: Any, right: Any, rules: Rules) -> None:
    there, back = differences(left, right, rules), differences(right, left, rules)
    assert bool(there.told) == bool(back.told)
    assert len(there.told) <= TOLD


@given(st.lists(values, max_size=8), st.randoms())
def test_order_never_matters_where_it_has_no_meaning(items: list[Any], chance: random.Random) -> None:
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert differences(items, shuffled, Rules(unordered=frozenset({"$"}))).told == ()
    assert differences({"$type": "set", "value": items}, {"$type": "set", "value": shuffled}, PLAIN).told == ()


def spots(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to all leaves of plain JSON."""
    if isinstance(value, dict | list):
        steps = value if isinstance(value, dict) else range(len(value))
        return [spot for step in steps for spot in spots(value[step], (*at, step))]
    return [at]


plain_json = st.recursive(
    leaves,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)


@given(plain_json, st.data())
def test_one_changed_leaf_is_always_told(value: Any, data: st.DataObject) -> None:
    ways = spots({"top": value})
    if not ways:
        return
    way = data.draw(st.sampled_from(ways))
    changed = json.loads(json.dumps({"top": value}))
    parent = changed
    for step in way[:-1]:
        parent = parent[step]
    old = parent[way[-1]]
    number = isinstance(old, int | float) and not isinstance(old, bool) and old == old and abs(old) != float("inf")
    parent[way[-1]] = old * 2 + 1 if number and old != -1 else ["another"]
    found: Differences = differences({"top": value}, changed, PLAIN)
    assert len(found.told) == 1
    shuffling = Rules(unordered=frozenset({"$.top", "$.top[*]"}))
    assert differences({"top": value}, changed, shuffling).told


same_type = st.sampled_from([st.integers(), st.floats(), st.booleans(), st.text()]).flatmap(lambda s: st.tuples(s, s))


@settings(max_examples=60)
@given(same_type, plain_json)
def test_noise_is_no_difference_while_the_type_stays(pair: tuple[Any, Any], rest: Any) -> None:
    rules = Rules(noisy=frozenset({"$.x~"}))
    assert differences({"x": pair[0], "r": rest}, {"x": pair[1], "r": rest}, rules).told == ()
    assert differences({"x": pair[0], "r": rest}, {"x": [], "r": rest}, rules).told
