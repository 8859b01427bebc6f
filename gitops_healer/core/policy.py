"""What may be done, and why not. Pure: facts in, Decision out; the steps of the cycle only ask."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.finding import Finding, Risk
from gitops_healer.core.forge import Pull, PullState, Status, StatusState
from gitops_healer.core.history import History
from gitops_healer.core.plan import Plan
from gitops_healer.core.proof import verdict_tree
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.core.verdict import Verdict

MIN_FREE_BYTES = 100 * 1024**2
AT_WORK = frozenset({Stage.INVESTIGATED, Stage.PLANNED, Stage.PLAN_APPROVED, Stage.PREPARED})


def preflight(*, base: str, base_branch: str, free_bytes: int) -> Decision:
    """May a cycle begin at all? base: commit of the base branch, "" when it has none."""
    return all_of(
        "preflight",
        [
            yes("base", f"{base_branch} is at {base[:10]}")
            if base
            else no(
                "base",
                f"the branch {base_branch!r} has no commit yet",
                "commit something, or name another branch: limits.base_branch",
            ),
            yes("disk", f"{free_bytes // 1024**2:,} MB are free")
            if free_bytes >= MIN_FREE_BYTES
            else no(
                "disk",
                f"{free_bytes // 1024**2:,} MB are free, {MIN_FREE_BYTES // 1024**2} MB are needed",
                "free some space and run again",
            ),
        ],
    )


def may_begin(
    finding: Finding, history: History, *, treated: bool, queue: int, begun: int, new_per_cycle: int
) -> Decision:
    """May this finding become an upgrade now? treated: something installed can heal it; begun: upgrades begun in this
    cycle."""
    return all_of(
        "begin",
        [
            yes("treatment", f"{finding.rule} can be treated")
            if treated
            else no(
                "treatment",
                f"nothing that is installed treats {finding.rule}",
                f"see why: gitops-healer investigate {finding.symbol}",
            ),
            _not_paused(history),
            _not_ignored(finding, history),
            _not_known(finding, history),
            yes("queue", "there is room")
            if len(waiting := [up for up in history.open() if up.merged is None]) < queue
            else no("queue", f"{len(waiting)} upgrades are under way, {queue} are allowed", "see limits.queue"),
            yes("pace", f"{begun} begun in this cycle, {new_per_cycle} allowed")
            if begun < new_per_cycle
            else no(
                "pace", f"{begun} begun in this cycle, {new_per_cycle} allowed", "it is taken up in the next cycle"
            ),
        ],
    )


def _not_paused(history: History) -> Decision:
    if history.paused is None:
        return yes("pause", "the healer is not paused")
    return no(
        "pause", f"paused by {history.paused.by}: {history.paused.reason}", "a maintainer ends that with /unfreeze"
    )


def _not_ignored(finding: Finding, history: History) -> Decision:
    ignored = history.ignored.get(finding.fingerprint)
    if ignored is None:
        return yes("ignore", "nobody ignores it")
    return no("ignore", f"ignored by {ignored.by}: {ignored.reason}", f"undo with /unignore {finding.fingerprint[:10]}")


def _not_known(finding: Finding, history: History) -> Decision:
    attempts = history.of_finding(finding.fingerprint)
    if not attempts:
        return yes("known", "seen for the first time")
    last = attempts[-1]
    if last.open:
        return no("known", f"{last.id} ({last.codename}) is on it: {last.stage.value}", f"see explain {last.id}")
    outcome = (last.settled_as or last.stage).value
    return no("known", f"{last.id} ended as {outcome}: {last.reason}", f"try again with /retry {last.id}")


def may_start(up: Upgrade, history: History, *, slots: int) -> Decision:
    """May work begin on it? What was ordered is done in the order in which it was asked for, `slots` at a time; what
    detectors found waits for nobody."""
    if not up.order:
        return yes("queue", "nobody ordered it, so it waits for nobody")
    ordered = [other for other in history.open() if other.order and other.id != up.id]
    busy = [other for other in ordered if other.stage in AT_WORK]
    if len(busy) >= slots:
        names = ", ".join(f"{other.codename} ({other.stage.value})" for other in busy)
        return no("queue", f"{names} first: {slots} at a time", f"it begins by itself; see /explain {busy[0].id}")
    return yes("queue", "it is its turn")


def may_work(plan: Plan, *, without_approval: Collection[Risk], approved: Plan | None = None) -> Decision:
    """May the plan be carried out without a maintainer's word? approved: an earlier plan for the same flaw that a
    maintainer agreed to; what stays inside of it needs no second word."""
    if plan.risk in without_approval:
        return yes("plan", f"policy lets {plan.risk.value} risk go on without approval")
    if approved is None:
        return no("plan", f"{plan.risk.value} risk needs a maintainer's approval of the plan", "/approve_plan")
    return stays_within(plan, approved)


def stays_within(plan: Plan, approved: Plan) -> Decision:
    """Does a plan touch nothing, and risk nothing, that the approved one did not?"""
    more = [path for path in plan.paths if path not in approved.paths]
    more += [symbol for symbol in plan.symbols if symbol not in approved.symbols]
    if more:
        return no("plan", f"it touches {', '.join(more[:5])}, which the approved plan did not", "/approve_plan")
    if plan.risk.weight > approved.risk.weight:
        was, now = approved.risk.value, plan.risk.value
        return no("plan", f"its risk is {now} now, and {was} was approved", "/approve_plan")
    return yes("plan", "it stays inside the plan that was approved, in files, symbols and risk")


def expired(since: datetime | None, now: datetime, after: timedelta) -> bool:
    """Whether something has waited for so long; None when it has not begun to."""
    return since is not None and now - since >= after


def may_write(mode: str, history: History) -> Decision:
    """May anything be written to the repository or the forge?"""
    return all_of(
        "write",
        [
            no("mode", "mode is observe: nothing is written", "run with --mode propose")
            if mode == "observe"
            else yes("mode", f"mode is {mode}"),
            _not_paused(history),
        ],
    )


def may_propose(*, open_pulls: int, limit: int, foreign: Sequence[str], branch: str) -> Decision:
    """May the change become a pull request? foreign: committers on the branch that are not the healer."""
    return all_of(
        "propose",
        [
            yes("pulls", f"{open_pulls} of ours are open, {limit} are allowed")
            if open_pulls < limit
            else no(
                "pulls",
                f"{open_pulls} of ours are open, {limit} are allowed",
                "merge or close one, see limits.open_pulls",
            ),
            no(
                "branch",
                f"{', '.join(foreign)} committed to {branch}, which is theirs now",
                f"delete or rename {branch}, then /retry",
            )
            if foreign
            else yes("branch", f"nobody else works on {branch}"),
        ],
    )


def proof_holds(verdict: Verdict, *, gate: str) -> Decision:
    """A verdict as a decision: only PASSED opens the gate."""
    return verdict_tree(verdict, gate)


def ci_holds(statuses: Sequence[Status], expected: Collection[str] = ()) -> Decision:
    """CI on the head: no status at all is pending, not green. expected: checks that have to report besides."""
    if not statuses:
        return no("ci", "no check has reported yet, which is pending and not green", "wait, or see doctor")
    missing = sorted(set(expected) - {status.context for status in statuses})
    return all_of(
        "ci",
        [
            *(Decision(s.context, s.state is StatusState.SUCCESS, s.description or s.state.value) for s in statuses),
            *(no(name, "it reports on the base branch and has not reported here yet", _NO_CI) for name in missing),
        ],
    )


def others_report(statuses: Sequence[Status], own: str) -> bool:
    """Whether any check but our own has reported."""
    return any(status.context != own for status in statuses)


_NO_CI = (
    "wait; if it never starts, see doctor: CI may need somebody to press Approve, or set testing.wait_for_ci: false"
)


def may_approve(upgrade: Upgrade, *, mode: str, without_approval: Collection[Risk], head: str) -> Decision:
    """Is there an approval, by a person for exactly this head or by policy? The reason says by whom."""
    by = [approval.by for approval in upgrade.approvals if approval.head == head]
    if by:
        return yes("approval", f"approved by {by[-1]} at {head[:10]}")
    assert upgrade.plan is not None
    risk = upgrade.plan.risk
    pull = upgrade.proposed.pull if upgrade.proposed else 0
    ask = f'gitops-healer command "/approve" --pull {pull} --actor LOGIN'
    if mode != "deploy":
        return no("approval", f"mode {mode} merges only what a maintainer approves", ask)
    asked = upgrade.validated.verdict.approvals if upgrade.validated else ()
    if asked:
        return no("approval", f"a maintainer has to accept it: {asked[0]}", ask)
    if risk in without_approval:
        return yes("approval", f"policy lets mode deploy merge {risk.value} risk")
    return no("approval", f"{risk.value} risk needs a maintainer even in mode deploy", ask)


def may_merge(upgrade: Upgrade, pull: Pull, *, run: str, history: History) -> Decision:
    """May exactly the approved head be merged in this run?"""
    proposed, approved = upgrade.proposed, upgrade.approved
    assert proposed is not None
    assert approved is not None
    return all_of(
        "merge",
        [
            _not_paused(history),
            no("pace", "the run that pushed never merges", "the next cycle merges it")
            if proposed.run == run
            else yes("pace", "pushed by an earlier run"),
            yes("head", f"the approved head {approved.head[:10]}")
            if pull.head == approved.head
            else no("head", f"the head moved from {approved.head[:10]} to {pull.head[:10]}", "it is proved again"),
            yes("state", "the pull request is open")
            if pull.state is PullState.OPEN
            else no("state", f"the pull request is {pull.state.value}"),
            *([no("draft", "the pull request is a draft", f"mark #{pull.number} ready")] if pull.draft else []),
        ],
    )


def may_take_back(upgrade: Upgrade, *, healer: str, without_approval: bool, identical_to: str) -> Decision:
    """May the revert be merged? identical_to: the earlier commit whose tree it restores byte by byte, or ""."""
    assert upgrade.regressed is not None
    by = upgrade.regressed.by
    pull, head = (upgrade.revert.pull, upgrade.revert.head) if upgrade.revert else (0, "")
    approved = [approval.by for approval in upgrade.approvals if approval.head == head]
    children = [
        yes("order", f"ordered by {by}")
        if by != healer
        else yes("order", f"approved by {approved[-1]}")
        if approved
        else yes("order", "policy takes a judged regression back without asking")
        if without_approval
        else no(
            "order", "policy wants a maintainer's word", f'gitops-healer command "/approve" --pull {pull} --actor LOGIN'
        )
    ]
    if identical_to:
        children.append(yes("proof", f"it restores the tree of {identical_to[:10]}, which was the base before"))
    return all_of("take back", children)


def risk_of(finding: Finding, lines: int, files: int) -> Risk:
    """The larger of the finding's own risk and that of the size: over 40 lines or 2 files is medium, over 200 high."""
    by_size = Risk.HIGH if lines > 200 else Risk.MEDIUM if lines > 40 or files > 2 else Risk.LOW
    return max(finding.risk, by_size, key=lambda risk: risk.weight)
