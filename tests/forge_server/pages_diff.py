"""A patch as rows with the line numbers of both sides."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_ROWS = 2000
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
KINDS = {"+": "add", "-": "del", " ": "same", "\\": "note"}


@dataclass(frozen=True)
class Row:
    """kind: add, del, same, hunk, note. A number of 0 is not shown."""

    kind: str
    old: int
    new: int
    text: str


def rows(patch: str) -> list[Row]:
    """The rows of a patch that starts with its first hunk; at most 2,000, then a note that says how many are left."""
    found = list(_rows(patch))
    if len(found) <= MOST_ROWS:
        return found
    return [*found[:MOST_ROWS], Row("note", 0, 0, f"{len(found) - MOST_ROWS} more lines are not shown")]


def _rows(patch: str) -> Iterator[Row]:
    old = new = 0
    for line in patch.split("\n"):
        if start := _HUNK.match(line):
            old, new = int(start[1]), int(start[2])
            yield Row("hunk", 0, 0, line)
            continue
        kind = KINDS.get(line[:1], "same")
        yield Row(kind, old if kind in ("del", "same") else 0, new if kind in ("add", "same") else 0, line[1:])
        old += kind in ("del", "same")
        new += kind in ("add", "same")
