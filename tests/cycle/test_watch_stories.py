"""What happens around a watch while it lasts: the base moves, people take part, several merges are watched."""

from collections.abc import Callable

import pytest

from gitops_healer.core.forge import PullState, Status, StatusState
from gitops_healer.core.upgrade import Stage as At
from tests.conftest import GitRepo
from tests.cycle.test_judgement_stories import merge_all, only
from tests.cycle.watched import FILES, Watched

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
    """CI fails since then, which speaks against every merge before it."""
    repo = make_repo(only("alpha", "beta"))
    stage = Watched(repo, options={"monitoring.revert_others": True, "testing.wait_for_ci": False})
    for number in range(12):
        repo.commit({"NEWS.md": f"{number}\n"})
    says(stage, StatusState.SUCCESS)
    merge_all(stage)
    says(stage, StatusState.SUCCESS)
    theirs = commit(stage, {"tools/gamma.py": FILES["tools/gamma.py"].replace("1 / value", "2 / value")})
    for number in range(8):
        repo.commit({"NEWS.md": f"{number} and more\n"})
    says(stage, StatusState.FAILURE)
    for _ in range(2):
        stage.heal()
    ups = [stage.of(name) for name in ("alpha", "beta")]
    assert {up.stage for up in ups} == {At.WATCHED}
    assert [one.attribution.culprit for up in ups for one in up.attributions] == [theirs, theirs]
    told = [report for up in ups for report in up.reports]
    assert {report.culprit for report in told} == {theirs}
    assert len({report.issue for report in told}) == 1 and len(told) == 2
    (theirs_back,) = [pull for pull in stage.world().forge.pulls() if pull.state is PullState.OPEN]
    stage.world().forge.close_pull(theirs_back.number, "Maintainer")
    stage.heal()
    assert not [pull for pull in stage.world().forge.pulls() if pull.state is PullState.OPEN]
    assert "2 / value" in stage.repo.git("show", "main:tools/gamma.py"), "it is theirs"


def says(stage: Watched, state: StatusState) -> None:
    """What CI says of every commit of the base branch that it said nothing of."""
    forge = stage.world().forge
    for known in stage.repo.git("rev-list", "main").splitlines():
        if all(status.context != "tests" for status in forge.statuses(known)):
            forge.set_status(known, Status("tests", state))


def test_a_revert_that_somebody_committed_to_is_left_alone_also_when_the_base_moves(suspected: Watched) -> None:
    stage, revert = suspected, suspected.of("beta").revert
    stage.repo.git("checkout", "--quiet", "-b", "theirs", revert.branch)
    theirs = stage.repo.commit({"NOTES.md": "my own words\n"}, "Add to it")
    stage.repo.git("update-ref", f"refs/heads/{revert.branch}", theirs)
    stage.repo.git("checkout", "--quiet", "main")
    commit(stage, {"README.md": "moved\n"})
    stage.live(1.5, breaks=unplugged)
    stage.heal()
    stage.heal()
    assert stage.repo.git("rev-parse", f"refs/heads/{revert.branch}") == theirs
    assert stage.of("beta").stage is At.REGRESSED
    assert stage.of("beta").rolled_back is None
