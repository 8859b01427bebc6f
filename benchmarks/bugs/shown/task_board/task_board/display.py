from __future__ import annotations

from datetime import date

from task_board.tasks import Task

MARKS = {"low": " ", "normal": "-", "high": "!"}


def day(due: date | None, today: date) -> str:
    """A day in words as seen from today: today, tomorrow, in 3 days, 2 days ago; far ones as a date."""
    if due is None:
        return ""
    distance = (due - today).days
    if distance == 0:
        return "today"
    if distance == 1:
        return "tomorrow"
    if distance == -1:
        return "yesterday"
    if abs(distance) > 14:
        return due.isoformat()
    if distance > 0:
        return f"in {distance} days"
    return f"{-distance} days ago"


def shorten(text: str, width: int) -> str:
    """The text, cut to the width with three dots at its end if it is longer."""
    if len(text) <= width:
        return text
    return text[: width - 3].rstrip() + "..."


def line(task: Task, today: date, width: int = 24) -> str:
    """One task on one line."""
    box = "[x]" if task.done else f"[{MARKS[task.priority]}]"
    text = f"{task.number:>3} {box} {shorten(task.title, width):<{width}} {day(task.due, today)}"
    if task.is_late(today):
        text += " LATE"
    return text.rstrip()


def summary(tasks: list[Task], today: date) -> str:
    """For example `3 open, 1 late, 2 done`; what is zero is left out."""
    counts = {
        "open": sum(not task.done for task in tasks),
        "late": sum(task.is_late(today) for task in tasks),
        "done": sum(task.done for task in tasks),
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to do"
