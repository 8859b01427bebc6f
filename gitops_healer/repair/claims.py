"""What something says that a call should give, beside how the call ends today."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gitops_healer.code.literals import same, value_of_source
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.failure import Recorded, project_frames
from gitops_healer.repair.inputs import Input
from gitops_healer.repair.trial import ending

_OURS: Final = "gitops_healer."  # errors that are not the tool's own


@dataclass(frozen=True)
class Claim:
    """What one witness says. value: to be returned, when `error` is ""; error: name of the exception to be raised;
    reason: who says so, without a full stop."""

    value: Any
    error: str
    reason: str

    def agrees(self, other: "Claim") -> bool:
        return self.error == other.error and (bool(self.error) or same(self.value, other.value))

    def met_by(self, outcome: CallOutcome) -> bool | None:
        """Whether a call ends so; None when its result cannot be read, or it did not end by itself."""
        if outcome.error_type.startswith(_OURS):
            return None
        if self.error or not outcome.ok:
            return not outcome.ok and outcome.error_type.rpartition(".")[2] == self.error
        try:
            return same(value_of_source(outcome.detail), self.value)
        except ValueError:
            return None


@dataclass(frozen=True)
class Today:
    """How calls end at this commit, the same way twice. near: inputs that were made from failing ones."""

    scene: Scene
    log: Recorded
    ends: Mapping[Input, CallOutcome]
    near: tuple[Input, ...] = ()

    def failing(self, among: Iterable[Input] | None = None) -> tuple[Input, ...]:
        """Recorded failing inputs (or those given) that fail in the project."""
        asked = [given for given, _ in self.log.failing] if among is None else among
        return tuple(given for given in asked if given in self.ends and self._fails(self.ends[given]))

    def _fails(self, outcome: CallOutcome) -> bool:
        ours = outcome.error_type.startswith(_OURS)
        return not outcome.ok and not ours and bool(project_frames(self.scene, outcome))


def stable(scene: Scene, commit: str, tool: str, path: str, inputs: Sequence[Input]) -> Mapping[Input, CallOutcome]:
    """Outcomes of the calls that end the same way twice."""
    first = scene.caller.call(commit, tool, path, inputs)
    second = scene.caller.call(commit, tool, path, inputs)
    return {given: one for given, one, other in zip(inputs, first, second, strict=True) if ending(one) == ending(other)}


def alike(one: CallOutcome, other: CallOutcome) -> bool:
    """Whether two calls end the same to a reader (see `same`), or with the same error."""
    if not one.ok or not other.ok:
        return one.ok == other.ok and one.error_type == other.error_type
    try:
        return same(value_of_source(one.detail), value_of_source(other.detail))
    except ValueError:
        return ending(one) == ending(other)
