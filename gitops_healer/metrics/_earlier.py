"""What changed a tool in the time before a merge that the merge is compared with."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice, takewhile
from typing import Final

from gitops_healer.code.model import Location
from gitops_healer.code.versions import moved_by
from gitops_healer.core.execution import Slice
from gitops_healer.core.upgrade import Merged
from gitops_healer.evidence.ancestry import first_parents
from gitops_healer.ports import CommitInfo, Repository

MOST_COMMITS: Final = 2_000


class Earlier:
    """Commits of the base branch before a merge. since: how far back, by their own clocks."""

    def __init__(self, repository: Repository, merged: Merged, since: datetime) -> None:
        self._repository = repository
        self._merged = merged
        self._since = since
        self._at_least: dict[tuple[str, str], bool] = {}

    def last_change(self, location: Location) -> CommitInfo | None:
        """The newest of them that changed this function; None when none did."""
        for info, old, new in self._versions(location.path):
            if not old or not new:
                return info
            before, after = self._repository.read_blob(old), self._repository.read_blob(new)
            if moved_by(before, after, location.symbol) is None:
                return info
        return None

    def since(self, change: CommitInfo, calls: Sequence[Slice]) -> tuple[Slice, ...]:
        """Calls of code that has the change; those without a commit by their time."""
        when = change.committer.when
        return tuple(
            one
            for one in calls
            if (one.start >= when if one.commit is None else self._has(one.commit, change.id))
        )  # fmt: skip

    def _has(self, recorded: str, change: str) -> bool:
        key = recorded, change
        if key not in self._at_least:
            commit = self._repository.resolve(recorded)
            self._at_least[key] = commit is not None and self._repository.is_ancestor(change, commit)
        return self._at_least[key]

    def _versions(self, path: str) -> Iterator[tuple[CommitInfo, str, str]]:
        """(commit, blob before it, blob since it) of those that changed a file, newest first."""
        new = self._repository.blob_at(self._merged.parent, path)
        for info in self._commits:
            old = self._repository.blob_at(info.parents[0], path) if info.parents else ""
            if old != new:
                yield info, old, new
            new = old

    @cached_property
    def _commits(self) -> tuple[CommitInfo, ...]:
        """By first parents, newest first."""
        line = first_parents(self._repository, self._merged.parent)
        return tuple(takewhile(lambda info: info.committer.when >= self._since, islice(line, MOST_COMMITS)))
