"""The fixture `validated`: every exchange of a test with a forge server is judged by GitHub's description."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from tests.openapi.check import Checker, Exchange, checker

SHOWN = 40


class Server(Protocol):
    """What the fixture needs of the forge server."""

    on_exchange: Callable[[Any], None] | None


class Watch:
    """What was violated in the exchanges of one test, in their order."""

    def __init__(self, judge: Checker) -> None:
        self._judge = judge
        self._expected: list[str] = []
        self.exchanges = 0
        self.violations: list[str] = []

    def look(self, exchange: Exchange) -> None:
        self.exchanges += 1
        self.violations += self._judge.violations(exchange)

    def expect(self, words: str) -> None:
        """Violations that have these words are meant to happen in this test."""
        self._expected.append(words)

    def unexpected(self) -> list[str]:
        """The violations that nobody expected, once each, and expectations that nothing fulfilled."""
        found = [text for text in self.violations if not any(words in text for words in self._expected)]
        unmet = [words for words in self._expected if not any(words in text for text in self.violations)]
        return [*dict.fromkeys(found), *(f"expected and not seen: a violation with {words!r}" for words in unmet)]

    def report(self) -> str:
        """The readable list for a failed test."""
        wrong = self.unexpected()
        more = [f"... and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
        head = f"{len(wrong)} violations of GitHub's API description in {self.exchanges} exchanges:"
        return "\n".join([head, *(re.sub(r"^", "  ", text) for text in wrong[:SHOWN]), *more])


Validated = Callable[[Server], Watch]


@pytest.fixture
def validated() -> Iterator[Validated]:
    """validated(server): judge all exchanges of this server from now on; the test fails at its end if one was wrong.
    A second call for the same server gives the same watch."""
    watches: dict[int, tuple[Server, Watch]] = {}

    def watch(server: Server) -> Watch:
        if id(server) not in watches:
            watches[id(server)] = server, _watch(server)
        return watches[id(server)][1]

    yield watch
    failed = [watched.report() for _, watched in watches.values() if watched.unexpected()]
    if failed:
        pytest.fail("\n".join(failed), pytrace=False)


def _watch(server: Server) -> Watch:
    watched = Watch(checker())
    before = server.on_exchange

    def both(exchange: Exchange) -> None:
        if before is not None:
            before(exchange)
        watched.look(exchange)

    server.on_exchange = both
    return watched


@pytest.fixture(autouse=True)
def every_exchange(validated: Validated, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fixture is imported, every forge server that a test starts is judged without being asked to."""
    module = sys.modules.get("tests.forge_server.server")
    if module is None:
        return
    start = module.ForgeServer.start

    def start_watched(server: Any) -> Any:
        started = start(server)
        validated(server)
        return started

    monkeypatch.setattr(module.ForgeServer, "start", start_watched)
