"""The inbox: a table in the store's own database into which recorders write lines as they are."""

from typing import Any, Final

from sqlalchemy import Connection, inspect, text

from gitops_healer.adapters.execution_lines import Batch, read_lines

INBOX: Final = "healer_inbox"
AT_ONCE: Final = 5_000


def has_inbox(connection: Connection) -> bool:
    """Whether there is an inbox with something in it."""
    with connection.begin():
        if not inspect(connection).has_table(INBOX):
            return False
        return connection.execute(text(f"SELECT 1 FROM {INBOX} LIMIT 1")).first() is not None


def read_inbox(connection: Connection) -> list[Batch]:
    """The oldest lines, taken out; they are back when the transaction fails."""
    oldest = f"SELECT id FROM {INBOX} ORDER BY id LIMIT {AT_ONCE}"
    taken = connection.execute(text(f"DELETE FROM {INBOX} WHERE id IN ({oldest}) RETURNING id, line")).all()
    rows = sorted((row.id, _bytes(row.line)) for row in taken)
    return [
        batch._replace(broken=tuple((rows[position - 1][0], why) for position, why in batch.broken))
        for batch in read_lines(line for _, line in rows)
    ]


def _bytes(line: Any) -> bytes:
    return line if isinstance(line, bytes) else str(line or "").encode("utf-8", "surrogatepass")
