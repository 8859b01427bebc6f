"""`/approve`: merge exactly what I saw."""

import re

from gitops_healer.core.orders import name_of, order_possible, which_upgrade
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import ApprovalGiven, Stage, Upgrade
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/approve [UPGRADE] [COMMIT]",
    examples=("/approve", "/approve calm-fox 1f2e3d4c5b", "/approve up-1a2b3c4d5e 1f2e3d4c5b"),
)
def approve(request: Request) -> Answer:
    """Approve a pull request at the commit that it stood on when you wrote this.

    The approval counts for that commit alone and waits until it is proved. Elsewhere than on the pull request, name
    the upgrade and the commit that you looked at (seven digits are enough).
    """
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("approve", request.history))
    decision = order_possible("approve", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    if request.closed:
        return Answer(
            False,
            f"#{request.pull} is closed, which I take as a no: nothing is merged. `/retry {up.id}` proposes it again.",
        )
    wanted = _head_of(up, request)
    seen, problem = _seen(up, request, wanted)
    if problem:
        return Answer(False, problem)
    given = ApprovalGiven(request.actor, seen)
    if given in up.approvals:
        return Answer(True, f"You approved {name_of(up)} at `{seen[:10]}` already; nothing more is needed.")
    return Answer(True, f"Approved: {name_of(up)} at `{seen[:10]}`. {_what_follows(up)}", ((up.id, given),))


def _head_of(up: Upgrade, request: Request) -> str:
    """The commit that the pull request, or the revert, stands on now."""
    ours = up.revert if up.stage is Stage.REGRESSED else up.proposed
    assert ours is not None
    return request.head_now if request.head_now and request.pull == ours.pull else ours.head


def _seen(up: Upgrade, request: Request, wanted: str) -> tuple[str, str]:
    """(the commit that is approved, "") or ("", why not)."""
    named = request.arguments[0].lower() if request.arguments else ""
    is_commit = re.fullmatch("[0-9a-f]{7,40}", named) is not None
    if len(request.arguments) > is_commit:
        word = quoted(request.arguments[is_commit], 60)
        return "", f"I do not approve with words beside it, which could mean no, like {word}. Write `/approve` alone."
    if is_commit:
        if wanted.startswith(named):
            return wanted, ""
        return "", f"You named `{named}`, but the pull request stands on `{wanted[:10]}` now. {_look_again(wanted)}"
    ours = up.revert if up.stage is Stage.REGRESSED else up.proposed
    if not request.head or ours is None or request.pull != ours.pull:
        pull = ours.pull if ours else 0
        return "", (
            f"An approval counts for one commit, and from here I cannot tell which one you saw. Write it on #{pull}, "
            f"or write `/approve {up.id} {wanted[:10]}`."
        )
    if request.head != wanted:
        return "", (
            f"The pull request moved from `{request.head[:10]}` to `{wanted[:10]}` after you wrote this. "
            f"{_look_again(wanted)}"
        )
    return wanted, ""


def _look_again(head: str) -> str:
    return f"Please look at `{head[:10]}`, and write `/approve` again if you agree with it."


def _what_follows(up: Upgrade) -> str:
    match up.stage:
        case Stage.PROPOSED:
            return "It is merged as soon as it is proved; if another commit comes, I ask again."
        case Stage.REGRESSED:
            return "It is taken back in the next cycle."
        case _:
            return "It is merged in the next cycle, if it still fits the base branch."
