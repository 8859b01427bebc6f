"""THE FLOW. One cycle, top to bottom: look, obey, move every open upgrade as far as it can go without waiting, stop.

Every step observes, asks `core` for a decision, does at most one effect, and returns the facts to record; every step is
safe to repeat. A step that has to wait returns the Decision that says for what.
"""

import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from gitops_healer.attributing import attribute, evidence_key, newest_failing
from gitops_healer.core import texts
from gitops_healer.core.attribution import Attribution
from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.finding import Finding, Risk
from gitops_healer.core.following import given_back, hands_off
from gitops_healer.core.forge import OWN_RUN, VALIDATION, Comment, PullState, Status, StatusState
from gitops_healer.core.judgement.blame import Charge, Stand, accusation, charge, taken_back_before
from gitops_healer.core.judgement.keeping import kept, says_more
from gitops_healer.core.naming import (
    RESTORE_PREFIX,
    branch_of,
    restore_ref_of,
    restored_at,
    revert_branch_of,
    scratch_ref_of,
)
from gitops_healer.core.not_ours import issue_body, issue_marker, issue_title, revert_reason
from gitops_healer.core.plan import Investigation, Option
from gitops_healer.core.planning import choose, make_plan, sized
from gitops_healer.core.policy import (
    ci_holds,
    expired,
    may_approve,
    may_begin,
    may_merge,
    may_propose,
    may_start,
    may_work,
    may_write,
    others_report,
    preflight,
    proof_holds,
)
from gitops_healer.core.proof import verdict_tree
from gitops_healer.core.pull_body import revert_body
from gitops_healer.core.reverting import Reversal, Way, held_by, proof_of
from gitops_healer.core.revising import fitting, standing
from gitops_healer.core.summary import Look, Reply, Summary
from gitops_healer.core.upgrade import (
    Approved,
    Attributed,
    Closed,
    Dropped,
    Fact,
    HealthChecked,
    Held,
    Invalidated,
    Investigated,
    LeftUnproven,
    Merged,
    Outdated,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Regressed,
    Reported,
    RepositoryFact,
    RevertProposed,
    RolledBack,
    Stabilised,
    Stage,
    Upgrade,
    Validated,
    Watched,
)
from gitops_healer.core.verdict import Outcome
from gitops_healer.core.watching import Health, Judgement, Window
from gitops_healer.errors import (
    AlreadyGoneError,
    BrokenStepError,
    ForgeError,
    HealerError,
    LostRaceError,
    NotMergeableError,
    PreflightError,
    PullRefusedError,
)
from gitops_healer.measuring import measure
from gitops_healer.obedience import obey
from gitops_healer.ports import Conflict, RefUpdate
from gitops_healer.proving import prove
from gitops_healer.queueing import clear_queue, open_orders, queue, serve
from gitops_healer.registry import Case
from gitops_healer.reverting import base_before, case_of, plan_back, revert_permission, same_way
from gitops_healer.seeing import detect, readable
from gitops_healer.settings import format_duration
from gitops_healer.telling import pull_text, tell
from gitops_healer.world import Journal, World, observing

_COMMITS_ASKED = 10

Outcomes = Decision | Fact | tuple[Fact | RepositoryFact, ...]
Step = Callable[["Cycle", Upgrade], Outcomes]


@dataclass
class Cycle:
    """One run at work: the world, the journal, and what is to be told at the end. links: by which people open pull
    requests that we may not open, by upgrade."""

    world: World
    journal: Journal
    looks: list[Look] = field(default_factory=list)
    findings: list[tuple[Finding, Decision]] = field(default_factory=list)
    waiting: dict[str, Decision] = field(default_factory=dict)
    moved: dict[str, None] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    errors: list[HealerError | OSError] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)

    def summary(self, notices: tuple[str, ...] = ()) -> Summary:
        upgrades = self.journal.history.upgrades.values()
        return Summary(
            run=self.world.run,
            mode=self.world.mode,
            base_branch=self.world.base_branch,
            base=self.world.base,
            looks=tuple(self.looks),
            findings=tuple(self.findings),
            upgrades=tuple((up, self.waiting.get(up.id)) for up in upgrades if up.open or up.id in self.moved),
            moved=tuple(self.moved),
            replies=tuple(self.replies),
            notices=(*self.notices, *notices),
            errors=tuple(str(error) for error in self.errors),
            events=self.journal.written,
            forge=self.world.forge.kind,
        )


def run_cycle(world: World) -> Cycle:
    """One whole cycle. Raises PreflightError, LostRaceError; what goes wrong with one upgrade stops no other."""
    with world.lock():
        cycle = open_cycle(world)
        gather(cycle)
        cycle.replies += obey(cycle.world, cycle.journal)
        advance_all(cycle, cycle.journal.history.open())
        advance_all(cycle, begin(cycle))
        tidy(cycle)
        report(cycle)
        return cycle


def run_orders(
    world: World, concerned: Callable[[Upgrade], bool] = lambda _: False, spoken: Collection[Comment] = ()
) -> Cycle:
    """Only what maintainers ordered, and what follows from it.

    concerned: upgrades that something else happened to; spoken: orders that stand in no comment of the forge.
    """
    with world.lock():
        cycle = open_cycle(world)
        cycle.replies += obey(cycle.world, cycle.journal, spoken)
        meant = {reply.upgrade for reply in cycle.replies if reply.allowed}
        advance_all(cycle, [up for up in cycle.journal.history.open() if up.id in meant or concerned(up)])
        if open_orders(cycle.journal.history):
            advance_all(cycle, begin(cycle, ordered_only=True))
        report(cycle)
        return cycle


def open_cycle(world: World) -> Cycle:
    """Preflight. In mode observe nothing that follows is written anywhere."""
    world.forge.refresh()
    decision = preflight(base=world.base, base_branch=world.base_branch, free_bytes=world.free_bytes())
    if not decision.allowed:
        raise PreflightError(f"{decision.reason}. {decision.next_action}")
    world = observing(world) if world.mode == "observe" else world
    return Cycle(world, Journal(world))


# Moving


def advance_all(cycle: Cycle, upgrades: Iterable[Upgrade]) -> None:
    """Merged ones first: taking back is more urgent than proposing."""
    for upgrade in sorted(upgrades, key=lambda up: (up.merged is None, -up.finding.priority, up.queued_at, up.id)):
        advance(cycle, upgrade.id)


def advance(cycle: Cycle, upgrade: str) -> None:
    """Move one upgrade until it waits or is closed. One of two broad excepts of the house stands here, the other in
    `obedience`, around commands."""
    while step := STEPS.get(cycle.journal[upgrade].stage):
        current = cycle.journal[upgrade]
        cycle.world.progress(f"{current.codename}: {step.__name__.replace('_', ' ')}")
        try:
            outcome = step(cycle, current)
        except LostRaceError:
            raise
        except (HealerError, OSError) as error:
            cycle.errors.append(error)
            outcome = no(step.__name__, f"{error}", "run again when this is mended")
        except Exception as error:  # a plug-in's bug must not stop the others, nor be tried again and again
            outcome = _broken(cycle, current, step, error)
        if isinstance(outcome, Decision):
            cycle.waiting[upgrade] = outcome
            break
        facts = outcome if isinstance(outcome, tuple) else (outcome,)
        cycle.journal.note([("" if isinstance(fact, RepositoryFact) else upgrade, fact) for fact in facts])
        cycle.waiting.pop(upgrade, None)
        cycle.moved[upgrade] = None
        if any(isinstance(fact, Regressed) or (isinstance(fact, Dropped) and fact.failed) for fact in facts):
            advance_all(cycle, clear_queue(cycle.world, cycle.journal, current))
    cycle.journal.write()


def _broken(cycle: Cycle, upgrade: Upgrade, step: Step, error: Exception) -> Outcomes:
    cycle.world.progress("".join(traceback.format_exception(error)))
    reason = f"{step.__name__} broke: {type(error).__name__}: {error}"
    cycle.errors.append(BrokenStepError(f"{upgrade.id}: {reason}"))
    if upgrade.merged is not None and upgrade.stage is not Stage.REGRESSED:
        return no(step.__name__, reason, "this is a bug of the healer or a plug-in: please report it")
    return Held(reason, next_action=f"this is a bug of the healer or a plug-in: report it, then /retry {upgrade.id}")


# See


def gather(cycle: Cycle) -> None:
    """Take in what recorders left since the last cycle."""
    if cycle.world.mode == "observe":
        return
    done = cycle.world.executions.sync()
    if done.stored or done.broken:
        broken = f", {len(done.broken)} broken lines" if done.broken else ""
        cycle.notices.append(f"{done.stored:,} recorded lines were taken in{broken}")


def begin(cycle: Cycle, ordered_only: bool = False) -> list[Upgrade]:
    """Detect, and queue what was ordered and, in a whole cycle, what is new; returns the upgrades that were begun."""
    begun, limits = list[str](), cycle.world.settings.limits
    findings, looks = detect(cycle.world)
    cycle.looks += looks
    retire(cycle, {finding.fingerprint for finding in findings})
    orders = open_orders(cycle.journal.history)
    ordered = [up for order in orders for up in serve(cycle.world, cycle.journal, order, findings)]
    for finding in findings:
        decision = may_begin(
            finding,
            cycle.journal.history,
            treated=bool(cycle.world.fixers_of(finding.rule)),
            queue=limits.queue,
            begun=len(begun),
            new_per_cycle=limits.new_per_cycle,
        )
        cycle.findings.append((finding, decision))
        if decision.allowed and not ordered_only:
            begun.append(queue(cycle.world, cycle.journal, finding))
    return [*ordered, *(cycle.journal[upgrade] for upgrade in begun)]


def retire(cycle: Cycle, seen: Collection[str]) -> None:
    """Somebody else mended it while it waited for an answer: its file changed, and it is not seen any more. What a
    maintainer ordered is seen by nobody, and stays."""
    base, rules = cycle.world.base, {detector.name for detector in cycle.world.detectors}
    for up in cycle.journal.history.at(Stage.HELD):
        if up.merged or up.finding.fingerprint in seen or up.base == base or up.finding.rule not in rules:
            continue
        changed = up.finding.path in cycle.world.repository.changed_paths(up.base, base)
        if changed and readable(cycle.world, base, up.finding.path):
            cycle.journal.record([(up.id, Dropped(f"seen no more since {up.finding.path} changed, at {base[:10]}"))])
            advance(cycle, up.id)


# Understand and plan


def investigate(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Find the cause and the changes that end it: the first fixer that has something to offer or to ask."""
    turn = may_start(up, cycle.journal.history, slots=cycle.world.settings.limits.slots)
    if not turn.allowed:
        return turn
    scene = cycle.world.scene(up.base)
    diagnosis = cycle.world.diagnose(scene, up.finding)
    results: list[Investigation] = []
    for fixer in cycle.world.fixers_of(up.finding.rule):
        results.append(replace(fixer(scene, up.finding), diagnosis=diagnosis, aim=fixer.aim))
        if results[-1].options or results[-1].question:
            return Investigated(results[-1])
    if not results:
        return Dropped(f"nothing that is installed treats {up.finding.rule}", failed=True)
    evidence = tuple(line for result in results for line in result.evidence)
    return Investigated(replace(results[-1], evidence=evidence, tried=sum(result.tried for result in results)))


def plan(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Take the option that is determined and that maintainers' revisions leave, or ask."""
    assert up.investigation is not None

    def read(path: str) -> bytes:
        return cycle.world.repository.read(up.base, path) or b""

    def size(option: Option) -> tuple[int, Risk]:
        return sized(up.finding, option, read)

    notes = tuple(revision.text for revision in up.revisions)
    option = choose(up.investigation, up.option_key, standing(notes), size)
    if option is None and up.investigation.question:
        answer = texts.choice_command(up, up.investigation)
        return Held("the wanted behaviour is not ours to invent", up.investigation.question, answer)
    if option is None and notes:
        why = "; ".join(one.reason for one in fitting(up.investigation.options, standing(notes), size))
        return Held(f"no change fits the revised plan: {why}", next_action=f"/revise_plan {up.id} TEXT")
    if option is None:
        tried = "; ".join(up.investigation.evidence) or "no change was found that helps"
        return Dropped(f"no proven change: {tried}", failed=True)
    version = len(up.earlier_plans) + 1
    return Planned(make_plan(up.finding, option, read, up.base, up.investigation.aim, version, notes))


def approve_plan(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Policy lets it go on, or a maintainer has to say so (`/approve_plan`)."""
    assert up.plan is not None
    policy = cycle.world.settings.risk
    decision = all_of(
        "plan",
        [
            may_write(cycle.world.mode, cycle.journal.history),
            may_work(up.plan, without_approval=policy.plan_without_approval, approved=up.approved_plan),
        ],
    )
    if not decision.allowed and expired(up.planned_at, cycle.world.clock.now(), policy.plan_expires):
        return Dropped(f"nobody approved the plan within {format_duration(policy.plan_expires)}")
    return PlanApproved(cycle.world.forge.login, decision.children[-1].reason) if decision.allowed else decision


# Change and prove


def prepare(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Make the change as a commit on a scratch ref, keep a restore point, prove it: phase 1."""
    decision = may_write(cycle.world.mode, cycle.journal.history)
    if not decision.allowed:
        return decision
    assert up.plan is not None
    assert up.option is not None
    repository, world = cycle.world.repository, cycle.world
    restore = restore_ref_of(up.codename, up.changed_at)
    message = texts.commit_message(up)
    commit = repository.commit_change(up.base, up.option.change, message, world.signature(up))
    place(cycle, {restore: up.base, scratch_ref_of(up.id): commit})
    verdict = prove(cycle.world, Case(up.base, commit, 1, up.plan, up.finding))
    match verdict.outcome:
        case Outcome.PASSED:
            return Prepared(commit, up.base, restore, verdict)
        case Outcome.FAILED:
            return Dropped(f"phase 1: {verdict.reason}", failed=True)
        case _:
            why = verdict_tree(verdict)
            return Held(f"phase 1: {why.reason}", next_action=f"{why.next_action} {up.id}", verdict=verdict)


def place(cycle: Cycle, wanted: Mapping[str, str]) -> None:
    """Let refs of ours ({name: commit, "" to delete}) stand so, whatever they stood on, here and at the forge."""
    repository = cycle.world.repository
    now = {ref: repository.refs(ref).get(ref, "") for ref in wanted}
    updates = [RefUpdate(ref, commit, now[ref]) for ref, commit in wanted.items() if commit != now[ref]]
    if updates:
        repository.update_refs(updates, f"healer: {', '.join(wanted)}"[:500])
        cycle.world.forge.publish(updates)


# Propose, validate, approve, merge


def propose(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Branch and pull request."""
    assert up.prepared is not None
    world, branch = cycle.world, branch_of(up.finding.rule, up.finding.fingerprint)
    current = world.forge.branch_head(branch) or ""
    ours = [other for other in cycle.journal.history.open() if other.before_people and other.id != up.id]
    decision = all_of(
        "propose",
        [
            may_write(world.mode, cycle.journal.history),
            may_propose(
                open_pulls=len(ours),
                limit=world.settings.limits.open_pulls,
                foreign=() if current and current == up.reclaims else foreign(cycle, current),
                branch=branch,
            ),
        ],
    )
    if not decision.allowed:
        return decision
    cycle.journal.intend(up, "propose", up.prepared.commit)
    head = world.forge.push(branch, up.prepared.commit, current)
    try:
        pull = world.forge.open_pull(branch, world.base_branch, texts.pull_title(up), pull_text(world, up))
    except PullRefusedError as error:
        cycle.links[up.id] = error.link
        return no("open", str(error), f"open it yourself: {error.link}")
    return Proposed(branch, head, pull.number, pull.url, world.run)


def foreign(cycle: Cycle, head: str) -> tuple[str, ...]:
    """Who else committed between the base branch and `head`."""
    if not head:
        return ()
    forge = cycle.world.forge
    ours = {cycle.world.settings.limits.squash_email or forge.email, *forge.emails}
    commits = cycle.world.repository.log(head, exclude=cycle.world.base, limit=100)
    return tuple(sorted({c.author.name for c in commits if not ours & {c.committer.email, c.author.email}}))


def validate(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Phase 2 on what a merge would give, reported as a commit status; then CI has the word."""
    if people := followed(cycle, up):
        return people
    assert up.proposed is not None
    assert up.plan is not None
    world, base, head = cycle.world, cycle.world.base, up.proposed.head
    merged = world.repository.squash(base, head, texts.commit_message(up), world.signature(up))
    if isinstance(merged, Conflict):
        return Outdated(f"{world.base_branch} changed the same lines of {', '.join(merged.paths)}", base)
    verdict = prove(cycle.world, Case(base, merged, 2, up.plan, up.finding))
    state = {Outcome.PASSED: StatusState.SUCCESS, Outcome.FAILED: StatusState.FAILURE}
    world.forge.set_status(
        head, Status(VALIDATION, state.get(verdict.outcome, StatusState.ERROR), verdict.reason[:140])
    )
    if verdict.outcome is Outcome.FAILED:
        return Dropped(f"phase 2: {verdict.reason}", failed=True)
    decision = all_of("validate", [proof_holds(verdict, gate="phase 2"), ci(cycle, up, head)])
    return Validated(verdict, head, base) if decision.allowed else decision


def ci(cycle: Cycle, up: Upgrade, head: str) -> Decision:
    """What has reported on the base branch has to report on the head as well, unless others did and this one stays
    away: not every check runs for pull requests. Our own run is still at it, of course."""
    policy = cycle.world.settings.testing
    statuses = [status for status in cycle.world.forge.statuses(head) if status.context != OWN_RUN]
    decision = ci_holds(statuses)
    late = expired(up.proposed_at, cycle.world.clock.now(), policy.ci_grace)
    if not decision.allowed or not policy.wait_for_ci or (late and others_report(statuses, VALIDATION)):
        return decision
    return ci_holds(statuses, expected_checks(cycle))


def expected_checks(cycle: Cycle) -> frozenset[str]:
    """Names of the checks of the newest commit of the base branch that has any; a merge of ours may have none."""
    recent = cycle.world.repository.log(cycle.world.base, limit=_COMMITS_ASKED)
    reported = ({status.context for status in cycle.world.forge.statuses(commit.id)} for commit in recent)
    return frozenset(next((others for names in reported if (others := names - {VALIDATION, OWN_RUN})), ()))


def followed(cycle: Cycle, up: Upgrade) -> Outcomes | None:
    """What people did to the pull request meanwhile: merged, closed, committed to it, labelled, led elsewhere."""
    assert up.proposed is not None
    pull = cycle.world.forge.pull(up.proposed.pull)
    if pull is not None and pull.state is PullState.MERGED:
        return merged_fact(cycle, up, pull.merge_commit, pull.head)
    others = foreign(cycle, pull.head) if pull and pull.head != up.proposed.head else ()
    limits, base = cycle.world.settings.limits, cycle.world.base_branch
    return hands_off(up, pull, base_branch=base, stop_label=limits.stop_label, committers=others) or None


def keep_off(cycle: Cycle, up: Upgrade) -> Outcomes:
    """It is held; but what people do with its pull request counts: they merge it, close it, or give it back."""
    assert up.held is not None
    if up.merged is None and up.proposed is not None and (pull := cycle.world.forge.pull(up.proposed.pull)):
        if pull.state is PullState.MERGED:
            return merged_fact(cycle, up, pull.merge_commit, pull.head)
        if pull.state is PullState.CLOSED:
            return followed(cycle, up) or ()
        if resumed := given_back(up, pull):
            return resumed
    return no("hold", up.held.reason, up.held.next_action or f"/resume {up.id}")


def approve(cycle: Cycle, up: Upgrade) -> Outcomes:
    """A maintainer approved exactly this head, or policy does."""
    if people := followed(cycle, up):
        return people
    assert up.validated is not None
    if up.validated.base != cycle.world.base:
        return Invalidated(f"{cycle.world.base_branch} moved on", up.validated.head)
    policy = cycle.world.settings.risk
    head = up.validated.head
    decision = may_approve(
        up, mode=cycle.world.mode, without_approval=policy.merge_without_approval, head=head
    )  # fmt: skip
    by = next((given.by for given in reversed(up.approvals) if given.head == head), cycle.world.forge.login)
    return Approved(by, head, decision.reason) if decision.allowed else decision


def merge(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Squash exactly the approved head; the merge is the deployment."""
    if people := followed(cycle, up):
        return people
    assert up.validated is not None
    assert up.proposed is not None
    world = cycle.world
    if up.validated.base != world.base:
        return Invalidated(f"{world.base_branch} moved on", up.validated.head)
    pull = world.forge.pull(up.proposed.pull)
    assert pull is not None
    decision = all_of(
        "merge",
        [
            may_write(world.mode, cycle.journal.history),
            may_merge(up, pull, run=world.run, history=cycle.journal.history),
            ci(cycle, up, pull.head),
        ],
    )
    if not decision.allowed:
        return decision
    cycle.journal.intend(up, "merge", pull.head)
    try:
        commit = world.forge.merge_pull(pull.number, pull.head, texts.commit_message(up))
    except NotMergeableError as error:
        return no("merge", str(error), "it is tried again in the next cycle")
    return merged_fact(cycle, up, commit, pull.head)


def merged_fact(cycle: Cycle, up: Upgrade, commit: str, head: str) -> Merged:
    """The same fact however often it is looked at, and however people merged it."""
    when = cycle.world.repository.commit(commit).committer.when
    return Merged(commit, base_before(cycle.world, up, commit, head), head, when)


# Watch and take back


def open_watch(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Phase 2 once more, on the merge commit itself; then the window opens."""
    assert up.merged is not None
    assert up.plan is not None
    policy = cycle.world.settings.monitoring
    verdict = prove(cycle.world, Case(up.merged.parent, up.merged.commit, 2, up.plan, up.finding))
    if verdict.outcome is Outcome.FAILED and up.merged_as_proved:
        return Regressed(f"on the merge commit, {verdict.reason}", cycle.world.forge.login)
    opened = up.merged.at
    again = taken_back_before(up, cycle.journal.history.upgrades.values())
    length = policy.reland.window if again else policy.window
    return Watched(verdict, Window(opened, opened + length, opened - policy.baseline), policy.tolerance(again))


def watch(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Measure, judge, and ask whose fault it is when it looks bad; close the watch when its time is over."""
    assert up.watched is not None
    window, now = up.watched.window, cycle.world.clock.now()
    if ordered := draft_merged(cycle, up):
        return ordered
    health = check_health(cycle, up)
    if outcome := accuse(cycle, cycle.journal[up.id], health):
        return outcome
    if now < window.until:
        return no("watch", f"until {window.until:%Y-%m-%d %H:%M} UTC: {health.reason}", "nothing to do but wait")
    return Stabilised(health.reason) if health.judgement is Judgement.HEALTHY else LeftUnproven(health.reason)


def check_health(cycle: Cycle, up: Upgrade) -> Health:
    """What every metric says, judged, and recorded as far as it is new."""
    measured = measure(cycle.world, cycle.journal.history, up)
    cycle.errors += measured.errors
    news = kept(measured.health, up.health)
    if says_more(news, up.health):
        cycle.journal.record([(up.id, HealthChecked(news))])
    return measured.health


def accuse(cycle: Cycle, up: Upgrade, health: Health) -> Outcomes | None:
    """When it looks bad: run what fails on the commits that may be to blame, once a state of the evidence; then act on
    what stands against this merge. None: watch on."""
    upgrades, policy = cycle.journal.history.upgrades.values(), cycle.world.settings.monitoring
    ours = may_be_taken_back(cycle, up)
    if ours and (named := accusation(up, upgrades)):
        return Regressed(named.reason, cycle.world.forge.login)
    if health.judgement not in (Judgement.SUSPECT, Judgement.REGRESSED):
        return None
    key = evidence_key(health, newest_failing(cycle.world, up, health))
    found = next((one.attribution for one in up.attributions if one.evidence == key), None)
    if found is None:
        return Attributed(attribute(cycle.world, up, health, upgrades), key)
    charged = charge(up, health, found)
    match charged.stand:
        case Stand.OURS if ours:
            return Regressed(charged.reason, cycle.world.forge.login)
        case Stand.SUSPECTED:
            return draft_revert(cycle, up) if ours and policy.drafts else None
        case Stand.OURS if not policy.rollback:
            return None
        case _:
            return hand_over(cycle, up, health, charged, found)


def may_be_taken_back(cycle: Cycle, up: Upgrade) -> bool:
    """By judgement: what people made of our pull request is theirs."""
    policy = cycle.world.settings.monitoring
    return policy.rollback and (up.merged_as_proved or policy.revert_others)


def hand_over(cycle: Cycle, up: Upgrade, health: Health, charged: Charge, found: Attribution) -> Outcomes | None:
    """It is not ours to take back. Another merge of ours is; for the rest people are told, once."""
    upgrades = cycle.journal.history.upgrades.values()
    if any(report.culprit == charged.culprit for report in up.reports):
        return None
    told = (report for one in upgrades for report in one.reports if report.issue and report.culprit)
    if known := next((report for report in told if report.culprit == charged.culprit), None):
        return known
    other = cycle.journal.history.merged_as(charged.culprit)
    if other is not None and other.id != up.id and condemn(cycle, other, found):
        return Reported(0, "", charged.culprit)
    if not may_write(cycle.world.mode, cycle.journal.history).allowed:
        return None
    revert = revert_of_others(cycle, up, found) if charged.stand is Stand.THEIRS and other is None else ""
    text = issue_body(up, health, charged, found, revert)
    try:
        issue = cycle.world.forge.show_issue(issue_marker(charged, found), issue_title(charged, found), text)
    except ForgeError as error:  # issues are switched off, say: the watch goes on all the same
        cycle.errors.append(error)
        return None
    return Reported(issue.number, issue.url, charged.culprit)


def condemn(cycle: Cycle, other: Upgrade, found: Attribution) -> bool:
    """Take another merge of ours back, when running it confirmed that it did it. Returns whether it is on its way."""
    if other.rolled_back is not None or other.stage is Stage.REGRESSED:
        return True
    if not (found.confirmed and other.may_regress and may_be_taken_back(cycle, other)):
        return False
    cycle.journal.record([(other.id, Regressed(found.reason, cycle.world.forge.login))])
    advance(cycle, other.id)
    return True


def revert_of_others(cycle: Cycle, up: Upgrade, found: Attribution) -> str:
    """A pull request that takes a commit of other people back, where policy allows to propose one; nobody but people
    merges it. Returns where it is, "" when there is none."""
    world, culprit = cycle.world, found.culprit
    if not world.settings.monitoring.revert_others:
        return ""
    message, signature = texts.revert_of_others(up, found), world.signature(up)
    try:
        made = world.repository.revert(culprit, world.base, message, signature)
    except AlreadyGoneError:  # they were faster
        return ""
    if isinstance(made, Conflict):
        return ""
    branch = revert_branch_of(culprit[:10])
    stands = world.forge.branch_head(branch) or ""
    if foreign(cycle, stands):
        return ""
    world.forge.push(branch, made, stands)
    try:
        pull = world.forge.open_pull(branch, world.base_branch, message.partition("\n")[0], revert_reason(found))
    except PullRefusedError as error:
        return error.link
    return pull.url or f"#{pull.number}"


def draft_revert(cycle: Cycle, up: Upgrade) -> Outcomes | None:
    """The revert as a draft, so that it is at hand when the suspicion is confirmed; closed with the watch when not."""
    if up.revert is not None:
        return None
    outcome = propose_revert(cycle, up, draft=True)
    return outcome if isinstance(outcome, RevertProposed) else None


def draft_merged(cycle: Cycle, up: Upgrade) -> Regressed | None:
    """People did not wait for more evidence: merging the draft is their order."""
    pull = cycle.world.forge.pull(up.revert.pull) if up.revert else None
    if pull is None or pull.state is not PullState.MERGED:
        return None
    by = pull.closed_by or "somebody"
    return Regressed(f"{by} merged #{pull.number}, the draft of its revert", by)


def take_back(cycle: Cycle, up: Upgrade) -> Outcomes:
    """A revert of the merge on the present base, through a pull request of its own."""
    world = cycle.world
    pull = world.forge.pull(up.revert.pull) if up.revert else None
    if pull is not None and pull.state is PullState.MERGED:
        return RolledBack(pull.merge_commit, pull.number)
    if pull is not None and pull.state is PullState.CLOSED:
        return Held(f"{pull.closed_by or 'somebody'} closed the revert #{pull.number}", next_action=f"/retry {up.id}")
    changed = no("take back", "somebody changed the revert", f"merge it yourself, or close it and /retry {up.id}")
    if pull is not None and up.revert and pull.head != up.revert.head and foreign(cycle, pull.head):
        return changed
    if pull is None or up.revert is None or not world.repository.is_ancestor(world.base, pull.head):
        return propose_revert(cycle, up)
    way = plan_back(world, up, world.repository.commit(pull.head).parents[0])
    if not way.found or not same_way(world.repository, way, pull.head):
        return changed
    if up.revert.draft and may_write(world.mode, cycle.journal.history).allowed:
        world.forge.mark_ready(pull.number)
        world.forge.update_pull(pull.number, texts.revert_title(up), revert_body(up, way))
        return replace(up.revert, draft=False)
    history = cycle.journal.history
    allowed = revert_permission(world, up, way, history, way_holds(cycle, up, way)[0])
    decision = all_of("take back", [may_write(world.mode, history), allowed])
    if not decision.allowed:
        return decision
    cycle.journal.intend(up, "take back", pull.head)
    try:
        return RolledBack(world.forge.merge_pull(pull.number, pull.head, texts.revert_message(up)), pull.number)
    except NotMergeableError as error:
        return no("merge", str(error), f"merge #{pull.number} yourself, or wait for the next cycle")


def propose_revert(cycle: Cycle, up: Upgrade, *, draft: bool = False) -> Outcomes:
    """The smallest clean way back from the merge on the present base, proved as far as it is new, on a branch of its
    own."""
    decision = may_write(cycle.world.mode, cycle.journal.history)
    if not decision.allowed:
        return decision
    world, branch, way = cycle.world, revert_branch_of(up.id), plan_back(cycle.world, up)
    if way.way is Way.GONE:  # somebody took it back by hand
        return RolledBack(way.base, 0)
    if not way.found:
        return held_by(up, way)
    proof, broken = way_holds(cycle, up, way)
    if broken:
        reason = f"taking it back would break something else: {broken}"
        return Held(reason, next_action=f"revert by hand, /resume {up.id}")
    if not proof.allowed:
        return proof
    cycle.journal.intend(up, "propose revert", way.commit)
    head = world.forge.push(branch, way.commit, world.forge.branch_head(branch) or "")
    world.forge.set_status(head, Status(VALIDATION, StatusState.SUCCESS, proof.reason[:140]))
    title, body = texts.revert_title(up), revert_body(up, way, draft=draft)
    try:
        pull = world.forge.open_pull(branch, world.base_branch, title, body, draft=draft)
    except PullRefusedError as error:
        cycle.links[up.id] = error.link
        return no("open", str(error), f"open it yourself: {error.link}")
    ours = up.revert is None or up.revert.draft  # what people made a draft of is theirs to mark ready
    return RevertProposed(branch, head, pull.number, pull.url, draft or (pull.draft and ours))


def way_holds(cycle: Cycle, up: Upgrade, way: Reversal) -> tuple[Decision, str]:
    """(whether it is proved, what it breaks). The less it is a tree that worked before, the more gates it has to
    pass."""
    needed = proof_of(way)
    if not needed.needed:
        return yes("proof", needed.because), ""
    verdict = prove(cycle.world, case_of(up, way), only=needed.only)
    return proof_holds(verdict, gate="proof"), verdict.reason if verdict.outcome is Outcome.FAILED else ""


# Learn


def close(cycle: Cycle, up: Upgrade) -> Outcomes:
    """Remember it in a sentence, and leave nothing behind but the restore point."""
    forge = cycle.world.forge
    if cycle.world.mode != "observe":
        for ours in (one for one in (up.proposed, up.revert) if one):
            if (pull := forge.pull(ours.pull)) and pull.state is PullState.OPEN:
                forge.close_pull(pull.number, forge.login)
            if forge.branch_head(ours.branch) == ours.head:
                with suppress(ForgeError):  # somebody has it checked out: then it stays
                    forge.delete_branch(ours.branch, ours.head)
        place(cycle, {scratch_ref_of(up.id): ""})
    assert up.settled_as is not None
    return Closed(up.settled_as.value, texts.lesson(up))


def tidy(cycle: Cycle) -> None:
    """Restore points and single executions are kept for a while, not for ever."""
    world, keep = cycle.world, cycle.world.settings.monitoring.keep
    if world.mode != "observe":
        world.executions.prune(world.clock.now(), payloads=keep.payloads, calls=keep.calls, minutes=keep.minutes)
    oldest = world.clock.now() - world.settings.limits.restore_points
    if world.mode != "observe":
        kept = world.repository.refs(RESTORE_PREFIX)
        place(cycle, {ref: "" for ref in kept if (made := restored_at(ref)) is not None and made < oldest})


def report(cycle: Cycle) -> None:
    """Tell on the forge what moved and what waits for whom. What cannot be said does not undo what was done."""
    if cycle.world.mode != "observe":
        cycle.errors += tell(cycle.world, cycle.journal, cycle.summary(), cycle.links)


STEPS: Mapping[Stage, Step] = {
    Stage.QUEUED: investigate,
    Stage.INVESTIGATED: plan,
    Stage.PLANNED: approve_plan,
    Stage.PLAN_APPROVED: prepare,
    Stage.PREPARED: propose,
    Stage.PROPOSED: validate,
    Stage.VALIDATED: approve,
    Stage.APPROVED: merge,
    Stage.MERGED: open_watch,
    Stage.WATCHED: watch,
    Stage.REGRESSED: take_back,
    Stage.STABLE: close,
    Stage.UNPROVEN: close,
    Stage.ROLLED_BACK: close,
    Stage.DROPPED: close,
    Stage.HELD: keep_off,
}
