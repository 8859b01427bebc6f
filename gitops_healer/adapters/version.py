"""Which version of the healer this is, exactly: what it sees may change with every edit of it."""

import hashlib
import os
from functools import cache
from pathlib import Path

from gitops_healer import __version__


@cache
def code_stamp() -> str:
    """Version and a digest of names, sizes and times of all our own files: a changed checkout is another version."""
    package = Path(__file__).parent.parent
    found = hashlib.sha256(__version__.encode())
    for directory in (package, package.parent / "policies"):
        for entry in sorted(_files(str(directory))):
            found.update(entry.encode("utf-8", "surrogateescape"))
    return found.hexdigest()[:16]


def _files(directory: str) -> list[str]:
    if not os.path.isdir(directory):  # noqa: PTH112
        return []
    rows: list[str] = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith((".py", ".yml", ".html", ".css", ".js", ".jinja")):
                status = entry.stat()
                rows.append(f"{entry.name}\0{status.st_size}\0{status.st_mtime_ns}")
            elif entry.is_dir() and entry.name != "__pycache__":
                rows += (f"{entry.name}/{row}" for row in _files(entry.path))
    return rows
