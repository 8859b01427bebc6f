"""A call under watch: its value by its fields, and what it did beside giving one. Runs inside the sandbox: standard
library only, on any Python from 3.8.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from . import call_conditions, call_mocks
from .call_function import MAX_ITEMS, UncallableError, arguments_of, failed, raised, resolve
from .call_lines import Lines
from .call_places import placed
from .call_state import State
from .call_values import UnspeakableError, canonical, spelled
from .call_watching import Watch
from .failures import is_deliberate, shortened
from .finishing import finished

_clock = time.perf_counter  # bound now: candidates patch time
_sorted = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


class Watched(NamedTuple):
    """What is called, and what looks on. problems: why it cannot be called under the conditions of the session, no
    sentence when it can; foreign: whether a class is no code of the repository; flush: writes out what C buffers."""

    module: Any
    qualname: str
    root: str
    problems: list[str]
    foreign: Callable[[type[Any]], bool]
    state: State
    watch: Watch
    lines: Lines
    flush: Callable[[], Any]


class WatchedCall:
    """One call of it, in a process of its own. item: the call as it was asked; items: what a generator gave so far."""

    def __init__(self, function: Watched, item: dict[str, Any]) -> None:
        self.function = function
        self.item = item
        self.items: list[Any] = []
        self.seconds = 0.0
        self.given: tuple[list[Any], dict[str, Any]] = [], {}

    def outcome(self) -> dict[str, Any]:
        """All that was seen of it."""
        told = self._told()
        watch = self.function.watch
        effects = watch.effects()
        refused = watch.refused or next((effect for effect in effects if effect[0] in watch.forbidden), None)
        if refused:
            told.update(failed("Forbidden", ": ".join(refused)))
        told["arguments"] = self._changed_arguments()
        for name in ("value", "detail", "arguments"):
            told[name] = placed(told[name]) if told[name] else told[name]
        return {**told, "seconds": self.seconds, "effects": effects}

    def _told(self) -> dict[str, Any]:
        function, lines = self.function, self.function.lines
        ran: dict[str, list[int]] = {}
        try:
            self._begin()
            self.given = arguments_of(self.item)
            function.watch.start(function.state)
            lines.start()
            try:
                result = self._call(*self.given)
            finally:
                ran = lines.stop()
                function.watch.stop()
                self._hush()
            told = {"ok": True, "type": "", "frames": [], **spelled(result, function.foreign)}
        except BaseException as error:
            function.watch.stop()
            told = {**raised(error, function.root), "deliberate": is_deliberate(error, function.root)}
            told["detail"] += self._items_before()
        return {**told, "lines": ran}

    def _begin(self) -> None:
        call_conditions.begin(self.item)
        call_mocks.begin(self.item)
        if self.function.problems:
            raise UncallableError("; ".join(self.function.problems))

    def _call(self, arguments: list[Any], options: dict[str, Any]) -> Any:
        began = _clock()
        try:
            function = resolve(self.function.module, self.function.qualname)
            began = _clock()
            result = function(*arguments, **options)
            return result if type(result) in _FINISHED else finished(result, MAX_ITEMS, self.items)
        finally:
            self.seconds = _clock() - began

    def _hush(self) -> None:
        """What is printed from now on is ours, or a `__repr__`'s."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                continue
        self.function.flush()
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
            now = canonical([arguments, options], self.function.foreign)
            if now == _sorted([json.loads(self.item["args"]), json.loads(self.item["kwargs"] or "{}")]):
                return ""
            before = canonical([*arguments_of(self.item)], self.function.foreign)  # may have been spelled otherwise
        except (UnspeakableError, UncallableError):
            return ""
        return now if now != before else ""

    def _items_before(self) -> str:
        if not self.items:
            return ""
        shown = spelled(self.items, self.function.foreign)
        return f" (after {len(self.items)} items: {shortened(shown['value'] or shown['detail'], 1000)})"


_UNCHANGING = frozenset((str, int, float, bool, type(None), bytes))
_FINISHED = _UNCHANGING | {list, dict, tuple, set}
