"""Files of recorded executions, whatever holds them: JSON Lines, JUnit XML, OTLP JSON, gzip, zip, SQLite, directories.

The format is told by the content. Nothing is ever unpacked to disk, and no name inside an archive is used as a path.
"""

import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, Final, Literal, NamedTuple, cast

from gitops_healer.adapters.execution_lines import FileLines, UnreadableError, bounded_lines
from gitops_healer.adapters.execution_spool import POSITIONS
from gitops_healer.adapters.execution_tables import STORE
from gitops_healer.adapters.junit_xml import ReportError, junit_lines
from gitops_healer.adapters.otlp import otlp_lines
from gitops_healer.errors import UsageError
from gitops_healer.ports import ExecutionStore, Imported

FileFormat = Literal["auto", "jsonl", "junit", "otlp"]
FORMATS: Final = ("jsonl", "junit", "otlp")
ENDINGS: Final = (".jsonl", ".jsonl.gz", ".ndjson", ".xml", ".json")
"""Of files that are looked at inside directories and archives."""

UNPACKED_LIMIT: Final = 16 * 1024**3
"""Bytes that one compressed file may become; a recorder's spool is far below."""

MEMBER_LIMIT: Final = 10_000
INBOX: Final = "healer_inbox"
INBOX_AT_ONCE: Final = 5_000
_PEEK: Final = 64 * 1024


class Source(NamedTuple):
    """name: for the reader; stream: its bytes; written: when, for reports that do not tell; descriptor: of the file
    that they come from, when it can seek."""

    name: str
    stream: BinaryIO
    written: datetime | None
    descriptor: int | None = None


def found_files(places: Iterable[Path]) -> Iterator[Path]:
    """The files that are meant: a directory stands for what it holds, at any depth, by name; a name with
    stars for what it matches; `-` for itself."""
    for place in places:
        if place.is_dir():
            inside = sorted(file for file in place.rglob("*") if file.name.endswith(ENDINGS) and file.is_file())
            inside = [file for file in inside if file.name != POSITIONS]  # ours, about what was read
            if not inside:
                raise UsageError(
                    f"{place} holds no file that ends with {', '.join(ENDINGS)}. Name the files, or take in what "
                    "recorders wrote by default: gitops-healer executions import"
                )
            yield from inside
        elif "*" in place.name and not place.exists():
            yield from sorted(place.parent.glob(place.name))
        else:
            yield place


def import_file(
    store: ExecutionStore,
    file: Path,
    form: FileFormat = "auto",
    commit: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Everything that a file holds. What cannot be read to its end is reported among the broken, with what was read
    before stored. commit: of calls in reports that name none. Raises UsageError when there is no such file."""
    try:
        with file.open("rb") as stream:
            written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            if stream.read(16) == b"SQLite format 3\0":
                return import_inbox(store, file)
            stream.seek(0)
            return import_stream(store, Source(file.name, stream, written, _seekable(stream)), form, commit, progress)
    except OSError as error:
        advice = "Give files, directories, or - for standard input: gitops-healer executions import FILE"
        raise UsageError(f"{file} cannot be read: {error.strerror}. {advice}") from None


def import_stream(
    store: ExecutionStore,
    source: Source,
    form: FileFormat = "auto",
    commit: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """See `import_file`."""
    peeked = _peekable(source.stream)
    start = peeked.peek(_PEEK)
    if start.startswith(b"PK\x03\x04"):
        if not source.stream.seekable():
            raise UsageError("a zip cannot be read from standard input: write it to a file and import that")
        peeked.seek(0)
        return _sum(import_stream(store, one, form, commit, progress) for one in _members(peeked, source.descriptor))
    if start.startswith(b"\x1f\x8b"):
        unpacked = cast(BinaryIO, _Bounded(gzip.GzipFile(fileobj=peeked)))
        return import_stream(store, source._replace(stream=unpacked), form, commit, progress)
    return _import_lines(store, source._replace(stream=peeked), start, form, commit, progress)


def _import_lines(
    store: ExecutionStore, source: Source, start: bytes, form: FileFormat, commit: str | None,
    progress: Callable[[int], None] | None,
) -> Imported:  # fmt: skip
    match form if form != "auto" else guessed(start):
        case "junit":
            lines = junit_lines(source.stream, commit, source.written)
        case "otlp":
            lines = otlp_lines(source.stream, commit)
        case _:
            lines = bounded_lines(source.stream)
    read = _until_fault(lines, source.name)
    return store.import_jsonl(read if source.descriptor is None else FileLines(read, source.descriptor), progress)


def guessed(start: bytes) -> FileFormat:
    """The format, by the first bytes."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return "junit"
    return "otlp" if b'"resourceSpans"' in text[:4096] or b'"resource_spans"' in text[:4096] else "jsonl"


def _until_fault(lines: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Lines until the end. Raises UnreadableError when they cannot be read any further."""
    try:
        yield from lines
    except ReportError as error:
        raise UnreadableError(f"{name} {error}") from None
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError, RuntimeError) as error:
        raise UnreadableError(f"{name} is damaged, cut off, or encrypted: {error}") from None


def _seekable(stream: BinaryIO) -> int | None:
    return stream.fileno() if stream.seekable() else None


class _Bounded(io.RawIOBase):
    """A stream that ends with an error where it grows beyond what is allowed (a bomb)."""

    def __init__(self, stream: io.BufferedIOBase | IO[bytes]) -> None:
        self._stream = stream
        self._left = UNPACKED_LIMIT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise ReportError(f"becomes more than {UNPACKED_LIMIT:,} bytes: refused, since it may be an attack")
        buffer[: len(data)] = data
        return len(data)


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream), _PEEK)


def _members(stream: BinaryIO, descriptor: int | None) -> Iterator[Source]:
    """The reports in a zip, by their order in it; members of any other kind are left alone."""
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise UsageError(f"the zip cannot be read: {error}") from None
    with archive:
        members = [one for one in archive.infolist() if one.filename.endswith(ENDINGS) and not one.is_dir()]
        if len(members) > MEMBER_LIMIT:
            raise UsageError(f"the zip holds {len(members):,} reports, {MEMBER_LIMIT:,} are allowed: split it")
        for member in members:
            written = datetime(*member.date_time, tzinfo=UTC)
            try:
                opened = archive.open(member)
            except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
                raise UsageError(f"the zip cannot be read: {error}") from None
            with opened:
                yield Source(member.filename, cast(BinaryIO, _Bounded(opened)), written, descriptor)


def _sum(parts: Iterable[Imported]) -> Imported:
    return sum(parts, start=Imported(0, 0, ()))


# What a recorder wrote into a SQLite file


def import_inbox(store: ExecutionStore, file: Path) -> Imported:
    """Lines that a recorder left in the table healer_inbox of a SQLite file. They are removed when they are stored: a
    crash in between only makes the next import find them known already."""
    parts: list[Imported] = []
    try:
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
            while rows := _inbox_rows(connection, file):
                parts.append(store.import_jsonl(line for _, line in rows))
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(f"DELETE FROM {INBOX} WHERE id = ?", [(number,) for number, _ in rows])
                connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    return _sum(parts)


def _inbox_rows(connection: sqlite3.Connection, file: Path) -> list[tuple[int, bytes]]:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if INBOX not in tables:
        if STORE.name in tables:
            return []  # an execution store that no recorder has written into: nothing waits in it
        raise UsageError(
            f"{file} has no table {INBOX}: it was not written by a recorder. Import its JSON Lines instead: "
            "gitops-healer executions import FILE.jsonl"
        )
    query = f"SELECT id, CAST(line AS BLOB) FROM {INBOX} ORDER BY id LIMIT {INBOX_AT_ONCE}"
    return [(number, bytes(line or b"")) for number, line in connection.execute(query)]
