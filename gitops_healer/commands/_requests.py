"""What `/self_upgrade` and `/answer` share: the names of the code, and what becomes of a request."""

from gitops_healer.code.model import CodeModel
from gitops_healer.core.components import Names
from gitops_healer.core.messages import Messages
from gitops_healer.core.requesting import Understood, spelled
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Ordered
from gitops_healer.registry import Answer, Request

MAX_TEXT = 1_000


def ordered(order: Ordered, understood: Understood, request: Request, said: str) -> Answer:
    """The order, or the question that has to be answered first. said: the request as it was written, from which it
    starts again when the question is answered."""
    if understood.question:
        asked = Ordered(order.id, order.by, order.thread, (), said[:MAX_TEXT], understood.question)
        reply = _messages(request).render(
            "question", question=understood.question, answers="- `/answer` and your answer, here; then I start with it"
        )
        return Answer(True, reply, (("", asked),))
    fact = Ordered(order.id, order.by, order.thread, understood.components, understood.text[:MAX_TEXT])
    return Answer(True, _what_follows(fact, request), (("", fact),))


def _messages(request: Request) -> Messages:
    return request.scene.settings.messages.view()


def names_of(code: CodeModel) -> Names:
    """What the code of one commit calls its parts."""
    modules = list(code.modules())
    return Names(
        code.paths(),
        {module.name: module.path for module in modules},
        {
            module.path: tuple(item.qualname for item in module.facts.definitions if not item.accessory)
            for module in modules
        },
    )


def _what_follows(order: Ordered, request: Request) -> str:
    said = [
        _messages(request).render(
            "processing",
            by=quoted(order.by, 100),
            request=quoted(order.text, 200) if order.text else "your request",
            components=spelled(order.components),
        )
    ]
    if request.history.paused is not None:
        said.append(f"But {quoted(request.history.paused.by)} stopped everything: nothing is begun until `/unfreeze`.")
    said.append("`/upgrade_status` shows what is under way.")
    return " ".join(said)
