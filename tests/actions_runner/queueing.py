"""Concurrency groups: who runs, who waits, who is cancelled, when several arrive while the first one runs."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_PENDING = 100


@dataclass(frozen=True)
class Ticket:
    """What a run or job says of its concurrency. group: "" for none; queue: single or max."""

    group: str = ""
    queue: str = "single"
    cancel_in_progress: bool = False


def admitted(tickets: Sequence[Ticket]) -> list[bool]:
    """For each in the order of arrival, before the first has ended: whether it gets its turn (else it is cancelled)."""
    turns = [True] * len(tickets)
    for group in {ticket.group.lower() for ticket in tickets if ticket.group}:
        waiting: list[int] = []
        running: int | None = None
        for number, ticket in enumerate(tickets):
            if ticket.group.lower() != group:
                continue
            if running is None or ticket.cancel_in_progress:
                cancelled = [*waiting, *([running] if running is not None else [])]
                running, waiting = number, []
            elif ticket.queue == "max":
                waiting.append(number)
                cancelled = [waiting.pop()] if len(waiting) > MOST_PENDING else []
            else:
                waiting, cancelled = [number], waiting
            for one in cancelled:
                turns[one] = False
    return turns
