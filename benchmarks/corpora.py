"""The real projects that benchmarks read: fetched from PyPI by exact version, committed to git once, never changed."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IDENTITY = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
CACHE = "gitops-healer/cache.sqlite"


@dataclass(frozen=True)
class Recipe:
    """One distribution. package: what is imported; root: where it lies in the distribution; wheel: no sdist is taken;
    needs: what else its modules import."""

    requirement: str
    package: str
    root: str = ""
    wheel: bool = False
    needs: tuple[str, ...] = ()


RECIPES = {
    "django": Recipe(
        "Django==5.2.8",
        "django",
        needs=(
            "psycopg2-binary",
            "pillow",
            "jinja2",
            "docutils",
            "oracledb",
            "pymysql",
            "geoip2",
            "PyYAML",
            "selenium",
        ),
    ),
    "celery": Recipe(
        "celery==5.7.0",
        "celery",
        needs=(
            "redis",
            "pytest",
            "sphinx",
            "sqlalchemy",
            "requests",
            "cryptography",
            "greenlet",
            "django",
            "azure-storage-blob",
            "azure-identity",
            "pymongo",
            "msgpack",
        ),
    ),
    "sqlalchemy": Recipe("sqlalchemy==2.1.9", "sqlalchemy", wheel=True, needs=("pytest", "greenlet", "aiosqlite")),
    "pydantic": Recipe("pydantic==2.14.4", "pydantic", needs=("email-validator", "hypothesis")),
    "flask": Recipe("flask==3.1.3", "flask", "src", needs=("asgiref", "python-dotenv")),
    "requests": Recipe("requests==2.34.2", "requests", "src"),
    "ansible": Recipe("ansible-core==2.19.14", "ansible", "lib"),
    "salt": Recipe("salt==3008.5", "salt"),
    "sympy": Recipe("sympy==1.14.0", "sympy"),
    "homeassistant": Recipe("homeassistant==2026.2.3", "homeassistant", wheel=True),
}
MONO = "mono"
"""All of them in one tree."""


def corpus(name: str, work: Path, ready: Path | None = None) -> Path:
    """A git repository of a recipe, of `mono`, or the one at a path. ready: a folder where repositories may lie."""
    if Path(name).is_dir():
        return Path(name)
    if name not in RECIPES and name != MONO:
        sys.exit(f"{name!r} is neither a folder nor one of {', '.join([*RECIPES, MONO])}")
    found = _ready(name, ready)
    if found is not None:
        return found
    target = work / "corpora" / name
    if not (target / ".git").is_dir():
        shutil.rmtree(target, ignore_errors=True)
        for recipe in RECIPES.values() if name == MONO else [RECIPES[name]]:
            fetch(recipe, work, target / recipe.package if name == MONO else target)
        commit_all(target)
    return target


def _ready(name: str, ready: Path | None) -> Path | None:
    """A repository whose folder is called like the distribution, with or without its version."""
    if ready is None:
        return None
    wanted = RECIPES[name].requirement.replace("==", "-").replace("-core", "_core").lower() if name in RECIPES else name
    return next((path for path in (ready / wanted, ready / name) if (path / ".git").is_dir()), None)


def fetch(recipe: Recipe, work: Path, target: Path) -> None:
    """Unpack a distribution into a folder."""
    downloads = work / "downloads" / recipe.package
    downloads.mkdir(parents=True, exist_ok=True)
    kind = "--only-binary" if recipe.wheel else "--no-binary"
    if not list(downloads.iterdir()):
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{kind}=:all:")
        subprocess.run([*pip, "--dest", str(downloads), recipe.requirement], check=True)
    (archive,) = downloads.iterdir()
    if archive.suffix == ".whl":
        zipfile.ZipFile(archive).extractall(target)
        return
    with tarfile.open(archive) as packed:
        packed.extractall(target.with_name(f"{target.name}.part"), filter="data")
    (inner,) = target.with_name(f"{target.name}.part").iterdir()
    target.parent.mkdir(parents=True, exist_ok=True)
    inner.rename(target)
    target.with_name(f"{target.name}.part").rmdir()


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *IDENTITY, *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit_all(directory: Path, message: str = "corpus") -> None:
    if not (directory / ".git").exists():
        git(directory, "init", "--quiet", "--initial-branch=main")
    git(directory, "add", "--all", "--force")
    git(directory, "commit", "--quiet", "--message", message)


def clone(repository: Path, target: Path) -> Path:
    """A private copy with a work tree; its objects are linked, not copied, where the disk allows it."""
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    git(target.parent, "clone", "--quiet", "--local", str(repository), str(target))
    return target


def environment(name: str, work: Path, requirements: Sequence[str]) -> Path:
    """The interpreter of a virtual environment with these distributions; made when it is missing.

    What cannot be installed is said and left out: a benchmark counts what it could not import.
    """
    home = work / "environments" / name
    python = home / "bin" / "python"
    stamp = home / "requirements.txt"
    wanted = "\n".join(requirements)
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
    for requirement in requirements:
        done = subprocess.run([str(python), "-m", "pip", "install", "--quiet", requirement], capture_output=True)
        if done.returncode:
            print(f"{name}: {requirement} cannot be installed and is left out", file=sys.stderr)
    stamp.write_text(wanted)
    return python


def scan_command(repository: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "gitops_healer", "scan", str(repository), *arguments]


def scan(repository: Path, *arguments: str) -> dict[str, Any]:
    """What a scan without a cache says."""
    command = scan_command(repository, "--format", "json", "--no-cache", *arguments)
    done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": _here()})
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _here() -> str:
    return str(Path(__file__).resolve().parents[1])


def add_places(parser: Any) -> None:
    """The options that say where things lie."""
    parser.add_argument("--work", type=Path, required=True, help="folder for downloads, environments and clones")
    parser.add_argument("--ready", type=Path, help="folder with git repositories that need not be made")
