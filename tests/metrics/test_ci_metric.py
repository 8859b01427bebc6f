"""What CI said before and after a merge."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.forge import StatusState
from gitops_healer.core.watching import Block, Measure, Reading, Window
from gitops_healer.metrics.ci import BEFORE, FURTHEST, SILENT, ci
from tests.metrics.merges import DAY, HOUR, Merge, before_after

GREEN, RED, PENDING, ERROR = StatusState.SUCCESS, StatusState.FAILURE, StatusState.PENDING, StatusState.ERROR
OPENED = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)
"""Commits of tests are made on this day, a second each."""


@pytest.fixture
def merge(make_repo: Callable[..., Any], tmp_path: Path) -> Merge:
    return made(make_repo, tmp_path, 6)


def made(make_repo: Callable[..., Any], tmp_path: Path, before: int) -> Merge:
    merge = Merge(make_repo, tmp_path, files={"pkg/mod.py": "x = 1\n"}, before=before)
    opened = merge.tools.repository.commit(merge.merge).committer.when
    merge.window = Window(opened, opened + DAY, opened - 7 * DAY)
    merge.tools.now = opened + HOUR
    return merge


def reports(merge: Merge, commits: list[str], *states: StatusState, context: str = "tests") -> None:
    for number, commit in enumerate(commits):
        merge.checked.report(commit, states[number % len(states)], context)


def readings(merge: Merge) -> dict[str, Reading]:
    return merge.asked(ci, Measure.RUNS)


def test_runs_before_and_after(merge: Merge) -> None:
    reports(merge, merge.past, GREEN, GREEN, RED)
    reports(merge, [merge.merge, merge.later, merge.other], RED)
    (reading,) = readings(merge).values()
    assert (reading.metric, reading.subject, reading.distinct_failing) == ("ci", "tests", None)
    assert before_after(reading) == (7, 2, 2, 2)
    assert reading.blocks == (Block(0, 2, 2),)


def test_what_did_not_end_what_was_cancelled_and_what_we_say_is_no_run(merge: Merge) -> None:
    reports(merge, merge.past, GREEN)
    reports(merge, [*merge.past, merge.merge], RED, context="gitops-healer/validation")
    reports(merge, [*merge.past, merge.merge], RED, context="gitops-healer/run")
    merge.checked.report(merge.merge, PENDING)
    merge.checked.report(merge.later, ERROR)
    merge.checked.report(merge.later, RED, "tests", "cancelled: a newer push")
    (reading,) = readings(merge).values()
    assert before_after(reading) == (7, 0, 0, 0)
    assert "GITHUB_TOKEN" in reading.note


def test_each_check_has_its_own_history(merge: Merge) -> None:
    reports(merge, merge.past, GREEN)
    reports(merge, merge.past[-2:], RED, context="lint")
    reports(merge, merge.past[:1], GREEN, context="given up")
    reports(merge, [merge.merge], GREEN)
    reports(merge, [merge.later], RED, context="new")
    assert {name: before_after(reading) for name, reading in readings(merge).items()} == {
        "tests": (7, 0, 1, 0),
        "lint": (2, 2, 0, 0),
        "new": (0, 0, 1, 1),
    }


def test_the_newest_runs_before_count(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    merge = made(make_repo, tmp_path, FURTHEST + 5)
    reports(merge, merge.past[-BEFORE:], GREEN)
    reports(merge, merge.past[:-BEFORE], RED)
    assert before_after(readings(merge)["tests"]) == (BEFORE, 0, 0, 0)
    assert len(merge.checked.asked) == BEFORE + 2


def test_a_check_that_runs_now_and_then_is_looked_for_further_back(
    make_repo: Callable[..., Any], tmp_path: Path
) -> None:
    merge = made(make_repo, tmp_path, FURTHEST + 5)
    reports(merge, merge.past[::-1][::4], GREEN)
    assert before_after(readings(merge)["tests"]) == (FURTHEST // 4, 0, 0, 0)


def test_final_answers_are_not_asked_for_again(merge: Merge) -> None:
    reports(merge, [*merge.past, merge.merge, merge.later], GREEN)
    newest = merge.repo.commit({"README": "newest"})
    reports(merge, [newest], PENDING)
    assert before_after(readings(merge)["tests"]) == (7, 0, 2, 0)
    merge.checked.asked.clear()
    merge.checked.said = {merge.merge: (), newest: ()}
    reports(merge, [merge.merge], RED)  # it was run again
    reports(merge, [newest], GREEN)
    assert before_after(readings(merge)["tests"]) == (7, 0, 3, 0), "what has ended is asked about once an hour"
    assert merge.checked.asked == [newest]
    merge.tools.now += HOUR
    merge.checked.asked.clear()
    assert before_after(readings(merge)["tests"]) == (7, 0, 3, 1)
    assert sorted(merge.checked.asked) == sorted([merge.merge, newest])


def test_what_was_asked_right_after_a_commit_may_not_be_all(merge: Merge) -> None:
    reports(merge, [*merge.past, merge.merge, merge.later], GREEN)
    merge.tools.now = merge.window.opened + HOUR / 6
    assert readings(merge).keys() == {"tests"}
    merge.tools.now += HOUR / 6
    reports(merge, [merge.merge], RED, context="late")
    assert readings(merge).keys() == {"tests", "late"}


def test_what_runs_is_asked_about_until_it_has_ended(merge: Merge) -> None:
    reports(merge, merge.past, GREEN)
    reports(merge, merge.past[-1:], PENDING, context="slow")
    assert readings(merge).keys() == {"tests"}
    merge.checked.said[merge.past[-1]] = ()
    reports(merge, merge.past[-1:], GREEN)
    reports(merge, merge.past[-1:], RED, context="slow")
    assert before_after(readings(merge)["slow"]) == (1, 1, 0, 0)


def test_without_ci_little_is_asked_and_soon_nothing(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    merge = made(make_repo, tmp_path, 30)
    assert merge.ask(ci) == []
    assert len(merge.checked.asked) == SILENT + 2
    merge.checked.asked.clear()
    merge.tools.now = merge.window.opened + DAY
    assert merge.ask(ci) == []
    merge.checked.asked.clear()
    assert merge.ask(ci) == []
    assert not merge.checked.asked
    merge.tools.now += HOUR
    assert merge.ask(ci) == []
    assert set(merge.checked.asked) == {merge.merge, merge.later}


def test_commits_after_the_watch_are_not_of_it(merge: Merge) -> None:
    reports(merge, [*merge.past, merge.merge], GREEN)
    merge.repo.git(
        "commit", "--quiet", "--allow-empty", "-m", "late",
        env={"GIT_COMMITTER_DATE": f"{(merge.window.until + HOUR).timestamp():.0f} +0000"},
    )  # fmt: skip
    reports(merge, [merge.repo.git("rev-parse", "HEAD")], RED)
    assert before_after(readings(merge)["tests"]) == (7, 0, 1, 0)


def test_a_merge_that_came_in_by_another_merge_has_its_own_runs(merge: Merge) -> None:
    reports(merge, [*merge.past, merge.merge], GREEN)
    merge.repo.git("checkout", "--quiet", "other")
    merge.repo.git("merge", "--quiet", "--no-edit", "-s", "ours", "main")
    merge.repo.git("branch", "--force", "main", "other")
    reports(merge, [merge.repo.git("rev-parse", "HEAD")], RED)
    assert before_after(readings(merge)["tests"]) == (7, 0, 1, 0)


def test_what_came_after_it_was_taken_back_is_no_evidence(merge: Merge) -> None:
    reports(merge, [*merge.past, merge.merge], GREEN)
    merge.repo.git("revert", "--no-edit", merge.merge)
    reports(merge, [merge.repo.git("rev-parse", "HEAD"), merge.repo.commit({"README": "later"})], RED)
    assert before_after(readings(merge)["tests"]) == (7, 0, 1, 0)


def test_a_shallow_clone_has_a_shorter_past(merge: Merge, tmp_path: Path) -> None:
    reports(merge, [*merge.past, merge.merge], GREEN)
    merge.repo.git("clone", "--quiet", "--depth=4", f"file://{merge.repo.path}", str(tmp_path / "shallow"))
    scene = replace(merge.scene, repository=open_repository(tmp_path / "shallow"))
    assert [before_after(reading) for reading in ci(scene, merge.upgrade)] == [(2, 0, 1, 0)]
