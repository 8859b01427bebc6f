"""Which order is possible at which stage, and how to say so to a maintainer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.history import History
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import BEFORE_MERGE, IN_REVIEW, Stage, Upgrade

_STILL_MERGED = frozenset({Stage.MERGED, Stage.WATCHED, Stage.STABLE, Stage.UNPROVEN, Stage.CLOSED})
_CAN_CHOOSE = frozenset({Stage.INVESTIGATED, Stage.PLANNED})
_BUILT = BEFORE_MERGE - {Stage.QUEUED}
CLEARED = "the queue was cleared"
"""How the reason of a Dropped begins when an upgrade only left the queue, because another one failed."""


@dataclass(frozen=True)
class _Rule:
    """possible: whether the order can be followed now; because: why not, as the end of a sentence."""

    possible: Callable[[Upgrade], bool]
    because: str


def order_possible(command: str, upgrade: Upgrade) -> Decision:
    """Can this command be followed at the upgrade's stage? The no names the stage and what would be possible."""
    rule = _RULES[command]
    if rule.possible(upgrade):
        return yes(command, f"{name_of(upgrade)} {where_it_stands(upgrade)}")
    others = ", ".join(f"`/{other} {upgrade.id}`" for other in possible_orders(upgrade))
    return no(command, f"{name_of(upgrade)} {where_it_stands(upgrade)}: {rule.because}", f"Possible now: {others}.")


def possible_orders(upgrade: Upgrade) -> tuple[str, ...]:
    """Commands that would change something about this upgrade now, and `explain`, which always answers."""
    return (*(command for command, rule in _RULES.items() if rule.possible(upgrade)), "explain")


def name_of(upgrade: Upgrade) -> str:
    """Id and codename, as Markdown."""
    return f"`{upgrade.id}` ({upgrade.codename})"


def where_it_stands(upgrade: Upgrade) -> str:
    """The stage as a predicate, e.g. `is proposed in #12 and is being proved`."""
    match upgrade.stage:
        case Stage.PROPOSED | Stage.VALIDATED | Stage.APPROVED:
            return f"{_REVIEW_WORDS[upgrade.stage]} in #{upgrade.proposed.pull if upgrade.proposed else 0}"
        case Stage.MERGED | Stage.WATCHED | Stage.STABLE | Stage.UNPROVEN:
            commit = upgrade.merged.commit[:10] if upgrade.merged else "?"
            return f"is merged as `{commit}`{_MERGED_WORDS[upgrade.stage]}"
        case Stage.HELD:
            return f"is held by {_holder(upgrade)} (it was {_spelled(upgrade.held_from or Stage.QUEUED)})"
        case Stage.CLOSED:
            return f"is closed and ended as {_spelled(upgrade.settled_as or Stage.CLOSED)}"
        case Stage.REGRESSED:
            return "is being taken back"
        case Stage.INVESTIGATED if asks(upgrade):
            return "waits for an answer"
        case Stage.QUEUED:
            return "waits for its turn"
        case _:
            return f"is {_spelled(upgrade.stage)}"


def asks(upgrade: Upgrade) -> bool:
    """Whether a maintainer is asked to choose between its options."""
    return bool(upgrade.investigation and upgrade.investigation.question and not upgrade.option_key)


def waiting_for_plan(upgrade: Upgrade) -> bool:
    """Whether the plan can be approved: it waits for that, or the healer itself holds it for that."""
    held_by_us = upgrade.stage is Stage.HELD and upgrade.held_from is Stage.PLANNED and not _held_by_person(upgrade)
    return upgrade.stage is Stage.PLANNED or held_by_us


def was_cleared(upgrade: Upgrade) -> bool:
    """Whether it only left the queue, and nothing was wrong with it."""
    return upgrade.settled_as is Stage.DROPPED and upgrade.reason.startswith(CLEARED)


def place_in_queue(upgrade: Upgrade, history: History) -> tuple[int, int]:
    """(place from 1, how many wait): of those that were ordered and have not begun, in the order in which they are
    taken up. Place 0 when the upgrade is not among them."""
    waiting = [up for up in history.at(Stage.QUEUED) if up.order]
    queue = [up.id for up in sorted(waiting, key=lambda up: (-up.finding.priority, up.queued_at, up.id))]
    return (queue.index(upgrade.id) + 1 if upgrade.id in queue else 0), len(queue)


def ended(upgrade: Upgrade) -> bool:
    """Nothing is left to do for it but to learn."""
    return upgrade.settled_as is not None


def last_attempt(upgrade: Upgrade, history: History) -> Upgrade:
    """The newest attempt at the same finding."""
    return max([upgrade, *history.of_finding(upgrade.finding.fingerprint)], key=lambda up: up.attempt)


def which_upgrade(command: str, history: History) -> str:
    """The reply to an order that does not say what it is about."""
    said = f"Which upgrade do you mean? Write `/{command} UPGRADE`, or write it on the pull request."
    open_ones = [up for up in history.open() if not ended(up)][-10:]
    if not open_ones:
        return f"{said} No upgrade is under way at the moment."
    return f"{said} Under way:\n\n{upgrade_lines(open_ones)}"


def upgrade_lines(upgrades: list[Upgrade]) -> str:
    """One bullet an upgrade."""
    return "\n".join(f"- {name_of(up)} {where_it_stands(up)}: {quoted(up.finding.message, 120)}" for up in upgrades)


def reason_of(arguments: tuple[str, ...], otherwise: str) -> str:
    """What somebody gave as a reason, in their words."""
    return " ".join(arguments)[:500].strip() or otherwise


def _can_choose(upgrade: Upgrade) -> bool:
    if upgrade.investigation is None or not upgrade.investigation.options:
        return False
    return upgrade.stage in _CAN_CHOOSE or (upgrade.stage is Stage.HELD and upgrade.held_from in _CAN_CHOOSE)


def _can_revise(upgrade: Upgrade) -> bool:
    if upgrade.stage is Stage.HELD:
        planned = upgrade.plan is not None or asks(upgrade) or bool(upgrade.revisions)
        return planned and _can_choose(upgrade)
    return upgrade.stage is Stage.PLANNED


def _can_rebuild(upgrade: Upgrade) -> bool:
    before = upgrade.held_from if upgrade.stage is Stage.HELD else upgrade.stage
    return before in _BUILT and upgrade.merged is None


def _can_drop(upgrade: Upgrade) -> bool:
    return upgrade.stage in BEFORE_MERGE or (upgrade.stage is Stage.HELD and upgrade.merged is None)


def _can_approve(upgrade: Upgrade) -> bool:
    return upgrade.stage in IN_REVIEW or (upgrade.stage is Stage.REGRESSED and upgrade.revert is not None)


def _can_take_back(upgrade: Upgrade) -> bool:
    return upgrade.stage in _STILL_MERGED and upgrade.merged is not None and upgrade.rolled_back is None


def _can_resume(upgrade: Upgrade) -> bool:
    return upgrade.held is not None and upgrade.stage is Stage.HELD and not upgrade.held.question


def _can_retry(upgrade: Upgrade) -> bool:
    return upgrade.stage is Stage.HELD or upgrade.settled_as in (Stage.DROPPED, Stage.ROLLED_BACK)


def _can_reland(upgrade: Upgrade) -> bool:
    return upgrade.settled_as is Stage.ROLLED_BACK and upgrade.option is not None


def _held_by_person(upgrade: Upgrade) -> bool:
    return bool(upgrade.held and upgrade.held.by)


def _holder(upgrade: Upgrade) -> str:
    return quoted(upgrade.held.by) if upgrade.held and upgrade.held.by else "the healer"


def _spelled(stage: Stage) -> str:
    return stage.value.replace("_", " ")


_REVIEW_WORDS = {
    Stage.PROPOSED: "is proposed and is being proved",
    Stage.VALIDATED: "is proved and waits for approval",
    Stage.APPROVED: "is approved and waits for its merge",
}
_MERGED_WORDS = {
    Stage.MERGED: "",
    Stage.WATCHED: " and is watched",
    Stage.STABLE: " and stable",
    Stage.UNPROVEN: "; the watch ended without enough data",
}
_RULES: Mapping[str, _Rule] = {
    "approve": _Rule(_can_approve, "there is no open pull request of it to approve"),
    "approve_plan": _Rule(waiting_for_plan, "no plan of it waits for approval"),
    "choose": _Rule(_can_choose, "there is nothing to choose any more, or not yet"),
    "revise_plan": _Rule(_can_revise, "no plan of it is open to revision: it is carried out already, or not made yet"),
    "rebuild": _Rule(_can_rebuild, "nothing of it is built yet, or it is merged or ended"),
    "hold": _Rule(lambda up: up.stage in BEFORE_MERGE | {Stage.REGRESSED}, "there is nothing to stop"),
    "resume": _Rule(_can_resume, "it is not held, or it waits for an answer and not for time"),
    "ignore": _Rule(_can_drop, "it is too late to drop it"),
    "retry": _Rule(_can_retry, "only what is held, was dropped or was taken back can be tried again"),
    "rollback_upgrade": _Rule(_can_take_back, "there is no merge of it to take back"),
    "reland": _Rule(_can_reland, "only what was merged and taken back can be landed again"),
}
