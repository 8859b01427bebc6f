"""Follows one function through the commits that made it, by the shape of its code.

A walk from a commit to its parents that holds one snapshot of the function. Where the file's blob is the same, nothing
is read; where it differs, the function is looked for under its name; where it is not there, `history_origins` looks for
where it came from. Of a merge those parents are followed that have the same version, else all that have one (git's
history simplification, but by shape instead of by file).
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Protocol

from gitops_healer.code.history_origins import Origins, Tree
from gitops_healer.code.history_reading import Reader, Snapshot, likeness
from gitops_healer.core.versions import Kind, Place

_LIKELY = 0.35
"""A function that keeps its name but less of its code than this may come from elsewhere."""
_SURELY = 0.8


class Signed(Protocol):
    @property
    def when(self) -> datetime: ...


class Commit(Protocol):
    """`ports.CommitInfo` is one."""

    @property
    def id(self) -> str: ...
    @property
    def tree(self) -> str: ...
    @property
    def parents(self) -> Sequence[str]: ...
    @property
    def committer(self) -> Signed: ...


class Past(Tree, Protocol):
    """What a repository must tell (`ports.Repository` does)."""

    def commit(self, commit: str) -> Commit: ...
    def resolve(self, rev: str) -> str | None: ...
    def read_blob(self, blob: str) -> bytes: ...


@dataclass(frozen=True)
class Step:
    """A commit at which the function became what it is. snapshot: what it was made to be (of DELETED: what it was
    before); previous: its place before, when that was another; edited: whether its code changed as well."""

    commit: str
    kind: Kind
    snapshot: Snapshot
    previous: Place | None = None
    edited: bool = False


@dataclass(frozen=True)
class _At:
    """The walk stands at `commit`, where the function is `snapshot`. since: the oldest commit known to have it so;
    skipped: the newest commit passed over since it could not be read, and what stood there; unreadable: the blob that
    was passed over last."""

    commit: str
    snapshot: Snapshot
    since: str
    skipped: tuple[str, Snapshot] | None = None
    unreadable: str = ""


class Trace:
    """One walk from one commit."""

    def __init__(self, past: Past, head: str, progress: Callable[[str], None] = lambda text: None) -> None:
        self._past = past
        self._head = head
        self._progress = progress
        self._reader = Reader(past.read_blob)
        self._origins = Origins(past, self._reader)
        self._commits: dict[str, Commit] = {}
        self._waiting: list[tuple[float, int, _At]] = []
        self._order = count()
        self._seen: set[tuple[str, str, str, bool]] = set()
        self.visited = 0

    def steps(self, path: str, symbol: str) -> tuple[Step, ...]:
        """Newest first; empty when the commit has no such function."""
        snapshot = self._reader.find(path, self._past.blob_at(self._head, path), symbol)
        return tuple(self.steps_from(self._head, snapshot)) if snapshot else ()

    def steps_from(self, commit: str, snapshot: Snapshot) -> Iterator[Step]:
        self._go(_At(commit, snapshot, commit))
        while self._waiting:
            _, _, at = heapq.heappop(self._waiting)
            self.visited += 1
            if self.visited % 1000 == 0:
                self._progress(f"{self.visited:,} commits, back to {self._commit(at.commit).committer.when:%Y-%m-%d}")
            step = self._look_back(at)
            if step is not None:
                yield step

    # One commit

    def _look_back(self, at: _At) -> Step | None:
        """What the commit did to the function; the parents that have it are next."""
        parents = [parent for parent in self._commit(at.commit).parents if self._past.resolve(parent)]
        if not parents:
            return self._end(at)
        looks = [(parent, self._before(parent, at.snapshot)) for parent in parents]
        same = self._same(at.snapshot, looks)
        if same is not None:
            parent, look = same
            reworded = look.blob != at.snapshot.blob and look.text.split() != at.snapshot.text.split()
            self._go(_At(parent, look, parent))
            return Step(at.commit, Kind.REWORDED, at.snapshot) if reworded else None
        return self._changed(at, parents, looks)

    def _same(self, now: Snapshot, looks: Sequence[tuple[str, Snapshot | None]]) -> tuple[str, Snapshot] | None:
        """The first parent with the same file, else the first one with the same function."""
        found = [(parent, look) for parent, look in looks if look is not None]
        untouched = next((pair for pair in found if pair[1].blob == now.blob), None)
        return untouched or next((pair for pair in found if pair[1].shape == now.shape), None)

    def _changed(self, at: _At, parents: list[str], looks: Sequence[tuple[str, Snapshot | None]]) -> Step | None:
        now, is_merge = at.snapshot, len(parents) > 1
        opaque = next((pair for pair in looks if pair[1] and now.parses and not pair[1].parses), None)
        if opaque is not None and opaque[1] is not None:
            return self._passed_over(at, opaque[0], opaque[1])
        sources = [(parent, self._source(parent, at.commit, now, look)) for parent, look in looks]
        found = [(parent, source) for parent, source in sources if source is not None]
        unchanged = [pair for pair in found if pair[1].nameless == now.nameless and is_merge]
        for parent, source in unchanged[:1] or found:
            self._go(_At(parent, source, parent))
        if not found:
            return self._appeared(at, parents)
        source = (unchanged or found)[0][1]
        if is_merge and not unchanged:
            return Step(at.since, Kind.MERGED, now, _moved(source, now), edited=True)
        moved = _moved(source, now)
        if moved is None:
            return Step(at.since, Kind.EDITED, now, edited=True)
        kind = _kind(source, now, self._origins.stands(at.commit, source))
        return Step(at.since, kind, now, moved, edited=source.nameless != now.nameless)

    def _passed_over(self, at: _At, parent: str, unreadable: Snapshot) -> Step | None:
        known = at.unreadable == unreadable.blob
        self._go(replace(at, commit=parent, skipped=at.skipped or (parent, unreadable), unreadable=unreadable.blob))
        return None if known else Step(parent, Kind.UNREADABLE, unreadable)

    def _source(self, parent: str, commit: str, now: Snapshot, look: Snapshot | None) -> Snapshot | None:
        if look is None:
            return self._origins.of(parent, commit, now)
        if likeness(look, now) < _LIKELY:
            other = self._origins.of(parent, commit, now, gone_only=True)
            if other is not None and likeness(other, now) >= _SURELY:
                return other
        return look

    def _before(self, parent: str, now: Snapshot) -> Snapshot | None:
        blob = self._past.blob_at(parent, now.path)
        return now if blob == now.blob else self._reader.find(now.path, blob, now.symbol)

    # Where it begins

    def _appeared(self, at: _At, parents: list[str]) -> Step:
        """It was in no parent: it was passed over, deleted before, or it was born."""
        if at.skipped is not None:
            return self._from_unreadable(at)
        earlier = self._origins.earlier(parents[0], at.snapshot, self._commit)
        if earlier is None:
            return Step(at.since, Kind.BORN, at.snapshot)
        commit, source = earlier
        self._go(_At(commit, source, commit))
        changed = source.shape != at.snapshot.shape
        return Step(at.since, Kind.RESTORED, at.snapshot, _moved(source, at.snapshot), changed)

    def _end(self, at: _At) -> Step:
        if at.skipped is not None:
            return self._from_unreadable(at)
        cut = bool(self._commit(at.commit).parents) or self._past.is_shallow()
        return Step(at.since, Kind.TRUNCATED if cut else Kind.BORN, at.snapshot)

    def _from_unreadable(self, at: _At) -> Step:
        """Nothing older can be read either (Python 2, say), so what could not be read is compared by its tokens."""
        assert at.skipped is not None
        commit, source = at.skipped
        self._go(_At(commit, source, commit))
        return Step(at.since, Kind.EDITED, at.snapshot, _moved(source, at.snapshot), edited=True)

    def _go(self, at: _At) -> None:
        key = (at.commit, at.snapshot.path, at.snapshot.symbol, at.snapshot.parses)
        if key not in self._seen:
            self._seen.add(key)
            when = self._commit(at.commit).committer.when.timestamp()
            heapq.heappush(self._waiting, (-when, next(self._order), at))

    def _commit(self, commit: str) -> Commit:
        if commit not in self._commits:
            self._commits[commit] = self._past.commit(commit)
        return self._commits[commit]


def _moved(source: Snapshot, now: Snapshot) -> Place | None:
    """Where it stood before, when that was another place."""
    before = Place(source.path, source.symbol)
    return None if before == Place(now.path, now.symbol) else before


def _kind(source: Snapshot, now: Snapshot, stands: bool) -> Kind:
    if stands:
        return Kind.COPIED
    return Kind.MOVED if source.spot.name == now.spot.name else Kind.RENAMED
