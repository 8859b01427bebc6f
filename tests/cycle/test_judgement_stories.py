"""What happens after merges, as stories: real merges, real calls, real searches for the culprit, real reverts."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from gitops_healer.core.attribution import Blame
from gitops_healer.core.forge import PullState
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Judgement
from tests.conftest import GitRepo
from tests.cycle.watched import BAD, FILES, GOOD, TOOLS, Watched

MakeRepo = Callable[..., GitRepo]


@pytest.fixture
def stage(make_repo: MakeRepo) -> Watched:
    return Watched(make_repo(FILES))


def merge_all(stage: Watched) -> None:
    """Heal until everything that was seen is merged."""
    for _ in range(12):
        stage.heal()
        upgrades = stage.history.upgrades.values()
        if upgrades and all(up.merged for up in upgrades if up.stage is not At.CLOSED):
            return
    raise AssertionError({up.codename: (up.stage.value, up.reason) for up in stage.history.upgrades.values()})


def only(*flaws: str) -> dict[str, str]:
    """The program in which all other tools are mended already."""
    return {
        path: text.replace("return 1 / value", GOOD) if path[6:-3] in TOOLS and path[6:-3] not in flaws else text
        for path, text in FILES.items()
    }


def blames(up: Upgrade) -> list[Blame]:
    return [one.attribution.blame for one in up.attributions]


def test_a_bad_merge_among_five_good_ones_is_found_taken_back_and_landed_again(stage: Watched) -> None:
    stage.lines = {"delta": BAD}
    stage.live(48, per_hour=10)
    merge_all(stage)
    bad = stage.of("delta")
    stage.live(0.4)
    stage.heal()
    found = stage.of("delta")
    assert (found.settled_as, found.stage) == (At.ROLLED_BACK, At.CLOSED), "in one cycle, from one block of calls"
    assert found.attributions[-1].attribution.culprit == bad.merged.commit
    assert found.attributions[-1].attribution.restored
    assert len(found.attributions[-1].attribution.candidates) == 6
    assert f"Healer-Reverts: {bad.merged.commit}" in stage.repo.git("log", "-1", "--format=%B", "main")
    assert {stage.of(name).stage for name in TOOLS if name != "delta"} == {At.WATCHED}

    stage.lines = {}
    assert stage.say(f"/retry {found.id}").allowed
    merge_all(stage)
    again = stage.of("delta")
    assert again.attempt == 2
    assert again.watched.window.until - again.watched.window.opened == timedelta(hours=48)
    assert again.watched.tolerance.margin < bad.watched.tolerance.margin, "the second time is watched more strictly"
    stage.live(49, per_hour=4)
    stage.heal()
    assert {stage.of(name).settled_as for name in TOOLS} == {At.STABLE}


def test_what_a_person_broke_is_told_and_not_taken_back(make_repo: MakeRepo) -> None:
    stage = Watched(make_repo(only("beta")))
    stage.live(48, per_hour=10)
    merge_all(stage)
    stage.live(1)
    stage.repo.git("reset", "--quiet", "--hard", "main")
    theirs = stage.repo.commit({"tools/beta.py": FILES["tools/beta.py"].replace("return 1 / value", BAD)}, "Be quick")
    stage.live(1)
    stage.heal()
    up = stage.of("beta")
    assert up.stage is At.WATCHED and up.regressed is None
    assert up.attributions[-1].attribution.culprit == theirs
    assert up.reports[-1].culprit == theirs
    assert stage.main == theirs, "their commit stands"
    issue = stage.issue(up.reports[-1].issue)
    assert "Be quick" in issue and theirs[:10] in issue and "I did not take anything back" in issue
    before = len(stage.events())
    stage.heal()
    assert len(up.reports) == len(stage.of("beta").reports) == 1, "once"
    assert len(stage.events()) <= before + 1


def test_an_outage_takes_nothing_back(make_repo: MakeRepo) -> None:
    stage = Watched(make_repo(only("beta")))
    stage.live(48, per_hour=10)
    merge_all(stage)
    stage.live(2)
    stage.live(0.6, breaks=lambda name, value: ConnectionError("the network is down"))
    stage.heal()
    up = stage.of("beta")
    assert up.health.judgement is Judgement.SUSPECT
    assert up.stage is At.WATCHED and up.regressed is None and up.rolled_back is None
    stage.live(22)
    stage.heal()
    assert stage.of("beta").settled_as in (At.STABLE, At.UNPROVEN)
    assert not [one for one in stage.world().forge.pulls() if one.state is PullState.OPEN], "the draft is closed"


def test_a_tool_that_always_failed_now_and_then_is_no_regression(make_repo: MakeRepo) -> None:
    stage = Watched(make_repo(only("beta")))

    def flaky(name: str, value: int) -> Exception | None:
        return TimeoutError("too slow") if stage.chance.random() < 0.2 else None

    stage.live(48, per_hour=10, breaks=flaky)
    merge_all(stage)
    for _ in range(6):
        stage.live(4, breaks=flaky)
        stage.heal()
    up = stage.of("beta")
    assert up.settled_as is At.STABLE
    assert not up.attributions, "nothing was ever suspected"


def test_a_suspicion_is_a_draft_that_the_next_block_confirms(make_repo: MakeRepo) -> None:
    """The failing calls cannot be made again here, so that counts alone have to convict."""
    stage = Watched(make_repo(only("beta")))

    def broken(name: str, value: int) -> Exception | None:
        return RuntimeError("the plug is out") if name == "beta" and value % 2 else None

    stage.live(48, per_hour=10)
    merge_all(stage)
    stage.live(0.4, breaks=broken)
    stage.heal()
    up = stage.of("beta")
    assert up.health.judgement is Judgement.SUSPECT
    assert up.stage is At.WATCHED
    assert stage.world().forge.pull(up.revert.pull).draft
    stage.live(1.5, breaks=broken)
    stage.heal()
    up = stage.of("beta")
    assert up.settled_as is At.ROLLED_BACK
    assert up.rolled_back.pull == up.revert.pull, "the draft became the revert"


def test_no_regression_is_taken_back_twice_a_day_more_than_policy_allows(make_repo: MakeRepo) -> None:
    stage = Watched(make_repo(only("alpha", "beta")), options={"monitoring.reverts_per_day": 1})
    stage.lines = {"alpha": BAD, "beta": BAD}
    stage.live(48, per_hour=10)
    merge_all(stage)
    stage.live(0.5)
    stage.heal()
    stages = sorted(stage.of(name).stage.value for name in ("alpha", "beta"))
    assert stages == ["closed", "regressed"]
    waiting = next(stage.of(name) for name in ("alpha", "beta") if stage.of(name).stage is At.REGRESSED)
    assert stage.say("/approve", pull=waiting.revert.pull).allowed
    assert stage.of(waiting.finding.symbol.rpartition(":")[2]).settled_as is At.ROLLED_BACK


def test_every_check_can_be_recomputed_from_the_ledger(make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from gitops_healer.cli import app

    stage = Watched(make_repo(only("beta")))
    stage.lines = {"beta": BAD}
    stage.live(48, per_hour=10)
    merge_all(stage)
    stage.live(0.4)
    stage.heal()
    (stage.world().repository.state_dir / "executions.sqlite").unlink()
    arguments = ["monitor", "--repo", str(stage.repo.path), "--recompute", stage.of("beta").id, "--format", "json"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert [check["equal"] for check in json.loads(told.stdout)["checks"]] == [True, True]
