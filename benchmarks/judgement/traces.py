"""Worlds that a merge falls into, and what is seen of them: calls and failures by the hour before, by the minute after.

Times are hours since the merge, negative before it. Everything is drawn from one `random.Random`.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import cos, pi
from typing import Protocol

from .chance import binomial, clustered, poisson

BEFORE = 7 * 24
AFTER = 24

Pair = tuple[int, int]
"""Calls, and how many of them failed."""


class Shape(Protocol):
    """A quantity over time."""

    def __call__(self, time: float, clock: float) -> float:
        """time: hours since the merge; clock: hour of the day, from 0 to 24."""
        ...


@dataclass(frozen=True)
class Steady:
    level: float

    def __call__(self, time: float, clock: float) -> float:
        return self.level


@dataclass(frozen=True)
class Step:
    """`level` until `at`, then `then`; with `until`, `level` again from there on."""

    level: float
    then: float
    at: float = 0.0
    until: float = float("inf")

    def __call__(self, time: float, clock: float) -> float:
        return self.then if self.at <= time < self.until else self.level


@dataclass(frozen=True)
class Slope:
    """From `level` at `start` in a straight line to `then` at `end`, level outside."""

    level: float
    then: float
    start: float
    end: float

    def __call__(self, time: float, clock: float) -> float:
        share = min(1.0, max(0.0, (time - self.start) / (self.end - self.start)))
        return self.level + share * (self.then - self.level)


@dataclass(frozen=True)
class Daily:
    """A wave with a peak at 15:00. swing: how much more it is there than on the average."""

    level: float
    swing: float

    def __call__(self, time: float, clock: float) -> float:
        return self.level + self.swing * cos((clock - 15) / 24 * 2 * pi)


@dataclass(frozen=True)
class Spells:
    """What comes now and then, as a Poisson process: an outage, a rush. every: hours on the average; minutes: how long;
    failing: share of calls that fail meanwhile, None for as many as else; volume: so many times as many calls; at:
    hours since the merge, instead of now and then."""

    every: float
    minutes: float = 30
    failing: float | None = None
    volume: float = 1.0
    at: float | None = None

    def draw(self, chance: random.Random) -> list["Spell"]:
        if self.at is not None:
            return [Spell(self.at, self.at + self.minutes / 60, self)]
        found, time = [], -BEFORE + chance.expovariate(1 / self.every)
        while time < AFTER:
            found.append(Spell(time, time + self.minutes / 60, self))
            time += chance.expovariate(1 / self.every)
        return found


@dataclass(frozen=True)
class Spell:
    start: float
    end: float
    kind: Spells

    def overlap(self, start: float, end: float) -> float:
        return max(0.0, min(self.end, end) - max(self.start, start))


@dataclass(frozen=True)
class World:
    """failing: share of calls that fail; volume: calls an hour; by_hour, by_day: intra-class correlation of failures
    within an hour and a day; spells: see there."""

    failing: Shape
    volume: Shape
    by_hour: float = 0.0
    by_day: float = 0.0
    spells: tuple[Spells, ...] = ()


@dataclass(frozen=True)
class Trace:
    """What is seen of one tool. hours: those with calls, (hour, calls, failures), hour -1 is the last before the merge;
    last: the last hour before, by the minute; minutes: 24 hours after the merge; inputs: at most so many different
    inputs fail (None: every failing input is another one); clock: hour of the day of the merge; still: by the minute
    after the merge, calls of the version before it."""

    hours: tuple[tuple[int, int, int], ...]
    last: tuple[Pair, ...]
    minutes: tuple[Pair, ...]
    clock: int = 0
    inputs: int | None = None
    touched: bool = True
    apart: bool = False
    still: tuple[Pair, ...] = ()

    @property
    def before(self) -> Pair:
        return sum(total for _, total, _ in self.hours), sum(failed for _, _, failed in self.hours)

    def bins(self, length: int) -> Iterable[Pair]:
        """The calls after the merge, `length` minutes at a time."""
        for start in range(0, len(self.minutes), length):
            part = self.minutes[start : start + length]
            yield sum(total for total, _ in part), sum(failed for _, failed in part)


def spells_of(world: World, chance: random.Random) -> list[Spell]:
    return [spell for kind in world.spells for spell in kind.draw(chance)]


def trace(world: World, chance: random.Random, clock: int | None = None, spells: list[Spell] | None = None) -> Trace:
    """One draw. clock: hour of the day of the merge, drawn when None; spells: those that other tools have too."""
    clock = chance.randrange(24) if clock is None else clock
    happened = spells_of(world, chance) if spells is None else spells
    rate = _rates(world, chance, clock)

    def minutes(hour: int) -> list[Pair]:
        places = (hour + minute / 60 for minute in range(60))
        return [_calls(world, chance, clock, rate(hour), happened, start, 1 / 60) for start in places]

    hours = [(hour, *_calls(world, chance, clock, rate(hour), happened, hour, 1)) for hour in range(-BEFORE, -1)]
    last = minutes(-1)
    hours.append((-1, sum(total for total, _ in last), sum(failed for _, failed in last)))
    after = [pair for hour in range(AFTER) for pair in minutes(hour)]
    return Trace(tuple(h for h in hours if h[1]), tuple(last), tuple(after), clock)


Rate = Callable[[float], float]


def _rates(world: World, chance: random.Random, clock: int) -> Callable[[int], Rate]:
    """The failure rate in an hour: what the shape says, moved by the chance of the day and of the hour."""
    of_day: dict[int, float] = {}

    def of(hour: int) -> Rate:
        plain = world.failing(hour + 0.5, (clock + hour + 0.5) % 24)
        if not (world.by_hour or world.by_day) or not 0 < plain < 1:
            return lambda time: world.failing(time, (clock + time) % 24)
        day = (clock + hour) // 24
        if day not in of_day:
            of_day[day] = clustered(chance, plain, world.by_day) / plain
        drawn = clustered(chance, min(1.0, plain * of_day[day]), world.by_hour)
        return lambda time: drawn

    return of


def _calls(
    world: World, chance: random.Random, clock: int, rate: Rate, spells: list[Spell], start: float, length: float
) -> Pair:
    middle = start + length / 2
    mean, failing = world.volume(middle, (clock + middle) % 24) * length, rate(middle)
    total = failed = 0
    for spell in spells:
        share = spell.overlap(start, start + length) / length
        if share:
            calls = poisson(chance, mean * share * spell.kind.volume)
            total += calls
            failed += binomial(chance, calls, failing if spell.kind.failing is None else spell.kind.failing)
            mean *= 1 - share
    calls = poisson(chance, mean)
    return total + calls, failed + binomial(chance, calls, failing)
