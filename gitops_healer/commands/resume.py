"""`/resume`: go on."""

from gitops_healer.core.orders import name_of, order_possible
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Resumed, Unpaused
from gitops_healer.registry import Answer, Request, command


@command(usage="/resume [UPGRADE]", examples=("/resume", "/resume calm-fox"))
def resume(request: Request) -> Answer:
    """Let a held upgrade go on; away from a pull request and without an upgrade, let the whole healer go on."""
    up = request.upgrade
    if up is None:
        return _unpause(request)
    decision = order_possible("resume", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    reply = f"{name_of(up)} goes on where it was."
    if request.history.paused is not None:
        reply += " But everything is stopped at the moment: `/resume` away from pull requests ends that."
    return Answer(True, reply, ((up.id, Resumed(request.actor)),))


def _unpause(request: Request) -> Answer:
    if request.pull:
        return Answer(False, f"#{request.pull} is not a pull request of mine. Name an upgrade: `/resume UPGRADE`.")
    paused = request.history.paused
    if paused is None:
        return Answer(True, "Nothing was stopped: I am at work. `/resume UPGRADE` lets a held upgrade go on.")
    reply = f"I am at work again. {quoted(paused.by)} had stopped everything: {quoted(paused.reason)}."
    return Answer(True, reply, (("", Unpaused(request.actor)),))
