"""Calls of one function under watch: what it is given, and all that is seen of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

Input = tuple[str, str]
"""(args, kwargs) of a call as canonical JSON, an array and an object; what is no JSON is spelled as docs/recorder.md
says."""

NOT_MADE = "gitops_healer.NotMade"
FIXED_MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""What the clock shows in a call that was not recorded."""


@dataclass(frozen=True)
class Call:
    """One call to be made. at: what the clock shows when it begins, aware; seed: of all randomness."""

    given: Input
    at: datetime = FIXED_MOMENT
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """One recorded call of something that is mocked. result: JSON; error: name of the exception that it raised, ""
    when it returned; at: when."""

    given: Input
    result: str = "null"
    error: str = ""
    message: str = ""
    at: datetime = FIXED_MOMENT


@dataclass(frozen=True)
class Mock:
    """What is not called for real. target: `pkg.mod:name` of a function; answers: what it gave, oldest first. A call
    with other inputs than any that was recorded fails and says so."""

    target: str
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Conditions:
    """What all calls of one session have in common. hashes: seed of the order of sets; mocks: what is replaced;
    forbidden: kinds of effects (`core.calls.SeenEffect.kind`) that end a call at once; traced: paths of the repository
    whose lines are noted when they run."""

    hashes: int = 0
    mocks: tuple[Mock, ...] = ()
    forbidden: frozenset[str] = frozenset()
    traced: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeenEffect:
    """Something that a call did to the world. kind: a value of `code.effects.Effect` (files, network, processes,
    database, console, global state) or `mock`; what: in a line, places inside of the repository relative."""

    kind: str
    what: str


@dataclass(frozen=True)
class Seen:
    """One call, as seen from outside of its process.

    ok: it returned; value: canonical JSON of what it returned, objects by their fields, None when it cannot be written
    down; detail: repr of the value or the exception's text; error_type: "" when ok, `gitops_healer.*` when the call
    itself could not be made or ended its process; deliberate: a `raise` or `assert` of the project raised it, not an
    operation that failed; frames: (file, line, function), innermost last; arguments: canonical JSON of the arguments
    afterwards where the call changed them, else ""; printed: what it wrote to stdout and stderr; effects: in order;
    lines: (path, line) of traced files that ran.
    """

    ok: bool
    value: str | None = None
    detail: str = ""
    error_type: str = ""
    deliberate: bool = False
    frames: tuple[tuple[str, int, str], ...] = ()
    seconds: float = 0.0
    arguments: str = ""
    printed: str = ""
    effects: tuple[SeenEffect, ...] = ()
    lines: frozenset[tuple[str, int]] = frozenset()

    @property
    def lost(self) -> bool:
        """Whether nothing was learned about the function: it could not be called, or took too long."""
        return self.error_type.startswith("gitops_healer.")

    @property
    def not_made(self) -> bool:
        """Whether there was no time to make the call."""
        return self.error_type == NOT_MADE
