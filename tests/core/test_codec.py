"""What is remembered as bytes."""

import pytest

from gitops_healer.core.codec import dump, load
from gitops_healer.core.verdict import CheckResult, Outcome

RESULT = CheckResult("tests", Outcome.PASSED, "3 of 3 tests pass", 1.5, ("a",), approval="look")


def test_what_was_dumped_is_loaded() -> None:
    assert load(dump(RESULT), CheckResult) == RESULT
    assert load(dump([RESULT]), list[CheckResult]) == [RESULT]


@pytest.mark.parametrize("data", [None, b"", b"{", b"[1]", b"null", b'{"check": 1}', b"\xff", dump([RESULT])])
def test_what_is_damaged_or_of_another_kind_is_nothing(data: bytes | None) -> None:
    assert load(data, CheckResult) is None
