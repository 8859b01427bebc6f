"""How a trial server talks with its driver, and its children with it. Runs inside the sandbox: standard library only.

From the driver: one JSON object a line. To the driver: the same, or `NUMBER HOW TEST [answers]` where a child has
ended: HOW is how it ended, TEST the test that it was in (-1: none), and then a JSON array of what it had said.
"""

from __future__ import annotations

import json
import os
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=True, default=str).encode  # bound now: tests patch json and os
_read, _write, _close = os.read, os.write, os.close
_CHUNK = 1 << 16


class Channel:
    """The conversation with the driver, on descriptors that no test knows: what a test reads or prints is not ours."""

    def __init__(self) -> None:
        self.incoming = os.dup(0)
        self.outgoing = os.dup(1)
        self.buffer = b""
        self.early: list[dict[str, Any]] = []
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(null, descriptor)
        os.close(null)

    def send(self, message: dict[str, Any]) -> None:
        self.send_bytes(_encode(message).encode("ascii"))

    def send_bytes(self, line: bytes) -> None:
        data = line + b"\n"
        while data:
            data = data[_write(self.outgoing, data) :]

    def read(self) -> list[dict[str, Any]] | None:
        """The messages that one read completes, perhaps none; None at the end."""
        data = _read(self.incoming, _CHUNK)
        if not data:
            return None
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def wait(self) -> dict[str, Any] | None:
        """The first message; what came with it is in `early`."""
        while True:
            messages = self.read()
            if messages is None:
                return None
            if messages:
                self.early = messages[1:]
                return messages[0]

    def close(self) -> None:
        """In a child: the conversation is not its business."""
        for descriptor in (self.incoming, self.outgoing):
            _close(descriptor)


class Answers:
    """The pipe of a child to its server."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def add(self, answer: dict[str, Any]) -> None:
        data = _encode(answer).encode("ascii") + b"\n"
        while data:
            data = data[_write(self.descriptor, data) :]


def joined(said: bytes) -> bytes:
    """Whole lines of a child as one JSON array; of a line that was cut off nothing."""
    lines = said.split(b"\n")[:-1]
    return b"[" + b",".join(line for line in lines if line).replace(b"\r", b" ") + b"]"
