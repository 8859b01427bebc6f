"""What a call does beside giving a value, seen by the interpreter's audit events. Runs inside the sandbox: standard
library only, on any Python from 3.8.

What is done in C without an event is not seen: sockets and files that extension modules open themselves.
"""

# ruff: noqa: PTH112, PTH115, PTH118, PTH208

from __future__ import annotations

import _thread
import contextlib
import fcntl
import os
import sys
import sysconfig
from typing import Any

from .call_events import DATABASE, EVENTS, FILES, GLOBAL_STATE, PROCESSES, is_loading
from .call_places import digest, located, shown, sqlite_digest
from .call_state import State
from .call_tree import Journal, changed, kind_of
from .failures import relative

MAX_EFFECTS = 1000

_UNSEEN = ("/proc", "/sys", "/dev", "/usr/share/zoneinfo", "/usr/lib", "/etc/localtime", "/etc/ld.so.cache")
_CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".pth")
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
        what = shown(what, self.root)
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
        act = EVENTS.get(event)
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
        loading = place.endswith(_CODE) and is_loading()
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
        found += [[FILES, self._outcome(FILES, p)] for p in held if digest(p) != digest(copies.get(p, ""))]
        if self.journal.keeps_all:
            found += [[FILES, told] for told in self._by_others()]
        if self.before is not None:
            found += [[GLOBAL_STATE, shown(what, self.root)] for what in self.before.changes()]
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
            return f"sqlite {name} sha1:{sqlite_digest(place)}"
        if after == "link":
            return f"link {name} to {os.readlink(place)}"
        if after == "directory":
            return f"make {name}/" if before == "missing" else ""
        return f"write {name} sha1:{digest(place)}" if after == "file" else f"make {name}"


def _interpreter() -> list[str]:
    places = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()]
    return [place for place in places if place and place != os.sep and place not in ("/usr", "/usr/local")]
