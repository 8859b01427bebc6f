"""What one function was, commit by commit: its versions, and how many calls of each went well."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

RESTORE: Final = "restore_version"
"""The rule of findings by which maintainers order a version back."""
_WANTED: Final = re.compile(r"Wanted is version (\d+), as commit ([0-9a-f]{40}) made (\S+) in (.+)\.", re.DOTALL)


class Kind(Enum):
    """How a version came to be.

    born: nothing like it was there before; edited: the code changed in its place; renamed, moved: it has another name,
    or stands in another file or class; copied: where it comes from still stands; restored: it had been deleted;
    merged: a merge made it of what both sides did; truncated: a shallow clone ends there, it may be older.
    Not versions, since the code is the same or not there: reworded (layout, comments, docstring), unreadable (no
    Python), deleted.
    """

    BORN = "born"
    EDITED = "edited"
    RENAMED = "renamed"
    MOVED = "moved"
    COPIED = "copied"
    RESTORED = "restored"
    MERGED = "merged"
    TRUNCATED = "truncated"
    REWORDED = "reworded"
    UNREADABLE = "unreadable"
    DELETED = "deleted"

    @property
    def is_version(self) -> bool:
        return self not in (Kind.REWORDED, Kind.UNREADABLE, Kind.DELETED)


@dataclass(frozen=True)
class Place:
    """Where a function stood. symbol: its qualified name inside the module."""

    path: str
    symbol: str


@dataclass(frozen=True)
class SymbolVersion:
    """A function as one commit made it.

    number: from 1, the oldest; 0 for what is no version (`Kind.is_version`); module: dotted name of then; start, end:
    lines, from 1, decorators included; shape: see `code.shape`; when: committed, UTC; edited: whether a rename, move,
    copy or return also changed the code; pull: number of the pull request; previous: where it stood before; upgrade:
    id of the healer's upgrade that made it; reverts: the commit that this one took back; undone_by: the commit of a
    later version that took this one back.
    """

    number: int
    commit: str
    path: str
    symbol: str
    module: str
    start: int
    end: int
    shape: str
    author: str
    when: datetime
    subject: str
    kind: Kind
    blob: str = ""
    edited: bool = False
    pull: int | None = None
    previous: Place | None = None
    upgrade: str = ""
    reverts: str = ""
    undone_by: str = ""

    @property
    def tool(self) -> str:
        """`pkg.mod:qualname`, as executions name it."""
        return f"{self.module}:{self.symbol}"


@dataclass(frozen=True)
class VersionCalls:
    """Every recorded call that ran one version. failures: (error type, calls), most frequent first, of the failures
    whose errors were kept."""

    total: int = 0
    failed: int = 0
    failures: tuple[tuple[str, int], ...] = ()

    @property
    def success_rate(self) -> float | None:
        """Between 0 and 1; None without calls."""
        return 1 - self.failed / self.total if self.total else None


@dataclass(frozen=True)
class Wanted:
    """The version that is to come back: its number when it was ordered, and where it stands."""

    number: int
    commit: str
    place: Place

    def __str__(self) -> str:
        return (
            f"Wanted is version {self.number}, as commit {self.commit} made {self.place.symbol} in {self.place.path}."
        )

    @classmethod
    def of(cls, evidence: Iterable[str]) -> "Wanted | None":
        """Read back from the evidence of a finding."""
        for sentence in evidence:
            match = _WANTED.fullmatch(sentence)
            if match:
                return cls(int(match[1]), match[2], Place(match[4], match[3]))
        return None
