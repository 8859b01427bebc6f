"""What a person means by the name of a function, now or in the past."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from gitops_healer.code.history_origins import Changed
from gitops_healer.code.history_reading import Reader, Snapshot, plain


class Spelling(NamedTuple):
    """One way to read a name. module: path of the module without its ending, "" when none was given; symbol: the
    qualified name inside of it."""

    module: str
    symbol: str

    def fits(self, path: str) -> bool:
        stem = path.removesuffix(".py").removesuffix("/__init__")
        return path.endswith(".py") and (not self.module or f"/{stem}".endswith(f"/{self.module}"))


def spellings(name: str) -> tuple[Spelling, ...]:
    """`pkg.mod:Class.method`, `pkg/mod.py:function`, `pkg.mod.function` or `function`; the longest module first."""
    name = plain(name.strip())
    left, colon, right = name.rpartition(":")
    if colon:
        is_path = left.endswith(".py") or "/" in left
        module = left.removesuffix(".py").removesuffix("/__init__") if is_path else left.replace(".", "/")
        return (Spelling(module.removeprefix("./"), right),) if right else ()
    parts = name.split(".")
    if not all(parts):
        return ()
    return tuple(Spelling("/".join(parts[:cut]), ".".join(parts[cut:])) for cut in range(len(parts) - 1, -1, -1))


class Past(Protocol):
    def resolve(self, rev: str) -> str | None: ...
    def file_changes(self, base: str, head: str) -> Sequence[Changed]: ...
    def read_blob(self, blob: str) -> bytes: ...


class Linked(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def parents(self) -> Sequence[str]: ...


def last_seen(
    past: Past, commits: Iterable[Linked], name: str, progress: Callable[[str], None]
) -> tuple[str, str, Snapshot] | None:
    """(commit that deleted it, parent that had it last, what it was) of a function that is no more, or None.

    commits: newest first. A file is read only when it changed, its path fits and it spells the name.
    """
    reader = Reader(past.read_blob)
    wanted = spellings(name)
    for number, commit in enumerate(commits, 1):
        if number % 1000 == 0:
            progress(f"{number:,} commits without {name}")
        for parent in commit.parents[:1]:
            if past.resolve(parent):
                found = next(_vanished(reader, past.file_changes(parent, commit.id), wanted), None)
                if found is not None:
                    return commit.id, parent, found
    return None


def _vanished(reader: Reader, changes: Sequence[Changed], wanted: Sequence[Spelling]) -> Iterator[Snapshot]:
    for spelling in wanted:
        word = spelling.symbol.rpartition(".")[2].encode()
        for change in changes:
            if change.old and spelling.fits(change.path) and reader.holds(change.old, word):
                before = reader.find(change.path, change.old, spelling.symbol)
                if before is not None and reader.find(change.path, change.new, spelling.symbol) is None:
                    yield before
