"""`/self_upgrade`: ask for work."""

from gitops_healer.commands._requests import names_of, ordered
from gitops_healer.core.requesting import understand
from gitops_healer.core.upgrade import Ordered
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/self_upgrade [COMPONENT]... [WHAT YOU WANT]",
    target=False,
    examples=(
        "/self_upgrade",
        "/self_upgrade billing.invoices",
        "/self_upgrade src/billing not src/billing/legacy remove duplicated code",
    ),
)
def self_upgrade(request: Request) -> Answer:
    """Ask for work on the repository, or on files, folders, modules or functions of it; in your own words as well."""
    understood = understand(request.arguments, names_of(request.scene.code))
    order = Ordered(request.comment, request.actor, request.pull)
    return ordered(order, understood, request, " ".join(request.arguments))
