"""`/upgrade_status`: what is under way."""

from collections.abc import Iterator

from gitops_healer.core.forge import Permission
from gitops_healer.core.history import History
from gitops_healer.core.orders import ended, name_of, upgrade_lines, where_it_stands
from gitops_healer.core.requesting import spelled
from gitops_healer.core.texts import quoted
from gitops_healer.registry import Answer, Request, command

MAX_LINES = 50
MAX_REQUESTS = 10


@command(
    usage="/upgrade_status [UPGRADE]", needs=Permission.READ, examples=("/upgrade_status", "/upgrade_status calm-fox")
)
def upgrade_status(request: Request) -> Answer:
    """Where one upgrade stands, or all that are under way."""
    if request.upgrade is not None:
        up = request.upgrade
        return Answer(True, f"{name_of(up)} {where_it_stands(up)}. {quoted(up.finding.message)}")
    open_ones = [up for up in request.history.open() if not ended(up)]
    paused = request.history.paused
    said = []
    if paused is not None:
        said.append(f"Everything is stopped by {quoted(paused.by)}: {quoted(paused.reason)}. `/unfreeze` ends that.")
    if open_ones:
        said.append(f"{len(open_ones)} under way:\n\n{upgrade_lines(open_ones[:MAX_LINES])}")
    else:
        said.append("No upgrade is under way.")
    if len(open_ones) > MAX_LINES:
        said.append(f"And {len(open_ones) - MAX_LINES} more: `gitops-healer status` lists them all.")
    if requests := list(_requests(request.history)):
        said.append("Requests that are not begun:\n\n" + "\n".join(requests[-MAX_REQUESTS:]))
    return Answer(True, "\n\n".join(said))


def _requests(history: History) -> Iterator[str]:
    for order in history.work.values():
        if order.question:
            yield f"- of {quoted(order.by, 100)}, waits for an `/answer`: {quoted(order.question, 200)}"
        elif order.id not in history.served:
            said = f": {quoted(order.text, 120)}" if order.text else ""
            yield f"- of {quoted(order.by, 100)}, for {spelled(order.components)}{said}"
