"""A transport that keeps what it delivers in memory."""

from __future__ import annotations

import asyncio
from types import TracebackType


class TransportError(Exception):
    pass


class Transport:
    """Delivers to domains; each connection is for one domain, and only so many may be open at a time."""

    def __init__(self, broken: dict[str, int] | None = None, connections: int = 2) -> None:
        self.broken = dict(broken or {})
        self.delivered: list[tuple[str, str]] = []
        self.opened = 0
        self.most_open = 0
        self._open = 0
        self._free = asyncio.Semaphore(connections)

    def connect(self, domain: str) -> Connection:
        return Connection(self, domain)

    async def acquire(self) -> None:
        await self._free.acquire()
        self._open += 1
        self.opened += 1
        self.most_open = max(self.most_open, self._open)

    def release(self) -> None:
        self._open -= 1
        self._free.release()


class Connection:
    """`async with` opens and closes it, whatever happens inside."""

    def __init__(self, transport: Transport, domain: str) -> None:
        self.transport = transport
        self.domain = domain

    async def __aenter__(self) -> Connection:
        await self.transport.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.transport.release()
        return False

    async def deliver(self, address: str, subject: str) -> None:
        """Deliver to one address. A domain that is broken so many times fails as often."""
        await asyncio.sleep(0)
        if self.transport.broken.get(self.domain, 0) > 0:
            self.transport.broken[self.domain] -= 1
            raise TransportError(f"{self.domain} does not answer")
        self.transport.delivered.append((address, subject))
