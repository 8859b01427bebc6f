"""Lengths of time in whole seconds: reading them, showing them, adding them up."""

import re
from collections.abc import Iterable

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
LETTERS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": 1}
NAMES = ((WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second"))
ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def parse_short(text: str) -> int:
    """Seconds of a text such as "1h 30m", "2d4h" or "90"; a number without a letter means seconds.

    Raises ValueError when anything else is found, or nothing.
    """
    rest = text.replace(" ", "").lower()
    if not re.fullmatch(r"(\d+[wdhms])*\d*", rest) or not rest:
        raise ValueError(f"not a duration: {text!r}")
    seconds = 0
    for number, letter in re.findall(r"(\d+)([wdhms]?)", rest):
        seconds += int(number) * LETTERS.get(letter, 1)
    return seconds


def parse_clock(text: str) -> int:
    """Seconds of "h:mm:ss" or "m:ss"; a minus in front counts for all of it."""
    negative = text.startswith("-")
    seconds = 0
    for part in text.lstrip("-").split(":"):
        seconds = seconds * 60 + int(part)
    return -seconds if negative else seconds


def parse_iso(text: str) -> int:
    """Seconds of an ISO 8601 duration without years and months, such as "P1DT2H30M" or "P2W"."""
    match = ISO.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"not an ISO duration: {text!r}")
    factors = (WEEK, DAY, HOUR, MINUTE, 1)
    return sum(int(number or 0) * factor for number, factor in zip(match.groups(), factors, strict=True))


def clock(seconds: int) -> str:
    """The duration as "m:ss", or "h:mm:ss" from one hour on; with a minus when it is negative."""
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(abs(seconds), 60)
    if minutes < 60:
        return f"{sign}{minutes}:{rest:02d}"
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def in_words(seconds: int, parts: int = 2) -> str:
    """The largest units that are not zero, at most `parts` of them, such as "1 hour and 5 minutes"."""
    found = []
    for size, name in NAMES:
        number, seconds = divmod(seconds, size)
        if number > 0:
            found.append(f"{number} {name}" if number == 1 else f"{number} {name}s")
        if len(found) == parts:
            break
    if not found:
        return "no time"
    if len(found) == 1:
        return found[0]
    return ", ".join(found[:-1]) + " and " + found[-1]


def ago(seconds: int) -> str:
    """How one speaks of a moment that lies some seconds back; negative seconds lie ahead."""
    if seconds < 0:
        return "in the future"
    if seconds < 10:
        return "just now"
    if seconds < MINUTE:
        return "less than a minute ago"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min ago"
    if seconds < DAY:
        return f"{seconds // HOUR} h ago"
    if seconds < 2 * DAY:
        return "yesterday"
    return f"{seconds // DAY} days ago"


def rounded(seconds: int, step: int) -> int:
    """The nearest multiple of the step; what lies in the middle is rounded up."""
    return (2 * seconds + step) // (2 * step) * step


def total(texts: Iterable[str]) -> int:
    """The sum of durations, each in any of the three forms."""
    seconds = 0
    for text in texts:
        if text.startswith("P"):
            seconds += parse_iso(text)
        elif ":" in text:
            seconds += parse_clock(text)
        else:
            seconds += parse_short(text)
    return seconds


def pace(seconds: int, kilometres: float) -> str:
    """Time for one kilometre, such as "5:30"; "-" without any distance."""
    if kilometres <= 0:
        return "-"
    return clock(round(seconds / kilometres))


def share(parts: dict[str, int]) -> dict[str, int]:
    """Whole percentages of the total, largest first, the earlier name first between equals; none of nothing."""
    whole = sum(parts.values())
    if whole == 0:
        return {}
    ordered = sorted(parts, key=lambda name: (-parts[name], name))
    return {name: round(100 * parts[name] / whole) for name in ordered}
