"""Cuts a formula such as ``2 * (price + 1.5)`` into tokens."""

from dataclasses import dataclass

SYMBOLS = "+-*/^(),"


class FormulaError(ValueError):
    """The formula cannot be read or computed."""


@dataclass(frozen=True)
class Token:
    """A number, a name or a symbol, and where it begins."""

    kind: str
    text: str
    position: int


def end_of_number(text: str, start: int) -> int:
    """The position behind the number that begins at `start`: digits with at most one point."""
    end = start
    seen_point = False
    while end < len(text):
        if text[end] == "." and not seen_point:
            seen_point = True
        elif not text[end].isdigit():
            break
        end += 1
    return end


def end_of_name(text: str, start: int) -> int:
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end


def tokenize(text: str) -> list[Token]:
    """All tokens in order; white space only separates.

    >>> [token.text for token in tokenize("2*(a+1)")]
    ['2', '*', '(', 'a', '+', '1', ')']
    """
    tokens = []
    position = 0
    while position < len(text):
        character = text[position]
        if character.isspace():
            position += 1
            continue
        if character.isdigit() or character == ".":
            kind, end = "number", end_of_number(text, position)
        elif character.isalpha() or character == "_":
            kind, end = "name", end_of_name(text, position)
        elif character in SYMBOLS:
            kind, end = "symbol", position + 1
        else:
            raise FormulaError(f"unexpected {character!r} at {position}")
        tokens.append(Token(kind, text[position:end], position))
        position = end
    return tokens
