"""Puts notes into files, a folder a year."""

import json
import os
from pathlib import Path

from gitops_healer.recorder import tool


def slug(title):
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split()) or "untitled"


@tool(idempotent=True, side_effects="writes_files")
def store(notes, folder="notes"):
    """Writes each note and an index. Returns how many there are a year."""
    root = Path(folder)
    index = []
    for note in notes:
        year = note["date"][:4]
        path = root / year / f"{slug(note['title'])}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        tags = " ".join(f"#{tag}" for tag in sorted(note.get("tags", [])))
        path.write_text(f"# {note['title']}\n\n{note['text'].strip()}\n\n{tags}\n", encoding="utf-8")
        index.append({"path": path.as_posix(), "title": note["title"]})
    years = {}
    for entry in index:
        year = entry["path"].split("/")[-2]
        years[year] = years.get(year, 0) + 1
    root.mkdir(exist_ok=True)
    (root / "index.json").write_text(json.dumps(sorted(index, key=lambda entry: entry["path"]), indent=1))
    return years


@tool
def report(notes, verbose=False):
    """Prints a list, as wide as the terminal says. Returns the number of lines."""
    width = int(os.environ.get("COLUMNS", "60"))
    count = 0
    for note in sorted(notes, key=lambda note: note["date"]):
        line = f"{note['date']} {note['title']}"
        print(line[:width])
        count += 1
        if verbose:
            print(f"  {len(note['text'].split())} words")
            count += 1
    print(f"{len(notes)} notes")
    return count + 1
