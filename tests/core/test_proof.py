"""A verdict as a tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.proof import verdict_tree
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict

NAMES = ("syntax", "scope", "lint", "types", "tests", "security", "shadow", "replay", "synthetic", "review", "evidence")
LINES = st.text(max_size=40) | st.sampled_from(["t.py::a: 3 of 4", "mod.py:1: E501 121 > 120", "two\nlines: 2"])
RESULTS = st.builds(
    CheckResult,
    st.sampled_from([*NAMES, "of_somebody_else"]),
    st.sampled_from(Outcome),
    st.text(min_size=1, max_size=20),
    details=st.lists(LINES, max_size=3).map(tuple),
    transient=st.booleans(),
)


@given(st.sampled_from([1, 2]), st.lists(RESULTS, max_size=5).map(tuple))
def test_it_is_open_exactly_when_the_verdict_passed(phase: int, results: tuple[CheckResult, ...]) -> None:
    verdict = Verdict(phase, "c", results)
    tree = verdict_tree(verdict)
    assert tree.gate == f"phase {phase}"
    assert tree.allowed is (verdict.outcome is Outcome.PASSED)
    assert [child.gate for child in tree.children] == [result.check for result in results]
    for child, result in zip(tree.children, results, strict=True):
        assert child.allowed is (result.outcome in (Outcome.PASSED, Outcome.SKIPPED))
    for _, decision in tree.walk():
        assert decision.allowed or decision.next_action


def result(check: str, outcome: Outcome, reason: str, *details: str, transient: bool = False) -> CheckResult:
    return CheckResult(check, outcome, reason, details=details, transient=transient)


def test_the_root_names_the_check_that_decides_and_what_to_do() -> None:
    unknown = result("replay", Outcome.UNKNOWN, "4 recorded calls, 10 are needed")
    failed = result("tests", Outcome.FAILED, "1 of 2 fail", "t.py::a: base 3 of 3, candidate 0 of 4", "a long\ntail 1")
    tree = verdict_tree(Verdict(1, "c", (result("lint", Outcome.PASSED, "0 new"), unknown, failed)))
    assert (tree.reason, tree.next_action) == (
        "tests: 1 of 2 fail",
        "see the change: gitops-healer diff, and run these tests on it",
    )
    assert str(tree).splitlines()[1:] == [
        "  yes  lint: 0 new",
        "  no  replay: unknown: 4 recorded calls, 10 are needed"
        "  -> wait for more recorded calls (proof.replay says how many), then /retry",
        "  no  tests: 1 of 2 fail  -> see the change: gitops-healer diff, and run these tests on it",
        "    no  tests t.py::a: base 3 of 3, candidate 0 of 4"
        "  -> see the change: gitops-healer diff, and run these tests on it",
    ]


@pytest.mark.parametrize(
    ("results", "reason", "action"),
    [
        ((), "no check ran, and nothing is not a pass", "see testing.disabled; the next cycle asks again"),
        (
            (result("replay", Outcome.SKIPPED, "no recorded call"),),
            "no check had anything to ask, so nothing is proved",
            "see testing.disabled; the next cycle asks again",
        ),
        (
            (result("tests", Outcome.UNKNOWN, "no memory", transient=True),),
            "tests: unknown: no memory",
            "free memory, disk or processes of the machine; the next cycle asks again",
        ),
        (
            (result("mine", Outcome.UNKNOWN, "who knows"),),
            "mine: unknown: who knows",
            "mend that (testing.disabled: [mine] leaves the check out); the next cycle asks again",
        ),
        ((result("tests", Outcome.PASSED, "2 pass"), result("replay", Outcome.SKIPPED, "none")),
         "1 checks passed, nothing to ask for replay", ""),
    ],
)  # fmt: skip
def test_silence_is_not_success(results: tuple[CheckResult, ...], reason: str, action: str) -> None:
    tree = verdict_tree(Verdict(2, "c", results))
    assert (tree.reason, tree.next_action) == (reason, action)
