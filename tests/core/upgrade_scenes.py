"""One upgrade at every stage of its life, as its events make it: for texts about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gitops_healer.core.change import Change, Edit
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.history import History, replay
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.planning import make_plan
from gitops_healer.core.upgrade import (
    Approved,
    Closed,
    Event,
    Fact,
    HealthChecked,
    Held,
    Investigated,
    Merged,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Queued,
    Regressed,
    RepositoryFact,
    RevertProposed,
    RolledBack,
    Stabilised,
    Upgrade,
    Validated,
    Watched,
    event_id,
)
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.core.watching import Health, Judgement, Reading, Window

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BASE, HEAD, MERGE, REVERT = "9324e67762" * 4, "ec78d54207" * 4, "5daaefef37" * 4, "58c261dce8" * 4
FINDING = Finding(
    "low_success_rate",
    "shop/ratings.py",
    "shop.ratings:average",
    4,
    6,
    Severity.HIGH,
    "shop.ratings:average succeeds in 60% of its calls, less than the 70% demanded",
    "420be9b686" * 4,
    priority=6,
    evidence=("16 of 40 calls failed, 16 of them ZeroDivisionError at shop/ratings.py:6", "1 different input failed"),
)
SOURCE = b"def average(stars):\n    return sum(stars) / len(stars)\n"
AT = SOURCE.index(b"\n", 25)


def option(key: str, default: str) -> Option:
    return Option(
        key,
        f"Return {default} from average when stars is empty",
        "zero_division",
        Change((Edit("shop/ratings.py", AT, "", f" if stars else {default}"),)),
        f"stars=[] gives {default}",
        ("the docstring says: “0.0 when there are no stars”",),
        ("1 of 1 failing inputs return 0.0 now", "6 of 6 known passing inputs give what they gave before"),
        ("average",),
    )


CAUSE = Cause("average raises ZeroDivisionError when stars is empty", "shop/ratings.py", 6, 0.9)
SURE = Investigation(CAUSE, ("1 distinct input fails at this commit",), (option("zero", "0.0"),))
ASKS = replace(
    SURE,
    options=(option("zero", "0.0"), option("none", "None")),
    question="Nothing says what average gives for no stars. Which is meant?\n- `zero`: 0.0\n- `none`: None",
)
PLAN = make_plan(FINDING, SURE.options[0], {"shop/ratings.py": SOURCE}.__getitem__, BASE, SURE.aim)
RESULTS = (
    CheckResult("scope", Outcome.PASSED, "2 lines in 1 file changed, as planned"),
    CheckResult("tests", Outcome.PASSED, "3 of 3 tests pass"),
    CheckResult(
        "shadow", Outcome.PASSED, "both versions agree on 6 of 6 inputs", details=("improves: ([]): → returned 0.0",)
    ),
    CheckResult("review", Outcome.SKIPPED, "no reviewer is configured"),
)
FIRST, SECOND = Verdict(1, HEAD, RESULTS), Verdict(2, MERGE, RESULTS)
WINDOW = Window(START, START + timedelta(hours=24), START - timedelta(days=7))
HELD_WELL = Health(
    Judgement.HEALTHY,
    "shop.ratings:average failed 0 of 40 times since the merge (0%), 16 of 40 before (40%)",
    (Reading("executions", "shop.ratings:average", 40, 16, 40, 0),),
)
WORSE = Health(
    Judgement.REGRESSED,
    "shop.ratings:average failed 41 of 54 times since the merge (76%), 6 of 54 before (11%)",
    (Reading("executions", "shop.ratings:average", 54, 6, 54, 41, 14),),
)
LIFE: tuple[Fact, ...] = (
    Queued(FINDING, "teal-inlet", BASE),
    Investigated(SURE),
    Planned(PLAN),
    PlanApproved("gitops-healer", "policy lets low risk go on without approval"),
    Prepared(HEAD, BASE, "refs/healer/restore/teal-inlet-20260301T120000Z", FIRST),
    Proposed("healer/low_success_rate/420be9b686", HEAD, 12, "", "run-1"),
    Validated(SECOND, HEAD, BASE),
    Approved("robin", HEAD, "approved by robin at ec78d54207"),
    Merged(MERGE, BASE, HEAD, START),
    Watched(SECOND, WINDOW),
    HealthChecked(HELD_WELL),
    Stabilised(HELD_WELL.reason),
    Closed("stable", "it held"),
)
WATCHED = LIFE[:10]
TAKEN_BACK: tuple[Fact, ...] = (
    HealthChecked(WORSE),
    Regressed(WORSE.reason, "gitops-healer"),
    RevertProposed("healer/revert/up-6499ba7f1a", REVERT, 13, ""),
    RolledBack(REVERT, 13),
)


def events(*facts: Fact | RepositoryFact, upgrade: str = "up-6499ba7f1a", hours: int = 0) -> list[Event]:
    """One a fact, a minute apart."""
    return [
        Event(
            event_id(upgrade, number + hours, fact),
            START + timedelta(hours=hours, minutes=number),
            "" if isinstance(fact, RepositoryFact) else upgrade,
            "run-1",
            "gitops-healer",
            fact,
        )
        for number, fact in enumerate(facts)
    ]


def history(*lives: list[Event]) -> History:
    return replay([event for life in lives for event in life])


def after(*facts: Fact) -> Upgrade:
    """The upgrade that these facts make."""
    return next(iter(history(events(*facts)).upgrades.values()))


def asked() -> Upgrade:
    """It waits for an answer."""
    held = Held("the wanted behaviour is not ours to invent", ASKS.question, "/choose up-6499ba7f1a zero|none")
    return after(LIFE[0], Investigated(ASKS), held)


def risky() -> Upgrade:
    """A plan that policy does not let pass."""
    return after(*LIFE[:2], Planned(replace(PLAN, risk=Risk.HIGH)))
