"""How often a suite is run that cannot be told."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import Limits, Ran, Sandbox, SandboxLevel
from gitops_healer.settings import load_settings
from tests.conftest import GitRepo


@dataclass
class Counting:
    """The real sandbox, with a count."""

    sandbox: Sandbox = field(default_factory=lambda: detect_sandbox(SandboxLevel.PROCESS))
    runs: int = 0

    @property
    def level(self) -> SandboxLevel:
        return self.sandbox.level

    def run(
        self,
        argv: Sequence[str],
        scratch: Path,
        *,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        stdin: bytes = b"",
        cwd: str = ".",
    ) -> Ran:
        self.runs += 1
        return self.sandbox.run(argv, scratch, env=env, limits=limits, stdin=stdin, cwd=cwd)

    def scratch(self) -> AbstractContextManager[Path]:
        return self.sandbox.scratch()


def test_what_cannot_be_told_is_tried_twice_until_something_changes(
    make_repo: Callable[..., GitRepo], tmp_path: Path
) -> None:
    repo = make_repo({"a.py": ""})
    counting = Counting()
    command = {"testing.command": "python -c 'import os; os.abort()'"}

    def report(commit: str) -> Outcome:
        cache = SqliteCache(tmp_path / "cache.sqlite")
        testing = load_settings(options=command).testing
        return (
            ProjectTests(open_repository(repo.path), counting, cache, testing, Path(sys.executable)).run(commit).outcome
        )

    assert {report(repo.git("rev-parse", "HEAD")) for _ in range(4)} == {Outcome.UNKNOWN}
    assert counting.runs == 2
    repo.commit({"a.py": "x = 1\n"})
    report(repo.git("rev-parse", "HEAD"))
    assert counting.runs == 3


def test_what_a_build_left_beside_the_sources_is_there_for_the_tests(
    make_repo: Callable[..., GitRepo], tmp_path: Path
) -> None:
    files = {
        ".gitignore": "_version.py\n*.log\n",
        "src/pkg/__init__.py": "from pkg._version import version\n",
        "test_pkg.py": "import pkg\n\n\ndef test_version():\n    assert pkg.version == '1'\n",
    }
    repo = make_repo(files)
    repo.write({"src/pkg/_version.py": "version = '1'\n", "src/pkg/draft.py": "1 / 0\n", "src/pkg/a.log": "x"})
    opened = open_repository(repo.path)
    head = repo.git("rev-parse", "HEAD")
    assert opened.generated(head) == ("src/pkg/_version.py",)

    def outcome() -> Outcome:
        cache = SqliteCache(tmp_path / "cache.sqlite")
        return ProjectTests(opened, Counting(), cache, load_settings().testing, Path(sys.executable)).run(head).outcome

    assert outcome() is Outcome.PASSED
    repo.write({"src/pkg/_version.py": "version = '22'\n"})
    assert outcome() is Outcome.FAILED, "another build is another run"
    assert open_repository(repo.path / ".git").generated(head) in ((), ("src/pkg/_version.py",))
