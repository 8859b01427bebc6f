"""Tools that nobody calls: what is said, and when it is better to say nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.lifecycle import Step
from gitops_healer.core.tools import Status
from gitops_healer.detectors.unused_tool import unused_tool
from gitops_healer.evidence.tools import Tools as Known
from gitops_healer.evidence.tools import aliases
from tests.detectors.tools_scene import Tools

DAY = timedelta(days=1)
BORN = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "from gitops_healer.recorder import tool\n\n\n"
OLD = "@tool\ndef old(rows):\n    total = 0\n    for row in rows:\n        total += row.price\n    return total\n"
USED = "\n\n@tool\ndef used(x):\n    return x\n"


@pytest.fixture
def tools(make_repo: Callable[..., Any], tmp_path: Path) -> Tools:
    """`a:old` and `a:used`, 200 days after they were committed."""
    made = Tools(make_repo({"a.py": HEAD + OLD + USED}), tmp_path)
    made.now = BORN + 200 * DAY
    return made


def commit(tools: Tools, files: dict[str, str], ago: timedelta) -> str:
    """A commit so long before the present moment of `tools`."""
    tools.repo.write(files)
    tools.repo.git("add", "--all")
    date = (tools.now - ago).isoformat()
    tools.repo.git("commit", "--quiet", "--message", "work", env={"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date})
    return str(tools.repo.git("rev-parse", "HEAD"))


def symbols(tools: Tools) -> list[str]:
    return [finding.symbol for finding in unused_tool(tools.scene())]


def keep_recording(tools: Tools) -> None:
    for days in (150, 80, 1):
        tools.record("a:used", 20, at=tools.now - days * DAY)


def test_a_tool_that_nobody_calls_while_others_are_called_is_unused(tools: Tools) -> None:
    keep_recording(tools)
    tools.record("a:old", 3, at=tools.now - 140 * DAY)
    (finding,) = unused_tool(tools.scene())
    assert (finding.symbol, finding.message) == ("a:old", "a:old was not called in the last 90 days")
    assert finding.evidence[0].startswith("3 calls ever, the last on ")


@pytest.mark.parametrize(
    ("calls", "days"), [(1, 10), (10, 140)], ids=["called lately", "called more often than seldom"]
)
def test_a_tool_in_use_is_not(tools: Tools, calls: int, days: int) -> None:
    keep_recording(tools)
    tools.record("a:old", calls, at=tools.now - days * DAY)
    assert symbols(tools) == []


@pytest.mark.parametrize("days", [(), (1,), (150,), (150, 80), (40, 1)], ids=str)
def test_absence_of_data_is_not_disuse(tools: Tools, days: tuple[int, ...]) -> None:
    for ago in days:
        tools.record("a:used", 20, at=tools.now - ago * DAY)
    assert symbols(tools) == []


def test_a_tool_that_is_younger_than_the_time_is_not_unused(tools: Tools) -> None:
    tools.now = BORN + 200 * DAY
    keep_recording(tools)
    commit(tools, {"a.py": HEAD + OLD.replace("total = 0", "total = 1") + USED}, 60 * DAY)
    assert symbols(tools) == []


def test_calls_under_former_names_are_calls(tools: Tools) -> None:
    keep_recording(tools)
    tools.record("a:old", 30, at=tools.now - DAY)
    commit(tools, {"b.py": HEAD + OLD.replace("def old", "def total_of"), "a.py": HEAD + USED}, 2 * DAY)
    scene = tools.scene()
    assert aliases(scene) == {"b:total_of": ("a:old",)}
    entries = {entry.name: entry for entry in Known(scene).entries}
    assert sorted(entries) == ["a:used", "b:total_of"]
    assert (entries["b:total_of"].status, entries["b:total_of"].use.calls) == (Status.ACTIVE, 30)
    assert symbols(tools) == []


def test_a_tool_that_was_deleted_while_it_was_called_is_said_with_commit_and_calls_since(tools: Tools) -> None:
    keep_recording(tools)
    tools.record("a:old", 30, at=tools.now - DAY)
    tools.record("a:old", 5, at=tools.now - 10 * DAY)
    deleted = commit(tools, {"a.py": HEAD + USED}, 2 * DAY)
    entry = next(entry for entry in Known(tools.scene()).entries if entry.name == "a:old")
    assert (entry.status, entry.tool) == (Status.DELETED, None)
    assert "by Maintainer" in entry.said
    assert deleted[:10] in entry.said
    assert "30 calls since" in entry.said


def test_history_tells_what_happened_in_order(tools: Tools) -> None:
    tools.repo.commit({"a.py": HEAD + OLD.replace("total = 0", "total = 1") + USED}, "edit")
    tools.repo.commit({"a.py": HEAD + OLD.replace("total = 0", "total = 1").replace("old(", "sum_of(") + USED}, "name")
    tools.repo.commit({"a.py": HEAD + USED}, "gone")
    steps = [(event.step, event.name, event.before) for event in Known(tools.scene()).events]
    assert steps == [
        (Step.CREATED, "a:old", ""),
        (Step.CREATED, "a:used", ""),
        (Step.EDITED, "a:old", ""),
        (Step.RENAMED, "a:sum_of", "a:old"),
        (Step.DELETED, "a:sum_of", ""),
    ]


def test_a_tree_that_was_seen_is_neither_parsed_nor_read_again(tools: Tools) -> None:
    tools.record("a:old", 1)
    first = Known(tools.scene()).tools
    assert sorted(first) == ["a:old", "a:used"]
    scene = tools.scene()
    assert Known(scene).tools == first
    assert (scene.code.parsed, scene.code.cached) == (0, 0)
    commit(tools, {"a.py": HEAD + USED}, DAY)
    assert sorted(Known(tools.scene()).tools) == ["a:used"]
