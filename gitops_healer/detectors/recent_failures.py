"""Tools that fail again and again in the same way."""

from collections.abc import Iterator

from gitops_healer.core.failing import Kind
from gitops_healer.core.finding import Finding
from gitops_healer.evidence.calls import failing_tools, finding_of
from gitops_healer.registry import Scene, detector


@detector(reads="executions")
def recent_failures(scene: Scene) -> Iterator[Finding]:
    """A tool that failed several times of late with the same error at the same place.

    One kind is an error type and the innermost line of the repository in its traceback. One finding a tool, however
    many kinds: when the first is repaired the code has another shape, and what is left is found anew.
    """
    policy = scene.settings.detection.recent_failures
    for calls in failing_tools(scene, policy.window, policy.min_failures):
        kind, count = calls.kinds[0] if calls.kinds else (Kind("", "", False), 0)
        if count >= policy.min_failures:
            message = f"{calls.tool} failed {count:,} times of late with {kind}"
            yield finding_of(scene, recent_failures.name, calls, message, policy.window)
