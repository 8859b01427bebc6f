"""Copies in code: functions that are alike, found by what they share, and equal runs of statements.

Every blob has its `features`, made once. `CloneIndex` holds those of all blobs and follows what changes: whether two
functions are alike depends on these two alone, and whether they are compared at all on features that few others
have. So only what shares something with a change is looked at again, and the answer is that of a fresh start.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, KeysView, Mapping, Sequence
from itertools import chain
from typing import Self

from gitops_healer.code.clones.columns import Columns
from gitops_healer.code.clones.families import CloneOptions, RawFamily, RawPlace, families_of
from gitops_healer.code.clones.features import BlobFeatures, FileTokens, FunctionSpan, features
from gitops_healer.code.clones.groups import Groups, Pair
from gitops_healer.code.clones.likeness import Likeness
from gitops_healer.code.clones.runs import Run, RunFinder
from gitops_healer.code.clones.state import State, pack, unpack
from gitops_healer.code.clones.variation import what_varies

__all__ = [
    "CloneIndex",
    "CloneOptions",
    "FileTokens",
    "FunctionSpan",
    "RawFamily",
    "RawPlace",
    "features",
    "what_varies",
]

_NOTHING: frozenset[int] = frozenset()
MOST_SHARING = 40
"""A feature that more functions have tells nothing."""


class CloneIndex:
    """All blobs of a commit, what is alike among their functions, and their equal runs."""

    def __init__(self, options: CloneOptions) -> None:
        self._options = options
        self._blobs: dict[str, BlobFeatures] = {}
        self._pairs: dict[Pair, int] = {}
        self._groups = Groups()
        self._frequent: dict[int, int] = {}
        self._runs: dict[int, list[Run]] = {}
        self._columns: Columns | None = None

    @property
    def blobs(self) -> KeysView[str]:
        """The ids of all blobs in it."""
        return self._blobs.keys()

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
        shift = _Shift(self._frequent, lost, new)
        if len(total) > len(new):
            shift.see(columns.sharing(shift.open, new.keys()))
        self._frequent = shift.frequent
        come = Likeness(self._blobs, columns, self._options.similarity, self._options.min_tokens).pairs(
            shift.candidates()
        )
        gone = {pair for pair in self._pairs if pair[0] in lost or pair[1] in lost} if lost else set()
        gone |= self._unfounded(columns, shift.silenced())
        for pair in gone:
            del self._pairs[pair]
        self._pairs.update(come)
        self._groups.follow(self._pairs, {*chain.from_iterable(gone), *chain.from_iterable(come)})

    def _unfounded(self, columns: Columns, silenced: Sequence[set[int]]) -> set[Pair]:
        """The pairs that share nothing telling any more. silenced: who shares what has become frequent."""
        shared_by: dict[int, set[int]] = {}
        for number, keys in enumerate(silenced):
            for key in keys:
                shared_by.setdefault(key, set()).add(number)
        if not shared_by:
            return set()
        doubtful = [
            pair for pair in self._pairs if not shared_by.get(pair[0], _NOTHING).isdisjoint(shared_by.get(pair[1], ()))
        ]
        features_of = columns.features_by_key({*chain.from_iterable(doubtful)})
        return {
            (one, two)
            for one, two in doubtful
            if one in features_of
            and two in features_of
            and {*features_of[one]}.intersection(features_of[two]) <= self._frequent.keys()
        }

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
        return families_of(self._blobs, self._columns, list(self._groups), runs, paths_of, self._options)

    def dump(self) -> bytes:
        """Everything, for `load`."""
        return pack(
            State(
                self._options,
                {name: blob.data for name, blob in self._blobs.items()},
                self._pairs,
                list(self._groups.rows()),
                self._frequent,
                self._runs,
            )
        )

    @classmethod
    def load(cls, data: bytes, options: CloneOptions) -> Self | None:
        """What `dump` wrote, or None when it is damaged, of another version or made with other options."""
        state = unpack(data)
        if state is None or state.options != options:
            return None
        made = cls(options)
        made._blobs = {name: BlobFeatures(blob) for name, blob in state.blobs.items()}
        made._frequent = state.frequent
        made._pairs, made._groups, made._runs = state.pairs, Groups(state.groups), state.runs
        return made


class _Shift:
    """What a change does to who is compared with whom: those that share a feature which is not too frequent."""

    def __init__(
        self, frequent: Mapping[int, int], lost: Mapping[int, Iterable[int]], new: Mapping[int, Iterable[int]]
    ) -> None:
        """frequent: {feature: how many functions have it}, before, of those that have too many; lost, new: {key:
        features}."""
        self._new = new
        self._fewer = Counter(chain.from_iterable(lost.values()))
        self._more = Counter(chain.from_iterable(new.values()))
        self._staying: Mapping[int, set[int]] = {}
        self._was = frequent
        changed = self._fewer.keys() | self._more.keys()
        counts = {
            feature: frequent[feature] - self._fewer[feature] + self._more[feature]
            for feature in changed & frequent.keys()
        }
        still = {feature: number for feature, number in counts.items() if number > MOST_SHARING}
        self.open = changed - still.keys()
        """Features of which it has to be seen who has them."""
        self.frequent = {
            **{feature: number for feature, number in frequent.items() if feature not in changed},
            **still,
            **{feature: self._more[feature] for feature in self.open if self._more[feature] > MOST_SHARING},
        }
        """Those that have too many now."""

    def see(self, staying: Mapping[int, set[int]]) -> None:
        """staying: {open feature: keys of functions that were and are there}."""
        self._staying = staying
        for feature, keys in staying.items():
            number = len(keys) + self._more[feature]
            if number > MOST_SHARING:
                self.frequent[feature] = number

    def silenced(self) -> list[set[int]]:
        """Who stays and shares a feature that has become too frequent."""
        return [
            keys for feature, keys in self._staying.items() if feature in self.frequent and feature not in self._was
        ]

    def candidates(self) -> Iterator[tuple[int, Collection[int]]]:
        """(key, others to compare with), each pair once."""
        for feature, keys in self._staying.items():
            if feature in self._was and feature not in self.frequent:
                ordered = sorted(keys)
                yield from ((key, ordered[:place]) for place, key in enumerate(ordered))
        sharing = {
            feature: list(self._staying.get(feature, ()))
            for feature, number in self._more.items()
            if feature not in self.frequent and number + len(self._staying.get(feature, ())) > 1
        }
        telling = sharing.keys()
        for key, own in self._new.items():
            others: set[int] = set()
            for feature in telling & own:
                others.update(sharing[feature])
                sharing[feature].append(key)
            if others:
                yield key, others


def _unpacked(data: bytes) -> BlobFeatures:
    return BlobFeatures.checked(data) or BlobFeatures(features(FileTokens(b"", (), ())))
