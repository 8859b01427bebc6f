"""When something that repeats comes next."""

from datetime import UTC, date, datetime, timedelta

from gitops_healer.recorder import tool

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def month_later(day, months=1):
    """The same day of a later month, or its last one where there are fewer days."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    for wanted in range(day.day, 27, -1):
        try:
            return date(year, month + 1, wanted)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


def occurrences(rule, start):
    """Days of a rule, one after the other, for ever."""
    every = rule.get("interval", 1)
    if rule["every"] == "day":
        step = 0
        while True:
            yield start + timedelta(days=step)
            step += every
    if rule["every"] == "month":
        step = 0
        while True:
            yield month_later(start, step)
            step += every
    days = [WEEKDAYS.index(name) for name in rule["on"]]
    monday = start - timedelta(days=start.weekday())
    while True:
        for number in sorted(days):
            day = monday + timedelta(days=number)
            if day >= start:
                yield day
        monday += timedelta(weeks=every)


@tool
def upcoming(rule, start, count=5, skip=()):
    """The first days of a rule, without those to skip, as ISO dates; and the last as seconds since 1970, in UTC."""
    found = []
    for day in occurrences(rule, date.fromisoformat(start)):
        if "until" in rule and day > date.fromisoformat(rule["until"]):
            break
        if day.isoformat() not in skip:
            found.append(day)
        if len(found) == count:
            break
    last = datetime(found[-1].year, found[-1].month, found[-1].day, tzinfo=UTC)
    return {"days": [day.isoformat() for day in found], "last": int(last.timestamp()), "complete": len(found) == count}
