"""What comes from one call: its answer, and what it prints. Runs inside the sandbox: standard library only, on any
Python from 3.8.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

MAX_PRINTED = 64 * 1024
MAX_ANSWER = 16 * 1024 * 1024
_TOLD = ("ok", "value", "detail", "type", "frames", "seconds", "deliberate", "arguments", "effects", "lines")


class Heard:
    """answers, printed: descriptors of the two; token: what its answer begins with, so that a call that writes to every
    descriptor it finds does not answer by chance."""

    def __init__(self, answers: int, printed: int, token: str) -> None:
        self.answers = answers
        self.printed = printed
        self.token = token
        self.open = [answers, printed]
        self.said = {answers: bytearray(), printed: bytearray()}
        self.dropped = 0
        for descriptor in self.open:
            os.set_blocking(descriptor, False)

    def take(self, ready: Iterable[int]) -> None:
        """Read what is there, at most some megabytes at once."""
        for descriptor in [found for found in list(ready) if found in self.said]:
            for _ in range(64):
                try:
                    data = os.read(descriptor, 1 << 16)
                except BlockingIOError:
                    break
                if not data:
                    self.open = [found for found in self.open if found != descriptor]
                    break
                self._keep(descriptor, data)

    def _keep(self, descriptor: int, data: bytes) -> None:
        said = self.said[descriptor]
        room = (MAX_PRINTED if descriptor == self.printed else MAX_ANSWER) - len(said)
        said += data[: max(0, room)]
        self.dropped += len(data) - max(0, min(room, len(data))) if descriptor == self.printed else 0

    def outcome(self) -> dict[str, Any] | None:
        """Its answer, None when there is none that could be one."""
        for line in bytes(self.said[self.answers]).split(b"\n")[:-1]:
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(told, dict) and told.get("token") == self.token:
                return {key: told.get(key) for key in _TOLD}
        return None

    def text(self) -> str:
        more = f"... ({self.dropped:,} bytes more)" if self.dropped else ""
        return self.said[self.printed].decode("utf-8", "replace") + more
