"""What a call does beside giving a value, seen by the interpreter's audit events. Runs inside the sandbox: standard
library only, on any Python from 3.8.

Sources: the audit events table of the Python documentation (docs.python.org/3/library/audit_events.html). What is done
in C without an event is not seen: sockets and files that extension modules open themselves.
"""

# ruff: noqa: PTH100, PTH109, PTH112, PTH115, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import _thread
import contextlib
import fcntl
import hashlib
import os
import signal
import sys
import sysconfig
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from .call_tree import Journal, changed, kind_of
from .call_values import UnspeakableError, canonical
from .failures import relative

MAX_EFFECTS = 1000
MAX_WHAT = 300
MAX_GLOBAL_NODES = 2000
FILES, NETWORK, PROCESSES, DATABASE = "files", "network", "processes", "database"
CONSOLE, GLOBAL_STATE = "console", "global state"

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_UNSEEN = ("/proc", "/sys", "/dev", "/usr/share/zoneinfo", "/usr/lib", "/etc/localtime", "/etc/ld.so.cache")
_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".pth")
_LOADERS = ("linecache.py", "tokenize.py", "traceback.py", "inspect.py", "zipimport.py", "pkgutil.py")
_own_thread = _thread.get_ident  # bound now: candidates patch


class ForbiddenEffectError(BaseException):
    """An effect that the conditions of the session do not allow. Not an Exception: `except Exception` and a retry
    must not carry on."""


class Watch:
    """Looks on while one call runs. root: the copy of the repository; inside: our own directory; forbidden: kinds of
    effects that end the call."""

    def __init__(self, root: str, inside: str, forbidden: frozenset[str]) -> None:
        self.root = root
        self.inside = inside
        self.forbidden = forbidden
        self.journal = Journal(os.path.join(inside, "journal"), root)
        self.active = False
        self.busy: set[int] = set()
        self.noted: dict[tuple[str, str, int], str] = {}
        self.refused: tuple[str, str] | None = None
        self.before: State | None = None
        self.held: list[str] = []
        self.unseen = tuple({os.path.realpath(place) for place in (*_interpreter(), *_UNSEEN, inside)})

    def note(self, kind: str, what: str, touched: str = "") -> None:
        """One effect, in order, the same one once; each call of what is mocked counts. touched: the path whose final
        state it will tell."""
        what = shown(what, self)
        if len(self.noted) < MAX_EFFECTS:
            self.noted.setdefault((kind, what, len(self.noted) if kind == "mock" else 0), touched)
        if kind in self.forbidden:
            self.refused = self.refused or (kind, what)
            raise ForbiddenEffectError(f"{kind} {'are' if kind.endswith('s') else 'is'} not allowed here: {what}")

    def hold(self) -> None:
        """Remember which files this process has open for writing: a call can go on writing them without an event."""
        for number in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
            with contextlib.suppress(OSError):
                place = os.readlink(f"/proc/self/fd/{number}")
                writes = fcntl.fcntl(int(number), fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
                if writes and kind_of(place) == "file" and not self.is_unseen(place) and place not in self.held:
                    self.held.append(place)

    def start(self, state: State) -> None:
        """From now on everything is noted. state: of the process as it is before the call."""
        self.before = state
        for place in self.held:
            with contextlib.suppress(OSError):
                self.journal.save(place)
        self.active = True
        sys.addaudithook(self._hear)

    def stop(self) -> None:
        self.active = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        act = _EVENTS.get(event)
        if act is None or not self.active:
            return
        thread = _own_thread()
        if thread in self.busy:
            return
        self.busy.add(thread)
        try:
            act(self, arguments)
        finally:
            self.busy.discard(thread)

    # Files

    def read(self, path: Any) -> None:
        if isinstance(path, int) or path is None:
            return
        place = os.path.realpath(os.fsdecode(path))
        loading = place.endswith(_CODE) and _is_loading()
        if not self.is_unseen(place) and not loading and not os.path.isdir(place):
            self.note(FILES, f"read {relative(place, self.root)}")

    def touch(self, path: Any, folder: int = -1, follow: bool = False, kind: str = FILES, whole: bool = False) -> str:
        """Something is about to be changed: keep it. follow: a link at its end is followed; whole: it may be a
        directory that goes with all that is in it."""
        place = located(path, folder, follow)
        if not self.is_unseen(place):
            self.note(kind, f"{'sqlite' if kind == DATABASE else 'change'} {relative(place, self.root)}", place)
            with contextlib.suppress(OSError):  # what cannot be read cannot be kept; the call goes on
                self.journal.save(place, whole)
        return place

    def is_unseen(self, place: str) -> bool:
        return any(place == outer or place.startswith(outer + os.sep) for outer in self.unseen)

    # Processes

    def launched(self, what: str) -> None:
        self.note(PROCESSES, what)
        try:
            self.journal.save_all()
        except OSError:
            return

    # The account

    def effects(self) -> list[list[str]]:
        """[kind, what] of all that was seen, in order; of files what became of them."""
        found: list[list[str]] = []
        for (kind, what, _), place in self.noted.items():
            told = self._outcome(kind, place) if place else what
            if told:
                found.append([kind, told])
        touched = set(self.noted.values())
        held = [place for place in self.held if place not in touched]
        copies = self.journal.copies
        found += [[FILES, self._outcome(FILES, p)] for p in held if _digest(p) != _digest(copies.get(p, ""))]
        if self.journal.keeps_all:
            found += [[FILES, told] for told in self._by_others()]
        if self.before is not None:
            found += [[GLOBAL_STATE, shown(what, self)] for what in self.before.changes()]
        if len(self.noted) >= MAX_EFFECTS:
            found.append([FILES, f"and more than {MAX_EFFECTS:,} others"])
        return found

    def _by_others(self) -> list[str]:
        try:
            paths = [os.path.join(self.root, path) for path in changed(self.journal.place, self.root)]
        except OSError:
            return []
        told = [self._outcome(FILES, path, "missing") for path in paths if path not in self.journal.known]
        return [what for what in told if what][:MAX_EFFECTS]

    def _outcome(self, kind: str, place: str, before: str = "") -> str:
        """What became of a place; "" when nothing is left of what was done there."""
        before = before or self.journal.known.get(place, "missing")
        after = kind_of(place)
        name = relative(place, self.root)
        if after == "missing":
            return "" if before == "missing" and place in self.journal.known else f"remove {name}"
        if kind == DATABASE:
            return f"sqlite {name} sha1:{_sqlite_digest(place)}"
        if after == "link":
            return f"link {name} to {os.readlink(place)}"
        if after == "directory":
            return f"make {name}/" if before == "missing" else ""
        return f"write {name} sha1:{_digest(place)}" if after == "file" else f"make {name}"


def _interpreter() -> list[str]:
    places = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()]
    return [place for place in places if place and place != os.sep and place not in ("/usr", "/usr/local")]


def located(path: Any, folder: int = -1, follow: bool = False) -> str:
    """The absolute path that a call of the system means. folder: the descriptor that it is relative to."""
    if isinstance(path, int):
        return os.path.realpath(f"/proc/self/fd/{path}")
    text = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0 and not os.path.isabs(text):  # noqa: PTH117
        text = os.path.join(os.path.realpath(f"/proc/self/fd/{folder}"), text)
    if follow:
        return os.path.realpath(text)
    parent, name = os.path.split(os.path.abspath(text))
    return os.path.join(os.path.realpath(parent), name)


def shown(what: str, watch: Watch) -> str:
    """In a line, places inside of the repository relative."""
    text = placed(what.replace(watch.root + os.sep, "").replace(watch.root, "."))
    text = " ".join(text.split())
    return text if len(text) <= MAX_WHAT else f"{text[:MAX_WHAT]}... ({len(text)} characters)"


def placed(text: str) -> str:
    """With fixed names for the directories that have another name in every session: where the tree is laid out, where
    our programs lie, and where temporary files go."""
    for place, name in _PLACES:
        text = text.replace(place, name)
    return text


def _places() -> list[tuple[str, str]]:
    inside = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found = [(inside, "/sandbox/healer"), (os.path.dirname(inside), "/sandbox")]
    temporary = os.environ.get("TMPDIR", "/tmp")
    if temporary.rstrip("/") not in ("/tmp", "/var/tmp", ""):
        found.append((temporary.rstrip("/"), "/tmp"))
    return [pair for path, name in found for pair in ((os.path.realpath(path), name), (path, name))]


_PLACES = _places()


def _is_loading() -> bool:
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


def _digest(path: str) -> str:
    found = hashlib.sha1()
    try:
        with open(path, "rb") as content:
            for part in iter(lambda: content.read(1 << 16), b""):
                found.update(part)
    except OSError:
        return "unreadable"
    return found.hexdigest()


def _sqlite_digest(path: str) -> str:
    """Of what the database says, not of its pages: these count how often they were written."""
    sqlite = sys.modules.get("sqlite3")
    if sqlite is None:
        return _digest(path)
    found = hashlib.sha1()
    try:
        database = sqlite.connect(path, timeout=0)
        for line in database.iterdump():
            found.update(line.encode("utf-8", "surrogatepass") + b"\n")
    except Exception:
        return _digest(path)
    database.close()
    return found.hexdigest()


# What is done, by audit event


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
    if not watch.is_unseen(place) and not _is_loading():
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


_EVENTS: dict[str, Callable[[Watch, tuple[Any, ...]], None]] = {
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


# State of the process


class State:
    """Environment, directory, signal handlers, and the plain data that a module holds."""

    def __init__(self, module: Any, foreign: Callable[[type[Any]], bool]) -> None:
        self.module = module
        self.foreign = foreign
        self.environ = dict(os.environ)
        self.folder = _folder_now()
        self.signals = _handlers()
        self.globals = self._globals()

    def changes(self) -> list[str]:
        """A line each, `environ NAME=value`, `chdir data`, `signal SIGTERM`, `pkg.mod.count: 0 -> 1`."""
        now = dict(os.environ)
        found = [f"environ {name}={now[name]}" for name in sorted(now) if self.environ.get(name) != now[name]]
        found += [f"environ {name} removed" for name in sorted(self.environ.keys() - now.keys())]
        if _folder_now() != self.folder:
            found.append(f"chdir {_folder_now()}")
        handlers = _handlers()
        found += [f"signal {signal.Signals(n).name}" for n, old in self.signals.items() if handlers.get(n) is not old]
        after = self._globals()
        for name in sorted(self.globals.keys() | after.keys()):
            old, new = self.globals.get(name, "nothing"), after.get(name, "nothing")
            if old != new:
                found.append(f"{self.module.__name__}.{name}: {_brief(old)} -> {_brief(new)}")
        return found

    def _globals(self) -> dict[str, str]:
        found = {}
        for name, value in list(vars(self.module).items()):
            if type(value) in _DATA and not name.startswith("__"):
                try:
                    found[name] = canonical(value, self.foreign, MAX_GLOBAL_NODES)
                except UnspeakableError:
                    continue  # too large to be compared at every call, or not data
        return found


_DATA = frozenset((bool, int, float, str, bytes, list, dict, set, tuple, frozenset, type(None)))


def _folder_now() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "(gone)"


def _handlers() -> dict[int, Any]:
    return {int(number): signal.getsignal(number) for number in _SIGNALS}


_SIGNALS = sorted(number for number in signal.Signals if number in signal.valid_signals())


def _brief(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}..."


# Lines


class Lines:
    """Which lines of some files run. paths: relative to the tree."""

    def __init__(self, paths: list[str], root: str) -> None:
        self.paths = frozenset(paths)
        self.root = root
        self.files: dict[str, str | None] = {}
        self.ran: dict[str, set[int]] = {}

    def start(self) -> None:
        """Of everything from now on, in this thread and in new ones."""
        self.ran = {}
        if not self.paths:
            return
        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            if monitoring.get_tool(monitoring.COVERAGE_ID) is None:
                monitoring.use_tool_id(monitoring.COVERAGE_ID, "gitops_healer")
            events = monitoring.events
            monitoring.register_callback(monitoring.COVERAGE_ID, events.LINE, self._monitored)
            monitoring.register_callback(monitoring.COVERAGE_ID, events.PY_START, self._started)
            monitoring.set_events(monitoring.COVERAGE_ID, events.LINE | events.PY_START)
            monitoring.restart_events()
        else:
            threading.settrace(self._entered)
            sys.settrace(self._entered)

    def stop(self) -> dict[str, list[int]]:
        """{path: lines}"""
        if self.paths:
            if sys.version_info >= (3, 12):
                sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, 0)
            else:
                sys.settrace(None)
                threading.settrace(None)
        return {path: sorted(lines) for path, lines in list(self.ran.items())}

    def _path(self, file: str) -> str | None:
        if file not in self.files:
            path = relative(file, self.root)
            self.files[file] = path if path in self.paths else None
        return self.files[file]

    def _monitored(self, code: CodeType, line: int) -> Any:
        path = self._path(code.co_filename)
        if path is not None:
            self.ran.setdefault(path, set()).add(line)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]

    def _started(self, code: CodeType, _: int) -> Any:
        """Python 3.13 has no LINE event for a function whose body stands on the line of its `def`."""
        if {line for _, _, line in code.co_lines() if line is not None} == {code.co_firstlineno}:
            return self._monitored(code, code.co_firstlineno)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]

    def _entered(self, frame: FrameType, event: str, _: Any) -> Any:
        path = self._path(frame.f_code.co_filename)
        if path is None:
            return None
        add = self.ran.setdefault(path, set()).add

        def noted(inner: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                add(inner.f_lineno)
            return noted

        return noted
