"""Plans that are best of all, found by dynamic programming."""

from bisect import bisect_right
from dataclasses import dataclass

PASSES = {1: 4, 7: 18, 30: 60}  # days of validity: price


@dataclass(frozen=True)
class Booking:
    """Somebody wants a room from day `start` up to, but not including, day `end`, and pays `price`."""

    start: int
    end: int
    price: int


def cheapest_path(costs: list[list[int]]) -> int:
    """The least sum of costs on a way from the top left to the bottom right cell, going right or down only.

    The grid has at least one cell and rows of the same length.
    """
    best = [0] * len(costs[0])
    for row, line in enumerate(costs):
        for column, cost in enumerate(line):
            if row == 0 and column == 0:
                best[column] = cost
            elif row == 0:
                best[column] = best[column - 1] + cost
            elif column == 0:
                best[column] = best[column] + cost
            else:
                best[column] = min(best[column - 1], best[column]) + cost
    return best[-1]


def best_cuts(length: int, prices: dict[int, int]) -> tuple[int, list[int]]:
    """The highest price for a bar that may be cut, and the pieces sold, longest first.

    `prices` maps lengths of pieces to what they bring; what is left over brings nothing.
    """
    best = [0] * (length + 1)
    piece_at: list[int | None] = [None] * (length + 1)
    for size in range(1, length + 1):
        best[size] = best[size - 1]
        for piece in sorted(prices):
            if piece <= size and best[size - piece] + prices[piece] > best[size]:
                best[size] = best[size - piece] + prices[piece]
                piece_at[size] = piece
    pieces = []
    size = length
    while size > 0:
        piece = piece_at[size]
        if piece is None:
            size -= 1
        else:
            pieces.append(piece)
            size -= piece
    return best[length], sorted(pieces, reverse=True)


def best_income(bookings: list[Booking]) -> int:
    """The most that one room can earn with bookings that do not overlap.

    >>> best_income([Booking(1, 4, 50), Booking(3, 6, 70), Booking(4, 7, 30)])
    80
    """
    ordered = sorted(bookings, key=lambda booking: booking.end)
    ends = [booking.end for booking in ordered]
    best = [0]
    for index, booking in enumerate(ordered):
        before = bisect_right(ends, booking.start, 0, index)
        best.append(max(best[index], best[before] + booking.price))
    return best[-1]


def ticket_cost(days: list[int]) -> int:
    """The least price of passes (see PASSES) that cover all days of travel; the days are sorted and above 0."""
    if not days:
        return 0
    travel = set(days)
    best = [0] * (days[-1] + 1)
    for day in range(1, days[-1] + 1):
        if day not in travel:
            best[day] = best[day - 1]
        else:
            best[day] = min(best[max(0, day - valid)] + price for valid, price in PASSES.items())
    return best[-1]


def fairest_split(weights: list[int]) -> int:
    """The smallest possible difference between two groups into which all the weights are divided."""
    total = sum(weights)
    reachable = [True] + [False] * total
    for weight in weights:
        for size in range(total, weight - 1, -1):
            if reachable[size - weight]:
                reachable[size] = True
    return min(abs(total - 2 * size) for size in range(total + 1) if reachable[size])


def raggedness(words: list[str], width: int) -> int:
    """The least sum of squared blanks at line ends when words are set in lines; the last line costs nothing.

    No word is longer than the width.
    """
    count = len(words)
    best = [0] * (count + 1)
    for first in range(count - 1, -1, -1):
        options = []
        used = -1
        for after in range(first + 1, count + 1):
            used += 1 + len(words[after - 1])
            if used > width:
                break
            cost = 0 if after == count else (width - used) ** 2
            options.append(cost + best[after])
        best[first] = min(options)
    return best[0]


def tallest_tower(boxes: list[tuple[int, int]]) -> int:
    """The most boxes (width, depth) that can be stacked, each smaller in both directions than the one below."""
    ordered = sorted(boxes, reverse=True)
    heights: list[int] = []
    for index, (width, depth) in enumerate(ordered):
        below = [heights[other] for other in range(index) if ordered[other][0] > width and ordered[other][1] > depth]
        heights.append(max(below, default=0) + 1)
    return max(heights, default=0)
