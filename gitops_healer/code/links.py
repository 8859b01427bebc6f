"""Who imports whom, kept from scan to scan: what did not change is not resolved again.

An edge of an unchanged file can only change when a file appears or disappears, when a package gives a meaning to other
names, or when a directory turns out to be another root. Then everything is resolved anew, else only what changed.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Self

from gitops_healer.code.facts import Facts
from gitops_healer.code.graph import Edge, EdgeKind, Resolver
from gitops_healer.code.layout import Layout
from gitops_healer.core.codec import digest

_KINDS = {kind.value: kind for kind in EdgeKind}


class Links(NamedTuple):
    """What was resolved of one tree. files: digest of the paths that decide; blobs: {path: blob}; votes, edges: rows by
    path, left out where there are none; roots: what the votes decided."""

    files: str
    blobs: dict[str, str]
    votes: dict[str, list[list[Any]]]
    edges: dict[str, list[list[Any]]]
    roots: dict[str, str]

    @classmethod
    def load(cls, data: bytes | None) -> Self | None:
        """None when the bytes are not what `dump` makes."""
        try:
            known = cls(*json.loads(data or b""))
            return known if all(isinstance(part, dict) for part in known[1:]) else None
        except (ValueError, TypeError):
            return None

    def dump(self) -> bytes:
        return json.dumps(self, separators=(",", ":")).encode("ascii")


class Linker:
    """Resolves the imports of a tree. blobs: {path: blob} of its Python files; load: makes the facts of these paths
    known in one go; known: what was resolved of another tree, perhaps this one."""

    def __init__(
        self,
        layout: Layout,
        blobs: Mapping[str, str],
        facts: Callable[[str], Facts],
        load: Callable[[Iterable[str]], None],
        known: Links | None,
    ) -> None:
        self._layout = layout
        self._blobs = blobs
        self._facts = facts
        self._load = load
        self.resolver = Resolver(layout, facts)
        files = digest("files", layout.files, layout.roots)
        self._known = known if known is not None and known.files == files else None
        self._files = files
        self._changed = self._differing()
        self._votes = self._learned()

    def edges(self) -> tuple[tuple[Edge, ...], Links]:
        """All edges, and what to remember of them."""
        known = self._known
        rows: dict[str, list[list[Any]]] = {}
        found: list[Edge] = []
        fresh = set(self._changed)
        for path in self._layout.files:
            if known is not None and path not in fresh:
                if path in known.edges:
                    rows[path] = known.edges[path]
                    found += [Edge(path, target, line, _KINDS[kind]) for target, line, kind in known.edges[path]]
                continue
            own = list(self.resolver.edges(path))
            if own:
                rows[path] = [[edge.target, edge.line, edge.kind.value] for edge in own]
                found += own
        unread = {path for path in fresh if not self._facts(path).analyzable}  # perhaps only this time
        blobs = {path: blob for path, blob in self._blobs.items() if path not in unread}
        return tuple(found), Links(self._files, blobs, self._votes, rows, self._layout.own_roots)

    @property
    def changed(self) -> bool:
        return self._known is None or bool(self._changed)

    def _differing(self) -> list[str]:
        """Paths whose imports have to be resolved; all of them when a package may mean other names now."""
        if self._known is None:
            return list(self._layout.files)
        blobs = self._known.blobs
        changed = [path for path in self._layout.files if blobs.get(path) != self._blobs[path]]
        if any(path.endswith("__init__.py") for path in changed):
            self._known = None
            return list(self._layout.files)
        return changed

    def _learned(self) -> dict[str, list[list[Any]]]:
        """Let the layout decide what are roots, and keep who voted for what."""
        self._load(self._changed)
        votes = {} if self._known is None else dict(self._known.votes)
        for path in self._changed:
            votes.pop(path, None)
            facts = self._facts(path)
            own = self._layout.votes_of(_absolute_names(facts))
            own += self._layout.votes_by_relative(path, _relative_names(facts))
            if own:
                votes[path] = [[base, root, times] for (base, root), times in sorted(own.items())]
        total: Counter[tuple[str, str]] = Counter()
        for rows in votes.values():
            for base, root, times in rows:
                total[base, root] += times
        self._layout.decide(total)
        if self._known is not None and self._known.roots != self._layout.own_roots:
            self._known, self._changed = None, list(self._layout.files)
            self._load(self._changed)
        return votes


def _relative_names(facts: Facts) -> Iterable[tuple[int, str]]:
    """(dots, name) of what a file imports relatively; a `from` statement may mean submodules."""
    for item in facts.imports:
        if item.level:
            yield item.level, item.module
            dotted = f"{item.module}." if item.module else ""
            yield from ((item.level, f"{dotted}{name}") for name, _ in item.names)


def _absolute_names(facts: Facts) -> Iterable[str]:
    """Dotted names that a file imports absolutely; a `from` statement may mean submodules."""
    for item in facts.imports:
        if not item.level:
            yield item.module
            yield from (f"{item.module}.{name}" for name, _ in item.names)
