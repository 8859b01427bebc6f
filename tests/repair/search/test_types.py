"""What is known of the types of expressions."""

import ast

import pytest

from gitops_healer.core.trials import Seen
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.types import fits, heads, held, may_be, surely, type_of
from tests.repair.search.test_templates import target_of

BODY = """def f(a, b: int, c: "list[str] | None", d=None, *, e=False):
    n = 0
    words = a.split()
    total = 0.5
    mixed = 1
    mixed = "x"
    pairs = {}
    for word in words:
        n += 1
    return EXPRESSION
"""


def returned(text: str, seen: Seen | None = None) -> tuple[Target, ast.expr]:
    found = target_of(BODY.replace("EXPRESSION", text))
    target = Target(found.source, found.node, "f", found.lines, found.ingredients, seen or Seen())
    last = target.statements[-1]
    assert isinstance(last, ast.Return)
    assert last.value is not None
    return target, last.value


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("1", {"int"}),
        ("'x'", {"str"}),
        ("None", {"NoneType"}),
        ("f'{a}'", {"str"}),
        ("[1, 2]", {"list[int]"}),
        ("(1, 'a')", {"tuple"}),
        ("{**a}", {"dict"}),
        ("n", {"int"}),
        ("n + 1", {"int"}),
        ("n / 2", {"float"}),
        ("n * total", {"float"}),
        ("mixed", {"int", "str"}),
        ("b", {"int"}),
        ("c", {"list[str]", "NoneType"}),
        ("word", {"str"}),
        ("words[0]", {"str"}),
        ("words[1:]", {"list[str]"}),
        ("[x for x in a]", {"list"}),
        ("len(a)", {"int"}),
        ("sorted(words)", {"list[str]"}),
        ("max(words)", {"str"}),
        ("max(n, 1)", {"int"}),
        ("math.sqrt(a)", {"float"}),
        ("a.strip().lower()", {"str"}),
        ("not a", {"bool"}),
        ("a < b", {"bool"}),
        ("-n", {"int"}),
        ("1 if a else 'x'", {"int", "str"}),
        ("[0] * n", {"list[int]"}),
        ("'%d' % n", {"str"}),
        ("a", {"str"}),
        ("d", set()),
        ("d + 1", set()),
        ("d.thing", set()),
        ("d.year", {"int"}),
        ("unknown(a)", set()),
        ("1 if a else d", set()),
        ("e", {"bool"}),
    ],
)
def test_forms_tell_types(text: str, types: set[str]) -> None:
    assert type_of(*returned(text)) == types


def test_what_was_seen_goes_before_what_the_form_tells() -> None:
    line = BODY.count("\n")
    seen = Seen({("m.py", line): {"a": frozenset({"dict[str, list[int]]"}), "self.x": frozenset({"float"})}})
    assert type_of(*returned("a['k']", seen)) == {"list[int]"}
    assert type_of(*returned("a['k'][0]", seen)) == {"int"}
    assert type_of(*returned("self.x", seen)) == {"float"}


def test_a_chain_of_names_without_end_is_unknown() -> None:
    target = target_of("def f():\n    x = y\n    y = x\n    return x\n")
    last = target.statements[-1]
    assert isinstance(last, ast.Return)
    assert last.value is not None
    assert type_of(target, last.value) == frozenset()


@pytest.mark.parametrize(
    ("new", "old", "fit"),
    [
        ({"int"}, {"float"}, True),
        ({"list[str]"}, {"list[int]"}, True),
        ({"str"}, {"int"}, False),
        (set(), {"int"}, True),
        ({"int"}, set(), True),
        ({"NoneType"}, {"int"}, False),
        ({"int", "NoneType"}, {"int"}, True),
        ({"shop.Order"}, {"Order"}, True),
    ],
)
def test_types_fit(new: set[str], old: set[str], fit: bool) -> None:
    assert fits(frozenset(new), frozenset(old)) is fit


def test_questions_about_types() -> None:
    assert heads({"list[a.B]", "shop.Order"}) == {"list", "Order"}
    assert held({"dict[str, dict[int, int]]"}) == {"str"}
    assert held({"list[tuple[int, str]]", "int"}) == {"tuple[int, str]"}
    assert may_be(frozenset(), "int")
    assert not may_be(frozenset({"str"}), "int", "float")
    assert surely(frozenset({"int", "NoneType"}), "int")
    assert not surely(frozenset(), "int")
