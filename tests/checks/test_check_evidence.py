"""Whether what passed ran what changed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gitops_healer.checks.evidence import evidence
from gitops_healer.core.finding import Risk
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.registry import Case
from tests.adapters.trial_projects import BARE
from tests.checks.conftest import finding_of, plan_of

MOD = """\
def price(net, rate):
    if net < 0:
        return 0
    return net * rate
"""
TESTS = "import mod\ndef test_price(): assert mod.price(3, 2) == 6\ndef test_other(): pass\n"
FILES = {"pytest.ini": BARE, "mod.py": "", "test_mod.py": TESTS}
PASSED = CheckResult("tests", Outcome.PASSED, "2 of 2 tests pass")


@pytest.fixture
def judged(step: Callable[..., Any]) -> Callable[..., CheckResult]:
    """judged(files, before, options, risk, base): the check on a commit of files, after these results."""

    def made(
        files: Mapping[str, str],
        before: tuple[CheckResult, ...] = (PASSED,),
        options: Mapping[str, Any] | None = None,
        risk: Risk = Risk.LOW,
        base: Mapping[str, str] | None = None,
    ) -> CheckResult:
        project = step({**FILES, **(base or {})}, options)
        head = project.repo.commit(files)
        case = Case(project.base, head, 1, replace(plan_of(), risk=risk), finding_of(), before)
        result: CheckResult = evidence(project.scene, case)
        return result

    return made


def outcome(result: CheckResult) -> tuple[Outcome, str]:
    return result.outcome, result.reason


def test_tests_that_run_most_of_it_are_enough_and_what_they_miss_is_told(judged: Callable[..., CheckResult]) -> None:
    result = judged({"mod.py": MOD})
    assert outcome(result) == (
        Outcome.PASSED,
        "tests ran 2 of 3 changed lines (by 1 test); tests notice 3 of 5 small mistakes put into them",
    )
    assert result.details == (
        "no gate ran mod.py:3",
        "mod.py:2: `net < 0` becomes `net < 1`, and no test notices",
        "mod.py:2: `net < 0` becomes `net <= 0`, and no test notices",
    )


def test_tests_that_run_nothing_of_it_are_no_proof(judged: Callable[..., CheckResult]) -> None:
    result = judged({"mod.py": MOD, "test_mod.py": "def test_other(): pass\n"})
    assert outcome(result) == (
        Outcome.SKIPPED,
        "tests ran 0 of 3 changed lines; tests: tests ran no changed line; add a test that runs mod.py:2-4",
    )
    assert "shadow: not passed: shadow (was not asked)" in result.details


def test_another_gate_may_prove_it(judged: Callable[..., CheckResult]) -> None:
    shadow = CheckResult("shadow", Outcome.PASSED, "40 of 40 agree", ran=("mod.py:2-4",))
    nothing = CheckResult("tests", Outcome.UNKNOWN, "0 tests were found")
    result = judged({"mod.py": MOD}, (nothing, shadow))
    assert outcome(result) == (Outcome.PASSED, "shadow ran 3 of 3 changed lines")


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (TESTS, "tests notice 4 of 6 small mistakes put into them; calls notice 2 of the other 2"),
        ("def test_other(): pass\n", "calls notice 5 of 6 small mistakes put into them"),
    ],
)
def test_calls_are_asked_what_tests_do_not_notice(judged: Callable[..., CheckResult], test: str, told: str) -> None:
    old = "def price(net: int, rate: int):\n    return rate * net if net > 9 else rate + net\n"
    new = "def price(net: int, rate: int):\n    return net * rate if net > 9 else net + rate\n"
    shadow = CheckResult("shadow", Outcome.PASSED, "40 of 40 agree", ran=("mod.py:2",))
    tests = test.replace("mod.price(3, 2) == 6", "mod.price(3, 2) == 5 and mod.price(20, 2) == 40")
    result = judged({"mod.py": new, "test_mod.py": tests}, (PASSED, shadow), base={"mod.py": old, "test_mod.py": tests})
    assert told in result.reason


def test_a_high_risk_needs_two_gates(judged: Callable[..., CheckResult]) -> None:
    options = {"proof.suffices.high": ["tests+shadow"], "proof.mutants": 0}
    alone = judged({"mod.py": MOD}, (PASSED,), options, Risk.HIGH)
    assert alone.outcome is Outcome.SKIPPED
    assert alone.approval
    assert "shadow+tests: not passed: shadow (was not asked)" in alone.reason


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"mod.py": "# more\n"},
         "there is nothing to prove: only comments, docstrings or layout changed in 1 Python files"),
        ({"test_mod.py": "def test_more(): pass\n"},
         "there is nothing to prove: only tests and files that are no Python changed (1 files, 1 of tests)"),
    ],
)  # fmt: skip
def test_nothing_to_prove_is_skipped(judged: Callable[..., CheckResult], files: dict[str, str], reason: str) -> None:
    assert outcome(judged(files)) == (Outcome.SKIPPED, reason)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"proof.coverage": False}, (Outcome.SKIPPED, "proof.coverage is false: nobody looks what the gates ran")),
        ({"proof.suffices.low": ["nothing"]}, (Outcome.PASSED, "policy demands no proof for a change of low risk")),
    ],
)
def test_what_policy_does_not_ask_for_costs_nothing(
    judged: Callable[..., CheckResult], options: dict[str, Any], expected: tuple[Outcome, str]
) -> None:
    assert outcome(judged({"mod.py": MOD}, (), options)) == expected


def test_without_tests_that_may_be(step: Callable[..., Any]) -> None:
    project = step({"mod.py": ""}, {"testing.allow_untested": True})
    result = project.judge(evidence, {"mod.py": MOD})
    told = "policy demands no proof: the project has no tests, and testing.allow_untested is true"
    assert outcome(result) == (Outcome.PASSED, told)


def test_tests_that_cannot_be_measured_count_and_it_is_said(judged: Callable[..., CheckResult]) -> None:
    files = {"mod.py": MOD, "test_mod.py": "", "check.py": "print('ok')\n"}
    result = judged(files, (PASSED,), {"testing.command": "python check.py"})
    assert result.outcome is Outcome.PASSED
    assert result.reason == "which lines tests ran is not known: there are no tests that pytest can collect"
