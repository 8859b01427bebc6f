"""What calls gave before: from older versions of the code, and as they were recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from typing import Final

from gitops_healer.code.literals import value_of_json, value_of_source
from gitops_healer.code.source import read_source
from gitops_healer.core.execution import Execution
from gitops_healer.core.versions import SymbolVersion
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import history_of
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.claims import Claim, Today, alike, stable
from gitops_healer.repair.failure import project_frames
from gitops_healer.repair.inputs import Input, shown
from gitops_healer.repair.stopwatch import Stopwatch
from gitops_healer.repair.wanted_failures import qualname_at, wanted_failure

_VERSIONS: Final = 3  # older versions of a function that are asked
_OTHERS: Final = 2  # commits that are asked because calls worked there, or because a file was another
_LOOKED_AT: Final = 100  # commits, for changes of files
_MOST: Final = 5  # commits that are asked
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
        for stand in _stands(today, failing)[:_MOST]:
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
    """Commits at which the code was another, and the tool may have worked: before the commits that made the functions
    in which calls fail what they are, where calls of it were recorded that worked, and before the last commits of the
    files. Newest first."""
    scene, tool = today.scene, today.log.tool
    own = _history(scene, tool)
    found: dict[str, Stand] = {}
    for commit, what in (*_before_functions(today, failing), *_recorded(today), *_before_files(today, failing)):
        then = next((one for one in own if scene.repository.is_ancestor(one.commit, commit)), None)
        if then is not None:
            when = scene.repository.commit(commit).committer.when
            found.setdefault(commit, Stand(commit, then.tool, then.path, what, when))
    return sorted(found.values(), key=lambda one: one.when, reverse=True)


def _before_functions(today: Today, failing: Sequence[Input]) -> Iterator[tuple[str, str]]:
    scene = today.scene
    names = dict.fromkeys([today.log.tool])
    for given in failing:
        names |= dict.fromkeys(_functions(scene, today.ends[given]))
    for name in names:
        for newer, older in pairwise(_history(scene, name)[: _VERSIONS + 1]):
            if commit := _parent(scene, newer.commit):
                yield commit, f"version {older.number} of {older.symbol} ({older.commit[:10]})"


def _recorded(today: Today) -> Iterator[tuple[str, str]]:
    """The last commits at which calls of the tool worked."""
    scene = today.scene
    calls = scene.executions.executions(today.log.tool, ok=True, limit=_READ)
    known = (scene.repository.resolve(name) for name in dict.fromkeys(one.commit for one in calls) if name)
    earlier = (one for one in known if one and one != scene.commit and scene.repository.is_ancestor(one, scene.commit))
    for commit in islice(earlier, _OTHERS):
        yield commit, f"the code at {commit[:10]}, where calls worked"


def _before_files(today: Today, failing: Sequence[Input]) -> Iterator[tuple[str, str]]:
    repository = today.scene.repository
    frames = (frame for given in failing for frame in project_frames(today.scene, today.ends[given]))
    paths = {today.log.path, *(frame.file for frame in frames)}
    head, left = today.scene.commit, _OTHERS
    for _ in range(_LOOKED_AT):
        parent = _parent(today.scene, head)
        if not parent or not left:
            return
        if any(repository.blob_at(parent, path) not in ("", repository.blob_at(head, path)) for path in paths):
            left -= 1
            yield parent, f"the code before {head[:10]}"
        head = parent


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
