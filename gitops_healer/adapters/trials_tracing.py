"""What unchanged tests run, asked of a trial server and read without trust."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitops_healer.adapters.trials_server import Answer, TrialServer
from gitops_healer.core.trials import Line, Seen, Trace

_GROUP = 25
_LEAST_SECONDS = 1.0
_TIMES = 30.0
_MAX_TEXT = 200

_Lines = dict[str, frozenset[int]]


@dataclass
class _Gathered:
    """All answers so far. Mutable because answers add to it."""

    covered: dict[str, _Lines] = field(default_factory=dict)
    functions: dict[str, _Lines] = field(default_factory=dict)
    types: dict[Line, dict[str, set[str]]] = field(default_factory=dict)
    values: dict[Line, dict[str, list[str]]] = field(default_factory=dict)
    returns: dict[Line, set[str]] = field(default_factory=dict)

    def trace(self) -> Trace:
        types = {line: {name: frozenset(kinds) for name, kinds in names.items()} for line, names in self.types.items()}
        values = {line: {name: tuple(texts) for name, texts in names.items()} for line, names in self.values.items()}
        returns = {line: frozenset(kinds) for line, kinds in self.returns.items()}
        return Trace(self.covered, self.functions, Seen(types, values, returns))


class Tracing:
    """Traces tests on a server. names: ids by number; own: seconds that each test takes untraced, by number."""

    def __init__(self, server: TrialServer, names: Sequence[str], own: Mapping[int, float]) -> None:
        self._server = server
        self._names = names
        self._own = own
        self._found = _Gathered()
        self._wanted: dict[str, set[int]] = {}

    def run(
        self, tests: Sequence[int], detailed: Collection[int], deep: Mapping[str, Collection[int]], seconds: float
    ) -> Trace:
        """Detailed tests each in a process of its own, then the others in groups. deep: first lines by path of
        functions whose lines are noted in all of them."""
        until = time.monotonic() + seconds
        chosen = set(detailed)
        self._wanted = {path: set(lines) for path, lines in deep.items()}
        self._all([[number] for number in tests if number in chosen], chosen, until)
        others = [number for number in tests if number not in chosen]
        groups = [others[at : at + _GROUP] for at in range(0, len(others), _GROUP)]
        self._all(groups, chosen, until)
        self._server.forget()
        return self._found.trace()

    def _all(self, groups: Iterable[list[int]], detailed: Collection[int], until: float) -> None:
        deep = self._functions_of(detailed)
        asked = {self._ask(group, detailed, deep): group for group in groups}
        while asked:
            answer = self._server.answer(max(0.0, until - time.monotonic()))
            if answer is None:
                return
            if answer.number not in asked:
                continue
            done = self._take(answer)
            left = [number for number in asked.pop(answer.number) if number not in done and number != answer.test]
            if done and left:
                asked[self._ask(left, detailed, deep)] = left

    def _functions_of(self, detailed: Collection[int]) -> dict[str, list[int]]:
        deep = {path: set(lines) for path, lines in self._wanted.items()}
        for number in detailed:
            for path, lines in self._found.functions.get(self._names[number], {}).items():
                deep.setdefault(path, set()).update(lines)
        return {path: sorted(lines) for path, lines in deep.items()}

    def _ask(self, group: Sequence[int], detailed: Collection[int], deep: Mapping[str, Sequence[int]]) -> int:
        seconds = [max(_LEAST_SECONDS, _TIMES * self._own.get(number, 0.0)) for number in group]
        chosen = [number for number in group if number in detailed]
        return self._server.ask(
            {"do": "trace", "tests": list(group), "detailed": chosen, "deep": deep, "seconds": seconds}
        )

    def _take(self, answer: Answer) -> set[int]:
        """Add an answer; the tests that it told of."""
        done = set()
        for told in answer.told:
            number = told.get("test")
            if isinstance(number, int) and 0 <= number < len(self._names):
                done.add(number)
                self._found.covered[self._names[number]] = dict(_lines(told.get("covered")))
                self._found.functions[self._names[number]] = dict(_lines(told.get("functions")))
            self._take_seen(told.get("seen"))
            for path, line, kinds in _rows(told.get("returns"), 3):
                self._found.returns.setdefault((path, line), set()).update(_texts(kinds))
        return done

    def _take_seen(self, rows: Any) -> None:
        for path, line, types, values in _rows(rows, 4):
            for name, kinds in _items(types):
                self._found.types.setdefault((path, line), {}).setdefault(name, set()).update(_texts(kinds))
            for name, texts in _items(values):
                known = self._found.values.setdefault((path, line), {}).setdefault(name, [])
                known += [text for text in _texts(texts) if text not in known]


def _lines(value: Any) -> Iterator[tuple[str, frozenset[int]]]:
    for path, lines in _items(value):
        if isinstance(lines, list):
            yield path, frozenset(line for line in lines if isinstance(line, int))


def _rows(value: Any, length: int) -> Iterator[Any]:
    """Rows that begin with a path and a line."""
    for row in value if isinstance(value, list) else ():
        if isinstance(row, list) and len(row) == length and isinstance(row[0], str) and isinstance(row[1], int):
            yield row


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _texts(value: Any) -> list[str]:
    return (
        [item for item in value if isinstance(item, str) and len(item) <= _MAX_TEXT] if isinstance(value, list) else []
    )
