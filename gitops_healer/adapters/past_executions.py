"""An execution store as it would have answered at a moment in the past."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import NoReturn

from gitops_healer.core.execution import Execution, Pruned, Slice, ToolStats
from gitops_healer.errors import UnavailableError
from gitops_healer.ports import ExecutionStore, Imported


class PastExecutions:
    """Implements `ports.ExecutionStore` over another one: later calls are not there, and nothing can be written.

    A call is dated by when it was made, not by when it was imported: what arrived late is seen as if it had arrived at
    once.
    """

    def __init__(self, store: ExecutionStore, until: datetime) -> None:
        self._store = store
        self._until = until

    def _end(self, until: datetime | None) -> datetime:
        return self._until if until is None else min(until, self._until)

    def tools(self) -> tuple[str, ...]:
        return tuple(stat.tool for stat in self._store.stats(None, self._until))

    def stats(self, since: datetime | None = None, until: datetime | None = None) -> tuple[ToolStats, ...]:
        return self._store.stats(since, self._end(until))

    def executions(
        self,
        tool: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        ok: bool | None = None,
        limit: int = 100,
    ) -> tuple[Execution, ...]:
        return self._store.executions(tool, since=since, until=self._end(until), ok=ok, limit=limit)

    def counts_by_commit(
        self, tool: str, since: datetime, until: datetime
    ) -> tuple[tuple[str | None, datetime, datetime, int, int, int], ...]:
        return self._store.counts_by_commit(tool, since, self._end(until))

    def failing_inputs(
        self, tool: str, since: datetime, until: datetime, commits: Collection[str | None], limit: int = 1000
    ) -> frozenset[int]:
        return self._store.failing_inputs(tool, since, self._end(until), commits, limit)

    def timeline(self, tool: str, since: datetime, until: datetime, step: timedelta) -> tuple[Slice, ...]:
        return self._store.timeline(tool, since, self._end(until), step)

    def timelines(
        self,
        since: datetime,
        until: datetime,
        step: timedelta,
        *,
        tools: Collection[str] | None = None,
        origin: datetime | None = None,
    ) -> dict[str, tuple[Slice, ...]]:
        return self._store.timelines(since, self._end(until), step, tools=tools, origin=origin)

    def version(self) -> str:
        return f"{self._store.version()} until {self._until.isoformat()}"

    def sync(self) -> Imported:
        """What recorders left behind is taken in by a look at the present."""
        return Imported(0, 0, ())

    def add(self, executions: Iterable[Execution]) -> Imported:
        _refused()

    def import_jsonl(self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None) -> Imported:
        _refused()

    def prune(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        _refused()

    def prunable(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        _refused()


def _refused() -> NoReturn:
    raise UnavailableError("the past can only be looked at: leave out --as-of")
