"""Small repositories with import cycles, and what is needed to look at them and to run them."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.code.model import CodeModel
from gitops_healer.core.finding import Finding
from gitops_healer.core.plan import Investigation
from gitops_healer.detectors.circular_import import circular_import
from gitops_healer.ports import SandboxLevel
from gitops_healer.refactorings.break_import_cycle import break_import_cycle
from gitops_healer.registry import Scene
from gitops_healer.settings import load_settings

Files = Mapping[str, str | bytes]


def scene_of(path: Path, commit: str, **options: Any) -> Scene:
    """What plug-ins see of a repository: real git, real cache, real sandbox (of the level that works everywhere)."""
    repository = open_repository(path)
    settings = load_settings(options={key.replace("__", "."): value for key, value in options.items()})
    cache = SqliteCache(path.parent / "cache.sqlite")
    code = CodeModel(repository.files(commit), repository.read_blob, cache, settings.detection.exclude)
    unused = cast(Any, None)
    return Scene(
        commit, datetime(2026, 1, 1, tzinfo=UTC), repository, code, unused, unused, unused,
        sandbox_at(SandboxLevel.PROCESS), cache, settings, lambda _: None,
    )  # fmt: skip


@dataclass(frozen=True)
class Healed:
    """What the detector found, what the fixer said of each finding, and the files after all first options."""

    scene: Scene
    findings: tuple[Finding, ...]
    investigations: tuple[Investigation, ...]
    after: dict[str, bytes]

    @property
    def evidence(self) -> str:
        return "\n".join(line for found in self.investigations for line in found.evidence)

    def text(self, path: str) -> str:
        return self.after[path].decode("utf-8")


def heal(make_repo: Callable[..., Any], files: Files) -> Healed:
    """Find and fix all cycles of a repository with these files."""
    repo = make_repo(files)
    scene = scene_of(repo.path, repo.git("rev-parse", "HEAD"))
    findings = tuple(circular_import(scene))
    investigations = tuple(break_import_cycle(scene, finding) for finding in findings)
    after = {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}
    for investigation in investigations:
        for option in investigation.options[:1]:
            after |= option.change.apply(after)
    return Healed(scene, findings, investigations, after)


_RUN = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
try:
    module = importlib.import_module(sys.argv[2])
    print(json.dumps(repr(eval(sys.argv[3], {"m": module}))))
except Exception as error:
    print(json.dumps(type(error).__name__))
"""


def run(directory: Path, files: Files, module: str, expression: str, root: str = "") -> str:
    """repr of an expression in which `m` is a freshly imported module, or the name of the error."""
    for name, content in files.items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    done = subprocess.run(
        [sys.executable, "-I", "-c", _RUN, json.dumps([str(directory / root)]), module, expression],
        capture_output=True, check=True, cwd=directory,
    )  # fmt: skip
    return str(json.loads(done.stdout))
