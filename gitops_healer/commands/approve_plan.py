"""`/approve_plan`: carry the plan out."""

from gitops_healer.core.orders import name_of, order_possible, reason_of, which_upgrade
from gitops_healer.core.upgrade import Fact, PlanApproved, Resumed, Stage
from gitops_healer.registry import Answer, Request, command


@command(
    usage="/approve_plan [UPGRADE] [REASON]",
    examples=("/approve_plan calm-fox", "/approve_plan up-1a2b3c4d5e agreed with the team"),
)
def approve_plan(request: Request) -> Answer:
    """Let a plan be carried out that policy does not let pass by itself; `/plan` shows it."""
    up = request.upgrade
    if up is None:
        return Answer(False, which_upgrade("approve_plan", request.history))
    decision = order_possible("approve_plan", up)
    if not decision.allowed:
        return Answer(False, f"{decision.reason}. {decision.next_action}")
    if request.written and up.planned_at and request.written < up.planned_at:
        return Answer(
            False,
            f"The plan of {name_of(up)} was made anew after you wrote this. `/plan {up.id}` shows it; please look, and "
            f"write `/approve_plan {up.id}` again if you agree with it.",
        )
    approved = PlanApproved(request.actor, reason_of(request.arguments, f"{request.actor} approved the plan"))
    facts: tuple[Fact, ...] = (Resumed(request.actor), approved) if up.stage is Stage.HELD else (approved,)
    reply = f"The plan of {name_of(up)} is approved. Next, the change is built and tried; then I open a pull request."
    return Answer(True, reply, tuple((up.id, fact) for fact in facts))
