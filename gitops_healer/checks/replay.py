"""Recorded calls end as well as they did."""

import time
from collections.abc import Iterator, Sequence

from gitops_healer.core.evidence import spans
from gitops_healer.core.replaying import Replayed, ReplayGate, replay_ruling
from gitops_healer.core.strategy import Strategy
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.evidence.tools import Tools
from gitops_healer.proof.running import Step, replayed, step_of
from gitops_healer.proof.strategies import strategy_of
from gitops_healer.proof.subjects import Subject, subjects_of
from gitops_healer.registry import Case, Scene, check

_LEAST_SECONDS = 5.0


@check(order=65, remembered=True)
def replay(scene: Scene, case: Case) -> CheckResult:
    """Calls of the last 30 days (proof.replay.window) end at least as well with the change as without.

    Ten to fifty of each tool, every error and every shape of input among them, recent ones first. A call that even the
    base ends differently today says nothing and is counted apart. Too few calls prove nothing and stop nothing.
    """
    began = time.monotonic()
    step = step_of(scene, case)
    if step.changed.nothing:
        return CheckResult("replay", Outcome.SKIPPED, f"there is nothing to replay: {step.changed.nothing}")
    runs = tuple(_runs(scene, step, subjects_of(scene, case.base, step.changed)))
    policy = scene.settings.proof.replay
    ruled = replay_ruling(step.aim, runs, ReplayGate(policy.least, policy.success))
    outcome = Outcome.SKIPPED if ruled.outcome is Outcome.UNKNOWN else ruled.outcome
    ran = frozenset(line for run in runs for line in run.ran)
    return CheckResult(
        "replay", outcome, ruled.reason, time.monotonic() - began, ruled.details, spans(ran), approval=ruled.approval
    )


def _runs(scene: Scene, step: Step, subjects: Sequence[Subject]) -> Iterator[Replayed]:
    """Tools of which something was recorded, as far as their strategy allows; each has its share of the time."""
    until = time.monotonic() + scene.settings.proof.shadow.budget.total_seconds()
    since = scene.now - scene.settings.proof.replay.window
    recorded = {stats.tool for stats in scene.executions.stats(since=since)}
    tools = Tools(scene)
    called = [subject for subject in subjects if not recorded.isdisjoint(tools.names(subject.tool))]
    for number, subject in enumerate(called):
        report = strategy_of(scene, subject.tool)
        if not {Strategy.SHADOW, Strategy.REPLAY} & set(report.choice.strategies):
            yield Replayed(subject.tool, problem=report.choice.decision.reason)
            continue
        seconds = max(_LEAST_SECONDS, (until - time.monotonic()) / (len(called) - number))
        yield replayed(scene, step, subject, seconds)
