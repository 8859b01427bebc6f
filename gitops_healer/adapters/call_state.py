"""State of a process that calls can change beside files. Runs inside the sandbox: standard library only, on any Python
from 3.8.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from .call_values import UnspeakableError, canonical

MAX_GLOBAL_NODES = 2000


class State:
    """Environment, directory, signal handlers, and the plain data that a module holds."""

    def __init__(self, module: Any, foreign: Callable[[type[Any]], bool]) -> None:
        self.module = module
        self.foreign = foreign
        self.environ = dict(os.environ)
        self.folder = _folder_now()
        self.signals = _handlers()
        self.globals = self._globals()

    def changes(self) -> list[str]:
        """A line each, `environ NAME=value`, `chdir data`, `signal SIGTERM`, `pkg.mod.count: 0 -> 1`."""
        now = dict(os.environ)
        found = [f"environ {name}={now[name]}" for name in sorted(now) if self.environ.get(name) != now[name]]
        found += [f"environ {name} removed" for name in sorted(self.environ.keys() - now.keys())]
        if _folder_now() != self.folder:
            found.append(f"chdir {_folder_now()}")
        handlers = _handlers()
        found += [f"signal {signal.Signals(n).name}" for n, old in self.signals.items() if handlers.get(n) is not old]
        after = self._globals()
        for name in sorted(self.globals.keys() | after.keys()):
            old, new = self.globals.get(name, "nothing"), after.get(name, "nothing")
            if old != new:
                found.append(f"{self.module.__name__}.{name}: {_brief(old)} -> {_brief(new)}")
        return found

    def _globals(self) -> dict[str, str]:
        found = {}
        for name, value in list(vars(self.module).items()):
            if type(value) in _DATA and not name.startswith("__"):
                try:
                    found[name] = canonical(value, self.foreign, MAX_GLOBAL_NODES)
                except UnspeakableError:
                    continue  # too large to be compared at every call, or not data
        return found


_DATA = frozenset((bool, int, float, str, bytes, list, dict, set, tuple, frozenset, type(None)))


def _folder_now() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return "(gone)"


def _handlers() -> dict[int, Any]:
    return {int(number): signal.getsignal(number) for number in _SIGNALS}


_SIGNALS = sorted(number for number in signal.Signals if number in signal.valid_signals())


def _brief(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}..."
