"""What clones of one file are found by: fingerprints of its functions and of its runs of statements, in few bytes."""

import sys
from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import accumulate, count, pairwise, repeat
from operator import lshift, or_
from struct import Struct
from typing import NamedTuple, Self
from zlib import compress, crc32, decompress

from gitops_healer.code.tokens import END, NAMES, STATEMENT, blind

WINDOW = 4
"""Statements in one fingerprint of a run."""
SPACING = 3
"""Of so many neighbouring windows at least one is kept: a run of WINDOW + SPACING - 1 statements is never missed."""
DULL = 0xFFFFFFFF
"""Stands for the fingerprint of a window that is not worth keeping."""
LEAST_TOKENS, LEAST_LINES = 22, 3
"""Functions below are never looked at, whatever the options say."""

_MOST_FEATURES = 48
_LEAST_CHUNK, _LEAST_PAIR = 4, 8
_LEAST_WINDOW, _LEAST_DIFFERENT = 28, 3
_POSITION_BITS = 24
_POSITION = (1 << _POSITION_BITS) - 1
_STATEMENT, _END = bytes((STATEMENT,)), bytes((END,))
_HEADER, _COUNTS = Struct("<4sI"), Struct("<6I")
_MAGIC = b"CF2" + sys.byteorder[:1].encode()
_NUMBERS, _COUNT = 8, 5
_ROW = Struct(f"={_NUMBERS}I")


class FunctionSpan(NamedTuple):
    """symbol: qualified name inside of the module; start, end: lines; token_start, token_end: offsets in the stream."""

    symbol: str
    start: int
    end: int
    token_start: int
    token_end: int


class FileTokens(NamedTuple):
    """tokens: see `code.tokens`; lines: of each statement; functions: nested ones stand inside of their outer one."""

    tokens: bytes
    lines: Sequence[int]
    functions: Sequence[FunctionSpan]


def features(file: FileTokens) -> bytes:
    """Everything that `CloneIndex` needs of a file; read back by `BlobFeatures`."""
    full = statement_chunks(file.tokens)
    shapes = list(map(crc32, file.tokens.translate(None, NAMES + _END).split(_STATEMENT)[1:]))
    statements = [crc32(chunk) if len(chunk) >= _LEAST_CHUNK else 0 for chunk in full]
    lengths = list(map(len, full))
    pairs = [
        hash(pair) & DULL if long >= _LEAST_PAIR else 0
        for pair, long in zip(pairwise(shapes), map(sum, pairwise(lengths)), strict=True)
    ]
    columns = _FunctionColumns()
    offset = number = 0
    for span in sorted(file.functions, key=lambda item: item.token_start):
        tokens = file.tokens[span.token_start : span.token_end]
        size = len(blind(tokens))
        if size < LEAST_TOKENS or span.end - span.start + 1 < LEAST_LINES:
            continue
        number += file.tokens.count(STATEMENT, offset, span.token_start)
        offset = span.token_start
        last = number + tokens.count(STATEMENT)
        columns.add(span, tokens, size, number, last, {*statements[number:last], *pairs[number : last - 1]})
    windows, positions = _windows(full)
    symbols = "\n".join(columns.symbols).encode("utf-8", "surrogatepass")
    tail = file.tokens + array("I", file.lines).tobytes()
    counts = (len(columns.keys), len(columns.features), len(windows), len(symbols), len(file.tokens), len(file.lines))
    sections = (columns.keys, columns.numbers, columns.features, windows, positions)
    body = b"".join((*(section.tobytes() for section in sections), symbols, compress(tail, 1)))
    rest = _COUNTS.pack(*counts) + body
    return _HEADER.pack(_MAGIC, crc32(rest)) + rest


class _FunctionColumns:
    """The functions of a file while they are gathered."""

    def __init__(self) -> None:
        self.keys = array("Q")
        self.numbers = array("I")
        self.features = array("I")
        self.symbols: list[str] = []

    def add(self, span: FunctionSpan, tokens: bytes, size: int, first: int, last: int, found: set[int]) -> None:
        found.discard(0)
        kept = sorted(found)[:_MOST_FEATURES]
        self.features.extend(kept)
        self.keys.append(int.from_bytes(blake2b(tokens, digest_size=8).digest(), sys.byteorder))
        row = (span.start, span.end, span.token_start, span.token_end, size, len(kept), first, last)
        self.numbers.extend(row)
        self.symbols.append(span.symbol)


def statement_chunks(tokens: bytes) -> list[bytes]:
    """The tokens of each statement of a file, those of its inner blocks apart."""
    return tokens.translate(None, _END).split(_STATEMENT)[1:]


def window_hashes(chunks: Sequence[bytes]) -> list[int]:
    """32 bits of each WINDOW statements in a row; DULL for those that are short or repeat each other."""
    hashes = list(map(crc32, chunks))
    sizes = list(accumulate(map(len, chunks), initial=0))
    windows = zip(*(hashes[start:] for start in range(WINDOW)), strict=False)
    return [
        hash(window) & DULL if after - before >= _LEAST_WINDOW and len({*window}) >= _LEAST_DIFFERENT else DULL
        for window, before, after in zip(windows, sizes, sizes[WINDOW:], strict=False)
    ]


def _windows(chunks: Sequence[bytes]) -> "tuple[array[int], array[int]]":
    """(hash, number of its first statement) of windows chosen by their content alone: the least of each neighbours."""
    placed = list(map(or_, map(lshift, window_hashes(chunks), repeat(_POSITION_BITS)), count()))
    least = sorted(set(map(min, *(placed[start:] for start in range(SPACING)))), key=_POSITION.__and__)
    chosen = [item for item in least if item < DULL << _POSITION_BITS]
    return array("I", [item >> _POSITION_BITS for item in chosen]), array("I", [item & _POSITION for item in chosen])


class FunctionFeatures(NamedTuple):
    """One function. lines and offsets as in `FunctionSpan`; size: blind tokens; first, last: its
    statements."""

    start: int
    end: int
    token_start: int
    token_end: int
    size: int
    feature_count: int
    first: int
    last: int


class BlobFeatures:
    """The features of one blob, unpacked as far as they are asked for."""

    __slots__ = ("_names", "_offsets", "_tail", "data", "lines_count", "tokens_count")

    def __init__(self, data: bytes) -> None:
        """data: what `features` made."""
        counts = _COUNTS.unpack_from(data, _HEADER.size)
        functions, found, windows, symbols, self.tokens_count, self.lines_count = counts
        begin = _HEADER.size + _COUNTS.size
        self.data = data
        sizes = (begin, 8 * functions, 4 * _NUMBERS * functions, 4 * found, 4 * windows, 4 * windows, symbols)
        self._offsets = tuple(accumulate(sizes))
        self._tail: bytes | None = None
        self._names: tuple[str, ...] | None = None

    @classmethod
    def checked(cls, data: bytes) -> Self | None:
        """None when the bytes are damaged, or of another version."""
        if len(data) < _HEADER.size + _COUNTS.size:
            return None
        magic, checksum = _HEADER.unpack_from(data)
        if magic != _MAGIC or checksum != crc32(memoryview(data)[_HEADER.size :]):
            return None
        return cls(data)

    def _section(self, number: int) -> bytes:
        return self.data[self._offsets[number] : self._offsets[number + 1]]

    @property
    def keys(self) -> bytes:
        """64 bits of each function: the same for the same tokens."""
        return self._section(0)

    @property
    def feature_counts(self) -> "array[int]":
        """How many features each function has."""
        return array("I", self._section(1))[_COUNT::_NUMBERS]

    @property
    def features(self) -> bytes:
        return self._section(2)

    @property
    def windows(self) -> bytes:
        return self._section(3)

    @property
    def positions(self) -> bytes:
        return self._section(4)

    def function(self, number: int) -> FunctionFeatures:
        return FunctionFeatures(*_ROW.unpack_from(self.data, self._offsets[1] + _ROW.size * number))

    @property
    def functions(self) -> Iterator[FunctionFeatures]:
        return map(FunctionFeatures._make, _ROW.iter_unpack(self._section(1)))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Of each function."""
        if self._names is None:
            self._names = tuple(self._section(5).decode("utf-8", "surrogatepass").split("\n"))
        return self._names

    @property
    def tokens(self) -> bytes:
        return self._unpacked()[: self.tokens_count]

    def tokens_of(self, function: FunctionFeatures) -> bytes:
        return self._unpacked()[function.token_start : function.token_end]

    @property
    def lines(self) -> "array[int]":
        """Of each statement."""
        return array("I", self._unpacked()[self.tokens_count :])

    def _unpacked(self) -> bytes:
        if self._tail is None:
            self._tail = decompress(self.data[self._offsets[-1] :])
        return self._tail
