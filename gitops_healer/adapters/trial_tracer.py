"""Notes which lines run, and of what type variables are. Runs inside the sandbox: standard library only, on any Python
from 3.8."""

from __future__ import annotations

import inspect
import opcode
import os
import sys
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from .failures import relative
from .trial_channel import Answers
from .trial_values import Attributes, shown, type_name_of

VISITS = 3
MAX_VALUES = 4
MAX_NAMES = 40
MAX_SEEN = 60_000
_EVERY = 256
_clock = time.monotonic
_exit = os._exit
_RETURNS = frozenset(number for name, number in opcode.opmap.items() if name in ("RETURN_VALUE", "RETURN_CONST"))
if TYPE_CHECKING:
    _Trace = Callable[[FrameType, str, Any], Any]


class Place:
    """What is known of a code object. path: "" when it is not of the project; function: it was made by a `def`."""

    def __init__(self, code: CodeType, path: str) -> None:
        self.code = code  # kept alive, so that its id stays its own
        self.path = path
        self.line = code.co_firstlineno
        self.function = bool(code.co_flags & inspect.CO_OPTIMIZED) and not code.co_name.startswith("<")
        self.waits = bool(code.co_flags & inspect.CO_COROUTINE)
        self.bytes = code.co_code if self.waits else b""
        self.visits: dict[int, int] = {}


class Tracer:
    """root: of the tree; ignored: whether a file of the tree is not of interest (tests); deep: first lines of functions
    by path whose lines are noted in tests that are not detailed."""

    def __init__(self, root: str, ignored: Callable[[str], bool], deep: dict[str, list[int]]) -> None:
        self.root = root
        self.ignored = ignored
        self.deep = {(path, line) for path, lines in deep.items() for line in lines}
        self.places: dict[int, Place] = {}
        self.paths: dict[str, str] = {}
        self.attributes = Attributes(root)
        self.types: dict[tuple[str, int], dict[str, set[str]]] = {}
        self.values: dict[tuple[str, int], dict[str, list[str]]] = {}
        self.returns: dict[tuple[str, int], set[str]] = {}
        self.seen = 0
        self.events = 0
        self.deadline = 0.0
        self.late: Callable[[], None] = lambda: None
        self.clear()

    def clear(self) -> None:
        self.covered: dict[str, set[int]] = {}
        self.functions: dict[str, set[int]] = {}
        self.raising: set[int] = set()

    def start(self, detailed: bool) -> None:
        self.clear()
        trace = self.enter_detailed if detailed else self.enter
        threading.settrace(trace)
        sys.settrace(trace)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    # Events

    def enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        place = self._entered(frame)
        return self._lines_of(place) if (place.path, place.line) in self.deep else None

    def enter_detailed(self, frame: FrameType, event: str, argument: Any) -> Any:
        place = self._entered(frame)
        return self._values_of(place) if place.path else None

    def _entered(self, frame: FrameType) -> Place:
        """Where it is; a function of the tree is noted."""
        place = self._place(frame.f_code)
        self._tick()
        if place.path and place.function:
            self.functions.setdefault(place.path, set()).add(place.line)
        return place

    def _lines_of(self, place: Place) -> _Trace:
        lines = self.covered.setdefault(place.path, set())

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
                self._tick()
            return trace

        return trace

    def _values_of(self, place: Place) -> _Trace:
        lines = self.covered.setdefault(place.path, set())

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line":
                line = frame.f_lineno
                lines.add(line)
                self.raising.discard(id(frame))
                visits = place.visits.get(line, 0)
                if visits < VISITS:
                    place.visits[line] = visits + 1
                    self._sample(place.path, line, frame.f_locals)
                self._tick()
            elif event == "exception":
                self.raising.add(id(frame))
            elif event == "return":
                self._left(place, frame, argument)
            return trace

        return trace

    def _left(self, place: Place, frame: FrameType, value: Any) -> None:
        raised = id(frame) in self.raising
        self.raising.discard(id(frame))
        waits = place.waits and place.bytes[frame.f_lasti] not in _RETURNS
        if place.function and not waits and not (raised and value is None):
            self.returns.setdefault((place.path, place.line), set()).add(type_name_of(value))

    def _tick(self) -> None:
        self.events += 1
        if self.events % _EVERY == 0 and _clock() > self.deadline:
            self.late()

    def _place(self, code: CodeType) -> Place:
        place = self.places.get(id(code))
        if place is None:
            name = code.co_filename
            if name not in self.paths:
                path = relative(name, self.root)
                ours = not os.path.isabs(path) and not path.startswith("<") and not self.ignored(path)  # noqa: PTH117
                self.paths[name] = path if ours else ""
            place = self.places[id(code)] = Place(code, self.paths[name])
        return place

    # Values

    def _sample(self, path: str, line: int, variables: Any) -> None:
        if self.seen > MAX_SEEN:
            return
        types = self.types.setdefault((path, line), {})
        values = self.values.setdefault((path, line), {})
        for name, value in list(variables.items())[:MAX_NAMES]:
            if name.startswith((".", "__", "@")):
                continue
            self._note(types, values, name, value)
            for attribute, inner in self.attributes.of(value):
                self._note(types, values, f"{name}.{attribute}", inner)

    def _note(self, types: dict[str, set[str]], values: dict[str, list[str]], name: str, value: Any) -> None:
        self.seen += 1
        types.setdefault(name, set()).add(type_name_of(value))
        text = shown(value)
        known = values.setdefault(name, []) if text else []
        if text and text not in known and len(known) < MAX_VALUES:
            known.append(text)

    # Telling

    def told(self) -> dict[str, Any]:
        """What ran since `start`."""
        return {
            "covered": {path: sorted(lines) for path, lines in self.covered.items() if lines},
            "functions": {path: sorted(lines) for path, lines in self.functions.items()},
        }

    def told_values(self) -> dict[str, Any]:
        """What was seen in all tests: [[path, line, {name: [types]}, {name: [values]}]], [[path, line, [types]]]."""
        seen = []
        for (path, line), types in self.types.items():
            named = {name: sorted(kinds) for name, kinds in types.items()}
            values = {name: texts for name, texts in self.values[path, line].items() if texts}
            seen.append([path, line, named, values])
        returns = [[path, line, sorted(kinds)] for (path, line), kinds in self.returns.items()]
        return {"seen": seen, "returns": returns}


def trace_tests(
    tracer: Tracer,
    run: Callable[[int], Any],
    numbers: list[int],
    detailed: set[int],
    seconds: dict[int, float],
    answers: Answers,
) -> None:
    """Run tests (`run`: the one at a place) and tell what each ran. Who takes longer than its seconds is told of as far
    as it came, and is the last: the process ends. A test that hangs outside the project is left to the limits of its
    process."""

    def tell(number: int, late: bool) -> None:
        tracer.stop()
        answers.add({"test": number, "late": late, **tracer.told()})

    for at, number in enumerate(numbers):

        def enough(number: int = number) -> None:
            tell(number, True)
            answers.add(tracer.told_values())
            _exit(0)

        tracer.late = enough
        tracer.deadline = _clock() + seconds[number]
        tracer.start(number in detailed)
        run(at)
        tell(number, False)
    answers.add(tracer.told_values())
