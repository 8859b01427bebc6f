"""The features of all blobs side by side, so that one sweep finds everybody who shares something."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate, compress, count
from typing import NamedTuple

from gitops_healer.code.clones.features import BlobFeatures

_MOST_SOUGHT = 0.2
"""When a larger share is sought, what occurs once is left out first."""


class Occurrence(NamedTuple):
    """A function of a blob. number: among those of its blob."""

    blob: str
    number: int


class Instance(NamedTuple):
    """A window of statements. statement: number of its first one in its blob."""

    blob: str
    statement: int


class Columns:
    """blobs: {blob id: features}, read only. The order of the blobs does not show in any answer."""

    def __init__(self, blobs: Mapping[str, BlobFeatures]) -> None:
        self._blobs = blobs
        self._names = list(blobs)
        parts = blobs.values()
        self._keys = _joined("Q", (part.keys for part in parts))
        self._counts = array("I", (size for part in parts for size in part.feature_counts))
        self._features = _joined("I", (part.features for part in parts))
        self._windows = _joined("I", (part.windows for part in parts))
        self._positions = _joined("I", (part.positions for part in parts))
        self._first_functions = _starts(len(part.keys) // 8 for part in parts)
        self._first_windows = _starts(len(part.windows) // 4 for part in parts)
        self._first_features = _starts(self._counts)
        self._key_counts: Counter[int] | None = None

    @property
    def windows(self) -> "array[int]":
        """The hash of each window."""
        return self._windows

    def count_keys(self) -> Counter[int]:
        """How many functions have each key."""
        if self._key_counts is None:
            self._key_counts = Counter(self._keys)
        return self._key_counts

    def keys_of(self, blob: str) -> "array[int]":
        """The keys of the functions of one blob."""
        return array("Q", self._blobs[blob].keys) if blob in self._blobs else array("Q")

    def features_by_key(self, wanted: Collection[int]) -> dict[int, "array[int]"]:
        """{key: its features}."""
        return {key: self._features_of(numbers[0]) for key, numbers in self.functions(wanted).items()}

    def _features_of(self, function: int) -> "array[int]":
        first = self._first_features[function]
        return self._features[first : first + self._counts[function]]

    def occurrence(self, function: int) -> Occurrence:
        blob = bisect_right(self._first_functions, function) - 1
        return Occurrence(self._names[blob], function - self._first_functions[blob])

    def functions(self, wanted: Collection[int]) -> dict[int, list[int]]:
        """{key: numbers of the functions that have it}."""
        found: dict[int, list[int]] = {}
        for number in compress(count(), map(wanted.__contains__, self._keys)):
            found.setdefault(self._keys[number], []).append(number)
        return found

    def sharing(self, wanted: Collection[int], without: Collection[int]) -> dict[int, set[int]]:
        """{feature: keys of the functions that have it}, for those wanted. without: keys that do not count."""
        found: dict[int, set[int]] = {}
        keys, features, starts = self._keys, self._features, self._first_features
        for place in compress(count(), map(wanted.__contains__, features)):
            key = keys[bisect_right(starts, place) - 1]
            if key not in without:
                found.setdefault(features[place], set()).add(key)
        return found

    def repeated_windows(self, wanted: Collection[int]) -> dict[int, list[Instance]]:
        """{hash: its instances, sorted}, for those wanted that occur more than once."""
        found: dict[int, list[Instance]] = {}
        windows, starts, names = self._windows, self._first_windows, self._names
        wanted = _repeated(wanted, windows)
        for place in compress(count(), map(wanted.__contains__, windows)):
            blob = names[bisect_right(starts, place) - 1]
            found.setdefault(windows[place], []).append(Instance(blob, self._positions[place]))
        return {window: sorted(instances) for window, instances in found.items() if len(instances) > 1}


def _joined(kind: str, parts: Iterable[bytes]) -> "array[int]":
    return array(kind, b"".join(parts))


def _starts(sizes: Iterable[int]) -> "array[int]":
    """Where each part begins."""
    return array("I", accumulate(sizes, initial=0))


def _repeated(wanted: Collection[int], column: "array[int]") -> Collection[int]:
    if len(wanted) < _MOST_SOUGHT * len(column):
        return wanted
    counted = Counter(column)
    return {item for item in wanted if counted[item] > 1}
