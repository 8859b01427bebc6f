"""A pull request that people made a draft of waits until they mark it ready."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_healer.core.upgrade import Stage as At
from tests.github_stage import GitHubStage, github_stage
from tests.openapi.fixture import Validated


@pytest.fixture
def stage(tmp_path: Path, validated: Validated) -> Iterator[GitHubStage]:
    with github_stage(tmp_path, kind="app") as made:
        validated(made.server)
        yield made


def test_an_approved_draft_is_merged_when_it_is_ready(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    number = stage.upgrade.proposed.pull
    robin.review(number, "APPROVE")
    robin.set_draft(number, draft=True)
    waits = stage.heal()
    assert stage.upgrade.stage is At.APPROVED
    assert f"mark #{number} ready" in str(waits.waiting)
    robin.set_draft(number, draft=False)
    stage.heal()
    assert stage.upgrade.stage is At.WATCHED
