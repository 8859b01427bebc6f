"""The life of an upgrade, as stories."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gitops_healer.core.forge import PullState
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.cycle import run_cycle
from gitops_healer.errors import LostRaceError, PreflightError
from tests.conftest import GitRepo
from tests.cycle.stage import BROKEN, FILES, HEALED, PROGRAM, Stage, asks, breaks_mean, contents

MakeRepo = Callable[..., GitRepo]


@pytest.fixture
def stage(make_repo: MakeRepo) -> Stage:
    return Stage(make_repo(FILES))


def merged(stage: Stage) -> str:
    """Heal until the fix is merged; returns the merge commit."""
    stage.options["limits.mode"] = "deploy"
    stage.heal()
    stage.heal()
    assert stage.upgrade.merged is not None
    return stage.upgrade.merged.commit


def test_a_flaw_becomes_a_proven_pull_request_and_waits_for_people(stage: Stage) -> None:
    before = stage.repo.git("rev-parse", "main")
    cycle = stage.heal()
    up = stage.upgrade
    assert up.stage is At.VALIDATED
    assert stage.repo.git("rev-parse", "main") == before
    assert HEALED in stage.repo.git("show", f"{up.proposed.branch}:program.py")
    assert "maintainer approves" in str(cycle.waiting[up.id])
    pull = stage.world().forge.pull(up.proposed.pull)
    assert pull is not None and pull.state is PullState.OPEN
    assert "mean fails for no values" in pull.body
    trailers = stage.repo.git("log", "-1", "--format=%(trailers:only)", up.proposed.branch)
    assert f"Healer-Upgrade: {up.id}" in trailers and f"Healer-Finding: {up.finding.fingerprint}" in trailers
    assert any(
        ref.startswith(f"refs/healer/restore/{up.codename}-") and commit == before
        for ref, commit in stage.refs().items()
    )


@pytest.mark.parametrize(
    ("comment", "found"),
    [("# healer: ignore[scripted] empty lists are refused", 0), ("# healer: ignore[other] not this", 1)],
)
def test_a_comment_in_the_code_leaves_a_finding_out(stage: Stage, comment: str, found: int) -> None:
    stage.repo.commit({"program.py": PROGRAM.replace("(values):", f"(values):  {comment}", 1)})
    cycle = stage.heal()
    assert len(stage.history.upgrades) == found
    (look,) = (look for look in cycle.looks if look.detector == "scripted")
    assert (look.findings, look.said) == (found, "" if found else "1 left out by comments in the code")


def test_a_maintainer_approves_and_it_is_merged_watched_and_stable(stage: Stage) -> None:
    stage.heal()
    reply = stage.say("/approve", pull=stage.upgrade.proposed.pull)
    assert reply.allowed, reply.text
    up = stage.upgrade
    assert up.stage is At.WATCHED
    assert stage.repo.git("rev-parse", "main") == up.merged.commit
    assert stage.repo.git("show", "main:program.py").count(HEALED) == 1
    assert stage.repo.git("log", "-1", "--format=%(trailers:key=Healer-Upgrade,valueonly)", "main").strip() == up.id
    stage.calls(12, 30, up.merged.parent, hours_ago=20)
    stage.calls(60, 0, up.merged.commit)
    stage.clock.turn(timedelta(hours=25))
    stage.heal()
    up = stage.upgrade
    assert (up.stage, up.settled_as) == (At.CLOSED, At.STABLE)
    assert not [ref for ref in stage.refs() if ref.startswith(("refs/heads/healer/", "refs/healer/scratch/"))]


def test_a_branch_that_somebody_looks_at_stays(stage: Stage) -> None:
    stage.heal()
    branch = stage.upgrade.proposed.branch
    stage.repo.git("switch", "--quiet", branch)
    assert stage.say("/approve", pull=1).allowed
    stage.clock.turn(timedelta(hours=25))
    cycle = stage.heal()
    assert cycle.errors == []
    assert stage.upgrade.stage is At.CLOSED
    assert f"refs/heads/{branch}" in stage.refs()


def test_without_data_it_is_never_called_stable(stage: Stage) -> None:
    merged(stage)
    stage.clock.turn(timedelta(hours=25))
    stage.heal()
    assert stage.upgrade.settled_as is At.UNPROVEN


def test_strangers_are_refused_with_a_reason(stage: Stage) -> None:
    stage.heal()
    reply = stage.say("/approve", actor="stranger", pull=1)
    assert not reply.allowed
    assert "stranger" in reply.text
    assert stage.upgrade.stage is At.VALIDATED
    assert stage.world().forge.comments(1)[-1].author == "gitops-healer"


def test_deploy_merges_low_risk_but_never_in_the_run_that_pushed(stage: Stage) -> None:
    first = stage.heal(limits__mode="deploy")
    assert "never merges" in str(first.waiting[stage.upgrade.id])
    stage.heal(limits__mode="deploy")
    assert stage.upgrade.stage is At.WATCHED


def test_a_regression_is_taken_back_by_a_revert(stage: Stage) -> None:
    before = stage.repo.git("rev-parse", "main^{tree}")
    merge = merged(stage)
    stage.calls(300, 3, stage.upgrade.merged.parent, hours_ago=20)
    stage.calls(40, 60, merge)
    stage.heal()
    up = stage.upgrade
    assert (up.stage, up.settled_as) == (At.CLOSED, At.ROLLED_BACK)
    assert stage.repo.git("rev-parse", "main^{tree}") == before
    message = stage.repo.git("log", "-1", "--format=%B", "main")
    assert f"Healer-Reverts: {merge}" in message
    assert "program:mean" in up.reason
    assert stage.world().forge.pull(up.revert.pull).state is PullState.MERGED


def test_what_was_taken_back_is_not_tried_again_by_itself_but_on_order(stage: Stage) -> None:
    merged(stage)
    assert stage.say(f"/rollback_upgrade {stage.upgrade.id}").allowed
    assert stage.upgrade.settled_as is At.ROLLED_BACK
    first = stage.upgrade.id
    cycle = stage.heal()
    assert "ended as rolled_back" in str(cycle.findings[0][1])
    assert stage.say(f"/reland {first}").allowed
    assert stage.upgrade.attempt == 2
    stage.heal()
    stage.heal()
    assert stage.upgrade.stage is At.WATCHED


def test_later_work_on_the_same_lines_is_an_honest_conflict(stage: Stage) -> None:
    merged(stage)
    stage.repo.git("reset", "--quiet", "--hard", "main")
    stage.repo.commit({"program.py": stage.repo.git("show", "main:program.py").replace("0.0", "1.0 - 1.0")}, "tune it")
    stage.repo.commit(
        {"program.py": stage.repo.git("show", "main:program.py").replace("1.0 - 1.0", "2.0 - 2.0")}, "again"
    )
    tip = stage.repo.git("rev-parse", "main")
    stage.say(f"/rollback_upgrade {stage.upgrade.id}")
    up = stage.upgrade
    assert up.stage is At.HELD
    assert "tune it" in up.reason and "again" in up.reason and "program.py" in up.reason
    assert "git revert" in up.held.next_action
    assert stage.repo.git("rev-parse", "main") == tip
    assert not [ref for ref in stage.refs() if "revert" in ref]


def test_an_unrelated_later_commit_does_not_hinder_the_rollback(stage: Stage) -> None:
    merged(stage)
    stage.repo.git("reset", "--quiet", "--hard", "main")
    stage.repo.commit({"README.md": "A better program.\n"}, "document")
    stage.say(f"/rollback_upgrade {stage.upgrade.id}")
    assert stage.upgrade.settled_as is At.ROLLED_BACK
    assert stage.repo.git("show", "main:program.py") == PROGRAM.rstrip("\n")
    assert stage.repo.git("show", "main:README.md") == "A better program."


def test_what_somebody_took_back_by_hand_is_gone(stage: Stage) -> None:
    merged(stage)
    stage.repo.git("reset", "--quiet", "--hard", "main")
    stage.repo.git("revert", "--no-edit", "HEAD")
    tip = stage.repo.git("rev-parse", "main")
    assert stage.say(f"/rollback_upgrade {stage.upgrade.id}").allowed
    assert stage.upgrade.settled_as is At.ROLLED_BACK
    assert stage.repo.git("rev-parse", "main") == tip


def test_a_closed_revert_is_held_and_built_anew_on_order(stage: Stage) -> None:
    stage.options["risk.revert_without_approval"] = False
    merge = merged(stage)
    stage.calls(300, 3, stage.upgrade.merged.parent, hours_ago=20)
    stage.calls(40, 60, merge)
    stage.heal()
    first = stage.upgrade.revert.pull
    assert stage.upgrade.stage is At.REGRESSED, "policy wants a maintainer's word"
    stage.world().forge.close_pull(first, "Maintainer")
    stage.heal()
    assert stage.upgrade.stage is At.HELD
    assert stage.say(f"/retry {stage.upgrade.id}").allowed
    second = stage.upgrade.revert.pull
    assert second != first
    assert stage.say("/approve", pull=second).allowed
    assert stage.upgrade.settled_as is At.ROLLED_BACK


def test_what_is_not_ours_to_invent_is_asked(stage: Stage) -> None:
    stage.fixer = asks
    stage.heal()
    up = stage.upgrade
    assert up.stage is At.HELD
    assert "What is the mean of nothing?" in up.held.question
    assert f"/choose {up.id} zero|none" in up.held.next_action
    assert not [ref for ref in stage.refs() if ref.startswith("refs/heads/healer/")]
    assert stage.say(f"/choose {up.id} none").allowed
    assert stage.upgrade.stage is At.VALIDATED
    assert "else None" in stage.repo.git("show", f"{stage.upgrade.proposed.branch}:program.py")


def test_a_question_that_somebody_answered_with_code_is_closed(stage: Stage) -> None:
    stage.fixer = asks
    stage.heal()
    stage.repo.commit({"README.md": "more\n"})
    stage.heal()
    assert stage.upgrade.stage is At.HELD, "it is still seen"
    stage.repo.commit({"program.py": PROGRAM.replace(BROKEN, HEALED)})
    stage.heal()
    assert stage.upgrade.settled_as is At.DROPPED
    assert "seen no more since program.py changed" in stage.upgrade.reason


def test_a_fix_that_breaks_a_test_is_dropped_with_the_test_named(stage: Stage) -> None:
    stage.fixer = breaks_mean
    stage.heal()
    up = stage.upgrade
    assert (up.stage, up.settled_as) == (At.CLOSED, At.DROPPED)
    assert "phase 1" in up.reason and "test_mean" in f"{up.reason}"
    assert not [ref for ref in stage.refs() if ref.startswith("refs/heads/healer/")]


def test_closing_the_pull_request_means_ignore(stage: Stage) -> None:
    stage.heal()
    stage.world().forge.close_pull(1, "Maintainer")
    cycle = stage.heal()
    assert stage.upgrade.settled_as is At.DROPPED
    assert "ignored by Maintainer" in str(cycle.findings[0][1])
    reply = stage.say(f"/unignore {stage.upgrade.finding.fingerprint[:10]}")
    assert reply.allowed, reply.text


def test_a_branch_that_somebody_else_committed_to_is_theirs(stage: Stage) -> None:
    stage.heal()
    branch = stage.upgrade.proposed.branch
    stage.repo.git("switch", "--quiet", branch)
    theirs = stage.repo.commit({"README.md": "mine\n"}, "my own idea")
    stage.repo.git("switch", "--quiet", "main")
    stage.heal()
    assert stage.upgrade.stage is At.HELD
    assert "Maintainer changed" in stage.upgrade.reason
    assert stage.repo.git("rev-parse", branch) == theirs


def test_when_the_base_moves_it_is_proved_again_on_the_new_base(stage: Stage) -> None:
    stage.heal()
    stage.repo.commit({"README.md": "new\n"}, "document")
    stage.heal()
    up = stage.upgrade
    assert up.stage is At.VALIDATED
    assert up.validated.base == stage.repo.git("rev-parse", "main")
    assert stage.events().count("Invalidated") == 1


def test_when_the_base_conflicts_it_is_built_again(stage: Stage) -> None:
    stage.heal()
    old = stage.upgrade.proposed.head
    stage.repo.commit({"program.py": PROGRAM.replace(BROKEN, BROKEN + "  # mean")}, "comment")
    stage.heal()
    up = stage.upgrade
    assert up.stage is At.VALIDATED, up.reason
    assert up.proposed.head != old
    assert "# mean" in stage.repo.git("show", f"{up.proposed.branch}:program.py")
    assert up.proposed.pull == 1, "the same pull request"


def test_observe_writes_nothing(stage: Stage) -> None:
    git_dir = stage.repo.path / ".git"
    before = contents(git_dir, ["gitops-healer", "objects"])
    cycle = stage.heal(limits__mode="observe")
    assert [finding.rule for finding, _ in cycle.findings] == ["scripted"]
    assert "mode is observe" in str(next(iter(cycle.waiting.values())))
    assert contents(git_dir, ["gitops-healer", "objects"]) == before


def test_the_work_tree_and_the_index_are_never_touched(stage: Stage) -> None:
    stage.repo.write({"program.py": "# half done\n", "notes.txt": "mine"})
    stage.repo.git("add", "program.py")
    before = contents(stage.repo.path, [".git/"]), (stage.repo.path / ".git/index").read_bytes()
    merged(stage)
    stage.say(f"/rollback_upgrade {stage.upgrade.id}")
    assert (contents(stage.repo.path, [".git/"]), (stage.repo.path / ".git/index").read_bytes()) == before
    assert stage.repo.git("symbolic-ref", "HEAD") == "refs/heads/main"


def test_with_nothing_to_do_nothing_is_written(stage: Stage) -> None:
    merged(stage)
    stage.heal()
    before = stage.refs()
    cycle = stage.heal()
    assert stage.refs() == before
    assert cycle.journal.written == 0


def test_two_cycles_at_once_the_second_says_so(stage: Stage) -> None:
    world = stage.world()
    with world.lock(), pytest.raises(LostRaceError, match="is running already"):
        run_cycle(stage.world())
    assert run_cycle(stage.world()).findings


def test_a_freeze_stops_writing_and_afterwards_it_goes_on(stage: Stage) -> None:
    assert stage.say("/freeze").allowed
    cycle = stage.heal()
    assert "paused by Maintainer" in str(cycle.findings[0][1])
    assert stage.say("/unfreeze").allowed
    stage.heal()
    assert stage.upgrade.stage is At.VALIDATED


def test_an_unborn_branch_is_refused_before_anything_is_written(make_repo: MakeRepo) -> None:
    stage = Stage(make_repo())
    with pytest.raises(PreflightError, match="has no commit yet"):
        stage.heal()
    assert stage.refs() == {}


def test_restore_points_expire(stage: Stage) -> None:
    merged(stage)
    assert [ref for ref in stage.refs() if "restore" in ref]
    stage.clock.turn(timedelta(days=31))
    stage.heal()
    assert not [ref for ref in stage.refs() if "restore" in ref]


def test_a_broken_plugin_holds_its_upgrade_and_stops_nothing(stage: Stage) -> None:
    def breaks(scene: object, finding: object) -> object:
        raise ZeroDivisionError("a bug")

    stage.fixer = breaks
    stage.heal()
    assert stage.upgrade.stage is At.HELD
    assert "ZeroDivisionError: a bug" in stage.upgrade.reason
