"""Who is to blame for what got worse, as far as running it tells."""

from dataclasses import dataclass
from enum import Enum


class Blame(Enum):
    FOUND = "found"
    """One commit, confirmed by running what fails before it and on it."""
    ENVIRONMENT = "environment"
    """It fails on the last good commit as well: data, network or machine, none of the commits."""
    NOT_REPRODUCED = "not reproduced"
    """It passes on the newest commit."""
    FLAKY = "flaky"
    """It fails and passes on the same commit too often to tell."""
    UNDECIDED = "undecided"
    """Runs or time were over before one commit was certain enough."""
    NOTHING_TO_RUN = "nothing to run"
    """No failing input was recorded and no failing test is known: only counts speak."""


@dataclass(frozen=True)
class Candidate:
    """A commit on the base branch that may be to blame. upgrade: ours, "" for people's; weight: how much more likely
    than one that touches nothing of what fails (1)."""

    commit: str
    title: str
    author: str
    upgrade: str = ""
    weight: float = 1.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attribution:
    """What a search found. culprit: a commit, "" when there is none; probability: of the culprit, given the runs;
    base_failing, head_failing: estimated chance that what is run fails on the last good and on the newest commit;
    restored: whether the newest commit without the culprit works again (None: not tried); shown: what was run and what
    came of it, lines for people; reproduce: the command that shows it again."""

    blame: Blame
    reason: str
    subjects: tuple[str, ...]
    base: str
    head: str
    candidates: tuple[Candidate, ...] = ()
    culprit: str = ""
    probability: float = 0.0
    base_failing: float = 0.0
    head_failing: float = 1.0
    runs: int = 0
    restored: bool | None = None
    shown: tuple[str, ...] = ()
    reproduce: str = ""

    @property
    def confirmed(self) -> bool:
        """Whether running it names one commit and shows that all is well without it."""
        return self.blame is Blame.FOUND and self.restored is True
