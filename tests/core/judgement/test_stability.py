"""How often merges are taken back, how soon, and which of that was a mistake."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from gitops_healer.core.change import Change, Edit
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.judgement.stability import by_kind, by_tool, deployments_of, same_change, stability
from gitops_healer.core.plan import Cause, Investigation, Option, Plan
from gitops_healer.core.upgrade import (
    Closed,
    Event,
    HealthChecked,
    Investigated,
    LeftUnproven,
    Merged,
    Paused,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Queued,
    Regressed,
    RolledBack,
    Stabilised,
    Stage,
    Watched,
    event_id,
)
from gitops_healer.core.verdict import Verdict
from gitops_healer.core.watching import Health, Judgement, Window

START = datetime(2026, 3, 1, tzinfo=UTC)
VERDICT = Verdict(1, "d" * 40, ())
WINDOW = Window(START, START + timedelta(days=1), START - timedelta(days=7))
SUSPECT = HealthChecked(Health(Judgement.SUSPECT, "3 of 9 calls fail"))
CALM = HealthChecked(Health(Judgement.INSUFFICIENT, "too few calls"))
BAD = Regressed("3 of 9 calls fail", "healer")
BACK = RolledBack("f" * 40, 8)


def option(new: str = "return 0\n", start: int = 10, key: str = "zero") -> Option:
    return Option(key, "Return zero", "guard", Change((Edit("shop.py", start, "return 1\n", new),)))


def deployed(tool: str, rule: str = "low_success_rate", attempt: int = 1, chosen: Option | None = None) -> list[Any]:
    chosen = chosen or option()
    finding = Finding(rule, "shop.py", tool, 1, 9, Severity.HIGH, "fails", f"{rule}-{tool}")
    plan = Plan(chosen.key, "Guard", (), ("shop.py",), (), Risk.LOW, 7, 3, "c" * 40)
    return [
        Queued(finding, "calm-fox", "c" * 40, attempt), Investigated(Investigation(Cause("no"), options=(chosen,))),
        Planned(plan), PlanApproved("policy", "low risk"), Prepared("d" * 40, "c" * 40, "refs/x", VERDICT),
        Proposed("healer/x", "d" * 40, 7, "", "run"), Merged("e" * 40, "c" * 40, "d" * 40, START),
        Watched(VERDICT, WINDOW),
    ]  # fmt: skip


def ledger(*lives: list[Any]) -> Iterator[Event]:
    """An hour an event, the merge at START + 6 h of each life by the ledger and at START by git."""
    hours = count()
    yield Event("0", START, "", "run", "robin", Paused("robin", "holiday"))
    for number, facts in enumerate(lives):
        for position, fact in enumerate(facts):
            moment = START + timedelta(hours=next(hours) if number == 0 else position)
            yield Event(event_id(f"up-{number}", position, fact), moment, f"up-{number}", "run", "healer", fact)


def test_times_are_counted_from_the_merge_and_from_the_decision() -> None:
    life = [*deployed("shop:total"), CALM, SUSPECT, SUSPECT, BAD, BACK, Closed("rolled_back", "no")]
    (found,) = deployments_of(ledger(life))
    assert found.to_detect == timedelta(hours=9), "the first suspicion counts, not what followed"
    assert found.to_revert == timedelta(hours=1)
    assert (found.ended, found.by) == (Stage.ROLLED_BACK, "healer")


def test_an_order_of_a_person_counts_from_the_order() -> None:
    life = [*deployed("shop:total"), Stabilised("fine"), Closed("stable", ""), Regressed("I say so", "robin"), BACK]
    (found,) = deployments_of(ledger(life))
    assert found.to_detect == timedelta(hours=10)
    assert found.by == "robin"


def test_figures_by_tool_and_by_kind() -> None:
    lives = [
        [*deployed("shop:total"), SUSPECT, BAD, BACK],
        [*deployed("shop:total", "slow"), Stabilised("fine")],
        [*deployed("shop:price"), LeftUnproven("too few calls")],
        deployed("shop:tax"),
        deployed("shop:never")[:5],
    ]
    found = deployments_of(ledger(*lives))
    tools = {f.name: f for f in stability(found, by_tool)}
    assert next(iter(tools)) == "shop:total", "what is taken back most often comes first"
    assert "shop:never" not in tools, "what was never merged is no deployment"
    total = tools["shop:total"]
    assert (total.deployments, total.rollbacks, total.rollback_rate, total.stable) == (2, 1, 0.5, 1)
    assert (tools["shop:price"].unproven, tools["shop:tax"].open) == (1, 1)
    assert tools["shop:price"].to_detect is None
    kinds = {f.name: (f.deployments, f.rollbacks) for f in stability(found, by_kind)}
    assert kinds == {"low_success_rate": (3, 1), "slow": (1, 0)}


@pytest.mark.parametrize(
    ("again", "end", "mistake"),
    [
        (option(start=200), Stabilised("fine"), True),
        (option("return 2\n"), Stabilised("fine"), False),
        (option(), LeftUnproven("too few calls"), False),
        (option(), SUSPECT, False),
    ],
    ids=["came back as it was, elsewhere in the file", "another change", "never proven", "still watched"],
)
def test_a_change_that_came_back_and_stayed_shows_that_the_rollback_was_a_mistake(
    again: Option, end: Any, mistake: bool
) -> None:
    first = [*deployed("shop:total"), SUSPECT, BAD, BACK, Closed("rolled_back", "no")]
    second = [*deployed("shop:total", attempt=2, chosen=again), end]
    found = deployments_of(ledger(first, second))
    assert bool(found[0].proven_by) is mistake
    assert stability(found, by_tool)[0].false_rollbacks == int(mistake)


def test_the_same_lines_of_another_option_are_another_change() -> None:
    assert same_change(option(), option())
    assert not same_change(option(), option(key="none"))
    assert not same_change(option(), None)
