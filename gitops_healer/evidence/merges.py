"""Where a pull request ends and the base begins, in a history that somebody else merged."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile
from typing import Self

from gitops_healer.core.trailers import Trailers
from gitops_healer.evidence.ancestry import first_parents
from gitops_healer.ports import CommitInfo, Repository, Signature

_MOST_WALKED = 250


def merged_range(repository: Repository, merged: str, head: str, base: str = "", upgrade: str = "") -> str:
    """The base before a pull request was merged, however that was done; "" when there was none.

    merged: what the forge calls the merge; head: of the pull request; base: a commit of the base branch from before;
    upgrade: ours, by whose trailer its commits are known where `head` is not here. A merge commit: its first parent. A
    rebase or fast-forward: what lies before all commits of the pull request, known by id, by author and message, or by
    patch id. A squash is one commit that none of these are.
    """
    info = repository.commit(merged)
    if len(info.parents) != 1:
        return info.parents[0] if info.parents else ""
    own = _Own.of(repository, merged, repository.resolve(head) or "", base)
    last = info
    for commit in _down_to(repository, merged, base):
        if len(commit.parents) > 1:  # of a fast-forward: the base that was brought in last is the base before
            return commit.parents[1] if commit.id in own.ids else last.parents[0]
        if own.commits and not own.has(commit):
            break
        if own.commits or _is_of(commit, upgrade):
            last = commit
    return last.parents[0]


def _down_to(repository: Repository, merged: str, base: str) -> Iterator[CommitInfo]:
    """From a commit down to `base`, which is not among them."""
    line = islice(first_parents(repository, merged), _MOST_WALKED)
    return takewhile(lambda info: info.id != base and info.parents, line)


def _is_of(commit: CommitInfo, upgrade: str) -> bool:
    trailers = Trailers.parse(commit.message)
    return trailers is not None and trailers.upgrade == upgrade and not trailers.reverts


@dataclass
class _Own:
    """The commits of a pull request without merges. ids: where they stand on the base branch themselves (a
    fast-forward), theirs and those of its merges."""

    repository: Repository
    commits: tuple[CommitInfo, ...] = ()
    ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, repository: Repository, merged: str, head: str, base: str) -> Self:
        forward = bool(head) and repository.is_ancestor(head, merged)
        if not head or (forward and not base):
            return cls(repository)
        found = tuple(repository.log(head, exclude=base if forward else merged, limit=_MOST_WALKED))
        ids = frozenset(one.id for one in found) if forward else frozenset[str]()
        return cls(repository, tuple(one for one in found if len(one.parents) == 1), ids)

    def has(self, commit: CommitInfo) -> bool:
        if commit.id in self.ids or (commit.author, commit.message) in self._said:
            return True
        return self._patch(commit) in self._patches

    @cached_property
    def _said(self) -> frozenset[tuple[Signature, str]]:
        return frozenset((commit.author, commit.message) for commit in self.commits)

    @cached_property
    def _patches(self) -> frozenset[str]:
        return frozenset(map(self._patch, self.commits)) - {""}

    def _patch(self, commit: CommitInfo) -> str:
        return self.repository.patch_id(commit.parents[0], commit.id)
