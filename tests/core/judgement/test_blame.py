"""The one that touched a tool is suspected first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_healer.core.attribution import Attribution, Blame, Candidate
from gitops_healer.core.judgement.blame import (
    Stand,
    accusation,
    charge,
    cleared,
    own_readings,
    rivals_of,
    taken_back_before,
    touched_by,
)
from gitops_healer.core.upgrade import Attributed, HealthChecked, Reported, RolledBack, Stage, Watched
from gitops_healer.core.watching import Health, Judgement, Reading, Window
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


@pytest.mark.parametrize(
    ("merged_days_ago", "ended", "is_rival"),
    [
        (0.5, None, True),
        (6, Stage.STABLE, False),
        (0.5, Stage.STABLE, True),  # found healthy only after this one came
        (6, Stage.UNPROVEN, True),
        (6, Stage.ROLLED_BACK, True),
        (8, Stage.UNPROVEN, False),
    ],
)
def test_who_may_have_done_it_as_well(merged_days_ago: float, ended: Stage | None, is_rival: bool) -> None:
    mine = walk(*TO_MERGE, Watched).upgrades[UPGRADE]
    assert mine.merged and mine.watched
    at = mine.merged.at - timedelta(days=merged_days_ago)
    window = Window(at, at + timedelta(days=1), at - timedelta(days=7))
    other = replace(
        mine, id="up-9", merged=replace(mine.merged, at=at), watched=replace(mine.watched, window=window),
        settled_as=ended,
    )  # fmt: skip
    assert rivals_of(mine, [mine, other], mine.merged.at - timedelta(days=7)) == ((other,) if is_rival else ())


OURS, THEIRS = "a" * 40, "b" * 40


def found(
    blame: Blame, culprit: str = "", restored: bool | None = None, weights: tuple[float, ...] = ()
) -> Attribution:
    commits = (OURS, THEIRS)[: len(weights)]
    candidates = tuple(
        Candidate(commit, "", "robin", weight=weight) for commit, weight in zip(commits, weights, strict=True)
    )
    return Attribution(blame, "it was run", ("pkg:get",), "9" * 40, "8" * 40, candidates, culprit, restored=restored)


@pytest.mark.parametrize(
    ("judgement", "attribution", "stand"),
    [
        (Judgement.SUSPECT, found(Blame.FOUND, OURS, True), Stand.OURS),
        (Judgement.SUSPECT, found(Blame.FOUND, OURS, None), Stand.OURS),
        (Judgement.REGRESSED, found(Blame.FOUND, OURS, False), Stand.SUSPECTED),
        (Judgement.REGRESSED, found(Blame.FOUND, THEIRS, True), Stand.THEIRS),
        (Judgement.REGRESSED, found(Blame.ENVIRONMENT), Stand.OUTSIDE),
        (Judgement.SUSPECT, found(Blame.NOTHING_TO_RUN, weights=(8,)), Stand.SUSPECTED),
        (Judgement.REGRESSED, found(Blame.NOTHING_TO_RUN, weights=(8,)), Stand.OURS),
        (Judgement.REGRESSED, found(Blame.NOT_REPRODUCED, weights=(8, 1)), Stand.OURS),
        (Judgement.REGRESSED, found(Blame.FLAKY, weights=(8, 8)), Stand.SUSPECTED),
        (Judgement.REGRESSED, found(Blame.UNDECIDED, weights=(1, 8)), Stand.SUSPECTED),
    ],
)
def test_running_what_fails_outweighs_counts_and_counts_convict_only_the_one_that_can_be_it(
    judgement: Judgement, attribution: Attribution, stand: Stand
) -> None:
    up = walk(*TO_MERGE, Watched).upgrades[UPGRADE]
    assert up.merged is not None
    ours = replace(up, merged=replace(up.merged, commit=OURS))
    charged = charge(ours, Health(judgement, "12 of 40 failed"), attribution)
    assert charged.stand is stand
    assert "12 of 40 failed" in charged.reason


def test_what_another_watch_confirmed_accuses_the_one_that_did_it() -> None:
    up = walk(*TO_MERGE, Watched).upgrades[UPGRADE]
    assert up.merged is not None
    told = Attributed(found(Blame.FOUND, up.merged.commit, True), "key")
    other = replace(up, id="up-other", attributions=(told,))
    assert accusation(up, [up, other]) == told.attribution
    assert accusation(up, [replace(up, attributions=(told,))]) is None, "nobody accuses itself"
    doubtful = replace(told, attribution=replace(told.attribution, restored=None))
    assert accusation(up, [replace(other, attributions=(doubtful,))]) is None


def test_only_what_people_were_told_of_is_cleared() -> None:
    up = walk(*TO_MERGE, Watched).upgrades[UPGRADE]
    searched = replace(up, attributions=(Attributed(found(Blame.FOUND, THEIRS, True), "key"),))
    assert cleared(searched) == frozenset()
    assert cleared(replace(searched, reports=(Reported(7, "", THEIRS),))) == {"pkg:get"}
    assert cleared(replace(searched, reports=(Reported(7, "", ""),))) == frozenset()


def test_the_second_attempt_after_a_revert_is_watched_more_strictly() -> None:
    up = walk(*TO_MERGE, Watched).upgrades[UPGRADE]
    back = replace(up, id="up-first", rolled_back=RolledBack("c" * 40, 3))
    again = replace(up, attempt=2)
    assert taken_back_before(again, [back, again])
    assert not taken_back_before(again, [replace(back, rolled_back=None), again])
    assert not taken_back_before(up, [back, up]), "another attempt of the same number is not an earlier one"
