"""Facts by blob id: read from the cache, or made by one parse and kept."""

import gc
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from gitops_healer.code.facts import MAX_BYTES, Definition, Facts, Import, ImportKind, extract, too_big

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
        with _no_garbage_collection():
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
    """Compact JSON."""
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
    definitions = [[*item[:1], int(item.is_class), *item[2:5], int(item.accessory)] for item in facts.definitions]
    value = [
        int(facts.analyzable), facts.reason, facts.total_lines, facts.complexity,
        imports, facts.exports, definitions, sorted(facts.names),
    ]  # fmt: skip
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> Facts | None:
    """The facts, or None when the bytes are not what `encode` makes."""
    if not data:
        return None
    try:
        analyzable, reason, lines, complexity, imports, exports, definitions, names = json.loads(data)
        return Facts(
            bool(analyzable),
            reason,
            lines,
            complexity,
            tuple(_imports(imports)),
            None if exports is None else tuple(exports),
            tuple(Definition(item[0], item[1] == 1, item[2], item[3], item[4], item[5] == 1) for item in definitions),
            frozenset(names),
        )
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _imports(rows: list[list[Any]]) -> Iterator[Import]:
    for line, kind, level, module, names, bound in rows:
        pairs = tuple(zip(names[::2], names[1::2], strict=True)) if names else ()
        yield Import(line, _KINDS[kind], level, module, pairs, bound)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Syntax trees are many objects without cycles: collecting among them costs a seventh and frees nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
