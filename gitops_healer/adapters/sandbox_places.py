"""What of the machine a sandboxed program may read: system, interpreters, and what it is told; nothing else exists."""

# Links are followed name by name, which pathlib cannot.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH114, PTH115, PTH120
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/gnu", "/snap",
    "/run/current-system", "/run/opengl-driver", "/sys/devices/system/cpu",
)  # fmt: skip
_PROGRAMS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_PRIVATE = ("/etc/gitconfig", "/etc/environment")
_OF_PREFIX = ("bin", "lib", "lib64", "include")
_MAX_LINKS = 40


@dataclass(frozen=True)
class Trail:
    """Where a path leads. real: without links; links: (link, what it says) on the way, in order."""

    real: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class View:
    """binds: real paths to show, parents first, none within another; links: symbolic links that lead there;
    masks: places within that not everybody may read, shown empty; search: directories of programs."""

    binds: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    masks: tuple[str, ...]
    search: tuple[str, ...]


def view_of(visible: Sequence[Path]) -> View:
    """The system, our own interpreter, and `visible` with the interpreters that its virtual environments stand on."""
    places = [os.path.abspath(path) for path in visible]
    inner = [python for place in places for python in _pythons(place)]
    wanted = [*_SYSTEM, *places, *_of_interpreters([sys.executable, *inner]), *_homes_of_prefixes()]
    trails = [trail(place) for place in dict.fromkeys(wanted) if os.path.exists(place)]
    search = [*(f"{place}/bin" for place in places), os.path.dirname(sys.executable)]
    return View(
        binds=tuple(_outermost({found.real for found in trails})),
        links=tuple(dict.fromkeys(link for found in trails for link in found.links)),
        masks=tuple(_masks()),
        search=(*(place for place in dict.fromkeys(search) if os.path.isdir(place)), *_PROGRAMS),
    )


def trail(path: str) -> Trail:
    """Follow an absolute path name by name. A part that does not exist is taken as it is written."""
    pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    real = ""
    links: list[tuple[str, str]] = []
    while pending:
        part = pending.pop()
        if part == "..":
            real = os.path.dirname(real).rstrip("/")
        elif os.path.islink(here := f"{real}/{part}") and len(links) < _MAX_LINKS:
            target = os.readlink(here)
            links.append((here, target))
            pending += [part for part in reversed(target.split("/")) if part not in ("", ".")]
            real = "" if target.startswith("/") else real
        else:
            real = here
    return Trail(real or "/", tuple(links))


def _pythons(place: str) -> Iterator[str]:
    """The interpreters of a virtual environment, or the file itself."""
    if os.path.isfile(place):
        yield place
    elif os.path.isdir(f"{place}/bin"):
        yield from (entry.path for entry in os.scandir(f"{place}/bin") if entry.name.startswith("python"))


def _homes_of_prefixes() -> Iterator[str]:
    for prefix in dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)):
        yield from _of_prefix(prefix)
    yield os.path.dirname(os.path.abspath(__file__))


def _of_interpreters(pythons: Iterable[str]) -> Iterator[str]:
    """What interpreters need to start: the links to them, and the prefix in which their library lies."""
    for python in pythons:
        if os.path.isfile(python):
            yield python
            prefix = os.path.dirname(os.path.dirname(os.path.realpath(python)))
            yield from _of_prefix(prefix)


def _of_prefix(prefix: str) -> Iterator[str]:
    """The prefix; but only its programs and libraries when somebody's home lies in it or is it."""
    if _holds_homes(prefix):
        yield from (f"{prefix.rstrip('/')}/{name}" for name in _OF_PREFIX)
    else:
        yield prefix


def _holds_homes(prefix: str) -> bool:
    real = os.path.realpath(prefix)
    homes = ("/root", "/home", os.path.realpath(Path.home()))
    return os.path.dirname(real) == "/home" or any(_within(home, real) for home in homes)


def _within(path: str, directory: str) -> bool:
    return f"{path}/".startswith(directory.rstrip("/") + "/")


def _outermost(paths: Iterable[str]) -> Iterator[str]:
    """Paths that lie in no other of them, shortest first."""
    kept: list[str] = []
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        if not any(_within(path, other) for other in kept):
            kept.append(path)
            yield path


def _masks() -> Iterator[str]:
    """What we may read of the system's configuration and others may not: a candidate with our user id may not."""
    yield from (path for path in _PRIVATE if os.path.exists(path))
    yield from _unshared("/etc", deep=True)
    yield from _unshared("/opt", deep=False)


def _unshared(directory: str, *, deep: bool) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        mode = entry.stat(follow_symlinks=False).st_mode
        is_directory = stat.S_ISDIR(mode)
        needed = stat.S_IROTH | stat.S_IXOTH if is_directory else stat.S_IROTH
        if stat.S_ISLNK(mode):
            continue
        if mode & needed != needed:
            if os.access(entry.path, os.R_OK):
                yield entry.path
        elif is_directory and deep:
            yield from _unshared(entry.path, deep=True)
