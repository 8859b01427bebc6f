"""From text to tokens."""

from typing import NamedTuple

TWO_SIGNS = ("<=", ">=", "<>")
SIGNS = "+-*/^(),<>="


class MiniError(Exception):
    """A formula that makes no sense."""


class Token(NamedTuple):
    """A piece of the formula: kind is "number", "name", "sign" or "end"."""

    kind: str
    text: str
    at: int


def tokens(source: str) -> list[Token]:
    """The tokens of a formula, closed by one of kind "end"; "#" begins a comment up to the end of the line."""
    found = []
    at = 0
    while at < len(source):
        letter = source[at]
        end = at + 1
        if letter.isspace():
            at = end
            continue
        if letter == "#":
            while end < len(source) and source[end] != "\n":
                end += 1
            at = end
            continue
        if letter.isdigit():
            end = number_end(source, at)
            kind = "number"
        elif letter.isalpha() or letter == "_":
            while end < len(source) and (source[end].isalnum() or source[end] == "_"):
                end += 1
            kind = "name"
        elif source[at : at + 2] in TWO_SIGNS:
            end = at + 2
            kind = "sign"
        elif letter in SIGNS:
            kind = "sign"
        else:
            raise MiniError(f"{letter!r} at {at}")
        found.append(Token(kind, source[at:end], at))
        at = end
    found.append(Token("end", "", len(source)))
    return found


def number_end(source: str, at: int) -> int:
    """Where the number that begins at `at` ends: digits, perhaps a point and digits."""
    end = at
    while end < len(source) and source[end].isdigit():
        end += 1
    if source[end : end + 1] == "." and source[end + 1 : end + 2].isdigit():
        end += 1
        while end < len(source) and source[end].isdigit():
            end += 1
    return end
