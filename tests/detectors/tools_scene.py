"""A scene on a real repository and a real execution store, for tests of what executions tell."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame
from gitops_healer.registry import Scene
from gitops_healer.settings import load_settings

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Tools:
    """Records calls of tools and makes scenes. repo: a GitRepo of conftest."""

    repo: Any
    directory: Path
    now: datetime = NOW
    options: dict[str, Any] = field(default_factory=dict)
    recorded: int = 0

    def __post_init__(self) -> None:
        self.store: SqlExecutions = open_executions(self.directory / "executions.sqlite")
        self.repository: GitRepository = open_repository(self.repo.path)
        self.cache = SqliteCache(self.directory / "cache.sqlite")

    def scene(self, commit: str = "HEAD") -> Scene:
        unused: Any = None
        full = self.repo.git("rev-parse", commit)
        code = CodeModel(self.repository.files(full), self.repository.read_blob, self.cache)
        settings = load_settings(options=self.options)
        return Scene(
            full, self.now, self.repository, code, self.store, unused, unused, unused, self.cache, settings,
            lambda _: None,
        )  # fmt: skip

    def record(
        self,
        tool: str,
        passed: int = 0,
        failed: int = 0,
        *,
        at: datetime | None = None,
        commit: str | None = None,
        error: str = "ZeroDivisionError",
        message: str = "division by zero",
        frames: Iterable[tuple[str, int, str]] = (("pkg/mod.py", 2, "f"),),
        args: str | None = "",
        ms: float = 1.0,
    ) -> None:
        """Calls one second apart that end at `at` (an hour ago). args: "" for an input of its own for every call."""
        last = at or self.now - HOUR
        trace = tuple(Frame(*frame) for frame in frames)
        calls = []
        for number in range(passed + failed):
            self.recorded += 1
            ok = number < passed
            failure = None if ok else ExecutionFailure(error, message, trace)
            inputs = f"[{self.recorded}]" if args == "" else args
            ts = last - timedelta(seconds=passed + failed - 1 - number)
            calls.append(Execution(f"id-{self.recorded}", tool, ts, ok, ms, inputs, error=failure, commit=commit))
        done = self.store.add(calls)
        assert done.stored == len(calls), done
