"""Values that a recorder wrote down, read without running anything and written as source."""

import datetime
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.declared import declared_cases
from gitops_healer.code.literals import imports_of, json_of, same, source_of, value_of_json, value_of_source
from gitops_healer.code.source import read_source

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.binary()
TYPED = (
    st.decimals(allow_nan=False) | st.fractions() | st.uuids() | st.dates() | st.times() | st.datetimes()
    | st.timedeltas() | st.complex_numbers(allow_nan=False)
)  # fmt: skip
KEYS = st.integers() | st.text(max_size=5) | st.dates()
VALUES = st.recursive(
    PLAIN | TYPED,
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=3)
        | st.sets(KEYS, max_size=3) | st.frozensets(KEYS, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


def evaluated(value: Any, width: int = 88) -> Any:
    """What Python makes of the source of a value, with the imports that it is said to need and no others."""
    names: dict[str, Any] = {}
    for statement in imports_of(value):
        exec(statement, names)
    return eval(source_of(value, indent=4, width=width), names)


@given(VALUES)
def test_every_value_comes_back_from_json_from_source_and_from_its_repr(value: Any) -> None:
    assert same(value_of_json(json_of(value)), value)
    assert same(evaluated(value), value)
    assert same(evaluated(value, width=20), value)
    assert same(value_of_source(repr(value)), value)


@pytest.mark.parametrize(
    ("value", "source", "imports"),
    [
        (math.inf, 'float("inf")', set()),
        ({2, 1}, "{1, 2}", set()),
        (set(), "set()", set()),
        (Path("a/b"), 'Path("a/b")', {"from pathlib import Path"}),
        ([PurePosixPath("a")], '[PurePosixPath("a")]', {"from pathlib import PurePosixPath"}),
        (Decimal("1.50"), 'Decimal("1.50")', {"from decimal import Decimal"}),
        ((Fraction(1, 3),), '(Fraction("1/3"),)', {"from fractions import Fraction"}),
        ({UUID(int=1): 1}, '{UUID("00000000-0000-0000-0000-000000000001"): 1}', {"from uuid import UUID"}),
        (datetime.date(2024, 2, 29), "datetime.date(2024, 2, 29)", {"import datetime"}),
        ("it's", '"it\'s"', set()),
        ('say "no"', "'say \"no\"'", set()),
    ],
)
def test_values_are_written_as_people_write_them(value: Any, source: str, imports: set[str]) -> None:
    assert source_of(value) == source
    assert imports_of(value) == imports


def test_floats_are_compared_nearly_where_they_can_be() -> None:
    value = {"a": [1.5, (2, math.nan)], "b": {2.5}}
    expected = '{"a": [near(1.5), (2, near(float("nan"), nan_ok=True))], "b": {2.5}}'
    assert source_of(value, about="near") == expected


@pytest.mark.parametrize(
    "text",
    [
        "print(1)", "__import__('os')", "x", "<Order at 0x7f>", "Order(1)", "list(range(10**9))", "list(range(9))",
        "bytearray(10000000000)", "Fraction('1e999999999')", "[" * 3000, "1 +", "{**{}}", "2 ** 99", "'a' + 'b'",
    ],
)  # fmt: skip
def test_what_is_no_plain_value_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        value_of_source(text)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"$type":"object","class":"Order"}', '{"$type":"cut"}', '{"$type":["a"]}', '{"$type":"range"}',
     '{"$type":"Fraction","value":"1e999999999"}', '{"$type":"date","value":"tomorrow"}'],
)  # fmt: skip
def test_what_was_not_recorded_whole_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        value_of_json(text)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((1, 2), [1, 2], True), (1, 1.0, True), (1, True, False), (0.1 + 0.2, 0.3, True), (math.nan, math.nan, True),
        ({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"b": 1}, False), ("1", 1, False), ([1], [1, 2], False),
        (10**400, 1.5, False), (Decimal(1), 1, False), (None, False, False),
    ],
)  # fmt: skip
def test_values_are_compared_as_readers_do(one: Any, other: Any, expected: bool) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


TOOLS = """\
from decimal import Decimal

from shop.recorder import BaseTool, tool

CASES = [
    {"input": {"text": "a,b"}, "expected_output": ["a", "b"]},
    {"input": [""], "should_raise": "ValueError"},
]


@tool(examples=CASES)
def split(text, sep=","): ...


@tool(
    examples=[
        {"input": {"amount": Decimal("1.5")}, "expected_output": 2, "description": "rounds up"},
        {"input": {"unknown": 1}, "expected_output": 2},
        {"input": [1, 2], "expected_output": 2},
        {"input": [compute()], "expected_output": 2},
        {"input": [3]},
        {"input": "text", "expected_output": 2},
        "no case",
        {"input": [4], "should_raise": TypeError},
    ]
)
def rounded(amount): ...


@tool(examples=load("cases.json"))
def loaded(x): ...


class Search(BaseTool):
    def execute(self, text): ...

    def get_test_cases(self):
        return [{"input": {"text": "x"}, "expected_output": []}]
"""


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("split", [(("[]", '{"text":"a,b"}'), ["a", "b"], ""), (('[""]', "{}"), None, "ValueError")]),
        (
            "rounded",
            [(("[]", '{"amount":{"$type":"Decimal","value":"1.5"}}'), 2, ""), (("[4]", "{}"), None, "TypeError")],
        ),
        ("loaded", []),
        ("Search.execute", [(("[]", '{"text":"x"}'), [], "")]),
        ("gone", []),
    ],
)
def test_declared_cases_are_read_from_the_source(symbol: str, expected: list[Any]) -> None:
    source = read_source("shop/tools.py", TOOLS.encode())
    assert source is not None
    assert [(case.given, case.value, case.error) for case in declared_cases(source, symbol)] == expected
