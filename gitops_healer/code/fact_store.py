"""Facts by blob id: read from the cache, or made by one parse and kept.

Four entries a blob, so that nobody reads more than it asks for: the facts that link modules (`facts`), what detectors
ask (`detail`), what clones are found by (`clones`), what is printed of it (`listing`).
"""

import ast
import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, TypeVar

from gitops_healer.code import fast_json
from gitops_healer.code.clones.index import FileTokens, FunctionSpan, features
from gitops_healer.code.extract import Reading, read_source
from gitops_healer.code.facts import MAX_BYTES, Detail, Facts, Import, ImportKind, parse, too_big
from gitops_healer.code.listing import listing
from gitops_healer.errors import HealerError

SCHEMA = 3
"""Counts up whenever facts mean something else or are spelled differently."""
CHUNK_BYTES = 200_000
"""Source that one process reads at a time."""

_KINDS = {kind.value: kind for kind in ImportKind}
T = TypeVar("T")
R = TypeVar("R")


class FactCache(Protocol):
    """What the code model asks of a cache (a part of `ports.Cache`)."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]: ...

    def put_many(self, values: Mapping[str, bytes]) -> None: ...


class Spread(Protocol):
    """Calls a function with each item, perhaps in several processes. An item that kills its process has no result."""

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[tuple[Any, Any]]: ...


def in_turn(function: Callable[[T], R], items: Sequence[T]) -> Iterator[tuple[T, R | None]]:
    """(item, result) of each item, here and one after the other."""
    for item in items:
        yield item, function(item)


class Opened:
    """A blob at hand. facts: with detail."""

    def __init__(self, blob: str, facts: Facts, read: Callable[[str], bytes], tree: ast.Module | None = None) -> None:
        self.blob = blob
        self.facts = facts
        self._read = read
        self._tree = tree

    @property
    def source(self) -> bytes:
        return self._read(self.blob)

    @property
    def tree(self) -> ast.Module | None:
        """The syntax tree, parsed again where it is not at hand; None for what cannot be parsed."""
        if self._tree is None and self.facts.analyzable:
            parsed = parse(self.source)
            self._tree = parsed if isinstance(parsed, ast.Module) else None
        return self._tree


Look = Callable[[Opened], Any]
"""What somebody wants to know of a blob beyond its facts, worked out where the tree is at hand; a JSON value."""


def nothing_more(opened: Opened) -> Any:
    return None


class Seen(NamedTuple):
    """facts: without detail; looked: what the Look gave; lost: it could not be read this time, and may be the next."""

    blob: str
    facts: Facts
    looked: Any
    lost: bool = False


class FactStore:
    """The facts of blobs. parsed, cached: how many were made and how many were found."""

    def __init__(self, read: Callable[[str], bytes], cache: FactCache, spread: Spread = in_turn) -> None:
        self._read = read
        self._cache = cache
        self._spread = spread
        self._known: dict[str, Facts] = {}
        self._details: dict[str, Detail] = {}
        self._clones: dict[str, bytes] = {}
        self.parsed = 0
        self.cached = 0

    def load(self, blobs: Iterable[tuple[str, int]]) -> None:
        """Make the facts of these (blob id, size in bytes) known, in one look at the cache and one write to it."""
        wanted = {blob: size for blob, size in blobs if blob not in self._known}
        if not wanted:
            return
        found = self._cache.get_many([key("facts", blob) for blob in wanted])
        with no_garbage_collection():
            for blob in wanted:
                facts = decode(found.get(key("facts", blob), b""))
                if facts is not None:
                    self._known[blob] = facts
        missing = {blob: size for blob, size in wanted.items() if blob not in self._known}
        self.cached += len(wanted) - len(missing)
        for _ in self._made(missing, nothing_more):
            pass

    def visit(self, blobs: Mapping[str, int], look: Look) -> Iterator[Seen]:
        """The facts of each blob ({id: size}) and what `look` says of it: in the process that parsed it, or here."""
        found = self._cache.get_many([key(kind, blob) for kind in ("facts", "detail") for blob in blobs])
        missing: dict[str, int] = {}
        for blob, size in blobs.items():
            facts = decode(found.get(key("facts", blob), b""))
            detail = unpacked(found.get(key("detail", blob), b""))
            if facts is None or detail is None:
                missing[blob] = size
                continue
            self._known[blob] = facts
            self.cached += 1
            yield Seen(blob, facts, look(Opened(blob, replace(facts, detail=detail), self._read)))
        yield from self._made(missing, look)

    def facts(self, blob: str, size: int) -> Facts:
        if blob not in self._known:
            self.load([(blob, size)])
        return self._known[blob]

    def detailed(self, blob: str, size: int) -> Facts:
        """The facts with what detectors ask."""
        facts = self.facts(blob, size)
        if blob not in self._details and not facts.analyzable:
            self._details[blob] = Detail()
        if blob not in self._details:
            detail = unpacked(self._cache.get_many([key("detail", blob)]).get(key("detail", blob), b""))
            self._details[blob] = read_blob(self._read, blob, size).facts.details if detail is None else detail
        return replace(facts, detail=self._details[blob])

    def clones(self, blobs: Mapping[str, int]) -> dict[str, bytes]:
        """What clones are found by, of each blob ({id: size})."""
        known = {blob: self._clones[blob] for blob in blobs if blob in self._clones}
        found = self._cache.get_many([key("clones", blob) for blob in blobs if blob not in known])
        known |= {blob: found[key("clones", blob)] for blob in blobs if key("clones", blob) in found}
        for blob, size in blobs.items():
            if blob not in known:
                known[blob] = features(tokens_of(read_blob(self._read, blob, size)))
        return known

    def listings(self, blobs: Mapping[str, int]) -> dict[str, bytes]:
        """What is printed of each blob ({id: size})."""
        found = self._cache.get_many([key("listing", blob) for blob in blobs])
        return {
            blob: found.get(key("listing", blob)) or listing(self.detailed(blob, size)) for blob, size in blobs.items()
        }

    def _made(self, missing: Mapping[str, int], look: Look) -> Iterator[Seen]:
        """Parse, in as many processes as there are, and keep."""

        def work(chunk: list[tuple[str, int]]) -> list[tuple[str, dict[str, bytes], Any]]:
            with no_garbage_collection():
                return [_work(self._read, blob, size, look) for blob, size in chunk]

        lost: list[list[tuple[str, int]]] = []
        for chunk, results in self._spread(work, chunks(missing)):
            if results is None:  # its process died, perhaps on one file: each gets a process of its own below
                lost += [[item] for item in chunk]
            else:
                yield from self._kept(results)
        for chunk, results in self._spread(work, lost):
            yield from self._kept(results or [_fatal(blob, look) for blob, _ in chunk])

    def _kept(self, results: list[tuple[str, dict[str, bytes], Any]]) -> Iterator[Seen]:
        kept: dict[str, bytes] = {}
        for blob, entries, looked in results:
            facts = decode(entries["facts"]) or Facts(False, "its facts could not be kept")
            self._known[blob] = facts
            if len(entries) > 1:
                self._clones[blob] = entries["clones"]
                kept.update({key(kind, blob): data for kind, data in entries.items()})
            self.parsed += 1
            yield Seen(blob, facts, looked, lost=len(entries) == 1)
        self._cache.put_many(kept)


def _work(read: Callable[[str], bytes], blob: str, size: int, look: Look) -> tuple[str, dict[str, bytes], Any]:
    try:
        reading = read_blob(read, blob, size)
        return blob, entries_of(reading), look(Opened(blob, reading.facts, read, reading.tree))
    except Exception as error:  # an object that is missing, or a bug of ours: one file less, and nothing is kept
        said = str(error) if isinstance(error, HealerError) else f"reading it broke: {type(error).__name__}: {error}"
        lost = Facts(False, said, detail=Detail())
        return blob, {"facts": encode(lost)}, look(Opened(blob, lost, read))


def _fatal(blob: str, look: Look) -> tuple[str, dict[str, bytes], Any]:
    """The process that read it died or never ended: the parser's doing, or that of a damaged object."""
    said = f"the process that read it did not live: run `git fsck`, and `git cat-file -p {blob} | python -m ast`"
    lost = Facts(False, said, detail=Detail())
    return blob, {"facts": encode(lost)}, look(Opened(blob, lost, lambda _: b""))


def read_blob(read: Callable[[str], bytes], blob: str, size: int) -> Reading:
    if size > MAX_BYTES:
        return Reading(Facts(False, too_big(size), detail=Detail()))
    return read_source(read(blob))


def entries_of(reading: Reading) -> dict[str, bytes]:
    """What is kept of one blob, by kind."""
    facts = reading.facts
    return {
        "facts": encode(facts),
        "detail": facts.details.pack(),
        "clones": features(tokens_of(reading)),
        "listing": listing(facts),
    }


def tokens_of(reading: Reading) -> FileTokens:
    spans = [
        FunctionSpan(item.qualname, item.start, item.end, *span)
        for item, span in zip(reading.facts.definitions, reading.spans, strict=True)
        if not item.is_class
    ]
    return FileTokens(reading.tokens, reading.lines, spans)


def chunks(blobs: Mapping[str, int]) -> list[list[tuple[str, int]]]:
    """Large files first, so that no process is left alone with one at the end."""
    found: list[list[tuple[str, int]]] = []
    room = 0
    for item in sorted(blobs.items(), key=lambda item: (-item[1], item[0])):
        if room <= 0:
            found.append([])
            room = CHUNK_BYTES
        found[-1].append(item)
        room -= item[1] + 200
    return found


def key(kind: str, blob: str) -> str:
    """Facts depend on the grammar of the interpreter, so its version is part of their key."""
    return f"{kind}:{SCHEMA}:{sys.version_info[0]}.{sys.version_info[1]}:{blob}"


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
    return fast_json.dumps(head) + b"\n" + facts.packed


def decode(data: bytes) -> Facts | None:
    """The facts, or None when the bytes are not what `encode` makes."""
    head, newline, rest = data.partition(b"\n")
    if not newline or rest[:2] != b"[[" or rest[-2:] != b"]]":
        return None
    try:
        analyzable, reason, lines, complexity, imports, exports = fast_json.loads(head)
        exported = None if exports is None else tuple(exports)
        return Facts(bool(analyzable), reason, lines, complexity, tuple(_imports(imports)), exported, rest)
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def unpacked(data: bytes) -> Detail | None:
    """The detail, or None when the bytes are not what `Detail.pack` makes."""
    try:
        return Detail.unpack(data)
    except (ValueError, TypeError):
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
