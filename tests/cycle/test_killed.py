"""A cycle killed at every single boundary, then run again, ends in the same state with nothing done twice.

Every lasting effect of a cycle is a ref update (ledger, forge, branches, restore points, merges), so the boundaries are
the moments just before and just after each of them. The kill is a real SIGKILL of a real process.
"""

import os
import shutil
import signal
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
from tests.cycle.stage import FILES, START, Stage

PARTS = 4


def stage_at(repo: GitRepo, step: int) -> Stage:
    """The stage as it is in a step: the clock and the id of the run are those of the step, however often it is run."""
    stage = Stage(repo, options={"limits.mode": "deploy"}, clock=TurnedClock(START + timedelta(minutes=10 * step)))
    stage.runs = 100 * step
    return stage


def heal(repo: GitRepo, step: int) -> None:
    stage_at(repo, step).heal()


def regress(repo: GitRepo, step: int) -> None:
    stage = stage_at(repo, step)
    merged = stage.upgrade.merged
    assert merged is not None
    stage.calls(300, 3, merged.parent, hours_ago=20)
    stage.calls(40, 60, merged.commit)
    stage_at(repo, step).heal()


def reland(repo: GitRepo, step: int) -> None:
    """The comment is written once; obeying it may take several runs."""
    stage = stage_at(repo, step)
    forge = stage.world().forge
    text = f"/reland {next(iter(stage.history.upgrades))}"
    if not any(comment.body == text for comment in forge.comments()):
        forge.add_comment(0, "Maintainer", text)
    stage_at(repo, step).heal()


STORY: Sequence[Callable[[GitRepo, int], None]] = (heal, heal, regress, reland, heal)


def play(repo: GitRepo, kill_at: int = 0, first: int = 0, report: int = -1) -> int:
    """Play the story from step `first` in a child that dies at boundary `kill_at`; returns the step in which it died,
    or the number of steps when it lived, and -1 when it failed otherwise."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            if kill_at:
                die_at(kill_at)
            for number, step in enumerate(STORY):
                if number >= first:
                    os.write(writing, bytes([number]))
                    step(repo, number)
            os.write(writing, bytes([len(STORY)]))
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        steps = pipe.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        return -1
    assert os.WIFEXITED(status) or os.WTERMSIG(status) == signal.SIGKILL
    return steps[-1]


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


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """(a copy of the repository before the story, with warm caches; how the story ends when nobody dies)."""
    home = tmp_path_factory.mktemp("reference")
    repo = GitRepo(home / "whole")
    repo.path.mkdir()
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("config", "user.name", "Maintainer")
    repo.git("config", "user.email", "maintainer@example.org")
    repo.commit(FILES, "first")
    shutil.copytree(repo.path, home / "fresh")
    assert play(repo) == len(STORY)
    state = home / "fresh/.git/gitops-healer"
    state.mkdir()
    shutil.copy(repo.path / ".git/gitops-healer/cache.sqlite", state / "cache.sqlite")
    return home / "fresh", outcome(repo)


def test_the_story_is_worth_killing(reference: tuple[Path, dict[str, Any]]) -> None:
    names = [event[1] for event in reference[1]["events"]]
    assert {"Proposed", "Merged", "Watched", "Regressed", "RolledBack", "Closed", "Commanded"} <= set(names)
    assert names.count("Merged") == 2


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_every_boundary_it_ends_the_same(
    part: int, reference: tuple[Path, dict[str, Any]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fresh, expected = reference
    boundary, killed = part + 1, 0
    while True:
        trial = GitRepo(tmp_path / f"trial-{boundary}")
        shutil.copytree(fresh, trial.path)
        died_in = play(trial, kill_at=boundary)
        assert died_in >= 0, f"boundary {boundary}: {capfd.readouterr().err}"
        if died_in == len(STORY):
            break
        killed += 1
        assert play(trial, first=died_in) == len(STORY), f"after boundary {boundary}: {capfd.readouterr().err}"
        assert outcome(trial) == expected, f"boundary {boundary} in step {died_in}"
        shutil.rmtree(trial.path)
        boundary += PARTS
    assert killed >= 20
