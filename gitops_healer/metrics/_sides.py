"""What a merge can have reached: commits after it, files that use what it changed."""

from functools import cached_property

from gitops_healer.code.graph import EdgeKind
from gitops_healer.code.model import CodeModel
from gitops_healer.core.upgrade import Merged
from gitops_healer.evidence.ancestry import named_commit
from gitops_healer.metrics._reverts import Reverts
from gitops_healer.ports import Repository


class Sides:
    """On which side of a merge a commit lies. head: a commit (the present base) up to which it is looked whether the
    merge was taken back; where that was done, and after, a commit is on neither side, even if the same change came
    again: that is another merge."""

    def __init__(self, repository: Repository, merged: Merged, head: str = "") -> None:
        self._repository = repository
        self._merged = merged
        self._head = head
        self._known: dict[str, bool | None] = {}

    def after(self, recorded: str) -> bool | None:
        """True: after, False: before, None: neither, or not a commit of this repository."""
        if recorded not in self._known:
            self._known[recorded] = self._look(recorded)
        return self._known[recorded]

    def _look(self, recorded: str) -> bool | None:
        commit = named_commit(self._repository, recorded)
        if commit is None:
            return None
        if self._repository.is_ancestor(self._merged.commit, commit):
            return None if self._head and self._taken_back(commit) else True
        return False if self._repository.is_ancestor(commit, self._merged.parent) else None

    def _taken_back(self, commit: str) -> bool:
        if commit == self._merged.commit:
            return False
        back = any(self._repository.is_ancestor(revert, commit) for revert in self._reverting)
        return back or self._reverts.gone_at(commit)

    @cached_property
    def _reverts(self) -> Reverts:
        return Reverts(self._repository, self._merged)

    @cached_property
    def _reverting(self) -> tuple[str, ...]:
        return self._reverts.until(self._head)


def reached(code: CodeModel, changed: frozenset[str]) -> frozenset[str]:
    """The changed files and all that import them, directly or not, when the program runs."""
    found, waiting = set(changed), list(changed)
    while waiting:
        for edge in code.importers(waiting.pop()):
            if edge.kind is not EdgeKind.TYPING and edge.source not in found:
                found.add(edge.source)
                waiting.append(edge.source)
    return frozenset(found)
