"""A store as it was: nothing later shows, whatever is asked, and nothing can be written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.executions import open_executions
from gitops_healer.adapters.past_executions import PastExecutions
from gitops_healer.core.execution import Execution, ExecutionFailure, Slice
from gitops_healer.errors import UnavailableError
from gitops_healer.ports import ExecutionStore

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT, END = START + timedelta(minutes=30), START + timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> ExecutionStore:
    """A failing call a minute for an hour; `late` is called only in the second half of it."""
    store, bad = open_executions(tmp_path / "e.sqlite"), ExecutionFailure("ValueError", "no")
    store.add(
        Execution(f"{tool}{n}", tool, START + timedelta(minutes=n), False, 1.0, f"[{n}]", "{}", None, bad, "c" * 40)
        for tool, first in (("early", 0), ("late", 30))
        for n in range(first, 60)
    )
    return store


def summed(timelines: dict[str, tuple[Slice, ...]]) -> int:
    return sum(one.total for slices in timelines.values() for one in slices)


@pytest.mark.parametrize(
    ("ask", "calls"),
    [
        (lambda store: sum(stat.total for stat in store.stats()), 30),
        (lambda store: sum(stat.total for stat in store.stats(until=START + timedelta(minutes=10))), 10),
        (lambda store: len(store.executions("early", limit=99)), 30),
        (lambda store: sum(row[3] for row in store.counts_by_commit("early", START, END)), 30),
        (lambda store: len(store.failing_inputs("early", START, END, ["c" * 40])), 30),
        (lambda store: sum(one.total for one in store.timeline("early", START, END, timedelta(minutes=1))), 30),
        (lambda store: summed(store.timelines(START, END, timedelta(minutes=10))), 30),
        (lambda store: summed(store.timelines(START, END, HOUR)), 30),
        (lambda store: summed(store.timelines(START, END, timedelta(days=1))), 30),
        (lambda store: summed(store.timelines(START, END, HOUR, tools=["late"])), 0),
        (lambda store: summed({"early": store.timeline("early", START, END, HOUR)}), 30),
    ],
)
def test_later_calls_are_not_there(store: ExecutionStore, ask: Callable[[Any], int], calls: int) -> None:
    assert ask(PastExecutions(store, AT)) == calls
    assert ask(PastExecutions(store, END)) == ask(store)


def test_tools_that_came_later_are_unknown(store: ExecutionStore) -> None:
    assert PastExecutions(store, AT).tools() == ("early",)
    assert PastExecutions(store, AT).version() != store.version()


def test_the_past_cannot_be_written(store: ExecutionStore) -> None:
    past = PastExecutions(store, AT)
    assert past.sync().stored == 0
    for write in (lambda: past.add([]), lambda: past.import_jsonl([])):
        with pytest.raises(UnavailableError, match="leave out --as-of"):
            write()
    with pytest.raises(UnavailableError):
        past.prune(END, payloads=HOUR, calls=HOUR, minutes=HOUR)
