"""Kinds of inputs whose mix moves, and errors that were never seen before."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gitops_healer.core.watching import Measure, Reading, Stratum, Tolerance

from . import ours
from .chance import binomial
from .ours import Seen, Subject, read, subject_of
from .rules import LOOK, RULES
from .study import Cell, Sample, Table, found, percent
from .traces import Pair, Steady, Step, Trace, World, trace

PEERS = tuple(RULES)


@dataclass(frozen=True)
class Kind:
    """Of inputs. share: of all calls, failing: of its own, before and after the merge."""

    share: tuple[float, float]
    failing: tuple[float, float]

    def world(self, per_hour: float) -> World:
        volume = (per_hour * share for share in self.share)
        return World(Step(*self.failing), Step(*volume))


@dataclass
class Mixed(Subject):
    """A subject whose calls are of several kinds."""

    parts: Sequence[Subject] = field(default_factory=list)

    def advance(self, look: int, tolerance: Tolerance) -> bool:
        for part in self.parts:
            part.advance(look, tolerance)
        return super().advance(look, tolerance)

    def reading(self) -> Reading:
        strata = tuple(
            Stratum(f"kind {place}", one.plain.before_total, one.plain.before_failed, one.total, one.failed)
            for place, one in enumerate(self.parts)
        )
        return replace(super().reading(), strata=strata)


@dataclass(frozen=True)
class Mix:
    """told: whether the metric knows the kinds."""

    kinds: tuple[Kind, ...]
    per_hour: float = 100
    told: bool = True

    def __call__(self, chance: random.Random) -> Seen:
        parts = [trace(kind.world(self.per_hour), chance, clock=0) for kind in self.kinds]
        whole = together(parts)
        plain = subject_of(whole)
        subjects = [subject_of(one) for one in parts]
        mixed = Mixed(plain.plain, plain.bins, parts=subjects) if self.told else plain
        others = {name: hour for name, rule in RULES.items() if (hour := rule(whole)) is not None}
        seen = ours.watch([mixed])
        return replace(seen, hours={**seen.hours, **others})


def together(parts: Sequence[Trace]) -> Trace:
    hours: dict[int, Pair] = {}
    for part in parts:
        for hour, total, failed in part.hours:
            hours[hour] = added([hours.get(hour, (0, 0)), (total, failed)])
    return Trace(
        tuple((hour, *pair) for hour, pair in sorted(hours.items())),
        tuple(map(added, zip(*(part.last for part in parts), strict=True))),
        tuple(map(added, zip(*(part.minutes for part in parts), strict=True))),
    )


def added(pairs: Sequence[Pair]) -> Pair:
    return sum(total for total, _ in pairs), sum(failed for _, failed in pairs)


@dataclass(frozen=True)
class NewError:
    """failing: share of calls that fail as ever; new: share that fail in a new way from the merge on; gone: and the old
    failures are no more, as when an error only got another name."""

    failing: float
    new: float
    per_hour: float
    gone: bool = False

    def __call__(self, chance: random.Random) -> Seen:
        old = Step(self.failing, 0.0) if self.gone else Steady(self.failing)
        plain = trace(World(old, Steady(self.per_hour)), chance, clock=0)
        fresh = [binomial(chance, total - failed, self.new) for total, failed in plain.minutes]
        minutes = tuple((total, failed + more) for (total, failed), more in zip(plain.minutes, fresh, strict=True))
        whole = replace(plain, minutes=minutes)
        cluster = replace(plain, minutes=tuple((total, more) for (total, _), more in zip(minutes, fresh, strict=True)))
        hours = [(hour, total, 0) for hour, total, _ in plain.hours]
        error = replace(read(hours, 0, measure=Measure.NEW_ERROR), detail="KeyError")
        seen = ours.watch([subject_of(whole), Subject(error, list(cluster.bins(LOOK)))])
        others = {name: hour for name, rule in RULES.items() if (hour := rule(whole)) is not None}
        return replace(seen, hours={**seen.hours, **others})


EASY, HARD = 0.02, 0.2
SHIFT = (0.9, 0.5), (0.1, 0.5)


def mix() -> Table:
    easy, hard = (EASY, EASY), (HARD, HARD)
    shift = (Kind(SHIFT[0], easy), Kind(SHIFT[1], hard))
    steady = (Kind((0.9, 0.9), easy), Kind((0.1, 0.1), hard))
    worse = (Kind(SHIFT[0], (EASY, 0.15)), Kind(SHIFT[1], (HARD, 0.4)))
    one = (Kind(SHIFT[0], (EASY, 0.15)), Kind(SHIFT[1], hard))
    hidden = (Kind((0.5, 0.9), (EASY, 0.15)), Kind((0.5, 0.1), hard))
    rare = (Kind((0.99, 0.7), easy), Kind((0.01, 0.3), hard))
    fresh = (Kind((1, 0.7), easy), Kind((0, 0.3), (0.3, 0.3)))
    cases: list[tuple[str, Mix, bool]] = [
        ("the mix stays, nothing else", Mix(steady), True),
        ("hard inputs from 10 to 50 %, nothing else", Mix(shift), True),
        ("the same, 1,000 calls an hour", Mix(shift, 1_000), True),
        ("the same, inputs not recorded", Mix(shift, told=False), False),
        ("hard inputs from 1 to 30 %, nothing else", Mix(rare), True),
        ("the same shift, and both kinds worse", Mix(worse), False),
        ("the same shift, and easy inputs worse", Mix(one), False),
        ("a shift to easy inputs hides that they got worse", Mix(hidden), False),
        ("a kind of inputs that was never there before", Mix(fresh), False),
    ]
    cells = [Cell((name,), world, 0.2, {"suspect": 0.01} if calm else {}) for name, world, calm in cases]
    return Table(
        "mix", "Two kinds of inputs, 2 % and 20 % of which fail: share of watches with an alarm and median hours",
        "Success 0.96 before, 100 calls an hour where nothing else is said. Worse: easy inputs fail in 15 %, hard ones "
        "in 40 %. Noted: watches at the end of which the shift is told. The last two have no right verdict to be found "
        "in the counts of one version alone: they are shown, not judged.",
        ("what happens", "ours: regressed", "ours: suspect", "ours: noted", *PEERS), tuple(cells), _mixed,
    )  # fmt: skip


def _mixed(sample: Sample) -> tuple[str, ...]:
    mine = [found(sample, rule) for rule in ("regressed", "suspect")]
    return *mine, percent(sample.marked("noted")), *(found(sample, rule) for rule in PEERS)


def new_errors() -> Table:
    cases: list[tuple[str, NewError, bool]] = [
        (f"{failing:.0%} fail as ever, {new:.1%} in a new way", NewError(failing, new, rate), new <= 0.002)
        for failing in (0.0, 0.05)
        for new in (0.0, 0.002, 0.01, 0.02, 0.05)
        for rate in (10, 100)
    ]
    cases.append(("5 % fail, before by another name", NewError(0.0526, 0.05, 100, gone=True), False))
    cells = [
        Cell((name, f"{world.per_hour:g}"), world, 0.2, {"regressed": 0.002, "suspect": 0.01} if calm else {})
        for name, world, calm in cases
    ]
    return Table(
        "errors", "An error that was never seen before: share of watches with an alarm and median hours",
        "0.5 % of calls may fail in a new way.",
        ("what happens", "calls/h", "ours: regressed", "ours: suspect", *PEERS), tuple(cells),
        lambda sample: tuple(found(sample, rule) for rule in ("regressed", "suspect", *PEERS)),
    )  # fmt: skip
