"""Processes of a session: who may look into them, and how nothing of a call is left running. Runs inside the sandbox:
standard library only, on any Python from 3.8.

Sources: prctl(2) for PR_SET_DUMPABLE and PR_SET_CHILD_SUBREAPER, proc(5) for /proc/PID/stat and children.
"""

# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

END_SECONDS = 5.0
MAX_HOPS = 1000
_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36
_clock = time.perf_counter  # bound now: candidates patch time


class Powers(NamedTuple):
    """What Linux lets a process say of itself; elsewhere, and without ctypes, nothing happens.

    looked_into: whether processes of the same user may look into this one, trace it and take its descriptors; a fork
    has it from its parent. adopt: from now on, what descends from this process becomes its child when its own parent
    ends. Both are looked up once: in each call that would cost as much as a call.
    """

    looked_into: Callable[[bool], object]
    adopt: Callable[[], bool]


def powers() -> Powers:
    try:
        import ctypes

        prctl: Any = ctypes.CDLL(None).prctl
    except Exception:  # no ctypes, no Linux
        return Powers(lambda allowed: None, lambda: False)
    return Powers(
        lambda allowed: prctl(_SET_DUMPABLE, int(allowed), 0, 0, 0),
        lambda: prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0,
    )


def kill(pid: int) -> None:
    """The process and the group that it leads."""
    for end in (os.killpg, os.kill):
        try:
            end(pid, signal.SIGKILL)
        except OSError:
            continue


def reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except OSError:
        return


class Family:
    """What calls leave running. job: with `own_processes` the sandbox has process numbers of its own, so that all it
    holds is ours; elsewhere ours is what descends from our launcher. adopted: whether what is left of a call becomes a
    child of this process. importer: stays alive, 0 when there is none; so does what
    `keep` found."""

    def __init__(self, job: dict[str, Any], adopted: bool) -> None:
        self.all_are_ours = bool(job.get("own_processes"))
        self.adopted = adopted
        self.launcher = os.getppid()
        self.importer = 0
        self.kept: set[int] = set()

    def keep(self, importer: int) -> None:
        """All that runs now is no call's."""
        self.importer = importer
        self.kept = self._look()[0]

    def is_alone(self) -> bool | None:
        """Whether there is nothing but the importer and what it started; None when that cannot be known at once. Asked
        when a call's own process has ended."""
        children = self._children()
        return None if children is None else not children

    def end_rest(self) -> bool:
        """Kill what is neither the importer nor kept: stopped first, so that none can make new ones behind our back,
        and again until none is found. Whether all of it ended."""
        stopped: set[int] = set()
        passed: set[int] = set()
        deadline = _clock() + END_SECONDS
        while True:
            self._stop_children(stopped)
            found, gone = self._look()
            found -= self.kept
            if not found and gone <= passed:
                return True
            if _clock() > deadline:
                return not found
            passed |= gone
            fresh = found - stopped
            for pid in fresh or found:
                _signal(pid, signal.SIGSTOP if fresh else signal.SIGKILL)
            stopped |= fresh

    def _stop_children(self, stopped: set[int]) -> None:
        """Stop those that are known at once, until no new one comes: what forks and ends, and so on, is faster than a
        look at all processes."""
        for _ in range(MAX_HOPS):
            fresh = (self._children() or set()) - stopped
            if not fresh:
                return
            for pid in fresh:
                _signal(pid, signal.SIGSTOP)
            stopped |= fresh

    def _children(self) -> set[int] | None:
        """What calls left that is a child of ours, as all is whose parent ended, or of the importer, as what was made
        in its name (CLONE_PARENT). None when it cannot be known."""
        if not self.adopted:
            return None
        ours = _children(os.getpid())
        theirs = _children(self.importer) if self.importer else set()
        return None if ours is None or theirs is None else (ours | theirs) - self.kept - {self.importer}

    def _look(self) -> tuple[set[int], set[int]]:
        """Processes of ours that live; and those that ended while we looked: they may have left others that we have
        not seen. Those that were adopted are buried."""
        tasks = _tasks()
        ours = tasks.keys() - {os.getpid(), self.importer, self.launcher, 1}
        if not self.all_are_ours:
            if os.getppid() != self.launcher or self.launcher <= 1:
                return set(), set()
            ours = {pid for pid in ours if tasks[pid].parent == 0 or self.launcher in _ancestors(pid, tasks)}
        gone = {pid for pid in ours if tasks[pid].is_dead}
        for pid in gone:
            if tasks[pid].parent == os.getpid():
                reap(pid)
        return ours - gone, gone


class _Task(NamedTuple):
    """parent: 0 when it cannot be known any more."""

    parent: int
    is_dead: bool


def _tasks() -> dict[int, _Task]:
    try:
        return {int(name): _task(name) for name in os.listdir("/proc") if name.isdigit()}
    except OSError:
        return {}


def _task(pid: str) -> _Task:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        # A leader that ended shows as dead while threads of its process live on.
        return _Task(int(fields[1]), fields[0] in (b"Z", b"X") and int(fields[17]) <= 1)
    except (OSError, ValueError, IndexError):
        return _Task(0, True)


def _children(pid: int) -> set[int] | None:
    """Of the main thread of a process; None where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as children:
            return {int(child) for child in children.read().split()}
    except (OSError, ValueError):
        return None


def _ancestors(pid: int, tasks: dict[int, _Task]) -> Iterable[int]:
    for _ in range(len(tasks)):
        task = tasks.get(pid)
        pid = task.parent if task else 0
        if pid <= 1:
            return
        yield pid


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return
