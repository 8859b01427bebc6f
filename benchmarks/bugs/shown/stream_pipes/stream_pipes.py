"""Lazy steps over streams of values, to be put one behind the other."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

LONGEST_RUN = 255


def batches(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` values each; the last one may be shorter."""
    if size < 1:
        raise ValueError("size must be at least 1")
    batch: list[Any] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def windows(values: Iterable[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """All runs of `size` neighbours.

    >>> list(windows([1, 2, 3], 2))
    [(1, 2), (2, 3)]
    """
    window: deque[Any] = deque(maxlen=size)
    for value in values:
        window.append(value)
        if len(window) == size:
            yield tuple(window)


def flatten(values: Iterable[Any]) -> Iterator[Any]:
    """Values of nested lists and tuples, whatever the depth, in order. Texts are not taken apart."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from flatten(value)
        else:
            yield value


def running_mean(values: Iterable[float], start: float | None = None) -> Iterator[float]:
    """The mean of all values up to each one; with `start` as one more value before the first."""
    total = 0.0 if start is None else start
    count = 0 if start is None else 1
    for value in values:
        total += value
        count += 1
        yield total / count


def run_lengths(values: Iterable[Any]) -> Iterator[tuple[Any, int]]:
    """Each value and how often it stands in a row; rows above 255 are divided."""
    count = 0
    current = None
    for value in values:
        if count and value == current and count < LONGEST_RUN:
            count += 1
            continue
        if count:
            yield current, count
        current, count = value, 1
    if count:
        yield current, count


def distinct(
    values: Iterable[Any], key: Callable[[Any], Any] | None = None, within: int | None = None
) -> Iterator[Any]:
    """Values whose key was not seen before, or not among the last `within` distinct keys."""
    seen: deque[Any] = deque(maxlen=within)
    for value in values:
        mark = value if key is None else key(value)
        if mark in seen:
            continue
        seen.append(mark)
        yield value


def interleave(*streams: Iterable[Any]) -> Iterator[Any]:
    """One value of each stream in turn; streams that have ended are passed over."""
    waiting = deque(iter(stream) for stream in streams)
    while waiting:
        stream = waiting.popleft()
        try:
            value = next(stream)
        except StopIteration:
            continue
        yield value
        waiting.append(stream)


def merge_sorted(left: Iterable[Any], right: Iterable[Any]) -> Iterator[Any]:
    """Both sorted streams as one sorted stream; of equal values the left one comes first."""
    end = object()
    left, right = iter(left), iter(right)
    one, other = next(left, end), next(right, end)
    while one is not end and other is not end:
        if other < one:
            yield other
            other = next(right, end)
        else:
            yield one
            one = next(left, end)
    if one is not end:
        yield one
        yield from left
    if other is not end:
        yield other
        yield from right


def between(lines: Iterable[str], start: str, end: str) -> Iterator[str]:
    """Lines between a line `start` and a line `end`, without these; several such blocks are possible."""
    inside = False
    for line in lines:
        if line == start:
            inside = True
        elif line == end:
            inside = False
        elif inside:
            yield line


def unwrap(lines: Iterable[str]) -> Iterator[str]:
    """Join lines that end in a backslash with the line that follows; the backslash goes."""
    held = ""
    for line in lines:
        if line.endswith("\\"):
            held += line[:-1]
            continue
        yield held + line
        held = ""
    if held:
        yield held


class Pipe:
    """Steps in a row: `Pipe(data).map(f).keep(g).take(3).list()`. Nothing runs before the end is asked for."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def map(self, change: Callable[[Any], Any]) -> "Pipe":
        return Pipe(change(value) for value in self._values)

    def keep(self, test: Callable[[Any], bool]) -> "Pipe":
        return Pipe(value for value in self._values if test(value))

    def then(self, step: Callable[..., Iterator[Any]], *options: Any) -> "Pipe":
        """Go on with any step of this module."""
        return Pipe(step(self._values, *options))

    def take(self, count: int) -> "Pipe":
        """The first so many values; not one more is read."""
        return Pipe(self._first(count))

    def list(self) -> list[Any]:
        return list(self._values)

    def _first(self, count: int) -> Iterator[Any]:
        if count <= 0:
            return
        for number, value in enumerate(self._values, start=1):
            yield value
            if number == count:
                return
