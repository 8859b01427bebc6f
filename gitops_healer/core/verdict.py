"""Outcomes of checks. Absence is not success: UNKNOWN and SKIPPED exist and never pass a gate by themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    PASSED = "passed"
    FAILED = "failed"
    RUNNING = "running"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    """There was nothing to ask here (no recorded call, say); the reason says why. It neither opens nor shuts a gate."""


@dataclass(frozen=True)
class CheckResult:
    """What one check said; reason: a sentence with figures; details: longer text, such as failing test ids.

    ran: which changed lines it ran, as `path:3-5,9`; empty when it ran none, or when that was not measured.
    transient: an UNKNOWN whose cause may be gone when it is asked again (a machine that was out of memory).
    approval: why a maintainer has to accept what was seen before it is merged, whatever the outcome, a sentence; ""
    when nobody has to.
    """

    check: str
    outcome: Outcome
    reason: str
    seconds: float = 0.0
    details: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    transient: bool = False
    approval: str = ""


@dataclass(frozen=True)
class Verdict:
    """All check results on one commit. phase 1: before the change counts; phase 2: on what will count."""

    phase: int
    commit: str
    results: tuple[CheckResult, ...]

    @property
    def outcome(self) -> Outcome:
        return combine(result.outcome for result in self.results)

    @property
    def reason(self) -> str:
        """The sentence of the first result that decides the outcome."""
        outcome = self.outcome
        return next((f"{r.check}: {r.reason}" for r in self.results if r.outcome is outcome), "no check ran")

    @property
    def approvals(self) -> tuple[str, ...]:
        """What a maintainer has to accept."""
        return tuple(f"{result.check}: {result.approval}" for result in self.results if result.approval)


def combine(outcomes: Iterable[Outcome]) -> Outcome:
    """FAILED before RUNNING before UNKNOWN before PASSED; nothing at all, or nothing but SKIPPED, is UNKNOWN."""
    seen = set(outcomes)
    for outcome in (Outcome.FAILED, Outcome.RUNNING, Outcome.UNKNOWN, Outcome.PASSED):
        if outcome in seen:
            return outcome
    return Outcome.UNKNOWN
