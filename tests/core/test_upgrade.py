"""Any order of events gives a legal stage or one clear error, and replay is deterministic."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.core.change import Change, Edit
from gitops_healer.core.codec import canonical, from_json, to_json
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.history import History, replay
from gitops_healer.core.naming import codename, upgrade_id
from gitops_healer.core.plan import Cause, Investigation, Option, Plan
from gitops_healer.core.upgrade import (
    ApprovalGiven,
    Approved,
    Chosen,
    Closed,
    Commanded,
    Dropped,
    Event,
    Fact,
    HealthChecked,
    Heeded,
    Held,
    Ignored,
    Intended,
    Invalidated,
    Investigated,
    LeftUnproven,
    Merged,
    Outdated,
    Paused,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Queued,
    Regressed,
    RepositoryFact,
    Resumed,
    RevertProposed,
    RolledBack,
    Stabilised,
    Stage,
    Unpaused,
    Validated,
    Watched,
    event_id,
)
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.core.watching import Health, Judgement, Reading, Window
from gitops_healer.errors import IllegalEventError

START = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C = "a" * 40, "b" * 40, "c" * 40
FINDING = Finding(
    "failing_test", "tests/test_x.py", "tests/test_x.py::test_mean", 3, 9, Severity.HIGH, "mean fails",
    fingerprint("failing_test", "test_mean", "shape"), Risk.LOW, 7, ("1 of 2 fails",),
)  # fmt: skip
OPTION = Option("one", "Return 0.0", "zero_division", Change((Edit("x.py", 0, "", "x"),)), determined_by=("test",))
VERDICT = Verdict(2, B, (CheckResult("tests", Outcome.PASSED, "2 passed"),))
HEALTH = Health(Judgement.HEALTHY, "fine", (Reading("executions", "x:f", 10, 1, 10, 1),))
FACTS: tuple[Fact, ...] = (
    Queued(FINDING, "brave-otter", A),
    Investigated(Investigation(Cause("no values"), options=(OPTION,))),
    Chosen("one", "maintainer"),
    Chosen("nine", "maintainer"),
    Planned(Plan("one", "Return 0.0", (), ("x.py",), (), Risk.LOW, 7, 2, A)),
    PlanApproved("healer", "low risk"),
    Prepared(B, A, "refs/healer/restore/x", VERDICT),
    Proposed("healer/failing_test/1", B, 1, "", "run-1"),
    Validated(VERDICT, B, A),
    Invalidated("main moved", B),
    Outdated("conflict", C),
    ApprovalGiven("maintainer", B),
    Approved("maintainer", B, "looks right"),
    Merged(C, A, B, START),
    Watched(VERDICT, Window(START, START + timedelta(days=1), START - timedelta(days=7))),
    HealthChecked(HEALTH),
    Stabilised("fine"),
    LeftUnproven("no data"),
    Regressed("worse", "healer"),
    RevertProposed("healer/revert/1", B, 2, ""),
    RolledBack(B, 2),
    Dropped("no fix"),
    Held("a question", "which?", "/choose"),
    Resumed("maintainer"),
    Intended("merge", B),
    Closed("stable", "it held"),
)
ORDERS: tuple[RepositoryFact, ...] = (
    Commanded("1/0", "approve", True, "done"),
    Ignored(FINDING.fingerprint, "maintainer", "on purpose"),
    Heeded(FINDING.fingerprint, "maintainer"),
    Paused("maintainer", "holiday"),
    Unpaused("maintainer"),
)
UPGRADE = upgrade_id(FINDING.fingerprint, 1)


def events_of(facts: list[Fact | RepositoryFact]) -> list[Event]:
    """Envelopes for facts, whether legal or not."""
    return [
        Event(
            event_id(UPGRADE, position, fact),
            START + timedelta(seconds=position),
            "" if isinstance(fact, RepositoryFact) else UPGRADE,
            "run-1",
            "healer",
            fact,
        )
        for position, fact in enumerate(facts)
    ]


def life(*facts: Fact) -> History:
    return replay(events_of(list(facts)))


def walk(*names: type) -> History:
    chosen = {type(fact): fact for fact in reversed(FACTS)}
    return life(*(chosen[name] for name in names))


TO_MERGE = (Queued, Investigated, Planned, PlanApproved, Prepared, Proposed, Validated, Approved, Merged)


@given(st.lists(st.sampled_from([*FACTS, *ORDERS]), max_size=25))
@settings(max_examples=400, deadline=None)
def test_any_order_of_events_is_legal_or_one_clear_error(facts: list[Fact | RepositoryFact]) -> None:
    history = History()
    for event in events_of(facts):
        try:
            history = history.after([event])
        except IllegalEventError as error:
            assert UPGRADE in str(error)
    for upgrade in history.upgrades.values():
        assert isinstance(upgrade.stage, Stage)
        assert (upgrade.stage is Stage.HELD) == (upgrade.held is not None)
        if upgrade.stage in (Stage.MERGED, Stage.WATCHED, Stage.STABLE, Stage.UNPROVEN, Stage.ROLLED_BACK):
            assert upgrade.merged is not None


@given(st.lists(st.sampled_from([*FACTS, *ORDERS]), max_size=40))
@settings(max_examples=200, deadline=None)
def test_replay_is_deterministic_and_indifferent_to_how_it_is_cut(facts: list[Fact | RepositoryFact]) -> None:
    legal: list[Event] = []
    history = History()
    for event in events_of(facts):
        try:
            history = history.after([event])
        except IllegalEventError:
            continue
        legal.append(event)
    assert replay(legal) == history
    middle = len(legal) // 2
    assert replay(legal[:middle]).after(legal[middle:]) == history
    assert history.after(legal) == history, "known events change nothing"


@pytest.mark.parametrize("fact", [*FACTS, *ORDERS], ids=lambda fact: type(fact).__name__)
def test_every_fact_survives_the_ledger(fact: Fact | RepositoryFact) -> None:
    assert from_json(to_json(fact), type(fact)) == fact
    assert canonical(to_json(fact)) == canonical(to_json(from_json(to_json(fact), type(fact))))


def test_the_whole_life() -> None:
    history = walk(*TO_MERGE, Watched, HealthChecked, Stabilised, Closed)
    upgrade = history.upgrades[UPGRADE]
    assert upgrade.stage is Stage.CLOSED
    assert upgrade.settled_as is Stage.STABLE
    assert not upgrade.open
    assert upgrade.option == OPTION


def test_a_closed_upgrade_can_still_be_taken_back() -> None:
    history = walk(*TO_MERGE, Watched, Stabilised, Closed, Regressed, RevertProposed, RolledBack, Closed)
    assert history.upgrades[UPGRADE].settled_as is Stage.ROLLED_BACK


def test_what_was_dropped_cannot_be_taken_back() -> None:
    with pytest.raises(IllegalEventError, match="no merge to take back"):
        walk(Queued, Dropped, Closed, Regressed)


def test_what_is_held_goes_on_where_it_was() -> None:
    history = walk(Queued, Investigated, Planned, Held, Resumed)
    assert history.upgrades[UPGRADE].stage is Stage.PLANNED


def test_a_choice_must_be_one_of_the_options() -> None:
    with pytest.raises(IllegalEventError, match="choose one of one"):
        life(FACTS[0], FACTS[1], Chosen("nine", "maintainer"))


def test_a_moved_base_starts_over_on_the_new_base() -> None:
    upgrade = walk(*TO_MERGE[:7], Outdated).upgrades[UPGRADE]
    assert (upgrade.stage, upgrade.base) == (Stage.QUEUED, C)
    assert upgrade.prepared is upgrade.plan is upgrade.investigation is None


def test_the_same_fact_at_another_time_has_the_same_id_and_elsewhere_another() -> None:
    assert event_id(UPGRADE, 3, Held("x")) == event_id(UPGRADE, 3, Held("x"))
    assert event_id(UPGRADE, 3, Held("x")) != event_id(UPGRADE, 5, Held("x"))


def test_codenames_are_unique_for_thousands_of_upgrades() -> None:
    taken: set[str] = set()
    for number in range(12_000):
        taken.add(codename(upgrade_id(f"{number}", 1), taken))
    assert len(taken) == 12_000


def test_people_find_upgrades_by_id_beginning_and_codename() -> None:
    history = walk(Queued)
    for text in (UPGRADE, UPGRADE[:6], UPGRADE.removeprefix("up-")[:4], "brave-otter"):
        assert [up.id for up in history.find(text)] == [UPGRADE]
    assert history.find("no-such") == ()
