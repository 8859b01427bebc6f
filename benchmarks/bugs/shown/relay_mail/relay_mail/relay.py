from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from relay_mail.messages import Message, by_domain
from relay_mail.transport import Transport, TransportError


class Relay:
    """Takes messages and delivers them, domain by domain, urgent ones first."""

    def __init__(self, transport: Transport, attempts: int = 2) -> None:
        self.transport = transport
        self.attempts = attempts
        self.bounced: list[tuple[str, str]] = []
        self._queue: list[Message] = []

    def post(self, message: Message) -> int:
        """Queue a message: urgent ones behind the urgent ones, others at the end. Returns its place, from 1."""
        place = len(self._queue)
        if message.urgent:
            place = sum(waiting.urgent for waiting in self._queue)
        self._queue.insert(place, message)
        return place + 1

    async def send(self, message: Message) -> int:
        """Deliver one message at once; the number of addresses that it reached."""
        groups = by_domain(message.to)
        reached = await asyncio.gather(
            *(self._send_group(domain, addresses, message.subject) for domain, addresses in groups.items())
        )
        return sum(reached)

    async def flush(self, limit: int | None = None) -> dict[str, int]:
        """Deliver what waits, or so many messages at most; addresses reached by subject."""
        report: dict[str, int] = {}
        async for message in self._waiting(limit):
            report[message.subject] = report.get(message.subject, 0) + await self.send(message)
        return report

    async def _waiting(self, limit: int | None) -> AsyncIterator[Message]:
        taken = 0
        while self._queue and (limit is None or taken < limit):
            yield self._queue.pop(0)
            taken += 1
            await asyncio.sleep(0)

    async def _send_group(self, domain: str, addresses: list[str], subject: str) -> int:
        reached = 0
        async with self.transport.connect(domain) as connection:
            for address in addresses:
                for attempt in range(1, self.attempts + 1):
                    try:
                        await connection.deliver(address, subject)
                    except TransportError:
                        if attempt == self.attempts:
                            self.bounced.append((address, subject))
                    else:
                        reached += 1
                        break
        return reached
