"""A line of history, and the commits that calls and reports name."""

import re
from collections.abc import Iterator
from typing import Final

from gitops_healer.ports import CommitInfo, Repository

_ID: Final = re.compile(r"[0-9a-fA-F]{7,64}")


def first_parents(repository: Repository, commit: str) -> Iterator[CommitInfo]:
    """A commit, its first parent, and so on, newest first, as far as they are here: a clone may be shallow."""
    known = repository.resolve(commit)
    while known:
        info = repository.commit(known)
        yield info
        known = repository.resolve(info.parents[0]) if info.parents else None


def named_commit(repository: Repository, recorded: str) -> str | None:
    """The commit that a recorder named by its id, whole or shortened; None for any other text, be it the name of a
    branch, and for what is not here."""
    return repository.resolve(recorded) if _ID.fullmatch(recorded) else None
