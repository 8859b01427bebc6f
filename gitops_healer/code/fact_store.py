"""Facts by blob id: read from the cache, or made by one parse and kept."""

import gc
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from gitops_healer.code.facts import MAX_BYTES, Facts, Import, ImportKind, extract, too_big

SCHEMA = 1
"""Counts up whenever facts mean something else or are spelled differently."""

_KINDS = {kind.value: kind for kind in ImportKind}


class FactCache(Protocol):
    """What the code model asks of a cache (a part of `ports.Cache`)."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]: ...

    def put_many(self, values: Mapping[str, bytes]) -> None: ...


class FactStore:
    """The facts of blobs. parsed, cached: how many were made and how many were found."""

    def __init__(self, read: Callable[[str], bytes], cache: FactCache) -> None:
        self._read = read
        self._cache = cache
        self._known: dict[str, Facts] = {}
        self.parsed = 0
        self.cached = 0

    def load(self, blobs: Iterable[tuple[str, int]]) -> None:
        """Make the facts of these (blob id, size in bytes) known, in one look at the cache and one write to it."""
        wanted = {blob: size for blob, size in blobs if blob not in self._known}
        found = self._cache.get_many([_key(blob) for blob in wanted]) if wanted else {}
        made: dict[str, bytes] = {}
        with no_garbage_collection():
            for blob, size in wanted.items():
                facts = decode(found.get(_key(blob), b""))
                if facts is None:
                    facts = Facts(False, too_big(size)) if size > MAX_BYTES else extract(self._read(blob))
                    made[_key(blob)] = encode(facts)
                self._known[blob] = facts
        self.parsed += len(made)
        self.cached += len(wanted) - len(made)
        if made:
            self._cache.put_many(made)

    def facts(self, blob: str, size: int) -> Facts:
        if blob not in self._known:
            self.load([(blob, size)])
        return self._known[blob]


def _key(blob: str) -> str:
    """Facts depend on the grammar of the interpreter, so its version is part of their key."""
    return f"facts:{SCHEMA}:{sys.version_info[0]}.{sys.version_info[1]}:{blob}"


def encode(facts: Facts) -> bytes:
    """A line of compact JSON with the imports, and a second one with the rest."""
    imports = [
        [
            item.line,
            item.kind.value,
            item.level,
            item.module,
            [text for pair in item.names for text in pair],
            item.bound,
        ]
        for item in facts.imports
    ]
    head = [int(facts.analyzable), facts.reason, facts.total_lines, facts.complexity, imports, facts.exports]
    return json.dumps(head, separators=(",", ":")).encode("ascii") + b"\n" + facts.packed


def decode(data: bytes) -> Facts | None:
    """The facts, or None when the bytes are not what `encode` makes."""
    head, newline, rest = data.partition(b"\n")
    if not newline or rest[:2] != b"[[" or rest[-2:] != b"]]":
        return None
    try:
        analyzable, reason, lines, complexity, imports, exports = json.loads(head)
        exported = None if exports is None else tuple(exports)
        return Facts(bool(analyzable), reason, lines, complexity, tuple(_imports(imports)), exported, rest)
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _imports(rows: list[list[Any]]) -> Iterator[Import]:
    for line, kind, level, module, names, bound in rows:
        pairs = tuple(zip(names[::2], names[1::2], strict=True)) if names else ()
        yield Import(line, _KINDS[kind], level, module, pairs, bound)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Syntax trees and edges are many objects without cycles: collecting among them costs a seventh, frees nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
