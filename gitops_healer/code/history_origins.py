"""Where a function came from that was not at its place before: another name, file or class, a copy, or a deletion."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import NamedTuple, Protocol

from gitops_healer.code.history_reading import Reader, Snapshot, Spot, likeness


class Changed(Protocol):
    """`ports.FileChange` is one."""

    @property
    def path(self) -> str: ...
    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...


class Listed(Protocol):
    """`ports.File` is one."""

    @property
    def path(self) -> str: ...
    @property
    def blob(self) -> str: ...


class Signed(Protocol):
    @property
    def when(self) -> "Moment": ...


class Moment(Protocol):
    def timestamp(self) -> float: ...


class Linked(Protocol):
    @property
    def parents(self) -> Sequence[str]: ...
    @property
    def committer(self) -> Signed: ...


class Tree(Protocol):
    """What a repository must tell of trees (`ports.Repository` does)."""

    def blob_at(self, commit: str, path: str) -> str: ...
    def file_changes(self, base: str, head: str) -> Sequence[Changed]: ...
    def files(self, commit: str) -> Iterable[Listed]: ...
    def resolve(self, rev: str) -> str | None: ...
    def is_shallow(self) -> bool: ...


_SAME_PLACE_NAME = 0.4
"""Least likeness of a function with the same qualified name in a file that changed: the file was renamed or divided."""
_SAME_NAME = 0.55
_OTHER_NAME = 0.65
_SAME_NEIGHBOURS = 0.45
"""Least likeness of a function that went, when the new one stands between the same two definitions as it did."""
_COPY = 0.8
_STANDS = 0.5
_SOME_TOKENS = 18
"""With fewer tokens than this a likeness says nothing: only equal code counts then."""
_MANY_TOKENS = 25
_MOST_CANDIDATES = 5000
_MOST_FILES = 5000


class _Candidate(NamedTuple):
    path: str
    blob: str
    spot: Spot
    gone: bool
    replaced: bool = False
    """Whether the new function stands between the neighbours that this one had."""


class Origins:
    """Finds where functions of one repository came from."""

    def __init__(self, past: Tree, reader: Reader) -> None:
        self._past = past
        self._reader = reader

    def of(self, parent: str, commit: str, now: Snapshot, gone_only: bool = False) -> Snapshot | None:
        """What `now`, which `commit` brought, was at `parent`: the likeliest function that left its place, else one
        that was copied; None when nothing is like it enough. gone_only: no copies."""
        changes = [change for change in self._past.file_changes(parent, commit) if change.path.endswith(".py")]
        candidates = list(self._candidates(changes, now))
        gone = self._likeliest((one for one in candidates if one.gone), now, _least_of_moved)
        if gone is not None or gone_only:
            return gone
        stands = self._likeliest((one for one in candidates if not one.gone), now, _least_of_copied)
        return stands or self._copied_from_afar(parent, {change.path for change in changes}, now)

    def stands(self, commit: str, source: Snapshot) -> bool:
        """Whether what was at the source's place is there still."""
        there = self._reader.find(source.path, self._past.blob_at(commit, source.path), source.symbol)
        return there is not None and likeness(there, source) >= _STANDS

    def earlier(self, start: str, now: Snapshot, commit_of: Callable[[str], Linked]) -> tuple[str, Snapshot] | None:
        """(commit, snapshot) of the newest ancestor of `start` that had something like it in its place."""
        waiting: list[tuple[float, int, str, str]] = []
        order, seen = count(), {start}

        def go(commit: str, blob: str) -> None:
            heapq.heappush(waiting, (-commit_of(commit).committer.when.timestamp(), next(order), commit, blob))

        go(start, "")
        while waiting:
            _, _, commit, newer = heapq.heappop(waiting)
            blob = self._past.blob_at(commit, now.path)
            if blob != newer:
                found = self._reader.find(now.path, blob, now.symbol)
                if found is not None and likeness(found, now) >= _SAME_PLACE_NAME:
                    return commit, found
            for parent in commit_of(commit).parents:
                if parent not in seen and self._past.resolve(parent):
                    seen.add(parent)
                    go(parent, blob)
        return None

    def _candidates(self, changes: Sequence[Changed], now: Snapshot) -> Iterator[_Candidate]:
        """Definitions of the changed files as they were, those of the same file and of deleted files first."""
        left = _MOST_CANDIDATES
        for change in sorted(changes, key=lambda one: (one.path != now.path, bool(one.new))):
            if not change.old:
                continue
            kept = {spot.qualname for spot in self._reader.spots(change.new)}
            here = _neighbours(self._reader.spots(now.blob), now.spot) if change.path == now.path else None
            before = self._reader.spots(change.old)
            for spot in before:
                if spot.is_class == now.spot.is_class and not spot.accessory:
                    gone = spot.qualname not in kept
                    replaced = gone and here is not None and _neighbours(before, spot) == here
                    yield _Candidate(change.path, change.old, spot, gone, replaced)
                    left -= 1
            if left <= 0:
                return

    def _likeliest(
        self, candidates: Iterable[_Candidate], now: Snapshot, least_of: Callable[[_Candidate, Snapshot], float]
    ) -> Snapshot | None:
        best: tuple[float, Snapshot] | None = None
        for candidate in candidates:
            path, blob, spot = candidate[:3]
            least = least_of(candidate, now)
            if best is not None:
                least = max(least, best[0] - _preference(spot, path, now))
            if not _comparable(spot, now, least):
                continue
            snapshot = self._reader.snapshot(path, blob, spot)
            alike = likeness(snapshot, now, min(least, 1.0))
            score = alike + _preference(spot, path, now)
            if alike >= least and (best is None or score > best[0]):
                best = score, snapshot
        return best[1] if best else None

    def _copied_from_afar(self, parent: str, known: set[str], now: Snapshot) -> Snapshot | None:
        """A copy of a function of that name in a file that did not change: files without the name are not parsed."""
        if len(now.tokens) < _MANY_TOKENS or now.spot.name.startswith("__"):
            return None
        word = f"{'class' if now.spot.is_class else 'def'} {now.spot.name}".encode()
        files = [file for file in self._past.files(parent) if file.path.endswith(".py") and file.path not in known]
        holding = [file for file in files[:_MOST_FILES] if self._reader.holds(file.blob, word)]
        candidates = (
            _Candidate(file.path, file.blob, spot, False)
            for file in holding
            for spot in self._reader.spots(file.blob)
            if spot.name == now.spot.name and spot.is_class == now.spot.is_class
        )
        return self._likeliest(candidates, now, _least_of_copied)


def _least_of_moved(candidate: _Candidate, now: Snapshot) -> float:
    spot = candidate.spot
    small = len(now.tokens) < _SOME_TOKENS
    if spot.qualname == now.symbol:
        return _SAME_PLACE_NAME
    if spot.name == now.spot.name:
        return _COPY if small or spot.name.startswith("__") else _SAME_NAME
    if small:
        return 1.0
    return _SAME_NEIGHBOURS if candidate.replaced else _OTHER_NAME


def _least_of_copied(candidate: _Candidate, now: Snapshot) -> float:
    spot = candidate.spot
    size = len(now.tokens)
    if size < _SOME_TOKENS or (size < _MANY_TOKENS and spot.name != now.spot.name):
        return 2.0  # too small to be called a copy
    return _COPY if spot.name == now.spot.name and not spot.name.startswith("__") else 0.9


def _neighbours(spots: Sequence[Spot], spot: Spot) -> tuple[str, str] | None:
    """The definitions around one, in the same class or function; None when it stands alone there."""
    owner = spot.qualname.rpartition(".")[0]
    beside = sorted((one.start, one.name) for one in spots if one.qualname.rpartition(".")[0] == owner)
    place = beside.index((spot.start, spot.name))
    before = beside[place - 1][1] if place else ""
    after = beside[place + 1][1] if place + 1 < len(beside) else ""
    return (before, after) if before or after else None


def _preference(spot: Spot, path: str, now: Snapshot) -> float:
    """Of candidates that are equally like, one that kept more of its name and place."""
    return 0.06 * (spot.qualname == now.symbol) + 0.05 * (spot.name == now.spot.name) + 0.02 * (path == now.path)


def _comparable(spot: Spot, now: Snapshot, least: float) -> bool:
    """Whether lengths allow such a likeness; lines may be joined or divided, so a factor of two is left."""
    if least > 1.2:
        return False
    lines, own = spot.end - spot.start + 1, now.spot.end - now.spot.start + 1
    return min(lines, own) * 4 >= max(lines, own) * min(least, 1.0) or max(lines, own) <= 8
