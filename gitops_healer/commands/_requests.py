"""What `/self_upgrade` and `/answer` share: the names of the code, and what becomes of a request."""

from gitops_healer.code.model import CodeModel
from gitops_healer.core.components import Names
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
        reply = f"{understood.question}\n\nWrite `/answer` and your answer here, and I start with it."
        return Answer(True, reply, (("", asked),))
    fact = Ordered(order.id, order.by, order.thread, understood.components, understood.text[:MAX_TEXT])
    return Answer(True, _what_follows(fact, request), (("", fact),))


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
    about = f" You want: {quoted(order.text, 200)}." if order.text else ""
    said = [
        f"I look at {spelled(order.components)} in the next cycle.{about} What I find is queued, the most urgent "
        "first, and I answer here with what it is; each gets a plan, a proof and a pull request of its own."
    ]
    if request.history.paused is not None:
        said.append(f"But {quoted(request.history.paused.by)} stopped everything: nothing is begun until `/unfreeze`.")
    said.append("`/upgrade_status` shows what is under way.")
    return " ".join(said)
