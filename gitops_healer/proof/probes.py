"""Running what fails on any commit: recorded calls, or tests. Fresh every time, everything in the sandbox."""

import shlex
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol, Self

from gitops_healer.code.effects import Effect
from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.core.flakes import passes
from gitops_healer.core.sampling import input_of
from gitops_healer.core.testing import TestReport
from gitops_healer.errors import PhaseOverError
from gitops_healer.evidence.models import model_at
from gitops_healer.evidence.tools import Tools
from gitops_healer.ports import CallSession
from gitops_healer.proof.failing_calls import Recorded, kind_of, shown
from gitops_healer.proof.mocking import mocks_for
from gitops_healer.registry import Scene

_SESSIONS: Final = 8
_HASHES: Final = (0, 20011)
_SEEDS: Final = 1009
_SHOWN: Final = 5
_TIMED_OUT: Final = "gitops_healer.TimedOut"


class Probe(Protocol):
    """Something that fails since a merge, to be run on any commit."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """The tools or tests that it is about."""
        ...

    def run(self, commit: str) -> bool | None:
        """One fresh run. True: it failed, as it failed since the merge; False: it did not; None: it cannot be run
        there, or time was over."""
        ...

    def broken(self, commit: str) -> tuple[str, ...]:
        """What passes at both ends and fails at this commit, a sentence each."""
        ...

    def shown(self, base: str, head: str, without: str) -> tuple[str, ...]:
        """What comes of it at the last good and the newest commit, and at that without the culprit ("": not known)."""
        ...

    def command(self, before: str, after: str) -> str:
        """What to type to see it pass before and fail after."""
        ...


class Sessions:
    """Sessions of callers by (commit, tool), the newest few kept open. A context manager."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._tools = Tools(scene)
        self._open: OrderedDict[tuple[str, str, int], tuple[ExitStack, CallSession]] = OrderedDict()
        self._conditions: dict[str, Conditions] = {}
        self._places: dict[tuple[str, str], tuple[str, str] | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._open:
            self._close()

    def names(self, tool: str) -> tuple[str, ...]:
        """Under which its calls were recorded, and which it had at older commits."""
        return self._tools.names(tool)

    def call(self, commit: str, tool: str, calls: Sequence[Call], hashes: int = 0) -> tuple[Seen, ...] | None:
        """None when the tool cannot be called at that commit."""
        session = self._session(commit, tool, hashes)
        return session.call(calls) if session is not None and not session.refused else None

    def _session(self, commit: str, tool: str, hashes: int) -> CallSession | None:
        key = commit, tool, hashes
        if key in self._open:
            self._open.move_to_end(key)
            return self._open[key][1]
        place = self._place(commit, tool)
        if place is None:
            return None
        while len(self._open) >= _SESSIONS:
            self._close()
        conditions = self._conditions_of(tool)
        stack = ExitStack()
        name, path = place
        given = Conditions(hashes, conditions.mocks, conditions.forbidden)
        session = stack.enter_context(self._scene.caller.open(commit, name, path, conditions=given))
        self._open[key] = stack, session
        return session

    def _close(self) -> None:
        _, (stack, _) = self._open.popitem(last=False)
        with suppress(PhaseOverError):
            stack.close()

    def _place(self, commit: str, tool: str) -> tuple[str, str] | None:
        """(name, path) of a tool at a commit, None when it is not there."""
        if (commit, tool) not in self._places:
            self._places[commit, tool] = self._found(commit, tool)
        return self._places[commit, tool]

    def _found(self, commit: str, tool: str) -> tuple[str, str] | None:
        repository, here = self._scene.repository, self._scene.code.locate(tool)
        if here and repository.blob_at(commit, here.path) == repository.blob_at(self._scene.commit, here.path) != "":
            return tool, here.path
        model = model_at(self._scene, commit)
        for name in (tool, *self.names(tool)):
            if (there := model.locate(name)) is not None:
                return name, there.path
        return None

    def _conditions_of(self, tool: str) -> Conditions:
        """The mocks that a tool asks for, and no network."""
        if tool not in self._conditions:
            known = self._tools.index.named(tool)
            mocking = mocks_for(self._scene, known) if known is not None else None
            forbidden = frozenset({Effect.NETWORK.value}) | (mocking.forbidden if mocking else frozenset())
            self._conditions[tool] = Conditions(mocks=mocking.mocks if mocking else (), forbidden=forbidden)
        return self._conditions[tool]


@dataclass
class CallProbe:
    """Recorded calls that failed, made again with the clock of their time and other random numbers each time. A run
    fails when at least half of them fail as they were recorded. passing: calls that must go on passing."""

    sessions: Sessions
    failing: tuple[Recorded, ...]
    passing: tuple[Recorded, ...] = ()
    turns: Counter[str] = field(default_factory=Counter)

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(recorded.tool for recorded in self.failing))

    def run(self, commit: str) -> bool | None:
        seen = self.made(commit, self.failing)
        told = [(recorded, one) for recorded, one in zip(self.failing, seen, strict=True) if _tells(one)]
        if 2 * len(told) < len(self.failing) or not told:
            return None
        return 2 * sum(recorded.fails_as_recorded(one) for recorded, one in told if one is not None) >= len(told)

    def made(self, commit: str, wanted: Sequence[Recorded]) -> tuple[Seen | None, ...]:
        """Each call once; None where it cannot be called."""
        turn = self.turns[commit]
        self.turns[commit] += 1
        found: dict[int, Seen | None] = {}
        for tool in dict.fromkeys(recorded.tool for recorded in wanted):
            own = [at for at, recorded in enumerate(wanted) if recorded.tool == tool]
            calls = [Call(input_of(wanted[at].call), wanted[at].call.ts, turn * _SEEDS + at) for at in own]
            try:
                seen = self.sessions.call(commit, tool, calls, _HASHES[turn % len(_HASHES)])
            except PhaseOverError:
                seen = None
            found |= dict(zip(own, seen or [None] * len(own), strict=True))
        return tuple(found[at] for at in range(len(wanted)))

    def broken(self, commit: str) -> tuple[str, ...]:
        seen = self.made(commit, self.passing)
        pairs = zip(self.passing, seen, strict=True)
        return tuple(f"{recorded} {shown(one)}" for recorded, one in pairs if one is None or not one.ok)

    def shown(self, base: str, head: str, without: str) -> tuple[str, ...]:
        wanted = self.failing[:_SHOWN]
        columns = [self.made(commit, wanted) if commit else (None,) * len(wanted) for commit in (base, head, without)]
        lines = []
        for recorded, before, after, reverted in zip(wanted, *columns, strict=True):
            line = f"{recorded} {shown(before)} at {base[:10]}, and {shown(after)} at {head[:10]}"
            lines.append(f"{line}; without the culprit it {shown(reverted)}" if without else line)
        return tuple(lines)

    def command(self, before: str, after: str) -> str:
        return f"gitops-healer replay {shlex.quote(self.subjects[0])} --base {before[:12]} --head {after[:12]}"

    def narrowed(self, base: str, head: str) -> "CallProbe":
        """Only the calls of the kind of failure that is most frequent among those that pass at the base and fail at
        the head, where there are any; and of passing calls those that pass at both."""
        early, late = self.made(base, self.failing), self.made(head, self.failing)
        rows = list(zip(self.failing, early, late, strict=True))
        lost = [recorded for recorded, _, after in rows if after is not None and recorded.fails_as_recorded(after)]
        new = [
            recorded
            for recorded, before, after in rows
            if recorded in lost and not (before is not None and recorded.fails_as_recorded(before))
        ]
        chosen = _main_kind(new or lost or list(self.failing))
        controls = zip(self.passing, self.made(base, self.passing), self.made(head, self.passing), strict=True)
        kept = tuple(one for one, before, after in controls if before and before.ok and after and after.ok)
        return CallProbe(self.sessions, tuple(chosen), kept)


@dataclass
class TestProbe:
    """Tests that fail. A run fails when at least half of those that it tells about fail. errors: name of the exception
    of each, as it failed at the newest commit ("": whatever); seconds: how long a run may take."""

    __test__ = False

    scene: Scene
    tests: tuple[str, ...]
    errors: dict[str, str]
    seconds: Callable[[], float]
    passing: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        return self.tests

    def run(self, commit: str) -> bool | None:
        told = self._told(commit, self.tests)
        return 2 * sum(told.values()) >= len(told) if told else None

    def _told(self, commit: str, tests: Sequence[str]) -> dict[str, bool]:
        """{test: whether it failed as it did at the newest commit}"""
        report = self._report(commit, tests)
        errors = {case.id: case.error_type for case in report.cases} if report else {}
        passed = passes(report, tests) if report else {}
        return {test: not ok and _like(errors.get(test, ""), self.errors.get(test, "")) for test, ok in passed.items()}

    def _report(self, commit: str, tests: Sequence[str]) -> TestReport | None:
        try:
            return self.scene.tests.once(commit, tests, self.seconds()) if tests else None
        except PhaseOverError:
            return None

    def broken(self, commit: str) -> tuple[str, ...]:
        report = self._report(commit, self.passing)
        told = passes(report, self.passing) if report else {}
        return tuple(f"{test} fails" for test in self.passing if not told.get(test, True))

    def shown(self, base: str, head: str, without: str) -> tuple[str, ...]:
        columns = [passes(report, self.tests) if (report := self._report(commit, self.tests)) else {}
                   for commit in (base, head, without) if commit]  # fmt: skip
        lines = []
        for test in self.tests[:_SHOWN]:
            words = [_word(column.get(test)) for column in columns]
            line = f"{test} {words[0]} at {base[:10]}, and {words[1]} at {head[:10]}"
            lines.append(f"{line}; without the culprit it {words[2]}" if without else line)
        return tuple(lines)

    def command(self, before: str, after: str) -> str:
        command, folder = self.scene.tests.command(after), f"../at-{after[:10]}"
        named = " ".join(shlex.quote(test) for test in self.tests[:_SHOWN]) if "pytest" in command else ""
        return f"git worktree add --detach {folder} {after[:12]} && cd {folder} && {command} {named}".rstrip()


def _tells(seen: Seen | None) -> bool:
    """A call that took too long or took its process with it is one that did not fail as it was recorded."""
    return seen is not None and (not seen.lost or seen.error_type == _TIMED_OUT)


def _main_kind(failing: Sequence[Recorded]) -> list[Recorded]:
    """Those of the most frequent kind of failure, which one commit can have brought."""
    kinds = Counter(recorded.kind for recorded in failing)
    best = min(kinds, key=lambda kind: (-kinds[kind], str(kind)))
    return [recorded for recorded in failing if recorded.kind == best]


def _like(error: str, wanted: str) -> bool:
    return not error or not wanted or error.rpartition(".")[2] == wanted.rpartition(".")[2]


def _word(passed: bool | None) -> str:
    return "cannot be run" if passed is None else "passes" if passed else "fails"


__all__ = ["CallProbe", "Probe", "Sessions", "TestProbe", "kind_of"]
