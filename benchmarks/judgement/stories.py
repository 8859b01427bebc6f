"""Narrated traces: what the last verdict of a watch should be, and what it is."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .ours import Seen
from .study import Cell, Sample, Table, percent
from .tables import PEERS, Alone, Together
from .traces import Daily, Shape, Slope, Spells, Steady, Step, World

STEADY, WORSE = Steady(0.05), Step(0.05, 0.3)
CALM, ILL, SILENT = ("healthy",), ("regressed",), ("insufficient",)
DOUBT = ("healthy", "suspect")
"""Something is wrong, and it is not the merge."""


@dataclass(frozen=True)
class Story:
    """right: what the last verdict should be, any of them."""

    name: str
    watch: Callable[[random.Random], Seen]
    right: Sequence[str]


@dataclass(frozen=True)
class Nightly:
    """From the merge on, 40 % fail between midnight and 4:00."""

    def __call__(self, time: float, clock: float) -> float:
        return 0.4 if time >= 0 and clock < 4 else 0.05


def usual(failing: Shape = STEADY, per_hour: float | Shape = 100, *spells: Spells) -> World:
    return World(failing, Steady(per_hour) if isinstance(per_hour, int | float) else per_hour, spells=spells)


def now_and_then(at: float, minutes: float, failing: float | None = None, volume: float = 1) -> World:
    """A usual day, but for one spell."""
    return usual(STEADY, 100, Spells(0, minutes, failing, volume, at))


def stories() -> list[Story]:
    outage, ill_too, both = now_and_then(6, 30, 0.8), usual(WORSE), Step(0.05, 0.4, 2)
    return [
        Story("nothing happens", Alone(usual()), CALM),
        Story("never fails, before or after", Alone(usual(Steady(0))), CALM),
        Story("never called after", Alone(usual(STEADY, Step(100, 0))), SILENT),
        Story("3 calls a day", Alone(usual(STEADY, 1 / 8)), SILENT),
        Story("calls and failures by the hour of the day", Alone(usual(Daily(0.05, 0.03), Daily(100, 90))), CALM),
        Story("a rush of 50 x the calls for 10 minutes", Alone(now_and_then(3, 10, None, 50)), CALM),
        Story("two poisoned inputs, tried 400 times", Alone(now_and_then(3, 60, 0.95, 4), inputs=2), DOUBT),
        Story("an outage of 30 minutes", Alone(outage), DOUBT),
        Story("an outage that all tools share", Together(outage), DOUBT),
        Story("an outage of 6 hours that all tools share", Together(now_and_then(6, 360, 0.8)), DOUBT),
        Story("the version before runs too, fails alike", Alone(usual(both), still=usual(both, 30)), DOUBT),
        Story("the version before runs too, does not", Alone(ill_too, still=usual(STEADY, 30)), ILL),
        Story("a drift that began 3 days before", Alone(usual(Slope(0.03, 0.12, -72, 24))), DOUBT),
        Story("a step 12 hours before", Alone(usual(Step(0.03, 0.12, -12))), CALM),
        Story("better by half", Alone(usual(Step(0.2, 0.1))), CALM),
        Story("bad before, and as bad after", Alone(usual(Steady(0.6))), CALM),
        Story("worse at once", Alone(ill_too), ILL),
        Story("worse at once, and one tool out of reach too", Together(ill_too, sick=1), ILL),
        Story("worse at once, 10 calls an hour", Alone(usual(WORSE, 10)), ILL),
        Story("broken altogether, 1 call an hour", Alone(usual(Step(0.05, 1), 1)), ILL),
        Story("worse after 12 hours", Alone(usual(Step(0.05, 0.3, 12))), ILL),
        Story("a leak, from hour to hour", Alone(usual(Slope(0.05, 0.4, 0, 24))), ILL),
        Story("worse every night only", Alone(usual(Nightly())), ILL),
        Story("worse for 3 hours, then mended", Alone(usual(Step(0.05, 0.4, 4, 7))), ILL),
    ]


VERDICTS = ("healthy", "insufficient", "suspect", "regressed")


def narrated() -> Table:
    told = stories()
    right = {story.name: story.right for story in told}

    def row(sample: Sample) -> tuple[str, ...]:
        wanted = " or ".join(right[sample.cell.labels[0]])
        verdicts = (percent(sample.verdict(name)) for name in VERDICTS)
        return wanted, *verdicts, *(percent(sample.share(rule)) for rule in PEERS)

    def missed(sample: Sample) -> list[str]:
        share = sum(sample.verdict(name) for name in right[sample.cell.labels[0]])
        return [f"right in {share:.0%}, at least 95 %"] if share < 0.95 else []

    return Table(
        "stories", "Verdicts on narrated traces, success 0.95 and 100 calls an hour where nothing else is said",
        "The last verdict of each watch, and how often the other rules take the merge back.",
        ("what happens", "right", *VERDICTS, *PEERS),
        tuple(Cell((story.name,), story.watch, share=0.2) for story in told), row, missed,
    )  # fmt: skip
