"""Why a tool fails or is slow: the root cause, what speaks for it, and what could be done."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class CauseKind(Enum):
    """What a root cause is. The value is its word in JSON."""

    INPUT = "input"  # a class of inputs that the code does not handle
    COMMIT = "commit"  # a change of the code began it
    DEPENDENCY = "dependency"  # something that it calls fails: a service, a package, another function
    ENVIRONMENT = "environment"  # the machine: memory, disk, permissions, configuration
    TIME = "time"  # the hour, the day, the date
    SLOW = "slow"  # a slow path: which inputs, since when
    FLAKY = "flaky"  # the same inputs pass and fail, and nothing that was recorded tells when
    STATE = "state"  # what was called before decides
    CALLER = "caller"  # one caller passes what the others do not
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Place:
    """A line of the repository. line: from 1, 0 for a file as a whole; symbol: dotted name of what stands there."""

    path: str
    line: int = 0
    symbol: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True)
class Beginning:
    """When it began. commit: the first bad one, None when it is not known; good: the last good one before it; subject:
    first line of its message; by_executions, by_code: which of the two say so."""

    when: datetime
    commit: str | None = None
    good: str | None = None
    author: str = ""
    subject: str = ""
    by_executions: bool = False
    by_code: bool = False


@dataclass(frozen=True)
class Proposal:
    """Something specific to do. title: a sentence in the imperative; detail: how, in a few lines."""

    title: str
    place: Place | None = None
    detail: str = ""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a tool. kind UNKNOWN: the sentence says what is missing to know it.

    cluster: the error cluster that it explains ("" for slowness); share: of the failures that it explains, 0 to 1;
    confidence: 0 to 1, how often a diagnosis with this evidence is right; ruled_out: other causes that were looked at,
    and why they are not it.
    """

    kind: CauseKind
    sentence: str
    confidence: float
    place: Place | None = None
    cluster: str = ""
    share: float = 1.0
    began: Beginning | None = None
    evidence: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """All that an investigation found of one tool. problems: worst first, none when nothing is wrong; related: callers,
    callees and similar code that are worth a look; model: what a model added, "" when none was asked."""

    tool: str
    place: Place | None
    summary: str
    problems: tuple[Problem, ...] = ()
    calls: int = 0
    failed: int = 0
    since: datetime | None = None
    related: tuple[str, ...] = ()
    model: str = ""
