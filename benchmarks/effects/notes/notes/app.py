import os
import sys
from functools import cached_property, partial
from pathlib import Path

from notes import text as words_of
from notes.store import Db, connect
from notes.text import slug as _slug


class Note:
    count = 0

    def __init__(self, title, body="", tags=()):  # effects: pure
        self.title = title
        self.body = body
        self.tags = set(tags)

    def tag(self, name):  # effects: pure; mutates self
        self.tags.add(name)
        return self

    @property
    def path(self):  # effects: pure
        return Path("notes") / f"{_slug(self.title)}.md"

    @property
    def saved(self):  # effects: files
        return self.path.exists()

    @cached_property
    def words(self):  # effects: pure; cache
        return words_of.words(self.body)

    def save(self):  # effects: files
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(self.body)

    @classmethod
    def load(cls, path: Path):  # effects: files
        return cls(path.stem, path.read_text())

    @classmethod
    def made(cls, title):  # effects: global state
        cls.count += 1
        return cls(title)

    def __eq__(self, other):  # effects: pure
        return self.title == other.title

    def __lt__(self, other):  # effects: pure
        return self.title < other.title


class Book:
    def __init__(self, notes: list[Note], database: Db):  # effects: pure
        self.notes = notes
        self.database = database

    def titles(self):  # effects: pure
        return sorted(note.title for note in self.notes)

    def ordered(self):  # effects: pure
        return sorted(self.notes)

    def unsaved(self):  # effects: files
        return [note for note in self.notes if not note.saved]

    def sync(self):  # effects: database
        for title in self.titles():
            self.database.add(title)

    def longest(self) -> Note:  # effects: pure; cache
        return max(self.notes, key=lambda note: len(note.words))


def editor():  # effects: global state
    return os.environ.get("EDITOR", "vi")


def home():  # effects: global state
    return os.environ["HOME"]


def read_input():  # effects: console
    return sys.stdin.read()


def tagged(title, names):  # effects: pure
    note = Note(title)
    for name in names:
        note.tag(name)
    return note


def path_of(title):  # effects: pure
    return Note(title).path


def save_longest(book: Book):  # effects: files
    book.longest().save()


def stored_titles(path):  # effects: database
    return Db(path).titles()


def raw(path):  # effects: database
    return connect(path).execute("select 1").fetchone()


def shouting(texts):  # effects: console
    return list(map(words_of.shout, texts))


def shout_later(text):  # effects: pure
    return partial(words_of.shout, text)


def debug(value, verbose=False):  # effects: console
    if verbose:
        print(value, file=sys.stderr)
    return value


def sandwich(value):  # effects: console
    return [debug(part) for part in value]


def save_all(notes: "list[Note]"):  # effects: files
    for note in notes:
        note.save()


def render(title, body):  # effects: pure
    return Db.quoted(title) + "\n" + "\n".join(words_of.wrapped(body))
