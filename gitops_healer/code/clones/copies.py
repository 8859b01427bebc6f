"""The families of copies of one commit: from the index that the scan before left, and what changed since."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gitops_healer.code.clones.index import CloneIndex, CloneOptions, RawFamily
from gitops_healer.code.clones.variation import what_varies
from gitops_healer.code.fact_store import SCHEMA, FactCache, FactStore
from gitops_healer.code.roles import is_test_path
from gitops_healer.code.shape import lines_of
from gitops_healer.core.codec import digest
from gitops_healer.core.scanning import CloneFamily, Place

_COMPARED = 3
"""Places of a family whose texts are held side by side."""


def copies_in(
    files: Mapping[str, Any],
    store: FactStore,
    cache: FactCache,
    options: CloneOptions,
    text_of: Callable[[str], str],
) -> tuple[CloneFamily, ...]:
    """What is copied among these files ({path: file with blob and size}), in a fixed order."""
    paths_of: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    for path, file in files.items():
        paths_of.setdefault(file.blob, []).append(path)
        sizes[file.blob] = file.size
    families = _raw(paths_of, sizes, store, cache, options)
    blobs = {path: file.blob for path, file in files.items()}
    return _Texts(blobs, text_of, cache).told(families)


def _raw(
    paths_of: Mapping[str, Sequence[str]],
    sizes: Mapping[str, int],
    store: FactStore,
    cache: FactCache,
    options: CloneOptions,
) -> tuple[RawFamily, ...]:
    key = f"copies:{SCHEMA}:{digest(list(options))}"
    kept = cache.get_many([key]).get(key)
    index = (CloneIndex.load(kept, options) if kept else None) or CloneIndex(options)
    held = set(index.blobs)
    gone, new = held - paths_of.keys(), paths_of.keys() - held
    if gone or new:
        index.update(gone, store.clones({blob: sizes[blob] for blob in sorted(new)}))
        cache.put_many({key: index.dump()})
    return index.families(paths_of)


class _Texts:
    """Says what differs between copies; what was said of the same texts before is remembered."""

    def __init__(self, blobs: Mapping[str, str], text_of: Callable[[str], str], cache: FactCache) -> None:
        self._blobs = blobs
        self._text_of = text_of
        self._cache = cache
        self._lines: dict[str, list[str]] = {}

    def told(self, families: Sequence[RawFamily]) -> tuple[CloneFamily, ...]:
        key = f"varies:{SCHEMA}"
        known: dict[str, list[str]] = json.loads(self._cache.get_many([key]).get(key, b"{}"))
        said = {}
        made = []
        for family in families:
            if not family.exact and all(is_test_path(place.path) for place in family.places):
                made.append(_family(family, ()))  # tests grow by copying: thousands of them, and nobody asks
                continue
            mark = self._mark(family)
            said[mark] = known[mark] if mark in known else list(what_varies(self._sources(family)))
            made.append(_family(family, tuple(said[mark])))
        if said.keys() - known.keys():
            self._cache.put_many({key: json.dumps(said, separators=(",", ":")).encode("ascii")})
        return tuple(made)

    def _mark(self, family: RawFamily) -> str:
        return " ".join(
            f"{self._blobs[place.path][:16]}:{place.start}:{place.end}" for place in family.places[:_COMPARED]
        )

    def _sources(self, family: RawFamily) -> list[str]:
        return ["".join(self._of(place.path)[place.start - 1 : place.end]) for place in family.places[:_COMPARED]]

    def _of(self, path: str) -> list[str]:
        if path not in self._lines:
            self._lines[path] = lines_of(self._text_of(path))
        return self._lines[path]


def _family(family: RawFamily, varies: tuple[str, ...]) -> CloneFamily:
    kind = 3 if not family.exact else 2 if varies else 1
    places = tuple(Place(place.path, place.start, place.end, place.symbol) for place in family.places)
    return CloneFamily(kind, family.similarity, places, varies, family.shape)
