"""Why it happens, and what is to be done about it."""

from dataclasses import dataclass

from gitops_healer.core.aim import Aim
from gitops_healer.core.change import Change
from gitops_healer.core.diagnosis import Diagnosis
from gitops_healer.core.finding import Risk


@dataclass(frozen=True)
class Option:
    """One change that would end the finding.

    key: short and stable, what a maintainer types to choose it; title: a sentence in the imperative; source: the
    template or refactoring that made it; behaviour: what it does in the failing case, for a reader in a hurry;
    determined_by: the evidence that makes this the right one, empty when nothing does; proof: what was run and seen;
    symbols: dotted names that the change touches; prior: 0 to 1, how often changes of this kind are right.
    """

    key: str
    title: str
    source: str
    change: Change
    behaviour: str = ""
    determined_by: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    prior: float = 0.5


@dataclass(frozen=True)
class Cause:
    """Root cause. confidence: 0 to 1; path and line: where; sentence: one that a maintainer would write."""

    sentence: str
    path: str = ""
    line: int = 0
    confidence: float = 0.0


@dataclass(frozen=True)
class Investigation:
    """Cause, evidence and the changes that survived their trial.

    options: best first. When exactly one may be taken without asking, it is the first and `question` is empty. When
    `question` is set the choice is not ours (MANUAL): it says what is not determined and what each option would mean.
    No options and no question: nothing that we know helps; `evidence` says what was tried. diagnosis: what executions
    and history say of the tool, None when they say nothing; aim: what the options want with the code's behaviour.
    """

    cause: Cause
    evidence: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    question: str = ""
    tried: int = 0
    seconds: float = 0.0
    diagnosis: Diagnosis | None = None
    aim: Aim = Aim.MENDS


@dataclass(frozen=True)
class Task:
    """One step of a plan; checkpoint: what must hold after it; needs: numbers of tasks before it."""

    number: int
    title: str
    checkpoint: str
    needs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What will be done, and inside which fence.

    option: the key of the chosen option; paths and symbols: the change may touch these and nothing else;
    lines: its size; rollback_point: the commit to go back to; criteria: how success will be known; version: counts the
    revisions; notes: what maintainers asked for, oldest first.
    """

    option: str
    title: str
    tasks: tuple[Task, ...]
    paths: tuple[str, ...]
    symbols: tuple[str, ...]
    risk: Risk
    priority: int
    lines: int
    rollback_point: str
    risks: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    aim: Aim = Aim.MENDS
    version: int = 1
    notes: tuple[str, ...] = ()
