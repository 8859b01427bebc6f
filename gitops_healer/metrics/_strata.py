"""Recorded inputs before and after a merge, by kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gitops_healer.core.execution import Execution
from gitops_healer.core.judgement.strata import Sample, kinds, strata_of
from gitops_healer.core.watching import Count, Stratum
from gitops_healer.metrics._series import Watch
from gitops_healer.metrics._sides import Sides

MOST_CALLS: Final = 2_000
"""Recorded calls that are looked at, of each outcome on each side."""

Read = Callable[[str, datetime, datetime, bool], Sequence[Execution]]
"""(tool, since, until, whether they succeeded) to at most `MOST_CALLS` recorded calls, newest first."""


@dataclass(frozen=True)
class Outcomes:
    """Calls of one side of a merge, by outcome."""

    total: Count
    failed: Count


def strata_before_and_after(
    read: Read, sides: Sides, watch: Watch, tool: str, old: Outcomes, new: Outcomes,
    bad: Callable[[Execution], bool],
) -> tuple[Stratum, ...]:  # fmt: skip
    """bad: what counts against a call. Failures are always recorded with their inputs, other calls are sampled: both
    are scaled to what was counted."""
    window = watch.window

    def before(one: Execution) -> bool:
        return one.commit is None or sides.after(one.commit) is False

    def after(one: Execution) -> bool:
        return one.commit is None or sides.after(one.commit) is True

    known = _samples(read, tool, window.baseline_from, window.opened, before, old, bad)
    if not known:
        return ()
    return strata_of(known, _samples(read, tool, window.opened, watch.end, after, new, bad))


def _samples(
    read: Read, tool: str, since: datetime, until: datetime,
    wanted: Callable[[Execution], bool], counted: Outcomes, bad: Callable[[Execution], bool],
) -> list[Sample]:  # fmt: skip
    """Both outcomes of the same time: where one is too frequent to be read whole, what is older of the other would look
    like another kind of input."""
    calls = {ok: read(tool, since, until, ok) for ok in (False, True)}
    oldest = max((found[-1].ts for found in calls.values() if len(found) >= MOST_CALLS), default=since)
    samples: list[Sample] = []
    for ok, number in ((False, counted.failed), (True, counted.total - counted.failed)):
        given = [one for one in calls[ok] if one.ts >= oldest and wanted(one) and (one.args or one.kwargs)]
        samples += [Sample(kinds(one.args, one.kwargs), not bad(one), number / len(given)) for one in given]
    return samples
