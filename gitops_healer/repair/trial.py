"""Candidates on trial: what a change does to every input that is known."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitops_healer.core.change import Change
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.failure import Failure, same_failure
from gitops_healer.repair.inputs import Input, neighbours
from gitops_healer.repair.remedy import Kind, Remedy

_GENERATED = 60  # inputs generated near failing ones, and near others
_SEEDS = 4  # inputs that others are generated from
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Candidate:
    """A change on offer. score: prior of the template times specificity of the form; says: when it takes effect;
    place: what a substitute stands for."""

    remedy: Remedy
    change: Change
    template: str
    form: str
    score: float
    says: str
    place: str


@dataclass(frozen=True)
class Ground:
    """How all known inputs end without a change. failing: fail in the way that is treated; holding: return the same
    in two runs; unstable: end differently in two runs; foreign: fail otherwise; kin: other inputs that fail in the way
    that is treated; recorded: what was not generated."""

    error: str
    failing: tuple[Input, ...]
    holding: Mapping[Input, str]
    foreign: Mapping[Input, str]
    kin: tuple[Input, ...]
    unstable: int
    recorded: frozenset[Input]

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (*self.failing, *self.holding, *self.foreign, *self.kin)


@dataclass(frozen=True)
class Survivor:
    """A candidate that passed. results: how the failing inputs end now; swallowed: inputs that failed for another
    reason and return now; kin: how generated inputs of the same failure end; spared: how many of those fail as before;
    size: lines; proof: sentences."""

    candidate: Candidate
    results: tuple[str, ...]
    swallowed: int
    kin: tuple[str, ...]
    spared: int
    size: int
    proof: tuple[str, ...]

    @property
    def behaviour(self) -> tuple[str, ...]:
        """The same for two survivors that do the same to the failing inputs: `0` is `0.0`."""
        return tuple(map(_by_value, self.results))


def ending(outcome: CallOutcome) -> str:
    """How a call ends: `= result`, `~ repr` when it is not JSON, `! error`."""
    if not outcome.ok:
        return f"!{outcome.error_type.rpartition('.')[2]}"
    return f"={outcome.result}" if outcome.result is not None else f"~{_ADDRESS.sub('0x', outcome.detail)}"


def survey(scene: Scene, tool: str, path: str, failure: Failure, known: Sequence[Input]) -> Ground:
    """Call the tool with everything twice, without a change, and sort the inputs by how they end.

    Inputs are generated near the failing ones and near the others. A generated input that fails for another reason
    counts only when one thing was changed on an input that works: of two mistakes at once either may be told.
    """
    others = [given for given in known if given not in failure.inputs]
    near = neighbours(others[:_SEEDS], _GENERATED)
    doubtful = frozenset(neighbours(failure.inputs[:_SEEDS], _GENERATED)) - {*near, *known}
    inputs = tuple(dict.fromkeys([*failure.inputs, *known, *near, *sorted(doubtful)]))
    first = scene.caller.call(scene.commit, tool, path, inputs)
    second = scene.caller.call(scene.commit, tool, path, inputs)
    mine: list[Input] = []
    kin: list[Input] = []
    holding: dict[Input, str] = {}
    foreign: dict[Input, str] = {}
    unstable = 0
    recorded = frozenset([*failure.inputs, *known])
    for given, one, other in zip(inputs, first, second, strict=True):
        if same_failure(scene, failure, one) and same_failure(scene, failure, other):
            (mine if given in failure.inputs else kin).append(given)
        elif ending(one) != ending(other):
            unstable += 1
        elif one.ok:
            holding[given] = ending(one)
        elif given not in doubtful:
            foreign[given] = ending(one)
    return Ground(failure.error, tuple(mine), holding, foreign, tuple(kin), unstable, recorded)


def judge(
    scene: Scene, tool: str, path: str, ground: Ground, candidate: Candidate, sources: Mapping[str, bytes]
) -> Survivor | None:
    """The survivor, or None when a failing input still fails or anything that worked ends otherwise."""
    inputs = ground.inputs
    outcomes = scene.caller.call(scene.commit, tool, path, inputs, candidate.change)
    ends = dict(zip(inputs, map(ending, outcomes), strict=True))
    wanted = f"!{candidate.remedy.value}" if candidate.remedy.kind is Kind.RAISE else ""
    results = tuple(ends[given] for given in ground.failing)
    if any(result != wanted if wanted else result.startswith("!") for result in results):
        return None
    if any(ends[given] != before for given, before in ground.holding.items()):
        return None
    swallowed = sum(not ends[given].startswith("!") for given in ground.foreign)
    kin = tuple(ends[given] for given in ground.kin)
    spared = sum(end == f"!{ground.error.rpartition('.')[2]}" for end in kin)
    return Survivor(
        candidate, results, swallowed, kin, spared, candidate.change.size(sources), tuple(_proof(ground, results))
    )


def _proof(ground: Ground, results: tuple[str, ...]) -> Iterable[str]:
    kinds = dict.fromkeys(results)
    total = len(results)
    for kind in list(kinds)[:4]:
        count = results.count(kind)
        yield f"{count} of {total} failing inputs {told(kind)} now"
    if len(kinds) > 4:
        yield f"the others return {len(kinds) - 4} more different values"
    recorded = sum(given in ground.recorded for given in ground.holding)
    yield f"{recorded} of {recorded} known passing inputs give what they gave before"
    generated = len(ground.holding) - recorded
    if generated:
        yield f"{generated} of {generated} generated inputs that worked give what they gave before"
    if ground.unstable:
        yield f"{ground.unstable} inputs were not compared: two runs without the change already end differently"


def told(end: str) -> str:
    """`=0.0` as `return 0.0`."""
    match end[:1]:
        case "!":
            return f"raise {end[1:]}"
        case "=":
            return f"return {_PYTHON.get(end[1:], end[1:])}"
        case _:
            return f"return {end[1:]}"


_PYTHON = {"null": "None", "true": "True", "false": "False"}


def _by_value(end: str) -> str:
    try:
        return f"={float(end[1:])}" if end.startswith("=") else end
    except ValueError:
        return end
