"""Tools: functions whose calls are recorded, and what is known of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Status(Enum):
    """active: called lately, or not long known; unused: not called for long although others were; deleted: called and
    not in the code any more; archived: taken out of the code by an upgrade of ours; unrecorded: in the code and never
    called, where too little was recorded to call it unused."""

    ACTIVE = "active"
    UNUSED = "unused"
    DELETED = "deleted"
    ARCHIVED = "archived"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True)
class Declared:
    """What a tool says about itself in its decorator: literals only, `unknown` for what is computed, "" for what is
    not said. examples: whether it declares any."""

    idempotent: str = ""
    side_effects: str = ""
    safe_for_shadow_testing: str = ""
    requires_mocking: str = ""
    examples: bool = False


@dataclass(frozen=True)
class Tool:
    """One tool at one commit. name: `pkg.mod:qualname`, as executions call it; symbol: its qualified name inside of
    the file; start, end: lines from 1; why: what makes it a tool; words: identifiers of its body."""

    name: str
    path: str
    symbol: str
    start: int
    end: int
    why: str
    signature: str = ""
    docstring: str = ""
    declared: Declared = Declared()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Use:
    """Every recorded call of a tool, under all names that it had."""

    calls: int = 0
    failed: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def success_rate(self) -> float | None:
        """Between 0 and 1, None without calls."""
        return 1 - self.failed / self.calls if self.calls else None

    def __add__(self, other: "Use") -> "Use":
        firsts = [use.first for use in (self, other) if use.first]
        lasts = [use.last for use in (self, other) if use.last]
        calls, failed = self.calls + other.calls, self.failed + other.failed
        return Use(calls, failed, min(firsts, default=None), max(lasts, default=None))


@dataclass(frozen=True)
class Entry:
    """A line of the list of tools. tool: None when it is not in the code; former: names that it had before."""

    name: str
    status: Status
    use: Use
    tool: Tool | None = None
    former: tuple[str, ...] = ()
    said: str = ""
