"""Hours of people who work in shifts."""

from datetime import datetime, timedelta

from gitops_healer.recorder import tool

NIGHT = range(22, 30)
BREAKS = [(timedelta(hours=9), timedelta(minutes=45)), (timedelta(hours=6), timedelta(minutes=30))]


def pause(worked):
    for least, length in BREAKS:
        if worked > least:
            return length
    return timedelta(0)


def night_hours(start, end):
    """Full hours that lie in the night."""
    count = 0
    moment = start.replace(minute=0)
    while moment < end:
        hour = moment.hour if moment.hour >= 6 else moment.hour + 24
        if hour in NIGHT:
            count += 1
        moment += timedelta(hours=1)
    return count


def read_time(day, text):
    hours, _, minutes = text.partition(":")
    return datetime.fromisoformat(day) + timedelta(hours=int(hours), minutes=int(minutes or 0))


@tool
def timesheet(entries, rate=14.5, bonus=0.25):
    """Pay of a person. entries: dicts with day (ISO), start and end (H:MM; an end before the start is tomorrow's)."""
    days = {}
    total = timedelta(0)
    nights = 0
    for entry in entries:
        start = read_time(entry["day"], entry["start"])
        end = read_time(entry["day"], entry["end"])
        if end <= start:
            end += timedelta(days=1)
        worked = end - start
        worked -= pause(worked)
        total += worked
        nights += night_hours(start, end)
        days[entry["day"]] = days.get(entry["day"], 0) + worked.total_seconds() / 3600
    hours = total.total_seconds() / 3600
    overtime = max(0, hours - 40)
    pay = hours * rate + nights * rate * bonus + overtime * rate * 0.5
    longest = max(days, key=lambda day: days[day])
    return {"hours": round(hours, 2), "nights": nights, "pay": round(pay, 2), "days": days, "longest": longest}
