"""`/rebuild`: build the change again, on the present base."""

from gitops_healer.core.orders import name_of, order_possible, which_upgrade
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import IN_REVIEW, Fact, Outdated, Resumed, Stage, Upgrade
from gitops_healer.errors import HealerError
from gitops_healer.registry import Answer, Request, command

_MOST = 10


@command(
    usage="/rebuild [UPGRADE] [discard]",
    examples=("/rebuild", "/rebuild calm-fox", "/rebuild discard"),
)
def rebuild(request: Request) -> Answer:
    """Build an upgrade again on the present base; `discard` also gives up what others committed to its branch."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("rebuild", request.history))
    decision = order_possible("rebuild", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    words = [word.lower() for word in request.arguments]
    if words not in ([], ["discard"]):
        return Answer(False, f"Write `/rebuild {up.id}`, or `/rebuild discard` to give up what others committed.")
    theirs, problem = _theirs(up, request, discard=bool(words))
    if problem:
        return Answer(False, problem)
    base = request.scene.commit
    outdated = Outdated(f"{request.actor} asked to build it again", base, theirs)
    facts: tuple[Fact, ...] = (outdated,)
    if up.stage is Stage.HELD:
        facts = (Resumed(request.actor), outdated)
    said = f"{name_of(up)} is investigated and built again, on `{base[:10]}`."
    if theirs:
        said += f" What others committed is replaced; its last commit was `{theirs}`."
    elif _was_proposed(up):
        said += " Approvals that were given do not count for the new commit."
    return Answer(True, said, tuple((up.id, fact) for fact in facts))


def _was_proposed(up: Upgrade) -> bool:
    before = up.held_from if up.stage is Stage.HELD else up.stage
    return up.proposed is not None and before in IN_REVIEW


def _theirs(up: Upgrade, request: Request, *, discard: bool) -> tuple[str, str]:
    """(head with commits of others that is given up, "" when there is none; "" or why it cannot be done)."""
    ours = up.proposed
    if ours is None:
        return "", ""
    if request.pull != ours.pull or not request.head_now:
        if discard or (up.held is not None and up.held.hands_off):
            return "", (
                f"Somebody else may have committed to the branch of {name_of(up)}, and from here I cannot see what "
                f"stands there. Write it on #{ours.pull}."
            )
        return "", ""
    if request.head_now == ours.head:
        return "", ""
    lost = _lost(request, ours.head)
    if not discard:
        return "", (
            f"Somebody else committed to the branch of {name_of(up)}, and building it again would give that up:\n\n"
            f"{lost}\n\nIf that is what you want, write `/rebuild discard`. If not, nothing needs to be done: I leave "
            "the branch alone."
        )
    if request.head and request.head != request.head_now:
        return "", (
            f"The branch moved from `{request.head[:10]}` to `{request.head_now[:10]}` after you wrote this. That "
            f"would be given up:\n\n{lost}\n\nPlease look, and write `/rebuild discard` again if you agree."
        )
    return request.head_now, ""


def _lost(request: Request, ours: str) -> str:
    """The commits that are not ours, newest first."""
    try:
        commits = list(request.scene.repository.log(request.head_now, exclude=ours, limit=_MOST + 1))
    except HealerError:
        commits = []
    if not commits:
        return f"- all of `{request.head_now[:10]}`"
    lines = [
        f"- `{commit.id[:10]}` by {quoted(commit.author.name, 60)}: {quoted(commit.message.partition(chr(10))[0], 80)}"
        for commit in commits[:_MOST]
    ]
    return "\n".join([*lines, *(["- and more"] if len(commits) > _MOST else [])])
