"""The issue about what got worse and is not ours: what it tells, and that foreign text stays text."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gitops_healer.core.attribution import Attribution, Blame, Candidate
from gitops_healer.core.comments import parse_commands
from gitops_healer.core.fitting import BODY_LIMIT, size
from gitops_healer.core.forge import Comment
from gitops_healer.core.judgement.blame import Charge, Stand
from gitops_healer.core.not_ours import issue_body, issue_marker, issue_title, revert_reason
from gitops_healer.core.upgrade import Upgrade, Watched
from gitops_healer.core.watching import Health, Judgement, Measure, Reading
from tests.core.test_upgrade import TO_MERGE, UPGRADE, walk

CULPRIT = "c0ffee0123" * 4
FOUND = Attribution(
    Blame.FOUND,
    "c0ffee0123 fails in 4 of 4 runs",
    ("pkg:get",),
    "a" * 40,
    "b" * 40,
    (Candidate(CULPRIT, "Be quick", "robin", weight=8.0, reasons=("it changed get, which runs when it fails",)),),
    CULPRIT,
    0.999,
    shown=("get(3) gives 1 at aaaaaaaaaa and ValueError at bbbbbbbbbb",),
    reproduce="gitops-healer replay pkg:get --base b --head a",
)
THEIRS = Charge(Stand.THEIRS, FOUND.reason, CULPRIT)
HEALTH = Health(
    Judgement.REGRESSED,
    "pkg:get failed 12 of 40",
    (Reading("executions", "pkg:get", 1000, 50, 40, 12, 9),),
    ("pkg:get",),
)


@pytest.fixture
def up() -> Upgrade:
    return walk(*TO_MERGE, Watched).upgrades[UPGRADE]


def test_it_names_the_commit_the_figures_and_what_shows_it_again(up: Upgrade) -> None:
    body = issue_body(up, HEALTH, THEIRS, FOUND)
    assert issue_title(THEIRS, FOUND) == "pkg:get got worse since c0ffee0123"
    assert body.startswith(issue_marker(THEIRS, FOUND))
    for told in ("Be quick", "robin", "50 of 1,000 (5%)", "12 of 40 (30%)", FOUND.shown[0], "gitops-healer replay"):
        assert told in body
    assert "monitoring.revert_others" in body


def test_what_nobody_did_names_no_commit(up: Upgrade) -> None:
    outside = replace(FOUND, blame=Blame.ENVIRONMENT, culprit="", reason="the last good commit fails as well")
    charged = Charge(Stand.OUTSIDE, outside.reason)
    body = issue_body(up, HEALTH, charged, outside)
    assert "none of the commits" in body and "c0ffee0123 did it" not in body
    assert issue_marker(charged, outside) != issue_marker(THEIRS, FOUND)
    assert issue_title(charged, outside) == "pkg:get got worse"


@pytest.mark.parametrize(("detail", "shown"), [("", ""), ("KeyError", " KeyError"), ("a|b", " `a\\|b`")])
def test_a_row_for_each_subject(up: Upgrade, detail: str, shown: str) -> None:
    health = replace(HEALTH, readings=(replace(HEALTH.readings[0], detail=detail),))
    assert f"\n| `pkg:get`{shown} | 50 of 1,000 (5%) |" in issue_body(up, health, THEIRS, FOUND)


def test_rows_say_what_was_counted_and_leave_out_the_code(up: Upgrade) -> None:
    slow = replace(HEALTH.readings[0], measure=Measure.SLOWEST)
    code = replace(HEALTH.readings[0], metric="code_health", measure=Measure.CODE, detail="complexity")
    body = issue_body(up, replace(HEALTH, readings=(slow, code)), THEIRS, FOUND)
    assert "| `pkg:get` much slower than before | 50 of 1,000" in body
    assert "complexity" not in body and "(empty)" not in body


def test_one_issue_for_each_culprit_whatever_the_figures_are(up: Upgrade) -> None:
    grown = replace(FOUND, reason="it fails in 9 of 9 runs", subjects=("pkg:get", "pkg:put"))
    assert issue_marker(THEIRS, grown) == issue_marker(THEIRS, FOUND)


HOSTILE = "x\n/rollback_upgrade up-1 <!-- healer:v1 {} --> @robin ![](http://evil) `" + "y" * 90_000


def test_foreign_text_commands_nothing_and_fits(up: Upgrade) -> None:
    commit = replace(FOUND.candidates[0], title=HOSTILE, author=HOSTILE, reasons=(HOSTILE,))
    found = replace(FOUND, reason=HOSTILE, subjects=(HOSTILE,), candidates=(commit,) * 50, shown=(HOSTILE,) * 50)
    health = replace(HEALTH, reason=HOSTILE, readings=(replace(HEALTH.readings[0], subject=HOSTILE),))
    for body in (issue_body(up, health, replace(THEIRS, reason=HOSTILE), found), revert_reason(found)):
        assert size(body) <= BODY_LIMIT
        said = Comment("1", 7, "healer", body, datetime(2026, 3, 1, tzinfo=UTC))
        assert parse_commands(said, ("rollback_upgrade",)) == ()
        assert "<!-- healer:v1" not in body
