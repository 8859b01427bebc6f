"""What an audit event of the interpreter says of effects. Runs inside the sandbox: standard library only, on any Python
from 3.8.

Source: the audit events table of the Python documentation (docs.python.org/3/library/audit_events.html).
"""

# ruff: noqa: PTH112

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from .call_places import located
from .failures import relative

if TYPE_CHECKING:
    from .call_watching import Watch

FILES, NETWORK, PROCESSES, DATABASE = "files", "network", "processes", "database"
CONSOLE, GLOBAL_STATE = "console", "global state"

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOADERS = ("linecache.py", "tokenize.py", "traceback.py", "inspect.py", "zipimport.py", "pkgutil.py")


def is_loading() -> bool:
    """Whether the interpreter reads a file because it imports it or shows its lines."""
    frame: FrameType | None = sys._getframe(3)
    for _ in range(6):
        if frame is None:
            return False
        name = frame.f_code.co_filename
        if name.startswith(("<frozen importlib", "<frozen zipimport")) or name.endswith(_LOADERS):
            return True
        frame = frame.f_back
    return False


def _opened(watch: Watch, arguments: tuple[Any, ...]) -> None:
    path, _, flags = (*arguments, None, 0, 0)[:3]
    if isinstance(path, int):
        return
    if isinstance(flags, int) and flags & _WRITES:
        if not os.path.isdir(path):  # O_TMPFILE: a file without a name
            watch.touch(path, follow=True)
    else:
        watch.read(path)


def _one_place(at: int) -> Callable[[Watch, tuple[Any, ...]], None]:
    """at: where the descriptor of the folder stands among the arguments."""
    return lambda watch, arguments: _discard(watch.touch(arguments[0], _folder(arguments, at)))


def _discard(_: object) -> None:
    return None


def _folder(arguments: tuple[Any, ...], at: int) -> int:
    return arguments[at] if len(arguments) > at and isinstance(arguments[at], int) else -1


def _moved(watch: Watch, arguments: tuple[Any, ...]) -> None:
    watch.touch(arguments[0], _folder(arguments, 2), whole=True)
    watch.touch(arguments[1], _folder(arguments, 3))


def _truncated(watch: Watch, arguments: tuple[Any, ...]) -> None:
    watch.touch(arguments[0], follow=True)


def _mode(watch: Watch, arguments: tuple[Any, ...]) -> None:
    place = watch.touch(arguments[0], _folder(arguments, 2), follow=True)
    watch.note(FILES, f"mode {place} {arguments[1]:#o}")


def _listed(watch: Watch, arguments: tuple[Any, ...]) -> None:
    path = arguments[0] if arguments and arguments[0] is not None else "."
    place = located(path, follow=True)
    if not watch.is_unseen(place) and not is_loading():
        watch.note(FILES, f"list {relative(place, watch.root)}")


def _words(arguments: Any) -> str:
    words = arguments if isinstance(arguments, (list, tuple)) else [arguments]
    return " ".join(os.fsdecode(word) if isinstance(word, (str, bytes, os.PathLike)) else repr(word) for word in words)


def _run(at: int) -> Callable[[Watch, tuple[Any, ...]], None]:
    """at: where the words of the command stand among the arguments."""
    return lambda watch, arguments: watch.launched(f"run {_words(arguments[at])}")


def _address(address: Any) -> str:
    if isinstance(address, tuple):
        return ":".join(str(part) for part in address[:2])
    return f"unix:{os.fsdecode(address)}" if isinstance(address, (str, bytes)) else repr(address)


def _socket(verb: str) -> Callable[[Watch, tuple[Any, ...]], None]:
    return lambda watch, arguments: watch.note(NETWORK, f"{verb} {_address(arguments[1])}")


def _resolved(watch: Watch, arguments: tuple[Any, ...]) -> None:
    watch.note(NETWORK, f"resolve {_address(tuple(arguments[:2]))}")


def _database(watch: Watch, arguments: tuple[Any, ...]) -> None:
    text = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes, os.PathLike)) else ""
    if text.startswith("file:"):
        text = "" if "mode=memory" in text else text[5:].partition("?")[0]
    if text and text != ":memory:":
        for ending in ("-journal", "-wal", "-shm"):
            watch.journal.save(located(text + ending, follow=True))
        watch.touch(text, follow=True, kind=DATABASE)


def _global(what: str) -> Callable[[Watch, tuple[Any, ...]], None]:
    """Changes that the comparison of before and after tells; here only, that they are not allowed."""

    def act(watch: Watch, arguments: tuple[Any, ...]) -> None:
        if GLOBAL_STATE in watch.forbidden:
            name = arguments[0] if arguments else ""
            watch.note(GLOBAL_STATE, f"{what} {os.fsdecode(name) if isinstance(name, (str, bytes)) else name}")

    return act


EVENTS: dict[str, Callable[[Watch, tuple[Any, ...]], None]] = {
    "open": _opened,
    "os.remove": _one_place(1),
    "os.rmdir": _one_place(1),
    "os.mkdir": _one_place(2),
    "os.symlink": lambda watch, arguments: _discard(watch.touch(arguments[1], _folder(arguments, 2))),
    "os.link": lambda watch, arguments: _discard(watch.touch(arguments[1], _folder(arguments, 3))),
    "os.rename": _moved,
    "os.truncate": _truncated,
    "os.chmod": _mode,
    "os.utime": lambda watch, arguments: _discard(watch.touch(arguments[0], _folder(arguments, 3), follow=True)),
    "os.listdir": _listed,
    "os.scandir": _listed,
    "subprocess.Popen": _run(1),
    "os.system": _run(0),
    "os.posix_spawn": _run(1),
    "os.exec": _run(1),
    "os.spawn": _run(2),
    "os.fork": lambda watch, arguments: watch.launched("fork"),
    "os.forkpty": lambda watch, arguments: watch.launched("fork"),
    "pty.spawn": _run(0),
    "os.kill": lambda watch, arguments: watch.note(PROCESSES, f"signal {arguments[1]} to a process"),
    "os.killpg": lambda watch, arguments: watch.note(PROCESSES, f"signal {arguments[1]} to a group of processes"),
    "socket.connect": _socket("connect"),
    "socket.bind": _socket("bind"),
    "socket.sendto": _socket("send to"),
    "socket.sendmsg": _socket("send to"),
    "socket.getaddrinfo": _resolved,
    "socket.gethostbyname": lambda watch, arguments: watch.note(NETWORK, f"resolve {arguments[0]}"),
    "socket.gethostbyaddr": lambda watch, arguments: watch.note(NETWORK, f"resolve {arguments[0]}"),
    "sqlite3.connect": _database,
    "builtins.input": lambda watch, arguments: watch.note(CONSOLE, "input"),
    "os.putenv": _global("environ"),
    "os.unsetenv": _global("environ"),
    "os.chdir": _global("chdir"),
}
