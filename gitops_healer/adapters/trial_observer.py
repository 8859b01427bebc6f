"""What several versions of a function do on the same calls. Runs inside the sandbox: standard library only, on any
Python from 3.8."""

from __future__ import annotations

import copy
import json
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

from .call_values import UnspeakableError, canonical, spelled
from .failures import is_deliberate, masked, shortened, type_name
from .finishing import finished
from .report_lines import encode
from .trial_calls import Call, Listener, made_calls, parameters
from .trial_crew import quiet_fork
from .trial_shown import MAX_ITEMS, described

CALL_SECONDS = 0.2
WALL_SECONDS = 2.0
TEST_SECONDS = 1.0
MAX_DEATHS = 5
LOST = "~"
_clock = time.monotonic


class _EnoughError(BaseException):
    """A test has had its time."""


def listen(functions: list[FunctionType], run: Callable[[int], Any], numbers: list[int], until: float) -> list[Call]:
    """The calls that tests make, of the first of them as far as time goes."""
    listener = Listener([function.__code__ for function in functions])
    signal.signal(signal.SIGPROF, _enough)
    for number in numbers:
        if listener.full or _clock() > until:
            break
        listener.start()
        try:
            signal.setitimer(signal.ITIMER_PROF, TEST_SECONDS)
            run(number)
        except _EnoughError:
            pass
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            listener.stop()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    return listener.calls


def _enough(_number: int, _frame: Any) -> None:
    raise _EnoughError


def versions(
    function: FunctionType,
    tested: list[Call],
    swaps: Sequence[Callable[[], None]],
    until: float,
    told: Callable[[FunctionType, Call], str],
) -> tuple[list[Call], list[list[str] | None]]:
    """(calls, for each swap the endings of all calls as `told` tells them, or None when it does not fit or time is
    over)"""
    calls = [*tested, *made_calls(tested)]
    made = [partial(told, function, call) for call in calls]
    return calls, [endings_of(made, swap, until) if _clock() < until else None for swap in swaps]


def endings_of(calls: Sequence[Callable[[], str]], swap: Callable[[], None], until: float) -> list[str] | None:
    """Each call in a fork with the new code; begun again behind a call that ends it or takes too long."""
    endings: list[str] = []
    for _ in range(MAX_DEATHS):
        told, fits = _part(calls[len(endings) :], swap)
        if not fits:
            return None
        endings += told
        if len(endings) >= len(calls) or _clock() > until:
            break
        endings.append(LOST)
    return endings + [LOST] * (len(calls) - len(endings))


def _part(calls: Sequence[Callable[[], str]], swap: Callable[[], None]) -> tuple[list[str], bool]:
    """(endings until the process ended, whether the code fits)"""
    reading, writing = os.pipe()
    pid = quiet_fork()
    if pid == 0:
        _make_calls(calls, swap, writing)
    os.close(writing)
    said = bytearray()
    try:
        while select.select([reading], [], [], WALL_SECONDS)[0]:
            data = os.read(reading, 1 << 18)
            if not data:
                break
            said += data
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)
    lines = bytes(said).split(b"\n")[:-1]
    return [str(json.loads(line)) for line in lines[1:]], lines[:1] == [b"fits"]


def _make_calls(calls: Sequence[Callable[[], str]], swap: Callable[[], None], writing: int) -> None:
    """In the fork. Never returns."""
    try:
        swap()
        os.write(writing, b"fits\n")
        for call in calls:
            signal.setitimer(signal.ITIMER_PROF, CALL_SECONDS)
            data = encode(call()).encode("ascii") + b"\n"
            signal.setitimer(signal.ITIMER_PROF, 0)
            while data:
                data = data[os.write(writing, data) :]
    finally:
        os._exit(0)


def ending(function: FunctionType, call: Call) -> str:
    """How a call ends, in a line for readers."""
    try:
        mine = Call(call.code, copy.deepcopy(call.values), call.tested)
        before = {name: described(value) for name, value in mine.values.items()}
        positional, options = mine.arguments()
    except Exception:
        return LOST
    try:
        told = f"= {described(finished(function(*positional, **options), MAX_ITEMS))}"
    except BaseException as error:
        told = f"! {type_name(error)}: {masked(_text(error))[:200]}"
    after = {name: described(mine.values[name]) for name in parameters(call.code)}
    return told + "".join(f"; {name}: {text}" for name, text in after.items() if text != before[name])


def seen(root: str, function: FunctionType, call: Call) -> str:
    """All of how a call ends, as JSON: {"ok", "value", "detail", "type", "deliberate", "arguments"}, see core.calls."""
    try:
        mine = Call(call.code, copy.deepcopy(call.values), call.tested)
        before = _arguments(mine)
        positional, options = mine.arguments()
    except Exception:
        return LOST
    told: dict[str, Any]
    try:
        told = {"ok": True, "type": "", **spelled(finished(function(*positional, **options), MAX_ITEMS), _is_foreign)}
    except BaseException as error:
        text = shortened(masked(_text(error)))
        told = {"ok": False, "type": type_name(error), "detail": text, "deliberate": is_deliberate(error, root)}
    after = _arguments(mine)
    return json.dumps({**told, "arguments": after if after != before else ""})


def _arguments(call: Call) -> str:
    """Canonical JSON, "" when they cannot be written down."""
    try:
        return canonical(call.values, _is_foreign)
    except UnspeakableError:
        return ""


def _is_foreign(_kind: type[Any]) -> bool:
    return False


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""
