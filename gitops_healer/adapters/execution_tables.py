"""Tables of the execution store, and the way to a database that holds them: SQLite by path, PostgreSQL by URL."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    delete,
    event,
    exists,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from gitops_healer.errors import ForgeError, HealerError, UsageError

SCHEMA: Final = 3
BUSY_SECONDS: Final = 60
HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
"""Microseconds, both."""

_metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER is SQLite's own row number

STORE = Table(
    "healer_store",
    _metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("schema", Integer, nullable=False),
    Column("token", Text, nullable=False),  # tells this store from one that was made anew in its place
    Column("stored", BigInteger, nullable=False),
)
# What a clean-up removed for good: older lines are refused, or they would count twice. A row a kind of line.
PRUNED = Table(
    "healer_pruned",
    _metadata,
    Column("kind", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
)
# Names of tools, commits and error types, once each: a call holds their numbers.
WORDS = Table(
    "healer_words",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("word", Text, nullable=False),
    UniqueConstraint("kind", "word"),
)
# The key is unique for a tool at one microsecond: so the index that keeps calls unique also answers for windows.
CALLS = Table(
    "healer_calls",
    _metadata,
    Column("id", _Id, primary_key=True),
    Column("tool", Integer, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("duration", Double),
    Column("commit_id", Integer),
    Column("error", Integer),
    Column("input", BigInteger),
    Column("given", Text),
    Column("cut", SmallInteger, nullable=False),
    Column("payload", Text),
    Column("counted", SmallInteger, nullable=False, server_default="0"),  # 1: counts hold this call as well
    UniqueConstraint("tool", "ts", "key"),
)
FAILURES: Final = Index(
    "healer_failed_inputs",
    CALLS.c.tool,
    CALLS.c.ts,
    CALLS.c.key,
    CALLS.c.input,  # so that different ones are counted without looking at the calls
    sqlite_where=text("outcome = 0"),
    postgresql_where=text("outcome = 0"),
)


# Calls of which no single one is known: counted by a recorder, or left of those that a clean-up removed.
COUNTS = Table(
    "healer_counts",
    _metadata,
    Column("tool", Integer, primary_key=True, autoincrement=False),
    Column("ts", BigInteger, primary_key=True, autoincrement=False),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("commit_id", Integer),
    Column("passed", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("interrupted", BigInteger, nullable=False),
    Column("latency", Text, nullable=False),
    Column("errors", Text),
    sqlite_with_rowid=False,
)


# Sums of calls and counts, kept so that a year can be read as quickly as a day. Always what they sum up to: an hour in
# which something was stored is marked in the same transaction, and summed up again before it is read.
def _sums(name: str, step: str) -> Table:
    return Table(
        name,
        _metadata,
        Column("tool", Integer, primary_key=True, autoincrement=False),
        Column(step, Integer, primary_key=True, autoincrement=False),
        Column("commit_id", Integer, primary_key=True, autoincrement=False),  # 0: not known
        Column("passed", BigInteger, nullable=False),
        Column("failed", BigInteger, nullable=False),
        Column("counted", BigInteger, nullable=False),
        Column("first", BigInteger, nullable=False),
        Column("last", BigInteger, nullable=False),
        Column("latency", Text, nullable=False),
        Column("errors", Text, nullable=False),
        sqlite_with_rowid=False,
    )


HOURS = _sums("healer_hours", "hour")
DAYS = _sums("healer_days", "day")
MARKED = Table(
    "healer_marked_hours",
    _metadata,
    Column("tool", Integer, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("mark", Integer, nullable=False),
    sqlite_with_rowid=False,
)


class Database:
    """One database with the tables in it. Errors come out as HealerError and name it; its data is never deleted."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """All that is read inside belongs to one moment."""
        with self._explained("read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """For writing: every `begin` on it is all or nothing."""
        with self._explained("written"), self.engine.connect().execution_options(writes=True) as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise explained(error, self.name, done) from error

    def prepare(self) -> None:
        """Make the tables when there are none. Raises UsageError when the database is not ours to use."""
        with self._explained("opened"):
            for attempt in _until_unlocked():
                with attempt:
                    self._prepare()

    def _prepare(self) -> None:
        with self.engine.connect() as connection:
            known = self.engine.dialect.has_table(connection, STORE.name)
            if self.engine.dialect.name == "sqlite" and not known:
                _refuse_foreign(connection, self.name)
        if not known:
            with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
                _metadata.create_all(connection)
                if connection.execute(select(STORE.c.id)).first() is None:
                    connection.execute(insert(STORE).values(id=1, schema=SCHEMA, token=secrets.token_hex(8), stored=0))
        with self.engine.connect() as connection:
            schema = connection.execute(select(STORE.c.schema)).scalar()
        if schema in (1, 2):
            self._from_older(schema)
            schema = SCHEMA
        if schema != SCHEMA:
            raise UsageError(
                f"{self.name} has schema {schema}, and {SCHEMA} is known here: use the version of gitops-healer that "
                "wrote it, or update"
            )

    def _from_older(self, schema: int) -> None:
        """Schema 1 had calls and nothing that sums them up; schema 2 no sums by the day."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            _metadata.create_all(connection)
            connection.exec_driver_sql("DROP INDEX IF EXISTS healer_failures")
            FAILURES.create(connection, checkfirst=True)
            if schema == 1:
                connection.exec_driver_sql(f"ALTER TABLE {CALLS.name} ADD COLUMN counted SMALLINT NOT NULL DEFAULT 0")
                hours = select(CALLS.c.tool, CALLS.c.ts // HOUR, literal(0)).distinct()
                connection.execute(delete(MARKED))
            else:
                known = exists().where(MARKED.c.tool == HOURS.c.tool, MARKED.c.hour == HOURS.c.hour)
                hours = select(HOURS.c.tool, HOURS.c.hour, literal(0)).distinct().where(~known)
            connection.execute(insert(MARKED).from_select(["tool", "hour", "mark"], hours))
            connection.execute(update(STORE).values(schema=SCHEMA))


def open_database(place: str | Path) -> Database:
    """place: a path (SQLite, made when missing) or a URL such as `postgresql://user@host/name`."""
    if isinstance(place, str) and "://" in place:
        url = _url(place)
        if url.get_backend_name() != "sqlite":
            database = Database(_server_engine(url), url.render_as_string(hide_password=True))
            database.prepare()
            return database
        place = url.database or ""
    if str(place) in ("", ":memory:"):
        raise UsageError("the execution store needs a file: give a path such as .git/gitops-healer/executions.sqlite")
    path = Path(place)
    if path.is_dir():
        raise UsageError(f"{path} is a directory: give the path of a file for the execution store")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {path.parent} for the execution store: {error.strerror}") from None
    database = Database(_file_engine(path), str(path))
    database.prepare()
    return database


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise UsageError("the execution store's URL cannot be read. Example: postgresql://user@host/database") from None
    if url.get_backend_name() in ("postgres", "postgresql") and "+" not in url.drivername:
        return url.set(drivername="postgresql+psycopg")
    return url


def _server_engine(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except NoSuchModuleError:
        raise UsageError(f"{url.drivername} is not a database we know: use a path or postgresql://…") from None
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{url.drivername} needs the package {error.name}: pip install '{error.name}[binary]'"
        ) from None


def _file_engine(path: Path) -> Engine:
    """No pool: opening a file is cheap, and nothing is left open in a process that forks or ends."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA cache_size=-65536")
            connection.execute("PRAGMA wal_autocheckpoint=16000")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that begins as a reader cannot wait for its turn: it would fail.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _until_unlocked() -> Retrying:
    """Turning WAL on does not wait for others who do the same."""
    return Retrying(
        retry=retry_if_exception(_locked), stop=stop_after_delay(BUSY_SECONDS),
        wait=wait_random_exponential(0.01, max=0.5), reraise=True,
    )  # fmt: skip


def _locked(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and "locked" in str(error.orig)


def _refuse_foreign(connection: Connection, name: str) -> None:
    foreign = connection.execute(
        text(
            "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite_%' AND name <> 'healer_inbox' LIMIT 1"
        )
    ).scalar()
    if foreign is not None:
        raise UsageError(f"{name} is another program's database (it has a table {foreign}): give another path")


_CAUSES: Final = (
    ("full", "the disk is full: free some space and run again; what was stored before is complete"),
    ("readonly", "it may not be written: check the permissions of the file and its directory"),
    ("locked", f"another process has kept it locked for {BUSY_SECONDS} s: run again when that has ended"),
    ("unable to open", "it cannot be opened: check the path and its permissions"),
)


def explained(error: SQLAlchemyError | sqlite3.Error, name: str, done: str) -> HealerError:
    """The error as an instruction."""
    orig = error.orig if isinstance(error, DBAPIError) else error
    said = " ".join(str(orig).split())
    cause: Any = next((text for word, text in _CAUSES if word in said), None)
    if not isinstance(orig, sqlite3.Error):
        return ForgeError(f"the execution store {name} could not be {done}: {said}")
    if cause is None and isinstance(orig, sqlite3.DatabaseError):
        cause = (
            f"it is damaged, and nothing was deleted: restore it from a backup, try `sqlite3 '{name}' .recover`, or "
            "move it away and import the executions again"
        )
    return HealerError(f"the execution store {name} could not be {done} ({said}): {cause or said}")
