"""A session in which candidates are tried: what it asks of its servers, and what their answers mean."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_healer.adapters.trials_loading import Definitions, Part
from gitops_healer.adapters.trials_server import Answer, TrialServer
from gitops_healer.adapters.trials_tracing import Tracing
from gitops_healer.core.change import Change
from gitops_healer.core.trials import Ending, Observed, Opened, Trace, Tried
from gitops_healer.errors import StaleEditError

AHEAD = 2  # candidates given for each that runs, so that no child waits for the next one


@dataclass(frozen=True)
class _Asked:
    """A candidate on its way. number: its place among all candidates."""

    number: int
    change: Change


class Session:
    """`TrialSession` on a warm server. names: ids of tests by number; silence: seconds after which a server that says
    nothing is given up."""

    def __init__(
        self,
        opened: Opened,
        server: TrialServer,
        names: Sequence[str],
        definitions: Definitions,
        workers: int,
        silence: float,
    ) -> None:
        self._opened = opened
        self._server = server
        self._names = names
        self._numbers = {name: number for number, name in enumerate(names)}
        self._definitions = definitions
        self._workers = workers
        self._silence = silence
        self._orders: dict[tuple[str, ...], int] = {}

    @property
    def opened(self) -> Opened:
        return self._opened

    def trace(self, tests: Sequence[str], *, detailed: Collection[str] = (), seconds: float = 30.0) -> Trace:
        numbers = self._known(tests)
        own = {self._numbers[case.id]: case.seconds for case in self._opened.cases if case.id in self._numbers}
        return Tracing(self._server, self._names, own).run(numbers, set(self._known(detailed)), seconds)

    def observe(
        self, path: str, names: Sequence[str], changes: Sequence[Change], tests: Sequence[str], seconds: float = 10.0
    ) -> Observed:
        return Observed()

    def run(
        self, changes: Iterable[Change], failing: Sequence[str], passing: Callable[[Change], Sequence[str]]
    ) -> Iterator[Tried]:
        targets = self._known(failing)
        source = enumerate(changes)
        asked: dict[int, _Asked] = {}
        ended = False
        try:
            while not ended or asked:
                while not ended and len(asked) < AHEAD * self._workers:
                    number, change = next(source, (0, None))
                    if change is None:
                        ended = True
                    elif (parts := self._parts(change)) is None:
                        yield Tried(number, Ending.UNLOADABLE)
                    else:
                        asked[self._ask(parts, targets, passing(change))] = _Asked(number, change)
                if asked:
                    answer = self._server.answer(self._silence)
                    if answer is None:
                        yield from (Tried(lost.number, Ending.CRASHED) for lost in asked.values())
                        return
                    yield self._tried(asked.pop(answer.number), answer, targets)
        finally:
            self._server.forget()

    def _parts(self, change: Change) -> tuple[Part, ...] | None:
        try:
            return self._definitions.parts(change)
        except StaleEditError:
            return None

    def _ask(self, parts: Sequence[Part], targets: Sequence[int], passing: Sequence[str]) -> int:
        described = [part.as_json() for part in parts]
        return self._server.ask(
            {"do": "trial", "parts": described, "failing": list(targets), "order": self._order(passing)}
        )

    def _order(self, passing: Sequence[str]) -> int:
        """The number by which the server knows a list of tests, -1 for the empty one."""
        key = tuple(passing)
        if not key:
            return -1
        if key not in self._orders:
            self._orders[key] = len(self._orders)
            self._server.say({"do": "order", "tests": self._known(key)})
        return self._orders[key]

    def _known(self, tests: Iterable[str]) -> list[int]:
        return [self._numbers[name] for name in tests if name in self._numbers]

    def _tried(self, asked: _Asked, answer: Answer, targets: Sequence[int]) -> Tried:
        told = answer.told[0] if answer.told else {}
        if answer.how == "late":
            return Tried(asked.number, Ending.TIMED_OUT, reached=self._name(answer.test))
        if answer.how != "ended" or not told or "failed" in told:
            return Tried(asked.number, Ending.CRASHED, reached=self._name(answer.test))
        if "unloadable" in told or "unfit" in told:
            return Tried(asked.number, Ending.UNLOADABLE, reached=str(told.get("unloadable") or told.get("unfit")))
        return self._judged(asked.number, told, targets)

    def _judged(self, number: int, told: Mapping[str, Any], targets: Sequence[int]) -> Tried:
        fixed = [test for test in _numbers(told.get("fixed")) if test in targets]
        broken = self._name(told.get("broken", -1))
        passed = told.get("passed")
        whole = len(set(fixed)) == len(targets) and not broken
        return Tried(
            number,
            Ending.PASSED if whole else Ending.FAILED,
            tuple(self._names[test] for test in fixed),
            broken,
            passed if isinstance(passed, int) else 0,
            "" if whole else str(told.get("reached", ""))[:500],
        )

    def _name(self, number: Any) -> str:
        return self._names[number] if isinstance(number, int) and 0 <= number < len(self._names) else ""


def _numbers(value: Any) -> list[int]:
    return [item for item in value if isinstance(item, int)] if isinstance(value, list) else []
