"""Tools that fail too often."""

from collections.abc import Iterator

from gitops_healer.core.finding import Finding
from gitops_healer.evidence.calls import failing_tools, finding_of
from gitops_healer.registry import Scene, detector


@detector(reads="executions")
def low_success_rate(scene: Scene) -> Iterator[Finding]:
    """A tool whose calls succeed less often than the policy allows.

    Counted are calls in the policy's window that ran the function as it is today (see `_calls`), without those that
    were interrupted (KeyboardInterrupt, SystemExit). Failures that come from outside (network, memory, disk) count,
    but lower severity and priority.
    """
    policy = scene.settings.detection.low_success_rate
    least = int((1 - policy.threshold) * policy.min_executions)
    for calls in failing_tools(scene, policy.window, least):
        rate = 1 - calls.failed / calls.total
        if calls.total >= policy.min_executions and rate < policy.threshold:
            message = f"{calls.tool} succeeds in {rate:.0%} of its calls, less than the {policy.threshold:.0%} demanded"
            yield finding_of(scene, low_success_rate.name, calls, message, policy.window)
