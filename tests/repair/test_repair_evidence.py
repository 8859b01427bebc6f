"""What witnesses say: docstrings, tests, siblings, callers, executions - and what they do not say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.source import read_source
from gitops_healer.core.codec import canonical
from gitops_healer.registry import discover
from gitops_healer.repair.candidates import faults_of, telling
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight
from gitops_healer.repair.expectations import read_expectations
from gitops_healer.repair.inputs import culprits, neighbours, shown
from gitops_healer.repair.remedy import Remedy, raises, returns, substitutes
from gitops_healer.repair.site import find_site
from gitops_healer.repair.template import Template
from gitops_healer.repair.witnesses import hear

TEMPLATES = discover("gitops_healer.repair.templates", Template)
MEAN = "return sum(values) / len(values)"
INT = "return int(values)"
GET = "return values['price']"
NONE = "return values.strip()"
LAST = "return values[-1]"
KINDS = {
    MEAN: ("ZeroDivisionError", "division by zero", "[[]]"),
    INT: ("ValueError", "invalid literal for int() with base 10: 'x'", '["x"]'),
    GET: ("KeyError", "'price'", '[{"a": 1}]'),
    NONE: ("AttributeError", "'NoneType' object has no attribute 'strip'", "[null]"),
    LAST: ("IndexError", "list index out of range", "[[]]"),
}


def circumstance(
    body: str, docstring: str = "", before: str = "", passing: tuple[tuple[str, str], ...] = ()
) -> Circumstance:
    error, message, failing = KINDS[body]
    indented = [f"    {line}" for line in [*before.splitlines(), body]]
    lines = ["def f(values, other=1):", f'    """{docstring}"""', *indented]
    source = read_source("m.py", ("\n".join(lines) + "\n").encode())
    assert source is not None
    site = find_site(source, docstring.count("\n") + 3 + len(before.splitlines()), error, message)
    assert site is not None
    given_ = ((failing, "{}"),)
    known = tuple(((args, "{}"), result) for args, result in passing)
    return Circumstance(site, telling(faults_of(site, TEMPLATES)), culprits(site, given_), given_, known, True)


def clear(found: tuple[Evidence, ...]) -> set[Remedy]:
    return {one.remedy for one in found if one.weight is Weight.CLEAR}


@pytest.mark.parametrize(
    ("body", "docstring", "expected"),
    [
        (MEAN, "The mean. Returns 0.0 if there are no values.", returns("0.0")),
        (MEAN, "The mean, or None when the list is empty.", returns("None")),
        (MEAN, "If values is empty, the result is 0.", returns("0.0")),
        (MEAN, "Mean.\n\n    :returns: the mean; ``0.0`` for an empty list", returns("0.0")),
        (MEAN, "An empty list gives -1.", returns("-1.0")),
        (MEAN, "Mean.\n\n    Raises:\n        ValueError: If values is empty.\n", raises("ValueError")),
        (MEAN, "Mean.\n\n    :raises ZeroDivisionError: when there is nothing to average", raises("ZeroDivisionError")),
        (INT, "A number. Returns None if the text is not a number.", returns("None")),
        (INT, "A number, or 0 for malformed input.", returns("0")),
        (INT, "Invalid text counts as 0.", substitutes("0")),
        (GET, "The price, which defaults to 5.", substitutes("5")),
        (GET, "Reads the price (price defaults to 5).", substitutes("5")),
        (GET, "A missing price is treated as 0.", substitutes("0")),
        (GET, "Returns the price if it is known, None otherwise.", returns("None")),
        (GET, "Raises LookupError if there is no price.", raises("LookupError")),
        (NONE, "Trimmed text; returns '' if values is None.", returns('""')),
        (LAST, "The last one, or None if there are no values.", returns("None")),
    ],
)
def test_docstrings_that_say_it(body: str, docstring: str, expected: Remedy) -> None:
    assert clear(hear(circumstance(body, docstring), (), ())) == {expected}


@pytest.mark.parametrize(
    ("body", "docstring"),
    [
        (MEAN, "The mean of values."),
        (MEAN, "Returns 0.0 if other is zero."),
        (MEAN, "Returns None if the file is missing."),
        (MEAN, "Never raises ZeroDivisionError."),
        (MEAN, "Mean.\n\n    >>> f([1])\n    1.0\n"),
        (INT, "Returns 0 if the text is empty."),
        (INT, "Raises ValueError if the number is negative."),
        (GET, "Returns 0 if there are no values."),
        (GET, "Raises KeyError if other is unknown."),
        (NONE, "Returns True if it is found."),
        (LAST, "The last of 3 values."),
    ],
)
def test_docstrings_that_do_not_say_it(body: str, docstring: str) -> None:
    assert clear(hear(circumstance(body, docstring), (), ())) == set()


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        (MEAN, "if values is None:\n    return 0.0", {returns("0.0")}),
        (MEAN, "if other is None:\n    return 0.0", set()),
        (MEAN, "if other < 0 or values is None:\n    return None", {returns("None")}),
        (INT, "if not values:\n    return None", set()),
        (INT, "try:\n    other = int(other)\nexcept ValueError:\n    return -1", {returns("-1")}),
        (GET, "if not values:\n    return 3", {returns("3")}),
        (GET, "if 'price' not in values:\n    return 3", {returns("3")}),
        (NONE, "if values == '':\n    return None", {returns("None")}),
        (MEAN, "rate = other / 2 if other else 0.5", {substitutes("0.5")}),
    ],
)
def test_siblings(body: str, before: str, expected: set[Remedy]) -> None:
    assert clear(hear(circumstance(body, before=before), (), ())) == expected


def test_executions_of_the_same_and_of_alike_inputs() -> None:
    assert clear(hear(circumstance(MEAN, passing=(("[[]]", "0.0"), ("[[1]]", "1.0"))), (), ())) == {returns("0.0")}
    assert clear(hear(circumstance(MEAN, passing=(("[null]", "null"), ("[[1]]", "1.0"))), (), ())) == {returns("None")}
    mixed = circumstance(MEAN, passing=(("[null, 1]", "null"), ("[null, 2]", "0.0")))
    assert clear(hear(mixed, (), ())) == set()
    assert clear(hear(circumstance(MEAN, passing=(("[[1], 0]", "7.0"),)), (), ())) == set()


def test_annotation_alone_is_a_hint_and_can_forbid() -> None:
    site = circumstance(MEAN)
    assert all(one.weight is not Weight.CLEAR for one in hear(site, (), ()))
    source = read_source("m.py", b"def f(values) -> float:\n    return sum(values) / len(values)\n")
    assert source is not None
    found = find_site(source, 2, "ZeroDivisionError", "")
    assert found is not None
    given_ = (("[[]]", "{}"),)
    other = Circumstance(found, telling(faults_of(found, TEMPLATES)), culprits(found, given_), given_, (), True)
    assert [(one.remedy, one.weight) for one in hear(other, (), ())] == [(returns("None"), Weight.FORBIDS)]


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("def g(v):\n    if m.f(v) is None:\n        return 1\n", {returns("None")}),
        ("def g(v):\n    x = m.f(v)\n    return x == -1\n", {returns("-1.0")}),
        (
            "def g(v):\n    try:\n        m.f(v)\n    except ArithmeticError:\n        pass\n",
            {raises("ZeroDivisionError")},
        ),
        ("def g(v):\n    try:\n        m.f(v)\n    except Exception:\n        pass\n", set()),
        ("def g(v):\n    try:\n        pass\n    except ZeroDivisionError:\n        m.f(v)\n", set()),
        ("def g(v):\n    return m.f(v) > 3\n", set()),
    ],
)
def test_callers(caller: str, expected: set[Remedy]) -> None:
    source = read_source("use.py", f"import m\n\n\n{caller}".encode())
    assert source is not None
    assert clear(hear(circumstance(MEAN), (), (source,))) == expected


def test_a_namesake_elsewhere_is_no_caller() -> None:
    source = read_source("use.py", b"from other import f\n\nif f([]) is None:\n    pass\n")
    assert source is not None
    assert clear(hear(circumstance(MEAN), (), (source,))) == set()


TESTS = """
import unittest, pytest

@pytest.mark.parametrize("values, wanted", [([], 0.0), ([1], 1.0), pytest.param([2], 2.0)])
def test_rows(values, wanted):
    assert wanted == f(values)

def test_approx():
    assert f([1, 2]) == pytest.approx(1.5)

def test_raises():
    with pytest.raises(ValueError, match="x"):
        f(None)

class T(unittest.TestCase):
    def test_none(self):
        self.assertIsNone(f(values=[0]))

    def test_state(self):
        box = Box(3)
        self.assertEqual(box.f([]), 9)

def test_not_plain():
    assert f(make()) == 3
"""


def test_expectations_are_read_from_all_kinds_of_tests() -> None:
    source = read_source("test_m.py", TESTS.encode())
    assert source is not None
    found = [(e.given, e.value, e.error, e.test) for e in read_expectations(source, "f")]
    assert found == [
        (("[[]]", "{}"), "0.0", "", "test_rows"),
        (("[[1]]", "{}"), "1.0", "", "test_rows"),
        (("[[2]]", "{}"), "2.0", "", "test_rows"),
        (("[[1,2]]", "{}"), "1.5", "", "test_approx"),
        (("[null]", "{}"), "", "ValueError", "test_raises"),
        (("[]", '{"values":[0]}'), "None", "", "test_none"),
        (None, "9", "", "test_state"),
        (None, "3", "", "test_not_plain"),
    ]


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(_json, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), _json, max_size=2))
def test_neighbours_are_other_inputs_and_always_the_same(args: list[object], kwargs: dict[str, object]) -> None:
    one = (canonical(args), canonical(kwargs))
    near = neighbours([one], 30)
    assert near == neighbours([one], 30)
    assert one not in near
    assert len(near) == len(set(near)) <= 30
    assert shown(None, one)
