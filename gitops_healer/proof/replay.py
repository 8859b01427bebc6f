"""Replay: recorded calls of a tool made again by both versions, with the clock of their time.

A call of which the base gives something else than was recorded says nothing about the change: the world around it has
moved on, or the recording is of other code. It is counted and named, and left out.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.core.execution import Execution
from gitops_healer.core.noise import Noise
from gitops_healer.core.pairing import Fix, compare
from gitops_healer.core.replaying import Replayed
from gitops_healer.core.sampling import error_of, input_of
from gitops_healer.core.shadowing import Compared, Kind, Origin, Rules, Sample
from gitops_healer.proof.confirming import MISMATCHES, confirmed
from gitops_healer.proof.inputs import recorded_executions
from gitops_healer.proof.learning import FIRST, learned, rules_by
from gitops_healer.proof.subjects import Subject
from gitops_healer.proof.versions import Runs, Versions, versions
from gitops_healer.registry import Scene

_LEAST_SECONDS: Final = 2.0
_OPAQUE: Final = ('"$type":"object"', '"$type":"cut"')
"""Parts of recorded results that do not tell what they were."""


@dataclass(frozen=True)
class ReplayOrder:
    """What is replayed. fix: the failure that the change is to end; seconds: for everything."""

    subject: Subject
    base: str
    head: str
    seconds: float
    fix: Fix | None = None
    conditions: Conditions = field(default_factory=Conditions)


def replay(scene: Scene, order: ReplayOrder) -> Replayed:
    """Choose recorded calls (every error and every shape of input, recent first), make them again, judge, confirm."""
    began, tool, policy = time.monotonic(), order.subject.tool, scene.settings.proof.replay
    recorded = recorded_executions(scene, tool, window=policy.window, most=policy.most)
    known = Replayed(tool, unreplayable=recorded.unreplayable, total=recorded.total)
    if not recorded.executions:
        return known
    with versions(scene, order.subject, order.base, order.head, order.conditions) as pair:
        if pair.base.refused:  # a candidate that cannot be called where the base can is worse
            problem = f"the base cannot be called: {pair.base.refused}"
            return replace(known, problem=problem, seconds=time.monotonic() - began)
        calls = [Call(input_of(call), call.ts, number) for number, call in enumerate(recorded.executions)]
        runs, rules = _made(pair, scene, order, recorded.executions, calls)
        rows = list(zip(recorded.executions, calls, runs, strict=True))
        obsolete = Counter(why for execution, _, run in rows if (why := _obsolete(execution, run.base, rules)))
        usable = [row for row in rows if not _obsolete(row[0], row[2].base, rules)]
        judged = [_judged(execution, run.base, run.head, rules, order.fix) for execution, _, run in usable]
        made = [call for _, call, _ in usable]
        repeated = confirmed(pair, judged, made, rules, order.fix, began + order.seconds)
    return replace(
        known,
        repeated=repeated,
        obsolete=dict(obsolete),
        ran=frozenset(line for run in runs for line in run.head.lines),
        seconds=time.monotonic() - began,
    )


def _made(
    pair: Versions, scene: Scene, order: ReplayOrder, executions: Sequence[Execution], calls: Sequence[Call]
) -> tuple[Sequence[Runs], Rules]:
    """All calls by both versions, more often by the base where that may show what is noise."""
    policy, until = scene.settings.proof.shadow, time.monotonic() + order.seconds
    runs = pair.run(calls, order.seconds)
    first = pair.run_again(runs[:FIRST], calls[:FIRST], max(until - time.monotonic(), _LEAST_SECONDS))

    def doubtful(known: Sequence[Runs], noise: Noise) -> list[int]:
        rules = rules_by(policy, noise)
        rows = enumerate(zip(executions, known, strict=True))
        return [at for at, (execution, run) in rows if _tells(execution, run, rules, order.fix)]

    made, noise = learned(pair, calls, (*first, *runs[FIRST:]), doubtful, policy, len(calls), until)
    return made, rules_by(policy, noise)


def _tells(execution: Execution, run: Runs, rules: Rules, fix: Fix | None) -> bool:
    """Whether a call would count against the change, or count no more."""
    differs = _judged(execution, run.base, run.head, rules, fix).kind in MISMATCHES
    return differs or bool(_obsolete(execution, run.base, rules))


def _sample(execution: Execution) -> Sample:
    return Sample(input_of(execution), Origin.RECORDED, error_of(execution))


def _judged(execution: Execution, base: Seen, head: Seen, rules: Rules, fix: Fix | None) -> Compared:
    return compare(_sample(execution), base, head, rules, fix=fix)


def _obsolete(execution: Execution, base: Seen, rules: Rules) -> str:
    """Why a recorded call says nothing: the base ends it differently today. "" when it does not."""
    if base.lost:
        return f"it cannot be made again here ({base.detail[:120]})"
    if execution.ok != base.ok:
        if base.ok:
            return "it failed when it was recorded, and does not here even without the change"
        return f"it passed when it was recorded, and fails here with {base.error_type} even without the change"
    if not execution.ok:
        known = execution.error.type.rpartition(".")[2] if execution.error else ""
        if known and known != base.error_type.rpartition(".")[2]:
            return f"it failed with {known} when it was recorded, and here with {base.error_type}"
        return ""
    if execution.result is None or any(part in execution.result for part in _OPAQUE):
        return ""
    was = Seen(True, execution.result, execution.result)
    only_value = replace(base, arguments="", printed="", effects=())
    lenient = replace(rules, formed=frozenset())  # a form that was learned today may be another by chance
    differs = compare(_sample(execution), was, only_value, lenient).kind is Kind.CHANGES
    return "it gives something else here than when it was recorded, even without the change" if differs else ""
