"""Failures of the place where tests ran, told from failures of the code. Conservative: in doubt it is the code."""

import errno
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_ERRNOS = frozenset(
    {
        errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.EROFS,
        errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EAFNOSUPPORT,
    }
)  # fmt: skip
_TYPES = frozenset({"socket.gaierror", "socket.herror", "importlib.metadata.PackageNotFoundError"})
_TYPE_NAMES = frozenset({"PackageNotFoundError", "DistributionNotFound", "InvalidGitRepositoryError"})
_SAID = re.compile(
    r"not a git repository"
    r"|Temporary failure in name resolution|Name or service not known|No address associated with hostname"
    r"|cannot open shared object file"
    r"|can't start new thread"
    r"|no display name and no \$DISPLAY"
    r"|setuptools-scm was unable to detect version"
    r"|async def functions are not natively supported",
    re.I,
)
_FIXTURE = re.compile(r"fixture '([^']+)' not found")
_FIXTURES = re.compile(r"available fixtures: ([^\n]*)")
# Sentences of the machine count only in errors that report on the machine, not in an assertion that quotes them.
_SPEAKERS = ("OSError", "ImportError", "RuntimeError", "CalledProcessError", "LookupError", "TclError", "Failed")
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Link:
    """One exception of a chain. errno: 0 when it has none; filename: repository-relative inside the tree; name: the
    module that an import did not find; spawned: it comes from starting a program; stderr: that program's last words."""

    type: str
    message: str = ""
    errno: int = 0
    filename: str = ""
    name: str = ""
    spawned: bool = False
    stderr: str = ""


@dataclass(frozen=True)
class Project:
    """modules: top-level names that the tree provides; requirements: text of the files that declare dependencies."""

    modules: frozenset[str] = frozenset()
    requirements: str = ""

    @property
    def declared(self) -> frozenset[str]:
        return frozenset(_normal(word) for word in _WORD.findall(self.requirements))


REQUIREMENT_FILES = ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "Pipfile", "environment.yml")


def requirement_files(paths: Sequence[str]) -> Iterator[str]:
    """Files in which a project says what it needs."""
    for path in paths:
        name = PurePosixPath(path).name
        lists = path.count("/") <= 1 and name.endswith((".txt", ".in")) and "require" in path.lower()
        if path in REQUIREMENT_FILES or lists:
            yield path


def top_level_modules(paths: Sequence[str]) -> frozenset[str]:
    """Every name that some file or folder of Python code could be imported by."""
    names: set[str] = set()
    for path in paths:
        if path.endswith((".py", ".pyi", ".pyx", ".so", ".c")):
            parts = path.split("/")
            names |= {*parts[:-1], parts[-1].partition(".")[0]}
    return frozenset(names)


def is_environmental(chain: Sequence[Link], project: Project) -> bool:
    """Whether some exception of the chain says that the machine lacks what the test needs.

    The network, a writable disk, an installed dependency, a program, git metadata.
    """
    return any(_lacks(link, project) for link in chain)


def _lacks(link: Link, project: Project) -> bool:
    kind = link.type.rpartition(".")[2]
    if link.type in _TYPES or kind in _TYPE_NAMES or link.errno in _ERRNOS:
        return True
    if kind == "ModuleNotFoundError":
        return bool(link.name) and _is_dependency(link.name.partition(".")[0], project)
    if link.errno in (errno.EACCES, errno.EPERM):
        return link.filename.startswith("/")
    if link.spawned and kind == "FileNotFoundError":
        return bool(link.filename) and ("/" not in link.filename or link.filename.startswith("/"))
    if kind == "FixtureLookupError":
        return _lacks_plugin(link.message)
    speaks = link.errno != 0 or kind.endswith(_SPEAKERS)
    return speaks and bool(_SAID.search(link.message) or _SAID.search(link.stderr))


def _lacks_plugin(message: str) -> bool:
    """A fixture that nobody provides is one of a pytest plug-in that is not installed, unless its name is misspelt."""
    wanted, known = _FIXTURE.search(message), _FIXTURES.search(message)
    if wanted is None:
        return False
    return not any(_one_slip(wanted[1], name.strip()) for name in (known[1] if known else "").split(","))


def _is_dependency(module: str, project: Project) -> bool:
    """Neither the project's own nor a misspelt name: a misspelt import is a bug."""
    if module in project.modules or module in sys.stdlib_module_names:
        return False
    if _normal(module) in project.declared:
        return True
    known = project.modules | sys.stdlib_module_names
    return not any(_one_slip(module, name) for name in known)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _one_slip(left: str, right: str) -> bool:
    """One letter more, less or other, or two swapped; short names are too close to each other to tell."""
    if abs(len(left) - len(right)) > 1 or min(len(left), len(right)) < 4:
        return False
    start = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    a, b = left[start:], right[start:]
    return a[1:] == b[1:] or a == b[1:] or a[1:] == b or (a[:2] == b[1::-1] and a[2:] == b[2:])
