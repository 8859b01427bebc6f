"""`/revise_plan`: carry out another plan."""

from gitops_healer.core.finding import Risk
from gitops_healer.core.orders import asks, name_of, order_possible, which_upgrade
from gitops_healer.core.plan import Investigation, Option
from gitops_healer.core.planning import choose, sized
from gitops_healer.core.revising import FORMS, Wish, at_place, fitting, named, read, standing, touches
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Revised, Upgrade
from gitops_healer.errors import HealerError
from gitops_healer.registry import Answer, Request, command

MAX_TEXT = 1_000
_MOST = 10
_ENDLESS = 10**9


@command(
    usage="/revise_plan [UPGRADE] TEXT",
    examples=("/revise_plan calm-fox use return_none", "/revise_plan at most 10 lines; leave src/api.py alone"),
)
def revise_plan(request: Request) -> Answer:
    """Have a plan made again as you want it: another option, other files, fewer lines, less risk."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("revise_plan", request.history))
    decision = order_possible("revise_plan", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    text = " ".join(request.arguments)[:MAX_TEXT]
    problem = _unclear(up, text, request)
    if problem:
        return Answer(False, problem)
    assert up.investigation is not None
    wishes = standing((*(revision.text for revision in up.revisions), text))
    chosen = choose(up.investigation, up.option_key, wishes, lambda option: _measured(up, option, request))
    if chosen is None and not (asks(up) and _any_fits(up.investigation, wishes, up, request)):
        return Answer(False, _none_fits(up.investigation, wishes, up, request))
    version = len(up.earlier_plans) + (2 if up.plan else 1)
    then = f"{quoted(chosen.title)} (`{chosen.key}`)" if chosen else "what you choose of the options that fit"
    reply = (
        f"Version {version} of the plan of {name_of(up)} is made now: {then}. `/plan {up.id}` shows it, and the "
        "earlier one is kept. What was approved before does not count for it."
    )
    return Answer(True, reply, ((up.id, Revised(text, request.actor)),))


def _unclear(up: Upgrade, text: str, request: Request) -> str:
    """What has to be said in other words, "" when everything is understood and names something."""
    understood = read(text)
    if not understood.wishes and not understood.unclear:
        return f"Say what you want of the plan of {name_of(up)}.\n\n{_forms(up)}"
    if understood.unclear:
        parts = ", ".join(quoted(part, 120) for part in understood.unclear[:_MOST])
        return f"I read a few plain forms, and do not understand {parts}. Nothing was changed.\n\n{_forms(up)}"
    unknown = [name for name in named(understood.wishes) if not _known(name, up, request)]
    if unknown:
        names = ", ".join(quoted(name, 100) for name in unknown[:_MOST])
        return f"{names} is no option of {name_of(up)}, and no file or function that I know.\n\n{_forms(up)}"
    return ""


def _known(name: str, up: Upgrade, request: Request) -> bool:
    options = up.investigation.options if up.investigation else ()
    if any(option.key.casefold() == name.casefold() or touches(option, name) for option in options):
        return True
    return any(at_place(name, path) for path in request.scene.code.paths())


def _forms(up: Upgrade) -> str:
    options = up.investigation.options if up.investigation else ()
    forms = ", ".join(f"`{form}`" for form in FORMS)
    keys = ", ".join(f"`{option.key}`" for option in options[:_MOST])
    return f"What can be said, several joined by `;`: {forms}. Its options: {keys}."


def _any_fits(investigation: Investigation, wishes: tuple[Wish, ...], up: Upgrade, request: Request) -> bool:
    decisions = fitting(investigation.options, wishes, lambda option: _measured(up, option, request))
    return any(decision.allowed for decision in decisions)


def _none_fits(investigation: Investigation, wishes: tuple[Wish, ...], up: Upgrade, request: Request) -> str:
    """What each option violates."""
    decisions = fitting(investigation.options[:_MOST], wishes, lambda option: _measured(up, option, request))
    violated = "\n".join(
        f"- {quoted(decision.gate, 60)} is not "
        + ", and not ".join(
            f"{quoted(no.gate, 100)}: {quoted(no.reason, 200)}" for no in decision.children if not no.allowed
        )
        for decision in decisions
    )
    asked = f" Asked before: {', '.join(quoted(known.text, 120) for known in up.revisions)}." if up.revisions else ""
    return (
        f"No option of {name_of(up)} is all of that, so the plan stays as it is.{asked}\n\n{violated}\n\n"
        f"`/ignore {up.id}` drops it, `/rebuild {up.id}` looks for other options on the present base."
    )


def _measured(up: Upgrade, option: Option, request: Request) -> tuple[int, Risk]:
    """Lines and risk of an option; endless when its files are not to be had."""
    try:
        return sized(up.finding, option, lambda path: request.scene.repository.read(up.base, path) or b"")
    except HealerError:
        return _ENDLESS, Risk.HIGH
