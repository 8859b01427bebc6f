"""A session in which candidates are tried, traced and compared, on the servers of one commit."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from gitops_healer.adapters.trials_loading import Definitions, Loading, Part
from gitops_healer.adapters.trials_observing import evaluated, observed
from gitops_healer.adapters.trials_servers import Servers
from gitops_healer.adapters.trials_tracing import Tracing
from gitops_healer.adapters.trials_trying import Trying
from gitops_healer.core.change import Change
from gitops_healer.core.trials import Observed, Opened, Trace, Tried
from gitops_healer.errors import StaleEditError

_LOOK_SECONDS = 10.0
_EXAMPLE_SECONDS = 5.0  # for all examples with all changes


class Session:
    """`TrialSession`. names: ids of tests by number, then files that cannot be imported; read: the bytes of a file;
    spawning: numbers of tests that start Python themselves, which a change in our memory does not reach."""

    def __init__(
        self,
        opened: Opened,
        servers: Servers,
        names: Sequence[str],
        definitions: Definitions,
        read: Callable[[str], bytes | None],
        spawning: Collection[int],
    ) -> None:
        self._opened = opened
        self._servers = servers
        self._names = names
        self._numbers = {name: number for number, name in enumerate(names)}
        self._definitions = definitions
        self._read = read
        self._spawning = spawning
        self._reached: dict[str, frozenset[tuple[str, int]]] = {}

    @property
    def opened(self) -> Opened:
        return self._opened

    def trace(
        self,
        tests: Sequence[str],
        *,
        detailed: Collection[str] = (),
        deep: Mapping[str, Collection[int]] | None = None,
        seconds: float = 30.0,
    ) -> Trace:
        server = self._servers.warm()
        if server is None:
            return Trace()
        own = {self._numbers[case.id]: case.seconds for case in self._opened.cases if case.id in self._numbers}
        tracing = Tracing(server, self._names, own)
        trace = tracing.run(self._known(tests), set(self._known(detailed)), deep or {}, seconds)
        for test, functions in trace.functions.items():
            self._reached[test] = frozenset((path, line) for path, lines in functions.items() for line in lines)
        return trace

    def observe(
        self,
        path: str,
        names: Sequence[str],
        changes: Sequence[Change],
        tests: Sequence[str],
        seconds: float = 10.0,
        *,
        whole: bool = False,
    ) -> Observed:
        server = self._servers.warm()
        definition = self._definitions.named(path, names)
        if server is None or definition is None:
            return Observed()
        fitting = [(number, parts) for number, change in enumerate(changes) if (parts := self._parts(change))]
        versions = [[], *([part.as_json() for part in parts] for _, parts in fitting)]
        request = {
            "do": "observe", "path": path, "names": list(names), "line": definition.line, "versions": versions,
            "tests": self._known(tests), "seconds": seconds, "whole": whole,
        }  # fmt: skip
        server.ask(request)
        answer = server.answer(2 * seconds + 10)
        server.forget()
        return observed(answer, [-1, *(number for number, _ in fitting)]) if answer is not None else Observed()

    def evaluate(self, path: str, sources: Sequence[str], changes: Sequence[Change]) -> Mapping[int, tuple[str, ...]]:
        server = self._servers.warm()
        if server is None or not sources:
            return {}
        fitting = [(number, parts) for number, change in enumerate(changes) if (parts := self._parts(change))]
        versions = [[], *([part.as_json() for part in parts] for _, parts in fitting)]
        server.ask(
            {
                "do": "evaluate",
                "path": path,
                "sources": list(sources),
                "versions": versions,
                "seconds": _EXAMPLE_SECONDS,
            }
        )
        answer = server.answer(2 * _EXAMPLE_SECONDS + 10)
        server.forget()
        return evaluated(answer, [-1, *(number for number, _ in fitting)], len(sources)) if answer is not None else {}

    def _parts(self, change: Change) -> Sequence[Part] | None:
        try:
            return self._definitions.parts(change)
        except StaleEditError:
            return None

    def run(
        self,
        changes: Iterable[Change],
        failing: Sequence[str],
        passing: Callable[[Change], Sequence[str]],
        seconds: float = math.inf,
    ) -> Iterator[Tried]:
        targets = self._known(failing)
        known: dict[tuple[str, ...], tuple[int, ...]] = {}

        def guards(change: Change) -> tuple[int, ...]:
            names = tuple(passing(change))
            if names not in known:
                known[names] = tuple(self._known(names))
            return known[names]

        fresh = not set(targets).isdisjoint(self._spawning)
        loading = Loading(self._definitions, self._read, self._only_imported(failing or tuple(self._reached)), fresh)
        return Trying(self._servers, loading, self._names, targets, guards).all(changes, seconds)

    def _only_imported(self, tests: Sequence[str]) -> frozenset[tuple[str, int]]:
        """Functions that ran while the project was imported and do not run in these tests (without a test to be fixed:
        those that were traced): new code of them shows only when they are imported afresh."""
        unknown = [test for test in tests if test in self._numbers and test not in self._reached]
        if unknown and self._servers.hello.called:
            self.trace(unknown, seconds=_LOOK_SECONDS)
        return self._servers.hello.called.difference(*(self._reached.get(test, ()) for test in tests))

    def _known(self, tests: Iterable[str]) -> list[int]:
        return [self._numbers[name] for name in tests if name in self._numbers]
