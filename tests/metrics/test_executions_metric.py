"""Which calls lie before and after a merge, and which tools a merge can have reached."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.upgrade import Event, Merged, Queued, Upgrade, Watched, begin
from gitops_healer.core.verdict import Verdict
from gitops_healer.core.watching import Measure, Reading, Window
from gitops_healer.metrics.executions import executions
from tests.detectors.tools_scene import HOUR, NOW, Tools

FILES = {
    "pkg/__init__.py": "",
    "pkg/mod.py": "def f(x):\n    return 1 / x\n\n\ndef same(x):\n    return x\n",
    "pkg/user.py": "from pkg.mod import f\n\n\ndef use(x):\n    return f(x)\n",
    "pkg/far.py": "def go(x):\n    from pkg import user\n    return user.use(x)\n",
    "pkg/typed.py": "import typing\nif typing.TYPE_CHECKING:\n    from pkg.mod import f\n\n\ndef t(x):\n    return x\n",
    "pkg/alone.py": "def a(x):\n    return x\n",
}
MERGED_AT = NOW - 4 * HOUR


class Watching:
    """A merge that mended `f`, and the watch over it."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.root = tools.repo.git("rev-parse", "HEAD")
        self.parent = tools.repo.commit({"README": "more"})
        tools.repo.git("branch", "other")
        self.merge = tools.repo.commit({"pkg/mod.py": FILES["pkg/mod.py"].replace("1 / x", "1 / x if x else 0")})
        self.later = tools.repo.commit({"README": "even more"})
        tools.repo.git("checkout", "--quiet", "other")
        self.other = tools.repo.commit({"README": "another line of history"})
        tools.repo.git("checkout", "--quiet", "main")
        self.window = Window(MERGED_AT, MERGED_AT + timedelta(days=1), MERGED_AT - timedelta(days=7))

    def upgrade(self, symbol: str = "pkg.mod:f") -> Upgrade:
        finding = Finding("recent_failures", "pkg/mod.py", symbol, 1, 2, Severity.HIGH, "fails", "f" * 40)
        born = begin(Event("e", NOW, "up-1", "run", "healer", Queued(finding, "calm-otter", self.parent)))
        merged = Merged(self.merge, self.parent, self.merge, MERGED_AT)
        return replace(born, merged=merged, watched=Watched(Verdict(2, self.merge, ()), self.window))

    def all_readings(self, symbol: str = "pkg.mod:f") -> list[Reading]:
        return list(executions(self.tools.scene(), self.upgrade(symbol)))

    def readings(self, symbol: str = "pkg.mod:f") -> dict[str, Reading]:
        """Of failures, by tool."""
        found = [one for one in self.all_readings(symbol) if one.measure is Measure.FAILURES]
        assert len({one.subject for one in found}) == len(found)
        return {one.subject: one for one in found}

    def reading(self, measure: Measure, tool: str = "pkg.mod:f") -> Reading:
        (found,) = (one for one in self.all_readings() if one.measure is measure and one.subject == tool)
        return found

    def counts(self, tool: str = "pkg.mod:f") -> tuple[float, ...]:
        reading = self.readings()[tool]
        return (
            reading.before_total, reading.before_failed, reading.after_total, reading.after_failed,
            reading.distinct_failing,
        )  # fmt: skip


@pytest.fixture
def watching(make_repo: Callable[..., Any], tmp_path: Path) -> Watching:
    return Watching(Tools(make_repo(FILES), tmp_path))


def test_calls_belong_to_the_commit_that_they_recorded(watching: Watching) -> None:
    record, before, after = watching.tools.record, MERGED_AT - HOUR, MERGED_AT + HOUR
    record("pkg.mod:f", 1, 2, commit=watching.root, at=before)
    record("pkg.mod:f", 3, 4, commit=watching.parent, at=before)
    record("pkg.mod:f", 10, 20, commit=watching.merge, at=after)
    record("pkg.mod:f", 30, 40, commit=watching.later, at=after)
    record("pkg.mod:f", 500, 500, commit=watching.other, at=after)
    record("pkg.mod:f", 500, 500, commit="e" * 40, at=after)
    record("pkg.mod:f", 500, 500, commit="main", at=after)
    assert watching.counts() == (10, 6, 100, 60, 60)


def test_an_abbreviated_commit_counts(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 1, 2, commit=watching.merge[:9], at=MERGED_AT + HOUR)
    assert watching.counts() == (0, 0, 3, 2, 2)


def test_clocks_do_not_matter_where_a_commit_is_recorded(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 5, 1, commit=watching.merge, at=MERGED_AT - 3 * HOUR)
    watching.tools.record("pkg.mod:f", 5, 2, commit=watching.merge, at=NOW + 3 * HOUR)
    watching.tools.record("pkg.mod:f", 5, 3, commit=watching.parent, at=MERGED_AT + 3 * HOUR)
    assert watching.counts() == (0, 0, 13, 3, 3)
    still = watching.reading(Measure.FAILURES)
    assert (still.still_total, still.still_failed) == (8, 3), "calls of the version before are no baseline after it"


def test_time_decides_only_where_no_commit_is_recorded(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 4, 1, at=MERGED_AT - timedelta(seconds=1))
    watching.tools.record("pkg.mod:f", 3, 2, at=MERGED_AT + timedelta(minutes=1))
    watching.tools.record("pkg.mod:f", 9, 9, at=NOW + HOUR)
    watching.tools.record("pkg.mod:f", 9, 9, at=MERGED_AT - timedelta(days=8))
    watching.tools.record("pkg.mod:f", 9, 9, at=MERGED_AT + timedelta(days=2))
    assert watching.counts() == (5, 1, 5, 2, 2)


def test_when_the_watch_is_over_later_calls_do_not_count(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 3, 2, at=MERGED_AT + timedelta(days=2))
    watching.tools.record("pkg.mod:f", 3, 1, at=MERGED_AT + timedelta(hours=23))
    watching.tools.now = MERGED_AT + timedelta(days=5)
    assert watching.counts() == (0, 0, 4, 1, 1)


def test_one_poisoned_input_is_one_input_over_several_commits(watching: Watching) -> None:
    for commit in (watching.merge, watching.later, None):
        watching.tools.record("pkg.mod:f", 0, 5, commit=commit, at=MERGED_AT + HOUR, args='["poison"]')
    watching.tools.record("pkg.mod:f", 5, commit=watching.parent, at=MERGED_AT - HOUR)
    assert watching.counts() == (5, 0, 15, 15, 1)


def test_tools_are_reached_by_imports(watching: Watching) -> None:
    tools = ["pkg.mod:f", "pkg.mod:same", "pkg.user:use", "pkg.far:go", "pkg.typed:t", "pkg.alone:a", "gone.mod:f", "x"]
    for tool in tools:
        watching.tools.record(tool, 2, at=MERGED_AT + HOUR)
    readings = watching.readings()
    assert {name: (reading.touched, reading.apart) for name, reading in readings.items()} == {
        "pkg.alone:a": (False, True), "pkg.far:go": (False, False), "pkg.mod:f": (True, False),
        "pkg.mod:same": (False, False), "pkg.typed:t": (False, True), "pkg.user:use": (False, False),
    }  # fmt: skip
    assert {reading.metric for reading in readings.values()} == {"executions"}


def test_the_tool_that_the_upgrade_is_about_is_touched_wherever_the_change_was(watching: Watching) -> None:
    watching.tools.record("pkg.user:use", 2, at=MERGED_AT + HOUR)
    watching.tools.record("pkg.far:go", 2, at=MERGED_AT + HOUR)
    readings = watching.readings("pkg.user:use")
    assert [readings[name].touched for name in ("pkg.user:use", "pkg.far:go")] == [True, False]


def test_a_touched_tool_that_is_not_called_is_said_and_another_is_not(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 5, at=MERGED_AT - timedelta(days=20))
    watching.tools.record("pkg.user:use", 5, at=MERGED_AT - timedelta(days=20))
    readings = watching.readings()
    assert list(readings) == ["pkg.mod:f"]
    assert watching.counts() == (0, 0, 0, 0, 0)


def test_nothing_is_measured_before_the_watch(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 5)
    scene, upgrade = watching.tools.scene(), watching.upgrade()
    assert list(executions(scene, replace(upgrade, merged=None))) == []
    assert list(executions(scene, replace(upgrade, watched=None))) == []


def test_a_function_that_the_merge_added_is_touched(watching: Watching) -> None:
    watching.parent = watching.merge
    added = FILES["pkg/alone.py"] + "\n\ndef b(x):\n    return x\n"
    watching.merge = watching.tools.repo.commit({"pkg/alone.py": added, "pkg/new.py": "def c():\n    return 1\n"})
    for tool in ("pkg.alone:a", "pkg.alone:b", "pkg.new:c", "pkg.mod:f"):
        watching.tools.record(tool, 2, at=MERGED_AT + HOUR)
    assert {name: r.touched for name, r in watching.readings("pkg.none:x").items()} == {
        "pkg.alone:a": False, "pkg.alone:b": True, "pkg.new:c": True, "pkg.mod:f": False,
    }  # fmt: skip
