"""What calls gave before: from older versions of the code, and as they were recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from gitops_healer.core.execution import Execution
from gitops_healer.core.versions import SymbolVersion
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import history_of
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.claims import Claim, Today, alike, stable
from gitops_healer.repair.failure import project_frames
from gitops_healer.repair.inputs import Input, shown
from gitops_healer.repair.literals import value_of_json, value_of_source
from gitops_healer.repair.search.stopwatch import Stopwatch
from gitops_healer.repair.source import read_source
from gitops_healer.repair.wanted_failures import qualname_at, wanted_failure

_VERSIONS: Final = 3  # older versions that are asked
_READ: Final = 1000  # executions looked at, newest first


@dataclass(frozen=True)
class Stand:
    """A commit at which one of the functions in question was another, and where the tool stood there."""

    commit: str
    tool: str
    path: str
    what: str
    when: datetime


class OlderVersions:
    """What the code gave before the functions that fail became what they are. disputed: calls that work and once gave
    something else; heard: the newest version that knows what a failing call should give."""

    def __init__(self, today: Today, watch: Stopwatch) -> None:
        self._today, self._watch = today, watch
        self._claims: dict[Input, Claim] = {}
        self.disputed: set[Input] = set()
        self.notes: list[str] = []
        self.heard: Stand | None = None

    def claims(self, given: Input) -> list[Claim]:
        return [self._claims[given]] if given in self._claims else []

    def ask(self) -> None:
        """Newest first, until one gives a result for every recorded call that fails. A version that gives something
        else for most calls that work now was changed on purpose: it and what is older is not heard."""
        today = self._today
        failing, near = today.failing(), today.failing(today.near)
        for stand in _stands(today, failing)[:_VERSIONS]:
            missing = [given for given in failing if given not in self._claims]
            if not missing or not self._watch.left:
                break
            asked = [*missing, *(given for given in near if given not in self._claims)]
            working = [given for given, _ in today.log.passing if self._works(given)]
            ends = stable(today.scene, stand.commit, stand.tool, stand.path, (*asked, *working))
            differing = {given for given in working if given in ends and not alike(today.ends[given], ends[given])}
            self.disputed |= differing
            if 2 * len(differing) > len(working):
                self.notes.append(
                    f"{stand.what} gives something else for {len(differing)} of {len(working)} calls that work now: "
                    "it says nothing about those that fail"
                )
                break
            for given in asked:
                self._hear(stand, given, ends.get(given))

    def _works(self, given: Input) -> bool:
        return given in self._today.ends and self._today.ends[given].ok

    def _hear(self, stand: Stand, given: Input, outcome: CallOutcome | None) -> None:
        if outcome is None or not outcome.ok:
            return
        if why := wanted_failure(self._today.scene, self._today.ends[given], stand.commit):
            if given not in self._today.near:
                self.notes.append(f"{stand.what} gives a result, but {why}: it was wanted to fail")
            return
        try:
            self._claims[given] = Claim(value_of_source(outcome.detail), "", stand.what)
            self.heard = self.heard or stand
        except ValueError:
            return


def _stands(today: Today, failing: Sequence[Input]) -> list[Stand]:
    """The commits before those that made the tool and the functions in which it fails what they are, newest first."""
    scene, log = today.scene, today.log
    own = _history(scene, log.tool)
    functions = dict.fromkeys([log.tool])
    for given in failing:
        functions |= dict.fromkeys(_functions(scene, today.ends[given]))
    found: dict[str, Stand] = {}
    for name in functions:
        versions = own if name == log.tool else _history(scene, name)
        for newer, older in pairwise(versions[: _VERSIONS + 1]):
            commit = _parent(scene, newer.commit)
            then = next((one for one in own if commit and scene.repository.is_ancestor(one.commit, commit)), None)
            if commit and then is not None:
                what = f"version {older.number} of {older.symbol} ({older.commit[:10]})"
                found.setdefault(commit, Stand(commit, then.tool, then.path, what, newer.when))
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
        name = qualname_at(source, frame.line) if source is not None else ""
        if module and name:
            yield f"{module}:{name}"


class EarlierCalls:
    """What the same calls gave when they were recorded at other commits."""

    def __init__(self, today: Today) -> None:
        self._today = today
        self.notes: list[str] = []
        self._calls: dict[Input, list[Execution]] = {}
        for one in today.scene.executions.executions(today.log.tool, ok=True, limit=_READ):
            if one.replayable:
                self._calls.setdefault((one.args or "[]", one.kwargs or "{}"), []).append(one)

    def claims(self, given: Input) -> list[Claim]:
        calls = self._calls.get(given, [])
        scene = self._today.scene
        if not calls or any(one.commit == scene.commit for one in calls):
            return []
        results = {one.result for one in calls}
        text = calls[0].result
        if len(results) > 1 or text is None:
            self.notes.append(f"recorded calls with {shown(None, given)} gave different results or none that was kept")
            return []
        for commit in dict.fromkeys(one.commit for one in calls):
            then = scene.repository.resolve(commit) if commit else None
            if why := wanted_failure(scene, self._today.ends[given], then or ""):
                self.notes.append(f"recorded calls worked before, but {why}: it was wanted to fail")
                return []
        count = len(calls)
        reason = f"{count} recorded {'call' if count == 1 else 'calls'} of the same input before"
        try:
            return [Claim(value_of_json(text), "", reason)]
        except ValueError:
            return []
