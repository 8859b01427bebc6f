"""Every call is counted: by tool, minute and latency bucket, and written every ten seconds."""

from __future__ import annotations

import time
from _thread import allocate_lock

from gitops_healer.recorder.entry import Entry
from gitops_healer.recorder.interrupted import is_interrupted
from gitops_healer.recorder.lines import Lines

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable

WRITE_EVERY = 10_000_000_000
"""Nanoseconds between two writes of counts."""
LOCK_SECONDS = 1.0
"""How long `write` waits for another thread that is counting, when it is to be done at once."""
_MINUTE = 60_000_000_000


class Counting:
    """Nobody waits in a call: when another thread is counting, it is done by a later call."""

    def __init__(self, lines: Lines) -> None:
        self.entries: list[Entry] = []
        self.wall: Callable[[], int] = time.time_ns
        self._lines = lines
        self._lock = allocate_lock()
        self._written = 0

    def forked(self) -> None:
        """In a child process: what waits is the parent's, who will write it."""
        self._lock = allocate_lock()
        for entry in self.entries:
            entry.forget()

    def begin_minute(self, entry: Entry) -> None:
        """Count what waits, and let calls through into the minute that is now."""
        if (entry.done or entry.failed or entry.interrupted) and self._lock.acquire(False):
            try:
                self._count(entry)
            finally:
                self._lock.release()
        entry.minute = self.wall() // _MINUTE

    def write(self, now: bool) -> None:
        """Every ten seconds, or at once."""
        moment = time.monotonic_ns()
        if not now and moment - self._written < WRITE_EVERY:
            return
        free = self._lock.acquire(False)
        if not free and now and not is_interrupted(Counting.write, Counting.begin_minute):
            free = self._lock.acquire(True, LOCK_SECONDS)
        if not free:
            return
        try:
            self._written = moment
            for entry in list(self.entries):
                self._count(entry)
                self._lines.counts(entry)
        finally:
            self._lock.release()

    def _count(self, entry: Entry) -> None:
        """Move what waits into the counts of the minute in which it was let through. Needs the lock."""
        for calls, column in ((entry.done, "ok"), (entry.failed, "failed"), (entry.interrupted, "interrupted")):
            if calls:
                taken = calls[:]  # others may append meanwhile, at the end
                del calls[: len(taken)]
                self._add(entry, taken, column)

    def _add(self, entry: Entry, taken: list[int], column: str) -> None:
        """Buckets as in HdrHistogram: eight equal parts of every power of two."""
        minute = entry.minute or self.wall() // _MINUTE
        counts = entry.counts.setdefault(minute, ({}, {}))
        counts[0][column] = counts[0].get(column, 0) + len(taken)
        self._lines.statistics.counted += len(taken)
        if column == "interrupted":
            return
        latency = counts[1]
        for duration in taken:
            bits = duration.bit_length()
            bucket = bits << 3 | duration >> bits - 4 & 7 if bits > 4 else 40
            latency[bucket] = latency.get(bucket, 0) + 1
