"""Deployments of many tools, of which the merge touched three.

Without a pool, all readings of a deployment are judged at once. With one, each tool is judged by itself with its share
of alpha: the same evidence, without the vetoes, which only make alarms fewer; and 500 tools take seconds, not minutes.
"""

import random
from dataclasses import dataclass, replace

from gitops_healer.core.watching import Pool

from . import ours
from .chance import binomial, poisson
from .ours import TOLERANCE, Seen, Subject, subject_of
from .rules import LOOK, RULES
from .study import Cell, Sample, Table, hours, percent
from .traces import AFTER, BEFORE, Trace

TOUCHED = 3
COARSE = ("15 % drop", "15 % in 1 h", "Argo-like")
"""Rules that need no minutes."""


def coarse(chance: random.Random, per_hour: float, before: float, after: float, touched: bool) -> Trace:
    """A trace by 5 minutes. before, after: share of calls that fail."""
    hour_by_hour = ((hour, poisson(chance, per_hour)) for hour in range(-BEFORE, 0))
    past = tuple((hour, total, binomial(chance, total, before)) for hour, total in hour_by_hour if total)
    minutes = [(0, 0)] * (AFTER * 60)
    for start in range(0, len(minutes), LOOK):
        total = poisson(chance, per_hour * LOOK / 60)
        minutes[start] = total, binomial(chance, total, after)
    return Trace(past, (), tuple(minutes), touched=touched)


@dataclass(frozen=True)
class Deployment:
    """tools: how many; worse: place of the one that goes from 95 % to `success`, at 10 calls an hour (the first three
    are touched), None for none; whole: judge all readings at once; alone: draw that one only, for its delay."""

    tools: int
    worse: int | None = None
    success: float = 0.95
    whole: bool = False
    alone: bool = False

    def __call__(self, chance: random.Random) -> Seen:
        if self.alone:
            pool = Pool(TOUCHED, self.tools - TOUCHED)
            assert self.worse is not None
            mine = self._tool(chance, self.worse)
            return beside([mine], ours.watch([subject_of(mine)], pool=pool))
        traces = [self._tool(chance, place) for place in range(self.tools)]
        subjects = [subject_of(one, f"shop.m{place}:f") for place, one in enumerate(traces)]
        return beside(traces, ours.watch(subjects) if self.whole else _one_by_one(subjects))

    def _tool(self, chance: random.Random, place: int) -> Trace:
        """Calls are lognormal around 10 an hour, success rates Beta(19, 1)."""
        touched = place < TOUCHED
        if place == self.worse:
            return coarse(chance, 10, 0.05, 1 - self.success, touched)
        failing = 1 - chance.betavariate(19, 1)
        return coarse(chance, chance.lognormvariate(0, 1) * 10, failing, failing, touched)


def _one_by_one(subjects: list[Subject]) -> Seen:
    judged = [one for one in subjects if one.plain.before_total >= TOLERANCE.min_executions]
    touched = sum(one.plain.touched for one in judged)
    pool = Pool(touched, len(judged) - touched)
    first: dict[str, float] = {}
    for seen in (ours.watch([one], pool=pool) for one in subjects):
        for rule, hour in seen.hours.items():
            first[rule] = min(hour, first.get(rule, hour))
    return Seen(first, "regressed" if "regressed" in first else "")


def beside(traces: list[Trace], seen: Seen) -> Seen:
    """Another rule takes a deployment back as soon as it does so for any tool."""
    first = {
        name: min((hour for one in traces if (hour := RULES[name](one)) is not None), default=None) for name in COARSE
    }
    return replace(seen, hours={**seen.hours, **{name: hour for name, hour in first.items() if hour is not None}})


def _cell(tools: int, what: str, deployment: Deployment, share: float, calm: bool) -> Cell:
    return Cell((str(tools), what), deployment, share, {"regressed": 0.001} if calm else {})


def many() -> Table:
    cells = []
    for tools in (50, 500):
        share = min(1.0, 100 / tools)
        cells.append(_cell(tools, "nothing changed", Deployment(tools), share, True))
        if tools == 50:
            cells.append(_cell(tools, "nothing changed, all judged at once", Deployment(tools, whole=True), 0.05, True))
        for what, place in (("touched", 0), ("untouched", TOUCHED)):
            for success in (0.8, 0.7, 0.5):
                drop = Deployment(tools, place, success, alone=True)
                cells.append(_cell(tools, f"one {what}: 0.95 -> {success}", drop, 0.5, False))

    def row(sample: Sample) -> tuple[str, ...]:
        rules = ("regressed", "suspect", *COARSE)
        return tuple(f"{percent(sample.share(rule))} {hours(sample.delay(rule))}" for rule in rules)

    return Table(
        "many", "Many tools at once, 3 of them touched: deployments with an alarm, median hours until it",
        "Target: regressed in at most 0.1 % of deployments in which nothing changed. Calls of a tool are lognormal "
        "around 10 an hour, success rates Beta(19, 1). Where one gets worse (10 calls an hour), it alone is drawn, "
        "with its share of alpha.",
        ("tools", "what happens", "ours: regressed", "ours: suspect", *COARSE), tuple(cells), row,
    )  # fmt: skip
