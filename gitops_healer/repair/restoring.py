"""Whether a repair brings back what an older version did, and keeps everything else: compared call by call."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gitops_healer.core.change import Change
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.claims import alike, stable
from gitops_healer.repair.failure import Recorded, project_frames
from gitops_healer.repair.inputs import Input, neighbours
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
    both. wanted: calls that fail now because somebody wanted that."""

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
        now = {given: outcome for given, outcome in now.items() if given in then}
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
        now, as then where it worked only then, with an error where it never worked."""
        inputs = tuple(self.now)
        if self.changed or len(inputs) < _LEAST:
            return ""
        outcomes = self.scene.caller.call(self.scene.commit, self.log.tool, self.log.path, inputs, change)
        restored = kept = 0
        for given, after in zip(inputs, outcomes, strict=True):
            now, then = self.now[given], self.then[given]
            due = now if now.ok or given in self.wanted or not then.ok else then
            if after.ok != due.ok or (due.ok and not alike(after, due)):
                return ""
            restored += due.ok and not now.ok
            kept += now.ok
        if restored < _LEAST_RESTORED:
            return ""
        return f"does what {self.stand.what} did in {restored} calls that fail now, and keeps {kept} that work"


def _probes(log: Recorded) -> Iterator[Input]:
    failing, passing = ([given for given, _ in calls] for calls in (log.failing, log.passing))
    yield from failing[:_RECORDED]
    yield from passing[:_RECORDED]
    yield from _made(failing[:_SEEDS])
    yield from _made(passing[:_SEEDS])


def _made(seeds: Iterable[Input]) -> tuple[Input, ...]:
    return tuple(given for seed in seeds for given in neighbours([seed], _MADE // (2 * _SEEDS)))
