"""Tools that nobody calls."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from gitops_healer.code.roles import is_test_path
from gitops_healer.code.shape import shape_of
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.tools import Entry, Status, Tool
from gitops_healer.evidence.tools import Tools
from gitops_healer.registry import Scene, detector

_DAY: Final = timedelta(days=1)


@detector(reads="executions")
def unused_tool(scene: Scene) -> Iterator[Finding]:
    """A tool without a call in a long time, and with few ever.

    What it is: the code declares it as a tool, or it was recorded; it was called at most `max_uses` times ever and not
    at all in `unused_for`, also not under names that it had before. Only said when recording can know: other tools were
    called in both halves of that time, calls are recorded for longer than that, and every line of the tool is older
    than that by `git blame`.

    Why it matters: it is tested, ported and offered for nobody, and who looks for a tool finds it.

    Silent: where nothing was recorded, since absence of data is not disuse; for tools of tests.

    How to fix: remove it, git keeps it; or say why it stays, in a comment `# healer: ignore[unused_tool] reason`.
    """
    tools = Tools(scene)
    if tools.recorded_for is None:
        return
    since = scene.now - scene.settings.detection.unused_tool.unused_for
    for entry in tools.entries:
        if entry.status is Status.UNUSED and entry.tool is not None and not is_test_path(entry.tool.path):
            changed = _last_changed(scene, entry.tool)
            if changed < since:
                yield _finding(scene, entry, entry.tool, changed)


def _last_changed(scene: Scene, tool: Tool) -> datetime:
    """When a line of it was last written."""
    commits = set(scene.repository.blame(scene.commit, tool.path, tool.start, tool.end))
    return max(scene.repository.commit(commit).committer.when for commit in commits)


def _finding(scene: Scene, entry: Entry, tool: Tool, changed: datetime) -> Finding:
    days = scene.settings.detection.unused_tool.unused_for // _DAY
    shape = shape_of(scene.code.source(tool.path) or b"", tool.start, tool.end)
    return Finding(
        unused_tool.name,
        tool.path,
        tool.name,
        tool.start,
        tool.end,
        Severity.LOW,
        f"{tool.name} was not called in the last {days} days",
        fingerprint(unused_tool.name, tool.symbol, shape),
        risk=Risk.MEDIUM,
        priority=2,
        evidence=tuple(_evidence(entry, changed)),
    )


def _evidence(entry: Entry, changed: datetime) -> Iterator[str]:
    use = entry.use
    yield f"{use.calls:,} calls ever" + (f", the last on {use.last:%Y-%m-%d}" if use.last else "")
    yield "other tools were called in all of that time, so recording went on"
    yield f"last changed on {changed:%Y-%m-%d}"
    if entry.former:
        yield f"calls under its former names count: {', '.join(entry.former)}"
