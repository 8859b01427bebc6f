"""Which proofs fit, by what is declared, what the code does and what there is to try it with."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.strategy import Characteristics, Choice, Evidence, Inferred, Strategy, choose
from gitops_healer.core.tools import Declared

SHADOW, REPLAY, SYNTHETIC, MANUAL = Strategy
PLENTY: dict[str, Any] = {"recorded": 50, "cases": 2}
NOBODY: dict[str, Any] = {"recorded": 0, "cases": 0}


def does(*effects: str, callee: str = "lib.call") -> tuple[Inferred, ...]:
    return tuple(Inferred(effect, callee, ("a:f", "b:g"), "b.py:3") for effect in effects)


def chosen(effects: tuple[Inferred, ...] = (), evidence: dict[str, Any] | None = None, **declared: Any) -> Choice:
    return choose(
        Characteristics(Declared(**declared), effects), Evidence(**(PLENTY if evidence is None else evidence))
    )


TABLE: list[tuple[tuple[Inferred, ...], dict[str, Any], dict[str, Any], tuple[Strategy, ...]]] = [
    ((), PLENTY, {}, (SHADOW, REPLAY, SYNTHETIC)),
    ((), NOBODY, {}, (SHADOW,)),
    (does("clock", "randomness", "console", "logging", "global state"), NOBODY, {}, (SHADOW,)),
    (does("files"), NOBODY, {}, (SHADOW,)),
    (does("files"), NOBODY | {"sandbox": "process"}, {}, (MANUAL,)),
    (does("unknown"), NOBODY, {}, (SHADOW,)),
    (does("unknown"), NOBODY | {"sandbox": "bubblewrap"}, {}, (SHADOW,)),
    (does("unknown"), NOBODY | {"sandbox": "process"}, {}, (MANUAL,)),
    (does("network"), NOBODY, {}, (MANUAL,)),
    (does("network"), PLENTY, {"idempotent": "True"}, (SYNTHETIC,)),
    (does("network"), NOBODY | {"answers": {"b:g": 20}}, {"requires_mocking": "b:g"}, (SHADOW,)),
    (does("network"), NOBODY | {"answers": {"b:g": 0}}, {"requires_mocking": "b:g"}, (MANUAL,)),
    (does("network"), NOBODY | {"answers": {"b:other": 20}}, {"requires_mocking": "b:other"}, (MANUAL,)),
    (does("network"), NOBODY | {"answers": {"a:f": 20}}, {"requires_mocking": "a:f"}, (MANUAL,)),
    (does("database"), PLENTY, {"idempotent": "True"}, (REPLAY, SYNTHETIC)),
    (does("database"), PLENTY | {"sandbox": "process"}, {"idempotent": "True"}, (SYNTHETIC,)),
    (does("database"), PLENTY, {}, (SYNTHETIC,)),
    (does("database"), PLENTY | {"recorded": 9}, {"idempotent": "True"}, (SYNTHETIC,)),
    (does("files"), PLENTY, {"idempotent": "True"}, (SHADOW, REPLAY, SYNTHETIC)),
    (does("processes"), NOBODY, {"safe_for_shadow_testing": "True"}, (MANUAL,)),
    ((), PLENTY, {"idempotent": "False"}, (SYNTHETIC,)),
    ((), PLENTY, {"safe_for_shadow_testing": "False"}, (REPLAY, SYNTHETIC)),
    ((), NOBODY, {"side_effects": "writes_to_database"}, (MANUAL,)),
    ((), PLENTY, {"side_effects": "writes_to_database", "idempotent": "True"}, (REPLAY, SYNTHETIC)),
    ((), NOBODY, {"side_effects": "moves_money"}, (MANUAL,)),
    ((), NOBODY, {"side_effects": "none"}, (SHADOW,)),
    ((), NOBODY | {"tests": ("tests/test_a.py",)}, {"idempotent": "False"}, (SYNTHETIC,)),
]


@pytest.mark.parametrize(("effects", "evidence", "declared", "wanted"), TABLE)
def test_what_fits(
    effects: tuple[Inferred, ...], evidence: dict[str, Any], declared: dict[str, Any], wanted: tuple[Strategy, ...]
) -> None:
    choice = chosen(effects, evidence, **declared)
    assert choice.strategies == wanted
    assert choice.decision.allowed is (wanted != (MANUAL,))


def test_a_declaration_that_the_code_contradicts_is_told_and_the_worse_counts() -> None:
    choice = chosen(does("network"), NOBODY, side_effects="none", safe_for_shadow_testing="True")
    assert choice.strategies == (MANUAL,)
    assert choice.contradicted == (
        "it declares no side effects, and its code reaches network: a:f -> b:g -> lib.call, at b.py:3",
    )
    declaration = next(part for part in choice.decision.children if part.gate == "declaration")
    assert not declaration.allowed
    agreed = chosen(does("network"), NOBODY | {"answers": {"b:g": 20}}, side_effects="none", requires_mocking="b:g")
    assert agreed.contradicted == ()
    assert chosen(does("network"), side_effects="sends_email").contradicted == ()


def test_the_reason_says_the_way_and_what_to_do() -> None:
    choice = chosen(does("network"), NOBODY)
    shadow = next(part for part in choice.decision.children if part.gate == "shadow")
    assert shadow.blocking is not None
    assert shadow.blocking.reason == "a:f -> b:g -> lib.call, at b.py:3; not mocked"
    assert "(b:g) in requires_mocking" in choice.next_action


def test_only_test_cases_need_approval() -> None:
    assert chosen((), PLENTY, idempotent="False").needs_approval
    assert not chosen((), PLENTY).needs_approval


LEVELS = ("none", "process", "namespace", "bubblewrap")
KINDS = ("network", "files", "database", "processes", "unknown", "clock", "global state", "console")
EVIDENCE = st.builds(Evidence, recorded=st.integers(0, 30), cases=st.integers(0, 2), sandbox=st.sampled_from(LEVELS))
DECLARED = st.builds(
    Declared,
    idempotent=st.sampled_from(["", "True", "False", "unknown"]),
    side_effects=st.sampled_from(["", "none", "writes_to_database", "sends_email", "odd"]),
    safe_for_shadow_testing=st.sampled_from(["", "True", "False"]),
)


@given(st.lists(st.sampled_from(KINDS), unique=True), st.sampled_from(KINDS), DECLARED, EVIDENCE)
def test_one_effect_more_never_makes_a_proof_fit(
    kinds: list[str], more: str, declared: Declared, evidence: Evidence
) -> None:
    fewer = choose(Characteristics(declared, does(*kinds)), evidence).strategies
    extended = choose(Characteristics(declared, does(*kinds, more)), evidence).strategies
    assert set(extended) - {MANUAL} <= set(fewer)


@given(st.lists(st.sampled_from(KINDS), unique=True), DECLARED, EVIDENCE)
def test_what_reaches_out_is_never_run_beside_the_real_thing(
    kinds: list[str], declared: Declared, evidence: Evidence
) -> None:
    choice = choose(Characteristics(declared, does(*kinds)), evidence)
    if {"network", "database", "processes"} & set(kinds):
        assert SHADOW not in choice.strategies
    if {"network", "processes"} & set(kinds) or evidence.recorded < evidence.least:
        assert REPLAY not in choice.strategies
    assert (choice.strategies == (MANUAL,)) is not choice.automatic
    assert choice.automatic or choice.next_action or not choice.decision.allowed
