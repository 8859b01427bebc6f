"""Which version of the program runs: a commit where one can be told, else the id of the source file."""

# pathlib takes longer to import than all of this
# ruff: noqa: PTH100, PTH112, PTH113, PTH118, PTH120, PTH123

from __future__ import annotations

import os

VARIABLE = "OTEL_RESOURCE_ATTRIBUTES"
ATTRIBUTE = "vcs.ref.head.revision"


def from_environment() -> str:
    """The revision that OpenTelemetry's resource attributes name, "" when they name none."""
    for pair in os.environ.get(VARIABLE, "").split(","):
        name, _, value = pair.partition("=")
        if name.strip() == ATTRIBUTE:
            return value.strip()
    return ""


def git_directory(path: str) -> tuple[str, str] | None:
    """(work tree, git directory) that a file lies in, or None. Nothing of git is run."""
    folder = os.path.dirname(os.path.abspath(path))
    while True:
        found = os.path.join(folder, ".git")
        if os.path.isdir(found):
            return folder, found
        if os.path.isfile(found):  # a linked work tree, or a submodule
            with open(found, encoding="utf-8", errors="surrogateescape") as file:
                target = file.read(4096).removeprefix("gitdir:").strip()
            return folder, os.path.normpath(os.path.join(folder, target))
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def common_directory(directory: str) -> str:
    """Where the refs of a git directory lie: its own, but for linked work trees."""
    text = _read(os.path.join(directory, "commondir"))
    return os.path.normpath(os.path.join(directory, text)) if text else directory


def head_of(directory: str) -> str:
    """The commit that HEAD of a git directory names, "" when it cannot be told (unborn, reftable)."""
    head = _read(os.path.join(directory, "HEAD"))
    if not head.startswith("ref:"):
        return head if _is_commit(head) else ""
    ref, common = head[4:].strip(), common_directory(directory)
    loose = _read(os.path.join(common, *ref.split("/")))
    if _is_commit(loose):
        return loose
    for line in _read(os.path.join(common, "packed-refs"), 16 * 1024 * 1024).splitlines():
        if line.endswith(" " + ref):
            return line.partition(" ")[0]
    return ""


def blob_of(path: str) -> str | None:
    """`blob:` and the git blob id of a source file, None when it cannot be read."""
    import hashlib

    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    return "blob:" + hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _read(path: str, limit: int = 4096) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(limit).strip()
    except (OSError, ValueError):
        return ""


def _is_commit(text: str) -> bool:
    return len(text) in (40, 64) and all(char in "0123456789abcdef" for char in text)
