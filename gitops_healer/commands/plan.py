"""`/plan`: what is going to be done."""

from collections.abc import Iterator

from gitops_healer.core.forge import Permission
from gitops_healer.core.orders import name_of, waiting_for_plan, where_it_stands, which_upgrade
from gitops_healer.core.plan import Plan
from gitops_healer.core.policy import may_work
from gitops_healer.core.texts import fenced, plan_text, quoted
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.registry import Answer, Request, command

_MOST = 10


@command(usage="/plan [UPGRADE]", needs=Permission.READ, examples=("/plan", "/plan calm-fox", "/plan up-1a2b3c4d5e"))
def plan(request: Request) -> Answer:
    """The plan of an upgrade: steps and their checkpoints, risks, way back, earlier versions, who approved it."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("plan", request.history))
    if up.plan is None:
        said = f"{name_of(up)} {where_it_stands(up)}: there is no plan of it at the moment."
        return Answer(True, "\n\n".join([said, *_earlier(up)]))
    return Answer(True, "\n\n".join(_parts(up, up.plan, request)))


def _parts(up: Upgrade, plan: Plan, request: Request) -> Iterator[str]:
    yield f"{name_of(up)} {where_it_stands(up)}. This is version {plan.version} of its plan. {_approval(up, request)}"
    yield fenced(plan_text(plan))
    places = [*plan.paths[:_MOST], *plan.symbols[:_MOST]]
    yield f"It may touch {', '.join(quoted(place, 100) for place in places) or 'nothing'}, and nothing else."
    if others := _others(up, plan):
        yield others
    yield from _earlier(up)


def _approval(up: Upgrade, request: Request) -> str:
    """Who let it pass, or until when it waits for that."""
    policy = request.scene.settings.risk
    if up.plan_approved_by:
        return f"It was approved by {quoted(up.plan_approved_by, 100)}."
    if up.stage is not Stage.PLANNED and not waiting_for_plan(up):
        return ""
    if up.plan is not None and up.stage is Stage.PLANNED:
        decision = may_work(up.plan, without_approval=policy.plan_without_approval)
        if decision.allowed:
            return f"It needs no approval: {quoted(decision.reason)}."
    until = f" until {up.planned_at + policy.plan_expires:%Y-%m-%d %H:%M} UTC" if up.planned_at else ""
    return (
        f"It waits for approval{until}: `/approve_plan {up.id}`. To change it: `/revise_plan {up.id} TEXT`; "
        f"to drop it: `/ignore {up.id}`."
    )


def _others(up: Upgrade, plan: Plan) -> str:
    options = [option for option in (up.investigation.options if up.investigation else ()) if option.key != plan.option]
    if not options or not waiting_for_plan(up):
        return ""
    lines = "\n".join(f"- `/revise_plan {up.id} use {one.key}`: {quoted(one.title, 120)}" for one in options[:_MOST])
    return f"Other options:\n\n{lines}"


def _earlier(up: Upgrade) -> Iterator[str]:
    if not up.earlier_plans:
        return
    lines = "\n".join(
        f"- version {old.version}: {quoted(old.title, 120)} (option {quoted(old.option, 60)}, {old.risk.value} risk, "
        f"{old.lines} lines)"
        for old in reversed(up.earlier_plans[-_MOST:])
    )
    yield f"Earlier versions:\n\n{lines}"
