"""What a detector saw."""

from dataclasses import dataclass, field
from enum import Enum

from gitops_healer.core.codec import digest


class Severity(Enum):
    """How bad it is if nothing is done."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def weight(self) -> int:
        return ("low", "medium", "high").index(self.value)


class Risk(Enum):
    """How bad it could be if the change is wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def weight(self) -> int:
        return ("low", "medium", "high").index(self.value)


def fingerprint(rule: str, symbol: str, shape: str) -> str:
    """40 hex digits that stay the same when code moves or other code changes.

    symbol: the qualified name without its module or path; shape: the normalised code (see `code.shape`).
    """
    return digest("finding", rule, symbol, shape)


@dataclass(frozen=True)
class Finding:
    """One flaw at one place.

    path: repository-relative with `/`, undecodable bytes as surrogates; symbol: dotted name that people know it by;
    start, end: first and last line, from 1; priority: 1 (whenever) to 10 (now); evidence: facts as short sentences;
    others: paths of further files that it is about.
    """

    rule: str
    path: str
    symbol: str
    start: int
    end: int
    severity: Severity
    message: str
    fingerprint: str
    risk: Risk = Risk.LOW
    priority: int = 5
    evidence: tuple[str, ...] = field(default=())
    others: tuple[str, ...] = field(default=())

    @property
    def modules(self) -> tuple[str, ...]:
        """Paths of all files that it is about."""
        return self.path, *self.others
