"""`/restore` and `/tool_history` on a real repository, to the merge and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gitops_healer.core.upgrade import Stage as At
from gitops_healer.evidence.history import history_of, with_upgrades
from gitops_healer.refactorings.restore_version import restore_version
from gitops_healer.world import World
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, PROGRAM, Stage, call

MakeRepo = Callable[..., GitRepo]
WORSE = PROGRAM.replace("sum(values) / len(values)", "sum(values) // len(values)")
WRONG = PROGRAM.replace("sum(values) / len(values)", "sum(values) * len(values)")


@dataclass
class Ordered(Stage):
    """A stage where nothing is detected: what happens is ordered."""

    def world(self, **options: Any) -> World:
        return replace(super().world(**options), detectors=(), fixers=(restore_version,))


@pytest.fixture
def stage(make_repo: MakeRepo) -> Ordered:
    """Version 1 fails the tests, 2 is right, 3 is what stands there."""
    repo = make_repo(FILES | {"program.py": WRONG})
    repo.commit({"program.py": PROGRAM}, "Divide (#7)")
    repo.commit({"program.py": WORSE}, "Divide whole numbers")
    return Ordered(repo)


def test_an_order_goes_through_all_gates_to_the_merge(stage: Ordered) -> None:
    reply = stage.say("/restore program:mean 2")
    assert reply.allowed, reply.text
    assert stage.upgrade.id in reply.text
    stage.heal()
    up = stage.upgrade
    assert up.stage is At.VALIDATED, up.reason
    assert up.validated is not None and up.proposed is not None
    assert up.plan is not None and up.plan.risk.value == "medium"
    assert {result.check: result.outcome.value for result in up.validated.verdict.results}["tests"] == "passed"
    assert stage.repo.git("show", "main:program.py") + "\n" == WORSE
    assert stage.say("/approve", pull=up.proposed.pull).allowed
    up = stage.upgrade
    assert up.merged is not None and up.proposed is not None
    assert stage.repo.git("show", "main:program.py") + "\n" == PROGRAM
    world = stage.world()
    versions = history_of(world.scene(world.base), "program:mean")
    assert [(version.number, version.upgrade) for version in versions] == [(4, up.id), (3, ""), (2, ""), (1, "")]
    assert versions[0].shape == versions[2].shape
    assert versions[2].pull == 7
    assert with_upgrades(versions, stage.history)[0].pull == up.proposed.pull
    stage.repo.git("checkout", "--quiet", "main")
    stage.repo.git("reset", "--quiet", "--hard")
    stage.repo.git("revert", "--no-edit", up.merged.commit)
    world = stage.world()
    after = history_of(world.scene(world.base), "program:mean")
    assert [(version.number, version.undone_by) for version in after[:2]] == [(5, ""), (4, after[0].commit)]


def test_a_version_that_fails_the_tests_is_not_proposed(stage: Ordered) -> None:
    assert stage.say("/restore program:mean 1").allowed
    stage.heal()
    assert stage.upgrade.stage is At.HELD or stage.upgrade.settled_as is At.DROPPED
    assert stage.upgrade.proposed is None
    assert "test" in stage.upgrade.reason
    assert stage.repo.git("show", "main:program.py") + "\n" == WORSE


def test_the_same_order_twice_is_one_upgrade(stage: Ordered) -> None:
    assert stage.say("/restore program:mean -1").allowed
    again = stage.say("/restore mean 2")
    assert not again.allowed and "under way" in again.text
    assert len(stage.history.upgrades) == 1


@pytest.mark.parametrize(
    ("order", "because"),
    [
        ("/restore", "Say which function"),
        ("/restore program:mean", "Say which function"),
        ("/restore program:mean 9", "names no version"),
        ("/restore program:mean 3", "already"),
        ("/restore program:median 1", "not in the code today"),
        ("/restore program:mean `2`@everyone", "names no version"),
        ("/tool_history", "Say which function"),
        ("/tool_history program:mea", "Near: program:mean"),
    ],
)
def test_an_order_that_cannot_be_followed_says_why(stage: Ordered, order: str, because: str) -> None:
    reply = stage.say(order)
    assert not reply.allowed
    assert because in reply.text
    assert not stage.history.upgrades


def test_strangers_cannot_order(stage: Ordered) -> None:
    assert not stage.say("/restore program:mean 2", actor="stranger").allowed
    assert not stage.history.upgrades


def test_history_lists_versions_with_their_calls(stage: Ordered) -> None:
    world = stage.world()
    newest, older, oldest = history_of(world.scene(world.base), "program:mean")
    when = stage.clock.now()
    lines = [call(when, newest.commit, number < 3, number) for number in range(10)]
    lines += [call(when, older.commit, False, number) for number in range(20, 25)]
    world.executions.import_jsonl(lines)
    reply = stage.say("/tool_history program:mean")
    assert reply.allowed
    said = reply.text.splitlines()
    assert [line[:4] for line in said if line.startswith("- ")] == ["- 3:", "- 2:", "- 1:"]
    assert "10 calls, 70.00% good" in reply.text and "5 calls, 100.00% good" in reply.text
    assert "in #7" in reply.text
    assert oldest.kind.value in said[-3] or "born" in reply.text
