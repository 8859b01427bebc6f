"""Where accounts and entries are kept."""

import sqlite3

SCHEMA = """
create table account (name text primary key, credit integer not null);
create table entry (
    number integer primary key, account text not null, day text not null, cents integer not null, note text not null
);
"""


class Store:
    """Rows of the two tables; knows nothing of rules."""

    def __init__(self, path=":memory:"):
        self.connection = sqlite3.connect(path)
        self.connection.executescript(SCHEMA)

    def close(self):
        self.connection.close()

    def add_account(self, name, credit):
        self.connection.execute("insert into account values (?, ?)", (name, credit))

    def credit_of(self, name):
        """The limit of the account in cents, None if there is no such account."""
        row = self.connection.execute("select credit from account where name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def names(self):
        return [name for (name,) in self.connection.execute("select name from account order by name")]

    def add_entry(self, account, day, cents, note):
        self.connection.execute(
            "insert into entry (account, day, cents, note) values (?, ?, ?, ?)", (account, day, cents, note)
        )

    def total(self, account):
        """Sum of the entries; 0 for an account without any."""
        (total,) = self.connection.execute("select sum(cents) from entry where account = ?", (account,)).fetchone()
        return total or 0

    def entries(self, account, first="", last="9999"):
        """(day, cents, note) from the day `first` to the day `last`, both included, in order."""
        return self.connection.execute(
            "select day, cents, note from entry where account = ? and day >= ? and day <= ? order by day, number",
            (account, first, last),
        ).fetchall()
