"""What happens after a merge at GitHub, over real HTTP and real git: drafts, culprits, issues, and ways back."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_healer.core.attribution import Blame
from gitops_healer.core.finding import Finding
from gitops_healer.core.plan import Cause, Investigation
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.cycle import Cycle, run_cycle
from gitops_healer.errors import LostRaceError
from gitops_healer.registry import Scene
from gitops_healer.world import World
from tests.cycle.stage import HEALED, PROGRAM, TESTS, option
from tests.forge_server.state import Issue, Pull
from tests.github_stage import SHOP, TOO_MANY, GitHubStage, github_stage
from tests.openapi.fixture import Validated


def breaks_long_ones(scene: Scene, finding: Finding) -> Investigation:
    return Investigation(Cause("no values"), options=(option(scene, "zero", TOO_MANY, "Return 0.0"),))


@pytest.fixture
def stage(tmp_path: Path, validated: Validated) -> Iterator[GitHubStage]:
    with github_stage(tmp_path, options={"limits.mode": "deploy"}) as made:
        validated(made.server)
        yield made


def merged(stage: GitHubStage) -> Upgrade:
    """Two days of calls, then the merge."""
    stage.live(48, per_hour=8)
    stage.heal()
    well(stage.heal())
    up = stage.upgrade
    assert up.stage is At.WATCHED
    return up


def well(cycle: Cycle) -> Cycle:
    assert cycle.errors == []
    return cycle


def pulls(stage: GitHubStage) -> list[Pull]:
    return list(stage.server.repository(SHOP).pulls.values())


def issues(stage: GitHubStage) -> list[Issue]:
    """All but the dashboard and pull requests."""
    repository = stage.server.repository(SHOP)
    known = (one for number, one in repository.issues.items() if number not in repository.pulls)
    return [one for one in known if "healer:dashboard" not in one.body]


def branches(stage: GitHubStage) -> list[str]:
    return stage.git("for-each-ref", "--format=%(refname:short)", "refs/heads/healer/").split()


def suspected(stage: GitHubStage) -> Pull:
    """One block of calls that fail, and pass when they are run again: that is a draft."""
    up = merged(stage)
    stage.calls(2, 10, up.merged.commit, hours=0.4)
    well(stage.heal())
    (draft,) = (pull for pull in pulls(stage) if not pull.merged)
    return draft


def broken_by(stage: GitHubStage, login: str = "robin") -> str:
    """A person commits to the base branch what fails; returns the commit."""
    merged(stage)
    stage.live(1)
    line = PROGRAM.replace("return sum(values) / len(values)", TOO_MANY)
    commit = stage.person(login).push("main", {"program.py": line}, "Be quick")
    stage.live(1)
    return commit


def test_a_suspicion_is_a_draft_that_more_calls_turn_into_the_merged_revert(stage: GitHubStage) -> None:
    draft = suspected(stage)
    number, before = draft.number, stage.server.repository(SHOP).issue(draft.number).body
    up = stage.upgrade
    assert up.stage is At.WATCHED and up.regressed is None
    assert draft.draft and up.revert.draft
    assert up.attributions[-1].attribution.blame is Blame.NOT_REPRODUCED
    well(stage.heal())
    assert len(pulls(stage)) == 2 and draft.draft, "nothing new was seen, nothing is done"

    stage.calls(20, 60, up.merged.commit)
    well(stage.heal())
    up = stage.upgrade
    assert (up.settled_as, up.rolled_back.pull) == (At.ROLLED_BACK, number), "in the same run"
    assert not draft.draft and draft.merged
    after = stage.server.repository(SHOP).issue(number)
    assert after.body != before and not after.title.lower().startswith("draft")
    assert stage.git("show", "main:program.py") == PROGRAM
    assert branches(stage) == []


def test_a_suspicion_that_goes_away_leaves_nothing_open(stage: GitHubStage) -> None:
    draft = suspected(stage)
    commit = stage.git("rev-parse", "main").strip()
    for _ in range(2):
        stage.calls(1200, 0, commit, hours=12)
        well(stage.heal())
    assert stage.upgrade.settled_as is At.STABLE, stage.upgrade.reason
    assert not draft.merged
    assert stage.server.repository(SHOP).issue(draft.number).state == "closed"
    assert branches(stage) == []
    assert HEALED in stage.git("show", "main:program.py")


def test_a_bad_merge_is_convicted_by_running_what_failed(stage: GitHubStage) -> None:
    stage.fixer = breaks_long_ones
    up = merged(stage)
    theirs = stage.person("robin").push("main", {"README.md": "More.\n"}, "Say more")
    stage.live(0.4)
    well(stage.heal())
    found = stage.upgrade
    assert found.attributions[-1].attribution.confirmed
    assert found.attributions[-1].attribution.culprit == up.merged.commit
    (revert,) = (pull for pull in pulls(stage) if pull.number != up.proposed.pull)
    assert found.settled_as is At.ROLLED_BACK and revert.merged
    assert stage.git("show", "main:program.py") == PROGRAM
    assert theirs in stage.git("log", "--format=%H", "main")


def test_what_a_person_broke_is_told_in_one_issue_and_stays(stage: GitHubStage) -> None:
    commit = broken_by(stage)
    mark = stage.server.mark()
    well(stage.heal())
    up = stage.upgrade
    assert up.stage is At.WATCHED and up.regressed is None
    assert up.attributions[-1].attribution.culprit == commit
    (issue,) = issues(stage)
    assert up.reports[-1].issue == issue.number
    assert "Be quick" in issue.body and commit[:10] in issue.body
    assert len(pulls(stage)) == 1, "no revert"
    assert stage.git("rev-parse", "main").strip() == commit
    written = writes(stage, mark)
    assert written["POST issues"] == 1, written
    assert sum(written.values()) <= 3, f"the issue, the comment on the merge and the dashboard: {written}"

    mark = stage.server.mark()
    well(stage.heal())
    assert stage.spent(mark).writes == stage.spent(mark).pushes == 0, "nothing new, nothing is written"
    stage.person("robin").close(issue.number)
    stage.live(3)
    well(stage.heal())
    assert [one.state for one in issues(stage)] == ["closed"]
    assert len(stage.upgrade.reports) == 1


def test_policy_lets_us_propose_to_take_back_what_a_person_broke(stage: GitHubStage) -> None:
    stage.options["monitoring.revert_others"] = True
    commit = broken_by(stage)
    well(stage.heal())
    (issue,) = issues(stage)
    (theirs,) = (pull for pull in pulls(stage) if not pull.merged)
    assert f"/pull/{theirs.number}" in issue.body
    for _ in range(2):
        stage.live(1)
        well(stage.heal())
    assert not theirs.merged and len(pulls(stage)) == 2 and len(issues(stage)) == 1
    assert stage.git("rev-parse", "main").strip() == commit, "only people merge it"
    stage.person("robin").merge(theirs.number)
    assert HEALED in stage.git("show", "main:program.py")


def test_a_range_that_people_merged_by_rebase_goes_back_as_one(stage: GitHubStage) -> None:
    stage.options["limits.mode"] = "propose"
    robin, before = stage.person("robin"), stage.git("rev-parse", "main^{tree}")
    stage.heal()
    up = stage.upgrade
    robin.push(up.proposed.branch, {"test_program.py": f"{TESTS}\n\ndef test_none():\n    assert mean([]) == 0\n"})
    robin.push("main", {"README.md": "Ours.\n"})
    robin.merge(up.proposed.pull, "rebase")
    tip = stage.git("rev-parse", "main").strip()
    well(stage.heal())
    up = stage.upgrade
    assert up.stage is At.WATCHED and up.merged.commit == tip
    assert up.merged.parent == stage.git("rev-parse", "main~2").strip(), "both commits are the merge"
    robin.comment(up.proposed.pull, "/rollback_upgrade it is slower")
    well(stage.orders())
    assert stage.upgrade.settled_as is At.ROLLED_BACK, "the order is the approval"
    assert stage.git("rev-list", "--count", f"{tip}..main").strip() == "1"
    assert stage.git("diff", "--name-only", before.strip(), "main").split() == ["README.md"]


def test_two_runs_at_once_in_the_watch_do_everything_once(stage: GitHubStage) -> None:
    up = merged(stage)
    stage.calls(2, 10, up.merged.commit, hours=0.4)
    assert "ok" in at_once(stage)
    well(stage.heal())
    names = Counter(stage.events())
    assert len(pulls(stage)) == 2 and names["Attributed"] == names["RevertProposed"] == 1
    stage.calls(20, 60, up.merged.commit)
    assert "ok" in at_once(stage)
    well(stage.heal())
    assert stage.upgrade.settled_as is At.ROLLED_BACK
    assert stage.git("log", "--format=%s", "main").count("Take back: ") == 1
    assert len(pulls(stage)) == 2


def at_once(stage: GitHubStage) -> list[str]:
    """How two runs end that begin at the same moment."""
    worlds = [stage.world(), stage.world()]

    def run(world: World) -> str:
        try:
            return "; ".join(map(str, run_cycle(world).errors)) or "ok"
        except LostRaceError as error:
            return f"lost: {error}"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, worlds))


def writes(stage: GitHubStage, mark: int) -> Counter[str]:
    """{verb and kind of place: how often} of what was written by REST."""
    lines = (one for one in stage.server.exchanges[mark:] if one.kind == "rest" and one.method != "GET")
    return Counter(f"{one.method} {one.path.partition(f'{SHOP}/')[2].split('/')[0]}" for one in lines)
