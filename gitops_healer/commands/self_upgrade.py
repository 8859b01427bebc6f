"""`/self_upgrade`: look for something to heal."""

from gitops_healer.core.texts import quoted
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/self_upgrade [COMPONENT]...",
    target=False,
    examples=("/self_upgrade", "/self_upgrade billing.invoices", "/self_upgrade src/billing tests"),
)
def self_upgrade(request: Request) -> Answer:
    """Ask for a scan now, of everything or of the components that you name."""
    named = ", ".join(quoted(word, 100) for word in request.arguments[:10])
    scope = f"of {named}" if named else "of the whole repository"
    said = [f"A scan {scope} is part of this cycle. What it finds is queued, the most urgent first."]
    if request.history.paused is not None:
        said.append(f"But {quoted(request.history.paused.by)} stopped everything: nothing is begun until `/resume`.")
    said.append("`/upgrade_status` shows what is under way.")
    return Answer(True, " ".join(said))
