"""A line editor that remembers what it did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Insert:
    """A new line before line `line` (0-based)."""

    line: int
    text: str

    def apply(self, lines: list[str]) -> None:
        lines.insert(self.line, self.text)

    def inverse(self) -> Delete:
        return Delete(self.line, self.text)


@dataclass(frozen=True)
class Delete:
    line: int
    text: str

    def apply(self, lines: list[str]) -> None:
        del lines[self.line]

    def inverse(self) -> Insert:
        return Insert(self.line, self.text)


@dataclass(frozen=True)
class Replace:
    """Line `line` changes its text from `before` to `after`."""

    line: int
    before: str
    after: str

    def apply(self, lines: list[str]) -> None:
        lines[self.line] = self.after

    def inverse(self) -> Replace:
        return Replace(self.line, self.after, self.before)


class Notepad:
    """Lines of text with undo and redo; at most `limit` changes are remembered."""

    def __init__(self, lines: list[str] | None = None, limit: int = 20) -> None:
        self._lines = list(lines or [])
        self._done: list[Insert | Delete | Replace] = []
        self._undone: list[Insert | Delete | Replace] = []
        self._limit = limit

    def __len__(self) -> int:
        return len(self._lines)

    def snapshot(self) -> list[str]:
        """The lines as they are now; later edits do not change this list."""
        return list(self._lines)

    def insert(self, line: int, text: str) -> None:
        """Put `text` before `line`; `line` may be the number of lines, which appends.

        Raises IndexError for any other line that is not there.
        """
        if not 0 <= line <= len(self._lines):
            raise IndexError(f"no line {line}")
        self._perform(Insert(line, text))

    def append(self, text: str) -> None:
        self.insert(len(self._lines), text)

    def delete(self, line: int) -> str:
        """Remove a line and return its text."""
        text = self._line(line)
        self._perform(Delete(line, text))
        return text

    def replace(self, line: int, text: str) -> None:
        """Give a line a new text. The same text is no change and is not remembered."""
        before = self._line(line)
        if before == text:
            return
        self._perform(Replace(line, before, text))

    def undo(self) -> bool:
        """Take the last change back; False when there is none."""
        if not self._done:
            return False
        change = self._done.pop()
        change.inverse().apply(self._lines)
        self._undone.append(change)
        return True

    def redo(self) -> bool:
        """Do again what was undone last; False when there is nothing."""
        if not self._undone:
            return False
        change = self._undone.pop()
        change.apply(self._lines)
        self._done.append(change)
        return True

    def find(self, word: str, start: int = 0) -> int | None:
        """The first line from `start` on that contains `word`, going on at the top after the last line."""
        count = len(self._lines)
        for step in range(count):
            line = (start + step) % count
            if word in self._lines[line]:
                return line
        return None

    def replace_all(self, old: str, new: str) -> int:
        """Replace `old` by `new` in every line; returns the number of lines that changed."""
        changed = 0
        for number, text in enumerate(self.snapshot()):
            if old in text:
                self.replace(number, text.replace(old, new))
                changed += 1
        return changed

    def _line(self, line: int) -> str:
        if not 0 <= line < len(self._lines):
            raise IndexError(f"no line {line}")
        return self._lines[line]

    def _perform(self, change: Insert | Delete | Replace) -> None:
        change.apply(self._lines)
        self._done.append(change)
        self._undone.clear()
        if len(self._done) > self._limit:
            self._done.pop(0)
