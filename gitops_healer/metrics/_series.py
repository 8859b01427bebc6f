"""Counts by time, and what they say of one subject before and after a merge."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from gitops_healer.core.judgement.baseline import baseline_of
from gitops_healer.core.judgement.counting import compared, rounded
from gitops_healer.core.upgrade import Upgrade, Watched
from gitops_healer.core.watching import Block, Count, Reading, Stratum, Tolerance, Window

HOUR: Final = timedelta(hours=1)
MOST_STRATA: Final = 12


@dataclass
class Counted:
    total: Count = 0
    failed: Count = 0

    def add(self, total: Count, failed: Count) -> None:
        self.total += total
        self.failed += failed

    @property
    def rounded(self) -> tuple[Count, Count]:
        return rounded(self.total), rounded(self.failed)


@dataclass(frozen=True)
class Watch:
    """The time before a merge and the time since, as far as it has come. Moments are aware, UTC."""

    window: Window
    tolerance: Tolerance
    now: datetime

    @cached_property
    def end(self) -> datetime:
        """What is later is not there yet, or no more."""
        return min(max(self.now, self.window.opened), self.window.until)

    def block(self, at: datetime) -> int:
        """The number of the block of a moment. Clocks differ: what seems to be earlier is in the first one, what seems
        to be yet to come in the present one."""
        return min(max((at - self.window.opened) // self._block, 0), self._last)

    @cached_property
    def _block(self) -> timedelta:
        return self.tolerance.block_length

    @cached_property
    def _last(self) -> int:
        return max(self.end - self.window.opened, timedelta(0)) // self._block


def watch_of(upgrade: Upgrade, now: datetime) -> Watch | None:
    """None before the watch has opened."""
    watched: Watched | None = upgrade.watched
    return None if watched is None or upgrade.merged is None else Watch(watched.window, watched.tolerance, now)


@dataclass
class Tally:
    """Counts of one subject: by the hour before the merge, by blocks after it; of the version before it that went on
    after it."""

    watch: Watch
    hours: dict[datetime, Counted] = field(default_factory=lambda: defaultdict(Counted))
    blocks: dict[int, Counted] = field(default_factory=lambda: defaultdict(Counted))
    still: Counted = field(default_factory=Counted)
    kinds: dict[str, tuple[Counted, Counted]] = field(
        default_factory=lambda: defaultdict(lambda: (Counted(), Counted()))
    )

    def add(self, at: datetime, total: Count, failed: Count, after: bool | None = None, kind: str = "") -> None:
        """after: the side of the commit that answered; None where it is not known, so that time decides."""
        window, by_time = self.watch.window, after is None
        after = at >= window.opened if after is None else after
        if at < window.baseline_from or at >= window.until or (by_time and at > self.watch.end):
            return
        if after:
            self.blocks[self.watch.block(at)].add(total, failed)
        elif at < window.opened:
            self.hours[at.replace(minute=0, second=0, microsecond=0)].add(total, failed)
        else:
            self.still.add(total, failed)
            return
        self.kinds[kind][after].add(total, failed)

    def reading(
        self,
        metric: str,
        subject: str,
        *,
        touched: bool = True,
        apart: bool = False,
        note: str = "",
    ) -> Reading:
        """Whether different inputs failed is not known here."""
        hours = [(at, *count.rounded) for at, count in sorted(self.hours.items()) if count.total]
        base = baseline_of(hours, self.watch.window.opened)
        blocks = tuple(Block(number, *count.rounded) for number, count in sorted(self.blocks.items()) if count.total)
        still = self.still.rounded
        reading = Reading(
            metric=metric,
            subject=subject,
            before_total=0,
            before_failed=0,
            after_total=rounded(sum(block.total for block in blocks)),
            after_failed=rounded(sum(block.failed for block in blocks)),
            distinct_failing=None,
            touched=touched,
            apart=apart,
            blocks=blocks,
            strata=strata_of(self.kinds),
            still_total=still[0],
            still_failed=still[1],
            note=note,
        )
        return compared(reading, base)


def strata_of(kinds: Mapping[str, tuple[Counted, Counted]]) -> tuple[Stratum, ...]:
    """Kinds of calls, the largest ones; the rest together. None where there is only one kind."""
    if len(kinds) < 2:
        return ()
    ranked = sorted(kinds, key=lambda name: (-sum(count.total for count in kinds[name]), name))
    shown, rest = ranked[: MOST_STRATA - 1], ranked[MOST_STRATA - 1 :]
    strata = [_stratum(name or "(none)", [kinds[name]]) for name in shown]
    return (*strata, *([_stratum("(all others)", [kinds[name] for name in rest])] if rest else []))


def _stratum(name: str, counts: Iterable[tuple[Counted, Counted]]) -> Stratum:
    before, after = Counted(), Counted()
    for one, other in counts:
        before.add(one.total, one.failed)
        after.add(other.total, other.failed)
    return Stratum(name, *before.rounded, *after.rounded)


@dataclass(frozen=True)
class Span:
    """Moments at which a range query is asked, both ends included; each stands for the step that ends there."""

    first: datetime
    last: datetime
    step: timedelta


def spans(watch: Watch, shortest: timedelta) -> Iterator[Span]:
    """Whole hours before the merge, whole blocks after it, and what there is of the present block, unless it is
    shorter than that."""
    window, block = watch.window, watch.tolerance.block_length
    first = window.baseline_from.replace(minute=0, second=0, microsecond=0)
    first += 2 * HOUR if first < window.baseline_from else HOUR
    last = window.opened.replace(minute=0, second=0, microsecond=0)
    if first <= last:
        yield Span(first, last, HOUR)
    whole = (watch.end - window.opened) // block
    reached = window.opened + whole * block
    if whole:
        yield Span(window.opened + block, reached, block)
    if watch.end - reached >= shortest:
        yield Span(watch.end, watch.end, timedelta(seconds=int((watch.end - reached).total_seconds())))
