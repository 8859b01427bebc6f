"""`/upgrade_ledger`: what happened lately."""

from collections import Counter

from gitops_healer.core.forge import Permission
from gitops_healer.core.history import History
from gitops_healer.core.orders import name_of, where_it_stands
from gitops_healer.core.texts import quoted
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.registry import Answer, Request, command

DEFAULT_COUNT = 10
MAX_COUNT = 100


@command(
    usage="/upgrade_ledger [UPGRADE or COUNT]",
    needs=Permission.READ,
    examples=("/upgrade_ledger", "/upgrade_ledger 30", "/upgrade_ledger calm-fox"),
)
def upgrade_ledger(request: Request) -> Answer:
    """What the ledger knows: the latest upgrades with their outcome, or the whole life of one."""
    if request.upgrade is not None:
        return Answer(True, _life(request.upgrade, request.history))
    word = request.arguments[0] if request.arguments else str(DEFAULT_COUNT)
    if not (word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= MAX_COUNT):
        return Answer(False, f"Write how many upgrades to list, from 1 to {MAX_COUNT}: `/upgrade_ledger 30`.")
    return Answer(True, _latest(request.history, int(word)))


def _latest(history: History, count: int) -> str:
    if not history.upgrades:
        return "The ledger holds no upgrade yet. The first scan that finds something writes one."
    upgrades = sorted(history.upgrades.values(), key=lambda up: up.changed_at, reverse=True)
    by_stage = Counter((up.settled_as or up.stage).value.replace("_", " ") for up in upgrades)
    counts = ", ".join(f"{number} {stage}" for stage, number in by_stage.most_common())
    lines = "\n".join(
        f"- {up.changed_at:%Y-%m-%d %H:%M} UTC: {name_of(up)} {where_it_stands(up)}{_because(up)}"
        for up in upgrades[:count]
    )
    noun = "upgrade" if len(upgrades) == 1 else "upgrades"
    return f"{len(upgrades)} {noun}: {counts}. {len(history.ignored)} findings are ignored.\n\n{lines}"


def _because(up: Upgrade) -> str:
    return f": {quoted(up.reason, 160)}" if up.reason else ""


def _life(up: Upgrade, history: History) -> str:
    """What is known of one upgrade, in the order in which it happened."""
    lines = [f"queued {up.queued_at:%Y-%m-%d %H:%M} UTC on `{up.base[:10]}`, attempt {up.attempt}"]
    if (order := history.work.get(up.order)) is not None:
        lines.append(f"ordered by {quoted(order.by)}: {quoted(order.text, 200) if order.text else 'to look and heal'}")
    if up.investigation is not None:
        lines.append(f"cause: {quoted(up.investigation.cause.sentence)}")
    if up.chosen_by:
        lines.append(f"{quoted(up.chosen_by)} chose {quoted(up.option_key)}")
    lines += [f"{quoted(wish.by)} wanted another plan: {quoted(wish.text, 200)}" for wish in up.revisions]
    if up.plan_approved_by:
        version = f", version {up.plan.version}" if up.plan and up.plan.version > 1 else ""
        lines.append(f"plan{version} approved by {quoted(up.plan_approved_by)}")
    if up.proposed is not None:
        lines.append(f"proposed in #{up.proposed.pull} at `{up.proposed.head[:10]}`")
    lines += [f"approved by {quoted(given.by)} at `{given.head[:10]}`" for given in up.approvals]
    if up.merged is not None:
        lines.append(f"merged {up.merged.at:%Y-%m-%d %H:%M} UTC as `{up.merged.commit[:10]}`")
    if up.health is not None:
        lines.append(f"{up.health.judgement.value}: {quoted(up.health.reason)}")
    if up.regressed is not None:
        lines.append(f"to be taken back: {quoted(up.regressed.reason)}")
    if up.rolled_back is not None:
        lines.append(f"taken back by `{up.rolled_back.commit[:10]}` in #{up.rolled_back.pull}")
    listed = "\n".join(f"- {line}" for line in lines)
    return f"{name_of(up)} {where_it_stands(up)}, since {up.changed_at:%Y-%m-%d %H:%M} UTC{_because(up)}\n\n{listed}"
