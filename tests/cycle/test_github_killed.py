"""A run at GitHub that is killed around any of its writes: the next one ends the story, and nothing is doubled.

What lasts is written by REST and by pushes; the boundaries are the moments just before and just after each of them.
"""

import os
import signal
from collections import Counter
from collections.abc import Sequence
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
from tests.github_stage import SHOP, GitHubStage, github_stage


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
        writes = verb != "GET" and rest[0] != self._requester.graphql_url
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
    boards = [issue for issue in repository.issues.values() if "healer:dashboard" in issue.body]
    branches = [ref for ref in repository.git.refs() if ref.startswith("refs/heads/healer/")]
    return {
        "pulls": len(repository.pulls),
        "merged": sum(pull.merged is not None for pull in repository.pulls.values()),
        "boards": len(boards),
        "branches": len(branches),
        "comments": sorted(marks.items()),
        "stage": stage.upgrade.stage,
        "events": Counter(stage.events()),
    }


@pytest.mark.slow
@pytest.mark.parametrize("which", [1, 2], ids=["the run that proposes", "the run that merges"])
def test_killed_around_any_write_it_ends_the_same(tmp_path: Path, which: int) -> None:
    ends: dict[str, Any] = {}
    for boundary in range(0, 200, 5):
        with github_stage(tmp_path / f"{boundary}", options={"limits.mode": "deploy"}) as stage:
            for _ in range(1, which):
                stage.heal()
            if healed(stage, boundary) and boundary:
                break
            for _ in range(3):  # they pick up what the killed one left
                stage.heal()
            found = standing(stage)
            ends = ends or found
            assert found == ends, f"killed at boundary {boundary}"
    assert boundary > 8, "something must have been there to be killed"
    assert ends["pulls"] == ends["boards"] == ends["merged"] == 1
    assert ends["stage"] is At.WATCHED
