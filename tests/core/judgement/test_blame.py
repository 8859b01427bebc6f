"""The one that touched a tool is suspected first."""

from dataclasses import replace

from gitops_healer.core.judgement.blame import own_readings, touched_by
from gitops_healer.core.upgrade import HealthChecked, Watched
from gitops_healer.core.watching import Health, Judgement, Reading
from tests.core.test_upgrade import TO_MERGE, UPGRADE, walk


def reading(subject: str, touched: bool) -> Reading:
    return Reading("executions", subject, 100, 5, 90, 60, 60, touched)


def test_what_another_upgrade_touched_is_not_held_against_this_one() -> None:
    watched = walk(*TO_MERGE, Watched, HealthChecked).upgrades[UPGRADE]
    culprit = replace(watched, health=Health(Judgement.REGRESSED, "worse", (reading("pkg:get", True),)))
    mine = (reading("pkg:get", False), reading("pkg:put", False), reading("pkg:own", True))
    assert touched_by(culprit) == {"pkg:get", watched.finding.symbol}
    assert [kept.subject for kept in own_readings(mine, [culprit])] == ["pkg:put", "pkg:own"]
    assert own_readings(mine, []) == mine


def test_what_both_touched_is_held_against_both() -> None:
    watched = walk(*TO_MERGE, Watched).upgrades[UPGRADE]
    other = replace(watched, health=Health(Judgement.REGRESSED, "worse", (reading("pkg:get", True),)))
    assert own_readings([reading("pkg:get", True)], [other])
