from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

PRIORITIES = {"low": 0, "normal": 1, "high": 2}


@dataclass
class Task:
    number: int
    title: str
    priority: str = "normal"
    due: date | None = None
    done: bool = False
    tags: list[str] = field(default_factory=list)

    def is_late(self, today: date) -> bool:
        """Not done although the day it is due lies in the past."""
        return not self.done and self.due is not None and self.due < today

    def sort_key(self) -> tuple:
        """Open before done, high priority before low, then by day (none at the end), then by number."""
        return self.done, -PRIORITIES[self.priority], self.due or date.max, self.number


def parse_words(words: list[str]) -> dict:
    """Take the words of a command apart: `@tag`, `!priority`, `due:2024-05-01`; the rest is the title.

    Raises ValueError for an unknown priority, a day that does not exist and an empty title.
    """
    title, tags, priority, due = [], [], "normal", None
    for word in words:
        if word.startswith("@") and len(word) > 1:
            tags.append(word[1:].lower())
        elif word.startswith("!") and len(word) > 1:
            priority = word[1:].lower()
            if priority not in PRIORITIES:
                raise ValueError(f"unknown priority: {priority}")
        elif word.startswith("due:"):
            due = date.fromisoformat(word.removeprefix("due:"))
        else:
            title.append(word)
    if not title:
        raise ValueError("a task needs a title")
    return {"title": " ".join(title), "tags": sorted(set(tags)), "priority": priority, "due": due}
