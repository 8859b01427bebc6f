"""`/answer`: answer a question about a request."""

from gitops_healer.commands._requests import names_of, ordered
from gitops_healer.core.comments import split_arguments
from gitops_healer.core.orders import asks, order_possible
from gitops_healer.core.requesting import understand
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Ordered, Upgrade
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/answer TEXT",
    target=False,
    examples=("/answer src/billing", "/answer yes", "/answer the function total"),
)
def answer(request: Request) -> Answer:
    """Answer what I asked about your `/self_upgrade`; it starts again with what you say."""
    order = _asked(request)
    if order is None:
        return Answer(False, _nothing(request))
    if not request.arguments:
        return Answer(False, f"{order.question}\n\nWrite `/answer` and your answer in one line.")
    former = split_arguments(order.text)
    understood = understand(request.arguments, names_of(request.scene.code), former)
    return ordered(order, understood, request, " ".join((*former, *request.arguments)))


def _asked(request: Request) -> Ordered | None:
    """The newest order of this person in this thread when it has an open question, else the newest of anybody."""
    here = [order for order in reversed(list(request.history.work.values())) if order.thread == request.pull]
    own = [order for order in here if order.by.casefold() == request.actor.casefold()]
    newest = next((orders[0] for orders in (own, here) if orders and orders[0].question), None)
    return newest or next((order for order in here if order.question and order not in own), None)


def _nothing(request: Request) -> str:
    waiting: list[Upgrade] = [up for up in request.history.open() if asks(up) and order_possible("choose", up).allowed]
    if waiting:
        listed = "\n".join(f"- `/choose {up.id} OPTION`: {quoted(up.finding.message, 120)}" for up in waiting[:10])
        return f"No request waits for an answer here. These upgrades ask which option you want:\n\n{listed}"
    return "Nothing here waits for an answer. `/self_upgrade` asks for work."
