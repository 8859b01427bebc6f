"""How a `CloneIndex` is kept between two scans: a little JSON and arrays of numbers."""

import json
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from struct import Struct, error
from typing import Any, NamedTuple

from gitops_healer.code.clone_families import CloneOptions
from gitops_healer.code.clone_groups import Pair
from gitops_healer.code.clone_runs import Run

_MAGIC = b"CI1" + sys.byteorder[:1].encode()
_HEADER = Struct("<4sQ")
_RUN = 6


class State(NamedTuple):
    """blobs: {blob id: features}; pairs: {keys: percent}; runs: {window: runs that it is the anchor of}."""

    options: CloneOptions
    blobs: dict[str, bytes]
    pairs: dict[Pair, int]
    runs: dict[int, list[Run]]


def pack(state: State) -> bytes:
    numbers = {blob: number for number, blob in enumerate(state.blobs)}
    columns = (
        array("Q", [key for pair in state.pairs for key in pair]).tobytes(),
        array("B", state.pairs.values()).tobytes(),
        array("I", list(_run_numbers(state.runs, numbers))).tobytes(),
        *state.blobs.values(),
    )
    head = json.dumps([list(state.options), list(state.blobs), list(map(len, columns))], separators=(",", ":"))
    return b"".join((_HEADER.pack(_MAGIC, len(head)), head.encode("ascii"), *columns))


def unpack(data: bytes) -> State | None:
    """None when the bytes are not what `pack` makes."""
    try:
        magic, size = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            return None
        options, names, sizes = json.loads(data[_HEADER.size : _HEADER.size + size])
        offsets = list(accumulate(sizes, initial=_HEADER.size + size))
        if offsets[-1] != len(data) or len(sizes) != len(names) + 3:
            return None
        keys, percents, numbers, *blobs = (data[start:end] for start, end in pairwise(offsets))
        pairs = array("Q", keys)
        return State(
            CloneOptions(*options),
            dict(zip(names, blobs, strict=True)),
            dict(zip(zip(pairs[::2], pairs[1::2], strict=True), percents, strict=True)),
            _runs(array("I", numbers), names),
        )
    except (error, ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return None


def _run_numbers(runs: Mapping[int, Sequence[Run]], numbers: Mapping[str, int]) -> Iterator[int]:
    for window, found in runs.items():
        for run in found:
            yield from (window, numbers[run.left], run.first, numbers[run.right], run.second, run.length)


def _runs(numbers: "array[int]", names: Sequence[Any]) -> dict[int, list[Run]]:
    found: dict[int, list[Run]] = {}
    for at in range(0, len(numbers), _RUN):
        window, left, first, right, second, length = numbers[at : at + _RUN]
        found.setdefault(window, []).append(Run(names[left], first, names[right], second, length))
    return found
