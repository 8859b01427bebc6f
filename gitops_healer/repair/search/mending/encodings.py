"""Encodings: text from the bytes of a file and back, and declarations that are missing or wrong."""

import io
import re
import tokenize
from collections.abc import Iterable, Iterator

from gitops_healer.core.change import Change, replace_span
from gitops_healer.repair.search.mending.broken import FAILED, Patch, parsed

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def decoded(data: bytes) -> tuple[str, str]:
    """Undecodable bytes as surrogates, which UTF-8 alone gives back as they were."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        if text.encode(encoding) == data:
            return text, encoding
    except (SyntaxError, ValueError, LookupError):
        pass
    return data.decode("utf-8", "surrogateescape"), "utf-8"


def is_text(text: str) -> bool:
    """Whether all bytes could be decoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def declarations(path: str, data: bytes) -> Iterator[tuple[Change, str, float]]:
    """(change, title, weight) for a file that only lacks the right declaration of its encoding: those with which it
    parses."""
    if compiles(data):
        return
    lines = data.splitlines(keepends=True)[:2]
    for encoding, weight in (("utf-8", 0.9), ("cp1252", 0.5), ("latin-1", 0.4)):
        at = len(lines[0]) if lines and lines[0].startswith(b"#!") else 0
        edit = replace_span(path, data, at, at, f"# coding: {encoding}\n")
        for start, line in zip((0, at or len(b"".join(lines[:1]))), lines, strict=False):
            if (found := _CODING.match(line)) is not None:
                edit = replace_span(path, data, start + found.start(1), start + found.end(1), encoding)
                break
        change = Change((edit,))
        if compiles(change.apply({path: data})[path]):
            yield change, f"Declare the encoding {encoding}", weight


def compiles(data: bytes) -> bool:
    """Whether Python takes the file."""
    try:
        parsed(data)
    except FAILED:
        return False
    return True


def declares_well(data: bytes) -> bool:
    """Whether the file is in the encoding that it says."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        data.decode(encoding)
    except (SyntaxError, ValueError, LookupError):
        return False
    return True


def change_of(path: str, data: bytes, text: str, encoding: str, patches: Iterable[Patch]) -> Change:
    """The patches of a decoded text as a change of the file's bytes."""

    def encoded(part: str) -> bytes:
        bare = encoding.removesuffix("-sig")
        return part.encode(bare, "surrogateescape")

    mark = len(data) - len(encoded(text))  # a byte order mark
    spans = ((mark + len(encoded(text[: one.start])), mark + len(encoded(text[: one.end])), one.new) for one in patches)
    edits = (
        replace_span(path, data, start, end, encoded(new).decode("utf-8", "surrogateescape"))
        for start, end, new in spans
    )
    return Change(tuple(edits))
