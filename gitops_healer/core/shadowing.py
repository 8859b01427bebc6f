"""Two versions of a function on the same inputs: what was seen, and what it says about the change. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from gitops_healer.core.calls import Input, Seen


class Origin(Enum):
    """Where an input comes from."""

    RECORDED = "recorded"
    DECLARED = "declared"
    TEST = "test"
    GENERATED = "generated"


@dataclass(frozen=True)
class Sample:
    """One input to be tried. failed: error type of the recorded call, "" when it passed or was not recorded; stratum:
    inputs of one stratum are alike (the same error, the same shape)."""

    given: Input
    origin: Origin
    failed: str = ""
    stratum: str = ""


class Kind(Enum):
    """What a pair of calls says.

    AGREES: the same, up to noise; IMPROVES: the base failed in a way that nobody meant, the candidate does not;
    REGRESSES: the candidate fails where the base did not; CHANGES: both end, and differently; SILENT: nothing can be
    said (noise everywhere, not callable, not finished).
    """

    AGREES = "agrees"
    IMPROVES = "improves"
    REGRESSES = "regresses"
    CHANGES = "changes"
    SILENT = "silent"


@dataclass(frozen=True)
class Compared:
    """One input in both versions. told: differences, a sentence each (first the most telling), or why it is SILENT;
    confirmed: the difference was still there every time both sides were run again."""

    sample: Sample
    kind: Kind
    base: Seen
    head: Seen
    told: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True)
class Shadowed:
    """A shadow run of one function.

    compared: all pairs; smallest: the simplest input on which they disagree, found by shrinking, None when they agree
    or nothing simpler was found; noisy: places of results that differ from run to run of the base; left: inputs for
    which there was no time; ran: changed lines that the candidate ran, by path; notes: what readers should know.
    """

    tool: str
    compared: tuple[Compared, ...] = ()
    smallest: Compared | None = None
    noisy: tuple[str, ...] = ()
    left: int = 0
    ran: frozenset[tuple[str, int]] = frozenset()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    problem: str = ""

    def of(self, *kinds: Kind) -> tuple[Compared, ...]:
        return tuple(pair for pair in self.compared if pair.kind in kinds)

    @property
    def mismatches(self) -> tuple[Compared, ...]:
        """Regressions and changes that were confirmed."""
        return tuple(pair for pair in self.of(Kind.REGRESSES, Kind.CHANGES) if pair.confirmed)

    @property
    def agreement(self) -> float:
        """Share of compared inputs on which they agree or the candidate improves; 1 when nothing was compared."""
        said = len(self.compared) - len(self.of(Kind.SILENT))
        return (len(self.of(Kind.AGREES, Kind.IMPROVES)) / said) if said else 1.0


def breakage_bound(clean: int) -> float:
    """With so many different inputs and no mismatch, at most this share of inputs is broken, with 95 % certainty: the p
    for which (1 - p)^n = 0.05 ("rule of three": 59, 149, 299 inputs bound 5, 2, 1 %)."""
    return 1.0 if clean <= 0 else 1.0 - 0.05 ** (1.0 / clean)


@dataclass(frozen=True)
class Differences:
    """What a comparison of two values found. told: a sentence a place, `$.total: 3 → 4`; noisy: places that differ and
    were not compared; compared: how many places (leaves) were."""

    told: tuple[str, ...] = ()
    noisy: tuple[str, ...] = ()
    compared: int = 0


@dataclass(frozen=True)
class Rules:
    """How values are compared. tolerance: of floats, relative, absolute below one; ignored: generalised places
    (`$.items[*].id`) that are not compared; unordered: lists whose order has no meaning; noisy: places whose values
    differ from run to run, where only types count; formed: (place, facet) of noisy texts that have something in common
    all the same (`core.comparing_values.FACETS`); parts: (place, part) of noisy texts of which only these parts differ
    (`core.comparing_values.parts_of`)."""

    tolerance: float = 1e-9
    ignored: frozenset[str] = frozenset()
    unordered: frozenset[str] = frozenset()
    noisy: frozenset[str] = field(default_factory=frozenset)
    formed: frozenset[tuple[str, str]] = frozenset()
    parts: frozenset[tuple[str, str]] = frozenset()


def distinct(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The first of each input."""
    return tuple({sample.given: sample for sample in reversed(samples)}.values())[::-1]
