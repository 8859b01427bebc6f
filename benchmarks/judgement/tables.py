"""Tables of one tool: nothing changed, only the world changed, it got worse; and narrated traces."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import log

from . import ours
from .ours import TOLERANCE, Seen, subject_of
from .rules import LOOK, RULES
from .study import Cell, Sample, Table, found, hours, percent
from .traces import Daily, Shape, Slope, Spells, Steady, Step, Trace, World, spells_of, trace

BASELINES = (0.80, 0.90, 0.95, 0.99, 0.999)
RATES = (1, 10, 100, 1_000, 10_000)
STRICT, LOOSE = {"regressed": 0.002}, {"regressed": 0.01}
OUTAGES = Spells(72, 30, 0.8)
"""Once in 72 hours, for 30 minutes, 80 % of calls fail."""
PEERS = tuple(RULES)


@dataclass(frozen=True)
class Alone:
    """Watch one tool by every rule. inputs, still: see `Trace`; still: share of calls of the version before."""

    world: World
    inputs: int | None = None
    still: World | None = None

    def draw(self, chance: random.Random) -> Trace:
        spells = spells_of(self.world, chance)
        mine = replace(trace(self.world, chance, spells=spells), inputs=self.inputs)
        if self.still is None:
            return mine
        return replace(mine, still=trace(self.still, chance, mine.clock, spells).minutes)

    def __call__(self, chance: random.Random) -> Seen:
        mine = self.draw(chance)
        return beside(mine, ours.watch([subject_of(mine)], mine.clock))


@dataclass(frozen=True)
class Together:
    """The same beside other tools, which the merge cannot have reached; they share the spells."""

    world: World
    others: int = 10
    apart: bool = True
    sick: int = 0
    """So many of the others break with the merge, for reasons of their own."""

    def __call__(self, chance: random.Random) -> Seen:
        spells = spells_of(self.world, chance)
        mine = trace(self.world, chance, spells=spells)
        well = replace(self.world, failing=Steady(self.world.failing(-1, 0)))
        sick = replace(self.world, failing=Step(0.05, 0.5))
        more = [
            replace(trace(world, chance, mine.clock, spells), apart=self.apart, touched=False)
            for world in [sick] * self.sick + [well] * (self.others - self.sick)
        ]
        subjects = [subject_of(mine)] + [subject_of(one, f"shop.far:f{n}") for n, one in enumerate(more)]
        return beside(mine, ours.watch(subjects, mine.clock))


def beside(mine: Trace, seen: Seen) -> Seen:
    """With the first alarms of the other rules."""
    others = {name: hour for name, rule in RULES.items() if (hour := rule(mine)) is not None}
    return replace(seen, hours={**seen.hours, **others})


def shares(sample: Sample) -> tuple[str, ...]:
    return tuple(percent(sample.share(rule)) for rule in ("regressed", "suspect", *PEERS))


SHARES = ("ours: regressed", "ours: suspect", *PEERS)


def no_change() -> Table:
    cells = [
        Cell(
            (f"{success:.3f}".rstrip("0"), f"{rate:,}"), Alone(World(Steady(1 - success), Steady(rate))), bounds=STRICT
        )
        for success in BASELINES
        for rate in RATES
    ]
    return Table(
        "no-change", "Nothing changed: watches with an alarm",
        "Target: regressed in at most 0.2 %. Suspect: SUSPECT or worse at any look.",
        ("success", "calls/h", *SHARES), tuple(cells), shares,
    )  # fmt: skip


WORLDS: dict[str, Callable[[float, float], World]] = {
    "failures cluster by hour (ICC .02)": lambda p, n: World(Steady(p), Steady(n), by_hour=0.02),
    "by day (ICC .005) and hour (.01)": lambda p, n: World(Steady(p), Steady(n), by_hour=0.01, by_day=0.005),
    "outages, 1 per 72 h, 30 min, 80 % fail": lambda p, n: World(Steady(p), Steady(n), spells=(OUTAGES,)),
    "slow decline over the week before": lambda p, n: World(Slope(0.6 * p, 1.6 * p, -168, 24), Steady(n)),
    "step two days before the merge": lambda p, n: World(Step(0.6 * p, 1.4 * p, -48), Steady(n)),
    "step six hours before the merge": lambda p, n: World(Step(0.6 * p, 1.4 * p, -6), Steady(n)),
    "failures follow the hour of the day": lambda p, n: World(Daily(p, 0.6 * p), Steady(n)),
    "calls follow the hour of the day": lambda p, n: World(Steady(p), Daily(n, 0.9 * n)),
    "rushes: 30 x the calls for 15 min, 1 per 12 h": lambda p, n: World(
        Steady(p), Steady(n), spells=(Spells(12, 15, None, 30),)
    ),
}


def world_changed() -> Table:
    cells = [
        Cell((name, f"{1 - failing:g}", f"{rate:,}"), Alone(make(failing, rate)), bounds=LOOSE)
        for name, make in WORLDS.items()
        for failing in (0.1, 0.05, 0.01)
        for rate in (10, 100, 1_000)
    ]
    cells += [
        Cell(
            ("outages that 10 tools out of reach share", "0.95", f"{rate:,}"),
            Together(World(Steady(0.05), Steady(rate), spells=(OUTAGES,))),
            share=0.5, bounds=LOOSE,
        )
        for rate in (10, 100, 1_000)
    ]  # fmt: skip
    return Table(
        "world", "Nothing changed but the world: watches with an alarm",
        "Target: regressed in at most 1 %. Decline: the failure rate goes from 0.6 to 1.6 times its mean within the "
        "week before and the day after; step: from 0.6 to 1.4 times; by the hour of the day: 1 +- 0.6 times. An outage "
        "is something to look at, so SUSPECT is right while it lasts.",
        ("what happens", "success", "calls/h", *SHARES), tuple(cells), shares, share=0.3,
    )  # fmt: skip


def tolerated(failing: float) -> float:
    return max(TOLERANCE.ratio * failing, failing + TOLERANCE.margin)


def divergence(p: float, q: float) -> float:
    """Kullback-Leibler, of a coin of `p` from one of `q`, in nats."""
    return sum(a * log(a / b) for a, b in ((p, q), (1 - p, 1 - q)) if a)


def wald(before: float, after: float, per_hour: float) -> float:
    """Hours that no test of this error needs less of on the average, were baseline, start and new rate known (A. Wald,
    "Sequential Analysis", 1947): log(1 / alpha) / KL calls. Infinite when the new rate is tolerated."""
    if after <= tolerated(before):
        return float("inf")
    return log(1 / TOLERANCE.alpha) / divergence(after, tolerated(before)) / per_hour


def least(before: float, after: float, per_hour: float) -> float:
    """The same, but no earlier than the failures that a conviction asks for, and than the next look."""
    bound = max(wald(before, after, per_hour), TOLERANCE.min_failures / after / per_hour)
    return bound if bound == float("inf") else -(-bound * 60 // LOOK) * LOOK / 60


def drops() -> Table:
    cells = []
    for before in (0.99, 0.95, 0.90):
        for after in (0.8, 0.7, 0.5, 0.2):
            for rate in (1, 10, 100, 1_000):
                bound = least(1 - before, 1 - after, rate)
                facts = {"wald": wald(1 - before, 1 - after, rate), "least": bound}
                world = World(Step(1 - before, 1 - after), Steady(rate))
                labels = (f"{before:g} -> {after:g}", f"{rate:,}")
                cells.append(Cell(labels, Alone(world), share=0.5, facts=facts))

    def row(sample: Sample) -> tuple[str, ...]:
        facts, ratio = sample.cell.facts, sample.delay("suspect") / sample.cell.facts["least"]
        shown = "-" if ratio == float("inf") else f"{ratio:.2f}"
        bounds = hours(facts["wald"]), hours(facts["least"])
        return found(sample, "regressed"), found(sample, "suspect"), *bounds, shown, *beside_found(sample)

    return Table(
        "drops", "Real drops from the merge on: share found in 24 h and median delay in hours",
        "Wald: log(1 / alpha) / KL(new rate || tolerated rate) calls, were the rates and the start known. At best: the "
        "same, not before 3 failures are to be expected, and rounded up to the next look. Ratio: of our median delay "
        "until SUSPECT or worse to that. Target: at most 1.5, where half of the watches can be over by then.",
        ("success", "calls/h", "ours: regressed", "ours: suspect", "Wald", "at best", "ratio", *PEERS),
        tuple(cells), row, too_late,
    )  # fmt: skip


def beside_found(sample: Sample) -> tuple[str, ...]:
    return tuple(found(sample, rule) for rule in PEERS)


def too_late(sample: Sample) -> list[str]:
    bound = sample.cell.facts["least"]
    late = sample.delay("suspect") / bound
    return [f"{late:.2f} times the bound of {bound:.2f} h, at most 1.5"] if bound <= 16 and late > 1.5 else []


def late_drops() -> Table:
    shapes: dict[str, Callable[[float], Shape]] = {
        "12 h after the merge": lambda after: Step(0.05, 1 - after, 12),
        "a leak: worse from hour to hour": lambda after: Slope(0.05, 1 - after, 0, 24),
    }
    cells = [
        Cell(
            (name, f"0.95 -> {after:g}", f"{rate:,}"), Alone(World(make(after), Steady(rate))), share=0.5,
            facts={"start": 12.0 if name.startswith("12") else 0.0},
        )
        for name, make in shapes.items()
        for after in (0.8, 0.7, 0.5, 0.2)
        for rate in (10, 100, 1_000)
    ]  # fmt: skip

    def since(sample: Sample, rule: str) -> str:
        """Alarms before it begins are none of it."""
        start = sample.cell.facts["start"]
        right = [one.hours.get(rule, float("inf")) for one in sample.seen]
        early = sum(hour <= start for hour in right) / len(right)
        delay = hours(sample.delay(rule) - start) if sample.delay(rule) > start else "before"
        return f"{sample.share(rule) - early:.0%} {delay}"

    return Table(
        "late", "Drops that come later: share found and median hours after the drop begins",
        "Alarms before the drop are not counted as found.",
        ("begins", "success", "calls/h", *SHARES), tuple(cells),
        lambda sample: tuple(since(sample, rule) for rule in ("regressed", "suspect", *PEERS)),
        lambda sample: [],
    )  # fmt: skip
