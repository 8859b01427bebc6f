"""A step between two commits of a real repository, with everything that a check may look at."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.executions import open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.adapters.trials import ProjectTrials
from gitops_healer.code.model import CodeModel
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.plan import Plan
from gitops_healer.core.verdict import CheckResult
from gitops_healer.ports import Sandbox, SandboxLevel
from gitops_healer.registry import Case, Check, Scene
from gitops_healer.settings import load_settings


def plan_of(paths: tuple[str, ...] = (), symbols: tuple[str, ...] = ()) -> Plan:
    return Plan("key", "Mend it", (), paths, symbols, Risk.LOW, 5, 1, "base")


def finding_of(rule: str = "recent_failures", symbol: str = "pkg.mod:f") -> Finding:
    return Finding(rule, "pkg/mod.py", symbol, 1, 2, Severity.HIGH, "it fails", "f" * 40)


@dataclass
class Step:
    """Judges what a commit did. base and head: commit ids."""

    repo: Any
    scene: Scene
    base: str
    told: list[str] = field(default_factory=list)

    def judge(self, check: Check, files: Mapping[str, str | bytes | None], **case: Any) -> CheckResult:
        """Commit the files (None: delete) and run the check on the step."""
        for name, content in files.items():
            if content is None:
                (self.repo.path / name).unlink()
        head = self.repo.commit({name: content for name, content in files.items() if content is not None})
        return self.judge_head(check, head, **case)

    def judge_head(self, check: Check, head: str, **case: Any) -> CheckResult:
        given = {"plan": plan_of(), "finding": finding_of(), **case}
        return check(self.scene, Case(self.base, head, 1, given["plan"], given["finding"]))


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])


@pytest.fixture
def step(make_repo: Callable[..., Any], sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Step]]:
    """step(files, options): a repository with these files; options: settings by dotted name."""
    with ExitStack() as stack:

        def make(files: Mapping[str, str | bytes], options: Mapping[str, Any] | None = None) -> Step:
            repo = make_repo(files)
            settings = load_settings(None, {"testing.flaky_reruns": 1, "testing.timeout": "60s", **(options or {})})
            repository = open_repository(repo.path)
            cache = stack.enter_context(SqliteCache(tmp_path / "cache.sqlite"))
            executions = open_executions(tmp_path / "executions.sqlite")
            stack.callback(executions.close)
            base = repo.git("rev-parse", "HEAD")
            code = CodeModel(repository.files(base), repository.read_blob, cache)
            python = Path(sys.executable)
            told: list[str] = []
            scene = Scene(
                base, datetime(2026, 3, 1, tzinfo=UTC), repository, code, executions,
                ProjectTests(repository, sandbox, cache, settings.testing, python),
                SandboxedCaller(repository, sandbox, settings.testing, python), sandbox, cache, settings, told.append,
                ProjectTrials(repository, sandbox, settings.testing, python, workers=1),
            )  # fmt: skip
            return Step(repo, scene, base, told)

        yield make
