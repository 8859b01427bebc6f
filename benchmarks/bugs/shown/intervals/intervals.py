"""Sets of whole numbers as half-open intervals: (2, 5) is 2, 3, 4.

A set is a list of intervals in order that neither overlap nor touch; `merged` makes such a list of any intervals.
"""

from bisect import bisect_right

Interval = tuple[int, int]


def merged(intervals: list[Interval]) -> list[Interval]:
    """The set of all numbers in any of the intervals; empty intervals vanish.

    >>> merged([(5, 7), (1, 3), (3, 4), (6, 9)])
    [(1, 4), (5, 9)]
    """
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def size(intervals: list[Interval]) -> int:
    """How many numbers a set has."""
    return sum(end - start for start, end in intervals)


def contains(intervals: list[Interval], number: int) -> bool:
    """Whether a set has the number."""
    index = bisect_right(intervals, number, key=lambda interval: interval[0]) - 1
    return index >= 0 and number < intervals[index][1]


def intersection(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """The numbers that two sets have in common."""
    result = []
    one = other = 0
    while one < len(left) and other < len(right):
        start = max(left[one][0], right[other][0])
        end = min(left[one][1], right[other][1])
        if start < end:
            result.append((start, end))
        if left[one][1] < right[other][1]:
            one += 1
        else:
            other += 1
    return result


def difference(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """The numbers of the left set that the right one does not have."""
    result = []
    for start, end in left:
        for cut_start, cut_end in right:
            if cut_end <= start:
                continue
            if cut_start >= end:
                break
            if start < cut_start:
                result.append((start, cut_start))
            start = cut_end
        if start < end:
            result.append((start, end))
    return result


def gaps(intervals: list[Interval], within: Interval) -> list[Interval]:
    """The numbers within an interval that a set does not have."""
    free = []
    position, limit = within
    for start, end in intervals:
        if start > position:
            free.append((position, min(start, limit)))
        position = max(position, end)
        if position >= limit:
            return free
    free.append((position, limit))
    return free


def most_at_once(intervals: list[Interval]) -> int:
    """How many of any intervals contain the same number, at most; where one ends another may begin."""
    events = []
    for start, end in intervals:
        events.append((start, 1))
        events.append((end, -1))
    running = most = 0
    for _, change in sorted(events):
        running += change
        most = max(most, running)
    return most


def first_free(intervals: list[Interval], length: int, start: int = 0) -> int:
    """The smallest number from `start` on at which `length` numbers in a row are not in a set."""
    for begin, end in intervals:
        if end <= start:
            continue
        if begin - start >= length:
            break
        start = end
    return start


def to_text(intervals: list[Interval]) -> str:
    """The set with both ends named, such as "1-3, 7, 9-10"."""
    parts = []
    for start, end in intervals:
        parts.append(str(start) if end - start == 1 else f"{start}-{end - 1}")
    return ", ".join(parts)


def from_text(text: str) -> list[Interval]:
    """The set that a text such as "9-10, 1-3,7" names; ValueError for what is no number or runs backwards."""
    intervals = []
    for part in text.split(","):
        if not part.strip():
            continue
        first, _, last = part.partition("-")
        if int(last or first) < int(first):
            raise ValueError(f"{part} runs backwards")
        intervals.append((int(first), int(last or first) + 1))
    return merged(intervals)
