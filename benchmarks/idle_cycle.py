"""What a cycle costs that has nothing to do, by the size of the repository, beside ruff and git on the same files.

Usage: python benchmarks/idle_cycle.py [FILES ...]
Each figure is the median of five whole processes, in seconds of wall clock and of CPU (user + system).
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

RUNS = 5
MODULE = '''\
"""Module {number}."""

import {other}


def work_{number}(items, factor=1):
    """Scale and sum."""
    total = 0
    for item in items:
        if item is None:
            continue
        total += item * factor
    return total + {other}.SIZE


SIZE = {number}


class Thing{number}:
    def __init__(self, name):
        self.name = name

    def label(self):
        return f"{{self.name}}-{number}"
'''


def build(root: Path, files: int) -> None:
    """A package whose modules import earlier ones, with one small test, committed."""
    package = root / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for number in range(files):
        other = f"package.m{number // 2}" if number else "sys as package"
        text = MODULE.format(number=number, other=other).replace("sys as package.SIZE", "1")
        (package / f"m{number}.py").write_text(text)
    (root / "test_small.py").write_text("def test_small():\n    assert 1 + 1 == 2\n")
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@example.org", "-C", str(root)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "all"], check=True)


def timed(argv: Sequence[str], cwd: Path) -> tuple[float, float]:
    """(wall, CPU) seconds of one process and its children."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(argv, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(argv: Sequence[str], cwd: Path, runs: int = RUNS) -> tuple[float, float]:
    pairs = [timed(argv, cwd) for _ in range(runs)]
    return statistics.median(wall for wall, _ in pairs), statistics.median(cpu for _, cpu in pairs)


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or [300, 3000, 12000]
    heal = [sys.executable, "-m", "gitops_healer", "heal"]
    ruff = [
        shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}") or "ruff",
        "check",
        "--quiet",
        "--exit-zero",
        ".",
    ]
    print("  files   first heal  idle wall   idle CPU   ruff CPU  git status CPU  idle/ruff")
    for files in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "repo"
            build(root, files)
            first = timed(heal, root)
            idle, checked, status = median(heal, root), median(ruff, root), median(["git", "status"], root)
            print(
                f"{files:>7} {first[0]:>10.2f} s {idle[0]:>8.2f} s {idle[1]:>8.2f} s {checked[1]:>8.2f} s "
                f"{status[1]:>13.3f} s {idle[1] / checked[1]:>9.1f}x"
            )


if __name__ == "__main__":
    main()
