"""Which calls lie before and after a merge, and which tools a merge can have reached."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.execution import Execution
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.upgrade import Event, Merged, Queued, Upgrade, Watched, begin
from gitops_healer.core.verdict import Verdict
from gitops_healer.core.watching import Block, Judgement, Measure, Reading, Tolerance, Window
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

    def commit(self, files: dict[str, str], ago: timedelta) -> str:
        """So long before the merge."""
        self.tools.repo.write(files)
        self.tools.repo.git("add", "--all")
        date = {name: (MERGED_AT - ago).isoformat() for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")}
        self.tools.repo.git("commit", "--quiet", "--message", "work", env=date)
        return str(self.tools.repo.git("rev-parse", "HEAD"))

    def count(self, commit: str, at: datetime, ok: int, failed: int) -> None:
        """Calls of `f` of which no single one is known."""
        line = {"v": 1, "id": "c", "tool": "pkg.mod:f", "ts": at.isoformat(), "commit": commit}
        self.tools.store.import_jsonl([json.dumps(line | {"counts": {"ok": ok, "failed": failed}}).encode()])

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


MINUTE = timedelta(minutes=1)


def test_calls_stand_in_blocks_from_the_opening(watching: Watching) -> None:
    record, opened = watching.tools.record, MERGED_AT + 7 * MINUTE
    watching.window = Window(opened, opened + timedelta(days=1), opened - timedelta(days=7))
    record("pkg.mod:f", 20, commit=watching.parent, at=opened - HOUR)
    record("pkg.mod:f", 0, 4, commit=watching.merge, at=opened + 29 * MINUTE)
    record("pkg.mod:f", 1, 5, commit=watching.merge, at=opened + 31 * MINUTE)
    record("pkg.mod:f", 0, 6, commit=watching.merge, at=opened - 3 * HOUR)
    record("pkg.mod:f", 0, 7, commit=watching.merge, at=watching.tools.now + 5 * HOUR)
    blocks = watching.reading(Measure.FAILURES).blocks
    present = (watching.tools.now - opened) // (30 * MINUTE)
    assert blocks == (Block(0, 10, 10), Block(1, 6, 5), Block(present, 7, 7)), "wrong clocks count to the nearest block"


def test_calls_that_arrive_late_change_old_blocks(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 20, commit=watching.parent, at=MERGED_AT - HOUR)
    watching.tools.record("pkg.mod:f", 5, commit=watching.merge, at=MERGED_AT + 2 * HOUR + MINUTE)
    before = watching.reading(Measure.FAILURES).blocks
    watching.tools.record("pkg.mod:f", 0, 3, commit=watching.merge, at=MERGED_AT + HOUR + MINUTE)
    assert before == (Block(4, 5, 0),)
    assert watching.reading(Measure.FAILURES).blocks == (Block(2, 3, 3), Block(4, 5, 0))


@pytest.mark.parametrize(
    "message", ["This reverts commit {merge}.", "Take it back\n\nHealer-Upgrade: up-1\nHealer-Reverts: {merge}"]
)
def test_calls_where_the_merge_is_taken_back_do_not_count(watching: Watching, message: str) -> None:
    """Nor where the same change came again: that is another merge, with a watch of its own."""
    mended = FILES["pkg/mod.py"].replace("1 / x", "1 / x if x else 0")
    other = FILES["pkg/mod.py"].replace("return x\n", "return x or 0\n")
    back = watching.tools.repo.commit({"pkg/mod.py": other}, message.format(merge=watching.merge))
    again = watching.tools.repo.commit({"pkg/mod.py": mended})
    for commit, failed in ((watching.later, 1), (back, 10), (again, 100)):
        watching.tools.record("pkg.mod:f", 0, failed, commit=commit, at=MERGED_AT + HOUR)
    assert watching.counts()[2:4] == (1, 1)


def test_a_revert_that_says_nothing_is_seen_by_what_it_leaves(watching: Watching) -> None:
    back = watching.tools.repo.commit({"pkg/mod.py": FILES["pkg/mod.py"]}, "oops")
    watching.tools.record("pkg.mod:f", 0, 5, commit=back, at=MERGED_AT + HOUR)
    watching.tools.record("pkg.mod:f", 0, 7, at=MERGED_AT + HOUR)
    assert watching.counts()[2:4] == (7, 7)


def test_words_alone_take_nothing_back(watching: Watching) -> None:
    talk = watching.tools.repo.commit({"README": "x"}, f"Why not\n\nThis reverts commit {watching.merge}.")
    watching.tools.record("pkg.mod:f", 0, 5, commit=talk, at=MERGED_AT + HOUR)
    assert watching.counts()[2:4] == (5, 5)


def test_a_side_branch_from_before_the_merge_is_no_revert(watching: Watching) -> None:
    git = watching.tools.repo.git
    git("merge", "--no-ff", "-m", "Merge other", "other", "-X", "ours")
    merged = git("rev-parse", "HEAD")
    watching.tools.record("pkg.mod:f", 0, 5, commit=merged, at=MERGED_AT + HOUR)
    assert watching.counts()[2:4] == (5, 5)


def test_an_old_bug_that_was_mended_the_day_before_does_not_raise_the_bar(watching: Watching) -> None:
    """The tool's own change a day before the merge; another tool's change means nothing to it."""
    record, commit = watching.tools.record, watching.commit
    broken = FILES["pkg/mod.py"].replace("1 / x", "x / x")
    buggy = commit({"pkg/mod.py": broken}, timedelta(days=20))
    mend = commit({"pkg/mod.py": FILES["pkg/mod.py"]}, timedelta(days=1))
    watching.parent = commit({"pkg/user.py": FILES["pkg/user.py"] + "\n\nX = 1\n"}, 2 * HOUR)
    watching.merge = commit({"pkg/mod.py": FILES["pkg/mod.py"].replace("1 / x", "2 / x")}, timedelta(0))
    record("pkg.mod:f", 50, 50, commit=buggy, at=MERGED_AT - timedelta(days=2))
    record("pkg.mod:f", 5, commit=mend, at=MERGED_AT - 20 * HOUR)
    assert watching.counts()[:2] == (105, 50), "five calls since are too few to be compared with"
    record("pkg.mod:f", 15, commit=watching.parent, at=MERGED_AT - HOUR)
    reading = watching.reading(Measure.FAILURES)
    assert (reading.before_total, reading.before_failed) == (20, 0)
    assert f"since {mend[:10]} changed it" in reading.note


def test_slow_calls_are_counted_against_the_time_before(watching: Watching) -> None:
    def call(number: int, ms: float, commit: str, at: datetime) -> Execution:
        return Execution(f"t{number}", "pkg.mod:f", at + number * timedelta(seconds=1), True, ms, "[]", commit=commit)

    before = [call(n, 100.0 if n % 10 else 300.0, watching.parent, MERGED_AT - HOUR) for n in range(100)]
    after = [call(100 + n, (100.0, 200.0, 1000.0)[n % 3], watching.merge, MERGED_AT + HOUR) for n in range(30)]
    watching.tools.store.add([*before, *after])
    slower, slowest = watching.reading(Measure.SLOWER), watching.reading(Measure.SLOWEST)
    assert (slower.before_total, slower.before_failed) == (100, 10)
    assert (slower.after_total, slower.after_failed, slower.distinct_failing) == (30, 20, None)
    assert slowest.after_failed == 10, "1.5 times the 95th percentile, which is 300 ms"
    assert sum(block.failed for block in slower.blocks) == 20


def test_what_was_never_timed_has_no_speed(watching: Watching) -> None:
    commits = watching.parent, watching.merge
    calls = [
        Execution(f"t{n}", "pkg.mod:f", MERGED_AT + (n - 50) * MINUTE, True, commit=commits[n > 50]) for n in range(100)
    ]
    watching.tools.store.add(calls)
    assert [one.measure for one in watching.all_readings()] == [Measure.FAILURES]


def test_errors_that_the_time_before_does_not_have_are_told_apart(watching: Watching) -> None:
    record = watching.tools.record
    record("pkg.mod:f", 90, 10, commit=watching.parent, at=MERGED_AT - HOUR)
    record("pkg.mod:f", 20, 4, commit=watching.merge, at=MERGED_AT + HOUR)
    record("pkg.mod:f", 0, 3, commit=watching.merge, at=MERGED_AT + HOUR, error="KeyError", args='["one"]')
    reading = watching.reading(Measure.NEW_ERROR)
    assert (reading.detail, reading.before_total, reading.before_failed) == ("KeyError", 100, 0)
    assert (reading.after_total, reading.after_failed) == (27, 3)
    assert reading.key == ("executions", "pkg.mod:f", "new error", "KeyError")


def test_an_error_may_be_old_where_types_of_old_errors_are_not_known(watching: Watching) -> None:
    watching.count(watching.parent, MERGED_AT - HOUR, 90, 10)
    watching.tools.record("pkg.mod:f", 20, 4, commit=watching.merge, at=MERGED_AT + HOUR)
    reading = watching.reading(Measure.NEW_ERROR)
    assert (reading.before_total, reading.before_failed) == (100, 10)
    assert "of 10 failures before the merge the type is not known" in reading.note


def test_inputs_are_not_known_where_calls_are_only_counted(watching: Watching) -> None:
    watching.tools.record("pkg.mod:f", 50, commit=watching.parent, at=MERGED_AT - HOUR)
    watching.count(watching.merge, MERGED_AT + HOUR, 9, 9)
    assert watching.counts()[2:] == (18, 9, None)


def test_a_shift_of_the_mix_is_told_by_kinds_of_inputs(watching: Watching) -> None:
    """Negative numbers always failed in half of the calls; now many more of them come."""
    record = watching.tools.record
    for n in range(60):
        record("pkg.mod:f", 3, commit=watching.parent, at=MERGED_AT - HOUR - n * MINUTE, args=f"[{n + 1}]")
    for n in range(10):
        record("pkg.mod:f", 1, 1, commit=watching.parent, at=MERGED_AT - 3 * HOUR - n * MINUTE, args=f"[-{n + 1}]")
        record("pkg.mod:f", 2, commit=watching.merge, at=MERGED_AT + HOUR - n * MINUTE, args=f"[{n + 1}]")
        record("pkg.mod:f", 2, 2, commit=watching.merge, at=MERGED_AT + 2 * HOUR - n * MINUTE, args=f"[-{n + 101}]")
    reading = watching.reading(Measure.FAILURES)
    assert (reading.before_total, reading.before_failed, reading.after_total, reading.after_failed) == (200, 10, 60, 20)
    negative = [stratum for stratum in reading.strata if "below 0" in stratum.name]
    assert sum(stratum.before_failed for stratum in negative) == 10
    assert sum(stratum.after_total for stratum in reading.strata) == pytest.approx(60)
    assert sum(stratum.before_total for stratum in reading.strata) == pytest.approx(200)


@pytest.mark.parametrize(("large", "expected"), [(50.0, Judgement.HEALTHY), (200.0, Judgement.REGRESSED)])
def test_more_large_inputs_are_no_slowness_unless_they_take_longer_than_large_ones_did(
    watching: Watching, large: float, expected: Judgement
) -> None:
    record = watching.tools.record
    for hour in range(24):
        for n in range(5):
            at = MERGED_AT - hour * HOUR - (n + 1) * MINUTE
            record("pkg.mod:f", 1, commit=watching.parent, at=at, args=f"[{n + 1}]", ms=1.0)
        at = MERGED_AT - hour * HOUR - 9 * MINUTE
        record("pkg.mod:f", 1, commit=watching.parent, at=at, args=f"[{100_000 + hour}]", ms=50.0)
    for n in range(180):
        at = MERGED_AT + (n + 1) * MINUTE
        record("pkg.mod:f", 1, commit=watching.merge, at=at, args=f"[{200_000 + n}]", ms=large)
        if n % 6 == 0:
            record("pkg.mod:f", 1, commit=watching.merge, at=at, args=f"[{n % 9 + 1}]", ms=1.0)
    upgrade = watching.upgrade()
    health = judge(
        tuple(executions(watching.tools.scene(), upgrade)), Tolerance(), window=watching.window, now=watching.tools.now
    )
    assert health.judgement is expected, health.reason
    assert any(reading.strata for reading in health.readings if reading.measure is Measure.SLOWER)


def test_kinds_of_inputs_are_read_of_the_same_time_however_frequent_an_outcome_is(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers grow, as ids do: of calls that passed only the newest are read, and old failures are no other kind."""
    for module in ("executions", "_strata"):
        monkeypatch.setattr(f"gitops_healer.metrics.{module}.MOST_CALLS", 500)
    record = watching.tools.record
    for hour in range(1, 49):
        record("pkg.mod:f", 38, 2, commit=watching.parent, at=MERGED_AT - hour * HOUR)
    for block in range(8):
        record("pkg.mod:f", 28, 12, commit=watching.merge, at=MERGED_AT + (block + 1) * 30 * MINUTE - MINUTE)
    health = judge(watching.all_readings(), Tolerance(), window=watching.window, now=watching.tools.now)
    assert health.judgement is Judgement.REGRESSED, health.reason


def test_a_change_of_data_files_may_reach_every_tool(watching: Watching) -> None:
    watching.parent = watching.merge
    watching.merge = watching.tools.repo.commit({"pkg/rates.json": "{}"})
    watching.tools.record("pkg.alone:a", 5, commit=watching.merge, at=MERGED_AT + HOUR)
    assert watching.readings("pkg.none:x")["pkg.alone:a"].apart is False


def test_tests_are_left_to_the_metric_of_tests(watching: Watching) -> None:
    watching.tools.repo.commit({"tests/test_mod.py": "from pkg.mod import f\n\n\ndef test_f():\n    assert f(1)\n"})
    watching.tools.record("tests.test_mod:test_f", 5, 5, at=MERGED_AT + HOUR)
    assert watching.readings() == {}


@pytest.mark.parametrize(("failing", "expected"), [(2, Judgement.HEALTHY), (12, Judgement.REGRESSED)])
def test_what_is_measured_can_be_judged(watching: Watching, failing: int, expected: Judgement) -> None:
    """Of 40 calls an hour, 2 failed before the merge."""
    record = watching.tools.record
    for hour in range(1, 49):
        record("pkg.mod:f", 38, 2, commit=watching.parent, at=MERGED_AT - hour * HOUR)
    for block in range(8):
        at = MERGED_AT + (block + 1) * 30 * MINUTE - MINUTE
        record("pkg.mod:f", 40 - failing, failing, commit=watching.merge, at=at)
    tolerance = Tolerance()
    health = judge(watching.all_readings(), tolerance, window=watching.window, now=watching.tools.now)
    assert health.judgement is expected, health.reason
    assert health.blamed == (("pkg.mod:f",) if expected is Judgement.REGRESSED else ())
