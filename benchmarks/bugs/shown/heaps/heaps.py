"""Heaps at work: a priority queue whose entries can change, a running median, merging and best-of lists."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator


class ChangeableQueue:
    """A priority queue of distinct items; the smallest priority leaves first, the earlier item between equals."""

    def __init__(self) -> None:
        self.entries: list[list] = []  # a heap of [priority, arrival, item]
        self.places: dict[object, int] = {}
        self.arrivals = 0

    def __len__(self) -> int:
        return len(self.entries)

    def push(self, item: object, priority: float) -> None:
        """Adds an item, or changes its priority when it is waiting; it keeps its arrival then."""
        if item in self.places:
            place = self.places[item]
            self.entries[place][0] = priority
        else:
            place = len(self.entries)
            self.entries.append([priority, self.arrivals, item])
            self.places[item] = place
            self.arrivals += 1
        self._up(place)
        self._down(self.places[item])

    def pop(self) -> object:
        """Removes and returns the first item; IndexError when nothing waits."""
        if not self.entries:
            raise IndexError("the queue is empty")
        item = self.entries[0][2]
        self.remove(item)
        return item

    def remove(self, item: object) -> None:
        """Removes an item wherever it waits; KeyError when it does not."""
        place = self.places[item]
        self._swap(place, len(self.entries) - 1)
        self.entries.pop()
        del self.places[item]
        if place < len(self.entries):
            self._up(place)
            self._down(place)

    def _before(self, one: int, other: int) -> bool:
        return self.entries[one][:2] < self.entries[other][:2]

    def _swap(self, one: int, other: int) -> None:
        self.entries[one], self.entries[other] = self.entries[other], self.entries[one]
        self.places[self.entries[one][2]] = one
        self.places[self.entries[other][2]] = other

    def _up(self, place: int) -> None:
        while place > 0 and self._before(place, (place - 1) // 2):
            self._swap(place, (place - 1) // 2)
            place = (place - 1) // 2

    def _down(self, place: int) -> None:
        while True:
            first = place
            for child in (2 * place + 1, 2 * place + 2):
                if child < len(self.entries) and self._before(child, first):
                    first = child
            if first == place:
                return
            self._swap(place, first)
            place = first


class RunningMedian:
    """The median of all numbers added so far."""

    def __init__(self) -> None:
        self.low: list[float] = []  # negated: a heap with the largest first
        self.high: list[float] = []

    def add(self, number: float) -> None:
        if self.low and number < -self.low[0]:
            heapq.heappush(self.low, -number)
        else:
            heapq.heappush(self.high, number)
        if len(self.low) > len(self.high):
            heapq.heappush(self.high, -heapq.heappop(self.low))
        elif len(self.high) > len(self.low) + 1:
            heapq.heappush(self.low, -heapq.heappop(self.high))

    def median(self) -> float | None:
        """The middle number, or the mean of the two in the middle; None before the first number."""
        if not self.high:
            return None
        if len(self.high) > len(self.low):
            return self.high[0]
        return (self.high[0] - self.low[0]) / 2


def merge_streams(streams: list[Iterable[int]]) -> Iterator[int]:
    """The numbers of sorted streams in order, each number once."""
    heap = []
    for index, stream in enumerate(streams):
        iterator = iter(stream)
        for number in iterator:
            heap.append((number, index, iterator))
            break
    heapq.heapify(heap)
    last = None
    while heap:
        number, index, iterator = heapq.heappop(heap)
        if number != last:
            yield number
        last = number
        for following in iterator:
            heapq.heappush(heap, (following, index, iterator))
            break


def most_frequent(words: Iterable[str], count: int) -> list[str]:
    """The most frequent words, most frequent first, in the order of the alphabet between equals."""
    numbers = Counter(words)
    return heapq.nsmallest(count, numbers, key=lambda word: (-numbers[word], word))


def finish_time(durations: Iterable[int], workers: int) -> int:
    """When all jobs are done if each goes, in the given order, to the worker who is free first."""
    free_at = [0] * workers
    finished = 0
    for duration in durations:
        done = heapq.heappop(free_at) + duration
        finished = max(finished, done)
        heapq.heappush(free_at, done)
    return finished


def join_cost(lengths: Iterable[int]) -> int:
    """The least total cost of joining ropes to one; joining two costs their common length."""
    heap = list(lengths)
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        cost += joined
        heapq.heappush(heap, joined)
    return cost
