"""Calls that get slower: durations are drawn one by one, and flagged as the metric flags them."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean, median, quantiles

from gitops_healer.core.watching import Measure

from . import ours
from .chance import poisson
from .ours import TOLERANCE, Seen, Subject, read
from .rules import LOOK, QUANTILE, low
from .study import Cell, Sample, Table, found, percent
from .traces import AFTER, BEFORE

BINS = AFTER * 60 // LOOK
TIMEOUT = 30.0
"""How long a call that times out takes; others have a median of 1."""

PEERS = ("mean over 1.5 x", "Mann-Whitney p < .01", "Kayenta-like", "Argo-like")


@dataclass(frozen=True)
class Durations:
    """sigma: of the lognormal; timeouts: share of calls that take `TIMEOUT`."""

    sigma: float
    timeouts: float = 0.0
    factor: float = 1.0

    def draw(self, chance: random.Random, count: int) -> list[float]:
        return [
            TIMEOUT
            if self.timeouts and chance.random() < self.timeouts
            else self.factor * chance.lognormvariate(0, self.sigma)
            for _ in range(count)
        ]


@dataclass(frozen=True)
class Slower:
    """One tool that never fails, and takes other times after the merge than before."""

    before: Durations
    after: Durations
    per_hour: float

    def __call__(self, chance: random.Random) -> Seen:
        past = [self.before.draw(chance, poisson(chance, self.per_hour)) for _ in range(BEFORE)]
        then = [self.after.draw(chance, poisson(chance, self.per_hour * LOOK / 60)) for _ in range(BINS)]
        seen = ours.watch([_failures(past, then), *_flagged(past, then)])
        others = ((name, rule(past, then)) for name, rule in RULES.items())
        return replace(seen, hours={**seen.hours, **{name: hour for name, hour in others if hour is not None}})


Timed = Sequence[list[float]]
"""Durations by the hour before the merge, or by the look after it."""


def _failures(past: Timed, then: Timed) -> Subject:
    hours = [(place - BEFORE, len(part), 0) for place, part in enumerate(past) if part]
    return Subject(read(hours, 0), [(len(part), 0) for part in then])


def _flagged(past: Timed, then: Timed) -> Iterator[Subject]:
    durations = [one for part in past for one in part]
    slow = TOLERANCE.slower * median(durations)
    slowest = TOLERANCE.slowest * quantiles(durations, n=20)[-1]
    for measure, limit in ((Measure.SLOWER, slow), (Measure.SLOWEST, slowest)):
        hours = [(place - BEFORE, len(part), _over(part, limit)) for place, part in enumerate(past) if part]
        yield Subject(read(hours, 0, measure=measure), [(len(part), _over(part, limit)) for part in then], known=False)


def _over(durations: Sequence[float], limit: float) -> int:
    return sum(one > limit for one in durations)


def mean_over(past: Timed, then: Timed) -> float | None:
    """The mean of all calls since the merge, at least 10, is more than 1.5 times that of before."""
    bar, total, count = 1.5 * fmean(one for part in past for one in part), 0.0, 0
    for look, part in enumerate(then, 1):
        total, count = total + sum(part), count + len(part)
        if count >= 10 and total > bar * count:
            return look * LOOK / 60
    return None


def repeated_mann_whitney(past: Timed, then: Timed) -> float | None:
    """The one-sided test of all calls since the merge, at least 10, again at every look."""
    before = sorted(one for part in past for one in part)
    above, count, n = 0.0, 0, len(before)
    for look, part in enumerate(then, 1):
        above, count = above + sum(bisect_right(before, one) for one in part), count + len(part)
        spread = sqrt(count * n * (count + n + 1) / 12)
        if part and count >= 10 and (above - count * n / 2) / spread > QUANTILE:
            return look * LOOK / 60
    return None


def kayenta_like(past: Timed, then: Timed) -> float | None:
    """Mean durations by 5 minutes of the last hour against those of the hour before the merge (which is known by the
    hour here, and cut into twelve), every 30 minutes; fails when they are High."""
    last, size = past[-1], -(-len(past[-1]) // 12) or 1
    control = sorted(-fmean(last[start : start + size]) for start in range(0, len(last), size))
    for end in range(12, len(then) + 1, 6):
        experiment = sorted(-fmean(part) for part in then[end - 12 : end] if part)
        if control and experiment and low(experiment, control):
            return end * LOOK / 60
    return None


def argo_like(past: Timed, then: Timed) -> float | None:
    """More than 3 measurements of 5 minutes with a mean over 1.5 times that of before."""
    bar, bad = 1.5 * fmean(one for part in past for one in part), 0
    for look, part in enumerate(then, 1):
        bad += bool(part) and fmean(part) > bar
        if bad > 3:
            return look * LOOK / 60
    return None


RULES = dict(zip(PEERS, (mean_over, repeated_mann_whitney, kayenta_like, argo_like), strict=True))
KINDS = {
    "sigma 0.5": Durations(0.5),
    "sigma 1": Durations(1.0),
    "sigma 0.4, 2 % time out": Durations(0.4, 0.02),
}


def latency() -> Table:
    cells = []
    for name, before in KINDS.items():
        for factor in (1.0, 1.2, 1.5, 2.0, 3.0):
            for rate in (10, 100):
                world = Slower(before, replace(before, factor=factor), rate)
                bounds = {"regressed": 0.002, "suspect": 0.01} if factor <= 1.2 else {}
                cells.append(Cell((name, f"x {factor:g}", f"{rate}"), world, 0.2, bounds))
    for share in (0.05, 0.1, 0.3):
        more = Slower(Durations(0.4, 0.02), Durations(0.4, share), 100)
        cells.append(Cell(("sigma 0.4, 2 % time out", f"{share:.0%} time out", "100"), more, 0.2))

    def row(sample: Sample) -> tuple[str, ...]:
        calm = bool(sample.cell.bounds)
        rules = ("regressed", "suspect", *PEERS)
        return tuple(percent(sample.share(rule)) if calm else found(sample, rule) for rule in rules)

    return Table(
        "latency", "Durations, lognormal: share of watches with an alarm, and median delay in hours where it is right",
        "Slower by 1.2 is tolerated: regressed in at most 0.2 %. Nothing fails; a call that times out takes 30 times "
        "the median.",
        ("durations", "after", "calls/h", "ours: regressed", "ours: suspect", *PEERS), tuple(cells), row,
    )  # fmt: skip
