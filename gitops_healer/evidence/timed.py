"""Which tools were called often enough for their durations and failures to be compared, told apart by version."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from gitops_healer.code.model import Location
from gitops_healer.core.analysis import durations
from gitops_healer.core.execution import Slice
from gitops_healer.core.latency import merged
from gitops_healer.evidence.calls import SAMPLE, Versions
from gitops_healer.registry import Scene

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Timed:
    """The calls of one tool by the hour, oldest first. today: of its present version; all: of any."""

    scene: Scene
    tool: str
    location: Location
    today: tuple[Slice, ...]
    all: tuple[Slice, ...]

    @cached_property
    def histogram(self) -> dict[int, float]:
        """Durations of today's code."""
        return merged(dict(piece.latency) for piece in self.today)

    @property
    def last(self) -> datetime:
        return max(piece.start for piece in self.today)

    def above(self, limit_ms: float) -> float:
        """How many of today's calls took longer."""
        return durations.above(self.histogram, limit_ms)

    def inputs(self) -> Iterator[str]:
        """How many different inputs the newest calls had: one that is tried again and again is one."""
        newest = self.scene.executions.executions(self.tool, since=self.today[0].start, limit=SAMPLE)
        different = {(call.args, call.kwargs) for call in newest} - {(None, None)}
        if different:
            yield f"the newest {len(newest):,} recorded calls had {len(different):,} different inputs"


def timed_tools(scene: Scene, since: datetime, until: datetime, least: int) -> Iterator[Timed]:
    """Tools that are in the code and were called at least `least` times, by name."""
    for stats in scene.executions.stats(since, until):
        location = scene.code.locate(stats.tool) if stats.total >= least else None
        if location is None:
            continue
        slices = scene.executions.timeline(stats.tool, since, until, HOUR)
        versions = Versions(scene, location, since)
        today = tuple(piece for piece in slices if versions.counts(piece.commit, piece.start + HOUR))
        if today:
            yield Timed(scene, stats.tool, location, today, slices)
