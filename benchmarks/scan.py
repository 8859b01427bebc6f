"""What reading a repository's code costs: cold, warm, and after a change of one file.

    python benchmarks/scan.py [--files 3000 | --repository PATH] [--repeat 3]

Without --repository a synthetic one is made: packages of 40 modules that import each other in layers, with a cycle in
every tenth package. Times are CPU seconds of this process (wall seconds in brackets), the median of the repeats.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.code.model import CodeModel

PER_PACKAGE = 40
FUNCTIONS = 8
FUNCTION = '''
def function{number}(value, limit={limit}):
    """Adds up what is below the limit."""
    total = 0
    for item in range(value):
        if item % 3 == 0 and item < limit:
            total += item * {factor}
        elif item > limit:
            break
    try:
        return total / len(os.sep)
    except ZeroDivisionError:
        from . import module2 as late

        return late
'''


def synthetic(target: Path, files: int) -> None:
    """Write and commit a repository of so many modules; the same every time."""
    chance = Random(files)
    for number in range(files):
        package, module = divmod(number, PER_PACKAGE)
        directory = target / "src" / f"package{package}"
        directory.mkdir(parents=True, exist_ok=True)
        name = "__init__.py" if module == 0 else f"module{module}.py"
        (directory / name).write_text(module_text(chance, package, module))
    (target / "pyproject.toml").write_text("[project]\nname = 'synthetic'\n")
    git(target, "init", "--quiet", "--initial-branch=main")
    git(target, "add", "--all")
    commit(target, "first")


def module_text(chance: Random, package: int, module: int) -> str:
    """Some 150 lines with imports of modules before it (and, in a tenth of the packages, of one after it)."""
    lines = ["import os", "import sys", "from typing import TYPE_CHECKING", ""]
    lines += [
        f"from . import module{other}"
        for other in sorted({chance.randrange(1, module) for _ in range(3)} if module > 1 else ())
    ]
    lines += [f"from package{chance.randrange(package)} import module1 as first"] if package else []
    if module == 1 and package % 10 == 0:
        lines.append("from . import module2")
    lines += ["if TYPE_CHECKING:", "    from . import module3", ""]
    for number in range(FUNCTIONS):
        lines.append(FUNCTION.format(number=number, limit=chance.randrange(100), factor=chance.randrange(9)))
    return "\n".join(lines)


def git(directory: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=directory, check=True, capture_output=True)


def commit(directory: Path, message: str) -> None:
    identity = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    git(directory, *identity, "commit", "--quiet", "--message", message)


def read(repository: GitRepository, cache: Path) -> CodeModel:
    """All that the detectors of a cycle ask the model."""
    head = repository.resolve("HEAD") or sys.exit("the repository has no commit")
    model = CodeModel(repository.files(head), repository.read_blob, SqliteCache(cache))
    model.cycles()
    return model


def timed(label: str, repeat: int, action: Callable[[], CodeModel]) -> None:
    cpu, wall, model = [], [], None
    for _ in range(repeat):
        started, began = time.process_time(), time.perf_counter()
        model = action()
        cpu.append(time.process_time() - started)
        wall.append(time.perf_counter() - began)
    assert model is not None
    print(
        f"{label:24} {statistics.median(cpu):7.3f} s ({statistics.median(wall):.3f})   parsed {model.parsed}, "
        f"cached {model.cached}, {len(model.edges())} edges, {len(model.cycles())} cycles"
    )


def measure(path: Path, scratch: Path, repeat: int, may_commit: bool) -> None:
    repository = open_repository(path)
    fresh = (scratch / f"cold{number}.sqlite" for number in range(repeat))
    timed("cold", repeat, lambda: read(repository, next(fresh)))
    warm = scratch / "warm.sqlite"
    read(repository, warm)
    timed("warm", repeat, lambda: read(repository, warm))
    if may_commit:
        changes = iter(range(repeat))
        timed("one file changed", repeat, lambda: changed(path, next(changes), warm))


def changed(path: Path, number: int, cache: Path) -> CodeModel:
    (path / "src" / "package0" / "module5.py").write_text(f"from . import module{number + 6}\n")
    git(path, "add", "--all")
    commit(path, f"change {number}")
    return read(open_repository(path), cache)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--repository", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        path = options.repository
        if path is None:
            path = scratch / "repository"
            path.mkdir()
            synthetic(path, options.files)
        print(f"{path} on CPython {sys.version.split()[0]}, {os.cpu_count()} processors")
        measure(path, scratch, options.repeat, options.repository is None)


if __name__ == "__main__":
    main()
