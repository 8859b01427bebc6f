"""What a repair gives: patches, the likeliest first, and what is not known about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gitops_healer.core.change import Change


class RepairStatus(Enum):
    """ERROR: it could not be tried; `reason` says why and what to do."""

    REPAIRED = "repaired"
    NO_REPAIR = "no_repair"
    NOTHING_FAILING = "nothing_failing"
    ERROR = "error"


@dataclass(frozen=True)
class Patch:
    """A change with which the failing tests pass and no other fails.

    templates: one, or two for a repair by two edits; path, symbol: what it changes first; passed: tests that passed
    with it; correct_by: what speaks for it, sentences; caution: what speaks against it; differs_on: inputs on which it
    does something else than the first patch (for the first: than the second), `f(3) gives 1, not: gives 2`; score:
    logarithm, for comparison only.
    """

    change: Change
    templates: tuple[str, ...]
    path: str
    symbol: str
    title: str
    passed: int
    correct_by: tuple[str, ...] = ()
    caution: str = ""
    differs_on: tuple[str, ...] = ()
    score: float = 0.0


@dataclass(frozen=True)
class Repair:
    """patches: one a behaviour, best first; certain: the first is believed to be what is meant, and not only to pass
    the tests; question: what a maintainer has to decide when it is not; candidates: tried; phases: seconds of each;
    unknown: tests that were asked for and do not exist; interrupted: somebody ended it, and its patches, if there are
    any, passed the tests that were tried and are proven by nothing else."""

    status: RepairStatus
    reason: str
    failing: tuple[str, ...] = ()
    patches: tuple[Patch, ...] = ()
    certain: bool = False
    question: str = ""
    candidates: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    interrupted: bool = False
