"""One run of the sandbox as seen from outside: start the launcher, feed, drain, wait, and end it when time is over."""

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable

from gitops_healer.adapters.sandbox_launcher import Order
from gitops_healer.errors import SandboxError
from gitops_healer.ports import Limits, Ran

_CHUNK = 256 * 1024
_GRACE_SECONDS = 5.0
_REPORT = re.compile(r"(ended|stopped|failed) (.*)")
_GONE = "the sandbox itself was killed"


class Kept:
    """The head and the tail of a stream in bounded memory, and how much was left out between them."""

    def __init__(self, limit: int) -> None:
        self._room = limit // 2
        self._keep = limit - limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        space = self._room - len(self._head)
        self._head += data[:space]
        self._tail += data[space:]
        if len(self._tail) > 2 * self._keep + _CHUNK:
            self._trim()

    def _trim(self) -> None:
        excess = max(0, len(self._tail) - self._keep)
        del self._tail[:excess]
        self._dropped += excess

    def value(self) -> bytes:
        self._trim()
        gap = b"\n[... %d bytes left out ...]\n" % self._dropped if self._dropped else b""
        return bytes(self._head + gap + self._tail)


class Run:
    """From the start of the launcher to the death of all that it started."""

    def __init__(self, command: list[bytes], order: Order, limits: Limits, stdin: bytes) -> None:
        self._order = order
        self._limits = limits
        self._input = memoryview(stdin)
        self._stdout = Kept(limits.output)
        self._stderr = Kept(limits.output)
        self._report = Kept(_CHUNK)
        self._began = time.monotonic()
        self._channel, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(self._channel.close)
            self._process = _start([*command, b"%d" % theirs.fileno()], theirs.fileno())
            undo.pop_all()
        self._selector = selectors.DefaultSelector()

    def to_the_end(self) -> Ran:
        """Raises SandboxError when the walls could not be built."""
        try:
            self._open()
            in_time = self._pump(self._began + self._limits.seconds)
            if not in_time:
                self._call_off()
                self._pump(time.monotonic() + _GRACE_SECONDS)
        finally:
            self._close()
        return self._judge(not in_time, time.monotonic() - self._began)

    def _open(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._hand_over()
        self._listen(self._process.stdout.fileno(), self._stdout)
        stdin = self._process.stdin.fileno()
        os.set_blocking(stdin, False)
        self._selector.register(stdin, selectors.EVENT_WRITE, lambda: self._feed(stdin))

    def _hand_over(self) -> None:
        """Give the launcher its order, and hear what it reports and what the program says of errors."""
        assert self._process.stderr
        with contextlib.suppress(OSError):  # it died at once: the report will be missing
            self._channel.sendall(self._order.packed())
        self._listen(self._channel.fileno(), self._report)
        self._listen(self._process.stderr.fileno(), self._stderr)

    def _listen(self, descriptor: int, kept: Kept) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, lambda: self._drain(descriptor, kept))

    def _drain(self, descriptor: int, kept: Kept) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = os.read(descriptor, _CHUNK)
        if data:
            kept.add(data)
        else:
            self._selector.unregister(descriptor)

    def _feed(self, descriptor: int) -> None:
        try:
            written = os.write(descriptor, self._input[:_CHUNK]) if self._input else 0
        except BlockingIOError:
            return
        except OSError:
            written = len(self._input)  # nobody reads any more
        self._input = self._input[written:]
        if not self._input:
            self._selector.unregister(descriptor)
            assert self._process.stdin
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _pump(self, deadline: float) -> bool:
        """Feed and drain until the launcher has hung up and all is read. Returns whether that was before the deadline.

        Whoever holds a stream open when the launcher is gone has escaped it: he is not waited for.
        """
        watched, gone = self._selector.get_map(), False
        while watched:
            if not gone and self._channel.fileno() not in watched:
                gone, deadline = True, time.monotonic() + 1
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                return gone
            for key, _ in ready:
                act: Callable[[], None] = key.data
                act()
        return True

    def _call_off(self) -> None:
        """Ask the launcher to end it. Killed from here, he would be gone before all of his are: with a pid namespace
        the kernel ends them behind him, and it is his parent inside that waits for that."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)

    def _close(self) -> None:
        """Nothing of ours is left: no process, no descriptor."""
        self._channel.close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            _kill_group(self._process.pid)
            self._process.wait()
        finally:
            self._selector.close()
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _judge(self, timed_out: bool, seconds: float) -> Ran:
        code, reason = self._ending()
        if timed_out:
            code, reason = None, f"it ran longer than {self._limits.seconds:g} s"
        return Ran(code, self._stdout.value(), self._stderr.value(), seconds, timed_out, reason)

    def _ending(self) -> tuple[int | None, str]:
        """Exit code, or why there is none, by the first line of the report."""
        line = self._report.value().decode("utf-8", "replace").partition("\n")[0]
        match = _REPORT.fullmatch(line)
        if match is None:
            said = self._stderr.value().decode("utf-8", "replace").strip().splitlines()
            if 0 < self._process.returncode < 128 and said:  # it could not even start
                raise SandboxError(f"the sandbox could not be built: {said[-1]}")
            return None, _GONE
        kind, rest = match.groups()
        if kind == "failed":
            raise SandboxError(f"the sandbox could not be built: {rest}")
        return (None, rest) if kind == "stopped" else _of_status(int(rest))


def _of_status(status: int) -> tuple[int | None, str]:
    if not os.WIFSIGNALED(status):
        return os.waitstatus_to_exitcode(status), ""
    number = os.WTERMSIG(status)
    with contextlib.suppress(ValueError):
        return None, f"it was killed by {signal.Signals(number).name}"
    return None, f"it was killed by signal {number}"


def _start(command: list[bytes], channel: int) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, env={}, cwd="/", pass_fds=(channel,),
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise SandboxError(f"cannot start {os.fsdecode(command[0])}: {error.strerror}") from error


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
