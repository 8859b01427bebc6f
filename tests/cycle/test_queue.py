"""What people order: a queue that is worked through one by one, and what becomes of it when one fails."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from gitops_healer.core.change import whole_file
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.cycle import Cycle, run_cycle
from gitops_healer.registry import Detector, Fixer, Scene
from gitops_healer.world import World
from tests.conftest import GitRepo
from tests.cycle.stage import BROKEN, HEALED, WRONG, Stage

PARTS = ("alpha", "beta", "gamma")
PROGRAM = f"def mean(values):\n    {BROKEN}\n"
FILES = {
    **{f"shop/{part}.py": PROGRAM for part in PARTS},
    "shop/__init__.py": "",
    **{
        f"test_{part}.py": f"from shop.{part} import mean\n\n\ndef test_mean():\n    assert mean([1, 3]) == 2\n"
        for part in PARTS
    },
}


def sees_parts(scene: Scene) -> Iterable[Finding]:
    for priority, part in enumerate(PARTS, 5):
        path = f"shop/{part}.py"
        source = (scene.repository.read(scene.commit, path) or b"").decode()
        if BROKEN in source and HEALED not in source:
            yield Finding(
                "scripted", path, f"shop.{part}:mean", 1, 2, Severity.HIGH, f"{part} fails for no values",
                fingerprint("scripted", part, BROKEN), Risk.LOW, priority,
            )  # fmt: skip


def option(scene: Scene, finding: Finding, new: str) -> Option:
    before = scene.repository.read(scene.commit, finding.path) or b""
    change = whole_file(finding.path, before, before.replace(BROKEN.encode(), new.encode(), 1))
    return Option("zero", "Return 0.0", "scripted", change, "0.0", ("the story says so",), symbols=("mean",))


def heals(scene: Scene, finding: Finding) -> Investigation:
    return Investigation(Cause("no values"), options=(option(scene, finding, HEALED),))


def breaks(scene: Scene, finding: Finding) -> Investigation:
    return Investigation(Cause("no values"), options=(option(scene, finding, WRONG),))


class Shop(Stage):
    """Three flaws in three modules; nothing is begun that nobody ordered."""

    def world(self, **options: object) -> World:
        world = super().world(**{"limits__new_per_cycle": 0, "limits__open_pulls": 9, **options})
        fixer = Fixer("scripted", "Fixes what the story needs.", ("scripted",), self.fixer)
        return replace(world, detectors=(Detector("scripted", "Sees.", "code", sees_parts),), fixers=(fixer,))


@pytest.fixture
def shop(make_repo: Callable[..., GitRepo]) -> Shop:
    return Shop(make_repo(FILES))


def stages(shop: Shop) -> dict[str, At]:
    return {up.finding.symbol.split(":")[0].removeprefix("shop."): up.stage for up in shop.history.upgrades.values()}


def said(shop: Shop) -> str:
    return "\n".join(comment.body for comment in shop.world().forge.comments() if comment.author == "gitops-healer")


def test_an_order_begins_what_it_names_and_says_what_became_of_it(shop: Shop) -> None:
    assert shop.say("/self_upgrade shop/beta.py").allowed
    assert stages(shop) == {"beta": At.VALIDATED}
    (up,) = shop.history.upgrades.values()
    assert up.order
    assert up.id in said(shop)
    (served,) = shop.history.served.values()
    assert served.upgrades == (up.id,)
    before = shop.events()
    shop.heal()
    assert shop.events() == before, "an order is served once"


def test_an_order_for_which_nothing_is_seen_is_told_so(shop: Shop) -> None:
    shop.repo.commit({"shop/alpha.py": PROGRAM.replace(BROKEN, HEALED)})
    assert shop.say("/self_upgrade shop/alpha.py").allowed
    assert stages(shop) == {}
    assert "no detector sees a flaw there" in said(shop)


def test_an_order_in_mode_observe_or_while_frozen_begins_nothing(shop: Shop) -> None:
    assert shop.say("/freeze until Monday").allowed
    shop.say("/self_upgrade shop/beta.py")
    assert stages(shop) == {}


def test_one_at_a_time_most_urgent_first_and_a_question_does_not_block(shop: Shop) -> None:
    shop.options["risk.plan_without_approval"] = []
    assert shop.say("/self_upgrade").allowed
    assert stages(shop) == {"gamma": At.PLANNED, "beta": At.QUEUED, "alpha": At.QUEUED}
    gamma = next(up for up in shop.history.upgrades.values() if up.stage is At.PLANNED)
    assert shop.say(f"/approve_plan {gamma.id}").allowed
    shop.heal()
    assert stages(shop) == {"gamma": At.VALIDATED, "beta": At.PLANNED, "alpha": At.QUEUED}
    cycle = shop.heal()
    waits = {up.finding.path: str(decision) for up, decision in cycle.summary().upgrades}
    assert "1 at a time" in waits["shop/alpha.py"]


def test_more_slots_more_at_a_time(shop: Shop) -> None:
    shop.options |= {"risk.plan_without_approval": [], "limits.slots": 2}
    shop.say("/self_upgrade")
    assert sorted(stage.value for stage in stages(shop).values()) == ["planned", "planned", "queued"]


def test_a_failure_clears_the_rest_with_a_way_back_for_each(shop: Shop) -> None:
    shop.options["risk.plan_without_approval"] = []
    shop.fixer = breaks
    shop.say("/self_upgrade")
    gamma = next(up for up in shop.history.upgrades.values() if up.stage is At.PLANNED)
    shop.say(f"/approve_plan {gamma.id}")
    assert stages(shop) == dict.fromkeys(PARTS, At.CLOSED)
    cleared = [up for up in shop.history.upgrades.values() if up.id != gamma.id]
    for up in cleared:
        assert gamma.id in up.reason and "cleared" in up.reason
        assert up.settled_as is At.DROPPED
    shop.fixer = heals
    for up in cleared:
        assert shop.say(f"/retry {up.id}").allowed
    shop.heal()
    again = [up for up in shop.history.upgrades.values() if up.attempt == 2]
    assert {up.finding.path for up in again} == {up.finding.path for up in cleared}


def test_what_detectors_found_waits_for_no_order_and_is_cleared_by_none(shop: Shop) -> None:
    shop.options["risk.plan_without_approval"] = []
    shop.fixer = breaks
    shop.say("/self_upgrade shop/gamma.py")
    shop.clock.turn(shop.world().settings.limits.interval)
    cycle: Cycle = run_cycle(shop.world(limits__new_per_cycle=1))
    assert stages(shop) == {"gamma": At.PLANNED, "beta": At.PLANNED}
    gamma = next(up for up in cycle.journal.history.upgrades.values() if up.order)
    shop.say(f"/approve_plan {gamma.id}")
    assert stages(shop)["gamma"] is At.CLOSED
    assert stages(shop)["beta"] is At.PLANNED


def test_the_queue_may_be_kept(shop: Shop) -> None:
    shop.options |= {"limits.clear_queue_on_failure": False}
    shop.fixer = breaks
    shop.say("/self_upgrade")
    assert {up.reason.split(":")[0] for up in shop.history.upgrades.values()} == {"phase 1"}


def test_a_run_that_only_obeys_leaves_the_dashboard_its_findings(shop: Shop) -> None:
    def board() -> str:
        shown = shop.world().forge.dashboard()
        assert shown is not None
        return shown.body

    shop.heal()
    before = board()
    assert "beta fails for no values" in before
    shop.say("/upgrade_status")
    assert board() == before
    shop.say("/self_upgrade shop/beta.py")
    assert board() != before
    assert "alpha fails for no values" in board()
