"""Outcomes of checks. Absence is not success: UNKNOWN exists and never passes a gate by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    PASSED = "passed"
    FAILED = "failed"
    RUNNING = "running"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CheckResult:
    """What one check said; reason: a sentence with figures; details: longer text, such as failing test ids."""

    check: str
    outcome: Outcome
    reason: str
    seconds: float = 0.0
    details: tuple[str, ...] = ()


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


def combine(outcomes: Iterable[Outcome]) -> Outcome:
    """FAILED before RUNNING before UNKNOWN before PASSED; nothing at all is UNKNOWN."""
    seen = set(outcomes)
    for outcome in (Outcome.FAILED, Outcome.RUNNING, Outcome.UNKNOWN, Outcome.PASSED):
        if outcome in seen:
            return outcome
    return Outcome.UNKNOWN
