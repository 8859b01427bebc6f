"""Calls one function with many inputs. Runs inside the sandbox: standard library only, on any Python from 3.8.

Three processes: the supervisor never imports candidate code and is the only one that writes to stdout; the importer
imports the module once; each call is a fork of it, so that state does not leak and a crash costs one input. The
supervisor hands out the nonce of an input only with that input, so that a call cannot answer for a later one.
stdin: one job as JSON. stdout: one JSON object a line and input: {"nonce", "ok", "result", "detail", "type", ...}.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import fractions
import importlib
import inspect
import json
import os
import pathlib
import select
import signal
import socket
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from .failures import describe, masked, message_of, relative, shortened, tree_root, type_name
from .finishing import finished

MAX_RESULT = 1024 * 1024
MAX_TOTAL = 32 * 1024 * 1024
MAX_ITEMS = 10_000
MAX_DETAIL = 4000
GRACE_SECONDS = 5.0
_OURS = "gitops_healer"
_clock = time.perf_counter  # bound now: candidates patch time


class UncallableError(Exception):
    """The tool cannot be called with what was recorded; says why."""


def main() -> None:
    """Do the job on stdin."""
    calls = os.fdopen(os.dup(0), "rb")
    job = json.loads(calls.readline())
    job["inputs"] = map(json.loads, iter(calls.readline, b""))
    replies = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    ours, theirs = socket.socketpair()
    importer = os.fork()
    if importer == 0:
        os.close(replies)
        ours.close()
        _import_and_serve(job, _Lines(theirs))
        os._exit(0)
    theirs.close()
    try:
        _supervise(job, _Lines(ours), replies)
    finally:
        _kill(importer)


class _Lines:
    """JSON objects over a socket, one a line."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.buffer = b""

    def send(self, message: dict[str, Any]) -> None:
        self.channel.sendall(json.dumps(message).encode("ascii") + b"\n")

    def receive(self, seconds: float | None) -> dict[str, Any] | None:
        """The next object, {} when time is up, None at the end or when it is no object."""
        deadline = None if seconds is None else _clock() + seconds
        while b"\n" not in self.buffer:
            left = None if deadline is None else max(0.0, deadline - _clock())
            if not select.select([self.channel], [], [], left)[0]:
                return {}
            data = self.channel.recv(1 << 16)
            if not data or len(self.buffer) > 4 * MAX_RESULT:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return message if isinstance(message, dict) and message else None


# The supervisor


def _supervise(job: dict[str, Any], importer: _Lines, replies: int) -> None:
    """Answer every input, whatever happens."""
    inputs = job["inputs"]
    ready = importer.receive(job["import_seconds"])
    lost = _import_failure(ready, job)
    _answer(replies, job.get("nonce", ""), lost or {"ok": True})
    total = 0
    for item in inputs:
        outcome = lost if lost is not None else _one(job, item, importer)
        if outcome.get("lost"):
            lost = outcome
        total += len(outcome.get("result") or "")
        if total > MAX_TOTAL:
            outcome = {**outcome, "result": None}
        _answer(replies, item["nonce"], outcome)


def _answer(replies: int, nonce: str, outcome: dict[str, Any]) -> None:
    data = json.dumps({**outcome, "value": outcome.get("result"), "nonce": nonce}).encode("ascii") + b"\n"
    while data:
        data = data[os.write(replies, data) :]


def _import_failure(ready: dict[str, Any] | None, job: dict[str, Any]) -> dict[str, Any] | None:
    """What every input gets when the module cannot be had."""
    if ready is None:
        return _failed("Crashed", f"importing {job['module']} ended the process")
    if not ready:
        return _failed("TimedOut", f"importing {job['module']} took more than {job['import_seconds']:g} seconds")
    return ready.get("error")


def _one(job: dict[str, Any], item: dict[str, Any], importer: _Lines) -> dict[str, Any]:
    """One call: ask for it, wait for its answer and its end, kill it when it is late."""
    importer.send(item)
    begun = importer.receive(GRACE_SECONDS)
    if not begun or not isinstance(begun.get("pid"), int):
        return {**_failed("Crashed", "the process that had imported the module ended"), "lost": True}
    deadline = _clock() + job["seconds"]
    outcome: dict[str, Any] | None = None
    while True:
        message = importer.receive(max(0.0, deadline - _clock()))
        if message is None:
            return {**_failed("Crashed", "the process that had imported the module ended"), "lost": True}
        if not message:
            _kill(begun["pid"])
            ended = importer.receive(GRACE_SECONDS)
            late = _failed("TimedOut", f"the call took more than {job['seconds']:g} seconds")
            return late if ended and "ended" in ended else {**late, "lost": True}
        if "ended" in message:
            return outcome or _failed("Crashed", f"the call ended its process ({_manner(message['ended'])})")
        if message.get("nonce") == item["nonce"] and outcome is None:
            outcome = {key: message.get(key) for key in ("ok", "result", "detail", "type", "frames", "seconds")}


def _failed(kind: str, detail: str) -> dict[str, Any]:
    return {"ok": False, "result": None, "detail": detail, "type": f"{_OURS}.{kind}", "frames": [], "seconds": 0.0}


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


# The importer


def _import_and_serve(job: dict[str, Any], supervisor: _Lines) -> None:
    root = tree_root()
    roots = [os.path.join(root, entry) if entry != "." else root for entry in job["roots"]]  # noqa: PTH118
    sys.path[:] = [*roots, *(entry for entry in sys.path[1:] if entry)]
    sys.argv = [job["file"]]
    os.environ["PYTHONPATH"] = os.pathsep.join(roots)
    os.chdir(root)
    try:
        module = importlib.import_module(job["module"])
        _require_own(module, root)
    except BaseException as error:
        supervisor.send({"error": _raised(error, root, f"importing {job['module']}: ")})
        return
    supervisor.send({"ready": True})
    while True:
        item = supervisor.receive(None)
        if item is None:
            return
        _fork_call(module, job["qualname"], item, supervisor, root)


def _require_own(module: Any, root: str) -> None:
    file = getattr(module, "__file__", None) or ""
    if os.path.isabs(relative(file, root)) or not file:  # noqa: PTH117
        raise UncallableError(f"{module.__name__} was imported from {file or 'nowhere'}, not from the repository")


def _fork_call(module: Any, qualname: str, item: dict[str, Any], supervisor: _Lines, root: str) -> None:
    """The child waits for a byte, so that its answer cannot come between ours."""
    wait, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.close(go)
        os.read(wait, 1)
        _reply(supervisor, item["nonce"], _called(module, qualname, item, root))
        os._exit(0)
    os.close(wait)
    supervisor.send({"pid": pid})
    os.write(go, b"g")
    os.close(go)
    status = os.waitpid(pid, 0)[1]
    _kill_rest(pid)
    supervisor.send({"ended": status})


def _kill_rest(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        return


# The call


def _reply(supervisor: _Lines, nonce: str, outcome: dict[str, Any]) -> None:
    supervisor.send({**outcome, "nonce": nonce})


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
    arguments, options = json.loads(item["args"] or "[]"), json.loads(item["kwargs"] or "{}")
    if not isinstance(arguments, list) or not isinstance(options, dict):
        raise UncallableError("the recorded arguments are not a JSON array and a JSON object")
    try:
        return [_made(value) for value in arguments], {name: _made(value) for name, value in options.items()}
    except (ValueError, TypeError, ArithmeticError, KeyError, RecursionError) as error:
        raise UncallableError(f"the recorded arguments cannot be made again: {error}") from None


# What is no JSON: {"$type": name, "value": ...}, as docs/recorder.md lists it. Nothing that data names is imported.


def _made(value: Any) -> Any:
    """The Python value that a recorder wrote down. Raises ValueError where there is none (objects, cuts)."""
    if isinstance(value, list):
        return [_made(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$type" not in value:
        return {key: _made(item) for key, item in value.items()}
    name, inner = value["$type"], value.get("value")
    if name not in _MAKERS:
        raise ValueError(f"a value of type {name} was not recorded whole")
    return _MAKERS[name](inner)


_MAKERS: dict[Any, Callable[[Any], Any]] = {
    "bytes": base64.b64decode,
    "bytearray": lambda value: bytearray(base64.b64decode(value)),
    "tuple": lambda value: tuple(_made(value)),
    "set": lambda value: set(_made(value)),
    "frozenset": lambda value: frozenset(_made(value)),
    "dict": lambda value: {_made(key): _made(item) for key, item in value},
    "range": lambda value: range(*value),
    "slice": lambda value: slice(*_made(value)),
    "float": float,
    "complex": complex,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda value: datetime.timedelta(*value),
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "UUID": uuid.UUID,
    "PosixPath": pathlib.PurePosixPath if os.name == "nt" else pathlib.Path,
    "PurePosixPath": pathlib.PurePosixPath,
}


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
    """{"result": canonical JSON or None, "detail": repr without addresses}"""
    try:
        detail = shortened(masked(repr(result)), MAX_DETAIL)
    except Exception as error:
        detail = f"(its repr raises {type_name(error)})"
    try:
        text = json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_told)
    except Exception:
        return {"result": None, "detail": detail}
    return {"result": text if len(text) <= MAX_RESULT else None, "detail": detail}
