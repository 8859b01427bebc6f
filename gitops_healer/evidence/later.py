"""What was committed since a merge, and what of it concerns what the merge changed."""

from collections.abc import Collection, Iterator
from functools import cached_property

from gitops_healer.code.pieces import Cut, cut
from gitops_healer.core.reverting import Later
from gitops_healer.core.trailers import Trailers
from gitops_healer.ports import CommitInfo, Repository

_MOST = 1_000
_TITLE = 100


class LaterCommits:
    """Commits of `onto` that the merge does not have, newest first; at most 1,000 are looked at."""

    def __init__(self, repository: Repository, merged: str, onto: str) -> None:
        self._repository = repository
        self._merged = merged
        self._onto = onto
        self._cuts: dict[str, Cut | None] = {}

    @cached_property
    def known(self) -> dict[str, CommitInfo]:
        found = self._repository.log(self._onto, exclude=self._merged, limit=_MOST)
        return {commit.id: commit for commit in found}

    def changed_paths(self) -> frozenset[str]:
        """Only in these can a line be newer than the merge."""
        return frozenset(self._repository.changed_paths(self._merged, self._onto))

    def told(self, commit: str, symbols: tuple[str, ...] = ()) -> Later:
        return later(self.known[commit], symbols)

    def changing(self, path: str, keys: Collection[str] = ()) -> tuple[Later, ...]:
        """Those that changed a file, or these pieces of it (`code.pieces`)."""
        return tuple(self._changing(path, frozenset(keys)))

    def _changing(self, path: str, keys: frozenset[str]) -> Iterator[Later]:
        for commit in self.known.values():
            if len(commit.parents) != 1:
                continue  # what a merge brings is told by the commits that it brings
            was, now = (self._repository.blob_at(one, path) for one in (commit.parents[0], commit.id))
            if was == now:
                continue
            if not keys:
                yield later(commit)
            elif symbols := self._changed(was, now, keys):
                yield later(commit, symbols)

    def _changed(self, was: str, now: str, keys: frozenset[str]) -> tuple[str, ...]:
        old, new = ((made.by_key if (made := self._cut(blob)) else {}) for blob in (was, now))
        pieces = {key: new.get(key) or old.get(key) for key in keys}
        differ = [
            key for key in keys if (o.text if (o := old.get(key)) else "") != (n.text if (n := new.get(key)) else "")
        ]
        return tuple(sorted({piece.symbol for key in differ if (piece := pieces[key])}))

    def _cut(self, blob: str) -> Cut | None:
        if blob not in self._cuts:
            self._cuts[blob] = cut(self._repository.read_blob(blob)) if blob else Cut(())
        return self._cuts[blob]


def later(commit: CommitInfo, symbols: tuple[str, ...] = ()) -> Later:
    trailers = Trailers.parse(commit.message)
    title = commit.message.partition("\n")[0][:_TITLE]
    return Later(commit.id, title, commit.author.name, trailers.upgrade if trailers else "", symbols)
