"""The life of an upgrade at GitHub, over real HTTP and real git, with a fresh clone for each run."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gitops_healer.core.forge import PullState
from gitops_healer.core.upgrade import Stage as At
from tests.cycle.stage import HEALED
from tests.github_stage import SHOP, GitHubStage, github_stage
from tests.openapi.fixture import Validated

KINDS = ("app", "actions", "pat")


def text(stage: GitHubStage, ref: str, path: str = "program.py") -> str:
    """A file as the forge has it."""
    git = ["git", "--git-dir", str(stage.server.repository(SHOP).path), "show", f"{ref}:{path}"]
    return subprocess.run(git, check=True, capture_output=True, text=True).stdout


def said(stage: GitHubStage, number: int, marker: str = "") -> list[str]:
    """What we said there."""
    comments = stage.server.repository(SHOP).comments.values()
    ours = [one for one in comments if one.number == number and one.login.startswith(("octo-healer", "gitops"))]
    return [one.body for one in ours if marker in one.body]


@pytest.fixture
def stage(tmp_path: Path, validated: Validated, request: pytest.FixtureRequest) -> Iterator[GitHubStage]:
    with github_stage(tmp_path, kind=getattr(request, "param", "app")) as made:
        validated(made.server)
        yield made


@pytest.mark.parametrize("stage", KINDS, indirect=True)
def test_seen_proposed_approved_by_review_merged_and_watched(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    first = stage.heal()
    assert first.errors == []
    up = stage.upgrade
    assert up.stage is At.VALIDATED, first.waiting
    number = up.proposed.pull
    assert HEALED in text(stage, up.proposed.branch)
    assert up.codename in stage.server.repository(SHOP).issue(number).body
    robin.review(number, "APPROVE")
    second = stage.heal()
    assert second.errors == []
    up = stage.upgrade
    assert up.stage is At.WATCHED, second.waiting
    assert up.approvals[0].by == "robin"
    assert HEALED in text(stage, "main")
    stage.clock.turn(timedelta(hours=25))
    stage.heal()
    assert stage.upgrade.settled_as is At.UNPROVEN
    assert stage.world().forge.pull(number).state is PullState.MERGED


def test_a_regression_is_reverted_by_a_pull_request_of_its_own(stage: GitHubStage) -> None:
    stage.options["limits.mode"] = "deploy"
    before = text(stage, "main")
    stage.heal()
    stage.heal()
    merge = stage.upgrade.merged
    assert merge is not None and HEALED in text(stage, "main")
    stage.calls(300, 3, merge.parent, hours_ago=20)
    stage.calls(40, 60, merge.commit)
    cycle = stage.heal()
    assert cycle.errors == []
    up = stage.upgrade
    assert (up.stage, up.settled_as) == (At.CLOSED, At.ROLLED_BACK), cycle.waiting
    assert text(stage, "main") == before
    assert up.rolled_back.pull != up.proposed.pull
    assert "/reland" in stage.server.repository(SHOP).issue(up.rolled_back.pull).body


def test_commands_are_obeyed_once_seen_first_and_answered_once(stage: GitHubStage) -> None:
    robin, stranger = stage.person("robin"), stage.person("passer-by", "read")
    stage.heal()
    number = stage.upgrade.proposed.pull
    asked, refused = robin.comment(number, "/hold until Monday"), stranger.comment(number, "/approve")
    stranger.comment(number, "I like /hold and\n> /approve\n")
    for _ in range(2):
        cycle = stage.orders()
        assert cycle.errors == []
    assert stage.upgrade.stage is At.HELD
    assert [reaction.content for reaction in asked.reactions] == ["eyes"]
    assert [reaction.content for reaction in refused.reactions] == ["eyes"]
    replies = said(stage, number, "healer:reply")
    assert len(replies) == 2
    assert "@robin" in replies[0] and "@passer-by" in replies[1]
    robin.comment(number, "/resume")
    stage.orders()
    assert stage.upgrade.stage is At.VALIDATED


def test_an_approval_counts_for_the_head_that_stood_when_it_was_written(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    up = stage.upgrade
    robin.comment(up.proposed.pull, "/approve")
    robin.push(up.proposed.branch, {"evil.py": "1\n"})
    stage.orders()
    up = stage.upgrade
    assert up.stage is At.HELD or not up.approvals
    stage.heal()
    assert stage.upgrade.stage is At.HELD
    assert stage.upgrade.held.hands_off
    assert "evil" not in text(stage, "main", "test_program.py")
    (once,) = said(stage, up.proposed.pull, "healer:hands-off")
    assert "robin" in once


def test_a_dismissed_approval_merges_nothing(stage: GitHubStage) -> None:
    robin, alex = stage.person("robin", "admin"), stage.person("alex")
    stage.heal()
    number = stage.upgrade.proposed.pull
    given = alex.review(number, "APPROVE")
    robin.dismiss_review(number, given.id, "not yet")
    stage.heal()
    assert stage.upgrade.merged is None
    assert stage.upgrade.stage is At.HELD
    assert "dismissed" in stage.upgrade.held.reason


def test_changes_requested_hold_it(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    number = stage.upgrade.proposed.pull
    robin.review(number, "REQUEST_CHANGES", "please not")
    stage.heal()
    assert stage.upgrade.stage is At.HELD
    robin.comment(number, "/resume")
    stage.orders()
    assert stage.upgrade.stage is At.VALIDATED


def test_the_stop_label_stops_and_its_going_gives_back(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    number = stage.upgrade.proposed.pull
    robin.label(number, "healer:stop")
    stage.heal()
    assert stage.upgrade.stage is At.HELD
    assert len(said(stage, number, "healer:hands-off")) == 1
    robin.unlabel(number, "healer:stop")
    stage.heal()
    assert stage.upgrade.stage is At.VALIDATED


def test_another_base_is_left_alone_until_it_is_set_back(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    number = stage.upgrade.proposed.pull
    robin.push("next", {"new.txt": "x\n"})
    robin.change_base(number, "next")
    stage.heal()
    assert stage.upgrade.stage is At.HELD
    assert "next" in stage.upgrade.held.reason
    robin.change_base(number, "main")
    robin.comment(number, "/resume")
    stage.orders()
    assert stage.upgrade.stage is At.VALIDATED


def test_a_closed_pull_request_means_ignore_and_can_be_heeded(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    up = stage.upgrade
    robin.close(up.proposed.pull)
    stage.heal()
    assert up.finding.fingerprint in stage.history.ignored
    assert stage.history.ignored[up.finding.fingerprint].by == "robin"
    assert "/unignore" in "".join(said(stage, up.proposed.pull))
    stage.heal()
    assert len(stage.history.upgrades) == 1
    robin.comment(up.proposed.pull, f"/unignore {up.id}\n/retry {up.id}")
    stage.orders()
    assert len(stage.history.upgrades) == 2


def test_the_dashboard_is_one_issue_and_its_boxes_are_commands(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    issues = [one for one in stage.server.repository(SHOP).issues.values() if "healer:dashboard" in one.body]
    (board,) = issues
    assert stage.upgrade.id in board.body
    robin.tick(board.number, "/approve")
    stage.orders()
    assert stage.upgrade.stage is At.WATCHED
    assert "[x]" not in board.body
    assert stage.upgrade.approvals[0].by == "robin"
    edits = len(board.edits)
    for _ in range(2):
        stage.heal()
    assert len(board.edits) == edits, "nothing happened, nothing is written"
    robin.close(board.number)
    stage.heal()
    assert board.state == "closed"
    again = [one for one in stage.server.repository(SHOP).issues.values() if "healer:dashboard" in one.body]
    assert again == [board]


def test_a_token_that_may_not_open_pull_requests_gives_a_link(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.permissions = {"contents": "write", "issues": "write", "statuses": "write", "pull_requests": "read"}
    stage.heal()
    assert stage.upgrade.stage is At.PREPARED
    board = next(one for one in stage.server.repository(SHOP).issues.values() if "healer:dashboard" in one.body)
    assert "/compare/main..." in board.body
    assert stage.upgrade.before_people, "it counts for limits.open_pulls like one that is open"
    robin.open_pull("healer/scripted/" + stage.upgrade.finding.fingerprint[:10], "main", "Heal", "by hand")
    stage.heal()
    assert stage.upgrade.stage is At.VALIDATED


def test_restore_points_and_the_ledger_are_at_the_forge(stage: GitHubStage) -> None:
    base = text_of_ref(stage, "refs/heads/main")
    stage.heal()
    up = stage.upgrade
    assert up.prepared.restore_ref.startswith(f"refs/healer/restore/{up.codename}-")
    assert text_of_ref(stage, up.prepared.restore_ref) == base
    robin = stage.person("robin")
    robin.close(up.proposed.pull)
    stage.heal()
    assert not [ref for ref in stage.server.repository(SHOP).git.refs() if "scratch" in ref]


def text_of_ref(stage: GitHubStage, ref: str) -> str:
    git = ["git", "--git-dir", str(stage.server.repository(SHOP).path), "rev-parse", ref]
    return subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()


def test_a_rule_of_the_branch_is_waited_for_and_named(stage: GitHubStage) -> None:
    robin = stage.person("robin")
    stage.heal()
    number = stage.upgrade.proposed.pull
    stage.server.protect(SHOP, "main", reviews=1)
    robin.comment(number, "/approve")
    cycle = stage.orders()
    assert cycle.errors == []
    assert stage.upgrade.stage is At.APPROVED
    assert "approving review is required" in str(cycle.waiting[stage.upgrade.id])
    robin.review(number, "APPROVE")
    stage.heal()
    assert stage.upgrade.stage is At.WATCHED
