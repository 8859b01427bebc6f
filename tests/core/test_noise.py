"""What differs between runs of the same code."""

import random
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.comparing import differences
from gitops_healer.core.noise import NOTHING, Noise, learn, rules_of


def order(number: int, chance: random.Random) -> dict[str, Any]:
    """A result of a function with every kind of noise."""
    tags = [f"tag {number}", "new", "sold"]
    rows = [{"sku": sku, "at": f"2026-01-01T12:00:{chance.randrange(10, 60)}", "n": sku % 3} for sku in range(6)]
    chance.shuffle(tags)
    chance.shuffle(rows)
    return {
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "number": number,
        "tags": tags,
        "rows": rows,
        "seconds": chance.random(),
        "word": chance.choice(["one", "two words", "x-9", "four", ""]),
        "maybe": chance.choice([None, 1, "text"]),
        "sampled": [1] * chance.randrange(1, 9),
        "total": sum(chance.sample([0.1, 0.2, 0.3, 1e-9], 4)),
    }


def runs(count: int, inputs: int) -> list[list[dict[str, Any]]]:
    return [[order(number, random.Random(1000 * run + number)) for number in range(inputs)] for run in range(count)]


LEARNED = learn(runs(3, 12))


def test_noise_is_told_place_by_place() -> None:
    learned = LEARNED
    assert learned == Noise(
        noisy=frozenset({"$.id", "$.rows[*].at", "$.seconds", "$.word", "$.maybe", "$.sampled"}),
        shapeless=frozenset({"$.word", "$.maybe", "$.sampled"}),
        untyped=frozenset({"$.maybe"}),
        unordered=frozenset({"$.tags", "$.rows"}),
        formed=frozenset(
            {("$.id", "length"), ("$.id", "words"), ("$.id", "alphabet")}
            | {("$.rows[*].at", facet) for facet in ("length", "words", "beginning", "alphabet")}
        ),
        parts=frozenset({("$.id", "0"), ("$.rows[*].at", "0")}),
    )


def test_what_noisy_texts_have_in_common_still_counts() -> None:
    chance = random.Random(0)
    numbers = [
        [{"id": f"T-{chance.randrange(10**6):06}", "key": chance.randbytes(6).hex()} for _ in range(8)] for _ in "abc"
    ]
    rules = rules_of(learn(numbers))
    assert (
        differences({"id": "T-000001", "key": "00ffaa11bb22"}, {"id": "T-999999", "key": "deadbeef0000"}, rules).told
        == ()
    )
    assert differences("T-000001", "T-999999", rules_of(learn([["T-000001"], ["T-000002"]]))).compared == 0
    for other in ("T-00001", "S-000001", "t-000001", "T-00-001"):
        assert len(differences({"id": "T-000001"}, {"id": other}, rules).told) == 1, other
    assert differences({"key": "00ffaa11bb22"}, {"key": "00ffaa11"}, rules).told
    words = [["".join(chance.choices("ABCDEF", k=4)) for _ in range(40)] for _ in "ab"]
    assert differences("ABCD", "abcd", rules_of(learn(words))).told
    few = rules_of(learn([row[:5] for row in numbers]))
    assert differences({"id": "T-000001"}, {"id": "T-00001"}, few).told == ()
    lengths = [[{"id": "x" * chance.randrange(1, 9)} for _ in range(40)] for _ in "ab"]
    assert differences({"id": "x"}, {"id": "xx"}, rules_of(learn(lengths))).told == ()


def test_with_what_was_learned_later_runs_agree_and_changes_inside_of_the_noise_are_found() -> None:
    rules = rules_of(LEARNED)
    base, head = order(3, random.Random(1)), order(3, random.Random(2))
    assert differences(base, head, rules).told == ()
    wrong = {
        "number": 4,
        "tags": ["tag 3", "new", "old"],
        "rows": [{**row, "n": row["n"] + (row["sku"] == 4)} for row in head["rows"]],
        "id": "none",
        "seconds": None,
        "total": head["total"] * 1.0001,
    }
    for key, value in wrong.items():
        assert len(differences(base, {**head, key: value}, rules).told) == 1, key


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{{"id": "{id}", "total": 12, "at": "{at}"}}', ('total": 12', 'total": 13')),
        ("id,at,sum\n{id},{at},12\n{id},{at},13\n", (",13\n", ",14\n")),
        ("{at} INFO 12 rows for {id}, 5 left", ("5 left", "6 left")),
    ],
)
def test_numbers_in_a_text_with_noise_are_compared_as_far_as_they_are_none(text: str, wrong: tuple[str, str]) -> None:
    chance = random.Random(0)

    def made() -> str:
        at = f"2026-01-01T12:00:{chance.randrange(10, 60)}"
        return text.format(id=uuid.UUID(int=chance.getrandbits(128), version=4), at=at)

    rules = rules_of(learn([[made() for _ in range(3)] for _ in "ab"]))
    found = differences(made(), made(), rules)
    assert (found.told, found.compared) == ((), 1)
    assert len(differences(made(), made().replace(*wrong), rules).told) == 1


def test_a_number_is_known_by_the_word_before_it() -> None:
    rules = rules_of(learn([["Ada: no. 1, 5 left"], ["Ada: no. 2, 5 left"]]))
    assert differences("Bo: no. 7, 5 left", "Bo: no. 8, 5 left", rules).told == ()
    assert differences("Bo: no. 7, 5 left", "Bo: no. 7, 6 left", rules).told


def test_rules_join_the_policys_and_the_learned() -> None:
    rules = rules_of(LEARNED, tolerance=0.5, ignored=["$.a"], unordered=["$.b"])
    assert rules.tolerance == 0.5
    assert rules.ignored == {"$.a", "$.maybe"}
    assert rules.unordered == {"$.b", "$.tags", "$.rows"}
    assert rules.noisy == {"$.id", "$.rows[*].at", "$.seconds", "$.word~", "$.sampled~"}


def test_random_columns_do_not_make_a_list_a_shuffled_one() -> None:
    first = [{"id": 1, "flip": True, "rank": 1}, {"id": 2, "flip": False, "rank": 2}]
    second = [{"id": 1, "flip": False, "rank": 2}, {"id": 2, "flip": True, "rank": 1}]
    assert learn([[first], [second]]) == Noise(noisy=frozenset({"$[*].flip", "$[*].rank"}))


def test_keys_that_come_and_go() -> None:
    some = learn([[{"a": 1, "b": 2, "c": 3}], [{"a": 1, "b": 2}]])
    assert some.untyped == {"$.c"}
    assert learn([[{"x": {"u1": 1}}], [{"x": {"u2": 1}}]]).shapeless == {"$.x"}
    first, second = ({f"user {n}": {"t": n + plus, "n": 1} for n in range(20)} for plus in (0, 1))
    assert learn([[first], [second]]).noisy == {"$.*.t"}


def test_one_noisy_input_is_enough_and_missing_runs_are_left_out() -> None:
    assert learn([[1, 5, NOTHING], [1, 6]], root="$printed").noisy == {"$printed"}
    assert learn([[NOTHING, 1], [2, 1], [3, 1]]).noisy == {"$"}
    assert learn([[1, 2]]) == learn([]) == learn([[NOTHING], [1]]) == Noise()


def test_depth_is_bounded() -> None:
    left, right = 1, 2
    for _ in range(20_000):
        left, right = {"k": left}, {"k": right}
    (place,) = learn([[left], [right]]).noisy
    assert len(place) < 100
    assert differences(left, right, rules_of(learn([[left], [right]]))).told == ()


plain_json = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(plain_json, min_size=2, max_size=4))
def test_runs_that_were_learned_from_agree(results: list[Any]) -> None:
    rules = rules_of(learn([[result] for result in results]))
    for result in results[1:]:
        assert differences(results[0], result, rules).told == ()


@given(st.lists(st.lists(st.text("aB1 -:,\n", max_size=14), min_size=20, max_size=20), min_size=2, max_size=3))
def test_texts_that_were_learned_from_agree(runs_of_texts: list[list[str]]) -> None:
    rules = rules_of(learn(runs_of_texts))
    for given_by_run in zip(*runs_of_texts, strict=True):
        for text in given_by_run[1:]:
            assert differences(given_by_run[0], text, rules).told == ()
