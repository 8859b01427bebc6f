"""What calls are worth: small mistakes that no test notices, tried with the inputs on which versions are compared."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from gitops_healer.core.aim import Aim
from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.core.evidence import Changed
from gitops_healer.core.pairing import compare, learn_seen
from gitops_healer.core.shadowing import Kind, Rules, Sample
from gitops_healer.core.strategy import Strategy
from gitops_healer.proof.covering import memory_key
from gitops_healer.proof.gathering import inputs_of
from gitops_healer.proof.learning import rules_by
from gitops_healer.proof.mutants import Mutant
from gitops_healer.proof.running import Step, conditions_of
from gitops_healer.proof.strategies import strategy_of
from gitops_healer.proof.subjects import Subject, subjects_of
from gitops_healer.proof.versions import OTHER_SEED
from gitops_healer.registry import Scene

MOST: Final = 12
"""Mistakes that are tried: each is a session of its own."""
_INPUTS: Final = 40
_CHUNK: Final = 8


def noticed(scene: Scene, base: str, head: str, changed: Changed, mutants: Sequence[Mutant]) -> tuple[bool | None, ...]:
    """Of the first mutants, at most twelve, whether calls give something else with them than at `head`; None for those
    outside of functions that can be compared, and when `proof.mutation_budget` is over. Remembered for the day, like
    what calls say of the change itself."""
    chosen = mutants[:MOST]
    titles = [[mutant.path, mutant.place, mutant.title] for mutant in chosen]
    key = memory_key(
        "noticing", scene, head, changed, scene.repository.commit(base).tree, titles, str(scene.now.date())
    )
    data = scene.cache.get(key)
    if data is not None:
        return tuple(json.loads(data))
    until = time.monotonic() + scene.settings.proof.mutation_budget.total_seconds()
    step = Step(base, head, Aim.KEEPS, changed)
    found: dict[int, bool] = {}
    for subject in subjects_of(scene, base, changed):
        own = [number for number, mutant in enumerate(chosen) if _lies_in(mutant, subject, changed)]
        if own and Strategy.SHADOW in strategy_of(scene, subject.tool).choice.strategies:
            found |= dict(_tried(scene, step, subject, [(number, chosen[number]) for number in own], until))
    known = [found.get(number) for number in range(len(chosen))]
    if time.monotonic() < until:
        scene.cache.put(key, json.dumps(known).encode())
    return tuple(known)


def _lies_in(mutant: Mutant, subject: Subject, changed: Changed) -> bool:
    inside = changed.functions.get((mutant.path, mutant.line))
    return subject.changed and mutant.path == subject.path and inside == subject.symbol


def _tried(
    scene: Scene, step: Step, subject: Subject, mutants: Sequence[tuple[int, Mutant]], until: float
) -> Iterator[tuple[int, bool]]:
    conditions = replace(conditions_of(scene, step, subject)[0], traced=())
    samples = inputs_of(scene, subject).samples[:_INPUTS]
    calls = [Call(sample.given) for sample in samples]
    with scene.caller.open(step.head, subject.tool, subject.path, conditions=conditions) as today:
        if today.refused or not calls:
            return
        seen = today.call(calls, until - time.monotonic())
        again = today.call([replace(call, seed=OTHER_SEED) for call in calls], until - time.monotonic())
    policy = scene.settings.proof.shadow
    rules = rules_by(policy, learn_seen([seen, again], tolerance=policy.float_tolerance))
    for number, mutant in mutants:
        if time.monotonic() >= until:
            return
        yield number, _differs(scene, step, subject, mutant, conditions, list(zip(samples, seen, strict=True)), rules)


def _differs(
    scene: Scene, step: Step, subject: Subject, mutant: Mutant, conditions: Conditions,
    known: Sequence[tuple[Sample, Seen]], rules: Rules,
) -> bool:  # fmt: skip
    """A few calls at a time: the first that differs is enough."""
    with scene.caller.open(step.head, subject.tool, subject.path, mutant.change, conditions) as session:
        if session.refused:
            return True
        for start in range(0, len(known), _CHUNK):
            chunk = known[start : start + _CHUNK]
            seen = session.call([Call(sample.given) for sample, _ in chunk])
            pairs = (compare(sample, was, now, rules) for (sample, was), now in zip(chunk, seen, strict=True))
            if any(pair.kind in (Kind.CHANGES, Kind.REGRESSES, Kind.IMPROVES) for pair in pairs):
                return True
    return False
