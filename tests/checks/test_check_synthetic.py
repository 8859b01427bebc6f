"""Declared cases and reaching tests, before and after."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gitops_healer.checks.synthetic import synthetic
from gitops_healer.core.verdict import CheckResult, Outcome
from tests.adapters.trial_projects import BARE

HALF = """\
from tools import tool

@tool(examples=[
    {"input": {"x": 4}, "expected_output": 2},
    {"input": [9], "expected_output": 4},
    {"input": {"x": "a"}, "should_raise": TypeError},
    {"input": {"x": 0}, "expected_output": 7},
])
def half(x):
    return x // 2
"""
FILES = {
    "pytest.ini": BARE,
    "tools.py": "def tool(examples):\n    return lambda function: function\n",
    "pkg/__init__.py": "",
    "pkg/mod.py": HALF,
    "test_other.py": "def test_other(): pass\n",
}


def outcome(result: CheckResult) -> tuple[Outcome, str]:
    return result.outcome, result.reason


@pytest.fixture
def judged(step: Callable[..., Any]) -> Callable[..., CheckResult]:
    """judged(files, before, options): the check on a commit of files."""

    def made(
        files: Mapping[str, str], before: Mapping[str, str] | None = None, options: Mapping[str, Any] | None = None
    ) -> CheckResult:
        made_step = step({**FILES, **(before or {})}, options)
        result: CheckResult = made_step.judge(synthetic, files)
        return result

    return made


def test_cases_that_held_hold(judged: Callable[..., CheckResult]) -> None:
    result = judged({"pkg/mod.py": HALF.replace("x // 2", "int(x // 2)")})
    assert outcome(result) == (Outcome.PASSED, "3 of 4 declared cases hold, 1 fail as before")
    assert result.details == ('pkg.mod:half given {"x":0} (pkg/mod.py:7): 7 is declared, 0 was returned',)
    assert result.ran == ("pkg/mod.py:10",)


def test_a_case_that_failed_and_holds_now_is_told(judged: Callable[..., CheckResult]) -> None:
    mended = HALF.replace("    return", "    if x == 0:\n        return 7\n    return")
    result = judged({"pkg/mod.py": mended})
    assert outcome(result) == (Outcome.PASSED, "4 of 4 declared cases hold, 1 of them did not before")
    assert result.ran == ("pkg/mod.py:10-11",)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("x // 2 + 1", '2 of 4 declared cases do not hold: pkg.mod:half given {"x":4} (pkg/mod.py:4): '
         "2 is declared, 3 was returned"),
        ("x // 2 if x != 'a' else 1", "1 of 4 declared cases do not hold: pkg.mod:half given {\"x\":\"a\"} "
         "(pkg/mod.py:6): TypeError is declared, 1 was returned"),
        ("x // 2 if x != 9 else x.y", "1 of 4 declared cases do not hold: pkg.mod:half given [9] (pkg/mod.py:5): "
         "4 is declared, AttributeError came: 'int' object has no attribute 'y'"),
    ],
)  # fmt: skip
def test_a_case_that_held_and_does_not_is_a_failure(judged: Callable[..., CheckResult], new: str, told: str) -> None:
    result = judged({"pkg/mod.py": HALF.replace("x // 2", new)})
    assert result.outcome is Outcome.FAILED
    assert result.reason == told


def test_cases_may_neither_be_dropped_nor_bent(judged: Callable[..., CheckResult]) -> None:
    dropped = HALF.replace('    {"input": {"x": 4}, "expected_output": 2},\n', "").replace("x // 2", "x // 2 or 5")
    gone = judged({"pkg/mod.py": dropped.replace("x // 2 or 5", "(x // 2) % 2")})
    assert gone.outcome is Outcome.FAILED
    assert 'given {"x":4}' in gone.reason


def test_a_case_that_expects_something_else_is_a_question(judged: Callable[..., CheckResult]) -> None:
    bent = HALF.replace('"expected_output": 2', '"expected_output": 3').replace("x // 2", "x // 2 + (x == 4)")
    result = judged({"pkg/mod.py": bent})
    assert outcome(result) == (
        Outcome.UNKNOWN,
        '1 of 4 declared cases expected something else before: pkg.mod:half given {"x":4} (pkg/mod.py:4): '
        "3 is declared, 3 was returned; say which is right",
    )


def test_new_functions_have_to_hold_what_they_declare(judged: Callable[..., CheckResult]) -> None:
    added = HALF + HALF.partition("\n\n")[2].replace("half", "third")
    result = judged({"pkg/mod.py": added})
    assert result.outcome is Outcome.FAILED
    assert result.reason.startswith('1 of 8 declared cases do not hold: pkg.mod:third given {"x":0}')


def test_a_method_of_a_tool_of_the_changed_file_is_asked(judged: Callable[..., CheckResult]) -> None:
    text = (
        "class Tool:\n    def get_test_cases(self):\n        return [{'input': [2], 'expected_output': (4, 1)}]\n"
        "    def execute(self, x):\n        return self.twice(x), 1\n    def twice(self, x):\n        return x * 2\n"
    )
    result = judged({"pkg/mod.py": text.replace("x * 2", "x + x")}, {"pkg/mod.py": text})
    assert outcome(result) == (Outcome.PASSED, "1 of 1 declared cases hold")
    assert result.ran == ("pkg/mod.py:7",)


def test_what_cannot_be_called_is_unknown(judged: Callable[..., CheckResult]) -> None:
    result = judged({"pkg/mod.py": "import nowhere\n" + HALF.replace("// 2", "// 3")})
    assert result.outcome is Outcome.UNKNOWN
    assert result.reason.startswith("0 of 4 declared cases could be tried: pkg.mod:half given")


def test_tests_that_reach_the_change(step: Callable[..., Any]) -> None:
    plain = "def f(x):\n    return x + 1\n\ndef g(x):\n    return 0\n"
    tests = "from pkg.mod import f, g\ndef test_f(): assert f(1) == 2\ndef test_g(): assert g(1) == 0\n"
    project = step({**FILES, "pkg/mod.py": plain, "test_mod.py": tests})
    fine = project.judge(synthetic, {"pkg/mod.py": plain.replace("x + 1", "1 + x")})
    assert outcome(fine) == (Outcome.PASSED, "1 test reaches the changed code and passes")
    worse = project.judge(synthetic, {"pkg/mod.py": plain.replace("x + 1", "x + 2")})
    told = "1 tests that reach the changed code fail and did not before: test_mod.py::test_f"
    assert outcome(worse) == (Outcome.FAILED, told)


@pytest.mark.parametrize(
    ("files", "options", "reason"),
    [
        ({"README.md": "x"}, {},
         "no function to ask: only tests and files that are no Python changed (1 files, 0 of tests)"),
        ({"new.py": "def f(): return 1\n"}, {}, "no case is declared, and no test reaches the changed code"),
        ({"new.py": "def f(): return 1\n"}, {"proof.coverage": False},
         "no case is declared, and proof.coverage is false, so that nobody knows which tests reach the changed code"),
    ],
)  # fmt: skip
def test_nothing_to_ask_is_skipped(
    judged: Callable[..., CheckResult], files: dict[str, str], options: dict[str, Any], reason: str
) -> None:
    assert outcome(judged(files, None, options)) == (Outcome.SKIPPED, reason)
