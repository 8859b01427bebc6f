"""A change is a value: span edits that know the bytes they replace."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from gitops_healer.errors import StaleEditError


@dataclass(frozen=True, order=True)
class Edit:
    """Replace `old` by `new` at byte offset `start` of `path`.

    Texts are UTF-8 with undecodable bytes as surrogates. An absent file reads as empty, so an edit at 0 with an
    empty `old` creates it. Holding `old` makes the edit refuse a file that has changed, and gives the inverse.
    """

    path: str
    start: int
    old: str
    new: str

    @property
    def old_bytes(self) -> bytes:
        return self.old.encode("utf-8", "surrogateescape")

    @property
    def new_bytes(self) -> bytes:
        return self.new.encode("utf-8", "surrogateescape")

    @property
    def end(self) -> int:
        """Byte offset behind what is replaced."""
        return self.start + len(self.old_bytes)


@dataclass(frozen=True)
class Change:
    """Edits to files that do not overlap; all offsets are offsets of the file before the change."""

    edits: tuple[Edit, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "edits", tuple(sorted(self.edits)))
        for left, right in pairwise(self.edits):
            if left.path == right.path and (right.start < left.end or right.start == left.start):
                raise StaleEditError(f"two edits of {left.path} overlap at byte {right.start}")

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted({edit.path for edit in self.edits}))

    def edits_of(self, path: str) -> tuple[Edit, ...]:
        return tuple(edit for edit in self.edits if edit.path == path)

    def apply(self, sources: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files of this change after it: {path: bytes}. Raises StaleEditError when a file is not as expected."""
        return {path: _apply(sources.get(path, b""), self.edits_of(path)) for path in self.paths}

    def inverse(self) -> "Change":
        """The change that takes this one back, on the files that this one made."""
        return Change(tuple(edit for path in self.paths for edit in _inverse(self.edits_of(path))))

    def size(self, sources: Mapping[str, bytes]) -> int:
        """Lines added plus lines removed."""
        lines = self.diff(sources).splitlines()
        return sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in lines if line)

    def diff(self, sources: Mapping[str, bytes]) -> str:
        """Unified diff, as people read it (undecodable bytes are shown as replacement characters)."""
        after = self.apply(sources)
        return "".join(unified_diff(path, sources.get(path, b""), after[path]) for path in self.paths)


def replace_span(path: str, source: bytes, start: int, end: int, new: str) -> Edit:
    """An edit that replaces bytes `start` to `end` of `source`."""
    return Edit(path, start, source[start:end].decode("utf-8", "surrogateescape"), new)


def whole_file(path: str, before: bytes, after: bytes) -> Change:
    """The smallest single-span change from `before` to `after`."""
    head = 0
    limit = min(len(before), len(after))
    while head < limit and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < limit - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    new = after[head : len(after) - tail].decode("utf-8", "surrogateescape")
    return Change((replace_span(path, before, head, len(before) - tail, new),))


def unified_diff(path: str, before: bytes, after: bytes) -> str:
    """A git-style unified diff of one file."""

    def lines(data: bytes) -> list[str]:
        return data.decode("utf-8", "replace").splitlines(keepends=True)

    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    parts = difflib.unified_diff(lines(before), lines(after), f"a/{shown}", f"b/{shown}")
    return "".join(part if part.endswith("\n") else part + "\n\\ No newline at end of file\n" for part in parts)


def _apply(source: bytes, edits: Iterable[Edit]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for edit in edits:
        if source[edit.start : edit.end] != edit.old_bytes or edit.start > len(source):
            raise StaleEditError(f"{edit.path} has changed at byte {edit.start}: build the change again")
        pieces += [source[position : edit.start], edit.new_bytes]
        position = edit.end
    return b"".join([*pieces, source[position:]])


def _inverse(edits: Iterable[Edit]) -> Iterable[Edit]:
    shift = 0
    for edit in edits:
        yield Edit(edit.path, edit.start + shift, edit.new, edit.old)
        shift += len(edit.new_bytes) - len(edit.old_bytes)
