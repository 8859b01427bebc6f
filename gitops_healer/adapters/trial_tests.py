"""What children of a trial server do with tests: run them all, or try a change on them. Runs inside the sandbox:
standard library only, on any Python from 3.8."""

from __future__ import annotations

import itertools
import os
import pathlib
import sys
import time
from typing import Any

from .trial_channel import Answers
from .trial_crew import Slot
from .trial_plain import PlainRuns, outcome_of
from .trial_plugin import TrialPlugin

_clock, _cpu_clock = time.perf_counter, time.process_time  # bound now: candidates patch time
_Path = pathlib.Path
_STARTS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})


class Tests:
    """Collected tests by their number in the driver's list, and how long each may take. (One number may stand for
    several tests: all of a file that could not be imported.)

    cpu, wall: seconds of each test; who is not named may take `longest` of processor time and thrice as long.
    """

    def __init__(self, plugin: TrialPlugin, config: Any, items: dict[int, list[Any]], longest: float) -> None:
        self.plugin = plugin
        self.config = config
        self.items = items
        self.longest = longest
        self.plain: set[int] = set()
        self.plainly = PlainRuns(config)
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def same_limit(self, seconds: float) -> None:
        """In a child: what each test may take, in place of limits of its own."""
        self.cpu, self.wall, self.longest = [], [], seconds

    def settle(self, slot: Slot) -> None:
        """In a child: where pytest's own temporary directories go."""
        factory = getattr(self.config, "_tmp_path_factory", None)
        if factory is not None:
            factory._basetemp = _Path(slot.folder)

    def run_untimed(self, number: int) -> None:
        """One test whose time somebody else watches."""
        for item in self.items[number]:
            self.plugin.run(item, None)

    def following(self, numbers: list[int], at: int) -> int | None:
        """The next test behind the one at this place that pytest gets to see: up to it shared fixtures are kept."""
        if numbers[at] in self.plain:
            return None
        behind = itertools.islice(numbers, at + 1, None)
        return next((number for number in behind if number not in self.plain and number in self.items), None)

    def run(self, number: int, following: int | None, slot: Slot) -> dict[str, Any]:
        """The record of one test (see `TrialPlugin.run`), with the processor time that it took."""
        known = number < len(self.cpu)
        cpu, wall = (self.cpu[number], self.wall[number]) if known else (self.longest, 3 * self.longest)
        slot.begin(number, cpu, wall)
        began = _cpu_clock()
        after = self.items.get(following, [])[:1] if following is not None else []
        queue = [*self.items[number], *after]
        record: dict[str, Any] = {}
        if number in self.plain:
            record, queue = self._run_plain(self.items[number][0]), []
        for at, item in enumerate(queue[: len(self.items[number])]):
            record = self._run_item(item, queue[at + 1] if at + 1 < len(queue) else None)
            if record["outcome"] != "passed":
                break
        record["cpu"] = _cpu_clock() - began
        return record

    def _run_plain(self, item: Any) -> dict[str, Any]:
        began = _clock()
        error = self.plainly.run(item)
        record = {"outcome": outcome_of(error), "seconds": _clock() - began, "setup": 0.0}
        if record["outcome"] == "failed" and error is not None:
            record.update(self.plugin.told(item, error))
        return record

    def _run_item(self, item: Any, following: Any) -> dict[str, Any]:
        try:
            return self.plugin.run(item, following)
        except BaseException as error:  # pytest lets through what means: stop everything
            return {**self.plugin.record, "outcome": "failed", "reached": type(error).__name__}

    def run_all(self, numbers: list[int], answers: Answers, slot: Slot) -> None:
        """Every test in this order; an answer each, `{"test": number, ...}`."""
        self.settle(slot)
        spawned = _noted_starts()
        for at, number in enumerate(numbers):
            spawned.clear()
            record = self.run(number, self.following(numbers, at), slot)
            answers.add({"test": number, "spawns": bool(spawned), **record})

    def attempt(self, failing: list[int], passing: list[int], slot: Slot) -> dict[str, Any]:
        """Run all of `failing`, then, when one of them passes or there is none, `passing` until one does not.

        {"fixed": numbers, "broken": number or -1, "passed": count, "reached": how the first that fails does}
        """
        self.settle(slot)
        self.plugin.detailed = False
        self.plugin.compare_nothing()
        numbers = [number for number in (*failing, *passing) if number in self.items]
        fixed: list[int] = []
        told: dict[str, Any] = {"fixed": fixed, "broken": -1, "passed": 0, "reached": ""}
        missing = [number for number in failing if number not in self.items]
        if missing:
            told["reached"] = "it is not there"
        chosen = set(failing)
        for at, number in enumerate(numbers):
            if number not in chosen and chosen and not fixed:
                break
            record = self.run(number, self.following(numbers, at), slot)
            if record["outcome"] == "passed":
                told["passed"] += 1
                if number in chosen:
                    fixed.append(number)
            elif number in chosen:
                told["reached"] = told["reached"] or record.get("reached", record["outcome"])
            else:
                told["broken"] = number
                return told
        gone = next((number for number in passing if number not in self.items), -1)
        told["broken"] = gone if fixed or not chosen else -1
        return told


def _noted_starts() -> list[str]:
    """A list to which everything is added that is started and looks like Python, from now on."""
    found: list[str] = []

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _STARTS and "py" in str(arguments[:2]):
            found.append(event)

    sys.addaudithook(hear)
    return found


def address_space() -> int:
    """Bytes of address space that this process has taken, 0 when the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
