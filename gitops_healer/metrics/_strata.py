"""Recorded inputs before and after a merge, by kind."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from gitops_healer.core.execution import Execution
from gitops_healer.core.judgement.strata import Sample, kinds, strata_of
from gitops_healer.core.watching import Count, Reading, Stratum
from gitops_healer.metrics._series import Watch
from gitops_healer.metrics._sides import Sides
from gitops_healer.ports import ExecutionStore

MOST_CALLS: Final = 2_000
"""Recorded calls that are looked at, of each outcome on each side."""


def strata_before_and_after(store: ExecutionStore, sides: Sides, watch: Watch, reading: Reading) -> tuple[Stratum, ...]:
    """Failures are always recorded with their inputs, other calls are sampled: both are scaled to what was counted."""
    if not reading.before_failed or not reading.after_failed:
        return ()
    window, tool = watch.window, reading.subject

    def before(one: Execution) -> bool:
        return one.commit is None or sides.after(one.commit) is False

    def after(one: Execution) -> bool:
        return one.commit is None or sides.after(one.commit) is True

    old = _samples(
        store, tool, window.baseline_from, window.opened, before, reading.before_total, reading.before_failed
    )
    if not old:
        return ()
    return strata_of(
        old, _samples(store, tool, window.opened, watch.end, after, reading.after_total, reading.after_failed)
    )


def _samples(
    store: ExecutionStore, tool: str, since: datetime, until: datetime, wanted: Callable[[Execution], bool],
    total: Count, failed: Count,
) -> list[Sample]:  # fmt: skip
    found: list[Sample] = []
    for ok, counted in ((False, failed), (True, total - failed)):
        calls = store.executions(tool, since=since, until=until, ok=ok, limit=MOST_CALLS)
        given = [kinds(one.args, one.kwargs) for one in calls if wanted(one) and (one.args or one.kwargs)]
        found += [Sample(kind, ok, counted / len(given)) for kind in given]
    return found
