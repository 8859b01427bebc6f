"""What happens around a call: counted always, written down when it fails or is sampled. Never in the program's way."""

import os
import sys
import time
from itertools import count as _numbers
from _thread import allocate_lock

WRITE_EVERY = 10_000_000_000
"""Nanoseconds between two writes of counts."""
SAMPLE_EVERY = 200_000_000
"""Nanoseconds between two recorded successes of one tool, on average."""
NEVER = 1 << 62
FAILURES_A_SECOND = 50
EVENT_BYTES = 64 * 1024
FRAMES = 50
MESSAGE = 2000
MAX_ERRORS = 20
_wall, _monotonic = time.time_ns, time.monotonic_ns
INTERRUPTIONS = ("KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError")


class Statistics:
    """What became of calls. events: written down; counted: only counted; dropped: events that could not be written or
    were too large; errors: failures of the recorder itself; reason: why nothing is recorded, "" when it is."""

    __slots__ = ("counted", "dropped", "errors", "events", "reason")

    def __init__(self):
        self.events = self.counted = self.dropped = self.errors = 0
        self.reason = ""

    def __repr__(self):
        return f"Statistics({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class Entry:
    """One tool in one process. done: nanoseconds of calls that are not counted yet; failed: the same of failed calls
    without an event; due: moment (of `perf_counter_ns`) from which on a call has to take the long way."""

    def __init__(self, tool, file, names, skip, unreplayable, every):
        self.tool = tool
        self.file = file
        self.names = names
        self.skip = skip
        self.unreplayable = unreplayable
        self.every = every
        self.done = []
        self.failed = []
        self.interrupted = []
        self.due = 0
        self.minute = 0
        self.counts = {}
        self.dropped = 0
        self.budget = FAILURES_A_SECOND
        self.budget_from = 0
        self.careful = 0
        self.prefix = None
        self.secret = frozenset()

    def is_secret(self, position):
        """Whether a positional argument is one that must not be recorded."""
        return position in self.secret


class Recording:
    """The recorder of this process: where lines go, and how much of what is kept."""

    def __init__(self):
        self.statistics = Statistics()
        self.entries = []
        self.off = False
        self.sink = None
        self.commit = ""
        self.clock = None
        self.every = SAMPLE_EVERY
        self.share = None
        self.redact = None
        self.root = ""
        self.service = ""
        self._lock = allocate_lock()
        self._written = 0
        self._second = (0, "")
        self._id = ""
        self._next = _numbers().__next__
        self._encode = None
        self._names = None
        self._said = False
        self._begun = False

    # Beginning

    def configure(self, sink, commit, sample, redact, clock, enabled):
        """See `recorder.configure`. What is None stays as it was."""
        if self.sink is not None and sink is not None:
            self.close()
        self.sink = sink or self.sink
        self.commit = commit or self.commit
        self.clock = clock or self.clock
        self.off = not enabled
        self.statistics.reason = "" if enabled else "switched off by configure(enabled=False)"
        if sample is not None:
            self.every = 0 if sample >= 1 else NEVER if sample <= 0 else self.every
            self.share = sample
        if redact is not None:
            from gitops_healer.recorder.redaction import redacted

            self.redact = lambda text: redact(redacted(text))
        for entry in self.entries:
            entry.prefix, entry.due = None, 0
        self.entries = []

    def begin(self):
        """Once, at the first call that has to be written down."""
        import atexit

        from gitops_healer.recorder import encoding, redaction

        self._begun = True
        self._encode = encoding.json_encoder()
        self._names = redaction.Names()
        self._walk, self._is_plain = encoding.Walk, encoding.is_plain
        self._is_suspect, self._redacted = redaction.is_suspect, redaction.redacted
        self._id = os.urandom(6).hex()
        os.register_at_fork(after_in_child=self.forked)
        atexit.register(self.close)

    def forked(self):
        """In a child process: what waits is the parent's, who will write it."""
        self._id = os.urandom(6).hex()
        self._lock = allocate_lock()
        for entry in self.entries:
            entry.done.clear()
            entry.failed.clear()
            entry.interrupted.clear()
            entry.counts = {}
            entry.due = 0
        if self.sink is not None:
            self.sink.forked()

    def sink_of(self, entry):
        """The configured sink, else files beside the git directory that the tool's source lies in, else None."""
        if self.sink is None:
            from gitops_healer.recorder.revision import common_directory, git_directory
            from gitops_healer.recorder.spool import Spool

            found = git_directory(entry.file)
            if found is None:
                self.off = True
                self.statistics.reason = (
                    f"{entry.file} lies in no git repository, and no sink is configured: call "
                    "gitops_healer.recorder.configure(directory=...)"
                )
                return None
            self.sink = Spool(os.path.join(common_directory(found[1]), "gitops-healer", "spool"))
        return self.sink

    def revision_of(self, entry):
        from gitops_healer.recorder.revision import blob_of, from_environment, git_directory, head_of

        if self.commit or (named := from_environment()):
            return self.commit or named
        found = git_directory(entry.file)
        return (found and head_of(found[1])) or blob_of(entry.file) or ""

    def prepare(self, entry):
        """What every line of a tool begins with."""
        from gitops_healer.recorder.revision import git_directory

        if not self._begun:
            self.begin()
        if self.sink_of(entry) is None:
            return False
        found = git_directory(entry.file)
        self.root = self.root or (found[0] + os.sep if found else "")
        commit = self.revision_of(entry)
        told = f',"commit":{self._encode(commit)}' if commit else ""
        entry.prefix = f'"tool":{self._encode(entry.tool)}{told}'
        entry.secret = frozenset(i for i, name in enumerate(entry.names) if self._names(name))
        self.entries.append(entry)
        return True

    # One call

    def begins(self, entry, started, args, kwargs):
        """Before a call that has to take the long way. Returns its inputs as they are now when it is to be written
        down, else None."""
        try:
            if entry.prefix is None and not self.prepare(entry):
                return None
            if entry.done or entry.failed or entry.interrupted:
                self.count(entry)
            wall = (self.clock or _wall)()
            entry.minute = wall // 60_000_000_000
            wanted = entry.every if entry.every is not None else self.every
            jitter = started * 2654435761 & 0xFFFF
            entry.due = 0 if self.clock is not None or wanted == 0 else started + wanted // 2 + wanted * jitter // 0xFFFF
            return (*self.inputs(entry, args, kwargs), wall)
        except Exception as error:
            self.stumbled(error)
            return None

    def succeeded(self, entry, inputs, duration, result):
        """After a call that was chosen to be written down."""
        try:
            self.event(entry, inputs, duration, True, self.result(result))
            self.write_counts(False)
        except Exception as error:
            entry.done.append(duration)
            self.stumbled(error)

    def raised(self, entry, inputs, duration, args, kwargs, error):
        """After a call that raised. inputs: as they were before, None when nobody looked."""
        try:
            if entry.prefix is None and not self.prepare(entry):
                return
            entry.careful = 1000
            if type(error).__name__ in INTERRUPTIONS:
                entry.interrupted.append(duration)
            elif not self._affordable(entry):
                entry.failed.append(duration)
            else:
                late = inputs is None
                if late:
                    inputs = (*self.inputs(entry, args, kwargs), self.wall() - duration)
                self.event(entry, inputs, duration, False, self.failure(error, late))
            self.write_counts(False)
        except Exception as problem:
            self.stumbled(problem)

    def _affordable(self, entry):
        second = self.wall() // 1_000_000_000
        if second != entry.budget_from:
            entry.budget_from, entry.budget = second, FAILURES_A_SECOND
        entry.budget -= 1
        return entry.budget >= 0

    # Writing down

    def inputs(self, entry, args, kwargs):
        """`"args":...,"kwargs":...` of a call as JSON, and why they cannot be replayed."""
        given = list(args[entry.skip :] if entry.skip else args)
        names = self._names
        if self.redact is None and not entry.secret and self._is_plain(given, names.safe, names):
            if not kwargs or self._is_plain(kwargs, names.safe, names):
                try:
                    text = f'"args":{self._encode(given)}'
                    if kwargs:
                        text += f',"kwargs":{self._encode(kwargs)}'
                    if len(text) < EVENT_BYTES and not self._is_suspect(text):
                        return text, entry.unreplayable
                except ValueError:  # not a number, infinite, or longer than can be printed
                    pass
        walk = self._walk(names, self.redact or self._redacted)
        shown = [walk.encode(arg, 1, entry.is_secret(i)) for i, arg in enumerate(given)]
        text = f'"args":{self._encode(shown)}'
        if kwargs:
            found = {name: walk.encode(value, 1, names(name)) for name, value in kwargs.items()}
            text += f',"kwargs":{self._encode(found)}'
        return text, entry.unreplayable or walk.why

    def result(self, value):
        """`"result":...`, with what has no encoding shown by its class."""
        if self.redact is None and self._is_plain(value, self._names.safe, self._names):
            try:
                text = f'"result":{self._encode(value)}'
                if len(text) < EVENT_BYTES and not self._is_suspect(text):
                    return text
            except ValueError:
                pass
        return f'"result":{self._encode(self._walk(self._names, self.redact or self._redacted).encode(value, 1))}'

    def failure(self, error, late):
        """`"error":{...}`: type, message, and frames with paths from the top of the repository."""
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ in ("builtins", "exceptions") else f"{kind.__module__}.{kind.__qualname__}"
        try:
            message = str(error)[:MESSAGE]
        except Exception:
            message = ""
        frames, trace, root = [], error.__traceback__, self.root
        trace = trace.tb_next if trace is not None else None  # the first frame is the recorder's own
        while trace is not None:
            code = trace.tb_frame.f_code
            file = code.co_filename
            file = file[len(root) :] if root and file.startswith(root) else file
            frames.append([file, trace.tb_lineno or 0, code.co_name])
            trace = trace.tb_next
        told = {"type": name, "message": (self.redact or self._redacted)(message), "frames": frames[-FRAMES:]}
        return f'"error":{self._encode(told)}' + (',"inputs":"after"' if late else "")

    def event(self, entry, inputs, duration, ok, rest):
        """One line, one write."""
        text, why, began = inputs
        told = f',"unreplayable":{self._encode(why)}' if why else ""
        head = (
            f'{{"v":1,"id":"{self._id}-{self._next():x}",{entry.prefix},"ts":"{self.moment(began)}",'
            f'"ok":{"true" if ok else "false"},"duration_ms":{duration / 1e6:.6g}'
        )
        line = f"{head}{told},{text},{rest}}}\n"
        if len(line) > EVENT_BYTES:
            kept = rest if not ok and len(rest) < EVENT_BYTES // 2 else '"result":{"$type":"cut","class":"str"}'
            line = f'{head},"unreplayable":"too large",{kept}}}\n'
        try:
            self.sink.write(line.encode())
            self.statistics.events += 1
        except OSError as error:
            self.refused(entry, error)
            (entry.done if ok else entry.failed).append(duration)

    def wall(self):
        return (self.clock or _wall)()

    def moment(self, nanoseconds):
        """RFC 3339 in UTC, with microseconds; the second is spelled once."""
        second, rest = divmod(nanoseconds, 1_000_000_000)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{rest // 1000:06d}Z"

    # Counting

    def count(self, entry):
        """Move what waits into the counts of the minute in which the last of it was let through."""
        for calls, column in ((entry.done, "ok"), (entry.failed, "failed"), (entry.interrupted, "interrupted")):
            if calls:
                taken = calls[:]  # others may append meanwhile, at the end
                del calls[: len(taken)]
                self._count(entry, taken, column)

    def _count(self, entry, taken, column):
        counts = entry.counts.get(entry.minute)
        if counts is None:
            counts = entry.counts[entry.minute] = ({"ok": 0, "failed": 0, "interrupted": 0}, {})
        counts[0][column] += len(taken)
        latency = counts[1]
        for duration in taken:
            bits = duration.bit_length()
            bucket = bits << 3 | duration >> bits - 4 & 7 if bits > 4 else 40
            latency[bucket] = latency.get(bucket, 0) + 1
        self.statistics.counted += len(taken)

    def write_counts(self, now):
        """Every ten seconds, or at once. Nobody waits: when another thread is at it, it is done."""
        moment = _monotonic()
        if not now and moment - self._written < WRITE_EVERY:
            return
        if not self._lock.acquire(now):
            return
        try:
            self._written = moment
            for entry in list(self.entries):
                self.count(entry)
                self._write_counts(entry)
        finally:
            self._lock.release()

    def _write_counts(self, entry):
        while entry.counts or entry.dropped:
            minute, (counts, latency) = entry.counts.popitem() if entry.counts else (self.wall() // 60_000_000_000, ({}, {}))
            dropped, entry.dropped = entry.dropped, 0
            told = f',"dropped":{dropped}' if dropped else ""
            shown = {name: number for name, number in counts.items() if number}
            line = (
                f'{{"v":1,"id":"{self._id}-{self._next():x}",{entry.prefix},"ts":"{self.moment(minute * 60_000_000_000)}",'
                f'"counts":{self._encode(shown)},"latency":{self._encode(latency)}{told}}}\n'
            )
            try:
                self.sink.write(line.encode())
            except OSError as error:
                entry.counts[minute] = (counts, latency)
                entry.dropped += dropped
                self.refused(entry, error, 0)
                return

    # Trouble

    def refused(self, entry, error, events=1):
        """The sink did not take a line. It is counted, and told when the sink takes lines again."""
        entry.dropped += events
        self.statistics.dropped += events
        self.statistics.reason = str(error)

    def stumbled(self, error):
        """A bug of the recorder, or a program that is very strange: after some of them it switches itself off."""
        self.statistics.errors += 1
        if self.statistics.errors >= MAX_ERRORS and not self.off:
            self.off = True
            self.statistics.reason = f"switched off after {MAX_ERRORS} errors, the last: {type(error).__name__}"
            self._say(f"gitops_healer.recorder switched itself off: {type(error).__name__}: {error!s:.200}\n")

    def _say(self, text):
        if not self._said and sys.stderr is not None:
            self._said = True
            try:
                sys.stderr.write(text)
            except Exception:
                self._said = True

    def close(self):
        """At exit: what was counted and not written yet."""
        try:
            if self.sink is not None:
                self.write_counts(True)
                self.sink.close()
        except Exception as error:
            self.stumbled(error)


RECORDING = Recording()
