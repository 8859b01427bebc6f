"""The single calls that an investigation looks at."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gitops_healer.core.analysis.features import Inputs, inputs_of
from gitops_healer.core.analysis.types import Literal
from gitops_healer.core.execution import Execution
from gitops_healer.registry import Scene

FAILING: Final = 1000
PASSING: Final = 1000
IN_A_ROW: Final = 4000


@dataclass(frozen=True)
class Sample:
    """failing, passing: the newest, with payload; row: the newest of any outcome, oldest first."""

    failing: tuple[Execution, ...]
    passing: tuple[Execution, ...]
    row: tuple[Execution, ...]


def sample_of(scene: Scene, tool: str, since: datetime, until: datetime) -> Sample:
    ask = scene.executions.executions
    row = ask(tool, since=since, until=until, limit=IN_A_ROW)
    return Sample(
        ask(tool, since=since, until=until, ok=False, limit=FAILING),
        ask(tool, since=since, until=until, ok=True, limit=PASSING),
        tuple(sorted(row, key=lambda one: (one.ts, one.id))),
    )


def passing_at(
    scene: Scene, tool: str, since: datetime, until: datetime, commits: Collection[str]
) -> tuple[Execution, ...]:
    """Calls that passed at some commits. What counts is the commit that a call recorded, not its time: old versions run
    on while a new one is being rolled out."""
    times = [last for commit, _, last, *_ in scene.executions.counts_by_commit(tool, since, until) if commit in commits]
    if not times:
        return ()
    end = max(times) + timedelta(microseconds=1)
    calls = scene.executions.executions(tool, since=since, until=end, ok=True, limit=PASSING)
    return tuple(call for call in calls if call.commit in commits)


def across(failing: Iterable[Execution], passing: Iterable[Execution]) -> int:
    """How many different inputs failed and passed, at whatever commit and in whatever process."""
    bad, good = ({(c.args, c.kwargs) for c in calls if c.replayable} for calls in (failing, passing))
    return len((bad & good) - {(None, None), ("[]", None), ("[]", "{}")})


def steady(failing: Iterable[Execution], passing: Iterable[Execution]) -> int:
    """How many different inputs came several times and failed each time."""
    counts = Counter((call.args, call.kwargs) for call in failing if call.replayable)
    passed = {(call.args, call.kwargs) for call in passing}
    return sum(1 for inputs, count in counts.items() if count > 1 and inputs not in passed and inputs != (None, None))


def holds(rule: Iterable[Literal], inputs: Inputs) -> bool:
    """Whether every condition holds of a call's inputs."""
    return all(_holds(literal, inputs) for literal in rule)


def _holds(literal: Literal, inputs: Inputs) -> bool:
    if literal.test in ("is given", "is missing"):
        return (literal.feature in inputs.paths) is (literal.test == "is given")
    if literal.test in ("<", "<=", ">"):
        number = _measure(literal.feature, inputs)
        if number is None or not isinstance(literal.value, int | float):
            return False
        return {"<": number < literal.value, "<=": number <= literal.value, ">": number > literal.value}[literal.test]
    return literal in inputs.literals


def _measure(feature: str, inputs: Inputs) -> float | None:
    for what in ("length", "size"):
        if feature.startswith(f"the {what} of "):
            return inputs.measures.get((feature.removeprefix(f"the {what} of "), what))
    return inputs.measures.get((feature, "value"))


def matching(rule: Sequence[Literal], calls: Iterable[Execution], parameters: Sequence[str]) -> int:
    """How many different inputs of these calls fit a rule."""
    seen = {(call.args, call.kwargs): call for call in calls}
    described = (inputs_of(call, parameters) for call in seen.values())
    return sum(1 for inputs in described if inputs is not None and holds(rule, inputs))
