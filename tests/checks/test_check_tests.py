"""What a step does to the tests."""

from collections.abc import Callable
from typing import Any

import pytest

from gitops_healer.checks.tests import compare, not_mended
from gitops_healer.checks.tests import tests as check
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.flakes import Again
from gitops_healer.core.testing import CaseStatus, TestCase, TestReport
from gitops_healer.core.verdict import Outcome

BARE = "[pytest]\naddopts = -p no:hypothesispytest -p no:pytest_cov -p no:xdist -p no:xdist.looponfail\n"
FILES = {
    "pytest.ini": BARE,
    "mod.py": "def half(x):\n    return x / 0\n\ndef twice(x):\n    return 2 * x\n",
    "test_mod.py": "from mod import half, twice\n\ndef test_half():\n    assert half(2) == 1\n\n"
    "def test_twice():\n    assert twice(2) == 4\n",
}
MENDED = {"mod.py": FILES["mod.py"].replace("/ 0", "/ 2")}


def failing_test(symbol: str) -> Finding:
    return Finding("failing_test", "test_mod.py", symbol, 1, 2, Severity.HIGH, "it fails", "f" * 40)


def test_a_mended_test_passes_with_figures(step: Callable[..., Any]) -> None:
    result = step(FILES).judge(check, MENDED, finding=failing_test("test_mod.py::test_half"))
    assert (result.outcome, result.reason) == (Outcome.PASSED, "2 of 2 tests pass, 1 of them failed before")


def test_a_new_failure_fails_and_an_old_one_does_not(step: Callable[..., Any]) -> None:
    made = step(FILES)
    same = made.judge(check, {"other.py": "x = 1\n"})
    assert (same.outcome, same.reason) == (Outcome.PASSED, "1 of 2 tests pass, 1 fail as before")
    worse = made.judge(check, {"mod.py": FILES["mod.py"].replace("2 * x", "3 * x")})
    assert worse.outcome is Outcome.FAILED
    assert worse.reason == "1 of 2 tests fail that did not fail before: test_mod.py::test_twice"
    assert worse.details[0].startswith("test_mod.py::test_twice: AssertionError")


def test_the_named_test_has_to_pass(step: Callable[..., Any]) -> None:
    finding = failing_test("test_mod.py::test_half")
    made = step(FILES)
    still = made.judge(check, {"other.py": "x = 1\n"}, finding=finding)
    assert (still.outcome, still.reason) == (
        Outcome.FAILED,
        "test_mod.py::test_half was to be mended and is failed: division by zero",
    )
    gone = made.judge(
        check, {"test_mod.py": FILES["test_mod.py"].replace("def test_half", "def half_")}, finding=finding
    )
    assert (gone.outcome, gone.reason) == (
        Outcome.FAILED,
        "test_mod.py::test_half was to be mended and is not run any more",
    )
    skipped = FILES["test_mod.py"].replace("def test_half", "import pytest\n@pytest.mark.skip\ndef test_half")
    skip = made.judge(check, {"test_mod.py": skipped}, finding=finding)
    assert (skip.outcome, "is skipped" in skip.reason) == (Outcome.FAILED, True)


def test_a_test_that_vanishes_fails(step: Callable[..., Any]) -> None:
    result = step(FILES).judge(check, {"test_mod.py": FILES["test_mod.py"].replace("test_twice", "twice_")})
    assert (result.outcome, result.reason) == (
        Outcome.FAILED,
        "1 tests that passed before are not run any more: test_mod.py::test_twice",
    )


def test_flaky_tests_are_named(step: Callable[..., Any]) -> None:
    flaky = "def test_f():\n    open('n', 'a').write('x')\n    assert open('n').read() != 'x'\n"
    result = step({**FILES, **MENDED, "test_f.py": flaky}).judge(check, {"other.py": ""})
    assert (result.outcome, result.reason) == (Outcome.PASSED, "2 of 3 tests pass, 1 are flaky: test_f.py::test_f")


@pytest.mark.parametrize(
    ("options", "outcome"), [({}, Outcome.UNKNOWN), ({"testing.allow_untested": True}, Outcome.PASSED)]
)
def test_a_project_without_tests_passes_only_by_policy(
    step: Callable[..., Any], options: Any, outcome: Outcome
) -> None:
    result = step({"a.py": "x = 1\n"}, options).judge(check, {"a.py": "x = 2\n"})
    assert (result.outcome, "allow_untested" in result.reason) == (outcome, True)


def test_taking_all_tests_away_fails(step: Callable[..., Any]) -> None:
    made = step({"a.py": "", "test_a.py": "def test_a(): pass\n"}, {"testing.allow_untested": True})
    assert made.judge(check, {"test_a.py": None}).outcome is Outcome.FAILED


def test_tests_that_cannot_run_are_unknown(step: Callable[..., Any]) -> None:
    made = step({"a.py": ""}, {"testing.command": "program-that-nobody-has"})
    result = made.judge(check, {"a.py": "x = 1\n"})
    assert (result.outcome, "cannot be started" in result.reason) == (Outcome.UNKNOWN, True)


# The comparison by itself


def report(outcome: Outcome, **cases: str) -> TestReport:
    """cases: id = status; `machine` is a failure of the machine."""
    made = tuple(
        TestCase(name, CaseStatus.FAILED if word == "machine" else CaseStatus(word), environmental=word == "machine")
        for name, word in cases.items()
    )
    return TestReport("cmd", outcome, f"it was {outcome.value}", made)


PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (report(PASSED), report(PASSED), PASSED),
        (report(PASSED), report(FAILED), FAILED),
        (report(FAILED), report(FAILED), UNKNOWN),
        (report(UNKNOWN), report(FAILED), UNKNOWN),
        (report(UNKNOWN), report(PASSED, a="passed"), PASSED),
        (report(UNKNOWN), report(FAILED, a="failed"), UNKNOWN),
        (report(PASSED, a="passed"), report(PASSED), FAILED),
        (report(PASSED, a="passed"), report(UNKNOWN), UNKNOWN),
        (report(PASSED, a="passed"), report(PASSED, a="flaky", b="passed"), PASSED),
        (report(PASSED, a="flaky"), report(FAILED, a="failed", b="passed"), PASSED),
        (report(PASSED, a="passed"), report(FAILED, a="passed", b="failed"), FAILED),
        (report(FAILED, a="machine", b="passed"), report(FAILED, a="machine", b="passed"), PASSED),
        (report(PASSED, a="passed", b="passed"), report(FAILED, a="machine", b="passed"), UNKNOWN),
        (report(UNKNOWN, a="machine"), report(UNKNOWN, a="machine"), UNKNOWN),
        (report(FAILED, a="passed"), report(FAILED, a="passed"), UNKNOWN),
        (report(PASSED, a="passed"), report(UNKNOWN, a="skipped"), UNKNOWN),
        (report(FAILED, **{"t.py": "error"}), report(FAILED, **{"t.py::a": "failed", "t.py::b": "passed"}), PASSED),
        (report(FAILED, **{"s/conftest.py": "error"}), report(FAILED, **{"s/t::a": "failed", "b": "passed"}), PASSED),
        (report(FAILED, **{"s/conftest.py": "error"}), report(FAILED, **{"v/t.py::a": "failed"}), FAILED),
    ],
)  # fmt: skip
def test_silence_is_not_success(base: TestReport, head: TestReport, expected: Outcome) -> None:
    result = compare(base, head)
    assert (result.outcome, bool(result.reason)) == (expected, True)


def test_a_file_that_could_not_be_imported_is_mended_when_its_tests_pass() -> None:
    head = report(PASSED, **{"tests/t.py::a": "passed", "pkg.test_u.T.b": "passed", "v.py::c": "skipped"})
    assert not_mended("tests/t.py", head) == ""
    assert not_mended("pkg.test_u", head) == ""
    assert not_mended("conftest.py", head) == ""
    assert not_mended("tests/conftest.py", head) == ""
    assert "not run any more" in not_mended("v.py", head)
    assert "not run any more" in not_mended("other/conftest.py", head)


# More runs of what is suspected


def again(name: str, base: str, head: str) -> Again:
    """base, head: a letter a run, `y` where it passed."""
    return Again(name, tuple(run == "y" for run in base), tuple(run == "y" for run in head))


BEFORE = report(PASSED, a="passed", b="passed", c="passed")


@pytest.mark.parametrize(
    ("head", "runs", "outcome", "reason"),
    [
        (report(FAILED, a="failed", b="passed", c="passed"), [again("a", "yy", "nnn")], FAILED,
         "1 of 3 tests fail that did not fail before: a"),
        (report(FAILED, a="failed", b="passed", c="passed"), [again("a", "yn", "nyn")], PASSED,
         "2 of 3 tests pass, 1 are flaky: a"),
        (report(FAILED, a="failed", b="passed", c="passed"), [again("a", "yy", "nyn")], UNKNOWN,
         "a may have become flaky: base passed 3 of 3, candidate 1 of 4"),
        (report(FAILED, a="failed", b="passed", c="passed"), [again("a", "yn", "nnn")], UNKNOWN,
         "a is flaky, and may hide a new failure: base passed 2 of 3, candidate 0 of 4"),
        (report(FAILED, a="failed", b="failed", c="passed"), [again("a", "yn", "yyy"), again("b", "yy", "nnn")], FAILED,
         "1 of 3 tests fail that did not fail before: b"),
        (report(FAILED, a="failed", b="failed", c="passed"), [again("a", "yn", "yyy")], UNKNOWN,
         "1 tests fail that did not fail before, and could not be run again: b"),
        (report(FAILED, a="machine", b="passed", c="passed"), [again("a", "yy", "yyy")], PASSED,
         "2 of 3 tests pass, 1 failed once because of the machine: a"),
        (report(FAILED, a="machine", b="passed", c="passed"), [again("a", "yy", "")], UNKNOWN,
         "1 tests fail now because of where they ran, and did not before: a; run again"),
        (report(FAILED, a="passed", b="passed", c="passed", d="failed"), [again("d", "", "nyn")], UNKNOWN,
         "d may have become flaky: new, candidate 1 of 4"),
        (report(FAILED, a="failed", c="passed"), [again("a", "ny", "ynn")], FAILED,
         "1 tests that passed before are not run any more: b"),
    ],
)  # fmt: skip
def test_more_runs_tell_broken_from_flaky(head: TestReport, runs: list[Again], outcome: Outcome, reason: str) -> None:
    result = compare(BEFORE, head, runs)
    assert (result.outcome, result.reason) == (outcome, reason)


def test_a_failure_of_the_machine_that_may_be_gone_is_passing() -> None:
    full = TestCase("a", CaseStatus.FAILED, message="[Errno 28] No space left on device", environmental=True)
    result = compare(report(PASSED, a="passed"), TestReport("cmd", FAILED, "", (full,)))
    assert (result.outcome, result.transient) == (UNKNOWN, True)
    away = TestCase("a", CaseStatus.FAILED, message="[Errno 111] Connection refused", environmental=True)
    assert not compare(report(PASSED, a="passed"), TestReport("cmd", FAILED, "", (away,))).transient
