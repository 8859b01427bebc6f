"""The rest of the program: modules in which nothing is wrong, and the commits of people who work on them."""

import random
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from faults.model import Variant

PACKAGES = ("shop", "depot", "ledgers", "parcels", "kitchen", "library")
PEOPLE = ("Ada <ada@example.org>", "Grace <grace@example.org>", "Barbara <barbara@example.org>")

MODULES = {
    "money.py": '''
"""Amounts in cents."""

RATES = {"EUR": 100, "USD": 108, "GBP": 86}


def to_cents(amount):
    return round(amount * 100)


def convert(cents, source, target):
    """Into another currency, by fixed rates."""
    return cents * RATES[target] // RATES[source]


def shown(cents):
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
''',
    "words.py": '''
"""Small things with text."""

import re


def slug(title):
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def shorten(text, width=40):
    if len(text) <= width:
        return text
    return text[: width - 1].rstrip() + "…"


def initials(name):
    return "".join(part[0].upper() for part in name.split() if part)
''',
    "stock.py": '''
"""What lies on which shelf."""


class Shelf:
    def __init__(self, name, room=100):
        self.name = name
        self.room = room
        self.pieces = {}

    def put(self, article, number):
        if sum(self.pieces.values()) + number > self.room:
            raise ValueError(f"no room for {number} on {self.name}")
        self.pieces[article] = self.pieces.get(article, 0) + number

    def take(self, article, number):
        have = self.pieces.get(article, 0)
        taken = min(have, number)
        self.pieces[article] = have - taken
        return taken


def fullest(shelves):
    return max(shelves, key=lambda shelf: sum(shelf.pieces.values()), default=None)
''',
    "tables.py": '''
"""Rows into text."""


def widths(rows):
    return [max(len(str(cell)) for cell in column) for column in zip(*rows)]


def aligned(rows):
    sizes = widths(rows)
    return [" ".join(str(cell).ljust(size) for cell, size in zip(row, sizes)) for row in rows]


def totals(rows, column):
    total = 0
    for row in rows:
        value = row.get(column)
        if value is not None:
            total += value
    return total
''',
    "queue.py": '''
"""Jobs in the order of their urgency."""

import heapq


class Jobs:
    def __init__(self):
        self._heap = []
        self._number = 0

    def add(self, urgency, job):
        self._number += 1
        heapq.heappush(self._heap, (urgency, self._number, job))

    def next(self):
        return heapq.heappop(self._heap)[2] if self._heap else None

    def __len__(self):
        return len(self._heap)
''',
}


@dataclass(frozen=True)
class Commit:
    """sha: full; when: of the commit."""

    sha: str
    when: datetime
    guilty: bool


@dataclass(frozen=True)
class Step:
    """A commit to be made: its message, who, when, and the files that are other than before."""

    subject: str
    person: str
    when: datetime
    files: Mapping[str, str]
    guilty: bool = False


def package_of(variant: Variant) -> str:
    return PACKAGES[sum(variant.name.encode()) % len(PACKAGES)]


def named(variant: Variant, text: str) -> str:
    return text.replace("PKG", package_of(variant))


def steps(variant: Variant, chance: random.Random) -> list[Step]:
    """The history: 15 to 30 commits of which at most one is the bad one. Nobody else touches lines of the fault, but
    people do add comments above and functions below them."""
    package = package_of(variant)
    rest = {f"{package}/{name}": text.lstrip() for name, text in MODULES.items()}
    faulty = {named(variant, path): named(variant, text) for path, text in variant.files.items()}
    older = {named(variant, path): named(variant, text) for path, text in variant.before.items()}
    tree = {f"{package}/__init__.py": "", "README.md": f"# {package}\n", **rest, **faulty, **older}
    count = chance.randint(15, 30)
    guilty = chance.randint(count // 2, count - 5) if older else -1
    gap = timedelta(days=variant.days) / count
    made = [Step("Begin", PEOPLE[0], variant.start - timedelta(days=1), dict(tree))]
    fixed = faulty if older else {}
    edits: list[tuple[str, str, bool]] = []
    for number in range(1, count):
        when = variant.start + gap * number + timedelta(minutes=chance.randint(0, 50))
        person = chance.choice(PEOPLE)
        if number == guilty:
            changed = {path: _edited(text, path, edits) for path, text in fixed.items() if tree.get(path) is not None}
            changed |= {path: text for path, text in fixed.items() if path not in tree}
            changed = {path: text for path, text in changed.items() if tree.get(path) != text}
            made.append(Step(variant.subject, person, when, changed, True))
        else:
            path = chance.choice(sorted(path for path in tree if path.endswith(".py") and "__init__" not in path))
            edit = (path, f"{number}", chance.random() < 0.5)
            edits.append(edit)
            changed = {path: _edited(tree[path], path, [edit])}
            made.append(Step(f"{'Note' if edit[2] else 'Add a helper'} in {path}", person, when, changed))
        tree |= changed
    return made


def _edited(text: str, path: str, edits: list[tuple[str, str, bool]]) -> str:
    """With the harmless edits of this file: a comment below its first line, or a function at its end."""
    for where, number, is_comment in edits:
        if where == path and is_comment:
            head, _, tail = text.partition("\n")
            text = f"{head}\n# Looked at again in review {number}.\n{tail}"
        elif where == path:
            text = f"{text}\n\ndef note_{number}(value):\n    return (value, {number})\n"
    return text


def commit_all(made: list[Step], directory: Path) -> list[Commit]:
    """A repository with this history, by `git fast-import`."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(directory)], check=True, capture_output=True)
    stream = bytearray()
    for step in made:
        stamp = f"{step.person} {int(step.when.timestamp())} +0000"
        message = step.subject.encode()
        stream += f"commit refs/heads/main\nauthor {stamp}\ncommitter {stamp}\ndata {len(message)}\n".encode()
        stream += message + b"\n"
        for path, text in step.files.items():
            data = text.encode()
            stream += f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
    subprocess.run(["git", "fast-import", "--quiet"], cwd=directory, input=bytes(stream), check=True)
    log = subprocess.run(
        ["git", "rev-list", "--reverse", "main"], cwd=directory, check=True, capture_output=True, text=True
    )
    shas = log.stdout.split()
    return [Commit(sha, step.when, step.guilty) for sha, step in zip(shas, made, strict=True)]
