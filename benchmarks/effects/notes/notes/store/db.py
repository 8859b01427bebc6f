import sqlite3


def connect(path):  # effects: database
    return sqlite3.connect(path)


class Database:
    def __init__(self, path):  # effects: database
        self.connection = connect(path)

    def titles(self):  # effects: database
        return [row[0] for row in self.connection.execute("select title from notes")]

    def add(self, title):  # effects: database
        cursor = self.connection.cursor()
        cursor.execute("insert into notes values (?)", (title,))

    @staticmethod
    def quoted(name):  # effects: pure
        return '"' + name.replace('"', '""') + '"'

    def query(self, table):  # effects: pure
        return f"select * from {self.quoted(table)}"
