"""Failures that keep to hours, weekdays or days of the month, by spans of time and not by calls.

Calls of one hour fail for one reason, so an hour of a day is one observation, however many calls it has; a rule needs
spans that come again: one outage on a Sunday is no rule of Sundays.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gitops_healer.core.execution import Slice

Units = Sequence[tuple[datetime, bool]]
MOSTLY: Final = 0.6
HARDLY: Final = 0.05
DAYS: Final = 3


@dataclass(frozen=True)
class Moment:
    """when: a sentence part, such as "on Sundays"; bad: spans that failed of those that it covers; others: the same of
    the rest; strong: the hours of at least three days say so, which is more than two Sundays do; once: it did not come
    again."""

    when: str
    bad: tuple[int, int]
    others: tuple[int, int]
    strong: bool
    once: bool = False

    @property
    def sentence(self) -> str:
        return (
            f"{self.bad[0]} of {self.bad[1]} hours or days {self.when} have failures, "
            f"of the others {self.others[0]} of {self.others[1]}"
        )


def moment_of(slices: Iterable[Slice]) -> Moment | None:
    """The rule of time that failures keep to, None when they keep to none. What came only once is no rule; it is told
    (`once`) for code that looks at the clock."""
    hours: defaultdict[datetime, list[int]] = defaultdict(lambda: [0, 0])
    days: defaultdict[datetime, list[int]] = defaultdict(lambda: [0, 0])
    for piece in slices:
        start = piece.start.replace(minute=0, second=0, microsecond=0)
        for cell in (hours[start], days[start.replace(hour=0)]):
            cell[0] += piece.total
            cell[1] += piece.failed
    by_hour, by_day = _units(hours), _units(days)
    rules = (
        _rule(by_hour, lambda start: f"{start.hour:02}:00", "at", 12, timedelta(days=2), strong=True),
        _rule(by_day, lambda start: f"{start:%A}s", "on", 3, timedelta(days=6)),
        _rule(by_day, _month_end, "at", 1, timedelta(days=20)),
        _rule(by_day, lambda start: f"the {start.day}.", "on", 3, timedelta(days=20)),
        _once(by_day),
        _since(by_day),
    )
    return next((rule for rule in rules if rule is not None), None)


def _once(units: Units) -> Moment | None:
    """All failures on one day, or two that follow each other, of ten, that the calendar makes special."""
    bad = [day for day, failed in units if failed]
    if not bad or len(units) - len(bad) < 10 or bad[-1] - bad[0] > timedelta(days=1):
        return None
    special = next((name for day in bad if (name := _special(day))), "")
    if not special:
        return None
    when = f"on {' and '.join(f'{day:%Y-%m-%d}' for day in bad)} ({special})"
    return Moment(when, (len(bad), len(bad)), (0, len(units) - len(bad)), False, once=True)


def _since(units: Units) -> Moment | None:
    """Failures that began on a special day and stayed: a table that ends with a year, a date that has passed."""
    first = next((place for place, (_, bad) in enumerate(units) if bad), None)
    if first is None or first < 5 or len(units) - first < 3:
        return None
    name, after = _special(units[first][0]), units[first:]
    if not name or _share(after) < 0.9:
        return None
    when = f"since {units[first][0]:%Y-%m-%d} ({name})"
    return Moment(when, _counts(after), _counts(units[:first]), False, once=True)


def _special(day: datetime) -> str:
    """What the calendar has to say of a day, "" when nothing."""
    following = day + timedelta(days=1)
    if (day.month, day.day) in ((12, 31), (1, 1)):
        return "the turn of the year"
    if (day.month, day.day) == (2, 29):
        return "a leap day"
    if following.month != day.month or day.day == 1:
        return "the turn of a month"
    europe = day.month in (3, 10) and day.weekday() == 6 and (day + timedelta(days=7)).month != day.month
    america = day.weekday() == 6 and ((day.month == 3 and 8 <= day.day <= 14) or (day.month == 11 and day.day <= 7))
    return "clocks are changed" if europe or america else ""


def _units(cells: dict[datetime, list[int]]) -> Units:
    return [(start, failed > 0) for start, (total, failed) in sorted(cells.items()) if total]


def _month_end(day: datetime) -> str:
    turns = (day + timedelta(days=1)).month != day.month or day.day == 1
    return "the turn of the month" if turns else "other days"


def _rule(
    units: Units, word: Callable[[datetime], str], how: str, most: int, span: timedelta, *, strong: bool = False
) -> Moment | None:
    """The words whose spans mostly fail, where the other spans hardly do."""
    members: defaultdict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    for start, bad in units:
        members[word(start)].append((start, bad))
    failing = {name: spans for name, spans in members.items() if _share(spans) >= (MOSTLY if strong else 0.99)}
    failing.pop("other days", None)
    inside = sorted(one for spans in failing.values() for one in spans)
    outside = [one for name, spans in members.items() if name not in failing for one in spans]
    when_bad = [start for start, bad in inside if bad]
    recurring = len({start.date() for start in when_bad}) >= (DAYS if strong else 2)
    recurring = recurring and when_bad[-1] - when_bad[0] >= span
    if not failing or len(failing) > most or not recurring or len(outside) < 6 or _share(outside) > HARDLY:
        return None
    when = f"{how} {', '.join(sorted(failing)[:6])}{' UTC' if strong else ''}"
    return Moment(when, _counts(inside), _counts(outside), strong)


def _share(spans: Units) -> float:
    return sum(bad for _, bad in spans) / len(spans)


def _counts(spans: Units) -> tuple[int, int]:
    return sum(bad for _, bad in spans), len(spans)
