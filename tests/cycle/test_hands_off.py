"""People take a pull request over: we keep off, say so once, and say how to give it back."""

from collections.abc import Callable

import pytest

from gitops_healer.core.forge import PullState
from gitops_healer.core.upgrade import Stage as At
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, HEALED, PROGRAM, Stage

THEIRS = PROGRAM.replace("return value + value", "return 2 * value")


@pytest.fixture
def stage(make_repo: Callable[..., GitRepo]) -> Stage:
    return Stage(make_repo(FILES))


def commits_on_ours(stage: Stage, text: str = THEIRS) -> str:
    """Somebody commits to our branch; returns the new head."""
    branch = stage.upgrade.proposed.branch
    stage.repo.git("switch", "--quiet", branch)
    healed = text.replace("return sum(values) / len(values)", HEALED)
    head = stage.repo.commit({"program.py": healed}, "I know better")
    stage.repo.git("switch", "--quiet", "main")
    return head


def said_once(stage: Stage) -> list[str]:
    pull = stage.upgrade.proposed.pull
    return [one.body for one in stage.world().forge.comments(pull) if "healer:hands-off" in one.body]


def test_a_branch_with_somebody_elses_commit_is_theirs(stage: Stage) -> None:
    stage.heal()
    head = commits_on_ours(stage)
    for _ in range(2):
        stage.heal()
    up = stage.upgrade
    assert up.stage is At.HELD
    assert up.held.hands_off and "Maintainer" in up.held.reason
    assert stage.repo.git("rev-parse", up.proposed.branch) == head
    (said,) = said_once(stage)
    assert f"/rebuild {up.id} discard" in said
    refused = stage.say("/approve", pull=up.proposed.pull)
    assert not refused.allowed


def test_it_is_given_back_by_somebody_who_saw_what_is_lost(stage: Stage) -> None:
    stage.heal()
    before = stage.upgrade.proposed.head
    commits_on_ours(stage)
    stage.heal()
    pull = stage.upgrade.proposed.pull
    asked = stage.say("/rebuild", pull=pull)
    assert not asked.allowed and "discard" in asked.text
    assert stage.say("/rebuild discard", pull=pull).allowed
    stage.heal()
    up = stage.upgrade
    assert up.stage is At.VALIDATED
    assert up.proposed.head == before, "the same change on the same base is the same commit"
    assert stage.repo.git("rev-parse", up.proposed.branch) == before


def test_only_what_was_seen_may_be_discarded(stage: Stage) -> None:
    stage.heal()
    commits_on_ours(stage)
    stage.heal()
    stage.options["limits.open_pulls"] = 0  # so that it is built and not pushed yet
    stage.say("/rebuild discard", pull=stage.upgrade.proposed.pull)
    later = commits_on_ours(stage, THEIRS + "\n\nLATER = 1\n")
    stage.options["limits.open_pulls"] = 3
    cycle = stage.heal()
    assert "theirs now" in str(cycle.waiting[stage.upgrade.id])
    assert stage.repo.git("rev-parse", stage.upgrade.proposed.branch) == later


def test_they_merge_what_they_made_of_it_and_it_is_watched(stage: Stage) -> None:
    stage.heal()
    head = commits_on_ours(stage)
    stage.heal()
    stage.repo.git("merge", "--quiet", "--no-ff", "--message", "theirs", stage.upgrade.proposed.branch)
    stage.heal()
    up = stage.upgrade
    assert up.stage is At.WATCHED
    assert up.merged.head == head
    assert up.merged.commit == stage.repo.git("rev-parse", "main")


def test_they_close_what_was_theirs_and_it_is_ignored(stage: Stage) -> None:
    stage.heal()
    commits_on_ours(stage)
    stage.heal()
    up = stage.upgrade
    stage.world().forge.close_pull(up.proposed.pull, "Maintainer")
    stage.heal()
    assert stage.upgrade.settled_as is At.DROPPED
    assert up.finding.fingerprint in stage.history.ignored
    pull = stage.world().forge.pull(up.proposed.pull)
    assert pull is not None and pull.state is PullState.CLOSED
    assert stage.repo.git("rev-parse", "--verify", up.proposed.branch), "their commits are not deleted"
