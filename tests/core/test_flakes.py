"""Broken or flaky: what runs of a test on both sides say."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.flakes import ORDER, Again, Flake, Side, in_turn, passes, verdict_of
from gitops_healer.core.testing import CaseStatus, TestCase, TestReport
from gitops_healer.core.verdict import Outcome

Y, N = True, False


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ((Y, Y, Y), (N, N, N, N), Flake.BROKEN),
        ((Y, Y, Y), (N, Y, N, N), Flake.NEWLY_FLAKY),
        ((Y, Y, N), (N, Y, N, N), Flake.FLAKY),
        ((N, N), (N, N, N), Flake.FLAKY),
        ((Y, N, N), (N, N, N, N), Flake.WORSE),
        ((Y, N), (Y, Y), Flake.PASSES),
        ((), (N, N), Flake.BROKEN),
        ((), (N, Y), Flake.NEWLY_FLAKY),
    ],
)
def test_what_runs_say(base: tuple[bool, ...], head: tuple[bool, ...], expected: Flake) -> None:
    assert verdict_of(base, head) is expected


def test_no_run_of_the_candidate_says_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to judge"):
        verdict_of([True], [])


RUNS = st.lists(st.booleans(), max_size=6)


@given(RUNS, st.lists(st.booleans(), min_size=1, max_size=6), st.randoms())
def test_the_order_of_runs_does_not_matter_and_one_good_run_never_blames(
    base: list[bool], head: list[bool], random: Random
) -> None:
    verdict = verdict_of(base, head)
    assert verdict is verdict_of(random.sample(base, len(base)), random.sample(head, len(head)))
    assert verdict_of(base, [*head, True]) is not Flake.BROKEN
    assert verdict_of([*base, False], head) is not Flake.BROKEN


@pytest.mark.parametrize(
    ("bases", "heads", "most", "at_tenth"), [(3, 4, 0.0084, 7.3e-05), (3, 6, 0.0033, 7.3e-07), (2, 3, 0.035, 8.1e-04)]
)
def test_the_figures_of_the_docstring(bases: int, heads: int, most: float, at_tenth: float) -> None:
    """By going through all endings of all runs, each with its chance."""

    def wrongly(p: float) -> float:
        chance = 0.0
        for runs in itertools.product((True, False), repeat=bases + heads):
            if verdict_of(runs[:bases], runs[bases:]) is Flake.BROKEN:
                chance += (1 - p) ** sum(runs) * p ** (len(runs) - sum(runs))
        return chance

    assert max(wrongly(n / 200) for n in range(201)) == pytest.approx(most, rel=0.02)
    assert wrongly(0.1) == pytest.approx(at_tenth, rel=0.01)


def report(**cases: str) -> TestReport:
    made = tuple(
        TestCase(name, CaseStatus.FAILED if word == "machine" else CaseStatus(word), environmental=word == "machine")
        for name, word in cases.items()
    )
    return TestReport("cmd", Outcome.FAILED, "", made)


def test_runs_that_do_not_tell_are_left_out() -> None:
    seen = report(a="passed", b="failed", c="machine", d="skipped", **{"t.py::x": "failed", "u.py": "error"})
    told = passes(seen, ["a", "b", "c", "d", "gone", "t.py", "u.py"])
    assert told == {"a": True, "b": False, "t.py": True, "u.py": False}


def test_both_sides_are_run_in_turn_until_time_is_over() -> None:
    asked: list[Side] = []

    def run(side: Side) -> TestReport | None:
        asked.append(side)
        return None if len(asked) == 5 else report(a="passed" if side is Side.BASE else "failed")

    assert in_turn(run, ["a", "b"]) == (Again("a", (True, True), (False, False)), Again("b"))
    assert tuple(asked) == ORDER
