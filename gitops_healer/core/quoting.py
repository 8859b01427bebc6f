"""Foreign text in Markdown: no markup, mention or HTML in it does anything."""

import re

_HARMLESS = re.compile(r"[\w ,.;:%()'\"“”‘’→–…/+=?!-]+")
_MARKUP = re.compile(r"(?<![^\W_])_|_(?![^\W_])|://|www\.|^[ ]|^(?:[-+=]|\d+[.)] )|\bGH-\d|(?<!\w):\w+:|//")
"""An underscore between letters or digits, as in a name of Python, emphasises nothing (CommonMark 0.31, 6.2)."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def quoted(text: str, limit: int = 300) -> str:
    """Foreign text as inline code: no Markdown, mention or HTML in it does anything."""
    line = plain(text, limit)
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or len(fence) > 1 else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else "``(empty)``"


def sentence(text: str, limit: int = 300) -> str:
    """Foreign text as it is where it is nothing but words, figures and punctuation that mean nothing in Markdown; else
    as inline code."""
    line = plain(text, limit)
    harmless = _HARMLESS.fullmatch(line) and not _MARKUP.search(line)
    return line if harmless else quoted(text, limit)


def plain(text: str, limit: int) -> str:
    """On one line, without control characters, at most `limit` characters."""
    line = _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def fenced(text: str, language: str = "") -> str:
    """Foreign text as a code block."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
