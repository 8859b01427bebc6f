"""Recorded calls made again by two versions, and what that says. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gitops_healer.core.aim import Aim
from gitops_healer.core.shadow_verdict import Ruling, line_of
from gitops_healer.core.shadowing import Compared, Kind, breakage_bound
from gitops_healer.core.verdict import Outcome

_SHOWN = 5


@dataclass(frozen=True)
class Replayed:
    """A replay of one tool.

    repeated: calls that the base ends today as they ended when they were recorded, each with what the candidate does;
    obsolete: reason -> calls that the base ends differently today, which say nothing; unreplayable: reason -> calls
    that cannot be made again; total: recorded calls that were looked at; ran: changed lines that the candidate ran.
    """

    tool: str
    repeated: tuple[Compared, ...] = ()
    obsolete: Mapping[str, int] = field(default_factory=dict)
    unreplayable: Mapping[str, int] = field(default_factory=dict)
    total: int = 0
    ran: frozenset[tuple[str, int]] = frozenset()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    problem: str = ""

    def of(self, *kinds: Kind) -> tuple[Compared, ...]:
        return tuple(pair for pair in self.repeated if pair.kind in kinds)

    @property
    def judged(self) -> tuple[Compared, ...]:
        """Calls that say something: those that worked, and those that are better or worse now. A call that fails as it
        always did says nothing about the change."""
        said = (pair for pair in self.repeated if pair.kind is not Kind.SILENT)
        return tuple(pair for pair in said if pair.base.ok or pair.kind is not Kind.AGREES)

    @property
    def succeeding(self) -> tuple[Compared, ...]:
        return tuple(pair for pair in self.judged if pair.kind in (Kind.AGREES, Kind.IMPROVES))


@dataclass(frozen=True)
class ReplayGate:
    """least: fewer calls than this say nothing; success: least share that must succeed."""

    least: int
    success: float


def replay_ruling(aim: Aim, runs: Sequence[Replayed], gate: ReplayGate) -> Ruling:
    """No call that worked may fail or give something else, and most must succeed. UNKNOWN when too few could be made
    again; SKIPPED when nothing was recorded at all."""
    details = tuple(line for run in runs for line in _details(run))
    judged = [pair for run in runs for pair in run.judged]
    told = _told(runs)
    if not runs or not any(run.total for run in runs):
        return Ruling(Outcome.SKIPPED, _nothing(runs), details)
    if aim is Aim.OBEYS:
        return Ruling(Outcome.SKIPPED, f"a maintainer ordered it; {told}", details)
    worse = [pair for pair in judged if pair.kind in (Kind.REGRESSES, Kind.CHANGES) and pair.confirmed]
    worse = [pair for pair in worse if pair.base.ok or aim is Aim.KEEPS]
    if worse:
        example = line_of(min(worse, key=lambda pair: (len(pair.sample.given[0]), pair.sample.given)))
        said = "a recorded call is worse" if len(worse) == 1 else f"{len(worse)} recorded calls are worse"
        return Ruling(Outcome.FAILED, f"{said}: {example}; {told}", details)
    if not judged and (problem := _problem(runs)):
        return Ruling(Outcome.UNKNOWN, f"no recorded call could be made again: {problem}", details)
    if len(judged) < gate.least:
        return Ruling(Outcome.UNKNOWN, f"too few to say anything, {gate.least} are asked: {told}", details)
    succeeding = sum(len(run.succeeding) for run in runs)
    if succeeding / len(judged) < gate.success:
        return Ruling(Outcome.FAILED, f"{succeeding} of {len(judged)} succeed, {gate.success:.0%} are asked", details)
    lost = sum(sum(run.unreplayable.values()) for run in runs)
    total = sum(run.total for run in runs)
    doubt = f"{lost} of {total} recorded calls cannot be made again: the others may be of another kind"
    bound = breakage_bound(len({pair.sample.given for pair in judged}))
    reason = f"{told}: with 95 % certainty less than {bound:.1%} of such calls break"
    return Ruling(Outcome.PASSED, reason, details, doubt if lost > total / 2 else "")


def _told(runs: Sequence[Replayed]) -> str:
    failing = sum(not pair.base.ok for run in runs for pair in run.of(Kind.AGREES))
    judged = sum(len(run.judged) for run in runs)
    succeeding = sum(len(run.succeeding) for run in runs)
    improved = sum(len(run.of(Kind.IMPROVES)) for run in runs)
    obsolete = sum(sum(run.obsolete.values()) for run in runs)
    unreplayable = sum(sum(run.unreplayable.values()) for run in runs)
    parts = [
        f"{succeeding} of {judged} recorded call{'s' * (judged != 1)} succeed{'s' * (succeeding == judged == 1)}"
        if judged
        else "no recorded call says anything",
        f"{improved} of them failed before" if improved else "",
        f"{failing} fail{'s' * (failing == 1)} as before" if failing else "",
        f"{obsolete} end{'s' * (obsolete == 1)} differently today even without the change" if obsolete else "",
        f"{unreplayable} cannot be made again" if unreplayable else "",
    ]
    return ", ".join(part for part in parts if part)


def _nothing(runs: Sequence[Replayed]) -> str:
    return _problem(runs) or "no calls of what this changes were recorded"


def _problem(runs: Sequence[Replayed]) -> str:
    return next((f"{run.tool}: {run.problem}" for run in runs if run.problem), "")


def _details(run: Replayed) -> Sequence[str]:
    lines = [f"{run.tool}: {len(run.repeated)} of {run.total} recorded calls made again"]
    lines += [f"{run.tool}: {run.problem}"] if run.problem else []
    lines += [
        f"{run.tool}: {count} say{'s' * (count == 1)} nothing: {reason}" for reason, count in run.obsolete.items()
    ]
    lines += [f"{run.tool}: {count} cannot be made again: {reason}" for reason, count in run.unreplayable.items()]
    differing = run.of(Kind.REGRESSES, Kind.CHANGES, Kind.IMPROVES)
    lines += [f"{run.tool}: {pair.kind.value}: {line_of(pair)}" for pair in differing[:_SHOWN]]
    return [*lines, *(f"{run.tool}: {note}" for note in run.notes)]
