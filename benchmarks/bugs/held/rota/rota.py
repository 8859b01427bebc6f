"""Shifts of one day: times are whole minutes since midnight, spans are (start, end) with the end left out."""

from dataclasses import dataclass

DAY = 24 * 60
NIGHT_FROM = 22 * 60
NIGHT_EXTRA = 0.25


@dataclass(frozen=True)
class Shift:
    """One worker from `start` to `end`."""

    worker: str
    start: int
    end: int

    @property
    def minutes(self) -> int:
        return self.end - self.start


def parse_clock(text: str) -> int:
    """Minutes since midnight of a clock time.

    >>> parse_clock("07:30")
    450

    Anything before 00:00, after 24:00 or with more than 59 minutes is a ValueError.
    """
    hours, minutes = (int(part) for part in text.strip().split(":"))
    if not 0 <= minutes <= 59 or not 0 <= hours * 60 + minutes <= DAY:
        raise ValueError(f"not a time of day: {text!r}")
    return hours * 60 + minutes


def merge(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same time as sorted spans that neither touch nor overlap."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            first, last = merged[-1]
            merged[-1] = (first, max(last, end))
        else:
            merged.append((start, end))
    return merged


def free_slots(busy, opens, closes, at_least=15):
    """What is left between `opens` and `closes` in pieces of `at_least` minutes or more.

    All busy spans lie between `opens` and `closes`.
    """
    slots = []
    cursor = opens
    for start, end in merge(busy):
        if start - cursor >= at_least:
            slots.append((cursor, start))
        cursor = end
    if closes - cursor >= at_least:
        slots.append((cursor, closes))
    return slots


def most_at_once(shifts: list[Shift]) -> int:
    """How many people are there at the busiest moment; who leaves at 12:00 does not meet who comes at 12:00."""
    changes = []
    for shift in shifts:
        changes.append((shift.start, 1))
        changes.append((shift.end, -1))
    here = most = 0
    for _, change in sorted(changes):
        here += change
        most = max(most, here)
    return most


def pay(shift: Shift, hourly: float) -> float:
    """Wage for a shift: minutes after 22:00 earn a quarter more."""
    night = max(0, shift.end - max(shift.start, NIGHT_FROM))
    return round((shift.minutes + night * NIGHT_EXTRA) / 60 * hourly, 2)


def clashes(shifts):
    """Pairs of shifts (in the given order) in which one worker would be in two places."""
    found = []
    for number, first in enumerate(shifts):
        for second in shifts[number + 1 :]:
            if first.worker == second.worker and first.start < second.end and second.start < first.end:
                found.append((first, second))
    return found


def next_up(workers, shifts):
    """The worker with the fewest minutes so far, by name if several have as few."""
    worked = dict.fromkeys(workers, 0)
    for shift in shifts:
        if shift.worker in worked:
            worked[shift.worker] += shift.minutes
    return min(worked, key=lambda worker: (worked[worker], worker))
