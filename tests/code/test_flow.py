"""Each kind of case: what is seen, what it becomes, what looks like it and is left alone."""

import ast
import json

import pytest

from gitops_healer.code.extract import extract
from gitops_healer.code.facts import Case
from gitops_healer.code.flow.cases import cases_of
from gitops_healer.code.flow.kinds import KINDS
from tests.code.flow_stories import FURTHER, SILENT

STORIES = [(name, story) for name in SILENT for story in SILENT[name]]


def cases(source: str) -> tuple[Case, ...]:
    compile(source, "example", "exec")
    facts = extract(source.encode())
    assert facts.analyzable
    return facts.cases


@pytest.mark.parametrize("name", KINDS)
def test_an_example_is_seen_and_nothing_else_in_it(name: str) -> None:
    kind = KINDS[name]
    (case,) = cases(kind.before)
    assert (case.kind, case.symbol) == (name, "f")
    assert 1 <= case.start <= case.end <= kind.before.count("\n")
    assert case.detail in kind.message.format(detail=case.detail) != kind.message
    assert json.loads(json.dumps(case)) == list(case)


@pytest.mark.parametrize("name", KINDS)
def test_the_better_way_is_left_alone(name: str) -> None:
    assert cases(KINDS[name].after) == ()


def test_every_kind_says_when_it_is_silent() -> None:
    assert {name: tuple(stories) for name, stories in SILENT.items()} == {k.name: k.silent for k in KINDS.values()}


@pytest.mark.parametrize(("name", "story"), STORIES)
def test_what_only_looks_like_it_is_left_alone(name: str, story: str) -> None:
    assert name not in [case.kind for case in cases(SILENT[name][story])]


@pytest.mark.parametrize("story", FURTHER)
def test_other_forms_are_seen_too(story: str) -> None:
    kind, source = FURTHER[story]
    assert [case.kind for case in cases(source)] == [kind]


def test_the_symbol_is_the_innermost_function() -> None:
    source = (
        "class C:\n    def m(self):\n        def g(xs):\n            return 1\n            return 2\n        return g\n"
    )
    assert [(case.symbol, case.start) for case in cases(source)] == [("C.m.<locals>.g", 5)]


def test_outside_of_functions_only_the_order_of_statements_is_looked_at() -> None:
    source = "xs = sorted(a)\nfor x in b:\n    if x in xs:\n        xs.insert(0, x)\nraise SystemExit\nprint(xs)\n"
    assert [(case.kind, case.symbol, case.start) for case in cases(source)] == [("unreachable_code", "", 6)]


def test_one_change_of_a_loop_is_one_case() -> None:
    source = "def f(a):\n    s = ''\n    for x in a:\n        s += x\n        for y in x: s += y\n    return s\n"
    assert [(case.kind, case.start) for case in cases(source)] == [("string_building", 4)]


def test_a_builtin_of_an_enclosing_function_is_none() -> None:
    source = "def f(max):\n    def g(xs):\n        return [x / max(xs) for x in xs]\n    return g\n"
    assert cases(source) == ()
    assert [case.kind for case in cases(source.replace("f(max)", "f(top)"))] == ["invariant_call"]


def test_a_list_that_a_nested_function_may_change_is_left_alone() -> None:
    source = "def f(a):\n    xs = list(a)\n    def g():\n        {}\n    return [x for x in a if x in xs]\n"
    assert cases(source.format("xs.clear()")) == ()
    assert [case.kind for case in cases(source.format("pass"))] == ["membership_in_list"]


def test_long_chains_are_read_to_their_end() -> None:
    chain = "".join(f"        elif x == {n}: g({n})\n" for n in range(800))
    source = f"def f(xs):\n    for x in xs:\n        if x is None: break\n{chain}        elif x == 7: h()\n"
    tree = ast.parse(source)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert [(case.kind, case.start) for case in cases_of([("f", function)], tree)] == [("duplicate_condition", 804)]
