"""`/unignore`: undo an ignore."""

import re

from gitops_healer.core.orders import last_attempt, name_of, order_possible
from gitops_healer.core.upgrade import Heeded
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/unignore [UPGRADE or FINDING]",
    examples=("/unignore calm-fox", "/unignore up-1a2b3c4d5e", "/unignore 0f1e2d3c4b"),
)
def unignore(request: Request) -> Answer:
    """Undo `/ignore`: the finding may be proposed again."""
    found = _fingerprints(request)
    if not found:
        return Answer(False, _nothing(request))
    if len(found) > 1:
        return Answer(False, f"{len(found)} ignored findings begin like that. Write more digits.")
    fingerprint = found[0]
    reply = f"Finding `{fingerprint[:10]}` is not ignored any more."
    attempts = request.history.of_finding(fingerprint)
    if attempts:
        last = last_attempt(attempts[-1], request.history)
        if order_possible("retry", last).allowed:
            reply += f" I do not take it up by myself, because {name_of(last)} ended: `/retry {last.id}` does."
    return Answer(True, reply, (("", Heeded(fingerprint, request.actor)),))


def _fingerprints(request: Request) -> list[str]:
    """Ignored findings that are meant: that of the upgrade, or those that begin with the digits given."""
    ignored = request.history.ignored
    if request.upgrade is not None:
        return [known for known in ignored if known == request.upgrade.finding.fingerprint]
    digits = request.arguments[0].lower() if request.arguments else ""
    return [known for known in ignored if known.startswith(digits)] if re.fullmatch("[0-9a-f]{4,40}", digits) else []


def _nothing(request: Request) -> str:
    ignored = list(request.history.ignored.values())[-10:]
    if request.upgrade is not None:
        said = f"Nobody ignores the finding of {name_of(request.upgrade)}."
    else:
        said = "No ignored finding is meant by that: write `/unignore UPGRADE`, or the first digits of the finding."
    if not ignored:
        return f"{said} No finding is ignored at all."
    lines = "\n".join(f"- `/unignore {one.fingerprint[:10]}`" for one in ignored)
    return f"{said} Ignored at the moment:\n\n{lines}"
