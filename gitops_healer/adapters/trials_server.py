"""The driver's end of the conversation with one trial server: what it may say, read without trust."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitops_healer.ports import Conversation

_PATIENCE = 1.0


@dataclass(frozen=True)
class Answer:
    """A job that has ended. how: `ended` by itself, `late` or `died`; test: number of the test that it was in, -1 when
    in none; told: what it had said, objects only."""

    number: int
    how: str
    test: int
    told: tuple[Mapping[str, Any], ...]


class TrialServer:
    """Numbers requests and pairs answers with them. An answer to a request that was forgotten is dropped."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._next = 0
        self._open: set[int] = set()
        self._orders: dict[tuple[int, ...], int] = {}

    @property
    def over(self) -> str:
        return self._conversation.over

    def say(self, message: Mapping[str, Any]) -> None:
        """Something that has no answer."""
        self._conversation.send(json.dumps(message).encode("ascii") + b"\n")

    def ask(self, request: Mapping[str, Any]) -> int:
        """The number by which the answer will be known."""
        self._next += 1
        self._open.add(self._next)
        self.say({**request, "n": self._next})
        return self._next

    def order_of(self, tests: tuple[int, ...]) -> int:
        """The number by which the server knows a list of tests, -1 for the empty one."""
        if not tests:
            return -1
        if tests not in self._orders:
            self._orders[tests] = len(self._orders)
            self.say({"do": "order", "tests": tests})
        return self._orders[tests]

    def hear(self, seconds: float) -> Mapping[str, Any] | None:
        """A message of the server itself; None when none came in time or it is over."""
        line = self._conversation.receive(seconds)
        value = _loaded(line) if line is not None else None
        return value if isinstance(value, dict) else None

    def answer(self, seconds: float) -> Answer | None:
        """The next answer to an open request; None when none came in time or it is over."""
        until = time.monotonic() + seconds
        while True:
            line = self._conversation.receive(max(0.0, until - time.monotonic()))
            if line is None:
                return None
            found = _read(line)
            if found is not None and found.number in self._open:
                self._open.remove(found.number)
                return found

    def forget(self) -> None:
        """Nobody waits any more for what was asked: it is ended."""
        if self._open and not self.over:
            self.say({"do": "forget"})
        self._open.clear()


def _read(line: bytes) -> Answer | None:
    words = line.split(b" ", 3)
    if len(words) != 4:
        return None
    try:
        number, test = int(words[0]), int(words[2])
    except ValueError:
        return None
    told = _loaded(words[3])
    items = tuple(item for item in told if isinstance(item, dict)) if isinstance(told, list) else ()
    return Answer(number, words[1].decode("ascii", "replace"), test, items)


def _loaded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
