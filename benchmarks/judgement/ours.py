"""Our rule over simulated traces, through the code that a watch runs: `baseline_of` and `judge`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gitops_healer.core.judgement.baseline import baseline_of
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.judgement.weighing import pool_of
from gitops_healer.core.watching import Block, Health, Judgement, Measure, Pool, Reading, Tolerance, Window

from .rules import LOOK
from .screen import Screen
from .traces import AFTER, Trace

DAY = datetime(2026, 3, 4, tzinfo=UTC)
TOLERANCE = Tolerance()
ALARMS = (Judgement.SUSPECT, Judgement.REGRESSED)


def window_at(clock: int) -> Window:
    opened = DAY + timedelta(hours=clock)
    return Window(opened, opened + timedelta(hours=AFTER), opened - timedelta(days=7))


@dataclass(frozen=True)
class Seen:
    """What a watch came to. hours: of the first time that each rule spoke (ours: "suspect" is SUSPECT or worse), those
    that did; verdict: ours, at the end or when it was REGRESSED; marks: what else was counted."""

    hours: dict[str, float] = field(default_factory=dict)
    verdict: str = ""
    marks: frozenset[str] = frozenset()


@dataclass
class Subject:
    """One trace as it is read, look by look."""

    plain: Reading
    bins: Sequence[tuple[int, int]]
    inputs: int | None = None
    still: Sequence[tuple[int, int]] = ()
    known: bool = True
    """Whether inputs are known at all."""
    blocks: list[Block] = field(default_factory=list)
    total: int = 0
    failed: int = 0
    gone: tuple[int, int] = (0, 0)

    def advance(self, look: int, tolerance: Tolerance) -> bool:
        """Take in the calls of a look, from 0; whether something failed, which alone can speak against the merge."""
        total, failed = self.bins[look]
        if self.still:
            self.gone = (self.gone[0] + self.still[look][0], self.gone[1] + self.still[look][1])
        if not total:
            return False
        number = look * LOOK // tolerance.block
        if self.blocks and self.blocks[-1].number == number:
            last = self.blocks.pop()
            self.blocks.append(Block(number, last.total + total, last.failed + failed))
        else:
            self.blocks.append(Block(number, total, failed))
        self.total, self.failed = self.total + total, self.failed + failed
        return bool(failed)

    def reading(self) -> Reading:
        distinct = None if not self.known else self.failed if self.inputs is None else min(self.failed, self.inputs)
        return replace(
            self.plain, after_total=self.total, after_failed=self.failed, blocks=tuple(self.blocks),
            distinct_failing=distinct, still_total=self.gone[0], still_failed=self.gone[1],
        )  # fmt: skip


def read(
    hours: Iterable[tuple[int, int, int]],
    clock: int,
    name: str = "shop.cart:total",
    measure: Measure = Measure.FAILURES,
) -> Reading:
    """What is known of a subject at the merge. hours: see `Trace.hours`."""
    opened = window_at(clock).opened
    base = baseline_of([(opened + timedelta(hours=hour), total, failed) for hour, total, failed in hours], opened)
    return Reading(
        "executions", name, base.total, base.failed, 0, 0, measure=measure, clustering=base.clustering,
        precision=base.precision, note=base.note, usual=base.usual, lately=base.lately,
    )  # fmt: skip


def subject_of(trace: Trace, name: str = "shop.cart:total", measure: Measure = Measure.FAILURES) -> Subject:
    plain = replace(read(trace.hours, trace.clock, name, measure), touched=trace.touched, apart=trace.apart)
    still = [_sum(trace.still[start : start + LOOK]) for start in range(0, len(trace.still), LOOK)]
    return Subject(plain, list(trace.bins(LOOK)), trace.inputs, still)


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    found = list(pairs)
    return sum(total for total, _ in found), sum(failed for _, failed in found)


def watch(
    subjects: Sequence[Subject],
    clock: int = 0,
    tolerance: Tolerance = TOLERANCE,
    pool: Pool | None = None,
    screened: bool = True,
) -> Seen:
    """Look every 5 minutes for 24 hours, as long as it is not REGRESSED. A look at which nothing new failed is skipped:
    calls that succeed speak for the merge, so no verdict against it can be new. screened: so is one at which `Screen`
    sees that no subject can be alarming."""
    shared = pool or pool_of(tuple(one.plain for one in subjects), tolerance)
    screens = [Screen(one.plain, shared, tolerance) for one in subjects] if screened else []
    looks, hours, window = AFTER * 60 // LOOK, dict[str, float](), window_at(clock)
    for look in range(looks):
        news = [subject.advance(look, tolerance) for subject in subjects]
        last = look == looks - 1
        if not (any(news) or last):
            continue
        if screens and not last and all(s.quiet(one.blocks) for s, one in zip(screens, subjects, strict=True)):
            continue
        now = window.opened + timedelta(minutes=(look + 1) * LOOK)
        health = judge([one.reading() for one in subjects], tolerance, window=window, now=now, pool=pool)
        if health.judgement in ALARMS:
            hours.setdefault("suspect", (look + 1) * LOOK / 60)
        if health.judgement is Judgement.REGRESSED:
            hours["regressed"] = (look + 1) * LOOK / 60
            return Seen(hours, health.judgement.value, _marks(health))
    return Seen(hours, health.judgement.value, _marks(health))


def _marks(health: Health) -> frozenset[str]:
    return frozenset(["noted"] if health.notes else [])
