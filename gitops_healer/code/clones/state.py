"""How a `CloneIndex` is kept between two scans: a little JSON and arrays of numbers."""

import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from struct import Struct, error
from typing import NamedTuple
from zlib import crc32

from gitops_healer.code.clones.families import CloneOptions
from gitops_healer.code.clones.groups import Group, Pair
from gitops_healer.code.clones.runs import Run, Side

_MAGIC = b"CI1" + sys.byteorder[:1].encode()
_HEADER = Struct("<4sIQ")
_SIDE = len(Side._fields)


class State(NamedTuple):
    """blobs: {blob id: features}; pairs: {keys: percent}; groups: (component, group); frequent: {feature: how many
    functions have it}; runs: {window: runs that it is the anchor of}."""

    options: CloneOptions
    blobs: dict[str, bytes]
    pairs: dict[Pair, int]
    groups: list[tuple[int, Group]]
    frequent: dict[int, int]
    runs: dict[int, list[Run]]


def pack(state: State) -> bytes:
    numbers = {blob: number for number, blob in enumerate(state.blobs)}
    columns = (
        array("Q", [key for pair in state.pairs for key in pair]).tobytes(),
        array("B", state.pairs.values()).tobytes(),
        array("Q", list(_group_numbers(state.groups))).tobytes(),
        array("I", [*state.frequent, *state.frequent.values()]).tobytes(),
        array("I", list(_run_numbers(state.runs, numbers))).tobytes(),
        *state.blobs.values(),
    )
    head = json.dumps([list(state.options), list(state.blobs), list(map(len, columns))], separators=(",", ":"))
    body = b"".join((head.encode("ascii"), *columns))
    return _HEADER.pack(_MAGIC, crc32(body), len(head)) + body


def unpack(data: bytes) -> State | None:
    """None when the bytes are not what `pack` makes."""
    try:
        magic, checksum, size = _HEADER.unpack_from(data)
        if magic != _MAGIC or crc32(memoryview(data)[_HEADER.size :]) != checksum:
            return None
        options, names, sizes = json.loads(data[_HEADER.size : _HEADER.size + size])
        offsets = list(accumulate(sizes, initial=_HEADER.size + size))
        if offsets[-1] != len(data) or len(sizes) != len(names) + 5:
            return None
        keys, percents, groups, frequent, numbers, *blobs = (data[start:end] for start, end in pairwise(offsets))
        pairs = array("Q", keys)
        return State(
            CloneOptions(*options),
            dict(zip(names, blobs, strict=True)),
            dict(zip(zip(pairs[::2], pairs[1::2], strict=True), percents, strict=True)),
            list(_groups(array("Q", groups))),
            _halves(array("I", frequent)),
            _runs(array("I", numbers), names),
        )
    except (error, ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return None


def _halves(numbers: "array[int]") -> dict[int, int]:
    return dict(zip(numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :], strict=True))


def _group_numbers(groups: Iterable[tuple[int, Group]]) -> Iterator[int]:
    for component, (members, least) in groups:
        yield from (component, least, len(members), *members)


def _groups(numbers: "array[int]") -> Iterator[tuple[int, Group]]:
    at = 0
    while at < len(numbers):
        component, least, size = numbers[at : at + 3]
        yield component, Group(tuple(numbers[at + 3 : at + 3 + size]), least)
        at += 3 + size


def _run_numbers(runs: Mapping[int, Sequence[Run]], numbers: Mapping[str, int]) -> Iterator[int]:
    for window, found in runs.items():
        for run in found:
            yield window
            for side in run:
                yield from (numbers[side.blob], *side[1:])


def _runs(numbers: "array[int]", names: Sequence[str]) -> dict[int, list[Run]]:
    found: dict[int, list[Run]] = {}
    for at in range(0, len(numbers), 2 * _SIDE + 1):
        left, right = at + 1, at + 1 + _SIDE
        run = Run(
            Side(names[numbers[left]], *numbers[left + 1 : right]),
            Side(names[numbers[right]], *numbers[right + 1 : right + _SIDE]),
        )
        found.setdefault(numbers[at], []).append(run)
    return found
