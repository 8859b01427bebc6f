"""Shadow: both versions of a function on the same inputs, each input in processes of its own, under the same clock and
the same randomness. What the base does differently from run to run is noise; a difference is run again before it
counts.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from gitops_healer.core.calls import Call, Conditions, Input
from gitops_healer.core.noise import Noise
from gitops_healer.core.pairing import Fix, compare
from gitops_healer.core.shadowing import Compared, Kind, Rules, Sample, Shadowed
from gitops_healer.proof.confirming import MISMATCHES, MOST, confirmed
from gitops_healer.proof.learning import FIRST, learned, rules_by
from gitops_healer.proof.shrinking import shrink
from gitops_healer.proof.subjects import Subject
from gitops_healer.proof.versions import Runs, Versions, versions
from gitops_healer.registry import Scene
from gitops_healer.settings import ShadowPolicy

CHUNK: Final = FIRST
"""Calls between two looks at the clock."""
_SHRINK_SHARE: Final = 0.25
_LEAST_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Order:
    """What is compared. samples: in an order of which every beginning is fair; fix: the failure that the change is to
    end; conditions: of all calls; seconds: for everything."""

    subject: Subject
    base: str
    head: str
    samples: Sequence[Sample]
    policy: ShadowPolicy
    seconds: float
    fix: Fix | None = None
    conditions: Conditions = field(default_factory=Conditions)


def shadow(scene: Scene, order: Order) -> Shadowed:
    """Compare, learn noise, judge, confirm, shrink."""
    began = time.monotonic()
    until = began + order.seconds
    tool = order.subject.tool
    if not order.samples:
        return Shadowed(tool)
    with versions(scene, order.subject, order.base, order.head, order.conditions) as pair:
        if pair.base.refused:  # a candidate that cannot be called where the base can is worse
            problem = f"the base cannot be called: {pair.base.refused}"
            return Shadowed(tool, problem=problem, seconds=time.monotonic() - began)
        runs = _run(pair, order, began + order.seconds * (1 - _SHRINK_SHARE))
        calls = _calls(order)[: len(runs)]
        runs, noise = learned(pair, calls, runs, partial(_differing, order), order.policy, MOST, until)
        rules = rules_by(order.policy, noise)
        compared = confirmed(pair, _judged(order, runs, rules), calls, rules, order.fix, until)
        smallest = _smallest(pair, compared, calls, rules, order, until)
    ran = frozenset(line for run in runs for line in run.head.lines)
    return Shadowed(
        tool, compared, smallest, tuple(sorted(noise.noisy | noise.unordered)), len(order.samples) - len(runs), ran,
        seconds=time.monotonic() - began,
    )  # fmt: skip


def _calls(order: Order) -> list[Call]:
    """Each with a seed of its own: what differs by chance is seen in many ways."""
    return [Call(sample.given, seed=number) for number, sample in enumerate(order.samples)]


def _run(pair: Versions, order: Order, until: float) -> tuple[Runs, ...]:
    """As many samples as there is time for, from the first on. The first ones teach what is noise."""
    found: list[Runs] = []
    for start in range(0, len(order.samples), CHUNK):
        left = until - time.monotonic()
        if found and left <= 0:
            break
        calls = _calls(order)[start : start + CHUNK]
        runs = pair.run(calls, max(left, _LEAST_SECONDS))
        if not start:
            runs = pair.run_again(runs, calls, max(until - time.monotonic(), _LEAST_SECONDS))
        found += runs
    return tuple(found)


def _judged(order: Order, runs: Sequence[Runs], rules: Rules) -> list[Compared]:
    samples = order.samples[: len(runs)]
    rows = zip(samples, runs, strict=True)
    return [compare(sample, run.base, run.head, rules, fix=order.fix) for sample, run in rows]


def _differing(order: Order, runs: Sequence[Runs], noise: Noise) -> list[int]:
    judged = _judged(order, runs, rules_by(order.policy, noise))
    return [at for at, one in enumerate(judged) if one.kind in MISMATCHES]


def _smallest(
    pair: Versions, compared: Sequence[Compared], calls: Sequence[Call], rules: Rules, order: Order, until: float
) -> Compared | None:
    """The simplest input on which the versions still differ in the same way."""
    differing = [one for one in compared if one.confirmed]
    left = until - time.monotonic()
    if not differing or left <= 0:
        return min(differing, key=_size, default=None)
    first = min(differing, key=lambda one: (one.kind is not Kind.REGRESSES, _size(one)))
    call = calls[compared.index(first)]
    seen: dict[Input, Compared] = {first.sample.given: first}

    def disagrees(given: Input) -> bool:
        base, head = pair.pairs([replace(call, given=given)], max(until - time.monotonic(), 0.1))[0]
        seen[given] = compare(replace(first.sample, given=given), base, head, rules, fix=order.fix)
        return seen[given].kind is first.kind and base.ok == first.base.ok

    simplest = shrink(first.sample.given, disagrees, seconds=left)
    return replace(seen.get(simplest, first), confirmed=True)


def _size(one: Compared) -> tuple[int, Input]:
    return sum(map(len, one.sample.given)), one.sample.given
