"""What happens around a call: counted always, written down when it fails or is sampled. Never in the program's way.

The quick way of a call that is only counted lies in `wrapping`: one comparison and one append. Everything else is here.
"""

# pathlib takes longer to import than all of this
# ruff: noqa: PTH118

from __future__ import annotations

import os
import sys
import time
from _thread import allocate_lock, get_ident
from itertools import count as _numbers

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from gitops_healer.recorder.redaction import Names

    class Sink(Protocol):
        """Where lines go. write: whole lines; raises OSError when they were not taken; never waits."""

        def write(self, data: bytes) -> None: ...

        def forked(self) -> None: ...

        def close(self) -> None: ...

    Inputs = tuple[str, str, int, bool]  # JSON text, why it cannot be replayed, when, whether a success is written down


WRITE_EVERY = 10_000_000_000
"""Nanoseconds between two writes of counts."""
SAMPLE_EVERY = 200_000_000
"""Nanoseconds between two recorded successes of one tool, on average."""
LOCK_SECONDS = 1.0
"""How long `flush` waits for another thread that is counting."""
FAILURES_A_SECOND = 50
CAREFUL = 200
"""Calls after a failure whose changeable arguments are written down before the call, since it may change them."""
EVENT_BYTES = 64 * 1024
FRAMES = 50
MESSAGE = 2000
MAX_ERRORS = 20
INTERRUPTIONS = frozenset({"KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError"})
_wall, _monotonic = time.time_ns, time.monotonic_ns
_FIXED = (str, int, float, bool, bytes, type(None))


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
    share: of successes that are written down, None for the usual; owned: it is called on an object; done, failed,
    interrupted: durations in nanoseconds of calls that are not counted yet; due: moment of `perf_counter_ns` from which
    on a call takes the long way; minute: in which calls that wait were let through; sample: moment from which on the
    next success is written down; careful: calls whose inputs are looked at beforehand in any case.
    """

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
        self.prefix = ""
        self.root = ""
        self.secret: frozenset[int] = frozenset()
        self.done: list[int] = []
        self.failed: list[int] = []
        self.interrupted: list[int] = []
        self.counts: dict[int, tuple[dict[str, int], dict[int, int]]] = {}
        self.due = 0
        self.minute = 0
        self.dropped = 0
        self.budget = FAILURES_A_SECOND
        self.budget_from = 0
        self.careful = 0
        self.sample = 0
        self.count_due = 0

    def forget(self) -> None:
        """What waits is somebody else's to write."""
        self.done.clear()
        self.failed.clear()
        self.interrupted.clear()
        self.counts = {}
        self.due = self.dropped = 0


class Recording:
    """The recorder of this process: where lines go, and how much of what is kept."""

    _encode: Callable[[Any], str]
    _names: Names
    _walk: type[Any]
    _is_plain: Callable[..., bool]
    _is_suspect: Callable[[str], bool]
    _redacted: Callable[[str], str]

    def __init__(self) -> None:
        self.statistics = Statistics()
        self.entries: list[Entry] = []
        self.off = False
        self.sink: Sink | None = None
        self.commit = ""
        self.clock: Callable[[], int] | None = None
        self.share: float | None = None
        self.redact: Callable[[str], str] | None = None
        self._lock = allocate_lock()
        self._holder = 0
        self._written = 0
        self._second = (0, "")
        self._id = ""
        self._next = _numbers().__next__
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
        if self.sink is not None:
            self.write_counts(True)
            if sink is not None:
                self.sink.close()
        self.sink = sink or self.sink
        self.commit = commit or self.commit
        self.clock = clock or self.clock
        self.share = self.share if sample is None else sample
        if redact is not None:
            from gitops_healer.recorder.redaction import redacted

            self.redact = lambda text: redact(redacted(text))
        for entry in self.entries:
            entry.prefix, entry.due, entry.sample, entry.count_due = "", 0, 0, 0
        self.entries = []
        self.off = not enabled
        self.statistics.reason = "" if enabled else "switched off by configure(enabled=False)"

    def _begin(self) -> None:
        """Once, at the first call."""
        import atexit

        from gitops_healer.recorder import encoding, redaction

        self._encode = encoding.json_encoder()
        self._names = redaction.Names()
        self._walk, self._is_plain = encoding.Walk, encoding.is_plain
        self._is_suspect, self._redacted = redaction.is_suspect, redaction.redacted
        self._id = os.urandom(6).hex()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forked)
        atexit.register(self.close)
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            _close_at_end(self)
        self._begun = True

    def forked(self) -> None:
        """In a child process: what waits is the parent's, who will write it."""
        self._id = os.urandom(6).hex()
        self._lock, self._holder = allocate_lock(), 0
        for entry in self.entries:
            entry.forget()
        if self.sink is not None:
            self.sink.forked()
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.register_after_fork(self, _close_at_end)

    def _prepare(self, entry: Entry) -> bool:
        """What every line of a tool begins with. False when nothing can be recorded."""
        from gitops_healer.recorder.revision import blob_of, common_directory, from_environment, git_directory, head_of

        if not self._begun:
            self._begin()
        found = git_directory(entry.file)
        if self.sink is None:
            if found is None:
                self._nowhere(entry)
                return False
            from gitops_healer.recorder.spool import Spool

            self.sink = Spool(os.path.join(common_directory(found[1]), "gitops-healer", "spool"))
        head = head_of(found[1]) if found else ""
        commit = self.commit or from_environment() or head or blob_of(entry.file)
        told = f',"commit":{self._encode(commit)}' if commit else ""
        entry.root = found[0] + os.sep if found else ""
        entry.secret = frozenset(i for i, name in enumerate(entry.names) if self._names(name))
        entry.prefix = f'"tool":{self._encode(entry.tool)}{told}'
        self.entries.append(entry)
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
            if not entry.prefix and not self._prepare(entry):
                return None
            share = self.share if entry.share is None else entry.share
            wanted = self._plan(entry, started, share)
            if not wanted and not entry.careful and started < entry.count_due and self.clock is None:
                return None
            self._count_waiting(entry)
            entry.count_due = started + SAMPLE_EVERY
            wall = (self.clock or _wall)()
            entry.minute = wall // 60_000_000_000
            if not wanted and not entry.careful:
                self.write_counts(False)
                return None
            entry.careful -= entry.careful > 0
            return (*self._inputs(entry, args, kwargs), wall, wanted)
        except Exception as error:
            self._stumbled(error)
            return None

    def _plan(self, entry: Entry, started: int, share: float | None) -> bool:
        """Whether a success of this call is written down, and when the next call has to ask."""
        mixed = started * 2654435761 >> 16 & 0xFFFF
        if share is not None:
            entry.due = 0 if entry.careful or self.clock is not None or share > 0 else started + SAMPLE_EVERY
            return share >= 1 or mixed < share * 0x10000
        now = started if self.clock is None else self.clock()
        wanted = now >= entry.sample
        if wanted:
            entry.sample = now + SAMPLE_EVERY // 2 + SAMPLE_EVERY * mixed // 0xFFFF
        entry.due = 0 if self.clock is not None or entry.careful else entry.sample
        return wanted

    def succeeded(self, entry: Entry, inputs: Inputs, duration: int, result: Any) -> None:
        """After a call whose inputs were looked at."""
        try:
            if inputs[3]:
                self._event(entry, inputs, duration, True, self._result(result))
            else:
                entry.done.append(duration)
            self.write_counts(False)
        except Exception as error:
            entry.done.append(duration)
            self._stumbled(error)

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
            if not entry.prefix and not self._prepare(entry):
                return
            if type(error).__name__ in INTERRUPTIONS:
                entry.interrupted.append(duration)
            elif not self._affordable(entry):
                entry.failed.append(duration)
            else:
                late = inputs is None and not all(
                    type(arg) in _FIXED for arg in (*args[entry.skip :], *kwargs.values())
                )
                if late:
                    entry.careful, entry.due = CAREFUL, 0
                if inputs is None:
                    text, why = self._inputs(entry, args, kwargs)
                    why = why or ("looked at after the call, which may have changed them" if late else "")
                    inputs = (text, why, (self.clock or _wall)() - duration, True)
                self._event(entry, inputs, duration, False, self._failure(entry, error))
            self.write_counts(False)
        except Exception as problem:
            entry.failed.append(duration)
            self._stumbled(problem)

    def _affordable(self, entry: Entry) -> bool:
        second = (self.clock or _wall)() // 1_000_000_000
        if second != entry.budget_from:
            entry.budget_from, entry.budget = second, FAILURES_A_SECOND
        entry.budget -= 1
        return entry.budget >= 0

    # Writing down

    def _inputs(self, entry: Entry, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, str]:
        """`"args":...,"kwargs":...` of a call, and why they cannot be replayed."""
        given = list(args[entry.skip :] if entry.skip else args)
        why = entry.unreplayable
        if entry.owned and not why and not _is_stateless(args):
            why = "it belongs to an object that is not recorded"
        if not entry.secret and (text := self._plain_text(given, kwargs)):
            return text, why
        names = self._names
        walk = self._walk(names, self.redact or self._redacted)
        text = f'"args":{self._encode([walk.encode(arg, 1, i in entry.secret) for i, arg in enumerate(given)])}'
        if kwargs:
            shown = {walk.encode(key): walk.encode(item, 1, names(key)) for key, item in kwargs.items()}
            text += f',"kwargs":{self._encode(shown)}'
        return text, why or walk.why

    def _plain_text(self, given: list[Any], kwargs: Mapping[str, Any]) -> str:
        """The same for what is JSON as it stands and holds nothing that must not be recorded, else ""."""
        names = self._names
        if self.redact is not None or not self._is_plain(given, names.safe, names):
            return ""
        if kwargs and not self._is_plain(kwargs, names.safe, names):
            return ""
        try:
            text = f'"args":{self._encode(given)}'
            if kwargs:
                text += f',"kwargs":{self._encode(kwargs)}'
        except (ValueError, RecursionError):  # not a number, infinite, or longer than can be printed
            return ""
        return text if len(text) < EVENT_BYTES and not self._is_suspect(text) else ""

    def _result(self, value: Any) -> str:
        """`"result":...`; what has no encoding is shown by its class."""
        if self.redact is None and self._is_plain(value, self._names.safe, self._names):
            try:
                text = f'"result":{self._encode(value)}'
                if len(text) < EVENT_BYTES and not self._is_suspect(text):
                    return text
            except (ValueError, RecursionError):
                pass
        walk = self._walk(self._names, self.redact or self._redacted)
        return f'"result":{self._encode(walk.encode(value, 1))}'

    def _failure(self, entry: Entry, error: BaseException) -> str:
        """`"error":{...}`: type, message, and frames with paths from the top of the repository."""
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        try:
            message = str(error)[:MESSAGE]
        except Exception:
            message = ""
        frames, trace, root = [], error.__traceback__, entry.root
        trace = trace.tb_next if trace is not None else None  # the first frame is the recorder's own
        while trace is not None:
            code = trace.tb_frame.f_code
            file = code.co_filename
            file = file[len(root) :] if root and file.startswith(root) else file
            frames.append([file, trace.tb_lineno or 0, code.co_name])
            trace = trace.tb_next
        told = {"type": name, "message": (self.redact or self._redacted)(message), "frames": frames[-FRAMES:]}
        return f'"error":{self._encode(told)}'

    def _event(self, entry: Entry, inputs: Inputs, duration: int, ok: bool, rest: str) -> None:
        """One line, one write."""
        text, why, began, _ = inputs
        head = (
            f'{{"v":1,"id":"{self._id}-{self._next():x}",{entry.prefix},"ts":"{self._moment(began)}",'
            f'"ok":{"true" if ok else "false"},"duration_ms":{duration / 1e6:.6g}'
        )
        told = f',"unreplayable":{self._encode(why)}' if why else ""
        line = f"{head}{told},{text},{rest}}}\n"
        if len(line) > EVENT_BYTES:
            kept = f",{rest}" if len(rest) < EVENT_BYTES // 2 else ""
            line = f'{head},"unreplayable":"too large"{kept}}}\n'
        assert self.sink is not None
        try:
            self.sink.write(line.encode())
            self.statistics.events += 1
        except OSError as error:
            self._refused(entry, error, 1)
            (entry.done if ok else entry.failed).append(duration)

    def _moment(self, nanoseconds: int) -> str:
        """RFC 3339 in UTC, with microseconds; a second is spelled once."""
        second, rest = divmod(nanoseconds, 1_000_000_000)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{rest // 1000:06d}Z"

    # Counting

    def _count_waiting(self, entry: Entry) -> None:
        """Nobody waits: when another thread is counting, it is done by a later call."""
        if (entry.done or entry.failed or entry.interrupted) and self._lock.acquire(False):
            try:
                self._count(entry)
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
        minute = entry.minute or (self.clock or _wall)() // 60_000_000_000
        counts = entry.counts.setdefault(minute, ({}, {}))
        counts[0][column] = counts[0].get(column, 0) + len(taken)
        self.statistics.counted += len(taken)
        if column == "interrupted":
            return
        latency = counts[1]
        for duration in taken:
            bits = duration.bit_length()
            bucket = bits << 3 | duration >> bits - 4 & 7 if bits > 4 else 40
            latency[bucket] = latency.get(bucket, 0) + 1

    def write_counts(self, now: bool) -> None:
        """Every ten seconds, or at once. Nobody waits: when another thread is at it, it is done."""
        moment = _monotonic()
        if not now and moment - self._written < WRITE_EVERY:
            return
        own = self._holder == get_ident()  # a signal handler has interrupted this very function
        if own or not (self._lock.acquire(True, LOCK_SECONDS) if now else self._lock.acquire(False)):
            return
        try:
            self._holder = get_ident()
            self._written = moment
            for entry in list(self.entries):
                self._count(entry)
                self._write_counts(entry)
        finally:
            self._holder = 0
            self._lock.release()

    def _write_counts(self, entry: Entry) -> None:
        while entry.counts:
            minute, (counts, latency) = entry.counts.popitem()
            dropped, entry.dropped = entry.dropped, 0
            told = f',"dropped":{dropped}' if dropped else ""
            moment = self._moment(minute * 60_000_000_000)
            line = (
                f'{{"v":1,"id":"{self._id}-{self._next():x}",{entry.prefix},"ts":"{moment}"'
                f',"counts":{self._encode(counts)},"latency":{self._encode(latency)}{told}}}\n'
            )
            assert self.sink is not None
            try:
                self.sink.write(line.encode())
            except OSError as error:
                entry.counts[minute] = (counts, latency)
                entry.dropped += dropped
                self._refused(entry, error, 0)
                return

    # Trouble

    def _refused(self, entry: Entry, error: OSError, events: int) -> None:
        """The sink did not take a line. It is counted, and told when the sink takes lines again."""
        entry.dropped += events
        self.statistics.dropped += events
        self.statistics.reason = str(error)

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
            if self.sink is not None:
                self.write_counts(True)
                self.sink.close()
        except Exception as error:
            self._stumbled(error)


def _close_at_end(recording: Recording) -> None:
    """Children of multiprocessing end without `atexit`."""
    from multiprocessing.util import Finalize

    Finalize(None, recording.close, exitpriority=0)


def _is_stateless(args: tuple[Any, ...]) -> bool:
    """Whether the object of a method has no attributes of its own, so that one made anew is as good."""
    owner = args[0] if args else None
    looks_up: Any = type(owner).__getattribute__
    if looks_up is not object.__getattribute__:
        return False
    try:
        return not object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return False


RECORDING = Recording()
