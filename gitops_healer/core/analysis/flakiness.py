"""Whether equal calls end differently, and whether failures come in bursts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from gitops_healer.core.analysis.statistics import few_runs
from gitops_healer.core.analysis.types import Flakiness
from gitops_healer.core.execution import Execution


def flakiness_of(executions: Iterable[Execution], newest: Sequence[Execution]) -> Flakiness:
    """executions: with payloads, of any outcome; newest: consecutive calls, whose order tells of bursts."""
    outcomes: defaultdict[tuple[str | None, str | None, str | None], list[bool]] = defaultdict(list)
    for execution in executions:
        if execution.replayable:  # redacted or cut inputs only look equal
            outcomes[execution.args, execution.kwargs, execution.commit].append(execution.ok)
    repeated = [ends for ends in outcomes.values() if len(ends) > 1]
    in_order = [execution.ok for execution in sorted(newest, key=lambda one: (one.ts, one.id))]
    return Flakiness(len(repeated), sum(len({*ends}) > 1 for ends in repeated), few_runs(in_order))
