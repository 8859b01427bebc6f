"""Places in the file system: which one a call of the system means, how it is told, and what lies there in short. Runs
inside the sandbox: standard library only, on any Python from 3.8.
"""

# ruff: noqa: PTH100, PTH118, PTH120, PTH123

from __future__ import annotations

import hashlib
import os
import sys
from typing import Any

MAX_WHAT = 300
INSIDE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""The directory of our own programs and notes."""


def located(path: Any, folder: int = -1, follow: bool = False) -> str:
    """The absolute path that a call of the system means. folder: the descriptor that it is relative to."""
    if isinstance(path, int):
        return os.path.realpath(f"/proc/self/fd/{path}")
    text = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0 and not os.path.isabs(text):  # noqa: PTH117
        text = os.path.join(os.path.realpath(f"/proc/self/fd/{folder}"), text)
    if follow:
        return os.path.realpath(text)
    parent, name = os.path.split(os.path.abspath(text))
    return os.path.join(os.path.realpath(parent), name)


def shown(what: str, root: str) -> str:
    """In a line, places inside of the repository relative."""
    text = placed(what.replace(root + os.sep, "").replace(root, "."))
    text = " ".join(text.split())
    return text if len(text) <= MAX_WHAT else f"{text[:MAX_WHAT]}... ({len(text)} characters)"


def placed(text: str) -> str:
    """With fixed names for the directories that have another name in every session: where the tree is laid out, where
    our programs lie, and where temporary files go."""
    for place, name in _PLACES:
        text = text.replace(place, name)
    return text


def _places() -> list[tuple[str, str]]:
    found = [(INSIDE, "/sandbox/healer"), (os.path.dirname(INSIDE), "/sandbox")]
    temporary = os.environ.get("TMPDIR", "/tmp")
    if temporary.rstrip("/") not in ("/tmp", "/var/tmp", ""):
        found.append((temporary.rstrip("/"), "/tmp"))
    return [pair for path, name in found for pair in ((os.path.realpath(path), name), (path, name))]


_PLACES = _places()


def digest(path: str) -> str:
    found = hashlib.sha1()
    try:
        with open(path, "rb") as content:
            for part in iter(lambda: content.read(1 << 16), b""):
                found.update(part)
    except OSError:
        return "unreadable"
    return found.hexdigest()


def sqlite_digest(path: str) -> str:
    """Of what the database says, not of its pages: these count how often they were written."""
    sqlite = sys.modules.get("sqlite3")
    if sqlite is None:
        return digest(path)
    found = hashlib.sha1()
    try:
        database = sqlite.connect(path, timeout=0)
        for line in database.iterdump():
            found.update(line.encode("utf-8", "surrogatepass") + b"\n")
    except Exception:
        return digest(path)
    database.close()
    return found.hexdigest()
