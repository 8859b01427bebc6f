"""Running what fails on any commit: recorded calls, or tests. Fresh every time, everything in the sandbox."""

import shlex
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Final, Protocol, Self

from gitops_healer.code.effects import Effect
from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.core.flakes import passes
from gitops_healer.core.sampling import input_of
from gitops_healer.errors import PhaseOverError
from gitops_healer.evidence.models import model_at
from gitops_healer.evidence.tools import Tools
from gitops_healer.ports import CallSession
from gitops_healer.proof.failing_calls import Recorded, shown
from gitops_healer.proof.mocking import mocks_for
from gitops_healer.registry import Scene

_SESSIONS: Final = 8
_HASHES: Final = (0, 20011)
_SEEDS: Final = 1009
_SHOWN: Final = 5
_REPEATED: Final = 6
"""Calls of one run: more of the same kind of failure cost time, and tell hardly more."""
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

    def broken(self, base: str, head: str, commit: str) -> tuple[str, ...]:
        """What passes at base and head and fails at this commit, a sentence each."""
        ...

    def explains(self, parent: str, culprit: str) -> tuple[str, ...]:
        """What else began to fail with a culprit."""
        ...

    def blind(self, commit: str) -> bool:
        """Whether what went on passing where the failures were seen fails here in the same way: then it is this place
        that lacks something, and says nothing."""
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
    fails when at least half of them fail as they were recorded. passing: calls that must go on passing; rest: failures
    of other kinds; last: what was seen in the newest run of each commit."""

    sessions: Sessions
    failing: tuple[Recorded, ...]
    passing: tuple[Recorded, ...] = ()
    rest: tuple[Recorded, ...] = ()
    turns: Counter[str] = field(default_factory=Counter)
    last: dict[str, tuple[Seen | None, ...]] = field(default_factory=dict)

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(recorded.tool for recorded in self.failing))

    def run(self, commit: str) -> bool | None:
        seen = self.last[commit] = self.made(commit, self.failing)
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
                seen = self.sessions.call(commit, tool, calls, _HASHES[turn // 2 % len(_HASHES)])
            except PhaseOverError:
                seen = None
            found |= dict(zip(own, seen or [None] * len(own), strict=True))
        return tuple(found[at] for at in range(len(wanted)))

    def broken(self, base: str, head: str, commit: str) -> tuple[str, ...]:
        columns = [self.made(each, self.passing) for each in (base, head, commit)]
        rows = zip(self.passing, *columns, strict=True)
        return tuple(
            f"{recorded} {shown(now)}"
            for recorded, before, after, now in rows
            if _passed(before) and _passed(after) and not _passed(now)
        )

    def explains(self, parent: str, culprit: str) -> tuple[str, ...]:
        early, late = self.made(parent, self.rest), self.made(culprit, self.rest)
        told: dict[str, list[bool]] = {}
        for recorded, before, after in zip(self.rest, early, late, strict=True):
            if before is not None and after is not None:
                began = recorded.fails_as_recorded(after) and not recorded.fails_as_recorded(before)
                told.setdefault(recorded.tool, []).append(began)
        return tuple(tool for tool, began in told.items() if 2 * sum(began) >= len(began))

    def blind(self, commit: str) -> bool:
        began = min(recorded.call.ts for recorded in self.failing)
        recent = [recorded for recorded in self.passing if recorded.call.ts >= began]
        kinds = {recorded.tool: recorded.kind for recorded in self.failing}
        rows = zip(recent, self.made(commit, recent), strict=True)
        lacking = [
            one
            for recorded, one in rows
            if one and replace(recorded, kind=kinds.get(recorded.tool)).fails_as_recorded(one)
        ]
        return bool(recent) and 2 * len(lacking) >= len(recent)

    def shown(self, base: str, head: str, without: str) -> tuple[str, ...]:
        unknown = (None,) * len(self.failing)
        columns = [self.last.get(commit, unknown) for commit in (base, head, without)]
        lines = []
        for recorded, before, after, reverted in list(zip(self.failing, *columns, strict=True))[:_SHOWN]:
            line = f"{recorded} {shown(before)} at {base[:10]}, and {shown(after)} at {head[:10]}"
            lines.append(f"{line}; without the culprit it {shown(reverted)}" if without else line)
        return tuple(lines)

    def command(self, before: str, after: str) -> str:
        """A replay makes recorded calls again that end at its base as they were recorded: the failing commit is the
        base, and going back mends them."""
        tool = shlex.quote(self.subjects[0])
        return f"gitops-healer replay {tool} --base {after[:12]} --head {before[:12]} --aim mends"

    def narrowed(self, base: str, head: str) -> "CallProbe":
        """Only a few calls of the kind of failure that is most frequent among those that pass at the base and fail at
        the head, where there are any. Failures that were usual before the merge come last: that the base fails as well
        was known of them, and does not explain what is new."""
        early, late = self.made(base, self.failing), self.made(head, self.failing)
        rows = list(zip(self.failing, early, late, strict=True))
        lost = [row for row in rows if row[2] is not None and row[0].fails_as_recorded(row[2])]
        new = [recorded for recorded, before, _ in lost if before is None or not recorded.fails_as_recorded(before)]
        both = [recorded for recorded, _, _ in lost]
        chosen = _main_kind(new or _unusual(both) or _unusual(self.failing) or both or self.failing)
        rest = tuple(recorded for recorded in self.failing if recorded not in chosen)
        return replace(self, failing=tuple(chosen[:_REPEATED]), rest=rest)  # turns go on: no seed is used twice


@dataclass
class TestProbe:
    """Tests that fail. A run fails when at least half of those that it tells about fail. errors: name of the exception
    of each, as it failed at the newest commit ("": whatever); seconds: how long a run may take; passing: tests that
    pass there; last: which failed in the newest run of each commit."""

    __test__ = False

    scene: Scene
    tests: tuple[str, ...]
    errors: Mapping[str, str]
    seconds: Callable[[], float]
    passing: tuple[str, ...] = ()
    last: dict[str, dict[str, bool]] = field(default_factory=dict)

    @property
    def subjects(self) -> tuple[str, ...]:
        return self.tests

    def run(self, commit: str) -> bool | None:
        told = self.last[commit] = self._failed(commit, self.tests)
        return 2 * sum(told.values()) >= len(told) if told else None

    def _failed(self, commit: str, tests: Sequence[str]) -> dict[str, bool]:
        """{test: whether it failed as it did at the newest commit}, of those that were run."""
        try:
            report = self.scene.tests.once(commit, tests, self.seconds())
        except PhaseOverError:
            return {}
        errors = {case.id: case.error_type for case in report.cases}
        told = passes(report, tests)
        return {test: not ok and _like(errors.get(test, ""), self.errors.get(test, "")) for test, ok in told.items()}

    def broken(self, base: str, head: str, commit: str) -> tuple[str, ...]:
        failed = self._failed(commit, self.passing) if self.passing else {}
        suspected = [test for test in self.passing if failed.get(test)]
        before = self._failed(base, suspected) if suspected else {}
        return tuple(f"{test} fails" for test in suspected if not before.get(test, True))

    def explains(self, parent: str, culprit: str) -> tuple[str, ...]:
        return ()

    def blind(self, commit: str) -> bool:
        return False  # what the place lacks is told by the runner (`TestCase.environmental`)

    def shown(self, base: str, head: str, without: str) -> tuple[str, ...]:
        columns = [self.last.get(commit, {}) for commit in (base, head, without)]
        lines = []
        for test in self.tests[:_SHOWN]:
            before, after, reverted = (_word(column.get(test)) for column in columns)
            line = f"{test} {before} at {base[:10]}, and {after} at {head[:10]}"
            lines.append(f"{line}; without the culprit it {reverted}" if without else line)
        return tuple(lines)

    def command(self, before: str, after: str) -> str:
        command, folder = self.scene.tests.command(after), f"../at-{after[:10]}"
        named = " ".join(shlex.quote(test) for test in self.tests[:_SHOWN]) if "pytest" in command else ""
        return f"git worktree add --detach {folder} {after[:12]} && cd {folder} && {command} {named}".rstrip()


def _tells(seen: Seen | None) -> bool:
    """A call that took too long or took its process with it is one that did not fail as it was recorded."""
    return seen is not None and (not seen.lost or seen.error_type == _TIMED_OUT)


def _passed(seen: Seen | None) -> bool:
    return seen is not None and seen.ok


def _unusual(failing: Sequence[Recorded]) -> list[Recorded]:
    return [recorded for recorded in failing if not recorded.usual]


def _main_kind(failing: Sequence[Recorded]) -> list[Recorded]:
    """Those of the most frequent kind of failure, which one commit can have brought."""
    kinds = Counter(recorded.kind for recorded in failing)
    best = min(kinds, key=lambda kind: (-kinds[kind], str(kind)))
    return [recorded for recorded in failing if recorded.kind == best]


def _like(error: str, wanted: str) -> bool:
    return not error or not wanted or error.rpartition(".")[2] == wanted.rpartition(".")[2]


def _word(failed: bool | None) -> str:
    return "cannot be run" if failed is None else "fails" if failed else "passes"
