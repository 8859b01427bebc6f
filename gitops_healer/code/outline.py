"""What the questions about a whole repository need of each file: a small column, kept from scan to scan."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, Self

from gitops_healer.code.facts import Facts, Ignore, read_ignore
from gitops_healer.code.reachability import Candidate, candidates


class Outline(NamedTuple):
    """One file. functions, classes: how many; ignores: comments that say what not to report; candidates: definitions
    that it does not use itself."""

    blob: str
    analyzable: bool
    reason: str
    lines: int
    complexity: int
    functions: int
    classes: int
    ignores: tuple[Ignore, ...]
    candidates: tuple[Candidate, ...]

    @classmethod
    def of(cls, blob: str, facts: Facts) -> Self:
        classes = sum(item.is_class for item in facts.definitions)
        functions = len(facts.definitions) - classes
        return cls(
            blob, facts.analyzable, facts.reason, facts.total_lines, facts.complexity, functions, classes,
            facts.details.ignores, candidates(facts),
        )  # fmt: skip

    @classmethod
    def read(cls, row: Iterable[Any]) -> Self:
        blob, analyzable, reason, lines, complexity, functions, classes, ignores, unused = row
        comments = tuple(read_ignore(one) for one in ignores)
        found = tuple(Candidate.read(one) for one in unused)
        return cls(blob, analyzable, reason, lines, complexity, functions, classes, comments, found)


class Snapshot:
    """What the scan before left: by path an outline and what was seen in the file, and how many files mention a name.

    Only a way to spare work: without it, or with a damaged one, everything is worked out again.
    """

    def __init__(self) -> None:
        self.outlines: dict[str, Outline] = {}
        self.seen: dict[str, list[Any]] = {}
        self.mentions: Counter[str] = Counter()

    @classmethod
    def load(cls, data: bytes | None) -> Self:
        found = cls()
        try:
            outlines, seen, mentions = json.loads(data or b"")
            found.outlines = {path: Outline.read(row) for path, row in outlines.items()}
            found.seen = dict(seen)
            found.mentions = Counter(mentions)
        except (ValueError, TypeError, AttributeError):
            return cls()
        return found

    def dump(self, lost: Collection[str] = ()) -> bytes:
        """lost: paths that are to be looked at again (nothing was seen in them)."""
        outlines = {path: outline for path, outline in self.outlines.items() if path not in lost}
        return json.dumps([outlines, self.seen, self.mentions], separators=(",", ":")).encode("ascii")

    def stale(self, blobs: Mapping[str, str]) -> list[str]:
        """Paths of {path: blob} whose outline is missing or of another blob."""
        outlines = self.outlines
        return [path for path, blob in blobs.items() if path not in outlines or outlines[path].blob != blob]

    def gone(self, blobs: Mapping[str, str]) -> list[str]:
        """Paths that are known and not, or not with the same blob, in {path: blob}."""
        return [path for path, outline in self.outlines.items() if blobs.get(path) != outline.blob]

    def forget(self, path: str, mentions: Iterable[str]) -> None:
        del self.outlines[path]
        self.seen.pop(path, None)
        for name in mentions:
            self.mentions[name] -= 1
            if self.mentions[name] <= 0:
                del self.mentions[name]

    def learn(self, path: str, outline: Outline, seen: list[Any], mentions: Iterable[str]) -> None:
        self.outlines[path] = outline
        if seen:
            self.seen[path] = seen
        self.mentions.update(mentions)
