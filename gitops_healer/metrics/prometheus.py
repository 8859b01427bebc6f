"""What a Prometheus server counts, before and after a merge."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Reading
from gitops_healer.errors import UsageError
from gitops_healer.metrics._series import Counted, Span, Tally, Watch, spans, watch_of
from gitops_healer.metrics._sides import Sides
from gitops_healer.ports import Series
from gitops_healer.registry import Scene, metric
from gitops_healer.settings import PrometheusMetric

SHORTEST: Final = timedelta(minutes=5)
"""`increase` needs two samples, and servers ask for one every 15 s to a minute."""

MOST: Final = 1e15
"""In one step; more is no count, and neither is a number that is none."""

Ask = Callable[[str, Span], tuple[Series, ...]]


@metric
def prometheus(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
    """Calls that a Prometheus server counts: `monitoring.prometheus.metrics`, a subject each.

    Two queries of counts per step: hours before the merge, blocks since. A series whose label `commit` names one
    belongs to it; without such a label time decides, so that a version which is not deployed yet counts as merged.
    Raises ForgeError when the server does not answer; UsageError, after all the others, for queries that it does not
    understand.
    """
    configured = scene.settings.monitoring.prometheus.metrics
    watch = watch_of(upgrade, scene.now)
    if not configured or watch is None or upgrade.merged is None:
        return
    sides, problems = Sides(scene.repository, upgrade.merged, scene.commit), []
    for item in configured:
        scene.progress(f"asking Prometheus: {item.name}")
        try:
            yield _reading(item, watch, sides, lambda query, span: _asked(scene, query, span))
        except UsageError as error:
            problems.append(f"{item.name}: {error}")
    if problems:
        raise UsageError("\n".join(problems))


def _asked(scene: Scene, query: str, span: Span) -> tuple[Series, ...]:
    step = f"{max(1, int(span.step.total_seconds()))}s"
    return scene.telemetry.query_range(query.replace("$step", step), span.first, span.last, span.step)


def _reading(item: PrometheusMetric, watch: Watch, sides: Sides, ask: Ask) -> Reading:
    tally, missing, unknown = Tally(watch), 0, False
    for span in spans(watch, SHORTEST):
        counts = counted(item, ask(item.total, span), ask(item.failed, span))
        missing += len(counts.spoilt)
        for (at, kind, commit), count in counts.cells.items():
            side = sides.after(commit) if commit else None
            if commit and side is None:
                unknown = True
                continue
            tally.add(at - span.step, max(count.total, count.failed), count.failed, side, kind)
    return tally.reading(prometheus.name, item.name, note="; ".join(_notes(item, tally, missing, unknown)))


def _notes(item: PrometheusMetric, tally: Tally, missing: int, unknown: bool) -> Iterator[str]:
    if not item.commit:
        yield "by time, since no label tells which commit answered"
    if unknown:
        yield "calls at commits of other lines of history are left out"
    if missing:
        yield f"{missing} steps are left out, in which the queries gave no number"
    if not (tally.hours or tally.blocks or tally.still.total):
        yield "the server has nothing for these queries"


@dataclass
class Counts:
    """cells: by moment, kind and commit; spoilt: moments at which something is no number."""

    cells: dict[tuple[datetime, str, str], Counted] = field(default_factory=lambda: defaultdict(Counted))
    spoilt: set[datetime] = field(default_factory=set)


def counted(item: PrometheusMetric, total: Iterable[Series], failed: Iterable[Series]) -> Counts:
    """Both queries put together, whatever other labels their series have. Where nothing failed so far there often is
    no series of failures: that is none. Negative numbers (of differences) count as none, and so does, for both, a
    moment at which either is no number (or one beyond all bounds)."""
    counts = Counts()
    for is_failed, series in ((False, total), (True, failed)):
        for one in series:
            labels = dict(one.labels)
            kind, commit = (
                labels.get(item.by, "") if item.by else "",
                labels.get(item.commit, "") if item.commit else "",
            )
            for at, value in one.points:
                if not abs(value) <= MOST:
                    counts.spoilt.add(at)
                    continue
                number = max(0.0, value)
                counts.cells[at, kind, commit].add(*((0.0, number) if is_failed else (number, 0.0)))
    for cell in [cell for cell in counts.cells if cell[0] in counts.spoilt]:
        del counts.cells[cell]
    return counts
