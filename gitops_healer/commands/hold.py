"""`/hold`: stop one upgrade, and wait for a person."""

from gitops_healer.core.orders import name_of, order_possible, reason_of, which_upgrade
from gitops_healer.core.upgrade import Held
from gitops_healer.registry import Answer, Request, command


@command(usage="/hold [UPGRADE] [REASON]", examples=("/hold wait for the release", "/hold calm-fox"))
def hold(request: Request) -> Answer:
    """Stop one upgrade until `/resume`; `/freeze` stops everything."""
    up = request.upgrade
    if up is None:
        return Answer(False, f"{which_upgrade('hold', request.history)}\n\n`/freeze` stops everything.")
    decision = order_possible("hold", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    reason = reason_of(request.arguments, f"{request.actor} asked to wait")
    held = Held(reason, next_action=f"/resume {up.id}", by=request.actor)
    return Answer(True, f"{name_of(up)} is held. `/resume {up.id}` lets it go on.", ((up.id, held),))
