from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

from task_board.tasks import Task


def encode(task: Task) -> dict:
    data = asdict(task)
    data["due"] = task.due.isoformat() if task.due else None
    return data


def decode(data: dict) -> Task:
    """A task from its data; what older files do not have takes its default."""
    due = date.fromisoformat(data["due"]) if data.get("due") else None
    return Task(
        data["number"],
        data["title"],
        data.get("priority", "normal"),
        due,
        data.get("done", False),
        list(data.get("tags", [])),
    )


class Store:
    """Tasks in a JSON file, which is made when something is saved."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> list[Task]:
        if not self.path.exists():
            return []
        return [decode(data) for data in json.loads(self.path.read_text())]

    def save(self, tasks: list[Task]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps([encode(task) for task in tasks], indent=1))


class Board:
    """What can be done with the tasks of a store. Each change is saved."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tasks = store.load()

    def add(self, **fields) -> Task:
        """Numbers are given once: the new one is above all that there are."""
        number = max((task.number for task in self.tasks), default=0) + 1
        task = Task(number, **fields)
        self.tasks.append(task)
        self.store.save(self.tasks)
        return task

    def find(self, number: int) -> Task:
        for task in self.tasks:
            if task.number == number:
                return task
        raise LookupError(f"no task {number}")

    def finish(self, numbers: list[int]) -> int:
        """Mark tasks as done; returns how many were open before. Nothing changes when one is unknown."""
        found = [self.find(number) for number in numbers]
        changed = 0
        for task in found:
            if not task.done:
                task.done = True
                changed += 1
        self.store.save(self.tasks)
        return changed

    def clear(self) -> int:
        """Remove what is done."""
        before = len(self.tasks)
        self.tasks = [task for task in self.tasks if not task.done]
        self.store.save(self.tasks)
        return before - len(self.tasks)

    def select(self, tags: list[str] = (), show_done: bool = False) -> list[Task]:
        """Tasks that have all of the tags, in the order of their sort key."""
        chosen = []
        for task in self.tasks:
            if task.done and not show_done:
                continue
            if all(tag in task.tags for tag in tags):
                chosen.append(task)
        return sorted(chosen, key=Task.sort_key)
