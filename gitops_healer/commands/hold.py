"""`/hold`: stop, and wait for a person."""

from gitops_healer.core.orders import name_of, order_possible, reason_of
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Held, Paused
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/hold [UPGRADE] [REASON]",
    examples=("/hold wait for the release", "/hold calm-fox", "/hold everything until Monday"),
)
def hold(request: Request) -> Answer:
    """Stop an upgrade until `/resume`; away from a pull request and without an upgrade, stop the whole healer.

    While the healer is stopped nothing is proposed or merged; what is merged already is still watched.
    """
    up = request.upgrade
    if up is None:
        return _pause(request)
    decision = order_possible("hold", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    reason = reason_of(request.arguments, f"{request.actor} asked to wait")
    held = Held(reason, next_action=f"/resume {up.id}", by=request.actor)
    return Answer(True, f"{name_of(up)} is held. `/resume {up.id}` lets it go on.", ((up.id, held),))


def _pause(request: Request) -> Answer:
    if request.pull:
        return Answer(
            False,
            f"#{request.pull} is not a pull request of mine. Name an upgrade (`/hold UPGRADE`), or write `/hold` away "
            "from pull requests to stop everything.",
        )
    if (paused := request.history.paused) is not None:
        return Answer(
            True,
            f"Everything is stopped already, by {quoted(paused.by)}: {quoted(paused.reason)}. `/resume` ends that.",
        )
    reason = reason_of(request.arguments, f"{request.actor} asked to wait")
    reply = "Everything is stopped: nothing is proposed or merged until `/resume`. What is merged is still watched."
    return Answer(True, reply, (("", Paused(request.actor, reason)),))
