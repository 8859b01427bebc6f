"""`/choose`: answer the question of an upgrade."""

from gitops_healer.core.finding import Risk
from gitops_healer.core.orders import asks, name_of, order_possible, upgrade_lines, which_upgrade
from gitops_healer.core.plan import Option
from gitops_healer.core.revising import fits, measured, standing
from gitops_healer.core.texts import decision_markdown, quoted
from gitops_healer.core.upgrade import Chosen, Upgrade
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/choose UPGRADE OPTION",
    examples=("/choose calm-fox return_none", "/choose up-1a2b3c4d5e raise_error"),
)
def choose(request: Request) -> Answer:
    """Choose what a failing case should do, where that is not mine to decide."""
    up = request.upgrade
    if up is None:
        return Answer(False, _which_question(request))
    decision = order_possible("choose", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    if len(request.arguments) != 1:
        return Answer(False, f"Name exactly one option of {name_of(up)}.\n\n{_options(up)}")
    option = _find(up, request.arguments[0])
    if option is None:
        return Answer(
            False, f"{name_of(up)} has no option {quoted(request.arguments[0], 60)}. It has these:\n\n{_options(up)}"
        )
    refused = _against_wishes(up, option)
    if refused:
        return Answer(False, refused)
    reply = f"Chosen for {name_of(up)}: {quoted(option.title)}. I plan it now, and prove it before I propose it."
    return Answer(True, reply, ((up.id, Chosen(option.key, request.actor)),))


def _against_wishes(up: Upgrade, option: Option) -> str:
    """Why it is not what maintainers asked for, "" when it is. Size and risk are looked at when it is planned."""
    wishes = tuple(wish for wish in standing(revision.text for revision in up.revisions) if not measured([wish]))
    decision = fits(option, wishes, 0, Risk.LOW)
    if decision.allowed:
        return ""
    return (
        f"{quoted(option.key, 60)} is not what was asked for before:\n\n{decision_markdown(decision)}\n\n"
        f"`/revise_plan {up.id} use {option.key}` says otherwise."
    )


def _which_question(request: Request) -> str:
    waiting = [up for up in request.history.open() if asks(up) and order_possible("choose", up).allowed]
    if not waiting:
        return f"No upgrade waits for an answer. {which_upgrade('choose', request.history)}"
    return f"Which upgrade do you mean? Write `/choose UPGRADE OPTION`. These ask:\n\n{upgrade_lines(waiting[:10])}"


def _find(up: Upgrade, word: str) -> Option | None:
    """The option of that key; case does not matter where that leaves only one."""
    options = up.investigation.options if up.investigation else ()
    exact = [option for option in options if option.key == word]
    close = exact or [option for option in options if option.key.casefold() == word.casefold()]
    return close[0] if len(close) == 1 else None


def _options(up: Upgrade) -> str:
    options = up.investigation.options if up.investigation else ()
    return "\n".join(
        f"- `/choose {up.id} {option.key}`: {quoted(option.title)}"
        + (f" ({quoted(option.behaviour)})" if option.behaviour else "")
        for option in options[:20]
    )
