"""A program in the sandbox that is talked with, line by line, for as long as it is wanted."""

import contextlib
import os
import selectors
import time
from collections import deque

from gitops_healer.adapters.sandbox_launcher import Order
from gitops_healer.adapters.sandbox_run import Run
from gitops_healer.ports import Limits

MAX_LINE = 64 * 1024**2
_CHUNK = 256 * 1024
_GRACE_SECONDS = 5.0
_SAID = 300


class SandboxConversation(Run):
    """`Conversation` with one program. What it says is taken in only while somebody waits for it, at most a line of
    64 MiB, so that a program that floods us waits for us. `close` ends it and all that it started."""

    def __init__(self, command: list[bytes], order: Order, limits: Limits) -> None:
        super().__init__(command, order, limits, b"")
        self._outgoing = bytearray()
        self._lines: deque[bytes] = deque()
        self._partial = bytearray()
        self._deadline = self._began + limits.seconds
        self._closed = False
        self._why = ""

    @property
    def over(self) -> str:
        """Why it ended, a sentence; "" while it lives or while there are lines of it that nobody has had."""
        return "" if self._lines else self._why

    def start(self) -> None:
        """Send the order and begin to listen."""
        self._open()

    def send(self, data: bytes) -> None:
        """Say something. Never waits: what it does not read now is sent while we listen."""
        if self._closed or not data:
            return
        self._outgoing += data
        self._write()

    def receive(self, seconds: float) -> bytes | None:
        """Its next line without the line end; None when none came in time or when it is over."""
        until = time.monotonic() + seconds
        while not self._lines and not self._closed:
            wait = min(until, self._deadline) - time.monotonic()
            self._attend(max(0.0, wait))
            if not self._lines and time.monotonic() >= self._deadline:
                self._finish(f"it ran longer than {self._limits.seconds:g} s")
            if wait <= 0:
                break
        return self._lines.popleft() if self._lines else None

    def close(self) -> None:
        """End it. Nothing of it is left, no process and no descriptor."""
        self._lines.clear()
        self._finish("it was ended by us")

    def _open(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._hand_over()
        stdout = self._process.stdout.fileno()
        self._selector.register(stdout, selectors.EVENT_READ, lambda: self._take(stdout))
        os.set_blocking(self._process.stdin.fileno(), False)

    def _attend(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            key.data()
        if not self._closed and self._process.stdout and self._process.stdout.fileno() not in self._selector.get_map():
            self._finish("")

    def _take(self, descriptor: int) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = os.read(descriptor, _CHUNK)
        if not data:
            self._selector.unregister(descriptor)
            return
        first, *rest = data.split(b"\n")
        self._partial += first
        if rest:
            self._lines += [bytes(self._partial), *rest[:-1]]
            self._partial = bytearray(rest[-1])
        if len(self._partial) > MAX_LINE:
            self._finish(f"it said a line of more than {MAX_LINE // 1024**2} MiB")

    def _write(self) -> None:
        assert self._process.stdin
        stdin = self._process.stdin.fileno()
        try:
            written = os.write(stdin, self._outgoing[:_CHUNK])
        except BlockingIOError:
            written = 0
        except OSError:  # nobody reads any more: its end will be heard
            written = len(self._outgoing)
        del self._outgoing[:written]
        waiting = stdin in self._selector.get_map()
        if self._outgoing and not waiting:
            self._selector.register(stdin, selectors.EVENT_WRITE, self._write)
        elif not self._outgoing and waiting:
            self._selector.unregister(stdin)

    def _finish(self, why: str) -> None:
        """why: "" when it hung up by itself, and the launcher's report says how."""
        if self._closed:
            return
        self._closed = True
        try:
            if why:
                self._call_off()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None and stream.fileno() in self._selector.get_map():
                    self._selector.unregister(stream.fileno())
            if self._process.stdin is not None:
                self._process.stdin.close()
            if not self._pump(time.monotonic() + _GRACE_SECONDS):
                self._call_off()
                self._pump(time.monotonic() + _GRACE_SECONDS)
        finally:
            self._close()
        self._why = why or self._how()

    def _how(self) -> str:
        code, reason = self._ending()
        said = self._stderr.value().decode("utf-8", "replace").strip().splitlines()[-1:]
        return reason or f"it ended with exit code {code}" + "".join(f" ({line[:_SAID]})" for line in said)
