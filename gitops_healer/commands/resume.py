"""`/resume`: let one upgrade go on."""

from gitops_healer.core.orders import name_of, order_possible, which_upgrade
from gitops_healer.core.upgrade import Resumed
from gitops_healer.registry import Answer, Request, command


@command(usage="/resume [UPGRADE]", examples=("/resume", "/resume calm-fox"))
def resume(request: Request) -> Answer:
    """Let a held upgrade go on where it was; `/unfreeze` starts the whole healer."""
    up = request.upgrade
    frozen = request.history.paused is not None
    if up is None:
        said = which_upgrade("resume", request.history)
        return Answer(False, f"{said}\n\nEverything is stopped: `/unfreeze` ends that." if frozen else said)
    decision = order_possible("resume", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    reply = f"{name_of(up)} goes on where it was."
    if frozen:
        reply += " But everything is stopped at the moment: `/unfreeze` ends that."
    return Answer(True, reply, ((up.id, Resumed(request.actor)),))
