"""What happens around a call: counted always, written down when it fails or is sampled. Never in the program's way.

The quick way of a call that is only counted lies in `wrapping`: one comparison and one append. The long way begins
here: `rendering` says what is told of a call, `lines` writes it, `counting` counts what is not written.
"""

# pathlib takes longer to import than all of this
# ruff: noqa: PTH118

from __future__ import annotations

import os
import sys
import time
from _thread import allocate_lock

from gitops_healer.recorder.counting import Counting
from gitops_healer.recorder.entry import FAILURES_A_SECOND, Entry, Statistics
from gitops_healer.recorder.interrupted import is_interrupted
from gitops_healer.recorder.lines import Lines

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gitops_healer.recorder.lines import Sink
    from gitops_healer.recorder.rendering import Rendered, Rendering

    Inputs = tuple[Rendered, int, bool]  # as rendered, nanoseconds since 1970, whether a success is written down


SAMPLE_EVERY = 200_000_000
"""Nanoseconds between two recorded successes of one tool, on average; and at which a busy tool looks about itself."""
CAREFUL = 200
"""Calls after a failure whose changeable arguments are written down before the call, since it may change them."""
PREPARE_SECONDS = 1.0
"""How long a tool's first call waits for another thread's."""
MAX_ERRORS = 20
INTERRUPTIONS = frozenset({"KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError"})
_wall = time.time_ns
_all_fixed = frozenset((str, int, float, bool, bytes, type(None))).issuperset


def is_test_run() -> bool:
    """Whether pytest or unittest runs this process: what tests call, and make fail on purpose, is no production."""
    main = sys.modules.get("__main__")
    name = getattr(getattr(main, "__spec__", None), "name", "")
    return "_pytest.main" in sys.modules or name in ("unittest.__main__", "nose2.__main__")


class Recording:
    """The recorder of this process: where lines go, and how much of what is kept."""

    _rendering: Rendering

    def __init__(self) -> None:
        self.statistics = Statistics()
        self.off = False
        self.commit = ""
        self.clock: Callable[[], int] | None = None
        self.share: float | None = None
        self.redact: Callable[[str], str] | None = None
        self._lines = Lines(self.statistics)
        self._counting = Counting(self._lines)
        self._wall = _wall
        self._preparing = allocate_lock()
        self._said = False
        self._begun = False

    # Beginning

    def configure(
        self,
        sink: Sink | None,
        commit: str | None,
        sample: float | None,
        redact: Callable[[str], str] | None,
        clock: Callable[[], int] | None,
        enabled: bool,
    ) -> None:
        """See `recorder.configure`. What is None stays as it was."""
        lines, counting = self._lines, self._counting
        self.flush()
        if lines.sink is not None and sink is not None:
            lines.sink.close()
        lines.sink = sink or lines.sink
        self.commit = commit or self.commit
        self.clock = clock or self.clock
        self._wall = counting.wall = self.clock or _wall
        self.share = self.share if sample is None else sample
        self.redact = redact or self.redact
        if self._begun:
            self._render()
        for entry in counting.entries:
            entry.begin_anew()
        counting.entries = []
        self.off = not enabled
        self.statistics.reason = "" if enabled else "switched off by configure(enabled=False)"

    def _render(self) -> None:
        from gitops_healer.recorder.rendering import Rendering

        self._rendering = Rendering(self.redact)
        self._lines.encode = self._rendering.encode

    def _begin(self) -> None:
        """Once, at the first call."""
        import atexit

        self._render()
        self._lines.begin_anew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forked)
        atexit.register(self.close)
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            _close_at_end(self)
        self._begun = True

    def forked(self) -> None:
        """In a child process: what waits is the parent's, who will write it."""
        self._preparing = allocate_lock()
        self._lines.begin_anew()
        self._counting.forked()
        if self._lines.sink is not None:
            self._lines.sink.forked()
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.register_after_fork(self, _close_at_end)

    def _prepare(self, entry: Entry) -> bool:
        """Once for each tool, at its first call. False when nothing can be recorded, or not yet."""
        lock = self._preparing
        if not lock.acquire(False) and (is_interrupted(Recording._prepare) or not lock.acquire(True, PREPARE_SECONDS)):
            return False
        try:
            return bool(entry.head) or self._prepared(entry)
        finally:
            lock.release()

    def _prepared(self, entry: Entry) -> bool:
        """What every line of a tool begins with."""
        from gitops_healer.recorder.revision import blob_of, common_directory, from_environment, git_directory, head_of

        if not self._begun:
            self._begin()
        found = git_directory(entry.file)
        if self._lines.sink is None:
            if found is None:
                self._nowhere(entry)
                return False
            if is_test_run():
                self.off = True
                self.statistics.reason = "a test run is not recorded unless it calls recorder.configure(directory=...)"
                return False
            from gitops_healer.recorder.spool import Spool

            self._lines.sink = Spool(os.path.join(common_directory(found[1]), "gitops-healer", "spool"))
        head = head_of(found[1]) if found else ""
        commit = self.commit or from_environment() or head or blob_of(entry.file)
        rendering = self._rendering
        told = f',"commit":{rendering.encode(commit)}' if commit else ""
        share = self.share if entry.share is None else entry.share
        entry.always = share is not None and share >= 1
        entry.root = found[0] + os.sep if found else ""
        entry.secret = frozenset(i for i, name in enumerate(entry.names) if rendering.names(name))
        self._counting.entries.append(entry)
        entry.head = f'","tool":{rendering.encode(entry.tool)}{told},"ts":"'
        return True

    def _nowhere(self, entry: Entry) -> None:
        self.off = True
        self.statistics.reason = (
            f"{entry.file} lies in no git repository, and no sink is configured: call "
            "gitops_healer.recorder.configure(directory=...)"
        )

    # One call

    def begins(self, entry: Entry, started: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Inputs | None:
        """Before a call that takes the long way: its inputs as they are now, None when it is only to be counted."""
        try:
            if started >= entry.count_due and not self._looks_about(entry, started):
                return None
            wanted = entry.always or self._plan(entry, started)
            if entry.careful:
                entry.careful -= 1
            elif not wanted:
                return None
            return self._rendering.inputs(entry, args, kwargs), self._wall(), wanted
        except Exception as error:
            self._stumbled(error)
            return None

    def _looks_about(self, entry: Entry, started: int) -> bool:
        """A few times a second of a busy tool: which minute it is, and whether counts are to be written. False when
        nothing can be recorded."""
        if not entry.head and not self._prepare(entry):
            return False
        entry.count_due = started + SAMPLE_EVERY if self.clock is None else 0
        self._counting.begin_minute(entry)
        self._counting.write(False)
        return True

    def _plan(self, entry: Entry, started: int) -> bool:
        """Whether a success of this call is written down, and when the next call has to ask."""
        mixed = started * 2654435761 >> 16 & 0xFFFF
        share = self.share if entry.share is None else entry.share
        if share is not None:
            entry.due = 0 if entry.careful or self.clock is not None or share > 0 else started + SAMPLE_EVERY
            return mixed < share * 0x10000
        now = started if self.clock is None else self.clock()
        if entry.first > 0:
            entry.first, entry.due = entry.first - 1, 0
            return True
        wanted = now >= entry.sample
        if wanted:
            entry.sample = now + SAMPLE_EVERY // 2 + SAMPLE_EVERY * mixed // 0xFFFF
        entry.due = 0 if self.clock is not None or entry.careful else entry.sample
        return wanted

    def succeeded(self, entry: Entry, inputs: Inputs, duration: int, result: Any) -> None:
        """After a call whose inputs were looked at."""
        try:
            given, began, wanted = inputs
            if wanted:
                rendering = self._rendering
                told = rendering.success(given, result)
                if self._lines.event(entry, began, duration, True, rendering.caller(entry), told):
                    return
        except Exception as error:
            self._stumbled(error)
        entry.done.append(duration)

    def raised(
        self,
        entry: Entry,
        inputs: Inputs | None,
        duration: int,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        error: BaseException,
    ) -> None:
        """After a call that raised. inputs: as they were before, None when nobody looked."""
        try:
            if type(error).__name__ in INTERRUPTIONS:
                entry.interrupted.append(duration)
                return
            if (entry.head or self._prepare(entry)) and self._affordable(entry):
                given, began, _ = inputs or self._late_inputs(entry, duration, args, kwargs)
                rendering = self._rendering
                told = rendering.failure(entry, given, error)
                if self._lines.event(entry, began, duration, False, rendering.caller(entry), told):
                    return
        except Exception as problem:
            self._stumbled(problem)
        entry.failed.append(duration)

    def _late_inputs(self, entry: Entry, duration: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Inputs:
        """Inputs of a call that nobody had looked at; after it, those of the next calls are looked at beforehand."""
        text, why, unseen = self._rendering.inputs(entry, args, kwargs)
        if not _all_fixed(map(type, args[entry.skip :])) or not _all_fixed(map(type, kwargs.values())):
            entry.careful, entry.due = CAREFUL, 0
            why = why or "looked at after the call, which may have changed them"
        return (text, why, unseen), self._wall() - duration, True

    def _affordable(self, entry: Entry) -> bool:
        second = self._wall() // 1_000_000_000
        if second != entry.budget_from:
            entry.budget_from, entry.budget = second, FAILURES_A_SECOND
        entry.budget -= 1
        return entry.budget >= 0

    # Trouble and ending

    def flush(self) -> None:
        """Write what was counted so far."""
        if self._lines.sink is not None:
            self._counting.write(True)

    def _stumbled(self, error: Exception) -> None:
        """A bug of the recorder, or a very strange program: after some of them it switches itself off."""
        self.statistics.errors += 1
        if self.statistics.errors < MAX_ERRORS or self._said:
            return
        self.off = self._said = True
        self.statistics.reason = f"switched off after {MAX_ERRORS} errors, the last: {type(error).__name__}"
        try:
            sys.stderr.write(f"gitops_healer.recorder switched itself off: {type(error).__name__}: {error!s:.200}\n")
        except Exception:
            self.statistics.errors += 1

    def close(self) -> None:
        """At exit: what was counted and not written yet."""
        try:
            self.flush()
            if self._lines.sink is not None:
                self._lines.sink.close()
        except Exception as error:
            self._stumbled(error)


def _close_at_end(recording: Recording) -> None:
    """Children of multiprocessing end without `atexit`."""
    from multiprocessing.util import Finalize

    Finalize(None, recording.close, exitpriority=0)


RECORDING = Recording()
