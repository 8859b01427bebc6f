"""One run over candidates: given to the servers as they are drawn, judged as they come back."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_healer.adapters.trials_loading import Loading, Part
from gitops_healer.adapters.trials_server import Answer, TrialServer
from gitops_healer.adapters.trials_servers import Servers
from gitops_healer.core.change import Change
from gitops_healer.core.trials import Ending, Tried
from gitops_healer.errors import StaleEditError

AHEAD = 2  # candidates given for each that runs, so that no child waits for the next one
_TURN = 0.01
_MAX_TEXT = 500


@dataclass(frozen=True)
class _Asked:
    """A candidate on its way. number: its place among all candidates; guards: tests that must stay passing; whole:
    these are asked for, too."""

    number: int
    change: Change
    guards: tuple[int, ...]
    warm: bool = True
    whole: bool = True


class _Side:
    """One of the servers, with what it was asked. lost: what it was asked and can no more answer."""

    def __init__(self, get: Callable[[], TrialServer | None], silence: float) -> None:
        self._get = get
        self._silence = silence
        self._server: TrialServer | None = None
        self._heard = 0.0
        self.pending: dict[int, _Asked] = {}
        self.lost: list[_Asked] = []

    def server(self) -> TrialServer | None:
        """A living one, or None."""
        if self._server is None or self._server.over:
            self._give_up()
            self._server = self._get()
        return self._server

    def ask(self, request: Mapping[str, Any], asked: _Asked) -> None:
        assert self._server is not None
        if not self.pending:
            self._heard = time.monotonic()
        self.pending[self._server.ask(request)] = asked

    def hear(self, seconds: float) -> tuple[_Asked, Answer] | None:
        """The next answer, if one comes in time."""
        if not self.pending or self._server is None:
            return None
        answer = self._server.answer(seconds)
        if answer is not None:
            self._heard = time.monotonic()
            return self.pending.pop(answer.number), answer
        if self._server.over or time.monotonic() - self._heard > self._silence:
            self._give_up()
        return None

    def forget(self) -> None:
        if self._server is not None:
            self._server.forget()

    def _give_up(self) -> None:
        self.lost += self.pending.values()
        self.forget()
        self.pending.clear()


class Trying:
    """names: ids of tests by number; targets: those that are to be fixed; guards: those that must stay passing."""

    def __init__(
        self,
        servers: Servers,
        loading: Loading,
        names: Sequence[str],
        targets: Sequence[int],
        guards: Callable[[Change], tuple[int, ...]],
    ) -> None:
        self._loading = loading
        self._names = names
        self._targets = targets
        self._guards = guards
        self._silence = servers.silence
        self._ahead = AHEAD * servers.workers
        self._warm = _Side(servers.warm, servers.silence)
        self._cold = _Side(servers.cold, servers.silence)

    def all(self, changes: Iterable[Change], seconds: float) -> Iterator[Tried]:
        """Results as they come, for so long."""
        until = time.monotonic() + seconds
        source = enumerate(changes)
        drawn = False
        try:
            while (not drawn or self._on_the_way) and time.monotonic() < until:
                while not drawn and self._on_the_way < self._ahead:
                    number, change = next(source, (0, None))
                    if change is None:
                        drawn = True
                    elif not self._ask(_Asked(number, change, self._guards(change))):
                        yield Tried(number, Ending.UNLOADABLE, warm=False)
                yield from self._hear(until - time.monotonic())
        finally:
            self._warm.forget()
            self._cold.forget()

    @property
    def _on_the_way(self) -> int:
        return len(self._warm.pending) + len(self._cold.pending) + len(self._warm.lost) + len(self._cold.lost)

    def _ask(self, asked: _Asked) -> bool:
        """Whether somebody could be asked."""
        try:
            parts = self._loading.parts(asked.change)
        except StaleEditError:
            return False
        return (parts is not None and self._ask_warm(asked, parts)) or self._ask_cold(asked)

    def _ask_warm(self, asked: _Asked, parts: Sequence[Part]) -> bool:
        server = self._warm.server()
        if server is None:
            return False
        order = server.order_of(asked.guards)
        described = [part.as_json() for part in parts]
        self._warm.ask({"do": "trial", "parts": described, "failing": self._targets, "order": order}, asked)
        return True

    def _ask_cold(self, asked: _Asked, whole: bool = False) -> bool:
        """First only with the tests to be fixed: to collect the others takes most of the time."""
        server = self._cold.server()
        if server is None:
            return False
        try:
            files = self._loading.files(asked.change)
        except StaleEditError:
            return False
        whole = whole or not self._targets
        order = server.order_of(asked.guards) if whole else -1
        fresh = replace(asked, warm=False, whole=whole or not asked.guards)
        self._cold.ask({"do": "trial", "files": files, "failing": self._targets, "order": order}, fresh)
        return True

    def _hear(self, seconds: float) -> Iterator[Tried]:
        both = bool(self._warm.pending and self._cold.pending)
        for side in (self._warm, self._cold):
            heard = side.hear(_TURN if both else max(0.0, min(seconds, self._silence)))
            if heard is not None and (tried := self._judged(*heard)) is not None:
                yield tried
            while side.lost:
                asked = side.lost.pop()
                yield Tried(asked.number, Ending.CRASHED, warm=asked.warm)

    def _judged(self, asked: _Asked, answer: Answer) -> Tried | None:
        """None when it has been asked for again."""
        told = answer.told[0] if answer.told else {}
        place = self._name(answer.test)
        if answer.how == "late":
            return Tried(asked.number, Ending.TIMED_OUT, reached=place, warm=asked.warm)
        if answer.how != "ended" or not told or "failed" in told:
            return Tried(asked.number, Ending.CRASHED, reached=place, warm=asked.warm)
        if "unloadable" in told or "unfit" in told:
            if "unfit" in told and self._ask_cold(asked):
                return None
            return Tried(asked.number, Ending.UNLOADABLE, reached=_text(told.get("unloadable")), warm=asked.warm)
        tried = self._tried(asked, told)
        if tried.fixed and not asked.whole and self._ask_cold(asked, whole=True):
            return None
        return tried

    def _tried(self, asked: _Asked, told: Mapping[str, Any]) -> Tried:
        targets = set(self._targets)
        fixed = dict.fromkeys(number for number in _numbers(told.get("fixed")) if number in targets)
        broken = self._name(told.get("broken"))
        passed = told.get("passed")
        whole = len(fixed) == len(targets) and not broken
        return Tried(
            asked.number,
            Ending.PASSED if whole else Ending.FAILED,
            tuple(self._names[number] for number in fixed),
            broken,
            passed if isinstance(passed, int) else 0,
            "" if whole else _text(told.get("reached")),
            asked.warm,
        )

    def _name(self, number: Any) -> str:
        return self._names[number] if isinstance(number, int) and 0 <= number < len(self._names) else ""


def _numbers(value: Any) -> list[int]:
    return [item for item in value if isinstance(item, int)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""
