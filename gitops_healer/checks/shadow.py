"""Both versions do the same on the same inputs."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gitops_healer.core.evidence import spans
from gitops_healer.core.shadow_verdict import Gate, ruling
from gitops_healer.core.shadowing import Shadowed
from gitops_healer.core.strategy import Strategy
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.proof.running import TESTS_SHARE, Step, shadowed, step_of, tested_pairs
from gitops_healer.proof.strategies import strategy_of
from gitops_healer.proof.subjects import Subject, subjects_of
from gitops_healer.registry import Case, Scene, check

_LEAST_SECONDS = 5.0


@check(order=60, remembered=True)
def shadow(scene: Scene, case: Case) -> CheckResult:
    """Functions that changed, and recorded tools that run them, do the same as before on the same inputs.

    Inputs are recorded calls, declared examples, calls that tests make, and inputs made from these; both versions run
    each in the sandbox, under one clock and one seed. What differs between runs of the base is not compared, and a
    difference counts when it is there each of four times. A change that mends may make failing inputs work; made-up
    inputs that give something else then are told, and judged by people. Functions that reach the network, databases or
    other programs are left to other checks.
    """
    began = time.monotonic()
    step = step_of(scene, case)
    if step.changed.nothing:
        return CheckResult("shadow", Outcome.SKIPPED, f"there is nothing to compare: {step.changed.nothing}")
    subjects = subjects_of(scene, case.base, step.changed)
    runs = tuple(_runs(scene, step, subjects))
    policy = scene.settings.proof.shadow
    ruled = ruling(step.aim, runs, Gate(policy.agreement, policy.mismatches, case.finding.rule == "failing_test"))
    ran = frozenset(line for run in runs for line in run.ran)
    return CheckResult(
        "shadow", ruled.outcome, ruled.reason, time.monotonic() - began, ruled.details, spans(ran),
        approval=ruled.approval,
    )  # fmt: skip


def _runs(scene: Scene, step: Step, subjects: Sequence[Subject]) -> Iterator[Shadowed]:
    """Each function has its share of the time that is left."""
    until = time.monotonic() + scene.settings.proof.shadow.budget.total_seconds()
    fitting = []
    for subject in subjects:
        report = strategy_of(scene, subject.tool)
        if Strategy.SHADOW in report.choice.strategies:
            fitting.append(subject)
        else:
            yield Shadowed(subject.tool, problem=report.choice.decision.reason)
    own = [subject for subject in fitting if subject.changed]
    listening = bool(own) and bool(scene.tests.command(step.base))
    pairs, note = tested_pairs(scene, step, own, (until - time.monotonic()) * TESTS_SHARE) if listening else ({}, "")
    for number, subject in enumerate(fitting):
        seconds = max(_LEAST_SECONDS, (until - time.monotonic()) / (len(fitting) - number))
        run = shadowed(scene, step, subject, seconds, tests=False)
        notes = (*run.notes, *([note] if note and subject.changed else []))
        yield replace(run, compared=(*run.compared, *pairs.get(subject, ())), notes=notes)
