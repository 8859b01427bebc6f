"""`/explain`: why is it where it is?"""

from collections.abc import Iterator

from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.forge import Permission
from gitops_healer.core.orders import asks, name_of, place_in_queue, possible_orders, where_it_stands, which_upgrade
from gitops_healer.core.policy import may_approve, may_start, may_work, proof_holds
from gitops_healer.core.proof import verdict_tree
from gitops_healer.core.texts import decision_markdown, fenced, plan_text, quoted
from gitops_healer.core.upgrade import IN_REVIEW, Stage, Upgrade
from gitops_healer.registry import Answer, Request, command


@command(usage="/explain [UPGRADE]", needs=Permission.READ, examples=("/explain", "/explain calm-fox"))
def explain(request: Request) -> Answer:
    """Why an upgrade is where it is: what it is about, what was proved, which gate stops it, what you can do."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("explain", request.history))
    return Answer(True, "\n\n".join(_parts(up, request)))


def _parts(up: Upgrade, request: Request) -> Iterator[str]:
    yield f"{name_of(up)} {where_it_stands(up)}{f': {quoted(up.reason, 600)}' if up.reason else ''}"
    yield f"**What is wrong.** {quoted(up.finding.message)} in {quoted(up.finding.path)}, line {up.finding.start}."
    if up.investigation is not None:
        yield f"**Why.** {quoted(up.investigation.cause.sentence)}"
    if asks(up):
        yield _question(up)
    if up.stage in (Stage.PLANNED, Stage.HELD) and up.plan is not None:
        yield f"**Plan.**\n\n{fenced(plan_text(up.plan))}"
    if place := _place(up, request):
        yield place
    gates = tuple(_gates(up, request))
    if gates:
        yield f"**Gates.**\n\n{decision_markdown(all_of('go on', gates))}"
    if up.health is not None:
        yield f"**Health.** {up.health.judgement.value}: {quoted(up.health.reason)}"
    yield f"**What you can say.** {', '.join(f'`/{order} {up.id}`' for order in possible_orders(up))}"


def _place(up: Upgrade, request: Request) -> str:
    """Its place in the queue, and for how long it has waited."""
    place, waiting = place_in_queue(up, request.history)
    if not place:
        return ""
    hours = (request.scene.now - up.queued_at).total_seconds() / 3600
    slots = request.scene.settings.limits.slots
    return f"**Queue.** Place {place} of {waiting}, queued {hours:.1f} hours ago; {slots} at a time."


def _question(up: Upgrade) -> str:
    assert up.investigation is not None
    lines = [
        f"- `/choose {up.id} {option.key}`: {quoted(option.title)}, {quoted(option.behaviour)}"
        for option in up.investigation.options[:20]
    ]
    return "\n".join([f"**Question.** {quoted(up.investigation.question, 600)}", "", *lines])


def _gates(up: Upgrade, request: Request) -> Iterator[Decision]:
    """What has to say yes before it can go on."""
    policy = request.scene.settings.risk
    if (paused := request.history.paused) is not None and up.merged is None:
        yield no("pause", f"paused by {paused.by}: {paused.reason}", "/unfreeze")
    if up.held is not None and up.stage is Stage.HELD:
        yield no("hold", up.held.reason, up.held.next_action or f"/resume {up.id}")
        if up.held.verdict is not None:
            yield verdict_tree(up.held.verdict)
    if up.stage is Stage.QUEUED:
        yield may_start(up, request.history, slots=request.scene.settings.limits.slots)
    if up.stage is Stage.PLANNED and up.plan is not None:
        yield may_work(up.plan, without_approval=policy.plan_without_approval)
    if up.stage in IN_REVIEW and up.proposed is not None and up.plan is not None:
        yield _proof(up)
        mode = request.scene.settings.limits.mode
        yield may_approve(up, mode=mode, without_approval=policy.merge_without_approval, head=up.proposed.head)


def _proof(up: Upgrade) -> Decision:
    if up.validated is not None:
        return proof_holds(up.validated.verdict, gate="proof")
    if up.prepared is not None:
        first = proof_holds(up.prepared.verdict, gate="phase 1")
        second = no("phase 2", "not yet passed on this head", "the next cycle tries again")
        return all_of("proof", [first, second])
    return yes("proof", "nothing is built yet")
