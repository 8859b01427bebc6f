"""The id of a change, whatever it stands on: what `git patch-id --stable` says of its diff."""

import hashlib
import re

_SPACE = re.compile(rb"[ \t\n\v\f\r]+")
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_BYTES = 20


def patch_id(diff: bytes) -> str:
    """40 hex digits, "" when nothing differs. diff: unified, as git writes it, with whole ids in its index lines.

    Follows git's `builtin/patch-id.c`: line numbers and white space do not count, three lines of context do; the files
    may come in any order. White space says much in Python: `core.reverting.purity` compares what this leaves out.
    """
    summing = _Sum()
    before = after = -1  # lines of the hunk that are still to come; -1: among the header lines of a file
    ids, binary, hunks, seen = b"", False, False, False
    for line in _lines(diff):
        if line.startswith(b"\\ ") and len(line) > 12:
            continue  # no newline at the end of the file: white space
        if binary:
            if line.startswith(b"diff "):  # git leaves this line out, and so do we
                binary, before = False, -1
            continue
        if before == -1:
            if line.startswith((b"GIT binary patch", b"Binary files")):
                binary, seen = True, True
                summing.add(ids)
                summing.flush()
                continue
            if line.startswith(b"index "):
                ids = b"".join(line.split()[1].split(b".."))
                continue
            if line.startswith(b"--- "):
                before = after = 1
        elif before == after == 0:
            if hunk := _HUNK.match(line):
                before, after = (int(count) if count is not None else 1 for count in hunk.groups())
                hunks = True
                continue
            if hunks:
                summing.flush()
            before, after, hunks = -1, -1, False
        before -= line[:1] in (b"-", b" ")
        after -= line[:1] in (b"+", b" ")
        summing.add(_SPACE.sub(b"", line))
        seen = True
    return summing.digest() if seen else ""


def _lines(diff: bytes) -> list[bytes]:
    """Lines end with a line feed only: a carriage return belongs to the text."""
    return [line + b"\n" for line in diff.removesuffix(b"\n").split(b"\n")] if diff else []


class _Sum:
    """The hashes of the files, added up byte by byte, so that their order does not count."""

    def __init__(self) -> None:
        self._total = 0
        self._hash = hashlib.sha1(usedforsecurity=False)

    def add(self, data: bytes) -> None:
        self._hash.update(data)

    def flush(self) -> None:
        self._total += int.from_bytes(self._hash.digest(), "little")
        self._total %= 1 << (8 * _BYTES)
        self._hash = hashlib.sha1(usedforsecurity=False)

    def digest(self) -> str:
        self.flush()
        return self._total.to_bytes(_BYTES, "little").hex()
