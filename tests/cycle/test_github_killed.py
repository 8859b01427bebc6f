"""A run at GitHub that is killed around any of its writes: the next one ends the story, and nothing is doubled.

What lasts is written by REST and by pushes; the boundaries are the moments just before and just after each of them.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.github_client import GitHubClient
from gitops_healer.adapters.origin import Origin
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.cycle import run_cycle
from gitops_healer.ports import RefUpdate
from tests.cycle.dying import lived
from tests.cycle.stage import BROKEN, PROGRAM
from tests.github_stage import SHOP, TOO_MANY, GitHubStage, github_stage


def die_at(boundary: int) -> None:
    """In the child only: every write is two boundaries, before it and after it."""
    passed = 0

    def cross() -> None:
        nonlocal passed
        passed += 1
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    send, push = GitHubClient._send, Origin.push

    def sending(self: GitHubClient, verb: str, *rest: Any, **named: Any) -> Any:
        query = rest[0] == self._requester.graphql_url and "mutation" not in rest[1]["query"]
        writes = verb != "GET" and not query
        if writes:
            cross()
        answer = send(self, verb, *rest, **named)
        if writes:
            cross()
        return answer

    def pushing(self: Origin, updates: Sequence[RefUpdate]) -> None:
        cross()
        push(self, updates)
        cross()

    GitHubClient._send, Origin.push = sending, pushing  # type: ignore[method-assign]


def healed(stage: GitHubStage, kill_at: int) -> bool:
    """One cycle in a process of its own that dies at a boundary; whether it lived."""
    stage.clock.turn(timedelta(minutes=5))
    world = stage.world()

    def deed() -> None:
        die_at(kill_at)
        run_cycle(world)

    return lived(deed)


def standing(stage: GitHubStage) -> dict[str, Any]:
    """All that people see, and how often."""
    repository = stage.server.repository(SHOP)
    marks = Counter(
        (said.number, said.body.partition("<!-- healer:")[2].partition(" -->")[0])
        for said in repository.comments.values()
    )
    issues = [issue.body for number, issue in repository.issues.items() if number not in repository.pulls]
    boards = [body for body in issues if "healer:dashboard" in body]
    branches = [ref for ref in repository.git.refs() if ref.startswith("refs/heads/healer/")]
    return {
        "pulls": len(repository.pulls),
        "merged": sum(pull.merged is not None for pull in repository.pulls.values()),
        "drafts": sum(pull.draft for pull in repository.pulls.values()),
        "boards": len(boards),
        "issues": len(issues) - len(boards),
        "branches": len(branches),
        "comments": sorted(marks.items()),
        "stage": stage.upgrade.stage,
        "events": Counter(stage.events()),
    }


def proposes(stage: GitHubStage) -> None:
    """Nothing was done yet."""


def merges(stage: GitHubStage) -> None:
    stage.heal()


def drafts(stage: GitHubStage) -> None:
    """One block of calls fails, and none of them when it is run again."""
    stage.live(48, per_hour=8)
    stage.heal()
    stage.heal()
    stage.calls(2, 10, stage.upgrade.merged.commit, hours=0.4)


def takes_back(stage: GitHubStage) -> None:
    drafts(stage)
    stage.heal()
    stage.calls(20, 60, stage.upgrade.merged.commit)


def tells(stage: GitHubStage) -> None:
    """A person's commit fails, and policy lets us propose to take it back."""
    stage.options["monitoring.revert_others"] = True
    stage.live(48, per_hour=8)
    stage.heal()
    stage.heal()
    stage.person("robin").push("main", {"program.py": PROGRAM.replace(BROKEN, TOO_MANY)}, "Be quick")
    stage.live(1)


SCENES: dict[Callable[[GitHubStage], None], dict[str, Any]] = {
    proposes: {"stage": At.WATCHED, "pulls": 1, "merged": 1, "issues": 0},
    merges: {"stage": At.WATCHED, "pulls": 1, "merged": 1, "issues": 0},
    drafts: {"stage": At.WATCHED, "pulls": 2, "merged": 1, "issues": 0, "drafts": 1},
    takes_back: {"stage": At.CLOSED, "pulls": 2, "merged": 2, "issues": 0, "drafts": 0},
    tells: {"stage": At.WATCHED, "pulls": 2, "merged": 1, "issues": 1, "drafts": 0},
}
"""{what is before the run that is killed: how it ends}."""


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"the run that {scene.__name__}")
def test_killed_around_any_write_it_ends_the_same(tmp_path: Path, scene: Callable[[GitHubStage], None]) -> None:
    ends: dict[str, Any] = {}
    every = 5 if scene in (proposes, merges) else 9  # the later a scene, the longer it takes to come to it
    for boundary in range(0, 200, every):
        with github_stage(tmp_path / f"{boundary}", options={"limits.mode": "deploy"}) as stage:
            scene(stage)
            if healed(stage, boundary) and boundary:
                break
            for _ in range(3):  # they pick up what the killed one left
                stage.heal()
            found = standing(stage)
            ends = ends or found
            assert found == ends, f"killed at boundary {boundary}"
    assert boundary > 8, "something must have been there to be killed"
    assert ends["boards"] == 1
    assert {key: ends[key] for key in SCENES[scene]} == SCENES[scene]
