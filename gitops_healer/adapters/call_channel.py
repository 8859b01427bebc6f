"""How the processes of a session talk: JSON objects, one a line. Runs inside the sandbox: standard library only, on
any Python from 3.8.
"""

from __future__ import annotations

import array
import io
import json
import os
import select
import socket
import time
from typing import Any

MAX_MESSAGE = 4 * 1024 * 1024
_CHUNK = 1 << 16
_clock = time.perf_counter  # bound now: candidates patch time
_encode = json.JSONEncoder(ensure_ascii=True).encode


def write(descriptor: int, message: dict[str, Any]) -> None:
    data = _encode(message).encode("ascii") + b"\n"
    while data:
        data = data[os.write(descriptor, data) :]


class Asked:
    """Lines of a descriptor. What was read ahead lies in one buffer, which can be wiped: a fork that runs candidate
    code must not find the calls there that are still to come."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._file = io.FileIO(descriptor, "rb", closefd=False)
        self._ahead = bytearray(_CHUNK)
        self._begin = self._end = 0

    def line(self) -> bytes:
        """The next line with its end; at the end of all what is left, b"" in the end."""
        parts = []
        while True:
            at = self._ahead.find(b"\n", self._begin, self._end)
            stop = at + 1 if at >= 0 else self._end
            parts.append(bytes(memoryview(self._ahead)[self._begin : stop]))
            self._begin = stop
            if at >= 0 or not self._fill():
                return b"".join(parts)

    def _fill(self) -> bool:
        self._begin, self._end = 0, self._file.readinto(self._ahead) or 0
        return self._end > 0

    def wipe(self) -> None:
        """Forget in this process what was read ahead, in place: memory that is only freed can still be read."""
        self._ahead[:] = bytes(len(self._ahead))
        self._begin = self._end = 0


class Channel:
    """JSON objects over a socket, and descriptors that come with them."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.buffer = b""
        self.descriptors: list[int] = []

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        data = _encode(message).encode("ascii") + b"\n"
        if descriptors:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
            data = data[self.channel.sendmsg([data], [rights]) :]
        self.channel.sendall(data)

    def fileno(self) -> int:
        return self.channel.fileno()

    def receive(self, seconds: float | None) -> dict[str, Any] | None:
        """The next object, {} when time is up, None at the end or when it is no object."""
        deadline = None if seconds is None else _clock() + seconds
        while b"\n" not in self.buffer:
            left = None if deadline is None else max(0.0, deadline - _clock())
            if not select.select([self.channel], [], [], left)[0]:
                return {}
            if len(self.buffer) > MAX_MESSAGE or not self._take():
                return None
        line, _, self.buffer = self.buffer.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return message if isinstance(message, dict) and message else None

    def _take(self) -> bool:
        try:
            data, rights, _, _ = self.channel.recvmsg(1 << 16, 256)
        except OSError:
            return False
        for _, _, packed in rights:
            numbers = array.array("i")
            numbers.frombytes(packed[: len(packed) - len(packed) % numbers.itemsize])
            self.descriptors += numbers
        self.buffer += data
        return bool(data)

    def taken(self) -> list[int]:
        """The descriptors that have come since; they are the caller's now."""
        found, self.descriptors = self.descriptors, []
        return found
