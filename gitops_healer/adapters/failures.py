"""An exception as plain data. Runs inside the sandbox: standard library only, on any Python from 3.8."""

from __future__ import annotations

import opcode
import os
import re
from types import TracebackType
from typing import Any

MAX_TEXT = 4000
MAX_FRAMES = 50
MAX_CHAIN = 10
_OWN = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - bound early: candidates patch pathlib
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def tree_root() -> str:
    """The copy of the repository: it lies beside the directory that holds the package of this file."""
    return os.path.realpath(os.path.join(os.path.dirname(os.path.dirname(_OWN)), "tree"))  # noqa: PTH118, PTH120


def relative(path: str, root: str) -> str:
    """Repository-relative with `/` when the file lies in the tree, else as it was."""
    real = os.path.realpath(path) if not path.startswith("<") else path
    inside = real.startswith(root + os.sep)
    return real[len(root) + 1 :].replace(os.sep, "/") if inside else path


def describe(error: BaseException, root: str) -> dict[str, Any]:
    """{"type", "message", "frames": [[file, line, function]], "chain": [facts]}.

    frames: those of the repository, innermost last; libraries and runners are left out, their places differ between
    machines and nothing there is ours to mend.
    """
    error = _unwrapped(error)
    frames = _frames(error.__traceback__, root)
    if isinstance(error, SyntaxError) and error.filename and _inside(relative(error.filename, root)):
        frames.append([relative(error.filename, root), error.lineno or 1, "<module>"])
    links = [_link(link, root) for link in _chain(error)]
    return {
        "type": type_name(error),
        "message": message_of(error, root),
        "frames": frames[-MAX_FRAMES:],
        "chain": links,
    }


def cause_of(error: BaseException) -> BaseException:
    """The project's exception inside pytest's own, for plugins of pytest."""
    name = type(error).__name__
    inner = getattr(error, "cause", None) or (getattr(error, "excinfo", None) or (None, None))[1] or error.__cause__
    wrapped = name in ("ConftestImportFailure", "CollectError") and isinstance(inner, BaseException)
    return inner if wrapped and isinstance(inner, BaseException) else error


def _unwrapped(error: BaseException) -> BaseException:
    """A doctest wraps what its example raised."""
    inner = getattr(error, "exc_info", None) if type_name(error) == "doctest.UnexpectedException" else None
    found = inner[1] if isinstance(inner, tuple) and len(inner) == 3 else None
    return found if isinstance(found, BaseException) else error


def type_name(error: BaseException) -> str:
    """The class, dotted unless builtin."""
    kind = type(error)
    name = str(getattr(kind, "__qualname__", "") or kind.__name__)
    module = getattr(kind, "__module__", "builtins")
    return name if module in ("builtins", "__main__", None) else f"{module}.{name}"


def message_of(error: BaseException, root: str) -> str:
    """The text, without the place of the scratch copy and without addresses, which differ from run to run, and without
    the colours in which pytest shows differences."""
    try:
        told = error.formatrepr() if hasattr(error, "formatrepr") else error  # how pytest names a missing fixture
        text = str(getattr(told, "errorstring", error))
    except Exception as broken:
        text = f"(its text cannot be had: {type(broken).__name__})"
    return shortened(masked(_COLOUR.sub("", text).replace(root + os.sep, "")))


def masked(text: str) -> str:
    return _ADDRESS.sub("0x...", text)


def shortened(text: str, limit: int = MAX_TEXT) -> str:
    return text if len(text) <= limit else text[:limit] + f"... ({len(text):,} characters)"


def _frames(traceback: TracebackType | None, root: str) -> list[list[Any]]:
    found: list[list[Any]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = relative(code.co_filename, root)
        if _inside(file):
            found.append([file, traceback.tb_lineno or 1, code.co_name])
        traceback = traceback.tb_next
    return found


def _inside(file: str) -> bool:
    return not file.startswith("<") and not os.path.isabs(file)  # noqa: PTH117


def _chain(error: BaseException) -> list[BaseException]:
    """What it was raised from. An implicit context counts only where a library wraps errors of the outside world:
    elsewhere `except ImportError: fallback()` would blame the import for a bug in the fallback."""
    links: list[BaseException] = []
    link: Any = error
    while isinstance(link, BaseException) and link not in links and len(links) < MAX_CHAIN:
        links.append(link)
        following = link.__cause__
        if following is None and isinstance(link, (OSError, ImportError)):
            reason = getattr(link, "reason", None)
            context = None if link.__suppress_context__ else link.__context__
            following = reason if isinstance(reason, BaseException) else context
        link = following
    return links


def _link(error: BaseException, root: str) -> dict[str, Any]:
    """The facts by which a failure of the machine is told from a failure of the code."""
    filename = getattr(error, "filename", None)
    name = getattr(error, "name", None)
    number = getattr(error, "errno", None)
    return {
        "type": type_name(error),
        "message": message_of(error, root),
        "errno": number if isinstance(number, int) and isinstance(error, OSError) else 0,
        "filename": relative(os.fsdecode(filename), root) if isinstance(filename, (str, bytes)) else "",
        "name": name if isinstance(name, str) and isinstance(error, ImportError) else "",
        "spawned": _spawned(error),
        "stderr": _stderr(error),
    }


def _spawned(error: BaseException) -> bool:
    """Whether it comes from starting a program."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_code.co_name in ("_execute_child", "_execvpe", "_posix_spawn")


def _stderr(error: BaseException) -> str:
    """The last words of a program that failed (subprocess.CalledProcessError and its kin)."""
    said = getattr(error, "stderr", None)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said if isinstance(said, str) else ""
    return text[-500:]


def is_deliberate(error: BaseException, root: str) -> bool:
    """Whether a `raise` or `assert` of the repository raised it: the instruction at which its innermost frame stands
    says so. An error that is raised again counts by where it came from first."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None or os.path.isabs(relative(traceback.tb_frame.f_code.co_filename, root)):  # noqa: PTH117
        return False
    code = traceback.tb_frame.f_code
    if code.co_filename.startswith("<"):
        return False
    operation = code.co_code[traceback.tb_lasti] if 0 <= traceback.tb_lasti < len(code.co_code) else -1
    return operation == opcode.opmap["RAISE_VARARGS"] or isinstance(error, SystemExit)
