"""What happens after merges, as stories: real merges, real calls, real searches for the culprit, real reverts."""

from collections.abc import Callable

import pytest

from gitops_healer.core.upgrade import Stage as At
from tests.conftest import GitRepo
from tests.cycle.watched import BAD, FILES, TOOLS, Watched

MakeRepo = Callable[..., GitRepo]


@pytest.fixture
def stage(make_repo: MakeRepo) -> Watched:
    return Watched(make_repo(FILES))


def merge_all(stage: Watched) -> None:
    """Heal until everything that was seen is merged."""
    for _ in range(12):
        stage.heal()
        upgrades = stage.history.upgrades.values()
        if upgrades and all(up.merged for up in upgrades):
            return
    raise AssertionError({up.codename: (up.stage.value, up.reason) for up in stage.history.upgrades.values()})


def test_a_bad_merge_among_five_good_ones_is_found_taken_back_and_landed_again(stage: Watched) -> None:
    stage.lines = {"delta": BAD}
    stage.live(48)
    merge_all(stage)
    stage.live(1)
    stage.heal()
    assert {name: stage.of(name).stage for name in TOOLS} == {
        name: At.CLOSED if name == "delta" else At.WATCHED for name in TOOLS
    }
