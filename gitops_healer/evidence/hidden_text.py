"""Text that a reader cannot see, or sees as something else.

Sources: Unicode Technical Report 36 and UTS 39 (confusables), CVE-2021-42574 (bidirectional controls in source code)
and CVE-2021-42694 (homoglyphs).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_HIDDEN = (
    ("a bidirectional control", "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"),
    ("a character without width", "\u200b\u2060-\u2064\u180e\ufeff\u00ad\u034f"),
    ("a joiner without width", "\u200c\u200d"),
    ("a filler that looks like a space", "\u115f\u1160\u3164\uffa0\u2800"),
    ("a line separator that editors do not show", "\u2028\u2029\u0085"),
    ("a tag or variation that carries hidden text", "\U000e0000-\U000e007f\U000e0100-\U000e01ef"),
    ("a control character", "\x00-\x08\x0b\x0e-\x1f\x7f"),
)
_PATTERNS = tuple((what, re.compile(f"[{chars}]")) for what, chars in _HIDDEN)
_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PLAIN = frozenset(
    ("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso-8859-15")
)
"""Encodings in which code reads as it stands (PEP 263). In UTF-7 or `unicode_escape` a comment can be code."""
_WORD = re.compile(r"[^\W\d]\w*")
_JOINED = re.compile(r"(?<=[^\x00-\u02ff])[\u200c\u200d](?=[^\x00-\u02ff])")
_LOOKALIKE = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο")
"""Greek letters drawn as Latin ones. The others are what formulas are written with."""


def hidden_in(lines: Iterable[tuple[int, str]], *, code: bool) -> Iterator[tuple[int, str]]:
    """(line, what is there). code: names of mixed scripts count too, as they do in Python and not in prose."""
    for number, line in lines:
        coding = _CODING.match(line) if code and number <= 2 else None
        if coding and coding[1].lower().replace("_", "-") not in _PLAIN:
            yield number, f"the encoding {coding[1]}, in which code is not what it looks like"
        if line.isascii() and line.rstrip("\r\n").isprintable():
            continue
        yield from ((number, what) for what in _characters(line, first=number == 1))
        if code:
            yield from ((number, f"`{word}`, {why}") for word in _WORD.findall(line) if (why := _masked(word)))


def _characters(line: str, first: bool) -> Iterator[str]:
    # Joiners are part of emoji and of several scripts; between Latin letters nobody needs them.
    text = _JOINED.sub("", line.rstrip("\r\n").removeprefix("\ufeff" if first else ""))
    for what, pattern in _PATTERNS:
        if match := pattern.search(text):
            yield f"{what}, U+{ord(match[0]):04X}"


def _masked(word: str) -> str:
    """Why a name is not what it looks like; "" when it is."""
    if word.isascii():
        return ""
    if unicodedata.normalize("NFKC", word).isascii():
        return "which Python reads as " + unicodedata.normalize("NFKC", word)
    scripts = {_script(char) for char in word if char.isalpha() and not char.isascii()} - {"LATIN", "GREEK", "MICRO"}
    latin = any(char.isascii() and char.isalpha() for char in word)
    if latin and (scripts & {"CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"} or any(char in _LOOKALIKE for char in word)):
        return "a name of letters from different scripts"
    return ""


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").partition(" ")[0]
