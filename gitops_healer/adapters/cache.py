"""A cache in one SQLite file. Whatever happens to the file, the worst is that something is computed again."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from zlib import crc32

if TYPE_CHECKING:  # a cache is opened in milliseconds, and the ports are many
    from gitops_healer.ports import Progress


FORMAT = 2
CHUNK = 500
PATIENCE = 5.0  # seconds that a writer waits for another
MOST_REBUILDS = 3
LIMIT = 512 * 1024**2  # bytes

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SCHEMA = """
CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, proof INTEGER NOT NULL, size INTEGER NOT NULL,
                      used INTEGER NOT NULL);

"""

T = TypeVar("T")


class SqliteCache:
    """Implements `ports.Cache`; shared by threads and processes, survives forks.

    A file that is damaged or of another format is thrown away and begun again. Where nothing can be written, nothing
    is kept. Both are said once through `tell`. When the values together are over `limit` bytes (by up to a twentieth
    for each process that writes), those least recently used leave.
    """

    def __init__(self, path: Path, limit: int = LIMIT, tell: "Progress" = lambda _: None, fresh: int = 0) -> None:
        """fresh: uses of the file within which an entry is not marked as used again, which costs a write."""
        self._path = path
        self._fresh = fresh
        self._limit = limit
        self._tell = tell
        self._mutex = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inherited: list[sqlite3.Connection | None] = []
        self._owner = 0  # process that opened the connection
        self._inode = 0  # of the file that is open
        self._rebuilds = 0
        self._closed = False
        self._clock = 0  # counts uses
        self._touched: dict[bytes, int] = {}
        self._unchecked = limit  # bytes written since the size was last looked at

    def get(self, key: str) -> bytes | None:
        return self.get_many([key]).get(key)

    def put(self, key: str, value: bytes) -> None:
        self.put_many({key: value})

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        names = {_name(key): key for key in keys}
        nothing: dict[bytes, bytes] = {}
        found = self._attempt(lambda connection: self._read(connection, list(names)), nothing)
        return {names[name]: value for name, value in found.items()}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        rows = {_name(key): value for key, value in values.items() if len(value) <= self._limit // 4}
        if rows:
            self._attempt(lambda connection: self._write(connection, rows), None)

    def close(self) -> None:
        """Remember what was used and let go of the file; afterwards nothing is found and nothing kept."""
        with self._mutex:
            if self._connection is not None and self._owner == os.getpid():
                self._attempt(lambda connection: self._write(connection, {}), None)
            self._disconnect()
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Every use goes through here

    def _attempt(self, use: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        """`use` on the open file, or `nothing` when that is impossible."""
        with self._mutex:
            for _ in range(MOST_REBUILDS + 1):
                if self._closed:
                    break
                try:
                    return use(self._connected())
                except sqlite3.Error as error:
                    if not self._recovered(error):
                        break
                except OSError as error:
                    self._give_up(error.strerror or str(error))
        return nothing

    def _recovered(self, error: sqlite3.Error) -> bool:
        """Whether trying again makes sense."""
        extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        code = extended & 0xFF
        if code in _BUSY:  # one wait is enough: each use would wait anew
            self._give_up("another process holds it")
            return False
        if code not in _CORRUPT and extended != sqlite3.SQLITE_IOERR_SHORT_READ:
            self._give_up(str(error))
            return False
        self._rebuilds += 1
        if self._rebuilds > MOST_REBUILDS:
            self._give_up(f"damaged again and again: {error}")
            return False
        self._tell(f"the cache {self._path} is damaged ({error}) and is built anew")
        with contextlib.suppress(OSError):
            self._discard()
        return True

    def _give_up(self, reason: str) -> None:
        self._tell(f"the cache {self._path} cannot be used ({reason}): going on without it, which is slower")
        self._disconnect()
        self._closed = True

    # The file

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None or self._owner != os.getpid():
            self._inherited.append(self._connection)  # a parent's: to close it here would break the parent's locks
            self._connection = None
            self._touched = {}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone():
                self._connection = self._opened()
                self._inode = self._path.stat().st_ino
            self._owner = os.getpid()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA journal_size_limit = 4194304")
            connection.execute("PRAGMA wal_autocheckpoint = 16384")  # pages: a cold scan is one long write
            if (version := connection.execute("PRAGMA user_version").fetchone()[0]) == 0:
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")
            elif version != FORMAT:
                raise sqlite3.DatabaseError(f"its format is {version}, not {FORMAT}")
            self._clock = connection.execute("SELECT coalesce(max(used), 0) FROM entries").fetchone()[0]
        except BaseException:
            self._inode = self._path.stat().st_ino
            connection.close()
            raise
        return connection

    def _discard(self) -> None:
        """Delete the file that we had open, unless another process has put a new one in its place already."""
        self._disconnect()
        with self._alone():
            if self._path.exists() and self._path.stat().st_ino == self._inode:
                for suffix in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _disconnect(self) -> None:
        if self._connection is not None and self._owner == os.getpid():
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _alone(self) -> AbstractContextManager[None]:
        return _locked(self._path.with_name(self._path.name + ".lock"))

    # Rows

    def _read(self, connection: sqlite3.Connection, names: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        self._clock += 1
        for start in range(0, len(names), CHUNK):
            some = names[start : start + CHUNK]
            marks = ",".join("?" * len(some))
            for name, value, proof, used in connection.execute(
                f"SELECT key, value, proof, used FROM entries WHERE key IN ({marks})", some
            ):
                if _proof(name, value) == proof:
                    found[name] = value
                    if self._clock - used > self._fresh:
                        self._touched[name] = self._clock
        if len(self._touched) > 20 * CHUNK:
            self._write(connection, {})
        return found

    def _write(self, connection: sqlite3.Connection, rows: Mapping[bytes, bytes]) -> None:
        self._clock += 1
        connection.execute("BEGIN IMMEDIATE")
        try:
            touched = [(used, name) for name, used in self._touched.items()]
            connection.executemany("UPDATE entries SET used = ? WHERE key = ?", touched)
            connection.executemany(
                "INSERT OR REPLACE INTO entries (key, value, proof, size, used) VALUES (?, ?, ?, ?, ?)",
                [(name, value, _proof(name, value), _cost(name, value), self._clock) for name, value in rows.items()],
            )
            self._unchecked += sum(_cost(name, value) for name, value in rows.items())
            if self._unchecked > self._limit // 20:
                self._shrink(connection)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        self._touched = {}

    def _shrink(self, connection: sqlite3.Connection) -> None:
        """Let the least recently used leave, with a tenth more than is needed so that it is not needed soon."""
        self._unchecked = 0
        over = connection.execute("SELECT coalesce(sum(size), 0) FROM entries").fetchone()[0] - self._limit
        if over <= 0:
            return
        leaving = []
        over += self._limit // 10
        for row, size in connection.execute("SELECT rowid, size FROM entries ORDER BY used"):
            if over <= 0:
                break
            leaving.append((row,))
            over -= size
        connection.executemany("DELETE FROM entries WHERE rowid = ?", leaving)


class MemoryCache:
    """Implements `ports.Cache` for as long as the process lives."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self._values[key] = value

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self._values[key] for key in keys if key in self._values}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        self._values.update(values)

    def close(self) -> None:
        self._values.clear()


def scan_cache(state: Path, tell: "Progress" = lambda _: None) -> SqliteCache:
    """The cache of a repository: one file, which CI may keep from run to run."""
    return SqliteCache(state / "cache.sqlite", LIMIT, tell, fresh=100)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Held by one process at a time, while the file is opened or replaced; the system lets go of it when one dies."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _name(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _proof(name: bytes, value: bytes) -> int:
    """Tells a flipped bit, which SQLite does not."""
    return crc32(value, crc32(name))


def _cost(name: bytes, value: bytes) -> int:
    """Bytes that a row takes, roughly."""
    return len(value) + len(name) + 64
