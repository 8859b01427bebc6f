"""Bookings of a till, kept in a database and written out for the accountant."""

import sqlite3
from pathlib import Path

from gitops_healer.recorder import tool


def open_book(path):
    book = sqlite3.connect(path)
    book.execute("DROP TABLE IF EXISTS booking")
    book.execute("CREATE TABLE booking (number INTEGER PRIMARY KEY, account TEXT, cents INTEGER, note TEXT)")
    return book


@tool(idempotent=True, side_effects="writes_to_database")
def post(bookings, path="book.sqlite"):
    """Balances after all bookings, accounts in alphabetical order, and how many were made."""
    book = open_book(path)
    try:
        for number, (account, cents, note) in enumerate(bookings, 1):
            if cents == 0:
                continue
            book.execute("INSERT INTO booking VALUES (?, ?, ?, ?)", (number, account, cents, note or ""))
        book.commit()
        rows = book.execute("SELECT account, SUM(cents) FROM booking GROUP BY account ORDER BY account").fetchall()
        count = book.execute("SELECT COUNT(*) FROM booking").fetchone()[0]
    finally:
        book.close()
    return {"balances": dict(rows), "count": count}


@tool(idempotent=True, side_effects="writes_files")
def write_out(bookings, month, folder="out"):
    """A file for each account. Returns the names of the files."""
    by_account = {}
    for account, cents, note in bookings:
        by_account.setdefault(account, []).append((cents, note))
    target = Path(folder) / month
    target.mkdir(parents=True, exist_ok=True)
    names = []
    for account in sorted(by_account):
        file = target / f"{account.lower()}.csv"
        lines = ["cents;note"]
        for cents, note in by_account[account]:
            text = (note or "").replace(";", ",")
            lines.append(f"{cents};{text}")
        lines.append(f"{sum(cents for cents, _ in by_account[account])};total")
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        names.append(file.as_posix())
    return names
