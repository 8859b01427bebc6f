"""`/retry`: try again."""

from gitops_healer.core.orders import last_attempt, name_of, order_possible, was_cleared, which_upgrade
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Fact, Heeded, Outdated, Queued, RepositoryFact, Resumed, Stage, Upgrade
from gitops_healer.registry import Answer, Request, command

_KEPT = frozenset({Stage.QUEUED, Stage.PLAN_APPROVED, Stage.REGRESSED})  # going on is trying again
_MOST = 50


@command(usage="/retry [UPGRADE or all]", examples=("/retry", "/retry calm-fox", "/retry up-1a2b3c4d5e", "/retry all"))
def retry(request: Request) -> Answer:
    """Try a held upgrade again, or begin a new attempt at what was dropped or taken back, or left a cleared queue."""
    if request.upgrade is None:
        cleared = _cleared(request)
        return _all_anew(cleared, request) if cleared else Answer(False, which_upgrade("retry", request.history))
    up = last_attempt(request.upgrade, request.history)
    decision = order_possible("retry", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    return _again(up, request) if up.stage is Stage.HELD else _anew(up, request)


def _again(up: Upgrade, request: Request) -> Answer:
    """What was built is built again; before that, and after the merge, it just goes on."""
    facts: tuple[Fact, ...] = (Resumed(request.actor),)
    if up.held_from in _KEPT:
        return Answer(True, f"{name_of(up)} is tried again from where it was.", ((up.id, facts[0]),))
    facts += (Outdated(f"{request.actor} asked for another try", request.scene.commit),)
    reply = f"{name_of(up)} is investigated and built again, on `{request.scene.commit[:10]}`."
    return Answer(True, reply, tuple((up.id, fact) for fact in facts))


def _cleared(request: Request) -> list[Upgrade]:
    """What left the queue because another one failed: of those that were asked for in this thread, or with `all`."""
    words = [word.lower() for word in request.arguments]
    if words not in ([], ["all"]) or not (words or request.pull):
        return []
    return [
        up
        for up in request.history.upgrades.values()
        if was_cleared(up)
        and up.id == last_attempt(up, request.history).id
        and (words or up.thread == request.pull)
        and up.finding.fingerprint not in request.history.ignored
    ]


def _all_anew(cleared: list[Upgrade], request: Request) -> Answer:
    taken: list[str] = []
    facts: list[tuple[str, Fact | RepositoryFact]] = []
    lines: list[str] = []
    for up in cleared[:_MOST]:
        new, name = request.history.fresh(up.finding.fingerprint, up.attempt + 1, taken)
        taken.append(name)
        facts.append((new, _queued(up, name, request)))
        lines.append(f"- `{new}` ({name}) again for {name_of(up)}: {quoted(up.finding.message, 120)}")
    return Answer(True, "The queue is filled again:\n\n" + "\n".join(lines), tuple(facts))


def _queued(up: Upgrade, name: str, request: Request) -> Queued:
    return Queued(up.finding, name, request.scene.commit, up.attempt + 1, "", up.order, up.thread)


def _anew(up: Upgrade, request: Request) -> Answer:
    new, name = request.history.fresh(up.finding.fingerprint, up.attempt + 1)
    facts: list[tuple[str, Fact | RepositoryFact]] = []
    said = f"Attempt {up.attempt + 1} at the finding of {name_of(up)} is queued as `{new}` ({name})."
    if up.finding.fingerprint in request.history.ignored:
        facts.append(("", Heeded(up.finding.fingerprint, request.actor)))
        said += " It was ignored; that is undone."
    facts.append((new, _queued(up, name, request)))
    return Answer(True, said, tuple(facts))
