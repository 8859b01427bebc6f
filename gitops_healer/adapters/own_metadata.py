"""What an installer would write down of the project itself, for programs that ask for their own version.

`importlib.metadata.version("itself")` at the top of a package is common, and fails where the project was never
installed beside its dependencies. Format: https://packaging.python.org/specifications/recording-installed-packages/
"""

import re
import tomllib
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from email.parser import BytesHeaderParser
from pathlib import Path

_UNKNOWN = "0.0.0"
_LARGEST = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,98}")


def write_own_metadata(tree: Path, inside: Path, python: Path) -> None:
    """A `.dist-info` of the project in a folder that is on the path of imports, unless the interpreter has it installed
    (then its entry points shall stay known). tree: the project's files; nothing is written for what has no name."""
    name, version = named(tree)
    if not name or _is_installed(name, python):
        return
    folder = inside / f"{_spelled(name)}-{version.replace('-', '_')}.dist-info"
    folder.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / "METADATA").write_text(text, encoding="ascii")


def named(tree: Path) -> tuple[str, str]:
    """(name, version) by the project's own files, ("", "") without a name; a version that is computed is 0.0.0."""
    said = BytesHeaderParser().parsebytes(_read(tree / "PKG-INFO"))
    found = [(str(said.get("Name", "")), str(said.get("Version", ""))), _of_pyproject(tree), _of_setup(tree)]
    name = next((name for name, _ in found if _NAME.fullmatch(name)), "")
    version = next((version for _, version in found if _VERSION.fullmatch(version)), _UNKNOWN)
    return (name, version) if name else ("", "")


def _of_pyproject(tree: Path) -> tuple[str, str]:
    try:
        data = tomllib.loads(_read(tree / "pyproject.toml").decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return "", ""
    tool = data.get("tool")
    for table in (data.get("project"), tool.get("poetry") if isinstance(tool, dict) else None):
        if isinstance(table, dict) and "name" in table:
            return str(table["name"]), str(table.get("version", ""))
    return "", ""


def _of_setup(tree: Path) -> tuple[str, str]:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_read(tree / "setup.cfg").decode("utf-8", "replace"))
    except (ConfigParserError, RecursionError):
        return "", ""
    return parser.get("metadata", "name", fallback=""), parser.get("metadata", "version", fallback="")


def _read(path: Path) -> bytes:
    """The bytes of a regular file of common size, else none."""
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= _LARGEST else b""
    except OSError:
        return b""


def _is_installed(name: str, python: Path) -> bool:
    folders = (python.parent.parent / "lib").glob("python3*/site-packages")
    entries = (entry.name.lower() for folder in folders for entry in folder.glob("*-info"))
    return any(_spelled(entry.partition("-")[0]) == _spelled(name) for entry in entries)


def _spelled(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
