"""Which recorded calls ran which version of a function, and which version people mean."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from gitops_healer.code.history_reading import Reader
from gitops_healer.core.latency import Histogram, merged
from gitops_healer.core.versions import SymbolVersion, VersionCalls
from gitops_healer.errors import RepositoryError, UsageError
from gitops_healer.evidence.ancestry import named_commit
from gitops_healer.registry import Scene

_BLOB: Final = re.compile(r"blob:([0-9a-f]{40})")
_NUMBER: Final = re.compile(r"[vV#]?(\d{1,6})")
_LONGEST_SHOWN: Final = 200
_BACK: Final = re.compile(r"-(\d{1,6})")
_LONG_AGO: Final = datetime(1970, 1, 2, tzinfo=UTC)
_SKEW: Final = timedelta(minutes=5)
_SAMPLE: Final = 1000


class Versions:
    """Tells which of the versions of one function a commit or a blob holds, by the code that stands there."""

    def __init__(self, scene: Scene, versions: Sequence[SymbolVersion]) -> None:
        self._scene = scene
        self._versions = [version for version in versions if version.kind.is_version]
        self._reader = Reader(scene.repository.read_blob)
        self._known: dict[str, SymbolVersion | None] = {}

    def at(self, commit: str | None) -> SymbolVersion | None:
        """The version at a commit (an id, or `blob:<id>` of the file), None when it cannot be told."""
        if commit is None:
            return None
        if commit not in self._known:
            self._known[commit] = self._read(commit)
        return self._known[commit]

    def named(self, text: str) -> SymbolVersion:
        """The version that a person means: its number, `-1` for the one before the newest, a commit, tag or branch.
        Raises UsageError."""
        known = {version.number: version for version in self._versions}
        text = text.strip()
        back, number = _BACK.fullmatch(text), _NUMBER.fullmatch(text)
        wanted = len(known) - int(back[1]) if back else int(number[1]) if number else 0
        if wanted in known:
            return known[wanted]
        commit = None if back else self._scene.repository.resolve(text)
        found = self.at(commit) if commit else None
        if found is None:
            why = "it is not there at that commit" if commit else "there is no such version, commit, tag or branch"
            newest, shown = self._versions[0], text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
            allowed = (
                f"a number from 1 (the oldest) to {len(known)}, -1 for the one before the newest, or a commit"
                if len(known) > 1
                else "1, the only one that there is so far, or a commit"
            )
            raise UsageError(
                f"{shown!r} names no version of {newest.tool}: {why}. Give {allowed}. "
                f"See: gitops-healer history {newest.tool}"
            )
        return found

    def calls(self) -> tuple[Mapping[int, VersionCalls], VersionCalls]:
        """Calls by version number, and those of which the version cannot be told. A call that was recorded under an
        older name of the function counts as well."""
        totals: Counter[int] = Counter()
        failed: Counter[int] = Counter()
        errors: dict[int, Counter[str]] = {}
        for tool in self._tools:
            for commit, _, _, total, bad, _ in self._scene.executions.counts_by_commit(tool, _LONG_AGO, self._until):
                totals[self._number(commit)] += total
                failed[self._number(commit)] += bad
            for execution in self._scene.executions.executions(tool, ok=False, limit=_SAMPLE):
                kind = execution.error.type if execution.error else "unknown"
                errors.setdefault(self._number(execution.commit), Counter())[kind] += 1
        found = {
            number: VersionCalls(total, failed[number], tuple(errors.get(number, Counter()).most_common()))
            for number, total in totals.items()
        }
        return {number: calls for number, calls in found.items() if number}, found.get(0, VersionCalls())

    def latency(self) -> Mapping[int, Histogram]:
        """Durations of the calls of each version, by its number."""
        found: dict[int, Histogram] = {}
        for tool in self._tools:
            for part in self._scene.executions.timeline(tool, _LONG_AGO, self._until, timedelta(days=1)):
                number = self._number(part.commit)
                found[number] = merged([found.get(number, {}), dict(part.latency)])
        return {number: histogram for number, histogram in found.items() if number}

    @property
    def _tools(self) -> list[str]:
        return sorted({version.tool for version in self._versions})

    @property
    def _until(self) -> datetime:
        return self._scene.now + _SKEW

    def _number(self, commit: str | None) -> int:
        version = self.at(commit)
        return version.number if version is not None else 0

    def _read(self, commit: str) -> SymbolVersion | None:
        blob = _BLOB.fullmatch(commit)
        if blob:
            return next(iter(self._same(lambda _: blob[1])), None) if self._has(blob[1]) else None
        known = named_commit(self._scene.repository, commit)
        if known is None:
            return None
        same = list(self._same(lambda path: self._scene.repository.blob_at(known, path)))
        if len(same) > 1:  # an edit was taken back: the same code twice
            before = (version for version in same if self._scene.repository.is_ancestor(version.commit, known))
            return next(before, same[0])
        return same[0] if same else None

    def _same(self, blob_of: Callable[[str], str]) -> Iterable[SymbolVersion]:
        """Newest first."""
        blobs: dict[str, str] = {}
        for version in self._versions:
            blob = blobs.setdefault(version.path, blob_of(version.path))
            there = self._reader.find(version.path, blob, version.symbol)
            if there is not None and there.shape == version.shape:
                yield version

    def _has(self, blob: str) -> bool:
        try:
            self._scene.repository.read_blob(blob)
        except RepositoryError:
            return False
        return True
