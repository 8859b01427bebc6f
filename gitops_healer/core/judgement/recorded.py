"""The calls of one tool over weeks, by block, so that any stretch of them is summed at once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Final

from gitops_healer.core.execution import Slice
from gitops_healer.core.judgement.baseline import Hour
from gitops_healer.core.judgement.counting import Counting
from gitops_healer.core.watching import Block, Count

_EVERY: Final = 12
"""Blocks between two sums that are kept."""
_EMPTY: Final = Slice(datetime.min, None, 0, 0)


@dataclass(frozen=True)
class Calls:
    """The calls of one tool by block. origin: where block 0 begins, a whole hour; total, failed: one number a block;
    slices: the same calls with durations and errors, by block, where these are to be judged as well."""

    tool: str
    origin: datetime
    step: timedelta
    total: Sequence[Count]
    failed: Sequence[Count]
    slices: Mapping[int, Sequence[Slice]] = field(default_factory=dict)

    @cached_property
    def _totals(self) -> list[Count]:
        return [0, *accumulate(self.total)]

    @cached_property
    def _failures(self) -> list[Count]:
        return [0, *accumulate(self.failed)]

    def between(self, start: int, end: int) -> tuple[Count, Count]:
        """(total, failed) of blocks start to end (excluded)."""
        start = max(0, start)
        return self._totals[end] - self._totals[start], self._failures[end] - self._failures[start]

    def blocks(self, start: int, end: int) -> tuple[Block, ...]:
        """The blocks with calls, numbered from `start`."""
        return tuple(
            Block(n - start, self.total[n], self.failed[n]) for n in range(start, end) if self.total[n]
        )  # fmt: skip

    @cached_property
    def _kept(self) -> list[Slice]:
        """All calls before each `_EVERY`th block, as one slice."""
        kept = [_EMPTY]
        for low in range(0, len(self.total), _EVERY):
            kept.append(_merged([kept[-1], *self._between(low, min(low + _EVERY, len(self.total)))]))
        return kept

    def _between(self, start: int, end: int) -> list[Slice]:
        return [one for block in range(start, end) for one in self.slices.get(block, ())]

    def seen(self, start: int, end: int) -> Slice:
        """Durations and errors of blocks start to end (excluded), as one slice."""
        return _less(self._until(end), self._until(max(0, start)))

    def _until(self, end: int) -> Slice:
        whole = end // _EVERY
        if whole * _EVERY == end:
            return self._kept[whole]
        return _merged([self._kept[whole], *self._between(whole * _EVERY, end)])

    def counted(self, start: int, end: int, counting: Counting) -> "Calls":
        """Blocks start to end (excluded), counted in another way; its block 0 is `start`."""
        counts = [[counting(one) for one in self.slices.get(block, ())] for block in range(start, end)]
        total = [sum(number for number, _ in each) for each in counts]
        failed = [sum(number for _, number in each) for each in counts]
        return Calls(self.tool, self.origin + start * self.step, self.step, total, failed)

    def hours(self, start: int, end: int) -> list[Hour]:
        """The same by hour, those without calls left out."""
        each = max(1, int(timedelta(hours=1) / self.step))
        start = max(0, start)
        found = []
        for low in range(start - start % each, end, each):
            total, failed = self.between(max(low, start), min(low + each, end))
            if total:
                found.append((self.origin + low * self.step, total, failed))
        return found


def _merged(slices: Iterable[Slice]) -> Slice:
    """Durations and errors of several as one."""
    latency: Counter[int] = Counter()
    errors: Counter[str] = Counter()
    failed = 0
    total = 0
    for one in slices:
        total, failed = total + one.total, failed + one.failed
        latency.update(dict(one.latency))
        errors.update(dict(one.errors))
    return Slice(datetime.min, None, total, failed, tuple(sorted(latency.items())), tuple(sorted(errors.items())))


def _less(whole: Slice, part: Slice) -> Slice:
    """What is in `whole` and not in `part`, which is in it."""
    latency, errors = Counter(dict(whole.latency)), Counter(dict(whole.errors))
    latency.subtract(dict(part.latency))
    errors.subtract(dict(part.errors))
    counts = whole.total - part.total, whole.failed - part.failed
    left = tuple((bucket, number) for bucket, number in latency.items() if number > 0)
    return Slice(datetime.min, None, *counts, left, tuple((kind, n) for kind, n in errors.items() if n > 0))
