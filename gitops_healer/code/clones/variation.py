"""What differs between copies, told from their texts."""

import re
from collections.abc import Iterator, Sequence

_STRING = (
    r"""[rRbBuUfFtT]{0,2}(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"""
    r"""\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"""
)
_DOCSTRING = re.compile(rf"(:[ \t]*(?:#[^\n]*)?\n\s*){_STRING}[ \t]*(?=\n|$)", re.DOTALL)
_WORD = re.compile(
    rf"#[^\n]*|{_STRING}|\d[\w.]*|\w+|->|\*\*=?|//=?|[-+*/%@&|^<>=!:]=|<<|>>|\.\.\.|[^\w\s\\]", re.DOTALL
)
_CLOSING = frozenset(")]}")
_QUOTES = frozenset("\"'")

_MOST_COMPARED = 4
"""Copies that are compared with the first one."""
_MOST_TEXTS, _LONGEST = 8, 60


def what_varies(sources: Sequence[str]) -> tuple[str, ...]:
    """What the copies have in place of what the first one has: `rows -> columns`, `without return x`, `with y = 1`.

    Nothing when only layout, comments and docstrings differ. sources: the text of each copy. Of many differences the
    first few are told.
    """
    first = _words(sources[0]) if sources else []
    found: dict[str, None] = {}
    for source in sources[1 : _MOST_COMPARED + 1]:
        for text in _differences(first, _words(source)):
            found.setdefault(text)
            if len(found) == _MOST_TEXTS:
                return tuple(found)
    return tuple(found)


def _words(source: str) -> list[str]:
    """The tokens that mean something, quotes made alike, without commas before a closing bracket."""
    words = [word for word in _WORD.findall(_DOCSTRING.sub(r"\1", source)) if word[0] != "#"]
    words = [word for word, after in zip(words, [*words[1:], ""], strict=False) if word != "," or after not in _CLOSING]
    return [_unquoted(word) if word[-1] in _QUOTES else word for word in words]


def _unquoted(word: str) -> str:
    """The same however it is quoted, where no quote stands inside."""
    body = word.strip("\"'")
    return f"'{body}'" if word[0] in _QUOTES and "'" not in body and '"' not in body else word


def _differences(one: list[str], two: list[str]) -> Iterator[str]:
    if one == two:
        return
    from rapidfuzz.distance import Levenshtein

    for code in Levenshtein.opcodes(one, two):
        kind, old, new = code.tag, one[code.src_start : code.src_end], two[code.dest_start : code.dest_end]
        if kind == "insert" and _tells(new):
            yield f"with {_short(new)}"
        elif kind == "delete" and _tells(old):
            yield f"without {_short(old)}"
        elif kind == "replace":
            yield from _replaced(old, new)


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Name by name where names stand for names, else as a whole."""
    if all(_tells([left]) and _tells([right]) for left, right in zip(old, new, strict=True)):
        yield from (f"{_short([left])} -> {_short([right])}" for left, right in zip(old, new, strict=True))
    else:
        yield f"{_short(old)} -> {_short(new)}"


def _tells(words: Sequence[str]) -> bool:
    """Whether there is more than punctuation."""
    return any(word[0].isalnum() or word[0] == "_" or word[-1] in _QUOTES for word in words)


def _short(words: Sequence[str]) -> str:
    text = re.sub(r"(?<=[\w'\"]) (?=[(\[.,:)\]])|(?<=[(\[.]) ", "", " ".join(words))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
