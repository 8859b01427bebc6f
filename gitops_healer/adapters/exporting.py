"""A tree written to a directory, whatever its author put into it."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from gitops_healer.adapters.objects import Objects, decode_path, encode_path
from gitops_healer.adapters.trees import SUBMODULE, SYMLINK, Entry, is_safe_path, stays_inside, walk_tree
from gitops_healer.errors import HealerError

Entries = list[tuple[bytes, Entry]]


def export_tree(objects: Objects, tree: str, changed: Mapping[str, bytes], target: Path) -> None:
    """Write a tree under `target` (empty, exists), with some files' contents replaced or added.

    Links come last and files are created, never opened: so nothing can be written through a planted link. Submodules
    become empty directories; entries that git itself would refuse to check out (`.git`, `..`) are left out.
    """
    entries = [(path, entry) for path, entry in walk_tree(objects.read_tree, tree) if is_safe_path(path)]
    contents = {encode_path(path): data for path, data in changed.items()}
    if unsafe := [path for path in contents if not is_safe_path(path)]:
        raise HealerError(f"{decode_path(unsafe[0])!r} cannot be written: it must be a plain path inside the tree")
    try:
        _make_directories(target, entries, contents)
        _write_files(objects, target, entries, contents)
        _write_links(objects, target, entries)
    except OSError as error:
        raise HealerError(
            f"the files of a commit could not be written under {target}: {error.strerror or error}. "
            "Free some space, or set TMPDIR to a directory with room for the whole tree"
        ) from error


def _make_directories(target: Path, entries: Entries, contents: Iterable[bytes]) -> None:
    parents = {path.rpartition(b"/")[0] for path in (*(path for path, _ in entries), *contents)}
    submodules = {path for path, entry in entries if entry.mode == SUBMODULE}
    for path in sorted(parents | submodules):
        (target / os.fsdecode(path)).mkdir(parents=True, exist_ok=True)


def _write_files(objects: Objects, target: Path, entries: Entries, contents: Mapping[bytes, bytes]) -> None:
    known = {path for path, _ in entries}
    for path, entry in entries:
        if entry.is_file:
            data = contents[path] if path in contents else objects.read_blob(entry.id)
            _write(target / os.fsdecode(path), data, entry.is_executable)
    for path in contents.keys() - known:
        _write(target / os.fsdecode(path), contents[path], False)


def _write(path: Path, data: bytes, executable: bool) -> None:
    """A file that exists already is a second spelling of one name (a case trick, a damaged tree): the first stays."""
    try:
        with path.open("xb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
    except FileExistsError:
        return
    if executable:
        path.chmod(0o755)


def _write_links(objects: Objects, target: Path, entries: Entries) -> None:
    for path, entry in entries:
        if entry.mode == SYMLINK and stays_inside(path, link := objects.read_blob(entry.id)):
            with contextlib.suppress(FileExistsError):
                os.symlink(link, os.fsencode(target / os.fsdecode(path)))  # noqa: PTH211 - a Path would respell `./x`
