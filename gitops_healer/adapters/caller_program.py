"""Calls one function again and again. Runs inside the sandbox: standard library only, on any Python from 3.8.

Three kinds of processes: the supervisor never imports candidate code and is the only one that writes to stdout; the
importer imports the module once; each call is a fork of it, so that state does not leak and a crash costs one input.
A call answers through a pipe of its own, which the importer hands to the supervisor: it has no way to another call's.
The supervisor puts files back, ends what a call left running, and starts a new importer when a call took it along.

stdin: the job, then a call a line, both JSON; its end ends everything. stdout: one JSON object for the job (is it
imported?) and one a call, in order, each with the nonce that it was asked with. Job: `module`, `qualname`, `file`,
`roots`, `seconds` of a call, `import_seconds`, and with `watch` true also `mocks`, `forbidden`, `traced`. Call: `args`,
`kwargs` (JSON texts), `nonce`, and with watch `seed` and `at`. Answer: `ok`, `value`, `detail`, `type`, `frames`,
`seconds`, and with watch `deliberate`, `arguments`, `printed`, `effects`, `lines`, and `last` when files could not be
put back and the program ends.
"""

from __future__ import annotations

import array
import asyncio
import base64
import datetime
import decimal
import fractions
import functools
import gc
import importlib
import inspect
import itertools
import json
import os
import pathlib
import select
import signal
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from . import call_conditions, call_mocks
from .call_making import BROKEN, made
from .call_tree import undo
from .call_values import MAX_DETAIL, UnspeakableError, canonical, repr_of, spelled
from .call_watching import Lines, State, Watch, placed
from .failures import describe, is_deliberate, message_of, relative, shortened, tree_root, type_name
from .finishing import finished

MAX_RESULT = 1024 * 1024
MAX_TOTAL = 32 * 1024 * 1024
MAX_ITEMS = 10_000
MAX_PRINTED = 64 * 1024
MAX_ANSWER = 16 * MAX_RESULT
MAX_IMPORTS = 20
GRACE_SECONDS = 5.0
_OURS = "gitops_healer"
_RECORDER = "gitops_healer.recorder"
_INSIDE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
_TOLD = ("ok", "value", "detail", "type", "frames", "seconds", "deliberate", "arguments", "effects", "lines")
_clock = time.perf_counter  # bound now: candidates patch time
_encode = json.JSONEncoder(ensure_ascii=True).encode
_sorted = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


class UncallableError(Exception):
    """The tool cannot be called with what was recorded; says why."""


def main() -> None:
    """Do the job on stdin."""
    calls = os.fdopen(os.dup(0), "rb")
    replies = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    job = json.loads(calls.readline())
    supervisor = _Supervisor(job, [calls.fileno(), replies])
    try:
        _write(replies, {**supervisor.open(), "nonce": job.get("nonce", "")})
        for line in calls:
            item = json.loads(line)
            nonce = item.pop("nonce")
            outcome = supervisor.call(item)
            _write(replies, {**outcome, "nonce": nonce})
            if outcome.get("last"):
                return
    finally:
        supervisor.close()


def _write(descriptor: int, message: dict[str, Any]) -> None:
    data = _encode(message).encode("ascii") + b"\n"
    while data:
        data = data[os.write(descriptor, data) :]


class _Lines:
    """JSON objects over a socket, one a line, and descriptors that come with them."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.buffer = b""
        self.descriptors: list[int] = []

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        data = _encode(message).encode("ascii") + b"\n"
        if descriptors:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
            data = data[self.channel.sendmsg([data], [rights]) :]
        self.channel.sendall(data)

    def fileno(self) -> int:
        return self.channel.fileno()

    def receive(self, seconds: float | None) -> dict[str, Any] | None:
        """The next object, {} when time is up, None at the end or when it is no object."""
        deadline = None if seconds is None else _clock() + seconds
        while b"\n" not in self.buffer:
            left = None if deadline is None else max(0.0, deadline - _clock())
            if not select.select([self.channel], [], [], left)[0]:
                return {}
            if len(self.buffer) > 4 * MAX_RESULT or not self._take():
                return None
        line, _, self.buffer = self.buffer.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return message if isinstance(message, dict) and message else None

    def _take(self) -> bool:
        try:
            data, rights, _, _ = self.channel.recvmsg(1 << 16, 256)
        except OSError:
            return False
        for _, _, packed in rights:
            numbers = array.array("i")
            numbers.frombytes(packed[: len(packed) - len(packed) % numbers.itemsize])
            self.descriptors += numbers
        self.buffer += data
        return bool(data)

    def taken(self) -> list[int]:
        """The descriptors that have come since; they are the caller's now."""
        found, self.descriptors = self.descriptors, []
        return found


# The supervisor


class _Supervisor:
    """Answers every call, whatever happens. hidden: descriptors that nobody else may have."""

    def __init__(self, job: dict[str, Any], hidden: list[int]) -> None:
        self.job = job
        self.hidden = hidden
        self.watches = bool(job.get("watch"))
        self.root = tree_root()
        self.launcher = os.getppid()
        self.lost: dict[str, Any] | None = None
        self.imports = 0
        self.total = 0
        self.importer = 0
        self.channel: _Lines | None = None
        self.theirs: set[int] = set()

    def open(self) -> dict[str, Any]:
        """Start an importer and wait for it. What it says: lines that ran, or the outcome of every call."""
        self.imports += 1
        ours, theirs = socket.socketpair()
        _set_dumpable(1)
        self.importer = os.fork()
        if self.importer == 0:
            try:
                for descriptor in (*self.hidden, ours.fileno()):
                    os.close(descriptor)
                _Importer(self.job, _Lines(theirs), self.root).serve()
            finally:
                os._exit(1)
        _set_dumpable(0)
        theirs.close()
        self.channel = _Lines(ours)
        ready = self.channel.receive(self.job["import_seconds"])
        self.lost = _import_failure(ready, self.job)
        self.theirs = set() if self.lost else _others(self.job, self.launcher, self.importer)
        return self.lost or {"ok": True, "imported": (ready or {}).get("imported", {})}

    def close(self) -> None:
        _kill(self.importer)
        _reap(self.importer)
        if self.channel is not None:
            self.channel.channel.close()

    def call(self, item: dict[str, Any]) -> dict[str, Any]:
        """The outcome of one call. When it took the importer along, the next one finds a new one."""
        if self.lost is not None:
            return self.lost
        outcome = self._one(item)
        if outcome.pop("lost", False):
            self._begin_again()
        self.total += len(outcome.get("value") or "")
        return {**outcome, "value": None} if self.total > MAX_TOTAL and not self.watches else outcome

    def _begin_again(self) -> None:
        self.close()
        self._clean({"crashed": True})
        if self.imports >= MAX_IMPORTS:
            self.lost = _failed("Crashed", f"calls ended the process that had imported the module {self.imports} times")
        else:
            self.open()

    def _one(self, item: dict[str, Any]) -> dict[str, Any]:
        assert self.channel is not None
        gone = {**_failed("Crashed", "the process that had imported the module ended"), "lost": True}
        token = os.urandom(16).hex()
        try:
            self.channel.send({**item, "token": token})
        except OSError:
            return gone
        begun = self.channel.receive(GRACE_SECONDS)
        descriptors = self.channel.taken()
        try:
            if not begun or not isinstance(begun.get("pid"), int) or len(descriptors) != 2:
                return gone
            heard = _Heard(descriptors[0], descriptors[1], token)
            ended = self._wait(heard, begun["pid"])
            return gone if ended is None else self._judged(heard, ended)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _wait(self, heard: _Heard, pid: int) -> dict[str, Any] | None:
        """How the call ended, {} when it was too late and we ended it; None when the importer is gone."""
        assert self.channel is not None
        deadline = _clock() + self.job["seconds"]
        while True:
            left = deadline - _clock()
            channel = self.channel.fileno()
            ready = select.select([*heard.open, channel], [], [], max(0.0, left))[0]
            heard.take(ready)
            if channel in ready:
                message = self.channel.receive(GRACE_SECONDS)
                return message if message and "ended" in message else None
            if left <= 0:
                _kill(pid)
                ended = self.channel.receive(GRACE_SECONDS)
                return {} if ended and "ended" in ended else None

    def _judged(self, heard: _Heard, ended: dict[str, Any]) -> dict[str, Any]:
        heard.take(heard.open)
        outcome = heard.outcome()
        if not ended:
            outcome = _failed("TimedOut", f"the call took more than {self.job['seconds']:g} seconds")
        elif outcome is None:
            outcome = _failed("Crashed", f"the call ended its process ({_manner(ended['ended'])})")
        if self.watches:
            self._tell_printed(outcome, heard)
            if not self._clean(outcome):
                outcome["last"] = True
        return outcome

    def _tell_printed(self, outcome: dict[str, Any], heard: _Heard) -> None:
        outcome["printed"] = placed(heard.text())
        if not outcome["printed"]:
            return
        effects = outcome.get("effects")
        outcome["effects"] = [*(effects if isinstance(effects, list) else []), ["console", "print"]]
        if "console" in self.job.get("forbidden", ()) and outcome.get("ok"):
            outcome.update(_failed("Forbidden", "console: print"))

    def _clean(self, outcome: dict[str, Any]) -> bool:
        """End what the call left running, and put files back. Whether that was possible."""
        effects = outcome.get("effects")
        if not isinstance(effects, list) or any("processes" in effect for effect in effects):
            for pid in _others(self.job, self.launcher, self.importer) - self.theirs:
                _kill(pid)
        try:
            undo(os.path.join(_INSIDE, "journal"), self.root)  # noqa: PTH118
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False
        return True


class _Heard:
    """What comes from one call: its answer, and what it prints. token: what its answer begins with, so that a call that
    writes to every descriptor it finds does not answer by chance."""

    def __init__(self, answers: int, printed: int, token: str) -> None:
        self.answers = answers
        self.printed = printed
        self.token = token
        self.open = [answers, printed]
        self.said = {answers: bytearray(), printed: bytearray()}
        self.dropped = 0
        for descriptor in self.open:
            os.set_blocking(descriptor, False)

    def take(self, ready: Iterable[int]) -> None:
        """Read what is there, at most some megabytes at once."""
        for descriptor in [found for found in list(ready) if found in self.said]:
            for _ in range(64):
                try:
                    data = os.read(descriptor, 1 << 16)
                except BlockingIOError:
                    break
                if not data:
                    self.open = [found for found in self.open if found != descriptor]
                    break
                self._keep(descriptor, data)

    def _keep(self, descriptor: int, data: bytes) -> None:
        said = self.said[descriptor]
        room = (MAX_PRINTED if descriptor == self.printed else MAX_ANSWER) - len(said)
        said += data[: max(0, room)]
        self.dropped += len(data) - max(0, min(room, len(data))) if descriptor == self.printed else 0

    def outcome(self) -> dict[str, Any] | None:
        """Its answer, None when there is none that could be one."""
        for line in bytes(self.said[self.answers]).split(b"\n")[:-1]:
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(told, dict) and told.get("token") == self.token:
                return {key: told.get(key) for key in _TOLD}
        return None

    def text(self) -> str:
        more = f"... ({self.dropped:,} bytes more)" if self.dropped else ""
        return self.said[self.printed].decode("utf-8", "replace") + more


def _import_failure(ready: dict[str, Any] | None, job: dict[str, Any]) -> dict[str, Any] | None:
    """What every input gets when the module cannot be had."""
    if ready is None:
        return _failed("Crashed", f"importing {job['module']} ended the process")
    if not ready:
        return _failed("TimedOut", f"importing {job['module']} took more than {job['import_seconds']:g} seconds")
    return ready.get("error")


def _failed(kind: str, detail: str) -> dict[str, Any]:
    return {"ok": False, "value": None, "detail": detail, "type": f"{_OURS}.{kind}", "frames": [], "seconds": 0.0}


def _manner(status: Any) -> str:
    if not isinstance(status, int):
        return "unknown"
    return f"exit code {status >> 8}" if not status & 0x7F else f"signal {status & 0x7F}"


def _kill(pid: int) -> None:
    for end in (os.killpg, os.kill):
        try:
            end(pid, signal.SIGKILL)
        except OSError:
            continue


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except OSError:
        return


def _others(job: dict[str, Any], launcher: int, importer: int) -> set[int]:
    """Processes of this sandbox that are neither ours nor the importer. Where it has no process numbers of its own,
    those that descend from its launcher: others are not ours to end."""
    parents: dict[int, int] = {}
    try:
        for name in os.listdir("/proc"):  # noqa: PTH208
            if name.isdigit():
                parents[int(name)] = _parent(name)
    except OSError:
        return set()
    known = {os.getpid(), importer, launcher, 1}
    if job.get("own_processes"):
        return parents.keys() - known
    if os.getppid() != launcher or launcher <= 1:
        return set()
    return {pid for pid in parents.keys() - known if launcher in _ancestors(pid, parents)}


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123
            return int(stat.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _ancestors(pid: int, parents: dict[int, int]) -> Iterable[int]:
    for _ in range(len(parents)):
        pid = parents.get(pid, 0)
        if pid <= 1:
            return
        yield pid


def _set_dumpable(value: int) -> None:
    """Linux: whether processes of the same user may look into /proc/PID of this one (PR_SET_DUMPABLE, prctl(2)). The
    supervisor's descriptors are not for candidates."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(4, value, 0, 0, 0)
    except Exception:  # no ctypes, no Linux
        return


# The importer


class _Importer:
    """Imports the module, then forks for every call."""

    def __init__(self, job: dict[str, Any], supervisor: _Lines, root: str) -> None:
        self.job = job
        self.supervisor = supervisor
        self.root = root
        self.lines = Lines(list(job.get("traced") or ()), root)
        self.watch = Watch(root, _INSIDE, frozenset(job.get("forbidden") or ()))
        self.module: Any = None
        self.state: State | None = None
        self.foreign = _Foreign(root)
        self.problems: list[str] = []
        self.flush = _flush_of_c()

    def serve(self) -> None:
        try:
            self._import()
        except BaseException as error:
            self.supervisor.send({"error": _raised(error, self.root, f"importing {self.job['module']}: ")})
            os._exit(0)
        self.supervisor.send({"ready": True, "imported": self.lines.stop()})
        gc.collect()
        gc.freeze()
        while True:
            item = self.supervisor.receive(None)
            if item is None:
                os._exit(0)
            self._fork(item)

    def _import(self) -> None:
        roots = [os.path.join(self.root, entry) if entry != "." else self.root for entry in self.job["roots"]]  # noqa: PTH118
        sys.path[:] = [*roots, *(entry for entry in sys.path[1:] if entry)]
        sys.argv = [self.job["file"]]
        os.environ["PYTHONPATH"] = os.pathsep.join(roots)
        os.chdir(self.root)
        watches = self.job.get("watch")
        if watches:
            for stream in (sys.stdout, sys.stderr):  # what is written to both stays in order
                stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
            call_conditions.settle(self.job)
        self.lines.start()
        self.module = importlib.import_module(self.job["module"])
        _require_own(self.module, self.root)
        _stop_recording(self.job["module"])
        if watches:
            self.problems = _install(self.job, self.watch)
            self.state = State(self.module, self.foreign)
            self.watch.hold()

    def _fork(self, item: dict[str, Any]) -> None:
        answers, answer = os.pipe()
        printed, output = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            for descriptor in (answers, printed, self.supervisor.fileno()):
                os.close(descriptor)
            self._answer(item, answer, output)
            os._exit(0)
        os.close(answer)
        os.close(output)
        self.supervisor.send({"pid": pid}, (answers, printed))
        os.close(answers)
        os.close(printed)
        status = os.waitpid(pid, 0)[1]
        _kill_rest(pid)
        self.supervisor.send({"ended": status})

    def _answer(self, item: dict[str, Any], answer: int, output: int) -> None:
        token = {"token": item.pop("token", "")}
        if not self.job.get("watch"):
            os.close(output)
            _write(answer, {**_called(self.module, self.job["qualname"], item, self.root), **token})
            return
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        _write(answer, {**_Watched(self, item).outcome(), **token})


def _flush_of_c() -> Callable[[], Any]:
    """What writes out that which C has buffered. Looked up once: in each call that costs as much as a call."""
    try:
        import ctypes

        return functools.partial(ctypes.CDLL(None).fflush, None)
    except Exception:  # no ctypes, no such function
        return lambda: None


def _install(job: dict[str, Any], watch: Watch) -> list[str]:
    """Put mocks in place. Returns what is wrong with them."""

    def record(kind: str, what: str) -> None:
        if watch.active:
            watch.note(kind, what)

    return call_mocks.install(job["mocks"], record) if job.get("mocks") else []


def _stop_recording(module: str) -> None:
    """Calls that are only tried are no executions; and a recorder gets ready at the first call, which each is here."""
    recorder = sys.modules.get(_RECORDER)
    if recorder is not None and not module.startswith(_RECORDER):
        try:
            recorder.configure(enabled=False)
        except Exception:  # of a version that cannot be told
            return


def _require_own(module: Any, root: str) -> None:
    file = getattr(module, "__file__", None) or ""
    if os.path.isabs(relative(file, root)) or not file:  # noqa: PTH117
        raise UncallableError(f"{module.__name__} was imported from {file or 'nowhere'}, not from the repository")


def _kill_rest(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        return


class _Foreign:
    """Whether a class is no code of the repository."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.known: dict[type[Any], bool] = {}

    def __call__(self, kind: type[Any]) -> bool:
        if kind not in self.known:
            module = sys.modules.get(str(kind.__module__).partition(".")[0])
            file = getattr(module, "__file__", None)
            self.known[kind] = not file or os.path.isabs(relative(file, self.root))  # noqa: PTH117
        return self.known[kind]


# The call under watch


class _Watched:
    """One call under watch, in a process of its own."""

    def __init__(self, importer: _Importer, item: dict[str, Any]) -> None:
        self.importer = importer
        self.item = item
        self.items: list[Any] = []
        self.seconds = 0.0
        self.given: tuple[list[Any], dict[str, Any]] = [], {}

    def outcome(self) -> dict[str, Any]:
        """All that was seen of it."""
        told = self._told()
        watch = self.importer.watch
        effects = watch.effects()
        refused = watch.refused or next((effect for effect in effects if effect[0] in watch.forbidden), None)
        if refused:
            told.update(_failed("Forbidden", ": ".join(refused)))
        told["arguments"] = self._changed_arguments()
        for name in ("value", "detail", "arguments"):
            told[name] = placed(told[name]) if told[name] else told[name]
        return {**told, "seconds": self.seconds, "effects": effects}

    def _told(self) -> dict[str, Any]:
        importer, lines = self.importer, self.importer.lines
        ran: dict[str, list[int]] = {}
        assert importer.state is not None
        try:
            self._begin()
            self.given = _arguments(self.item)
            importer.watch.start(importer.state)
            lines.start()
            try:
                result = self._call(*self.given)
            finally:
                ran = lines.stop()
                importer.watch.stop()
                self._hush()
            told = {"ok": True, "type": "", "frames": [], **spelled(result, importer.foreign)}
        except BaseException as error:
            importer.watch.stop()
            told = {**_raised(error, importer.root), "deliberate": is_deliberate(error, importer.root)}
            told["detail"] += self._items_before()
        return {**told, "lines": ran}

    def _begin(self) -> None:
        call_conditions.begin(self.item)
        if self.importer.job.get("mocks"):
            call_mocks.begin(self.item)
        if self.importer.problems:
            raise UncallableError("; ".join(self.importer.problems))

    def _call(self, arguments: list[Any], options: dict[str, Any]) -> Any:
        began = _clock()
        try:
            function = _resolve(self.importer.module, self.importer.job["qualname"])
            began = _clock()
            return _finished(function(*arguments, **options), self.items)
        finally:
            self.seconds = _clock() - began

    def _hush(self) -> None:
        """What is printed from now on is ours, or a `__repr__`'s."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                continue
        self.importer.flush()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)

    def _changed_arguments(self) -> str:
        """Canonical JSON of the arguments as they are now; "" when the call did not change them, none of them can
        change, or they cannot be written down."""
        arguments, options = self.given
        if all(type(value) in _UNCHANGING for value in (*arguments, *options.values())):
            return ""
        try:
            now = canonical([arguments, options], self.importer.foreign)
            if now == _sorted([json.loads(self.item["args"]), json.loads(self.item["kwargs"] or "{}")]):
                return ""
            before = canonical([*_arguments(self.item)], self.importer.foreign)  # may have been spelled otherwise
        except (UnspeakableError, UncallableError):
            return ""
        return now if now != before else ""

    def _items_before(self) -> str:
        if not self.items:
            return ""
        shown = spelled(self.items, self.importer.foreign)
        return f" (after {len(self.items)} items: {shortened(shown['value'] or shown['detail'], 1000)})"


_UNCHANGING = frozenset((str, int, float, bool, type(None), bytes))
_FINISHED = _UNCHANGING | {list, dict, tuple, set}


def _finished(result: Any, items: list[Any]) -> Any:
    """What the call gives in the end; items: those of a generator, as far as it comes."""
    if type(result) in _FINISHED:
        return result
    if inspect.isawaitable(result):
        return asyncio.run(_awaited(result))
    if inspect.isasyncgen(result):
        asyncio.run(_collected(result, items))
        return items
    if hasattr(type(result), "__next__") and iter(result) is result:
        for item in itertools.islice(result, MAX_ITEMS):
            items.append(item)  # noqa: PERF402 - they are wanted also when the next one fails
        return items
    return result


async def _awaited(result: Any) -> Any:
    return await result


async def _collected(result: Any, items: list[Any]) -> None:
    async for item in result:
        items.append(item)
        if len(items) >= MAX_ITEMS:
            break


# The call


def _called(module: Any, qualname: str, item: dict[str, Any], root: str) -> dict[str, Any]:
    began = _clock()
    try:
        function = _resolve(module, qualname)
        arguments, options = _arguments(item)
        began = _clock()
        result = finished(function(*arguments, **options), MAX_ITEMS)
        seconds = _clock() - began
        return {"ok": True, "type": "", "frames": [], "seconds": seconds, **_shown(result)}
    except BaseException as error:
        return {**_raised(error, root), "seconds": _clock() - began}


def _raised(error: BaseException, root: str, prefix: str = "") -> dict[str, Any]:
    if isinstance(error, UncallableError):
        return _failed("Uncallable", str(error))
    told = describe(error, root)
    detail = shortened(prefix + told["message"], MAX_DETAIL)
    return {**_failed("", detail), "type": told["type"], "frames": told["frames"]}


def _arguments(item: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    try:
        arguments, options = json.loads(item["args"] or "[]"), json.loads(item["kwargs"] or "{}")
    except (ValueError, RecursionError) as error:
        raise UncallableError(f"the recorded arguments are no JSON: {error}") from None
    if not isinstance(arguments, list) or not isinstance(options, dict):
        raise UncallableError("the recorded arguments are not a JSON array and a JSON object")
    try:
        return [made(value) for value in arguments], {name: made(value) for name, value in options.items()}
    except BROKEN as error:
        raise UncallableError(f"the recorded arguments cannot be made again: {error}") from None


def _told(value: Any) -> Any:
    """A part of a result that is no JSON, as a recorder writes it down. Raises TypeError for objects."""
    kind = type(value)
    if kind in (bytes, bytearray):
        return {"$type": kind.__name__, "value": base64.b64encode(value).decode()}
    if kind in (set, frozenset):
        return {"$type": kind.__name__, "value": sorted(value, key=repr)}
    if kind in (datetime.datetime, datetime.date, datetime.time):
        return {"$type": kind.__name__, "value": value.isoformat()}
    if kind in (decimal.Decimal, fractions.Fraction, uuid.UUID, complex, pathlib.PosixPath, pathlib.PurePosixPath):
        return {"$type": kind.__name__, "value": str(value)}
    if kind is datetime.timedelta:
        return {"$type": "timedelta", "value": [value.days, value.seconds, value.microseconds]}
    raise TypeError(f"a {kind.__name__} is no JSON")


def _resolve(module: Any, qualname: str) -> Any:
    """What the dotted name in the module means, bound to an instance where it needs one."""
    *owners, name = qualname.split(".")
    owner = module
    for part in owners:
        owner = getattr(owner, part, None)
    if owner is None or not hasattr(owner, name) or "<locals>" in owners:
        raise UncallableError(f"{module.__name__} has no {qualname} that can be called from outside")
    if not isinstance(owner, type) or isinstance(inspect.getattr_static(owner, name), (staticmethod, classmethod)):
        found = getattr(owner, name)
    else:
        found = getattr(_instance(owner, qualname), name)
    if not callable(found):
        raise UncallableError(f"{qualname} of {module.__name__} is {type_name(found)}, not a function")
    return found


def _instance(owner: type, qualname: str) -> Any:
    try:
        return owner()
    except Exception as error:
        text = f"{qualname} needs an instance, and {owner.__qualname__}() cannot be made without arguments"
        raise UncallableError(f"{text}: {message_of(error, tree_root())}") from None


def _shown(result: Any) -> dict[str, Any]:
    """{"value": JSON or None, "detail": repr without addresses}"""
    detail = repr_of(result)
    try:
        text = json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_told)
    except Exception:
        return {"value": None, "detail": detail}
    return {"value": text if len(text) <= MAX_RESULT else None, "detail": detail}
