"""`/rollback_upgrade`: take a merge back."""

from gitops_healer.core.orders import name_of, order_possible, reason_of, which_upgrade
from gitops_healer.core.upgrade import Regressed
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/rollback_upgrade [UPGRADE] [REASON]",
    examples=("/rollback_upgrade calm-fox", "/rollback_upgrade up-1a2b3c4d5e orders of zero items fail"),
)
def rollback_upgrade(request: Request) -> Answer:
    """Take back what an upgrade merged, by a revert pull request of its own."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("rollback_upgrade", request.history))
    decision = order_possible("rollback_upgrade", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    assert up.merged is not None
    reason = reason_of(request.arguments, "no reason was given")
    fact = Regressed(f"ordered by {request.actor}: {reason}", request.actor)
    reply = (
        f"{name_of(up)} is being taken back: I revert `{up.merged.commit[:10]}` by a pull request. "
        "Where later commits changed the same lines, what regressed goes back alone if the gates prove it; else I stop "
        f"and ask. `/reland {up.id}` lands it again afterwards."
    )
    return Answer(True, reply, ((up.id, fact),))
