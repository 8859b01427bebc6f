"""The text of an older version of a function, as it has to stand at the place of today's."""

import io
import re
import tokenize

from gitops_healer.code.history_reading import Snapshot
from gitops_healer.code.shape import lines_of


class RefusedError(Exception):
    """Why the old text cannot stand there, as a sentence."""


def placed(old: Snapshot, now: Snapshot) -> str:
    """The old text with today's name, indentation and line ends; what stands inside of strings keeps its own."""
    here, there = _indentation(now.text), _indentation(old.text)
    ending = "\r\n" if "\r\n" in now.text else "\n"
    kept = _inside_strings(old.text)
    lines = []
    for number, line in enumerate(lines_of(_renamed(old, now)), 1):
        if number not in kept and line.strip():
            line = here + line.removeprefix(there)
        lines.append(re.sub(r"(\r\n|\r|\n)$", "", line))
    end = ending if now.text.endswith(("\n", "\r")) else ""
    return ending.join(lines) + end


def _indentation(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _renamed(old: Snapshot, now: Snapshot) -> str:
    """Its own name, in its head and wherever it calls itself by it."""
    if old.spot.name == now.spot.name:
        return old.text
    word = "class" if old.spot.is_class else "def"
    head = re.compile(rf"^([ \t]*(?:async[ \t]+)?{word}[ \t]+){re.escape(old.spot.name)}\b", re.MULTILINE)
    text = head.sub(lambda match: match[1] + now.spot.name, old.text, count=1)
    own = rf"(?<![\w.]){re.escape(old.spot.name)}\b"
    return re.sub(own, now.spot.name, text) if "." not in old.symbol else text


def _inside_strings(text: str) -> frozenset[int]:
    """Numbers of lines that begin inside of a string. Raises RefusedError when the text cannot be divided."""
    framed = f"if 1:\n{text}" if text[:1] in " \t" else text
    shift = 1 if framed is not text else 0
    starts = {getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "TSTRING_START", -2)}
    found: set[int] = set()
    open_at: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(framed).readline):
            if token.type == tokenize.STRING:
                found.update(range(token.start[0] + 1 - shift, token.end[0] + 1 - shift))
            elif token.type in starts:
                open_at.append(token.start[0])
            elif open_at and tokenize.tok_name[token.type] in ("FSTRING_END", "TSTRING_END"):
                found.update(range(open_at.pop() + 1 - shift, token.end[0] + 1 - shift))
    except (tokenize.TokenError, SyntaxError) as error:
        raise RefusedError(f"that version is no Python that this interpreter reads ({error})") from None
    return frozenset(found)
