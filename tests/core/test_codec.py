"""What is remembered as bytes."""

import pytest

from gitops_healer.core.codec import dump, load, to_json
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.core.watching import Tolerance

RESULT = CheckResult("tests", Outcome.PASSED, "3 of 3 tests pass", 1.5, ("a",), approval="look")


def test_what_was_dumped_is_loaded() -> None:
    assert load(dump(RESULT), CheckResult) == RESULT
    assert load(dump([RESULT]), list[CheckResult]) == [RESULT]


@pytest.mark.parametrize("data", [None, b"", b"{", b"[1]", b"null", b'{"check": 1}', b"\xff", dump([RESULT])])
def test_what_is_damaged_or_of_another_kind_is_nothing(data: bytes | None) -> None:
    assert load(data, CheckResult) is None


def test_what_the_ledger_leaves_out_means_for_ever_what_it_meant() -> None:
    """Fields at their default are not written. A default that changes would judge watches that are recorded anew:
    change `policies/monitoring.yml` instead."""
    meant = {
        "min_executions": 10, "min_failures": 3, "margin": 0.02, "alpha": 0.01, "ratio": 1.25, "drop": 0.15,
        "doubt": 0.05, "block": 30, "cap": 30.0, "new_error": 0.005, "slower": 1.25, "slowest": 1.5, "strict": False,
    }  # fmt: skip
    assert to_json(Tolerance()) == {}
    assert {name: getattr(Tolerance(), name) for name in meant} == meant
