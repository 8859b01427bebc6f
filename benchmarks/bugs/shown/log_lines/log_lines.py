"""Reads server logs: records of several lines, filters, counts and sessions.

A record begins with a line such as ``2024-05-01 12:30:05 ERROR shop.cart: price is missing``; lines that do not look
like that (a traceback, for example) belong to the record above them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FIRST_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (DEBUG|INFO|WARNING|ERROR) ([\w.]+): (.*)")


@dataclass
class Record:
    """One entry of the log."""

    time: datetime
    level: str
    source: str
    message: str
    details: list[str] = field(default_factory=list)


def parse_first_line(line: str) -> Record | None:
    """The record that the line begins, or None.

    >>> parse_first_line("2024-05-01 12:30:05 ERROR shop.cart: price is missing").source
    'shop.cart'
    """
    match = FIRST_LINE.fullmatch(line.rstrip("\n"))
    if match is None:
        return None
    time, level, source, message = match.groups()
    return Record(datetime.fromisoformat(time), level, source, message)


def records(lines: Iterable[str]) -> Iterator[Record]:
    """All records with their further lines; lines before the first record are ignored."""
    current = None
    for line in lines:
        record = parse_first_line(line)
        if record is not None:
            if current is not None:
                yield current
            current = record
        elif current is not None:
            current.details.append(line.rstrip())
    if current is not None:
        yield current


def at_least(found: Iterable[Record], level: str) -> Iterator[Record]:
    """The records of a level and of all more serious ones."""
    lowest = LEVELS.index(level)
    return (record for record in found if LEVELS.index(record.level) >= lowest)


def from_source(found: Iterable[Record], source: str) -> list[Record]:
    """The records of a source and of its parts: "shop" has "shop.cart" but not "shopping"."""
    return [record for record in found if record.source == source or record.source.startswith(source + ".")]


def tail(found: list[Record], count: int) -> list[Record]:
    """The last records, none for 0.

    >>> tail([], 3)
    []
    """
    return found[max(0, len(found) - count) :]


def per_hour(found: Iterable[Record], counts: dict[str, int] | None = None) -> dict[str, int]:
    """Numbers of records by hour, keys like "2024-05-01 12"; added to `counts` when given."""
    counts = {} if counts is None else counts
    for record in found:
        hour = f"{record.time:%Y-%m-%d %H}"
        counts[hour] = counts.get(hour, 0) + 1
    return counts


def template(message: str) -> str:
    """The message with numbers and quoted words replaced, so that messages of one kind look the same.

    >>> template("user 'ann' has 12 items")
    "user '*' has # items"
    """
    return re.sub(r"\d+", "#", re.sub(r"'[^']*'", "'*'", message))


def kinds(found: Iterable[Record]) -> list[tuple[str, int]]:
    """The kinds of messages with their numbers, most frequent first, in the order of appearance between equals."""
    numbers: dict[str, int] = {}
    for record in found:
        kind = template(record.message)
        numbers[kind] = numbers.get(kind, 0) + 1
    return sorted(numbers.items(), key=lambda item: item[1], reverse=True)


def sessions(found: Iterable[Record], pause: timedelta) -> list[list[Record]]:
    """The records in groups, in which no two neighbours are further apart than the pause."""
    groups: list[list[Record]] = []
    for record in found:
        if groups and record.time - groups[-1][-1].time <= pause:
            groups[-1].append(record)
        else:
            groups.append([record])
    return groups


def without_repeats(found: Iterable[Record]) -> Iterator[Record]:
    """The records without those that say the same as the one before."""
    last = None
    for record in found:
        said = (record.level, record.source, record.message)
        if said != last:
            yield record
        last = said


class Watch:
    """Raises an alarm when errors of a source come too often."""

    def __init__(self, limit: int, window: timedelta) -> None:
        self.limit = limit
        self.window = window
        self.recent: dict[str, list[datetime]] = {}

    def see(self, record: Record) -> bool:
        """Whether this error is at least number `limit` of its source within the window."""
        if record.level != "ERROR":
            return False
        times = self.recent.setdefault(record.source, [])
        times.append(record.time)
        while record.time - times[0] > self.window:
            times.pop(0)
        return len(times) >= self.limit
