"""One tool in one process: what is known of it, and what became of its calls since they were last counted."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from types import CodeType

    Places = dict[tuple[int, int], tuple[CodeType, str]]


FAILURES_A_SECOND = 50

FIRST = 20
"""Calls of a tool that a process writes down whatever their pace: a short program would else leave one."""


class Statistics:
    """What became of calls. events: written down; counted: only counted; dropped: events that could not be written;
    errors: failures of the recorder itself; reason: why lines are not written, "" when they are."""

    __slots__ = ("counted", "dropped", "errors", "events", "reason")

    def __init__(self) -> None:
        self.events = self.counted = self.dropped = self.errors = 0
        self.reason = ""

    def __repr__(self) -> str:
        return f"Statistics({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class Entry:
    """One tool in one process.

    names: of its positional parameters, without the first `skip`; unreplayable: why no call of it can be replayed;
    share: of successes that are written down, None for the usual; owned: it is called on an object; simple: none of
    skip, unreplayable and owned; head: what its lines have between their number and their time, "" while nothing is
    known; root: of the repository, with a slash; always: every success is written down; done, failed, interrupted:
    durations in nanoseconds of calls that are not counted yet; first: calls that are still written down
    whatever their pace; due: moment of `perf_counter_ns` from which on a call
    takes the long way; count_due: from which on what waits is counted; minute: in which calls that wait were let
    through; sample: moment from which on the next success is written down; careful: calls whose inputs are looked at
    beforehand in any case; callers, places: JSON of what called it and of the frames of its errors, by code (kept, so
    that its id stays its own) and instruction; caller: the last of them.
    """

    __slots__ = (
        "always", "budget", "budget_from", "caller", "callers", "careful", "count_due", "counts", "done", "dropped",
        "due", "failed", "file", "first", "head", "interrupted", "minute", "names", "owned", "places", "root", "sample",
        "secret", "share", "simple", "skip", "tool", "unreplayable",
    )  # fmt: skip

    def __init__(
        self,
        tool: str,
        file: str,
        names: tuple[str, ...],
        skip: int,
        unreplayable: str,
        share: float | None,
        owned: bool,
    ) -> None:
        self.tool = tool
        self.file = file
        self.names = names
        self.skip = skip
        self.unreplayable = unreplayable
        self.owned = owned
        self.share = share
        self.simple = not (unreplayable or owned or skip)
        self.done: list[int] = []
        self.failed: list[int] = []
        self.interrupted: list[int] = []
        self.counts: dict[int, tuple[dict[str, int], dict[int, int]]] = {}
        self.minute = self.dropped = self.careful = 0
        self.budget, self.budget_from = FAILURES_A_SECOND, 0
        self.begin_anew()

    def begin_anew(self) -> None:
        """The recorder was configured: what was known may no longer be so."""
        self.head = self.root = ""
        self.secret: frozenset[int] = frozenset()
        self.always = False
        self.due = self.sample = self.count_due = 0
        self.first = FIRST
        self.caller: tuple[CodeType | None, int, str] = (None, -1, "")
        self.callers: Places = {}
        self.places: Places = {}

    def forget(self) -> None:
        """What waits is somebody else's to write."""
        self.done.clear()
        self.failed.clear()
        self.interrupted.clear()
        self.counts = {}
        self.due = self.count_due = self.dropped = 0
