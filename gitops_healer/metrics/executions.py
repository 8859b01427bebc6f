"""Calls before and after a merge, by the commit that they recorded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gitops_healer.code.graph import EdgeKind
from gitops_healer.code.model import CodeModel, Location
from gitops_healer.code.versions import moved_by
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.core.watching import Reading, Window
from gitops_healer.ports import Repository
from gitops_healer.registry import Scene, metric

_SHA: Final = re.compile(r"[0-9a-fA-F]{7,64}")


@metric
def executions(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
    """Success and failure of tools that the merge changed, and of those that import what it changed.

    A call belongs to the commit that it recorded: at the merge or a descendant it is after, at the merge's parent or
    an ancestor it is before, at any other it is of another line of history and does not count. Its time decides only
    when it recorded no commit. Touched: the function itself changed, or the upgrade is about it.
    """
    if upgrade.merged is None or upgrade.watched is None:
        return
    sides = Sides(scene.repository, upgrade.merged)
    changed = frozenset(scene.repository.changed_paths(upgrade.merged.parent, upgrade.merged.commit))
    reached = _reached(scene.code, changed)
    for tool in scene.executions.tools():
        location = scene.code.locate(tool)
        if location is None or location.path not in reached:
            continue
        touched = tool == upgrade.finding.symbol or _changed(scene.repository, upgrade.merged, location, changed)
        reading = _reading(scene, sides, upgrade.watched.window, tool, touched)
        if touched or reading.before_total or reading.after_total:
            yield reading


class Sides:
    """On which side of a merge a commit lies."""

    def __init__(self, repository: Repository, merged: Merged) -> None:
        self._repository = repository
        self._merged = merged
        self._known: dict[str, bool | None] = {}

    def after(self, recorded: str) -> bool | None:
        """True: after, False: before, None: neither, or not a commit of this repository."""
        if recorded not in self._known:
            self._known[recorded] = self._look(recorded)
        return self._known[recorded]

    def _look(self, recorded: str) -> bool | None:
        commit = self._repository.resolve(recorded) if _SHA.fullmatch(recorded) else None
        if commit is None:
            return None
        if self._repository.is_ancestor(self._merged.commit, commit):
            return True
        return False if self._repository.is_ancestor(commit, self._merged.parent) else None


@dataclass
class Count:
    total: int = 0
    failed: int = 0


def _reading(scene: Scene, sides: Sides, window: Window, tool: str, touched: bool) -> Reading:
    store, before, after = scene.executions, Count(), Count()
    commits: list[str | None] = []
    for commit, _, _, total, failed, _ in store.counts_by_commit(tool, window.baseline_from, window.until):
        side = None if commit is None else sides.after(commit)
        if side is not None:
            _add(after if side else before, total, failed)
            commits += [commit] if side else []
    end = min(max(scene.now, window.opened), window.until)
    for count, start, stop in ((before, window.baseline_from, window.opened), (after, window.opened, end)):
        for commit, _, _, total, failed, _ in store.counts_by_commit(tool, start, stop):
            if commit is None:
                _add(count, total, failed)
    inputs = store.failing_inputs(tool, window.baseline_from, window.until, commits)
    inputs |= store.failing_inputs(tool, window.opened, end, [None])
    return Reading(
        executions.name, tool, before.total, before.failed, after.total, after.failed, len(inputs), touched
    )  # fmt: skip


def _add(count: Count, total: int, failed: int) -> None:
    count.total += total
    count.failed += failed


def _reached(code: CodeModel, changed: frozenset[str]) -> frozenset[str]:
    """The changed files and all that import them, directly or not, when the program runs."""
    reached, waiting = set(changed), list(changed)
    while waiting:
        for edge in code.importers(waiting.pop()):
            if edge.kind is not EdgeKind.TYPING and edge.source not in reached:
                reached.add(edge.source)
                waiting.append(edge.source)
    return frozenset(reached)


def _changed(repository: Repository, merged: Merged, location: Location, changed: frozenset[str]) -> bool:
    """Whether the merge changed this very function (a function that it added or moved here counts)."""
    if location.path not in changed:
        return False
    before = repository.read(merged.parent, location.path)
    after = repository.read(merged.commit, location.path)
    return before is None or after is None or moved_by(before, after, location.symbol) is None
