"""How pure a revert is, what it has to prove, and whether it may be merged."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gitops_healer.core.change import unified_diff
from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.history import History
from gitops_healer.core.reverting import (
    EVERY_CHECK,
    MOVED_ON,
    Dependant,
    Later,
    Purity,
    Reversal,
    Stays,
    Way,
    held_by,
    may_merge_revert,
    own_reverts,
    proof_of,
    purity,
)
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.upgrade import ApprovalGiven, Intended, RolledBack, Upgrade
from tests.core.upgrade_scenes import BASE, MERGE, REVERT, START, TAKEN_BACK, WATCHED, after

ME = "gitops-healer"
NOW = START + timedelta(hours=30)

# Purity


def diff(before: str, after: str, path: str = "a.py") -> str:
    """As git writes it."""
    return f"diff --git a/{path} b/{path}\nindex 1..2 100644\n" + unified_diff(path, before.encode(), after.encode())


ONE = "".join(f"line {n}\n" for n in range(20))
TWO = ONE.replace("line 3\n", "LINE 3\n").replace("line 15\n", "LINE 15\nmore\n")


@pytest.mark.parametrize(
    ("onto", "back", "expected"),
    [
        (TWO, ONE, Purity.PURE),
        (TWO.replace("line 4\n", "Line four\n"), ONE.replace("line 4\n", "Line four\n"), Purity.PURE),
        ("new\n" * 9 + TWO, "new\n" * 9 + ONE, Purity.PURE),
        (TWO, TWO.replace("LINE 3\n", "line 3\n"), Purity.NARROWER),
        (TWO, ONE.replace("line 9\n", ""), Purity.OTHER),
        (TWO, ONE.replace("line 3\n", " line 3\n"), Purity.OTHER),
        (TWO, TWO, Purity.OTHER),
    ],
    ids=["at once", "context moved on", "lines moved", "a part", "and more", "white space", "nothing"],
)
def test_purity_looks_at_lines_and_not_at_their_places(onto: str, back: str, expected: Purity) -> None:
    change, made = diff(ONE, TWO), "" if back == onto else diff(back, onto)
    assert purity(change, made) is expected


def test_a_file_of_its_own_is_narrower_and_another_file_is_something_else() -> None:
    change = diff(ONE, TWO, "a.py") + diff("x\n", "y\n", "b.py")
    assert purity(change, diff("x\n", "y\n", "b.py")) is Purity.NARROWER
    assert purity(change, change + diff("x\n", "y\n", "c.py")) is Purity.OTHER


@pytest.mark.parametrize(
    "facts", ["old mode 100644\nnew mode 100755\n", "index 1..3 100644\nBinary files a/b and b/b differ\n"]
)
def test_modes_and_binary_files_count(facts: str) -> None:
    one = f"diff --git a/b b/b\n{facts}"
    assert purity(one, one) is Purity.PURE
    assert purity(diff("x\n", "y\n", "b"), one) is Purity.OTHER


# Proof

LATER = Later("1b2c3d4e5f" * 4, "Use it", "robin")
BREAKS = Dependant("best", "shop/page.py", 3, "page", True, "best is new with the merge", LATER)


@pytest.mark.parametrize(
    ("changes", "needed", "only"),
    [
        ({"restores": BASE, "purity": Purity.PURE}, False, ()),
        ({"purity": Purity.PURE}, True, MOVED_ON),
        ({"purity": Purity.OTHER}, True, EVERY_CHECK),
        ({"purity": Purity.PURE, "dependants": (replace(BREAKS, breaks=False),)}, True, MOVED_ON),
        ({"purity": Purity.PURE, "dependants": (BREAKS,)}, True, EVERY_CHECK),
        ({"way": Way.SMALLEST, "purity": Purity.NARROWER}, True, EVERY_CHECK),
    ],
)
def test_the_less_it_stood_before_the_more_it_proves(
    changes: dict[str, Any], needed: bool, only: tuple[str, ...]
) -> None:
    proof = proof_of(replace(Reversal(Way.WHOLE, BASE, BASE, REVERT), **changes))
    assert (proof.needed, proof.only) == (needed, only)


def test_what_is_held_says_who_stands_in_the_way_and_what_to_type() -> None:
    stays = tuple(Stays("a.py", f"f{n}", "it changed since", (LATER,)) for n in range(7))
    reversal = Reversal(
        Way.HELD, BASE, BASE, stays=stays, conflict="5da cannot be taken back", commands=("git revert 5",)
    )
    held = held_by(regressed(), reversal)
    assert held.reason.startswith(
        "5da cannot be taken back (a.py:f0: it changed since, in 1b2c3d4e5f Use it, by robin;"
    )
    assert "and 2 more)" in held.reason
    assert held.next_action == "git revert 5" and held.question


# Merging


def regressed(number: int = 0, by: str = ME, **changes: Any) -> Upgrade:
    up = after(*WATCHED, *TAKEN_BACK[:3])
    assert up.merged and up.regressed and up.revert
    merged = up.merged if not number else replace(up.merged, commit=f"{number:040x}")
    made = replace(
        up, id=f"up-{number}", codename=f"name-{number}", merged=merged, regressed=replace(up.regressed, by=by)
    )
    return replace(made, **changes)


def taken_back(number: int, at: datetime, **changes: Any) -> Upgrade:
    ours = {"rolled_back": RolledBack(REVERT, 13), "rolled_back_at": at, "intents": (Intended("take back", REVERT),)}
    return regressed(number, **{**ours, **changes})


def asked(up: Upgrade, others: Iterable[Upgrade] = (), **options: Any) -> Decision:
    history = History({one.id: one for one in (up, *others)})
    given: dict[str, Any] = {"cap": 2, "healer": ME, "without_approval": True, "proof": yes("proof", "passed")}
    return may_merge_revert(up, history, NOW, **(given | options))


def test_what_breaks_later_work_when_read_waits_for_a_persons_word() -> None:
    refused = asked(regressed(), dependants=(BREAKS,))
    assert blocking(refused) == "dependants"
    assert "shop/page.py:3 uses best, in 1b2c3d4e5f Use it, by robin" in str(refused.blocking)
    assert asked(regressed(by="robin"), dependants=(BREAKS,)).allowed
    assert asked(regressed(), dependants=(replace(BREAKS, breaks=False),)).allowed


def blocking(decision: Decision) -> str:
    found = decision.blocking
    return "" if found is None else found.gate


JUST = NOW - timedelta(hours=1)
TWO_BEFORE = (taken_back(1, JUST), taken_back(2, JUST))
APPROVED = (ApprovalGiven("robin", REVERT),)
LOOP = Trailers("up-9", reverts="c" * 40)


@pytest.mark.parametrize(
    ("up", "others", "options", "blocked"),
    [
        (regressed(), (), {}, ""),
        (regressed(), (), {"without_approval": False}, "order"),
        (regressed(approvals=APPROVED), (), {"without_approval": False}, ""),
        (regressed(), (), {"proof": no("proof", "1 test fails", "see it")}, "proof"),
        (regressed(), TWO_BEFORE[:1], {}, ""),
        (regressed(), TWO_BEFORE, {}, "cap"),
        (regressed(), TWO_BEFORE, {"cap": 3}, ""),
        (regressed(), (), {"cap": 0}, "cap"),
        (regressed(by="robin"), TWO_BEFORE, {"cap": 0}, ""),
        (regressed(approvals=APPROVED), TWO_BEFORE, {}, ""),
        (regressed(approvals=(ApprovalGiven("robin", BASE),)), TWO_BEFORE, {}, "cap"),
        (regressed(), (taken_back(1, NOW - timedelta(hours=25)), TWO_BEFORE[1]), {}, ""),
        (regressed(), (taken_back(3, JUST, intents=()), TWO_BEFORE[1]), {}, ""),
        (regressed(), (taken_back(3, JUST, by="robin"), TWO_BEFORE[1]), {}, ""),
        (regressed(), (taken_back(3, JUST, approvals=APPROVED), TWO_BEFORE[1]), {}, ""),
        (regressed(), (replace(taken_back(7, NOW - timedelta(days=9)), merged=regressed().merged),), {}, "once"),
        (regressed(), (), {"culprit": Trailers("up-9")}, ""),
        (regressed(), (), {"culprit": LOOP}, "loop"),
        (regressed(by="robin"), (), {"culprit": LOOP}, ""),
    ],
)
def test_what_may_be_merged(up: Upgrade, others: tuple[Upgrade, ...], options: dict[str, Any], blocked: str) -> None:
    decision = asked(up, others, **options)
    assert blocking(decision) == blocked
    assert decision.allowed == (not blocked)
    for _, child in decision.walk():
        assert child.allowed or child.next_action


def test_a_draft_is_never_merged() -> None:
    up = regressed()
    assert up.revert
    assert blocking(asked(replace(up, revert=replace(up.revert, draft=True)))) == "draft"


def test_the_reverts_of_a_day_come_from_the_events() -> None:
    """Told from facts as they are in the ledger: who merged it, who wanted it, and when."""
    up = after(*WATCHED, *TAKEN_BACK[:3], Intended("take back", REVERT), TAKEN_BACK[3])
    assert up.rolled_back_at is not None
    history = History({up.id: up})
    assert own_reverts(history, up.rolled_back_at + timedelta(hours=23), ME) == (up,)
    assert own_reverts(history, up.rolled_back_at + timedelta(hours=24), ME) == ()
    by_hand = after(*WATCHED, *TAKEN_BACK[:3], TAKEN_BACK[3])
    assert own_reverts(History({up.id: by_hand}), by_hand.rolled_back_at or START, ME) == ()
    assert up.merged and up.merged.commit == MERGE
