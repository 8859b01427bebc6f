"""A sink that writes lines into the table `healer_inbox` of an SQLite file, for `gitops-healer executions import`."""

from __future__ import annotations

import os
import sqlite3

from gitops_healer.recorder.queued import ConnectedSink

TABLE = "CREATE TABLE IF NOT EXISTS healer_inbox (id INTEGER PRIMARY KEY, line TEXT NOT NULL)"
BUSY_SECONDS = 5.0


class SqliteSink(ConnectedSink):
    """Several processes may share one file (WAL mode; a batch is whole or not there)."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._path = os.fspath(path)

    def send(self, lines: list[bytes]) -> None:
        connection = self._connection or self._connect()
        with connection:
            connection.executemany("INSERT INTO healer_inbox (line) VALUES (?)", [(line.decode(),) for line in lines])

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(TABLE)
        self._connection = connection
        return connection
