"""Which order is possible when, and where something stands in the queue."""

from datetime import UTC, datetime, timedelta

import pytest

from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.history import History, replay
from gitops_healer.core.orders import (
    CLEARED,
    ended,
    order_possible,
    place_in_queue,
    possible_orders,
    was_cleared,
    where_it_stands,
    which_upgrade,
)
from gitops_healer.core.upgrade import Closed, Dropped, Event, Fact, Held, Queued

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def history(*lives: tuple[str, tuple[Fact, ...]]) -> History:
    events = [(upgrade, fact) for upgrade, facts in lives for fact in facts]
    return replay(
        Event(f"{number}", NOW + timedelta(minutes=number), upgrade, "run", "x", fact)
        for number, (upgrade, fact) in enumerate(events)
    )


def queued(name: str, priority: int = 5, order: str = "1/0") -> Queued:
    finding = Finding("rule", "a.py", "f", 1, 1, Severity.LOW, "x", name * 20, priority=priority)
    return Queued(finding, name, "base", order=order)


def test_the_place_in_the_queue_is_that_in_which_it_is_taken_up() -> None:
    known = history(
        ("up-1", (queued("a"),)),
        ("up-2", (queued("b", 9),)),
        ("up-3", (queued("c", order=""),)),
        ("up-4", (queued("d"), Held("wait"))),
        ("up-5", (queued("e"),)),
    )
    places = {up.id: place_in_queue(up, known) for up in known.upgrades.values()}
    assert places == {"up-1": (2, 3), "up-2": (1, 3), "up-3": (0, 3), "up-4": (0, 3), "up-5": (3, 3)}


@pytest.mark.parametrize(("reason", "cleared"), [(f"{CLEARED}, because x failed", True), ("no proof", False)])
def test_what_only_left_the_queue_is_told_from_what_did_not_succeed(reason: str, cleared: bool) -> None:
    for life in ((queued("a"), Dropped(reason)), (queued("a"), Dropped(reason), Closed("dropped", "x"))):
        up = history(("up-1", life)).upgrades["up-1"]
        assert was_cleared(up) is cleared
        assert ended(up)
    assert not was_cleared(history(("up-1", (queued("a"),))).upgrades["up-1"])


def test_a_no_names_the_stage_and_what_is_possible() -> None:
    up = history(("up-1", (queued("a"),))).upgrades["up-1"]
    decision = order_possible("rebuild", up)
    assert not decision.allowed
    assert where_it_stands(up) in decision.reason
    assert all(f"`/{order} up-1`" in decision.next_action for order in possible_orders(up))
    assert order_possible("hold", up).allowed


def test_nothing_under_way_is_said() -> None:
    assert "No upgrade is under way" in which_upgrade("hold", history())
    assert "up-1" in which_upgrade("hold", history(("up-1", (queued("a"),))))
