"""A function that waits in the sandbox to be called: says what to call, hears what was seen."""

import contextlib
import json
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from gitops_healer.core.calls import NOT_MADE, Call, Conditions, Mock, Seen, SeenEffect
from gitops_healer.ports import Conversation

CRASHED = "gitops_healer.Crashed"
TIMED_OUT = "gitops_healer.TimedOut"
UNCALLABLE = "gitops_healer.Uncallable"
FORBIDDEN = "gitops_healer.Forbidden"
IMPORT_SECONDS = 60.0
GRACE_SECONDS = 15.0
_AHEAD = 4
_RESTARTS = 5
_MAX_LINE_NUMBER = 2**31

Start = Callable[[], AbstractContextManager[Conversation]]


class SandboxedSession:
    """`CallSession`. start: begins a conversation with a new caller program in a new copy of the tree; job: what that
    is told first; call_seconds: limit of one call.

    A call that takes the whole sandbox with it costs itself: the program is started again, up to five times. Error
    types of ours are those of `SandboxedCaller`, `gitops_healer.Forbidden`, and `gitops_healer.NotMade` for calls for
    which there was no time. Not to be used by two threads at once; different sessions may be.
    """

    def __init__(self, start: Start, job: Mapping[str, Any], call_seconds: float) -> None:
        self._start = start
        self._job = job
        self._call_seconds = call_seconds
        self._running = contextlib.ExitStack()
        self._talk: Conversation | None = None
        self._lost: Seen | None = None
        self._restarts = 0
        self._waiting: deque[str] = deque()  # nonces of calls that the program was asked to make, in order
        self._given_up = 0  # how many of the first of them nobody wants to know any more
        self._since = 0.0  # when it could begin with the first of them
        self._imports = False  # whether it may have to import before that
        self._imported: frozenset[tuple[str, int]] = frozenset()

    @property
    def imported(self) -> frozenset[tuple[str, int]]:
        """(path, line) of traced files that ran when the module was imported."""
        return self._imported

    @property
    def refused(self) -> str:
        """Why nothing can be called, a sentence; "" when calls can be made."""
        return self._lost.detail if self._lost else ""

    def refuse(self, detail: str, error_type: str = UNCALLABLE) -> None:
        """From now on this is the answer to every call."""
        self._lost = Seen(False, None, detail, error_type)

    def open(self) -> None:
        """Start and import. Raises SandboxError when the walls cannot be built."""
        nonce = secrets.token_hex(16)
        self._waiting.clear()
        self._given_up, self._imports = 0, False
        self._talk = self._running.enter_context(self._start())
        self._talk.send(_line({**self._job, "nonce": nonce}))
        ready = self._hear(nonce, time.monotonic() + IMPORT_SECONDS + GRACE_SECONDS)
        if ready is None:
            self.refuse(f"the calling process did not start: {self._talk.over or 'it says nothing'}", CRASHED)
            return
        self._imported = frozenset(_lines(ready.get("imported")))
        if ready.get("type"):
            self._lost = seen_of(ready)

    def close(self) -> None:
        """End it and all that it started."""
        self._talk = None
        self._running.close()

    def call(self, calls: Sequence[Call], seconds: float = math.inf) -> tuple[Seen, ...]:
        """One a call, in order; after so many seconds the rest are not made (`gitops_healer.NotMade`)."""
        until = time.monotonic() + seconds
        found: list[Seen] = []
        while len(found) < len(calls) and self._lost is None and time.monotonic() < until:
            found += self._run(calls[len(found) :], until)
        rest = self._lost or Seen(False, None, "there was no time left for this call", NOT_MADE)
        return (*found, *[rest] * (len(calls) - len(found)))

    def _run(self, calls: Sequence[Call], until: float) -> list[Seen]:
        """As many of the first calls as one start of the program answers; the one that ends it is the last. Calls that
        were given up before are waited for first: the program still makes them."""
        found: list[Seen] = []
        sent = 0
        while len(found) < len(calls):
            while len(self._waiting) < _AHEAD and sent < len(calls) and time.monotonic() < until:
                self._ask(calls[sent])
                sent += 1
            if not self._waiting:
                return found
            overdue = self._since + self._call_seconds + GRACE_SECONDS + (IMPORT_SECONDS if self._imports else 0.0)
            told = self._hear(self._waiting[0], min(until, overdue))
            if told is None and time.monotonic() < overdue and not self._over:
                self._given_up = len(self._waiting)
                return found
            if not self._given_up:
                found.append(seen_of(told) if told is not None else self._ended())
            if told is None or told.get("last"):
                self._restart()
                return found
            self._answered(told)
        return found

    def _ask(self, call: Call) -> None:
        nonce = secrets.token_hex(16)
        args, kwargs = call.given
        item = {"nonce": nonce, "args": args, "kwargs": kwargs, "seed": call.seed, "at": call.at.timestamp()}
        assert self._talk is not None
        self._talk.send(_line(item))
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(nonce)

    def _answered(self, told: Mapping[str, Any]) -> None:
        """The first of the waiting calls was; the program may import anew before the next one."""
        self._waiting.popleft()
        self._given_up = max(0, self._given_up - 1)
        self._since = time.monotonic()
        self._imports = told.get("type") == CRASHED

    def _hear(self, nonce: str, until: float) -> Mapping[str, Any] | None:
        """The answer with this nonce; None when it does not come. What else is said is no answer."""
        assert self._talk is not None
        while True:
            line = self._talk.receive(max(0.0, until - time.monotonic()))
            if line is None:
                return None
            with contextlib.suppress(ValueError, RecursionError):
                told = json.loads(line)
                if isinstance(told, dict) and told.get("nonce") == nonce:
                    return told

    @property
    def _over(self) -> str:
        return self._talk.over if self._talk is not None else ""

    def _ended(self) -> Seen:
        return Seen(False, None, f"the calling process ended ({self._over or 'it no longer answers'})", CRASHED)

    def _restart(self) -> None:
        self.close()
        self._restarts += 1
        if self._restarts > _RESTARTS:
            self.refuse(f"calls ended the calling process {self._restarts} times", CRASHED)
        else:
            self.open()


def described(conditions: Conditions) -> dict[str, Any]:
    """Conditions as the job of the caller program names them."""
    return {
        "watch": True,
        "hashes": conditions.hashes,
        "mocks": [_mock(mock) for mock in conditions.mocks],
        "forbidden": sorted(conditions.forbidden),
        "traced": list(conditions.traced),
    }


def _mock(mock: Mock) -> dict[str, Any]:
    answers = [
        {
            "args": answer.given[0],
            "kwargs": answer.given[1],
            "result": answer.result,
            "error": answer.error,
            "message": answer.message,
            "at": answer.at.timestamp(),
        }
        for answer in mock.answers
    ]
    return {"target": mock.target, "answers": answers}


def seen_of(told: Mapping[str, Any]) -> Seen:
    """What the program says of one call. Nothing in it is trusted: what does not fit is left out."""
    return Seen(
        ok=told.get("ok") is True,
        value=_json(told.get("value")),
        detail=str(told.get("detail") or ""),
        error_type="" if told.get("ok") is True else str(told.get("type") or CRASHED),
        deliberate=told.get("deliberate") is True,
        frames=tuple(_frames(told.get("frames"))),
        seconds=_seconds(told.get("seconds")),
        arguments=_json(told.get("arguments")) or "",
        printed=str(told.get("printed") or ""),
        effects=tuple(_effects(told.get("effects"))),
        lines=frozenset(_lines(told.get("lines"))),
    )


def _json(text: Any) -> str | None:
    if not isinstance(text, str):
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return text


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _frames(told: Any) -> Iterable[tuple[str, int, str]]:
    for frame in told if isinstance(told, list) else ():
        match frame:
            case [str(file), int(line), str(function)] if 0 <= line < _MAX_LINE_NUMBER:
                yield file, line, function


def _effects(told: Any) -> Iterable[SeenEffect]:
    for effect in told if isinstance(told, list) else ():
        match effect:
            case [str(kind), str(what)]:
                yield SeenEffect(kind, what)


def _lines(told: Any) -> Iterable[tuple[str, int]]:
    for path, numbers in told.items() if isinstance(told, dict) else ():
        for number in numbers if isinstance(numbers, list) else ():
            if isinstance(number, int) and 0 < number < _MAX_LINE_NUMBER:
                yield str(path), number


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode("ascii") + b"\n"
