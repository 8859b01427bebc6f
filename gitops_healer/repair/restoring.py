"""Whether a repair brings back what an older version did, and keeps everything else: compared call by call."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gitops_healer.code.source import Function, read_source
from gitops_healer.core.change import Change
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.claims import alike, stable
from gitops_healer.repair.failure import Recorded, project_frames
from gitops_healer.repair.inputs import Input, neighbours, shown
from gitops_healer.repair.past import Stand
from gitops_healer.repair.wanted_failures import wanted_failure

_SEEDS: Final = 4
_MADE: Final = 80  # inputs made from recorded ones
_RECORDED: Final = 80  # recorded inputs that are compared
_LEAST_RESTORED: Final = 3
_LEAST: Final = 8  # calls without which nothing is said


@dataclass(frozen=True)
class Comparison:
    """How calls end: at this commit (`now`) and in an older version (`then`), those that end the same way twice in
    both and that the older version takes. wanted: calls that fail now because somebody wanted that."""

    scene: Scene
    log: Recorded
    stand: Stand
    now: Mapping[Input, CallOutcome]
    then: Mapping[Input, CallOutcome]
    wanted: frozenset[Input]

    @classmethod
    def of(cls, scene: Scene, log: Recorded, stand: Stand) -> "Comparison":
        inputs = tuple(dict.fromkeys(_probes(log)))
        now = stable(scene, scene.commit, log.tool, log.path, inputs)
        then = stable(scene, stand.commit, stand.tool, stand.path, inputs)
        now = {given: outcome for given, outcome in now.items() if given in then and _taken(then[given])}
        failed = {given: one for given, one in now.items() if not one.ok and project_frames(scene, one)}
        wanted = (given for given, outcome in failed.items() if wanted_failure(scene, outcome, stand.commit))
        return cls(scene, log, stand, now, then, frozenset(wanted))

    @property
    def changed(self) -> bool:
        """Whether a call works in both and gives something else: changed on purpose, or wrong unnoticed."""
        both = ((now, self.then[given]) for given, now in self.now.items())
        return any(now.ok and then.ok and not alike(now, then) for now, then in both)

    def restored_by(self, change: Change) -> str:
        """What speaks for a change, a sentence; "" when some call ends otherwise than it should: as now where it works
        now, as then where it worked only then, with the error of now or then where it never worked."""
        inputs = tuple(self.now)
        if self.changed or len(inputs) < _LEAST:
            return ""
        if changes_signature(self.scene, change) or _loses_input(self.scene, change):
            return ""
        outcomes = self.scene.caller.call(self.scene.commit, self.log.tool, self.log.path, inputs, change)
        if not all(
            any(alike(after, due) for due in self._due(one)) for one, after in zip(inputs, outcomes, strict=True)
        ):
            return ""
        kept = sum(now.ok for now in self.now.values())
        restored = sum(after.ok for after in outcomes) - kept
        if restored < _LEAST_RESTORED:
            return ""
        return f"does what {self.stand.what} did in {restored} calls that fail now, and keeps {kept} that work"

    def broken_by(self, change: Change) -> str:
        """A call that works now and gives with a change what neither version gives, as it was recorded; else ""."""
        inputs = tuple(given for given, now in self.now.items() if now.ok)
        outcomes = self.scene.caller.call(self.scene.commit, self.log.tool, self.log.path, inputs, change)
        for given, after in zip(inputs, outcomes, strict=True):
            if not any(alike(after, known) for known in (self.now[given], self.then[given])):
                return shown(None, given)
        return ""

    def _due(self, given: Input) -> tuple[CallOutcome, ...]:
        now, then = self.now[given], self.then[given]
        if now.ok or given in self.wanted:
            return (now,)
        return (then,) if then.ok else (now, then)


def changes_signature(scene: Scene, change: Change) -> bool:
    """Whether a function takes other parameters afterwards, or is gone."""
    functions = _functions(scene, change)
    return any(name not in after or before[name][0] != after[name][0] for name, before, after in functions)


def _loses_input(scene: Scene, change: Change) -> bool:
    """Whether a parameter that was read is not read any more: what an older version did not know may be lost."""
    functions = _functions(scene, change)
    return any(name not in after or before[name][1] - after[name][1] for name, before, after in functions)


_Told = Mapping[str, tuple[str, frozenset[str]]]


def _functions(scene: Scene, change: Change) -> Iterator[tuple[str, _Told, _Told]]:
    """(name, functions of its file before, after)"""
    sources = {path: scene.code.source(path) or b"" for path in change.paths}
    for path, data in change.apply(sources).items():
        before, after = _parameters(path, sources[path]), _parameters(path, data)
        yield from ((name, before, after) for name in before)


def _parameters(path: str, data: bytes) -> _Told:
    """{function, and which of that name: (its parameters as they are written, those that it reads)}"""
    source = read_source(path, data)
    found: dict[str, tuple[str, frozenset[str]]] = {}
    seen: Counter[str] = Counter()
    for node in ast.walk(source.tree) if source is not None else ():
        if isinstance(node, Function):
            names = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
            read = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
            seen[node.name] += 1
            found[f"{node.name} {seen[node.name]}"] = (ast.dump(node.args), frozenset(names & read))
    return found


def _taken(outcome: CallOutcome) -> bool:
    """Whether a call got into the function: a parameter that is not there yet fails before."""
    return outcome.ok or bool(outcome.frames)


def _probes(log: Recorded) -> Iterator[Input]:
    failing, passing = ([given for given, _ in calls] for calls in (log.failing, log.passing))
    yield from failing[:_RECORDED]
    yield from passing[:_RECORDED]
    yield from _made(failing[:_SEEDS])
    yield from _made(passing[:_SEEDS])


def _made(seeds: Iterable[Input]) -> tuple[Input, ...]:
    return tuple(given for seed in seeds for given in neighbours([seed], _MADE // (2 * _SEEDS)))
