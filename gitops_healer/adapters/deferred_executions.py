"""An execution store that is opened when there is something in it."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from gitops_healer.adapters.execution_spool import take_spool
from gitops_healer.core.execution import Execution, Pruned, Slice, ToolStats
from gitops_healer.ports import ExecutionStore, Imported


class DeferredExecutions:
    """Implements `ports.ExecutionStore`. Most repositories never record an execution, and a database costs a quarter of
    a second to load: so nothing is opened to read from a store that is not there. state: where recorders leave files by
    default, see `execution_spool`."""

    def __init__(self, exists: Callable[[], bool], open_store: Callable[[], ExecutionStore], state: Path) -> None:
        self._exists = exists
        self._open = open_store
        self._state = state

    @cached_property
    def _store(self) -> ExecutionStore:
        return self._open()

    def add(self, executions: Iterable[Execution]) -> Imported:
        return self._store.add(executions)

    def import_jsonl(self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None) -> Imported:
        return self._store.import_jsonl(lines, progress)

    def tools(self) -> tuple[str, ...]:
        return self._store.tools() if self._exists() else ()

    def stats(self, since: datetime | None = None, until: datetime | None = None) -> tuple[ToolStats, ...]:
        return self._store.stats(since, until) if self._exists() else ()

    def executions(
        self,
        tool: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        ok: bool | None = None,
        limit: int = 100,
    ) -> tuple[Execution, ...]:
        return self._store.executions(tool, since=since, until=until, ok=ok, limit=limit) if self._exists() else ()

    def counts_by_commit(
        self, tool: str, since: datetime, until: datetime
    ) -> tuple[tuple[str | None, datetime, datetime, int, int, int], ...]:
        return self._store.counts_by_commit(tool, since, until) if self._exists() else ()

    def failing_inputs(
        self, tool: str, since: datetime, until: datetime, commits: Collection[str | None], limit: int = 1000
    ) -> frozenset[int]:
        return self._store.failing_inputs(tool, since, until, commits, limit) if self._exists() else frozenset()

    def timeline(self, tool: str, since: datetime, until: datetime, step: timedelta) -> tuple[Slice, ...]:
        return self._store.timeline(tool, since, until, step) if self._exists() else ()

    def timelines(
        self,
        since: datetime,
        until: datetime,
        step: timedelta,
        *,
        tools: Collection[str] | None = None,
        origin: datetime | None = None,
    ) -> dict[str, tuple[Slice, ...]]:
        return self._store.timelines(since, until, step, tools=tools, origin=origin) if self._exists() else {}

    def prune(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        if not self._exists():
            return Pruned(0, 0, 0)
        return self._store.prune(now, payloads=payloads, calls=calls, minutes=minutes)

    def prunable(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        if not self._exists():
            return Pruned(0, 0, 0)
        return self._store.prunable(now, payloads=payloads, calls=calls, minutes=minutes)

    def sync(self) -> Imported:
        inbox = self._store.sync() if self._exists() else Imported(0, 0, ())
        return inbox + take_spool(self, self._state)

    def version(self) -> str:
        return self._store.version() if self._exists() else ""
