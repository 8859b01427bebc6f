"""A printed traceback, read back. Standard library only: it serves inside the sandbox and outside."""

from __future__ import annotations

import re
from typing import Any

_START = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s*File "(?P<file>.+?)", line (?P<line>\d{1,9})(?:, in (?P<function>.+))?$')
_ERROR = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
_MODULE = re.compile(r"No module named '?([\w.]+)")
MAX_MESSAGE = 4000


def read_traceback(text: str) -> dict[str, Any] | None:
    """{"type", "message", "frames", "chain"} of the last traceback in a text, or None when there is none."""
    _, found, block = text.rpartition(_START)
    if not found:
        return None
    lines = block.strip("\n").splitlines()
    frames: list[list[Any]] = []
    for number, line in enumerate(lines):
        frame = _FRAME.match(line)
        if frame:
            frames.append([frame["file"], int(frame["line"]), frame["function"] or "<module>"])
        elif line and not line[0].isspace() and (error := _ERROR.match(line)):
            rest = [error["message"] or "", *lines[number + 1 :]]
            return _told(error["type"], "\n".join(rest).strip()[:MAX_MESSAGE], frames)
    return None


def _told(kind: str, message: str, frames: list[list[Any]]) -> dict[str, Any]:
    missing = _MODULE.search(message)
    link = {"type": kind, "message": message, "name": missing[1] if missing else ""}
    return {"type": kind, "message": message, "frames": frames, "chain": [link]}
