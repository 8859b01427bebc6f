"""What happens around a watch while it lasts: the base moves, people take part, several merges are watched."""

from collections.abc import Callable

import pytest

from gitops_healer.core.forge import PullState
from gitops_healer.core.upgrade import Stage as At
from tests.conftest import GitRepo
from tests.cycle.test_judgement_stories import merge_all, only
from tests.cycle.watched import BAD, FILES, Watched

MakeRepo = Callable[..., GitRepo]


def unplugged(name: str, value: int) -> Exception | None:
    """Calls that fail and pass when they are run again."""
    return RuntimeError("the plug is out") if name == "beta" and value % 2 else None


@pytest.fixture
def suspected(make_repo: MakeRepo) -> Watched:
    """A merge of beta with a draft of its revert."""
    stage = Watched(make_repo(only("beta")))
    stage.live(48, per_hour=10)
    merge_all(stage)
    stage.live(0.4, breaks=unplugged)
    stage.heal()
    assert stage.of("beta").revert.draft
    return stage


def commit(stage: Watched, files: dict[str, str]) -> str:
    stage.repo.git("reset", "--quiet", "--hard", "main")
    return stage.repo.commit(files, "Be quick")


def test_a_draft_is_confirmed_on_a_base_that_moved(suspected: Watched) -> None:
    stage, number = suspected, suspected.of("beta").revert.pull
    theirs = commit(stage, {"README.md": "Six tools, and more.\n"})
    stage.live(1.5, breaks=unplugged)
    for _ in range(2):
        stage.heal()
    up = stage.of("beta")
    assert up.settled_as is At.ROLLED_BACK, up.reason
    assert up.rolled_back.pull == number
    assert not stage.world().forge.pull(number).draft
    assert stage.repo.git("rev-parse", "main~1") == theirs


def test_a_draft_that_people_closed_stays_closed(suspected: Watched) -> None:
    stage, number = suspected, suspected.of("beta").revert.pull
    stage.world().forge.close_pull(number, "Maintainer")
    stage.live(1.5, breaks=unplugged)
    for _ in range(2):
        stage.heal()
    assert stage.of("beta").stage is At.HELD
    assert "Maintainer closed" in stage.of("beta").held.reason
    assert stage.world().forge.pull(number).state is PullState.CLOSED


def test_a_draft_that_people_merged_is_the_rollback(suspected: Watched) -> None:
    stage, revert = suspected, suspected.of("beta").revert
    stage.world().forge.mark_ready(revert.pull)
    merged = stage.world().forge.merge_pull(revert.pull, revert.head, "Take it back now")
    stage.live(0.5)
    for _ in range(2):
        stage.heal()
    up = stage.of("beta")
    assert (up.settled_as, up.rolled_back.commit) == (At.ROLLED_BACK, merged), up.reason


def test_one_commit_that_several_watches_find_is_told_once(make_repo: MakeRepo) -> None:
    """gamma is nobody's: both watches see that it got worse."""
    stage = Watched(make_repo(only("alpha", "beta")), options={"monitoring.revert_others": True})
    stage.live(48, per_hour=10)
    merge_all(stage)
    stage.live(1)
    theirs = commit(stage, {"tools/gamma.py": FILES["tools/gamma.py"].replace("return 1 / value", BAD)})
    stage.live(3)
    stage.heal()
    stage.heal()
    ups = [stage.of(name) for name in ("alpha", "beta")]
    assert {up.stage for up in ups} == {At.WATCHED}
    reports = [report for up in ups for report in up.reports]
    assert {report.culprit for report in reports} == {theirs}
    assert len({report.issue for report in reports}) == 1 and len(reports) == 2
    reverts = [pull for pull in stage.world().forge.pulls() if pull.state is PullState.OPEN]
    assert len(reverts) == 1
    assert stage.main == theirs
