"""Lines: each with a number of its own, each handed to the sink in one piece."""

from __future__ import annotations

import os
import time
from itertools import count as _numbers

from gitops_healer.recorder.entry import Entry, Statistics

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Sink(Protocol):
        """Where lines go. write: whole lines; raises OSError when they were not taken; never waits."""

        def write(self, data: bytes) -> None: ...

        def forked(self) -> None: ...

        def close(self) -> None: ...

    Told = tuple[str, str, int]  # inputs and outcome, why they cannot be replayed, where the outcome begins


EVENT_BYTES = 64 * 1024
_MINUTE = 60_000_000_000
_SECOND = 1_000_000_000


class Lines:
    """Writes lines to a sink. What it does not take is counted in the entry, and told when it takes lines again."""

    encode: Callable[[Any], str]

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics
        self.sink: Sink | None = None
        self._second = (0, "1970-01-01T00:00:00")
        self._next = _numbers().__next__
        self.begin_anew()

    def begin_anew(self) -> None:
        """A new process: its numbers are not those of its parent."""
        self._begin = f'{{"v":1,"id":"{os.urandom(6).hex()}-'

    def event(self, entry: Entry, began: int, duration: int, ok: bool, caller: str, told: Told) -> bool:
        """One call. began: nanoseconds since 1970; told: by `Rendering`. False when the sink did not take it."""
        body, why, cut = told
        known, second = self._second
        part = began - known
        if not 0 <= part < _SECOND:
            part = began % _SECOND
            second = self._spell(began - part)
        limits = f',"unreplayable":{self.encode(why)}' if why else ""
        line = (
            f'{self._begin}{self._next():x}{entry.head}{second}.{part // 1000:06d}Z","ok":{"true" if ok else "false"}'
            f',"duration_ms":{duration}e-6{caller}{limits},{body}}}\n'
        )
        if len(line) > EVENT_BYTES:
            head = line[: -len(body) - len(limits) - 3]
            kept = body[cut:] if len(body) - cut < EVENT_BYTES // 2 else ""
            line = f'{head},"unreplayable":"too large"{kept}}}\n'
        try:
            self.sink.write(line.encode())  # type: ignore[union-attr]
        except OSError as error:
            self._refused(entry, error, 1)
            return False
        self.statistics.events += 1
        return True

    def counts(self, entry: Entry) -> bool:
        """A line for each minute; what is not taken stays in the entry. False when something did."""
        while entry.counts:
            minute, (counts, latency) = entry.counts.popitem()
            dropped, entry.dropped = entry.dropped, 0
            told = f',"dropped":{dropped}' if dropped else ""
            line = (
                f'{self._begin}{self._next():x}{entry.head}{self._spell(minute * _MINUTE)}.000000Z"'
                f',"counts":{self.encode(counts)},"latency":{self.encode(latency)}{told}}}\n'
            )
            try:
                self.sink.write(line.encode())  # type: ignore[union-attr]
            except OSError as error:
                entry.counts[minute] = (counts, latency)
                entry.dropped += dropped
                self._refused(entry, error, 0)
                return False
        return True

    def _spell(self, second: int) -> str:
        """RFC 3339 of a whole second (nanoseconds since 1970), without its end; it is spelled once."""
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second // _SECOND))
        self._second = (second, text)
        return text

    def _refused(self, entry: Entry, error: OSError, events: int) -> None:
        entry.dropped += events
        self.statistics.dropped += events
        self.statistics.reason = str(error)
