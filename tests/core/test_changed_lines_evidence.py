"""Which gates are enough for which changed lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.evidence import Changed, idle_lines, lines_of, spans, suffices
from gitops_healer.core.verdict import CheckResult, Outcome

PATHS = st.sampled_from(["pkg/mod.py", "a:b.py", "é 1-2,3.py"])
CHANGED = Changed(
    {"m.py": frozenset({3, 4, 5, 9})},
    {("m.py", 3): "f", ("m.py", 4): "f", ("m.py", 5): "f", ("m.py", 9): "g"},
)
EITHER = (frozenset({"tests"}), frozenset({"shadow"}))
BOTH = (frozenset({"tests", "shadow"}),)


def passed(check: str, *ran: str) -> CheckResult:
    return CheckResult(check, Outcome.PASSED, "fine", ran=ran)


@given(st.frozensets(st.tuples(PATHS, st.integers(1, 60))))
def test_spans_hold_the_lines(lines: frozenset[tuple[str, int]]) -> None:
    told = spans(lines)
    assert lines_of(told) == lines
    assert len(told) == len({path for path, _ in lines})


def test_spans_join_what_follows() -> None:
    assert spans([("m.py", 9), ("m.py", 3), ("m.py", 5), ("m.py", 4), ("a.py", 1)]) == ("a.py:1", "m.py:3-5,9")
    assert lines_of(["nonsense", "m.py:x", ":3", "m.py:5-3", "m.py:2,,-1"]) == {("m.py", 2)}


@pytest.mark.parametrize(
    ("results", "sets", "allowed", "reason"),
    [
        ([passed("tests", "m.py:3-5,9")], EITHER, True, "tests ran 4 of 4 changed lines"),
        ([passed("tests", "m.py:3"), passed("shadow", "m.py:3,9")], EITHER, True,
         "tests ran 1 of 4 changed lines, shadow 2 of 4"),
        ([passed("tests", "m.py:3-5")], EITHER, False,
         "tests ran 3 of 4 changed lines; tests: nothing of g in m.py was run"),
        ([passed("tests", "m.py:9"), passed("shadow", "m.py:3")], BOTH, True,
         "tests ran 1 of 4 changed lines, shadow 1 of 4"),
        ([passed("tests", "m.py:9"), CheckResult("shadow", Outcome.SKIPPED, "-")], BOTH, False,
         "tests ran 1 of 4 changed lines; shadow+tests: not passed: shadow (skipped)"),
        ([CheckResult("tests", Outcome.UNKNOWN, "-", ran=("m.py:3-9",))], EITHER, False,
         "no gate that runs code passed; shadow: not passed: shadow (was not asked)"),
        ([passed("tests", "n.py:3-5,9"), passed("lint")], EITHER, False,
         "tests ran 0 of 4 changed lines; tests: tests ran no changed line"),
        ([passed("tests", "m.py:3-9"), passed("shadow")], BOTH, False,
         "tests ran 4 of 4 changed lines, shadow 0 of 4; shadow+tests: shadow ran no changed line"),
        ([], (), False, "no gate that runs code passed"),
    ],
)  # fmt: skip
def test_a_set_of_gates_suffices_when_it_ran_enough(
    results: list[CheckResult], sets: tuple[frozenset[str], ...], allowed: bool, reason: str
) -> None:
    decision = suffices(results, CHANGED, sets)
    assert (decision.allowed, decision.reason) == (allowed, reason)
    assert bool(decision.next_action) is not allowed


def test_half_of_the_lines_is_the_least() -> None:
    changed = Changed({"m.py": frozenset(range(1, 6))})
    less = suffices([passed("tests", "m.py:1-2")], changed, EITHER)
    assert less.reason.endswith("tests: 2 of 5 changed lines were run, half of them is the least")
    assert less.next_action == "add a test that runs m.py:3-5"
    assert suffices([passed("tests", "m.py:1-3")], changed, EITHER).allowed


def test_tests_that_cannot_be_measured_count_and_it_is_said() -> None:
    decision = suffices([passed("tests")], CHANGED, EITHER, {"tests": "there is no pytest"})
    assert (decision.allowed, decision.reason) == (True, "which lines tests ran is not known: there is no pytest")
    failed = CheckResult("tests", Outcome.FAILED, "-")
    assert not suffices([failed], CHANGED, EITHER, {"tests": "there is no pytest"}).allowed


def test_idle_lines_are_those_that_no_gate_ran() -> None:
    failed = CheckResult("replay", Outcome.FAILED, "-", ran=("m.py:9",))
    assert idle_lines([passed("tests", "m.py:3"), passed("shadow", "m.py:5"), failed], CHANGED) == {
        ("m.py", 4),
        ("m.py", 9),
    }
