"""What recorded calls should give, and from where that is known: the oracle where no test fails."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from gitops_healer.core.execution import Execution
from gitops_healer.core.finding import Finding
from gitops_healer.core.versions import SymbolVersion
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import history_of
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.declared import DeclaredCase, declared_cases
from gitops_healer.repair.failure import Recorded, project_frames
from gitops_healer.repair.inputs import Input
from gitops_healer.repair.literals import same, value_of_json, value_of_source
from gitops_healer.repair.search.stopwatch import Stopwatch
from gitops_healer.repair.source import Function, Source, read_source
from gitops_healer.repair.trial import ending

_VERSIONS: Final = 3  # older versions that are asked
_REGRESSIONS: Final = 60  # passing calls that are kept
_READ: Final = 1000  # executions looked at, newest first
_OURS: Final = "gitops_healer."  # errors that are not the tool's own


@dataclass(frozen=True)
class Expectation:
    """A call of the tool. value: what it should return, when `error` is "", else the name of the exception that it
    should raise; known_from: sentences without a full stop; fails: whether the unchanged code does otherwise."""

    given: Input
    value: Any
    error: str
    known_from: tuple[str, ...]
    fails: bool


@dataclass(frozen=True)
class Expectations:
    """calls: that fail first; notes: what is not expected although something speaks for it, sentences."""

    calls: tuple[Expectation, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def failing(self) -> tuple[Expectation, ...]:
        return tuple(call for call in self.calls if call.fails)

    @property
    def known_from(self) -> tuple[str, ...]:
        """From where it is known what failing calls should give."""
        return tuple(dict.fromkeys(reason for call in self.failing for reason in call.known_from))


@dataclass(frozen=True)
class _Claim:
    value: Any
    error: str
    reason: str

    def agrees(self, other: "_Claim") -> bool:
        return self.error == other.error and (bool(self.error) or same(self.value, other.value))

    def met_by(self, outcome: CallOutcome) -> bool | None:
        """Whether a call ends so; None when its result cannot be read."""
        if self.error or not outcome.ok:
            return not outcome.ok and outcome.error_type.rpartition(".")[2] == self.error
        try:
            return same(value_of_source(outcome.detail), self.value)
        except ValueError:
            return None


@dataclass(frozen=True)
class _Today:
    """How calls end at this commit, the same way twice."""

    scene: Scene
    log: Recorded
    source: Source
    ends: Mapping[Input, CallOutcome]

    def failing(self) -> tuple[Input, ...]:
        """Recorded failing inputs that fail in the project."""
        return tuple(given for given, _ in self.log.failing if given in self.ends and self._fails(self.ends[given]))

    def _fails(self, outcome: CallOutcome) -> bool:
        ours = outcome.error_type.startswith(_OURS)
        return not outcome.ok and not ours and bool(project_frames(self.scene, outcome))


def expectations_of(scene: Scene, finding: Finding, log: Recorded, seconds: float) -> Expectations:
    """What calls should give by declared test cases, by older versions of the code and by what they once gave.

    Where these contradict each other nothing is expected. Recorded calls that work, and that no older version
    contradicts, are to stay as they are. seconds: after which no further version is asked.
    """
    watch = Stopwatch(seconds)
    source = read_source(log.path, scene.code.source(log.path) or b"")
    if source is None:
        return Expectations()
    declared = declared_cases(source, log.symbol)
    inputs = [*(case.given for case in declared), *log.inputs[: len(log.failing) + _REGRESSIONS]]
    ends = _stable(scene, scene.commit, log.tool, log.path, tuple(dict.fromkeys(inputs)))
    today = _Today(scene, log, source, ends)
    claims: dict[Input, list[_Claim]] = {}
    for case in declared:
        claims.setdefault(case.given, []).append(_declared(case))
    older = _Older(today, watch)
    older.ask()
    earlier = _Earlier(today, finding)
    for given in today.failing():
        claims.setdefault(given, []).extend([*older.claims(given), *earlier.claims(given)])
    failing, notes = _settled(today, claims)
    working = _working(today, older.disputed | claims.keys())
    return Expectations((*failing, *working), (*notes, *older.notes, *earlier.notes))


def _stable(scene: Scene, commit: str, tool: str, path: str, inputs: Sequence[Input]) -> Mapping[Input, CallOutcome]:
    """Outcomes of the calls that end the same way twice."""
    first = scene.caller.call(commit, tool, path, inputs)
    second = scene.caller.call(commit, tool, path, inputs)
    return {given: one for given, one, other in zip(inputs, first, second, strict=True) if ending(one) == ending(other)}


def _declared(case: DeclaredCase) -> _Claim:
    return _Claim(case.value, case.error, f"the test case declared at {case.where}")


def _settled(today: _Today, claims: Mapping[Input, Sequence[_Claim]]) -> tuple[list[Expectation], list[str]]:
    """Calls for which all claims agree, those that fail first, and words on the others."""
    found: list[Expectation] = []
    notes: list[str] = []
    for given, made in claims.items():
        if not made or given not in today.ends:
            continue
        if not all(made[0].agrees(other) for other in made[1:]):
            reasons = " and ".join(dict.fromkeys(one.reason for one in made))
            notes.append(f"{reasons} contradict each other for {_shown(given)}: nothing is expected there")
            continue
        met = made[0].met_by(today.ends[given])
        if met is not None:
            known_from = tuple(dict.fromkeys(one.reason for one in made))
            value = value_of_source(today.ends[given].detail) if met and not made[0].error else made[0].value
            found.append(Expectation(given, value, made[0].error, known_from, not met))
    return sorted(found, key=lambda one: not one.fails), notes


def _working(today: _Today, without: Iterable[Input]) -> list[Expectation]:
    """Recorded calls that give today what was recorded."""
    left_out = frozenset(without)
    found: list[Expectation] = []
    for given, result in today.log.passing:
        outcome = today.ends.get(given)
        if outcome is None or not outcome.ok or result is None or given in left_out:
            continue
        try:
            value = value_of_source(outcome.detail)
            if same(value, value_of_json(result)):
                found.append(Expectation(given, value, "", ("recorded",), fails=False))
        except ValueError:
            continue
    return found[:_REGRESSIONS]


def _shown(given: Input) -> str:
    return f"{given[0]} {given[1]}".removesuffix(" {}")[:80]


# Older versions


@dataclass(frozen=True)
class _Stand:
    """A commit at which one of the functions in question was another, and where the tool stood there."""

    commit: str
    tool: str
    path: str
    what: str
    when: datetime


class _Older:
    """What the code gave before the functions that fail became what they are."""

    def __init__(self, today: _Today, watch: Stopwatch) -> None:
        self._today, self._watch = today, watch
        self._claims: dict[Input, _Claim] = {}
        self.disputed: set[Input] = set()
        self.notes: list[str] = []

    def claims(self, given: Input) -> list[_Claim]:
        return [self._claims[given]] if given in self._claims else []

    def ask(self) -> None:
        failing, scene = self._today.failing(), self._today.scene
        for stand in _stands(self._today, failing)[:_VERSIONS]:
            missing = [given for given in failing if given not in self._claims]
            if not missing or not self._watch.left:
                return
            working = [given for given, _ in self._today.log.passing if self._works(given)]
            ends = _stable(scene, stand.commit, stand.tool, stand.path, (*missing, *working))
            differing = {
                given for given in working if given in ends and not _alike(self._today.ends[given], ends[given])
            }
            self.disputed |= differing
            if 2 * len(differing) > len(working):
                self.notes.append(
                    f"{stand.what} gives something else for {len(differing)} of {len(working)} calls that work now: "
                    "it says nothing about those that fail"
                )
                return
            for given in missing:
                self._hear(stand, given, ends.get(given))

    def _works(self, given: Input) -> bool:
        return given in self._today.ends and self._today.ends[given].ok

    def _hear(self, stand: _Stand, given: Input, outcome: CallOutcome | None) -> None:
        if outcome is None or not outcome.ok:
            return
        if why := _meant(self._today, given, stand.commit):
            self.notes.append(f"{stand.what} gives a result for {_shown(given)}, but {why}: that it fails was wanted")
            return
        try:
            self._claims[given] = _Claim(value_of_source(outcome.detail), "", stand.what)
        except ValueError:
            return


def _alike(one: CallOutcome, other: CallOutcome) -> bool:
    if one.ok != other.ok:
        return False
    try:
        return same(value_of_source(one.detail), value_of_source(other.detail))
    except ValueError:
        return ending(one) == ending(other)


def _stands(today: _Today, failing: Sequence[Input]) -> list[_Stand]:
    """The commits before those that made the tool and the functions in which it fails what they are, newest first."""
    scene, log = today.scene, today.log
    own = _history(scene, log.tool)
    functions = dict.fromkeys([log.tool])
    for given in failing:
        functions |= dict.fromkeys(_functions(scene, today.ends[given]))
    found: dict[str, _Stand] = {}
    for name in functions:
        versions = own if name == log.tool else _history(scene, name)
        for newer, older in pairwise(versions[: _VERSIONS + 1]):
            commit = _parent(scene, newer.commit)
            then = next((one for one in own if commit and scene.repository.is_ancestor(one.commit, commit)), None)
            if commit and then is not None:
                what = f"version {older.number} of {older.symbol} ({older.commit[:10]})"
                found.setdefault(commit, _Stand(commit, then.tool, then.path, what, newer.when))
    return sorted(found.values(), key=lambda one: one.when, reverse=True)


def _history(scene: Scene, tool: str) -> tuple[SymbolVersion, ...]:
    try:
        return history_of(scene, tool)
    except UsageError:
        return ()


def _parent(scene: Scene, commit: str) -> str:
    parents = scene.repository.commit(commit).parents
    return parents[0] if parents and scene.repository.resolve(parents[0]) else ""


def _functions(scene: Scene, outcome: CallOutcome) -> Iterator[str]:
    """The functions of the project that were running when a call failed, innermost first, as `pkg.mod:qualname`."""
    for frame in reversed(project_frames(scene, outcome)):
        source = read_source(frame.file, scene.code.source(frame.file) or b"")
        module = scene.code.module_name(frame.file)
        name = _qualname_at(source, frame.line) if source is not None else ""
        if module and name:
            yield f"{module}:{name}"


def _qualname_at(source: Source, line: int) -> str:
    """Of the function around a line, "" outside and inside of nested ones."""
    around = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, Function | ast.ClassDef) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    around.sort(key=lambda node: node.lineno)
    nested = any(isinstance(node, Function) for node in around[:-1])
    return ".".join(node.name for node in around) if around and not nested else ""


# Was it meant to fail?


def _meant(today: _Today, given: Input, commit: str) -> str:
    """Why today's failure was wanted when the code left the state of `commit`, "" when nothing says so: a `raise` or
    `assert` that was not there, or an `except` that is not there any more."""
    scene = today.scene
    for number, frame in enumerate(reversed(project_frames(scene, today.ends[given]))):
        now = read_source(frame.file, scene.code.source(frame.file) or b"")
        then = read_source(frame.file, scene.repository.read(commit, frame.file) or b"") if commit else None
        if now is None:
            continue
        guard = _guard_at(now, frame.line) if number == 0 else None
        if guard is not None and (then is None or ast.dump(guard) not in _guards(then)):
            known = "did not then" if then is not None else "whether it did then is not known"
            return f"line {frame.line} of {frame.file} raises on purpose, and {known}"
        if then is not None and _handlers(then, now, frame.line):
            return f"errors were caught then around what is line {frame.line} of {frame.file} now"
    return ""


def _guard_at(source: Source, line: int) -> ast.stmt | None:
    return next((node for node in _guarding(source) if node.lineno <= line <= (node.end_lineno or node.lineno)), None)


def _guards(source: Source) -> frozenset[str]:
    return frozenset(map(ast.dump, _guarding(source)))


def _guarding(source: Source) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Raise | ast.Assert))


def _handlers(then: Source, now: Source, line: int) -> bool:
    """Whether the function around a line of today had more handlers of errors."""
    name = _qualname_at(now, line)
    counts = [
        sum(isinstance(inner, ast.ExceptHandler) for inner in ast.walk(node))
        for source in (then, now)
        for node in ast.walk(source.tree)
        if isinstance(node, Function) and name and _qualname_at(source, node.lineno) == name
    ]
    return len(counts) == 2 and counts[0] > counts[1]


# Recorded results


class _Earlier:
    """What the same calls gave when they were recorded at other commits."""

    def __init__(self, today: _Today, finding: Finding) -> None:
        self._today = today
        self.notes: list[str] = []
        self._calls: dict[Input, list[Execution]] = {}
        for one in today.scene.executions.executions(finding.symbol, ok=True, limit=_READ):
            if one.replayable:
                self._calls.setdefault((one.args or "[]", one.kwargs or "{}"), []).append(one)

    def claims(self, given: Input) -> list[_Claim]:
        calls = self._calls.get(given, [])
        scene = self._today.scene
        if not calls or any(one.commit == scene.commit for one in calls):
            return []
        results = {one.result for one in calls}
        text = calls[0].result
        if len(results) > 1 or text is None:
            self.notes.append(f"recorded calls with {_shown(given)} gave different results or none that was kept")
            return []
        for commit in dict.fromkeys(one.commit for one in calls):
            if why := _meant(self._today, given, scene.repository.resolve(commit) or "" if commit else ""):
                self.notes.append(f"{_shown(given)} worked before, but {why}: that it fails was wanted")
                return []
        count = len(calls)
        reason = f"{count} recorded {'call' if count == 1 else 'calls'} of the same input before"
        try:
            return [_Claim(value_of_json(text), "", reason)]
        except ValueError:
            return []
