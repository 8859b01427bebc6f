"""How a project runs its tests: found from what its tree holds, and made ready to run."""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from pathlib import Path, PurePosixPath

PYTEST = "python -m pytest"
UNITTEST = "python -m unittest discover"
_MAX_READ = 1024 * 1024
_MAX_TEST_FILES = 200
_PYTEST_STYLE = re.compile(
    rb"^\s*(?:import pytest\b|from pytest\b)|^(?:async )?def test_|^class Test\w*\s*(?:\(\s*\))?:", re.M
)
_UNITTEST_STYLE = re.compile(rb"^\s*(?:import unittest\b|from unittest\b|from django\.test\b)", re.M)
_MAKE_TEST = re.compile(rb"^(?:[^\s:#=]+[ \t]+)*test(?:[ \t]+[^\s:#=]+)*[ \t]*::?(?!=)", re.M)
_SHELL_SYNTAX = re.compile(r"[|&;<>()$`*?~\n]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Kind(Enum):
    """What answers when the command runs: it decides how results are told and tests selected."""

    PYTEST = "pytest"
    UNITTEST = "unittest"
    OTHER = "other"


@dataclass(frozen=True)
class Tree:
    """What discovery may look at. read: the bytes of a file; has_program: whether a program can be started."""

    paths: tuple[str, ...]
    read: Callable[[str], bytes | None]
    has_program: Callable[[str], bool] = lambda _: True

    def text(self, path: str) -> bytes:
        """At most a megabyte of a file, empty when there is none."""
        return (self.read(path) or b"")[:_MAX_READ] if path in self.paths else b""


@dataclass(frozen=True)
class Invocation:
    """argv: with the chosen interpreter; rest: what follows `-m pytest` or `-m unittest`, when that is what runs."""

    argv: tuple[str, ...]
    kind: Kind
    rest: tuple[str, ...] = ()
    interpreter: tuple[str, ...] = ()

    def plus(self, *arguments: str) -> "Invocation":
        return replace(self, argv=(*self.argv, *arguments), rest=(*self.rest, *arguments))

    def has(self, *arguments: str) -> bool:
        return set(arguments) <= set(self.argv)


def concession(said: str) -> tuple[str, ...]:
    """Options with which pytest can begin although the project's configuration asks for what is not installed: a
    plug-in's options (`--cov`), a class of warnings. said: by pytest when it did not begin."""
    if "unrecognized arguments" in said:
        return "-o", "addopts="
    return ("-o", "filterwarnings=") if "Failed to import filter module" in said else ()


def discover_command(tree: Tree) -> str:
    """The first way that the tree offers and this machine can start; "" when the tree offers none.

    pytest, `make test`, unittest, tox, nox. Where none can be started the first is named, so that the run says what is
    missing. unittest comes before tox and nox, which build environments and for that need a network.
    """
    offers = list(_offers(tree))
    usable = (command for program, command in offers if not program or tree.has_program(program))
    return next(usable, offers[0][1] if offers else "")


def _offers(tree: Tree) -> Iterator[tuple[str, str]]:
    """(program that must be there, command)"""
    tests = [path for path in tree.paths if is_test_file(path)]
    sources = [tree.text(path) for path in islice(tests, _MAX_TEST_FILES)]
    if _configures_pytest(tree) or any(_PYTEST_STYLE.search(source) for source in sources):
        yield "", PYTEST
    if any(_MAKE_TEST.search(tree.text(name)) for name in ("GNUmakefile", "makefile", "Makefile")):
        yield "make", "make test"
    if any(_UNITTEST_STYLE.search(source) for source in sources):
        yield "", _unittest_command(tests, tree.paths)
    if "tox.ini" in tree.paths or "tox.toml" in tree.paths or "tox" in _pyproject(tree).get("tool", {}):
        yield "tox", "tox"
    if "noxfile.py" in tree.paths:
        yield "nox", "nox"


def is_test_file(path: str) -> bool:
    """By its name: `test_x.py`, `x_test.py`, `tests.py`."""
    name = PurePosixPath(path).name
    return name.endswith(".py") and (name.startswith("test") or name.endswith("_test.py"))


def _configures_pytest(tree: Tree) -> bool:
    names = {PurePosixPath(path).name for path in tree.paths}
    if names & {"pytest.ini", ".pytest.ini", "conftest.py"}:
        return True
    has_section = b"[pytest]" in tree.text("tox.ini") or b"[tool:pytest]" in tree.text("setup.cfg")
    return has_section or "pytest" in _pyproject(tree).get("tool", {})


def _pyproject(tree: Tree) -> dict[str, dict[str, object]]:
    try:
        data = tomllib.loads(tree.text("pyproject.toml").decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    return {key: value for key, value in data.items() if isinstance(value, dict)}


def _unittest_command(tests: Sequence[str], paths: Iterable[str]) -> str:
    """unittest finds tests only in packages: it has to start where they begin. Where they begin in several places
    pytest is the one that can run them all."""
    packages = {str(PurePosixPath(path).parent) for path in paths if path.endswith("/__init__.py")}
    roots = {_package_root(str(PurePosixPath(path).parent), packages) for path in tests}
    if roots == {"."}:
        return UNITTEST
    return f"{UNITTEST} -s {shlex.quote(roots.pop())}" if len(roots) == 1 else PYTEST


def _package_root(folder: str, packages: set[str]) -> str:
    while folder in packages:
        folder = str(PurePosixPath(folder).parent)
    return folder


def import_roots(tree: Tree) -> tuple[str, ...]:
    """Directories from which the project's own packages are imported, by its layout and its build configuration."""
    declared = {"src", "lib", *_declared_roots(tree)} - {"", "."}
    folders = {path.partition("/")[0] for path in tree.paths if "/" in path}
    plain = [root for root in sorted(declared) if root.partition("/")[0] in folders]
    packaged = {str(PurePosixPath(path).parent) for path in tree.paths if path.endswith("/__init__.py")}
    return (*(root for root in plain if root not in packaged), ".")


def _declared_roots(tree: Tree) -> Iterator[str]:
    setuptools = _pyproject(tree).get("tool", {}).get("setuptools", {})
    settings = setuptools if isinstance(setuptools, dict) else {}
    yield from _strings(settings.get("package-dir"))
    packages = settings.get("packages")
    find = packages.get("find", {}) if isinstance(packages, dict) else {}
    yield from _strings(find.get("where") if isinstance(find, dict) else None)
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(tree.text("setup.cfg").decode("utf-8", "replace"))
    except ConfigParserError:
        return
    for line in parser.get("options", "package_dir", fallback="").splitlines():
        yield line.partition("=")[2].strip()
    yield from parser.get("options.packages.find", "where", fallback="").split()


def _strings(value: object) -> Iterator[str]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    yield from (str(PurePosixPath(item)) for item in values if isinstance(item, str) and ".." not in item)


def needs_shell(command: str) -> bool:
    """Whether the command says something that only a shell understands: pipes, `&&`, variables, patterns."""
    plain = re.sub(r"'[^']*'", "''", command)
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', plain)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', plain)
    first = command.split(maxsplit=1)[0] if command.split() else ""
    expands = any(re.search(r"[$`]", text) for text in quoted)
    return bool(_SHELL_SYNTAX.search(bare) or _ASSIGNMENT.match(first) or expands)


def prepare(command: str, python: Path) -> Invocation:
    """The command as an argument vector: split like a shell would, run without one unless it needs one (`/bin/sh -c`).

    `python` and `pytest` mean the chosen interpreter. Raises ValueError when a quotation is not closed.
    """
    if needs_shell(command):
        return Invocation(("/bin/sh", "-c", command), Kind.OTHER)
    words = shlex.split(command)
    name = PurePosixPath(words[0]).name if words else ""
    if name in ("pytest", "py.test") and "/" not in words[0]:
        words = ["python", "-m", "pytest", *words[1:]]
        name = "python"
    if name != words[0] or not re.fullmatch(r"python[\d.]*", name):
        return Invocation(tuple(words), Kind.OTHER)
    words[0] = str(python)
    at = next((i for i, word in enumerate(words) if word == "-m"), 0)
    flags_only = all(word.startswith("-") for word in words[1:at])
    kind = {"pytest": Kind.PYTEST, "unittest": Kind.UNITTEST}.get(words[at + 1] if at and at + 1 < len(words) else "")
    if kind is None or not flags_only:
        return Invocation(tuple(words), Kind.OTHER)
    return Invocation(tuple(words), kind, tuple(words[at + 2 :]), tuple(words[:at]))
