"""The children of a trial server: each job is a fork that is watched, ended in time, and buried. Runs inside the
sandbox: standard library only, on any Python from 3.8."""

from __future__ import annotations

import ctypes
import mmap
import os
import select
import shutil
import signal
import struct
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .trial_channel import Answers, Channel, joined

TICK_SECONDS = 0.03
START_SECONDS = 10.0
MAX_SAID = 48 * 1024 * 1024
_clock = time.monotonic  # bound now: candidates patch time
_exit, _fork, _setpgid, _killpg, _kill = os._exit, os.fork, os.setpgid, os.killpg, os.kill
_setitimer = signal.setitimer
_SET_CHILD_SUBREAPER = 36  # <sys/prctl.h>
_GENERATIONS = 20
_PLACE = struct.Struct("=dq")


class Slot:
    """Where one child after the other works: a directory for its temporary files, and memory that it shares with the
    server, in which it notes the test that it is in and until when that may take (seconds of the monotonic clock)."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.memory = mmap.mmap(-1, mmap.PAGESIZE)
        os.makedirs(folder)  # noqa: PTH103

    def note(self, test: int, wall: float) -> None:
        _PLACE.pack_into(self.memory, 0, _clock() + wall, test)

    def place(self) -> tuple[float, int]:
        """(deadline, test)"""
        deadline, test = _PLACE.unpack_from(self.memory, 0)
        return float(deadline), int(test)

    def begin(self, test: int, cpu: float, wall: float) -> None:
        """In the child, before a test: whoever takes longer is ended by the kernel (processor time) or the server."""
        self.note(test, wall)
        _setitimer(signal.ITIMER_PROF, cpu)

    def clean(self) -> None:
        if os.listdir(self.folder):  # noqa: PTH208
            shutil.rmtree(self.folder, ignore_errors=True)
            os.makedirs(self.folder, exist_ok=True)  # noqa: PTH103


class Child:
    """A job that runs. late: it was ended because it took too long; status: None until it has been waited for."""

    def __init__(self, number: int, pid: int, pipe: int, slot: Slot) -> None:
        self.number = number
        self.pid = pid
        self.pipe = pipe
        self.slot = slot
        self.said = bytearray()
        self.late = False
        self.status: int | None = None


if TYPE_CHECKING:
    Job = Callable[[Answers, Slot], None]


class Crew:
    """Runs jobs, as many at once as there are slots, and answers each. make: what a request wants done, or None when
    it has been done already."""

    def __init__(self, channel: Channel, folder: str, size: int, make: Callable[[dict[str, Any]], Job | None]) -> None:
        self.channel = channel
        self.free = [Slot(os.path.join(folder, f"worker{number}")) for number in range(size)]  # noqa: PTH118
        self.make = make
        self.waiting = deque(channel.early)
        self.children: dict[int, Child] = {}
        self.poll = select.poll()
        self.strangers = Strays()
        self.starting: Callable[[dict[str, Any], Slot], None] = lambda _request, _slot: None
        self.finished: Callable[[dict[str, Any], Slot, bytes], None] = lambda _request, _slot, _said: None
        self.requests: dict[int, dict[str, Any]] = {}

    def serve(self) -> None:
        """Until the driver hangs up."""
        self.poll.register(self.channel.incoming, select.POLLIN)
        while True:
            while self.free and self.waiting:
                self._start(self.waiting.popleft())
            events = self.poll.poll(TICK_SECONDS * 1000 if self.children else None)
            for descriptor, _ in events:
                if descriptor in self.children:
                    self._listen(self.children[descriptor])
                elif descriptor == self.channel.incoming and not self._take():
                    return
            self._look_after()

    def _take(self) -> bool:
        messages = self.channel.read()
        for message in messages or ():
            if message["do"] == "forget":
                self._forget()
            else:
                self.waiting.append(message)
        return messages is not None

    def _forget(self) -> None:
        """End all that was asked for; what the server has to know stays."""
        self.waiting = deque(message for message in self.waiting if "n" not in message)
        for child in list(self.children.values()):
            self._bury(child)

    def _start(self, request: dict[str, Any]) -> None:
        job = self.make(request)
        if job is None:
            return
        slot = self.free.pop()
        slot.note(-1, START_SECONDS)
        self.starting(request, slot)
        theirs, ours = os.pipe()[::-1]
        pid = quiet_fork()
        if pid == 0:
            self._become(job, Answers(theirs), slot)
        _setpgid_of(pid)
        os.close(theirs)
        os.set_blocking(ours, False)
        self.poll.register(ours, select.POLLIN)
        self.children[ours] = Child(request["n"], pid, ours, slot)
        self.requests[request["n"]] = request

    def _become(self, job: Job, answers: Answers, slot: Slot) -> None:
        """The life of a child. Never returns."""
        try:
            _setpgid(0, 0)
            self.channel.close()
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            os.environ["TMPDIR"] = tempfile.tempdir = slot.folder
            job(answers, slot)
        except BaseException as error:
            answers.add({"failed": f"{type(error).__name__}: {error}"[:500]})
        finally:
            _exit(0)

    def _listen(self, child: Child) -> None:
        try:
            data = os.read(child.pipe, 1 << 18)
        except BlockingIOError:
            return
        child.said += data
        if not data or len(child.said) > MAX_SAID:
            self._bury(child)

    def _look_after(self) -> None:
        """End who is late, and bury who died while somebody else holds its pipe."""
        now = _clock()
        for child in list(self.children.values()):
            if now > child.slot.place()[0]:
                child.late = True
                self._bury(child)
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.status = status
                self._drain(child)
                self._bury(child)

    def _drain(self, child: Child) -> None:
        try:
            while data := os.read(child.pipe, 1 << 18):
                child.said += data
        except BlockingIOError:
            return

    def _bury(self, child: Child) -> None:
        _kill_group(child.pid)
        if child.status is None:
            _kill(child.pid, signal.SIGKILL)
            child.status = os.waitpid(child.pid, 0)[1]
        self.strangers.end({other.pid for other in self.children.values()})
        self.poll.unregister(child.pipe)
        del self.children[child.pipe]
        os.close(child.pipe)
        child.slot.clean()
        said = joined(bytes(child.said))
        how = b"late" if child.late else _manner(child.status)
        self.finished(self.requests.pop(child.number), child.slot, said)
        self.free.append(child.slot)
        self.channel.send_bytes(b"%d %s %d %s" % (child.number, how, child.slot.place()[1], said))


class Strays:
    """Processes that left their group: where the system allows it they become our children when their parents end, and
    are ended then. Who was there before is left alone."""

    def __init__(self) -> None:
        self.path = f"/proc/self/task/{os.getpid()}/children"
        self.known: set[int] = set()
        try:
            ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        except (OSError, AttributeError):  # no Linux
            self.path = ""
        self.known = self._children()

    def end(self, wanted: set[int]) -> None:
        """End all children but these."""
        for _ in range(_GENERATIONS):
            found = self._children() - wanted - self.known
            if not found:
                return
            for pid in found:
                _kill(pid, signal.SIGKILL)
                try:
                    os.waitpid(pid, 0)
                except OSError:
                    continue

    def _children(self) -> set[int]:
        try:
            with open(self.path, encoding="ascii") as file:  # noqa: PTH123
                return {int(word) for word in file.read().split()}
        except (OSError, ValueError):
            return set()


def quiet_fork() -> int:
    """A fork without the warning about threads of the project, which may be an error by its own settings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _fork()


def _manner(status: int) -> bytes:
    """How a process ended: `ended` by itself as it should, `late` by the processor time, else `died`."""
    if os.WIFSIGNALED(status):
        return b"late" if os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGXCPU) else b"died"
    return b"ended" if os.WEXITSTATUS(status) == 0 else b"died"


def _setpgid_of(pid: int) -> None:
    try:
        _setpgid(pid, pid)
    except OSError:  # it has done so itself
        return


def _kill_group(group: int) -> None:
    try:
        _killpg(group, signal.SIGKILL)
    except OSError:
        return
