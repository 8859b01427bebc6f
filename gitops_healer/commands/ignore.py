"""`/ignore`: do not propose this again."""

from gitops_healer.core.orders import name_of, order_possible, reason_of, which_upgrade
from gitops_healer.core.upgrade import Dropped, Fact, Ignored, RepositoryFact
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/ignore [UPGRADE] [REASON]",
    examples=("/ignore this is on purpose", "/ignore calm-fox", "/ignore up-1a2b3c4d5e generated code"),
)
def ignore(request: Request) -> Answer:
    """Drop an upgrade and never propose the same finding again, until `/unignore`."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("ignore", request.history))
    reason = reason_of(request.arguments, f"{request.actor} does not want it")
    fingerprint = up.finding.fingerprint
    facts: list[tuple[str, Fact | RepositoryFact]] = []
    known = fingerprint in request.history.ignored
    since = "already" if known else "from now on"
    said = [f"The finding of {name_of(up)} is ignored {since}; `/unignore {up.id}` undoes it."]
    if not known:
        facts.append(("", Ignored(fingerprint, request.actor, reason)))
    for attempt in request.history.of_finding(fingerprint):
        if order_possible("ignore", attempt).allowed:
            facts.append((attempt.id, Dropped(f"ignored by {request.actor}: {reason}")))
            said.append(f"{name_of(attempt)} is dropped.")
    if order_possible("rollback_upgrade", up).allowed:
        said.append(f"What it changed stays merged; `/rollback_upgrade {up.id}` takes it back.")
    return Answer(True, " ".join(said), tuple(facts))
