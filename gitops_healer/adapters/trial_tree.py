"""Notices what tests write into the tree, and takes it back. Runs inside the sandbox: standard library only, on any
Python from 3.8."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

_IGNORED = frozenset({"__pycache__", ".pytest_cache", ".hypothesis", ".git"})


class TreeWatch:
    """Compares a tree with how it was: by size and time of change; directories by being there."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.before = dict(_listed(root))

    def written(self) -> list[str]:
        """Paths that are new, changed or gone, parents first."""
        now = dict(_listed(self.root))
        return sorted(path for path in {*now, *self.before} if now.get(path, 0) != self.before.get(path, 0))

    def restore(self, pristine: str) -> None:
        """Make it as it was. pristine: a copy of the tree that nobody writes to."""
        paths = self.written()
        for path in reversed(paths):
            _remove(os.path.join(self.root, path))  # noqa: PTH118
        for path in paths:
            source = os.path.join(pristine, path)  # noqa: PTH118
            target = os.path.join(self.root, path)  # noqa: PTH118
            if os.path.isdir(source) and not os.path.islink(source):  # noqa: PTH112, PTH114
                os.makedirs(target, exist_ok=True)  # noqa: PTH103
            elif os.path.lexists(source):
                shutil.copy2(source, target, follow_symlinks=False)
        if paths:
            self.before = dict(_listed(self.root))


def _listed(root: str) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """(relative path, (size, time of change in ns), None for a directory)"""
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(os.path.join(root, folder)))  # noqa: PTH118
        except OSError:
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name in _IGNORED:
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
                yield path, None
                continue
            try:
                stat = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            yield path, (stat.st_size, stat.st_mtime_ns)


def _remove(path: str) -> None:
    try:
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)  # noqa: PTH108
    except OSError:
        return
