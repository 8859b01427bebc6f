"""Sinks that talk to somebody: lines wait in a bounded queue, and a thread of the sink's own hands them on.

What is in the queue when the process is killed is lost, a quarter of a second's worth at most while the other side
answers; the files of `spool` lose nothing.
"""

from __future__ import annotations

import threading
import time
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

QUEUE_LINES = 10_000
AT_ONCE = 500
PAUSE = 0.25
LONGEST_PAUSE = 30.0
CLOSE_SECONDS = 3.0


class QueuedSink:
    """Subclasses say how lines are sent: all of them, or an error. reason: why the last attempt failed."""

    def __init__(self, limit: int = QUEUE_LINES) -> None:
        self.reason = ""
        self._limit = limit
        self._queue: deque[bytes] = deque()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._closing = False

    def send(self, lines: list[bytes]) -> None:
        """Hand lines on. Raises whatever it likes: they are tried again."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drop a connection without a word: it may be the parent process's, or broken."""

    def write(self, data: bytes) -> None:
        """Queue lines. Raises OSError when the queue is full."""
        if len(self._queue) >= self._limit:
            raise OSError(11, f"the queue is full{': ' + self.reason if self.reason else ''}")
        self._queue.append(data)
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._work, name="gitops-healer-recorder", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        pause = PAUSE
        while not (self._closing and not self._queue):
            self._wake.wait(0 if self._closing else pause)
            if self._send_some():
                pause = PAUSE
            elif self._closing:
                return
            else:
                pause = min(LONGEST_PAUSE, pause * 2)

    def _send_some(self) -> bool:
        """True when all that waited was taken."""
        while self._queue:
            lines = [self._queue[i] for i in range(min(AT_ONCE, len(self._queue)))]
            try:
                self.send(lines)
            except Exception as error:
                self.reason = f"{type(error).__name__}: {error!s:.200}"
                self.forget()
                return False
            for _ in lines:
                self._queue.popleft()
        self.reason = ""
        return True

    def forked(self) -> None:
        """In the child: the queue and the connection are the parent's, and its thread is not here."""
        self._queue = deque()
        self._wake = threading.Event()
        self._thread = None
        self.forget()

    def close(self) -> None:
        """Send what waits, for three seconds at most."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._closing = True
        self._wake.set()
        end = time.monotonic() + CLOSE_SECONDS
        thread.join(max(0.0, end - time.monotonic()))
        self.forget()


class ConnectedSink(QueuedSink):
    """A sink with a connection of its own, made when the first lines are sent."""

    def __init__(self) -> None:
        super().__init__()
        self._connection: Any = None

    def forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def forked(self) -> None:
        """A database's connection must not be used nor closed across a fork: that would end the parent's session. It is
        left alone."""
        self._abandoned, self._connection = self._connection, None
        super().forked()
