"""What other programs write about a call, in our words: names of tools, frames and types of errors."""

import re
from collections.abc import Iterable
from typing import Any, Final

from gitops_healer.core.executions_format import FRAME_LIMIT, MESSAGE_LIMIT, NAME_LIMIT

TEXT_LIMIT: Final = 256 * 1024
"""Characters of a traceback that are looked at; the innermost frames stand at its end."""

_PYTHON: Final = re.compile(r'^ *File "([^"\n]+)", line ([0-9]{1,9}), in ([^\n]+)', re.MULTILINE)
_PYTEST: Final = re.compile(r"^([^\s:][^:\n]*\.py):([0-9]{1,9}):(?: in ([^\n]+))?", re.MULTILINE)
_TYPE: Final = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?=:|$)")
_SHA: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def tool_name(dotted: str) -> str:
    """`pkg.mod.Class.method` as `pkg.mod:Class.method`. Without a class, the last part is the function (PEP 8: classes
    are capitalised, modules are not); what has a colon, or no dot, stays as it is."""
    name = printable(dotted)
    if ":" in name or "." not in name or " " in name or "/" in name:
        return name
    parts = name.split(".")
    first = next((at for at, part in enumerate(parts) if at and part[:1].isupper()), len(parts) - 1)
    return f"{'.'.join(parts[:first])}:{'.'.join(parts[first:])}"


def printable(text: str) -> str:
    """What may be a name: other characters become a question mark."""
    clean = text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
    return clean[:NAME_LIMIT]


def is_sha(text: str) -> bool:
    """Whether a version is a commit and not a number such as 1.4.0."""
    return _SHA.fullmatch(text) is not None


def failure(kind: str, message: str, trace: str) -> dict[str, Any]:
    """`error` of an event, from what a report says. trace: a traceback of Python or pytest, or anything else."""
    return {"type": kind or type_of(message), "message": message[:MESSAGE_LIMIT], "frames": frames_of(trace)}


def type_of(message: str) -> str:
    """`ValueError` of `ValueError: bad`, as pytest writes it; "" when the message does not begin with a type."""
    if message.startswith("assert "):
        return "AssertionError"
    found = _TYPE.match(message.partition("\n")[0])
    name = found[0] if found else ""
    return name if name.rpartition(".")[2][:1].isupper() else ""


def frames_of(trace: str) -> list[list[str | int]]:
    """[file, line, function] of the frames in a traceback, innermost last; the function is ? where it is not told."""
    text = trace[-TEXT_LIMIT:]
    found: Iterable[tuple[str, str, str]] = _PYTHON.findall(text) or _PYTEST.findall(text)
    frames: list[list[str | int]] = [
        [file, int(line), function.strip() or "?"] for file, line, function in found if int(line) < 2**31
    ]
    return frames[-FRAME_LIMIT:]
