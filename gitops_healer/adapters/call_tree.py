"""Files as they were before a call: kept while it changes them, put back when it has ended. Runs inside the sandbox:
standard library only, on any Python from 3.8.

Two ways. What the interpreter is about to change is copied first (`Journal`). What other processes change cannot be
seen coming: when the first one starts, the whole tree is copied, once a session, and compared when the call has ended.
"""

# Paths as written and descriptors; and candidates patch pathlib.
# ruff: noqa: PTH102, PTH103, PTH104, PTH108, PTH118, PTH120, PTH123
# ruff: noqa: PTH112

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from typing import Any

_INDEX = "index"
_TREE = "tree"


class Journal:
    """Copies of what one call is about to change, in a directory `place` of ours; `tree` is the copy of the repository.

    known: what was there when each place was first touched: `missing`, `file`, `link` or `directory`. It is written as
    it grows, so that it is there when the process of the call is not.
    """

    def __init__(self, place: str, tree: str) -> None:
        self.place = place
        self.tree = tree
        self.known: dict[str, str] = {}
        self.copies: dict[str, str] = {}
        self.whole: set[str] = set()
        self.saved = 0
        self.keeps_all = False

    def save(self, path: str, whole: bool = False) -> None:
        """Keep what is at a place (absolute, its directories without links) unless it is kept already. whole: of a
        directory all that is in it, not only that it is there."""
        known = path in self.known
        kind = kind_of(path)
        whole = whole and kind == "directory" and path not in self.whole
        if known and not whole:
            return
        self.known.setdefault(path, kind)
        copy = ""
        if kind in ("file", "link", "directory"):
            os.makedirs(self.place, exist_ok=True)
            self.saved += 1
            copy = os.path.join(self.place, f"{os.getpid()}-{self.saved}")
            _copy(path, copy, "folder" if kind == "directory" and not whole else kind)
        if whole:
            self.whole.add(path)
        self.copies.setdefault(path, copy)
        self._note({"path": path, "kind": kind, "copy": copy})

    def save_all(self) -> None:
        """Keep the whole tree, as it was before this call: another process may change anything in it."""
        if self.keeps_all:
            return
        self.keeps_all = True
        self._note({"all": True})
        whole = whole_copy(self.place)
        if os.path.isdir(whole):
            return
        partial = f"{whole}-{os.getpid()}"
        shutil.copytree(self.tree, partial, symlinks=True)
        for path, kind in reversed(list(self.known.items())):
            if path.startswith(self.tree + os.sep):
                _put_back(partial + path[len(self.tree) :], kind, self.copies.get(path, ""))
        os.rename(partial, whole)

    def _note(self, entry: dict[str, Any]) -> None:
        os.makedirs(self.place, exist_ok=True)
        index = os.open(os.path.join(self.place, _INDEX), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(index, json.dumps(entry).encode("ascii") + b"\n")
        finally:
            os.close(index)


def whole_copy(place: str) -> str:
    """Where the copy of the whole tree lies, beside the journal's directory."""
    return f"{place}-{_TREE}"


def undo(place: str, tree: str) -> None:
    """Put back what the call of this journal changed. Raises OSError or ValueError when that is not possible."""
    index = os.path.join(place, _INDEX)
    if not os.path.lexists(index):
        return
    with open(index, "rb") as lines:
        entries = [json.loads(line) for line in lines]
    for entry in reversed(entries):
        if "path" in entry:
            _put_back(entry["path"], entry["kind"], entry["copy"])
    if any("all" in entry for entry in entries):
        _align(whole_copy(place), tree)
    shutil.rmtree(place)


def kind_of(path: str) -> str:
    """`missing`, `file`, `link`, `directory` or `other`."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return "missing"
    for kind, fits in (("file", stat.S_ISREG), ("link", stat.S_ISLNK), ("directory", stat.S_ISDIR)):
        if fits(mode):
            return kind
    return "other"


def _copy(path: str, copy: str, kind: str) -> None:
    if kind == "directory":
        shutil.copytree(path, copy, symlinks=True)
    elif kind == "folder":
        os.mkdir(copy)
        shutil.copystat(path, copy)
    else:
        shutil.copy2(path, copy, follow_symlinks=False)


def _put_back(path: str, kind: str, copy: str) -> None:
    """Make a place what it was. copy: what was there; it stays. A file that is still there gets its content back: the
    importer may hold it open, as a log."""
    now = kind_of(path)
    if kind == "other":
        return
    if kind == now == "directory":
        shutil.copystat(copy, path)
        return
    if kind == now == "file":
        try:
            shutil.copyfile(copy, path)
            shutil.copystat(copy, path)
            return
        except PermissionError:  # the call made it read-only
            pass
    _remove(path)
    if kind != "missing":
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _copy(copy, path, kind)


def _remove(path: str) -> None:
    kind = kind_of(path)
    if kind == "directory":
        shutil.rmtree(path)
    elif kind != "missing":
        os.unlink(path)


def changed(place: str, tree: str) -> Iterator[str]:
    """Paths in the tree, relative, that are not what they are in the copy of all of it."""
    yield from _changed(whole_copy(place), tree, "")


def _changed(kept: str, tree: str, below: str) -> Iterator[str]:
    before, after = _listed(os.path.join(kept, below)), _listed(os.path.join(tree, below))
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        path = os.path.join(below, name)
        if old is not None and new is not None and stat.S_ISDIR(old.st_mode) and stat.S_ISDIR(new.st_mode):
            yield from _changed(kept, tree, path)
        elif old is None or new is None or _state(old) != _state(new):
            yield path


def _listed(folder: str) -> dict[str, os.stat_result]:
    with os.scandir(folder) as entries:
        return {entry.name: entry.stat(follow_symlinks=False) for entry in entries}


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mode, found.st_size, found.st_mtime_ns


def _align(kept: str, tree: str) -> None:
    for path in list(_changed(kept, tree, "")):
        old = os.path.join(kept, path)
        _remove(os.path.join(tree, path))
        kind = kind_of(old)
        if kind != "missing":
            _copy(old, os.path.join(tree, path), kind)
