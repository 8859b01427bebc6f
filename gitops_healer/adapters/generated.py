"""Files that a build leaves beside the sources and git ignores, such as `_version.py` and extension modules."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pygit2

SUFFIXES = (".py", ".so", ".pyd")
LARGEST = 64 * 1024**2


def generated_files(work_tree: Path, tracked: Iterable[str]) -> tuple[str, ...]:
    """Ignored files in the folders of a work tree that hold tracked Python files, in path order.

    tracked: paths of the commit, `/`-separated. Symlinks, huge files and whatever git would show are left out: work in
    progress is nobody's business. Without these files many projects cannot even be imported.
    """
    paths = set(tracked)
    folders = sorted({path.rpartition("/")[0] for path in paths if path.endswith(".py")})
    repository = pygit2.Repository(str(work_tree))
    found = (path for folder in folders for path in _candidates(work_tree, folder) if path not in paths)
    return tuple(path for path in found if repository.path_is_ignored(path))


def _candidates(work_tree: Path, folder: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(work_tree / folder), key=lambda entry: entry.name)
    except OSError:  # the folder is not checked out
        return
    for entry in entries:
        plain = entry.name.isprintable() and entry.name.endswith(SUFFIXES)
        if plain and entry.is_file(follow_symlinks=False) and entry.stat().st_size <= LARGEST:
            yield f"{folder}/{entry.name}" if folder else entry.name


def copy_generated(work_tree: Path, paths: Iterable[str], target: Path) -> None:
    """Lay the files into an export, where nothing of that name stands."""
    for path in paths:
        place = target / path
        if place.parent.is_dir() and not place.parent.is_symlink() and not os.path.lexists(place):
            shutil.copyfile(work_tree / path, place)


def stamp(work_tree: Path, paths: Iterable[str]) -> list[tuple[str, int, int]]:
    """(path, size, time of change in ns): changes when one of the files does."""
    stats = ((path, (work_tree / path).stat()) for path in paths)
    return [(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats]
