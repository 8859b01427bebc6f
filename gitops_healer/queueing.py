"""The queue of what people ordered: findings become upgrades, one after another; a failure clears what is left."""

from collections.abc import Sequence

from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding
from gitops_healer.core.history import History
from gitops_healer.core.orders import CLEARED
from gitops_healer.core.policy import may_begin
from gitops_healer.core.requesting import chosen_for
from gitops_healer.core.upgrade import Dropped, Fact, Ordered, Queued, RepositoryFact, Served, Stage, Upgrade
from gitops_healer.telling import say_served
from gitops_healer.world import Journal, World


def open_orders(history: History) -> tuple[Ordered, ...]:
    """Orders that can be served: nothing has to be asked any more, and nobody served them yet."""
    return tuple(order for order in history.work.values() if order.id not in history.served and not order.question)


def queue(world: World, journal: Journal, finding: Finding) -> str:
    """The first attempt at a finding."""
    queued = _queued(world, journal.history, finding, ())
    journal.record([queued])
    return queued[0]


def serve(world: World, journal: Journal, order: Ordered, findings: Sequence[Finding]) -> list[Upgrade]:
    """Queue what an order is about, most urgent first, and say what became of it. All or nothing is recorded."""
    facts: list[tuple[str, Fact | RepositoryFact]] = []
    refused: list[tuple[Finding, Decision]] = []
    for finding in chosen_for(order, findings, len(findings)):
        decision = may_begin(
            finding,
            journal.history,
            treated=bool(world.fixers_of(finding.rule)),
            queue=world.settings.limits.queue,
            begun=len(facts),
            new_per_cycle=world.settings.limits.per_order,
        )
        if decision.allowed:
            names = tuple(fact.codename for _, fact in facts if isinstance(fact, Queued))
            facts.append(_queued(world, journal.history, finding, names, order))
        else:
            refused.append((finding, decision))
    upgrades = tuple(upgrade for upgrade, _ in facts)
    reasons = "; ".join(f"{finding.symbol or finding.path}: {decision.reason}" for finding, decision in refused[:3])
    journal.record([*facts, ("", Served(order.id, upgrades, reasons))])
    queued = [journal[upgrade] for upgrade in upgrades]
    say_served(world, order, queued, refused)
    return queued


def clear_queue(world: World, journal: Journal, failed: Upgrade) -> list[Upgrade]:
    """One that was ordered failed: what was ordered and has not begun is dropped, each with its reason and way back.
    Returns those that were."""
    if not failed.order or not world.settings.limits.clear_queue_on_failure:
        return []
    waiting = [up for up in journal.history.at(Stage.QUEUED) if up.order]
    reason = f"{CLEARED}, because {failed.codename} ({failed.id}) failed before it"
    journal.record([(up.id, Dropped(reason)) for up in waiting])
    return [journal[up.id] for up in waiting]


def _queued(
    world: World, history: History, finding: Finding, taken: Sequence[str], order: Ordered | None = None
) -> tuple[str, Queued]:
    upgrade, name = history.fresh(finding.fingerprint, 1, taken)
    by, thread = (order.id, order.thread) if order else ("", 0)
    return upgrade, Queued(finding, name, world.base, order=by, thread=thread)
