"""The project's own tests, before and after."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from gitops_healer.core.flakes import Again, Flake, verdict_of
from gitops_healer.core.testing import CaseStatus, TestCase, TestReport, new_failures, vanished
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.registry import Case, Scene, check

_SHOWN = 20
_PASSING = re.compile(
    "No space left|Cannot allocate memory|Too many open files|can't start new thread|Resource temporarily unavailable"
)


@dataclass(frozen=True)
class Suspect:
    """A test that fails after the step and did not before. base, head: whether it passed, a run each; flake: what they
    say, None when nothing can be said."""

    case: TestCase
    base: tuple[bool, ...]
    head: tuple[bool, ...]
    flake: Flake | None

    @property
    def runs(self) -> str:
        before = f"base passed {sum(self.base)} of {len(self.base)}" if self.base else "new"
        return f"{before}, candidate {sum(self.head)} of {len(self.head)}"


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
    if result.outcome is not Outcome.PASSED and (names := [found.id for found in suspected(base, head)]):
        scene.progress(f"running {len(names)} tests again, before and after in turn: do they fail by chance?")
        result = compare(base, head, scene.tests.again(case.base, case.head, names))
    wanted = case.finding.symbol if case.finding.rule == "failing_test" else ""
    if wanted and result.outcome is not Outcome.UNKNOWN and (why := not_mended(wanted, head)):
        result = CheckResult("tests", Outcome.FAILED, why, details=result.details)
    return replace(result, seconds=base.seconds + head.seconds)


def _untested(scene: Scene, case: Case) -> CheckResult:
    if scene.tests.command(case.base):
        return CheckResult(
            "tests", Outcome.FAILED, f"the tests are gone: before it was `{scene.tests.command(case.base)}`"
        )
    if scene.settings.testing.allow_untested:
        return CheckResult("tests", Outcome.PASSED, "0 tests: the project has none, and testing.allow_untested is true")
    reason = "0 tests were found: set testing.command, or testing.allow_untested to true to do without"
    return CheckResult("tests", Outcome.UNKNOWN, reason)


def suspected(base: TestReport, head: TestReport) -> tuple[TestCase, ...]:
    """Tests that fail after the step and did not before, as far as that can be told."""
    if not head.cases or not base.cases:
        return ()
    return tuple(case for case in new_failures(base, head) if not _hidden_before(case, base))


def compare(base: TestReport, head: TestReport, again: Sequence[Again] = ()) -> CheckResult:
    """What the step did to the tests. again: more runs of suspected tests, without them each failure counts as told."""
    if head.outcome is Outcome.UNKNOWN and not head.cases:
        return CheckResult("tests", Outcome.UNKNOWN, head.reason, details=_tail(head), transient=head.transient)
    if not head.cases or not base.cases:
        return _compare_exits(base, head)
    suspects = tuple(_judged(case, base, again) for case in suspected(base, head))
    by_flake = {flake: [found for found in suspects if found.flake is flake] for flake in Flake}
    machine = [found for found in suspects if found.flake is None and found.case.environmental]
    unjudged = [found for found in suspects if found.flake is None and not found.case.environmental]
    if broken := by_flake[Flake.BROKEN]:
        reason = f"{len(broken)} of {len(head.cases)} tests fail that did not fail before: {_ids(broken)}"
        return CheckResult("tests", Outcome.FAILED, reason, details=_lines(broken))
    if gone := vanished(base, head):
        reason = f"{len(gone)} tests that passed before are not run any more: {', '.join(gone[:3])}"
        return CheckResult("tests", Outcome.FAILED, reason, details=gone[:_SHOWN])
    if doubtful := [*by_flake[Flake.WORSE], *by_flake[Flake.NEWLY_FLAKY]]:
        return CheckResult("tests", Outcome.UNKNOWN, _doubt(doubtful), details=_lines(doubtful))
    if unjudged:
        reason = f"{len(unjudged)} tests fail that did not fail before, and could not be run again: {_ids(unjudged)}"
        return CheckResult("tests", Outcome.UNKNOWN, reason, details=_lines(unjudged))
    if machine:
        reason = (
            f"{len(machine)} tests fail now because of where they ran, and did not before: {_ids(machine)}; run again"
        )
        passing = all(_PASSING.search(found.case.message) for found in machine)
        return CheckResult("tests", Outcome.UNKNOWN, reason, details=_lines(machine), transient=passing)
    if head.outcome is Outcome.FAILED and not head.failing:
        return CheckResult("tests", Outcome.UNKNOWN, head.reason, details=_tail(head))
    return _passed(base, head, suspects)


def _judged(case: TestCase, base: TestReport, again: Sequence[Again]) -> Suspect:
    """All runs of a suspect together: those that brought it under suspicion, and those that followed. A failure of the
    machine is no run of the candidate."""
    told = next((one for one in again if one.test == case.id), None)
    before = (True,) if any(known.id == case.id and known.status is CaseStatus.PASSED for known in base.cases) else ()
    after = () if case.environmental else (False,)
    if told is not None:
        before, after = (*before, *told.base), (*after, *told.head)
    judged = bool(after) and (told is not None or not again)
    return Suspect(case, before, after, verdict_of(before, after) if judged else None)


def _doubt(doubtful: Sequence[Suspect]) -> str:
    first = doubtful[0]
    more = f", and {len(doubtful) - 1} more" if len(doubtful) > 1 else ""
    said = "may have become flaky" if first.flake is Flake.NEWLY_FLAKY else "is flaky, and may hide a new failure"
    return f"{first.case.id} {said}: {first.runs}{more}"


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


def _passed(base: TestReport, head: TestReport, suspects: Sequence[Suspect]) -> CheckResult:
    """suspects: those that the runs that followed took back."""
    passed = sum(case.status is CaseStatus.PASSED for case in head.cases)
    if not passed:
        return CheckResult("tests", Outcome.UNKNOWN, f"none of {len(head.cases)} tests passes: {head.reason}")
    now = {case.id for case in head.cases if case.status is CaseStatus.PASSED}
    mended = sum(case.id in now for case in base.failing)
    flaky = [case for case in head.cases if case.status is CaseStatus.FLAKY]
    flaky += [found.case for found in suspects if found.flake is Flake.FLAKY]
    as_before = len(head.failing) - len(suspects)
    moody = [found for found in suspects if found.flake is Flake.PASSES]
    parts = [
        f"{passed} of {len(head.cases)} tests pass",
        f"{mended} of them failed before" if mended else "",
        f"{as_before} fail as before" if as_before else "",
        f"{len(flaky)} are flaky: {_names(flaky)}" if flaky else "",
        f"{len(moody)} failed once because of the machine: {_ids(moody)}" if moody else "",
    ]
    details = tuple(f"flaky: {_line(case)}" for case in flaky[:_SHOWN]) + _lines(moody)
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


def _ids(found: Sequence[Suspect]) -> str:
    return _names([one.case for one in found])


def _names(cases: Sequence[TestCase], shown: int = 3) -> str:
    more = f" and {len(cases) - shown} more" if len(cases) > shown else ""
    return ", ".join(case.id for case in cases[:shown]) + more


def _lines(found: Sequence[Suspect]) -> tuple[str, ...]:
    return tuple(f"{_line(one.case)} ({one.runs})" for one in found[:_SHOWN])


def _line(case: TestCase) -> str:
    return f"{case.id}: {case.error_type} {case.message}".strip()[:500]


def _tail(report: TestReport) -> tuple[str, ...]:
    return (report.tail[-2000:],) if report.tail else ()
