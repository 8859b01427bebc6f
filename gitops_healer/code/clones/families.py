"""From what is alike to families of places."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

from gitops_healer.code.clones.columns import Columns
from gitops_healer.code.clones.features import BlobFeatures, statement_chunks
from gitops_healer.code.clones.groups import Group
from gitops_healer.code.clones.runs import Run, Side, grouped

_INNER = ".<locals>."
_SLACK = 3
"""So many tokens less, and one line less, are enough where copies are exact."""
_COVERED = 0.7
"""A run is left out when families of functions already show so much of it."""


class CloneOptions(NamedTuple):
    """min_lines, min_tokens (names do not count): least size of a function, unless its copies are exact and only a
    little smaller; similarity: least share of common tokens, 0 to 1."""

    min_lines: int = 5
    min_tokens: int = 25
    similarity: float = 0.68


class RawPlace(NamedTuple):
    """symbol: qualified name of the function, or of the one around; "" where there is none."""

    path: str
    start: int
    end: int
    symbol: str


class RawFamily(NamedTuple):
    """Copies. exact: whether nothing but names of variables, literals, layout and comments can differ; similarity: 0
    to 1, the least of two that were compared; places: two or more, sorted; shape: stays the same when the code moves;
    whole: whether the places are functions rather than parts of them."""

    exact: bool
    similarity: float
    places: tuple[RawPlace, ...]
    shape: str
    whole: bool = True


class _Reader:
    """Turns functions and runs into places."""

    def __init__(
        self,
        blobs: Mapping[str, BlobFeatures],
        columns: Columns,
        paths_of: Mapping[str, Sequence[str]],
        options: CloneOptions,
    ) -> None:
        self._blobs = blobs
        self._columns = columns
        self._paths_of = paths_of
        self._options = options

    def functions(self, numbers: Iterable[int], exact: bool) -> list[RawPlace]:
        """The places of functions, unless all of them are too small."""
        places, is_long = [], False
        least_tokens = self._options.min_tokens - (_SLACK if exact else 0)
        for number in numbers:
            blob_id, own = self._columns.occurrence(number)
            paths = self._paths_of.get(blob_id)
            if not paths:
                continue
            blob = self._blobs[blob_id]
            function = blob.function(own)
            if function.size < least_tokens:
                continue
            is_long = is_long or function.end - function.start + 1 >= self._options.min_lines - exact
            symbol = blob.symbols[own]
            places += [RawPlace(path, function.start, function.end, symbol) for path in paths]
        places = _outermost(sorted(places)) if is_long else []
        return places if len(places) > 1 else []

    def run(self, side: Side) -> list[RawPlace]:
        """The places of equal statements."""
        paths = self._paths_of.get(side.blob)
        if not paths or side.end - side.start + 1 < self._options.min_lines:
            return []
        symbol = self._blobs[side.blob].symbols[side.function - 1] if side.function else ""
        return [RawPlace(path, side.start, side.end, symbol) for path in paths]


def _outermost(places: Sequence[RawPlace]) -> list[RawPlace]:
    """Without functions that stand inside of others. places: sorted."""
    found: list[RawPlace] = []
    for place in places:
        if not found or found[-1].path != place.path or found[-1].end < place.start:
            found.append(place)
    return found


def families_of(
    blobs: Mapping[str, BlobFeatures],
    columns: Columns,
    groups: Sequence[Group],
    runs: Sequence[Run],
    paths_of: Mapping[str, Sequence[str]],
    options: CloneOptions,
) -> tuple[RawFamily, ...]:
    """The families in the order of their first places."""
    reader = _Reader(blobs, columns, paths_of, options)
    whole = _without_inner(list(_functions(reader, columns, groups, paths_of)))
    parts = _parts(reader, blobs, runs, whole)
    return tuple(sorted([*whole, *parts], key=lambda family: (family.places, family.shape)))


def _functions(
    reader: _Reader, columns: Columns, groups: Sequence[Group], paths_of: Mapping[str, Sequence[str]]
) -> Iterator[RawFamily]:
    compared = {key for found in groups for key in found.members}
    repeated = {key for key, number in columns.count_keys().items() if number > 1}
    repeated.update(key for blob, paths in paths_of.items() if len(paths) > 1 for key in columns.keys_of(blob))
    numbers = columns.functions(compared | repeated)
    for members, least in groups:
        places = reader.functions([number for key in members for number in numbers[key]], exact=False)
        if places:
            yield RawFamily(False, least / 100, tuple(places), f"{members[0]:016x}")
    for key in repeated - compared:
        places = reader.functions(numbers[key], exact=True)
        if places:
            yield RawFamily(True, 1.0, tuple(places), f"{key:016x}")


class _Cover:
    """Which families show which lines of a file."""

    def __init__(self, families: Sequence[RawFamily]) -> None:
        self._by_path: dict[str, list[tuple[int, int, int]]] = {}
        for number, family in enumerate(families):
            for place in family.places:
                self._by_path.setdefault(place.path, []).append((place.start, place.end, number))

    def around(self, place: RawPlace) -> set[int]:
        """Families with a larger place around this one."""
        return {
            number
            for start, end, number in self._by_path.get(place.path, ())
            if start <= place.start and place.end <= end and end - start > place.end - place.start
        }

    def inside(self, place: RawPlace) -> list[tuple[int, int, int]]:
        """(start, end, family) of what overlaps with this place, cut to it."""
        return [
            (max(start, place.start), min(end, place.end), number)
            for start, end, number in self._by_path.get(place.path, ())
            if start <= place.end and place.start <= end
        ]


def _without_inner(families: list[RawFamily]) -> list[RawFamily]:
    """Without families whose places all lie inside of the places of one other family."""
    nested = [family for family in families if all(_INNER in place.symbol for place in family.places)]
    if not nested:
        return families
    cover = _Cover(families)
    inner = {family for family in nested if set.intersection(*(cover.around(place) for place in family.places))}
    return [family for family in families if family not in inner]


def _parts(
    reader: _Reader, blobs: Mapping[str, BlobFeatures], runs: Sequence[Run], whole: Sequence[RawFamily]
) -> Iterator[RawFamily]:
    """Families of runs that no families of functions show."""
    cover = _Cover(whole)
    for sides in grouped(runs):
        places = sorted(place for side in sides for place in reader.run(side))
        places = [place for place in places if not _is_shown(place, places, cover)]
        if len(places) > 1:
            chunks = statement_chunks(blobs[sides[0].blob].tokens)
            shape = crc32(b"".join(chunks[sides[0].first : sides[0].first + sides[0].length]))
            yield RawFamily(True, 1.0, tuple(places), f"{shape:08x}", whole=False)


def _is_shown(place: RawPlace, places: Sequence[RawPlace], cover: _Cover) -> bool:
    """Whether families that also have a part of another place already show most of this one."""
    elsewhere = {number for other in places if other != place for _, _, number in cover.inside(other)}
    lines: set[int] = set()
    for start, end, number in cover.inside(place):
        if number in elsewhere:
            lines.update(range(start, end + 1))
    return len(lines) >= _COVERED * (place.end - place.start + 1)
