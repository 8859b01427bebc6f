"""Copies in code: functions that are alike, found by what they share, and equal runs of statements.

Every blob has its `features`, made once. `CloneIndex` holds those of all blobs and follows what changes: whether two
functions are alike depends on these two alone, and whether they are compared at all on features that few others
have. So only what shares something with a change is looked at again, and the answer is that of a fresh start.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Self

from gitops_healer.code.clone_columns import Columns
from gitops_healer.code.clone_families import CloneOptions, RawFamily, RawPlace, families_of
from gitops_healer.code.clone_features import BlobFeatures, FileTokens, FunctionSpan, features
from gitops_healer.code.clone_groups import Pair
from gitops_healer.code.clone_likeness import Likeness
from gitops_healer.code.clone_runs import Run, RunFinder
from gitops_healer.code.clone_state import State, pack, unpack

__all__ = ["CloneIndex", "CloneOptions", "FileTokens", "FunctionSpan", "RawFamily", "RawPlace", "features"]

MOST_SHARING = 40
"""A feature that more functions have tells nothing."""


class CloneIndex:
    """All blobs of a commit, what is alike among their functions, and their equal runs."""

    def __init__(self, options: CloneOptions) -> None:
        self._options = options
        self._blobs: dict[str, BlobFeatures] = {}
        self._pairs: dict[Pair, int] = {}
        self._runs: dict[int, list[Run]] = {}
        self._columns: Columns | None = None

    def update(self, removed: Collection[str], added: Mapping[str, bytes]) -> None:
        """Forget blobs and learn others ({blob id: features}); features that cannot be read are as if empty."""
        gone = {blob: self._blobs.pop(blob) for blob in removed if blob in self._blobs}
        fresh = {blob: _unpacked(data) for blob, data in added.items() if blob not in self._blobs}
        if not gone and not fresh:
            return
        self._blobs.update(fresh)
        before, after = Columns(gone), Columns(fresh)
        self._columns = Columns(self._blobs) if len(fresh) < len(self._blobs) else after
        self._follow_functions(self._columns, before, after)
        self._follow_runs(self._columns, {*before.windows, *after.windows})

    def _follow_functions(self, columns: Columns, before: Columns, after: Columns) -> None:
        total, had, has = columns.count_keys(), before.count_keys(), after.count_keys()
        lost = before.features_by_key({key for key in had if key not in total})
        new = after.features_by_key({key for key in has if total[key] == has[key] and key not in had})
        if lost:
            self._pairs = {pair: like for pair, like in self._pairs.items() if lost.keys().isdisjoint(pair)}
        changed = {*chain.from_iterable(lost.values()), *chain.from_iterable(new.values())}
        old = columns.sharing(changed, new.keys()) if len(total) > len(new) else {}
        likeness = Likeness(self._blobs, columns, self._options.similarity, self._options.min_tokens)
        shift = _Shift(old, lost, new)
        self._drop_unfounded(columns, shift.rarer_no_more())
        self._pairs.update(likeness.pairs(shift.candidates()))

    def _drop_unfounded(self, columns: Columns, frequent: Sequence[set[int]]) -> None:
        """Without the pairs that share nothing telling any more. frequent: who shares what has become frequent."""
        if not frequent:
            return
        shared_by: dict[int, set[int]] = {}
        for number, keys in enumerate(frequent):
            for key in keys:
                shared_by.setdefault(key, set()).add(number)
        nothing: set[int] = set()
        doubtful = {
            pair for pair in self._pairs if not shared_by.get(pair[0], nothing).isdisjoint(shared_by.get(pair[1], ()))
        }
        found = columns.features_by_key({key for pair in doubtful for key in pair})
        shared = {pair: {*found[pair[0]]} & {*found[pair[1]]} for pair in doubtful}
        sharing = columns.sharing({*chain.from_iterable(shared.values())})
        for pair, common in shared.items():
            if not any(len(sharing[feature]) <= MOST_SHARING for feature in common):
                del self._pairs[pair]

    def _follow_runs(self, columns: Columns, changed: set[int]) -> None:
        for window in changed:
            self._runs.pop(window, None)
        finder = RunFinder(self._blobs)
        for window, instances in columns.repeated_windows(changed).items():
            runs = finder.runs(window, instances)
            if runs:
                self._runs[window] = runs

    def families(self, paths_of: Mapping[str, Sequence[str]]) -> tuple[RawFamily, ...]:
        """What is copied, in the order of the first places. paths_of: {blob id: paths}; other blobs are left out."""
        runs = [run for found in self._runs.values() for run in found]
        if self._columns is None:
            self._columns = Columns(self._blobs)
        return families_of(self._blobs, self._columns, self._pairs, runs, paths_of, self._options)

    def dump(self) -> bytes:
        """Everything, for `load`."""
        return pack(
            State(self._options, {name: blob.data for name, blob in self._blobs.items()}, self._pairs, self._runs)
        )

    @classmethod
    def load(cls, data: bytes, options: CloneOptions) -> Self | None:
        """What `dump` wrote, or None when it is damaged, of another version or made with other options."""
        state = unpack(data)
        if state is None or state.options != options:
            return None
        made = cls(options)
        made._blobs = {name: _unpacked(blob) for name, blob in state.blobs.items()}
        made._pairs, made._runs = state.pairs, state.runs
        return made


class _Shift:
    """What a change does to who is compared with whom: those that share a feature which is not too frequent.

    old: {feature: keys of functions that stay}; lost, new: {key: features}.
    """

    def __init__(
        self,
        old: Mapping[int, set[int]],
        lost: Mapping[int, Iterable[int]],
        new: Mapping[int, Iterable[int]],
    ) -> None:
        self._old = old
        self._new = new
        self._fewer = Counter(chain.from_iterable(lost.values()))
        self._more = Counter(chain.from_iterable(new.values()))

    def rarer_no_more(self) -> list[set[int]]:
        """Who stays and shares a feature that tells nothing any more."""
        return [keys for feature, keys in self._old.items() if self._told(feature) and not self._tells(feature)]

    def candidates(self) -> Iterator[tuple[int, Collection[int]]]:
        """(key, others to compare with), each pair once."""
        for feature, keys in self._old.items():
            if self._tells(feature) and not self._told(feature):
                ordered = sorted(keys)
                yield from ((key, ordered[:place]) for place, key in enumerate(ordered))
        sharing = {feature: list(self._old.get(feature, ())) for feature in self._more if self._tells(feature)}
        telling = sharing.keys()
        for key, own in self._new.items():
            others: set[int] = set()
            for feature in telling & own:
                others.update(sharing[feature])
                sharing[feature].append(key)
            if others:
                yield key, others

    def _told(self, feature: int) -> bool:
        return 1 < len(self._old.get(feature, ())) + self._fewer[feature] <= MOST_SHARING

    def _tells(self, feature: int) -> bool:
        return 1 < len(self._old.get(feature, ())) + self._more[feature] <= MOST_SHARING


def _unpacked(data: bytes) -> BlobFeatures:
    try:
        return BlobFeatures(data)
    except ValueError:
        return BlobFeatures(features(FileTokens(b"", (), ())))
