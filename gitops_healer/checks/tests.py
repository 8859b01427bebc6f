"""The project's own tests, before and after."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from gitops_healer.core.testing import CaseStatus, TestCase, TestReport, new_failures, vanished
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.registry import Case, Scene, check

_SHOWN = 20


@check(order=50)
def tests(scene: Scene, case: Case) -> CheckResult:
    """No test fails that did not fail before, none is gone; flaky ones are named.

    For a `failing_test` finding the test that it names passes. A project without tests passes only where the policy
    says so (`testing.allow_untested`).
    """
    if not scene.tests.command(case.head):
        return _untested(scene, case)
    base, head = scene.tests.run(case.base), scene.tests.run(case.head)
    result = compare(base, head)
    wanted = case.finding.symbol if case.finding.rule == "failing_test" else ""
    if wanted and result.outcome is not Outcome.UNKNOWN and (why := not_mended(wanted, head)):
        result = CheckResult("tests", Outcome.FAILED, why, details=result.details)
    return CheckResult("tests", result.outcome, result.reason, base.seconds + head.seconds, result.details)


def _untested(scene: Scene, case: Case) -> CheckResult:
    if scene.tests.command(case.base):
        return CheckResult(
            "tests", Outcome.FAILED, f"the tests are gone: before it was `{scene.tests.command(case.base)}`"
        )
    if scene.settings.testing.allow_untested:
        return CheckResult("tests", Outcome.PASSED, "0 tests: the project has none, and testing.allow_untested is true")
    reason = "0 tests were found: set testing.command, or testing.allow_untested to true to do without"
    return CheckResult("tests", Outcome.UNKNOWN, reason)


def compare(base: TestReport, head: TestReport) -> CheckResult:
    """What the step did to the tests."""
    if head.outcome is Outcome.UNKNOWN and not head.cases:
        return CheckResult("tests", Outcome.UNKNOWN, head.reason, details=_tail(head))
    if not head.cases or not base.cases:
        return _compare_exits(base, head)
    fresh = [case for case in new_failures(base, head) if not _hidden_before(case, base)]
    gone = vanished(base, head)
    if blamed := [case for case in fresh if not case.environmental]:
        reason = f"{len(blamed)} of {len(head.cases)} tests fail that did not fail before: {_ids(blamed)}"
        return CheckResult("tests", Outcome.FAILED, reason, details=tuple(map(_line, blamed[:_SHOWN])))
    if gone:
        reason = f"{len(gone)} tests that passed before are not run any more: {', '.join(gone[:3])}"
        return CheckResult("tests", Outcome.FAILED, reason, details=gone[:_SHOWN])
    if fresh:
        reason = f"{len(fresh)} tests fail now because of where they ran, and did not before: {_ids(fresh)}; run again"
        return CheckResult("tests", Outcome.UNKNOWN, reason, details=tuple(map(_line, fresh[:_SHOWN])))
    if head.outcome is Outcome.FAILED and not head.failing:
        return CheckResult("tests", Outcome.UNKNOWN, head.reason, details=_tail(head))
    return _passed(base, head)


def _compare_exits(base: TestReport, head: TestReport) -> CheckResult:
    """At least one side told nothing of single tests."""
    if base.cases and any(case.status is CaseStatus.PASSED for case in base.cases):
        reason = f"{len(base.cases)} tests were named before and none now: {head.reason}"
        return CheckResult("tests", Outcome.FAILED, reason, details=_tail(head))
    if head.outcome is Outcome.PASSED:
        return CheckResult("tests", Outcome.PASSED, f"{head.reason}; before: {base.reason}")
    if base.outcome is Outcome.PASSED:
        return CheckResult("tests", Outcome.FAILED, f"the tests passed before, now: {head.reason}", details=_tail(head))
    reason = f"the tests fail now ({head.reason}), and whether they did before cannot be told ({base.reason})"
    return CheckResult("tests", Outcome.UNKNOWN, reason, details=_tail(head))


def _passed(base: TestReport, head: TestReport) -> CheckResult:
    passed = sum(case.status is CaseStatus.PASSED for case in head.cases)
    if not passed:
        return CheckResult("tests", Outcome.UNKNOWN, f"none of {len(head.cases)} tests passes: {head.reason}")
    now = {case.id for case in head.cases if case.status is CaseStatus.PASSED}
    mended = sum(case.id in now for case in base.failing)
    flaky = [case for case in head.cases if case.status is CaseStatus.FLAKY]
    parts = [
        f"{passed} of {len(head.cases)} tests pass",
        f"{mended} of them failed before" if mended else "",
        f"{len(head.failing)} fail as before" if head.failing else "",
        f"{len(flaky)} are flaky: {_ids(flaky)}" if flaky else "",
    ]
    details = tuple(f"flaky: {_line(case)}" for case in flaky[:_SHOWN])
    return CheckResult("tests", Outcome.PASSED, ", ".join(part for part in parts if part), details=details)


def not_mended(wanted: str, head: TestReport) -> str:
    """Why the test that the finding names does not count as mended, or ""."""
    found = next((case for case in head.cases if case.id == wanted), None)
    if found is not None and found.status is CaseStatus.PASSED:
        return ""
    if found is not None:
        return f"{wanted} was to be mended and is {found.status.value}: {found.message[:300]}".removesuffix(": ")
    inside = [case for case in head.cases if _belongs(case.id, wanted)]
    if inside and any(case.status is CaseStatus.PASSED for case in inside):
        return ""
    return f"{wanted} was to be mended and is not run any more"


def _belongs(name: str, wanted: str) -> bool:
    """Whether a test lies in the file, the folder of the conftest.py, or the module that stood for all its tests."""
    if PurePosixPath(wanted).name == "conftest.py":
        folder = str(PurePosixPath(wanted).parent)
        return folder == "." or name.startswith(f"{folder}/")
    return name.startswith((f"{wanted}::", f"{wanted}.", f"{wanted}/"))


def _hidden_before(case: TestCase, base: TestReport) -> bool:
    """Before, its whole file could not be imported: it may well have failed all the time."""
    return any(_belongs(case.id, known.id) for known in base.failing)


def _ids(cases: Sequence[TestCase], shown: int = 3) -> str:
    more = f" and {len(cases) - shown} more" if len(cases) > shown else ""
    return ", ".join(case.id for case in cases[:shown]) + more


def _line(case: TestCase) -> str:
    return f"{case.id}: {case.error_type} {case.message}".strip()[:500]


def _tail(report: TestReport) -> tuple[str, ...]:
    return (report.tail[-2000:],) if report.tail else ()
