"""How a project writes its tests: where they are, what they are called, how they import what they test."""

import ast
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from gitops_healer.code.roles import is_test_path
from gitops_healer.code.source import read_source
from gitops_healer.registry import Scene

_READ: Final = 60  # test files that are looked at
_ANNOTATED = re.compile(rb"^ *(?:async )?def test_.*\) -> None:", re.M)


@dataclass(frozen=True)
class HouseStyle:
    """path: of the new file; module: as tests import it; annotated: whether tests say `-> None`."""

    path: str
    module: str
    name: str
    annotated: bool
    unittest: bool

    @classmethod
    def of(cls, scene: Scene, path: str, module: str, symbol: str) -> "HouseStyle":
        paths = [file.path for file in scene.repository.files(scene.commit)]
        tests = [name for name in paths if is_test_path(name) and _is_named_as_test(name)]
        sources = [data for name in tests[:_READ] if (data := scene.code.source(name)) is not None]
        name = symbol.replace(".", "_").lower().strip("_")
        return cls(
            _free_path(paths, tests, path, name),
            _imported_as(sources, path) or module,
            name,
            2 * sum(bool(_ANNOTATED.search(data)) for data in sources) > len(sources),
            "unittest" in scene.tests.command(scene.commit),
        )


def _is_named_as_test(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def _free_path(paths: Sequence[str], tests: Sequence[str], path: str, name: str) -> str:
    """A name that no other test file has: pytest confuses files of the same name in folders that are no packages."""
    stem = PurePosixPath(path).stem
    beside = [one for one in tests if PurePosixPath(one).stem in (f"test_{stem}", f"{stem}_test")]
    folders = Counter(str(PurePosixPath(one).parent) for one in beside or tests)
    folder = min(folders, key=lambda one: (-folders[one], one.count("/"), one)) if folders else "."
    behind = 2 * sum(one.endswith("_test.py") for one in tests) > len(tests)
    taken = {PurePosixPath(one).name for one in paths}
    for number in range(1, len(taken) + 2):
        base = f"{name}_recorded{number if number > 1 else ''}"
        file = f"{base}_test.py" if behind else f"test_{base}.py"
        if file not in taken:
            return str(PurePosixPath(folder, file))
    raise AssertionError("one of more names than files is free")


def _imported_as(sources: Sequence[bytes], path: str) -> str:
    """The name by which most tests import the module of a file, "" when none does."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    names = {".".join(parts[start:]) for start in range(len(parts))}
    counts = Counter(name for data in sources for name in _imports(data) if name in names)
    return counts.most_common(1)[0][0] if counts else ""


def _imports(data: bytes) -> frozenset[str]:
    source = read_source("", data)
    found: set[str] = set()
    for node in ast.walk(source.tree) if source is not None else ():
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(found)
