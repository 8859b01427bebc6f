"""Commits that took a merge back, whoever made them."""

import re
from typing import Final

from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import Merged
from gitops_healer.ports import Repository

_REVERTS: Final = re.compile(r"\breverts? commit ([0-9a-f]{7,64})\b", re.IGNORECASE)
"""As `git revert` and the forges write it."""


class Reverts:
    """Says where a merge is taken back: by what commits say of themselves, and by what became of the files."""

    def __init__(self, repository: Repository, merged: Merged) -> None:
        self._repository = repository
        self._merged = merged
        self._changes = repository.file_changes(merged.parent, merged.commit)

    def until(self, head: str) -> tuple[str, ...]:
        """Commits between the merge and `head` that take it back."""
        log = self._repository.log(head, exclude=self._merged.commit)
        return tuple(info.id for info in log if self._takes_back(info.id, info.message))

    def gone_at(self, commit: str) -> bool:
        """Whether every file that the merge changed is again what it was before it."""
        at = self._repository.blob_at
        return bool(self._changes) and all(at(commit, change.path) == change.old for change in self._changes)

    def _takes_back(self, commit: str, message: str) -> bool:
        if not (self._says(message) and self._undone_in(commit)) and not self.gone_at(commit):
            return False
        return self._repository.is_ancestor(self._merged.commit, commit)

    def _says(self, message: str) -> bool:
        trailers = Trailers.parse(message)
        named = [trailers.reverts] if trailers and trailers.reverts else _REVERTS.findall(message)
        return any(self._merged.commit.startswith(name.lower()) for name in named)

    def _undone_in(self, commit: str) -> bool:
        """Whether some file that the merge changed is not as the merge left it: words alone take nothing back."""
        at = self._repository.blob_at
        return any(at(commit, change.path) != change.new for change in self._changes)
