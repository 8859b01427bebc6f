"""What a project asks to be installed, and whether an import leads to it.

Sources: PEP 508 (requirements), PEP 503 (normalised names), PEP 621 and PEP 735 (pyproject.toml), pip's format of
requirement files, setup.cfg of setuptools, Pipfile.
"""

import configparser
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import PurePosixPath
from typing import Any

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*([^;#]*)")
_FILES = re.compile(
    r"(?:^|/)(?:[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in|pip)|requirements/[^/]+\.(?:txt|in)|Pipfile"
    r"|setup\.cfg|pyproject\.toml|environment[\w-]*\.ya?ml)$"
)
_LOCKS = re.compile(r"(?:^|/)(?:[^/]*\.lock|Pipfile\.lock|pylock[\w.]*\.toml|package-lock\.json|[^/]*-lock\.ya?ml)$")
_QUOTED = re.compile(r"[\"']([A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?[^\"'\n]*)[\"']")
_DISTRIBUTION = {
    "cv2": "opencv-python", "PIL": "pillow", "bs4": "beautifulsoup4", "sklearn": "scikit-learn", "yaml": "pyyaml",
    "dateutil": "python-dateutil", "attr": "attrs", "dotenv": "python-dotenv", "jwt": "pyjwt", "git": "gitpython",
    "github": "pygithub", "serial": "pyserial", "usb": "pyusb", "OpenSSL": "pyopenssl", "Crypto": "pycryptodome",
    "magic": "python-magic", "skimage": "scikit-image", "docx": "python-docx", "pptx": "python-pptx",
    "MySQLdb": "mysqlclient", "psycopg2": "psycopg2-binary", "zmq": "pyzmq", "markdown": "markdown",
    "google": "protobuf", "win32api": "pywin32", "rest_framework": "djangorestframework", "fitz": "pymupdf",
    "pkg_resources": "setuptools", "jose": "python-jose", "slugify": "python-slugify", "nacl": "pynacl",
}  # fmt: skip
"""Import names whose distribution is called otherwise, as their projects' pages say; for the rest the two agree."""


def is_requirement_file(path: str) -> bool:
    return _FILES.search(path) is not None


def is_lock_file(path: str) -> bool:
    return _LOCKS.search(path) is not None


def normalised(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_of(path: str, data: bytes | None) -> dict[str, str]:
    """{normalised name: what is demanded of it}. Of setup.py every text that could be a requirement: it is not run.
    Raises ValueError when the file cannot be read as what it is."""
    text = (data or b"").decode("utf-8", "replace")
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        return dict(_pairs(_of_pyproject(tomllib.loads(text))))
    if name == "Pipfile":
        table = tomllib.loads(text)
        return {
            normalised(key): _text(value)
            for part in ("packages", "dev-packages")
            for key, value in _table(table.get(part)).items()
        }
    if name == "setup.py":
        return dict(_pairs(_QUOTED.findall(text)))
    if name == "setup.cfg":
        return dict(_pairs(_of_setup_cfg(text)))
    return dict(_pairs(_of_lines(text)))


def told(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What changed, a piece of a sentence each."""
    added = [f"adds {name}{_as_said(after[name])}" for name in sorted(after.keys() - before.keys())]
    removed = [f"removes {name}" for name in sorted(before.keys() - after.keys())]
    both = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
    changed = [
        f"{'loosens' if _looser(before[name], after[name]) else 'changes'} {name} from "
        f"{before[name] or 'any'} to {after[name] or 'any'}"
        for name in both
    ]
    return (*added, *removed, *changed)


def _as_said(spec: str) -> str:
    return f" {spec}" if spec else ""


def _looser(before: str, after: str) -> bool:
    return ("==" in before and "==" not in after) or len(after) < len(before)


def _pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if match := _REQUIREMENT.match(line):
            yield normalised(match[1]), f"{match[2] or ''}{match[3].strip()}".replace(" ", "")


def _of_lines(text: str) -> Iterator[str]:
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        stripped = line.strip().removeprefix("- ").strip()
        if stripped.startswith("-"):  # an option: another index, another file
            yield stripped.lstrip("-").replace(" ", " @ ", 1)
        elif stripped and not stripped.startswith("#"):
            yield stripped.split(" --hash")[0]


def _of_pyproject(table: Mapping[str, Any]) -> Iterator[str]:
    project = _table(table.get("project"))
    yield from _texts(project.get("dependencies"))
    for group in (_table(project.get("optional-dependencies")), _table(table.get("dependency-groups"))):
        for items in group.values():
            yield from _texts(items)
    yield from _texts(_table(table.get("build-system")).get("requires"))
    tool = _table(table.get("tool"))
    poetry = _table(tool.get("poetry"))
    groups = [_table(group).get("dependencies") for group in _table(poetry.get("group")).values()]
    for listed in (poetry.get("dependencies"), poetry.get("dev-dependencies"), *groups):
        yield from (f"{key} {_text(value)}" for key, value in _table(listed).items())


def _of_setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error)) from None
    for section, key in (("options", "install_requires"), ("options", "setup_requires"), ("options", "tests_require")):
        yield from _of_lines(parser.get(section, key, fallback=""))
    if parser.has_section("options.extras_require"):
        for value in dict(parser.items("options.extras_require")).values():
            yield from _of_lines(value)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value).replace(" ", "")


# Imports


_ELSEWHERE = frozenset(
    ("annotationlib", "compression", "distutils", "imp", "asyncore", "asynchat", "smtpd", "cgi", "pipes")
)
"""Of the standard library in some version from 3.8 to 3.14; the name that PyPI may have is not what is meant."""


def is_standard(root: str) -> bool:
    return root in sys.stdlib_module_names or root in _ELSEWHERE


def is_own(root: str, importer: str, is_file: Callable[[str], bool], is_folder: Callable[[str], bool]) -> bool:
    """Whether an import leads to a module of the project: beside the importing file or above it, or below `src`."""
    folders = [str(parent) for parent in PurePosixPath(importer).parents]
    for folder in [*folders, "src", "lib"]:
        stem = root if folder == "." else f"{folder}/{root}"
        if is_folder(stem) or any(is_file(f"{stem}{end}") for end in (".py", ".pyi", ".pyx", ".so")):
            return True
    return False


def distributions_of(root: str) -> frozenset[str]:
    """Normalised names of what may have to be installed for an import."""
    known = {normalised(name) for name in _installed().get(root, ())}
    return frozenset({normalised(root), normalised(_DISTRIBUTION.get(root, root)), *known})


def is_installed(root: str) -> bool:
    return root in _installed()


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()
