"""What happened to tools, commit by commit, and which names belong together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Step(Enum):
    """renamed: another name in the same file; moved: another file or class, perhaps with another name as well."""

    CREATED = "created"
    EDITED = "edited"
    RENAMED = "renamed"
    MOVED = "moved"
    DELETED = "deleted"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class ToolEvent:
    """One commit did this to a tool. name: after it (DELETED, ARCHIVED: before it); before: its former name, "" when it
    kept it; when: committed, UTC; author: as git knows it; upgrade: id of the healer's upgrade that did it, else ""."""

    step: Step
    name: str
    commit: str
    author: str
    when: datetime
    before: str = ""
    upgrade: str = ""


def aliases_of(events: Iterable[ToolEvent]) -> Mapping[str, tuple[str, ...]]:
    """{name today: names before, newest first} of events from oldest to newest.

    A name that was given up and taken again by a new tool is that tool's alone: it is nobody's former name then.
    """
    former: dict[str, tuple[str, ...]] = {}
    for event in events:
        match event.step:
            case Step.RENAMED | Step.MOVED:
                former[event.name] = (event.before, *former.pop(event.before, ()))
            case Step.DELETED | Step.ARCHIVED:
                former.pop(event.name, None)
            case Step.CREATED:
                former = {name: tuple(old for old in olds if old != event.name) for name, olds in former.items()}
    return {name: tuple(old for old in olds if old != name) for name, olds in former.items() if olds}


def ends_of(events: Iterable[ToolEvent]) -> Mapping[str, ToolEvent]:
    """{name: the event that took it away} for names that nothing stands for any more."""
    ends: dict[str, ToolEvent] = {}
    for event in events:
        if event.step in (Step.DELETED, Step.ARCHIVED):
            ends[event.name] = event
        else:
            ends.pop(event.name, None)
    return ends
