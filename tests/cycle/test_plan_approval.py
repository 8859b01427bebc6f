"""Plans that a maintainer has to agree to: approved, revised, expired, and what counts as the same plan later."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gitops_healer.core.finding import Finding, Risk
from gitops_healer.core.plan import Cause, Investigation, Plan
from gitops_healer.core.policy import stays_within
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.registry import Scene
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, HEALED, PROGRAM, Stage, option

NONE = HEALED.replace("0.0", "None")


def two_ways(scene: Scene, finding: Finding) -> Investigation:
    ways = (option(scene, "zero", HEALED, "Return 0.0"), option(scene, "none", NONE, "Return None"))
    return Investigation(Cause("no values", "program.py", 2, 0.9), options=ways)


@pytest.fixture
def stage(make_repo: Callable[..., GitRepo]) -> Stage:
    return Stage(make_repo(FILES), fixer=two_ways, options={"risk.plan_without_approval": []})


def test_nothing_is_built_before_the_plan_is_approved(stage: Stage) -> None:
    cycle = stage.heal()
    assert stage.upgrade.stage is At.PLANNED
    assert "needs a maintainer's approval" in str(cycle.waiting[stage.upgrade.id])
    assert not [ref for ref in stage.refs() if ref.startswith("refs/heads/healer/")]
    plans = [one.body for one in stage.world().forge.comments() if "healer:plan" in one.body]
    assert len(plans) == 1 and f"/approve_plan {stage.upgrade.id}" in plans[0]
    assert stage.say(f"/approve_plan {stage.upgrade.id}").allowed
    assert stage.upgrade.stage is At.VALIDATED
    assert stage.upgrade.plan_approved_by == "Maintainer"


def test_a_revised_plan_is_a_new_version_and_the_old_one_is_kept(stage: Stage) -> None:
    stage.heal()
    first = stage.upgrade.plan
    assert first is not None and (first.version, first.option) == (1, "zero")
    assert stage.say(f"/revise_plan {stage.upgrade.id} use none").allowed
    up = stage.upgrade
    assert up.stage is At.PLANNED
    assert up.plan is not None
    assert (up.plan.version, up.plan.option, up.plan.notes) == (2, "none", ("use none",))
    assert up.earlier_plans == (first,)
    stage.say(f"/approve_plan {up.id}")
    assert NONE in stage.repo.git("show", f"{stage.upgrade.proposed.branch}:program.py")


def test_a_revision_that_nothing_fits_changes_nothing(stage: Stage) -> None:
    stage.heal()
    before = stage.upgrade
    reply = stage.say(f"/revise_plan {before.id} leave program.py alone")
    assert not reply.allowed
    assert stage.upgrade.plan == before.plan


def test_the_approval_of_one_version_is_not_that_of_the_next(stage: Stage) -> None:
    stage.options["limits.mode"] = "observe"
    stage.options["limits.mode"] = "propose"
    stage.heal()
    stage.say(f"/hold {stage.upgrade.id}")
    stage.say(f"/revise_plan {stage.upgrade.id} use none")
    assert stage.upgrade.stage is At.PLANNED
    assert stage.upgrade.plan_approved_by == ""


def test_a_plan_that_nobody_approves_expires(stage: Stage) -> None:
    stage.heal()
    stage.clock.turn(timedelta(days=13))
    stage.heal()
    assert stage.upgrade.stage is At.PLANNED
    stage.clock.turn(timedelta(days=1))
    stage.heal()
    assert stage.upgrade.settled_as is At.DROPPED
    assert "14d" in stage.upgrade.reason
    assert stage.say(f"/retry {stage.upgrade.id}").allowed


def test_a_moved_base_needs_no_second_approval_of_the_same_plan(stage: Stage) -> None:
    stage.options["limits.open_pulls"] = 0
    stage.heal()
    stage.say(f"/approve_plan {stage.upgrade.id}")
    assert stage.upgrade.stage is At.PREPARED
    stage.repo.commit({"program.py": f"# a new line\n{PROGRAM}"})
    stage.options["limits.open_pulls"] = 3
    stage.say(f"/rebuild {stage.upgrade.id}")
    stage.heal()
    assert stage.upgrade.stage is At.VALIDATED
    assert (
        "stays inside"
        in [event.fact for event in stage.world().ledger.load() if event.name == "PlanApproved"][-1].reason
    )


PLAN = Plan("zero", "Return 0.0", (), ("a.py",), ("f",), Risk.MEDIUM, 5, 3, "1" * 40)


@pytest.mark.parametrize(
    ("later", "within"),
    [
        (PLAN, True),
        (replace(PLAN, lines=2, version=2, option="other"), True),
        (replace(PLAN, risk=Risk.LOW), True),
        (replace(PLAN, risk=Risk.HIGH), False),
        (replace(PLAN, paths=("a.py", "b.py")), False),
        (replace(PLAN, symbols=("f", "g")), False),
        (replace(PLAN, paths=(), symbols=()), True),
    ],
)
def test_what_stays_inside_an_approved_plan(later: Plan, within: bool) -> None:
    assert stays_within(later, PLAN).allowed is within
