"""What every test may use: real git repositories, made in a moment, with an identity and a clock of their own."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from tests.openapi.fixture import every_exchange, validated  # noqa: F401
from tests.postgres import postgres_server, postgres_url  # noqa: F401

settings.register_profile("patient", deadline=None)  # how long an example takes says more about the machine
settings.load_profile("patient")


@dataclass(frozen=True)
class GitRepo:
    """A real repository with a work tree; commits are dated by a counter, so that they are the same in every run."""

    path: Path

    def git(self, *arguments: str, env: Mapping[str, str] | None = None, check: bool = True) -> str:
        """Run git here; returns stdout without the last newline."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env={**os.environ, **(env or {})}, check=check, capture_output=True
        )
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "work") -> str:
        """Write, add everything, commit; returns the commit id."""
        self.write(files or {})
        count = int(self.git("rev-list", "--count", "--all") or 0)
        date = f"2026-01-01T00:{count // 60 % 60:02}:{count % 60:02}+00:00"
        self.git("add", "--all")
        self.git(
            "commit", "--quiet", "--allow-empty", "--message", message,
            env={"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date},
        )  # fmt: skip
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def _isolated_git(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No configuration of the machine reaches a test."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[..., GitRepo]:
    """make_repo(files, name="repo", bare=False): a repository on branch `main`, with a commit of the files if given."""

    def make(files: Mapping[str, str | bytes] | None = None, name: str = "repo", bare: bool = False) -> GitRepo:
        path = tmp_path / name
        path.mkdir(parents=True)
        repo = GitRepo(path)
        repo.git("init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
        repo.git("config", "user.name", "Maintainer")
        repo.git("config", "user.email", "maintainer@example.org")
        if files is not None:
            repo.commit(files, "first")
        return repo

    return make
