"""What a run of a project's tests said."""

from dataclasses import dataclass
from enum import Enum

from gitops_healer.core.execution import Frame
from gitops_healer.core.verdict import Outcome


class CaseStatus(Enum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    FLAKY = "flaky"


@dataclass(frozen=True)
class TestCase:
    """One test. id: as the runner names it (pytest node id); frames: innermost last, repository paths relative.

    environmental: the failure comes from where it ran (no network, read-only disk, missing program), not from the code.
    """

    __test__ = False  # not a pytest class

    id: str
    status: CaseStatus
    seconds: float = 0.0
    error_type: str = ""
    message: str = ""
    frames: tuple[Frame, ...] = ()
    environmental: bool = False

    @property
    def failed(self) -> bool:
        return self.status in (CaseStatus.FAILED, CaseStatus.ERROR)


@dataclass(frozen=True)
class TestReport:
    """One run. outcome: PASSED, FAILED, or UNKNOWN when it could not be told (no command, time-out, crash).

    cases: empty when the runner gives only an exit code; reason: a sentence; tail: the end of the output; transient:
    an UNKNOWN whose cause may be gone when it is run again (a machine that was out of memory).
    """

    __test__ = False

    command: str
    outcome: Outcome
    reason: str
    cases: tuple[TestCase, ...] = ()
    seconds: float = 0.0
    tail: str = ""
    transient: bool = False

    @property
    def failing(self) -> tuple[TestCase, ...]:
        return tuple(case for case in self.cases if case.failed)


def new_failures(before: TestReport, after: TestReport) -> tuple[TestCase, ...]:
    """Tests that fail now and did not fail before (a test that is new and fails counts)."""
    known = {case.id for case in before.cases if case.failed or case.status is CaseStatus.FLAKY}
    return tuple(case for case in after.failing if case.id not in known)


def vanished(before: TestReport, after: TestReport) -> tuple[str, ...]:
    """Ids of tests that passed before and are not in the run any more: silence is not success."""
    present = {case.id for case in after.cases}
    passed = (case.id for case in before.cases if case.status is CaseStatus.PASSED)
    return tuple(sorted(case_id for case_id in passed if case_id not in present))
