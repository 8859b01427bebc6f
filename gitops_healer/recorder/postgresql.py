"""A sink that writes lines into the table `healer_inbox` of a PostgreSQL database. Needs the package psycopg."""

from __future__ import annotations

import os

from gitops_healer.recorder.queued import ConnectedSink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "GITOPS_HEALER_STORE_URL"
TABLE = "CREATE TABLE IF NOT EXISTS healer_inbox (id BIGSERIAL PRIMARY KEY, line TEXT NOT NULL)"
CONNECT_SECONDS = 5


class PostgresqlSink(ConnectedSink):
    """url: `postgresql://user@host/database`, by default what GITOPS_HEALER_STORE_URL says. ValueError without."""

    def __init__(self, url: str = "") -> None:
        super().__init__()
        self._url = (url or os.environ.get(VARIABLE, "")).replace("postgresql+psycopg://", "postgresql://", 1)
        if not self._url:
            raise ValueError(f"which database? Give a URL such as postgresql://user@host/database, or set {VARIABLE}")

    def send(self, lines: list[bytes]) -> None:
        connection = self._connection or self._connect()
        with connection.transaction(), connection.cursor().copy("COPY healer_inbox (line) FROM STDIN") as copy:
            for line in lines:
                copy.write_row((line.decode(),))

    def _connect(self) -> Any:
        import psycopg

        self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_SECONDS)
        with self._connection.transaction():
            # Two processes that make one table at the same time would refuse each other.
            self._connection.execute("SELECT pg_advisory_xact_lock(7461382)")
            self._connection.execute(TABLE)
        return self._connection
