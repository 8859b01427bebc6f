"""Lazy tools for iterables: nothing is read before it is needed, and never more than needed."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
MISSING = object()


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; the last one may be shorter.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    if size < 1:
        raise ValueError("a batch holds at least one item")
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def windows(items: Iterable[T], width: int) -> Iterator[tuple[T, ...]]:
    """All runs of `width` neighbours; none if there are fewer items than that.

    >>> list(windows([1, 2, 3], 2))
    [(1, 2), (2, 3)]
    """
    window: deque[T] = deque(maxlen=width)
    for item in items:
        window.append(item)
        if len(window) == width:
            yield tuple(window)


def weave(*sources):
    """Takes one item of each source in turn; sources that are used up drop out.

    >>> list(weave("abc", "12"))
    ['a', '1', 'b', '2', 'c']
    """
    waiting = [iter(source) for source in sources]
    while waiting:
        for source in list(waiting):
            item = next(source, MISSING)
            if item is MISSING:
                waiting.remove(source)
            else:
                yield item


def flatten(items, depth=-1):
    """The items of nested lists and tuples, down to `depth` levels (all if negative).

    >>> list(flatten([1, [2, [3]]], 1))
    [1, 2, [3]]
    """
    for item in items:
        if isinstance(item, list | tuple) and depth != 0:
            yield from flatten(item, depth - 1)
        else:
            yield item


def merge_sorted(first: Iterable[T], second: Iterable[T]) -> Iterator[T]:
    """Two sorted iterables as one sorted one; equal items of the first come first.

    >>> list(merge_sorted([1, 4], [2, 3, 5]))
    [1, 2, 3, 4, 5]
    """
    left, right = iter(first), iter(second)
    a, b = next(left, MISSING), next(right, MISSING)
    while a is not MISSING and b is not MISSING:
        if b < a:
            yield b
            b = next(right, MISSING)
        else:
            yield a
            a = next(left, MISSING)
    if a is not MISSING:
        yield a
    yield from left
    if b is not MISSING:
        yield b
    yield from right


def without_repeats(items: Iterable[T], key: Callable[[T], object] | None = None) -> Iterator[T]:
    """Each item the first time that it (or its key) comes up.

    >>> list(without_repeats("aAbB", str.lower))
    ['a', 'b']
    """
    seen = set()
    for item in items:
        mark = item if key is None else key(item)
        if mark in seen:
            continue
        seen.add(mark)
        yield item


def until_stable(step: Callable[[T], T], value: T, limit: int = 100) -> Iterator[T]:
    """The value and what `step` makes of it again and again, until it no longer changes or after `limit` steps.

    >>> list(until_stable(lambda n: n // 2, 5))
    [5, 2, 1, 0]
    """
    yield value
    for _ in range(limit):
        after = step(value)
        if after == value:
            return
        yield after
        value = after


def running(items, combine, start=0):
    """Totals so far.

    >>> list(running([1, 2, 3], lambda a, b: a + b))
    [1, 3, 6]
    """
    total = start
    for item in items:
        total = combine(total, item)
        yield total


def tail(items: Iterable[T], count: int) -> list[T]:
    """The last `count` items of any iterable.

    >>> tail(iter("abcd"), 2)
    ['c', 'd']
    """
    return list(deque(items, maxlen=count))
