from __future__ import annotations

from collections import deque
from typing import Any


class ClosedError(Exception):
    pass


class Channel:
    """Passes values from senders to receivers; when full, the oldest value is dropped."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.dropped = 0
        self._values: deque[Any] = deque()
        self._closed = False

    async def send(self, value: Any) -> None:
        if self._closed:
            raise ClosedError
        if len(self._values) >= self.size:
            self._values.popleft()
            self.dropped += 1
        self._values.append(value)

    async def receive(self) -> Any:
        """The oldest value. What was sent before closing can still be received; after that ClosedError.

        An open channel without values gives None.
        """
        if self._values:
            return self._values.popleft()
        if self._closed:
            raise ClosedError
        return None

    def close(self) -> None:
        self._closed = True

    async def drain(self) -> list[Any]:
        """All values that are there, in order, without the Nones."""
        values = []
        for _ in range(len(self._values)):
            value = await self.receive()
            if value is None:
                continue
            values.append(value)
        return values


async def forward(source: Channel, targets: list[Channel]) -> int:
    """Send every value of the source to all targets that are open; returns the number of values."""
    values = await source.drain()
    for value in values:
        for target in targets:
            try:
                await target.send(value)
            except ClosedError:
                continue
    return len(values)
