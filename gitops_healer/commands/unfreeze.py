"""`/unfreeze`: start the healer again."""

from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Unpaused
from gitops_healer.registry import Answer, Request, command


@command(usage="/unfreeze", target=False, examples=("/unfreeze",))
def unfreeze(request: Request) -> Answer:
    """Undo `/freeze`: everything goes on where it was."""
    paused = request.history.paused
    if paused is None:
        return Answer(True, "Nothing was stopped: I am at work. `/resume UPGRADE` lets a held upgrade go on.")
    reply = f"I am at work again. {quoted(paused.by)} had stopped everything: {quoted(paused.reason)}."
    return Answer(True, reply, (("", Unpaused(request.actor)),))
