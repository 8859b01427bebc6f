"""`/reland`: land again what was taken back."""

from gitops_healer.core.orders import last_attempt, name_of, order_possible, where_it_stands, which_upgrade
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Fact, Heeded, Queued, RepositoryFact
from gitops_healer.registry import Answer, Request, command


@command(usage="/reland [UPGRADE]", examples=("/reland calm-fox", "/reland up-1a2b3c4d5e"))
def reland(request: Request) -> Answer:
    """Propose the same change again that was merged and taken back, as a new attempt that is proved anew."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("reland", request.history))
    decision = order_possible("reland", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    last = last_attempt(up, request.history)
    if last.id != up.id and last.settled_as is None:
        return Answer(
            False, f"{name_of(last)}, a later attempt, {where_it_stands(last)}. Wait for it, or `/ignore` it."
        )
    if last.id != up.id and order_possible("rollback_upgrade", last).allowed:
        return Answer(False, f"{name_of(last)}, a later attempt, {where_it_stands(last)}. Nothing is left to land.")
    assert up.option is not None
    new, name = request.history.fresh(up.finding.fingerprint, last.attempt + 1)
    facts: list[tuple[str, Fact | RepositoryFact]] = []
    if up.finding.fingerprint in request.history.ignored:
        facts.append(("", Heeded(up.finding.fingerprint, request.actor)))
    facts.append(
        (new, Queued(up.finding, name, request.scene.commit, last.attempt + 1, up.option.key, up.order, up.thread))
    )
    reply = f"{name_of(up)} is landed again as `{new}` ({name}): {quoted(up.option.title)}. It is proved anew."
    return Answer(True, reply, tuple(facts))
