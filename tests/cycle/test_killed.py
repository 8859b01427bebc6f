"""A cycle killed at every single boundary, then run again, ends in the same state with nothing done twice.

Every lasting effect of a cycle is a ref update (ledger, forge, branches, restore points, merges), so the boundaries are
the moments just before and just after each of them. The kill is a real SIGKILL of a real process.
"""

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.adapters.repository import GitRepository
from gitops_healer.core.codec import to_json
from gitops_healer.ports import RefUpdate
from tests.conftest import GitRepo
from tests.cycle.dying import lived
from tests.cycle.stage import BROKEN, FILES, PROGRAM, START, Stage, call
from tests.github_stage import TOO_MANY, really_called


def stage_at(repo: GitRepo, step: int, minutes: float = 0) -> Stage:
    """The stage as it is in a step, or so long after it began: the clock and the id of the run are those of the step,
    however often it is run."""
    begins = START + timedelta(hours=4 * step, minutes=minutes)
    stage = Stage(repo, options={"limits.mode": "deploy"}, clock=TurnedClock(begins))
    stage.runs = 100 * step
    return stage


def heal(repo: GitRepo, step: int) -> None:
    stage_at(repo, step).heal()


def suspect(repo: GitRepo, step: int) -> None:
    """One block of calls fails, and none of them when it is run again."""
    stage = stage_at(repo, step)
    merged = stage.upgrade.merged
    assert merged is not None
    stage.calls(300, 3, merged.parent, hours_ago=20)
    begin = stage.clock.now()
    lines = [call(begin + timedelta(minutes=2 * n), merged.commit, n % 6 > 0, n) for n in range(12)]
    stage.world().executions.import_jsonl(lines)
    stage_at(repo, step, minutes=25).heal()


def regress(repo: GitRepo, step: int) -> None:
    stage = stage_at(repo, step)
    merged = stage.upgrade.merged
    assert merged is not None
    stage.calls(40, 60, merged.commit)
    stage_at(repo, step, minutes=120).heal()


def theirs(repo: GitRepo, step: int) -> None:
    """A person's commit breaks what the calls give it."""
    stage = stage_at(repo, step)
    merged = stage.upgrade.merged
    assert merged is not None
    repo.git("reset", "--quiet", "--hard", "main")
    bad = PROGRAM.replace(BROKEN, TOO_MANY)
    commit = repo.git("rev-parse", "main")
    if commit == merged.commit:
        commit = repo.commit({"program.py": bad}, "Be quick")
    begin, names = stage.clock.now(), dict[str, Any]()
    exec(bad, names)
    stage.calls(300, 3, merged.parent, hours_ago=20)
    numbered = [(begin + timedelta(minutes=n), [n + k for k in range(n % 8)]) for n in range(60)]
    lines = [really_called(names["mean"], values, when, commit) for when, values in numbered]
    stage.world().executions.import_jsonl(lines)
    stage_at(repo, step, minutes=61).heal()


def reland(repo: GitRepo, step: int) -> None:
    """The comment is written once; obeying it may take several runs."""
    stage = stage_at(repo, step)
    forge = stage.world().forge
    text = f"/reland {next(iter(stage.history.upgrades))}"
    if not any(comment.body == text for comment in forge.comments()):
        forge.add_comment(0, "Maintainer", text)
    stage_at(repo, step).heal()


Step = Callable[[GitRepo, int], None]
STORY: Sequence[Step] = (heal, heal, suspect, regress, reland, heal)
NOT_OURS: Sequence[Step] = (heal, heal, theirs)


def play(story: Sequence[Step], repo: GitRepo, step: int, kill_at: int = 0) -> bool:
    """Play one step in a child that dies at boundary `kill_at`; whether it lived. What goes wrong in it is raised."""

    def deed() -> None:
        die_at(kill_at)
        story[step](repo, step)

    return lived(deed)


def die_at(boundary: int) -> None:
    """In the child only: every ref update is two boundaries, before it and after it."""
    honest, passed = GitRepository.update_refs, 0

    def cross() -> None:
        nonlocal passed
        passed += 1
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    def update_refs(self: GitRepository, updates: Sequence[RefUpdate], reason: str) -> None:
        cross()
        honest(self, updates, reason)
        cross()

    GitRepository.update_refs = update_refs  # type: ignore[method-assign]


def outcome(repo: GitRepo) -> dict[str, Any]:
    """Everything that lasts, without the seconds that things took."""
    stage = stage_at(repo, 0)
    world = stage.world()
    events = [(e.upgrade, e.name, e.actor, e.run, timeless(to_json(e.fact))) for e in world.ledger.load()]
    forge_tree = repo.git("rev-parse", "refs/healer/forge^{tree}")
    refs = {ref: at for ref, at in stage.refs().items() if ref not in ("refs/healer/forge", "refs/heads/healer-ledger")}
    return {"events": events, "forge": forge_tree, "refs": refs, "log": repo.git("log", "--format=%H %s", "main")}


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key != "seconds"}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def outcomes(path: Path, story: Sequence[Step]) -> list[dict[str, Any]]:
    """Play a whole story; keep `before-<step>` copies of the repository beside it; returns how each step ends."""
    repo = GitRepo(path / "whole")
    repo.path.mkdir()
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("config", "user.name", "Maintainer")
    repo.git("config", "user.email", "maintainer@example.org")
    repo.commit(FILES, "first")
    ends = []
    for step in range(len(story)):
        shutil.copytree(repo.path, path / f"before-{step}")
        assert play(story, repo, step)
        ends.append(outcome(repo))
    for step in range(len(story)):  # warm caches: what is tried here is not how long the tests take
        state = path / f"before-{step}/.git/gitops-healer"
        state.mkdir(exist_ok=True)
        shutil.copy(repo.path / ".git/gitops-healer/cache.sqlite", state / "cache.sqlite")
    return ends


Reference = tuple[Path, list[dict[str, Any]]]
"""(where the copies are, how each step ends when nobody dies)."""


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    home = tmp_path_factory.mktemp("reference")
    return home, outcomes(home, STORY)


@pytest.fixture(scope="module")
def not_ours(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    home = tmp_path_factory.mktemp("not-ours")
    return home, outcomes(home, NOT_OURS)


def names_of(end: dict[str, Any]) -> list[str]:
    return [event[1] for event in end["events"]]


def test_the_story_is_worth_killing(reference: Reference) -> None:
    names = names_of(reference[1][-1])
    assert {"Proposed", "Watched", "HealthChecked", "Attributed", "Regressed", "RolledBack", "Commanded"} <= set(names)
    assert names.count("Merged") == 2
    assert names.count("RevertProposed") == 2, "the draft, and that it is ready"
    assert names_of(reference[1][2])[-1] == "RevertProposed", "a suspicion ends with a draft"


@pytest.mark.parametrize("step", range(len(STORY)))
def test_killed_at_every_boundary_it_ends_the_same(step: int, reference: Reference, tmp_path: Path) -> None:
    killed_everywhere(STORY, step, reference, tmp_path)


@pytest.mark.slow
def test_killed_while_people_are_told_they_are_told_once(not_ours: Reference, tmp_path: Path) -> None:
    names = Counter(names_of(not_ours[1][-1]))
    assert names["Reported"] == names["Attributed"] == 1 and not names["Regressed"]
    killed_everywhere(NOT_OURS, 2, not_ours, tmp_path)


def killed_everywhere(story: Sequence[Step], step: int, reference: Reference, folder: Path) -> None:
    home, ends = reference
    for boundary in range(1, 1000):
        trial = GitRepo(folder / f"trial-{boundary}")
        shutil.copytree(home / f"before-{step}", trial.path)
        if play(story, trial, step, kill_at=boundary):
            break
        assert play(story, trial, step)
        assert outcome(trial) == ends[step], f"killed at boundary {boundary}"
        shutil.rmtree(trial.path)
    assert boundary > 8, "something must have been there to be killed"
