"""`/freeze`: stop the whole healer."""

from gitops_healer.core.orders import reason_of
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Paused
from gitops_healer.registry import Answer, Request, command


@command(usage="/freeze [REASON]", target=False, examples=("/freeze", "/freeze until the release is out"))
def freeze(request: Request) -> Answer:
    """Stop everything: nothing is begun, proposed or merged until `/unfreeze`; what is merged is still watched."""
    if (paused := request.history.paused) is not None:
        by, why = quoted(paused.by), quoted(paused.reason)
        return Answer(True, f"Everything is stopped already, by {by}: {why}. `/unfreeze` ends that.")
    reason = reason_of(request.arguments, f"{request.actor} asked to wait")
    reply = (
        "Everything is stopped: nothing is begun, proposed or merged until `/unfreeze`. "
        "What is merged is still watched."
    )
    return Answer(True, reply, (("", Paused(request.actor, reason)),))
