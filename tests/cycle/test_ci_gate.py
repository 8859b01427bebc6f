"""CI has the word: what counts as green, and what has to have reported."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gitops_healer.core.forge import Status, StatusState
from gitops_healer.core.upgrade import Stage as At
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, Stage

GREEN, RED, WAITS = StatusState.SUCCESS, StatusState.FAILURE, StatusState.PENDING


@pytest.fixture
def stage(make_repo: Callable[..., GitRepo]) -> Stage:
    made = Stage(make_repo(FILES))
    made.heal(limits__open_pulls=0)  # prepared, and not proposed yet
    return made


@pytest.mark.parametrize(
    ("on_base", "on_head", "passes"),
    [
        ({}, {}, True),
        ({}, {"tests": WAITS}, False),
        ({}, {"tests": RED}, False),
        ({}, {"tests": GREEN}, True),
        ({"tests": GREEN}, {}, False),
        ({"tests": RED}, {}, False),
        ({"tests": GREEN}, {"tests": GREEN}, True),
        ({"tests": GREEN, "docs": GREEN}, {"tests": GREEN}, False),
        ({"gitops-healer/validation": GREEN, "gitops-healer/run": GREEN}, {}, True),
        ({}, {"gitops-healer/run": WAITS}, True),
        ({"tests": GREEN}, {"tests": GREEN, "gitops-healer/run": WAITS}, True),
    ],
)
def test_what_opens_the_gate(
    stage: Stage, on_base: dict[str, StatusState], on_head: dict[str, StatusState], passes: bool
) -> None:
    forge, main, head = stage.world().forge, stage.repo.git("rev-parse", "main"), stage.upgrade.prepared.commit
    for commit, checks in ((main, on_base), (head, on_head)):
        for name, state in checks.items():
            forge.set_status(commit, Status(name, state))
    cycle = stage.heal()
    assert stage.upgrade.stage is (At.VALIDATED if passes else At.PROPOSED)
    if on_base.keys() - on_head.keys() and not passes:
        assert "has not reported here yet" in str(cycle.waiting[stage.upgrade.id])


def test_a_check_that_stays_away_while_others_report_does_not_run_for_pull_requests(stage: Stage) -> None:
    forge, main, head = stage.world().forge, stage.repo.git("rev-parse", "main"), stage.upgrade.prepared.commit
    for name in ("tests", "deploy"):
        forge.set_status(main, Status(name, GREEN))
    stage.heal()
    stage.clock.turn(timedelta(minutes=30))
    stage.heal()
    assert stage.upgrade.stage is At.PROPOSED, "without any CI it is never green"
    forge.set_status(head, Status("tests", GREEN))
    stage.heal()
    assert stage.upgrade.stage is At.VALIDATED


def test_a_project_may_do_without_what_reports_on_its_base(stage: Stage) -> None:
    stage.world().forge.set_status(stage.repo.git("rev-parse", "main"), Status("tests", GREEN))
    stage.options["testing.wait_for_ci"] = False
    stage.heal()
    assert stage.upgrade.stage is At.VALIDATED


def test_the_newest_commit_that_has_checks_says_which(stage: Stage) -> None:
    stage.world().forge.set_status(stage.repo.git("rev-parse", "main"), Status("tests", GREEN))
    stage.repo.commit({"README.md": "A merge that started no CI.\n"})
    cycle = stage.heal()
    assert "tests" in str(cycle.waiting[stage.upgrade.id])
