"""An Upgrade: one flaw on its way from seen to learned. It is nothing but its replayed events."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import assert_never

from gitops_healer.core.attribution import Attribution
from gitops_healer.core.codec import digest, to_json
from gitops_healer.core.finding import Finding
from gitops_healer.core.judgement.keeping import folded
from gitops_healer.core.plan import Investigation, Option, Plan
from gitops_healer.core.verdict import Verdict
from gitops_healer.core.watching import Health, Tolerance, Window
from gitops_healer.errors import IllegalEventError


class Stage(Enum):
    QUEUED = "queued"
    INVESTIGATED = "investigated"
    PLANNED = "planned"
    PLAN_APPROVED = "plan_approved"
    PREPARED = "prepared"
    PROPOSED = "proposed"
    VALIDATED = "validated"
    APPROVED = "approved"
    MERGED = "merged"
    WATCHED = "watched"
    STABLE = "stable"
    UNPROVEN = "unproven"
    REGRESSED = "regressed"
    ROLLED_BACK = "rolled_back"
    DROPPED = "dropped"
    HELD = "held"
    CLOSED = "closed"


BEFORE_MERGE = frozenset(
    {
        Stage.QUEUED,
        Stage.INVESTIGATED,
        Stage.PLANNED,
        Stage.PLAN_APPROVED,
        Stage.PREPARED,
        Stage.PROPOSED,
        Stage.VALIDATED,
        Stage.APPROVED,
    }
)
IN_REVIEW = frozenset({Stage.PROPOSED, Stage.VALIDATED, Stage.APPROVED})
SETTLED = frozenset({Stage.STABLE, Stage.UNPROVEN, Stage.ROLLED_BACK, Stage.DROPPED})


# Facts: what can happen to an upgrade. Past participles, one class each; their fields are the ledger's `data`.


@dataclass(frozen=True)
class Queued:
    """The first fact. option: set when the change is already chosen (a re-land); order: the order that it belongs to
    (`Ordered.id`), "" when nobody asked for it; thread: the pull request or issue where it was asked for."""

    finding: Finding
    codename: str
    base: str
    attempt: int = 1
    option: str = ""
    order: str = ""
    thread: int = 0


@dataclass(frozen=True)
class Investigated:
    investigation: Investigation


@dataclass(frozen=True)
class Chosen:
    """A maintainer answered the question of a MANUAL upgrade."""

    option: str
    by: str


@dataclass(frozen=True)
class Planned:
    plan: Plan


@dataclass(frozen=True)
class Revised:
    """A maintainer wants another plan. text: their words; the plan so far is kept."""

    text: str
    by: str


@dataclass(frozen=True)
class PlanApproved:
    by: str
    reason: str


@dataclass(frozen=True)
class Prepared:
    """commit: the change on `base`, kept by a scratch ref; verdict: phase 1."""

    commit: str
    base: str
    restore_ref: str
    verdict: Verdict


@dataclass(frozen=True)
class Proposed:
    """Branch and pull request exist. run: so that the run that pushed never merges."""

    branch: str
    head: str
    pull: int
    url: str
    run: str


@dataclass(frozen=True)
class Validated:
    """CI passed on `head`, and phase 2 on `verdict.commit`: what merging `head` onto `base` will give."""

    verdict: Verdict
    head: str
    base: str


@dataclass(frozen=True)
class Invalidated:
    """The proof does not count any more (head moved, CI turned red); prove again."""

    reason: str
    head: str


@dataclass(frozen=True)
class Outdated:
    """The change has to be built again, on this base. reclaims: the head of the branch, with somebody else's commits
    on it, that a maintainer allowed to be replaced."""

    reason: str
    base: str
    reclaims: str = ""


@dataclass(frozen=True)
class ApprovalGiven:
    """A maintainer approved exactly this head of the pull request, or of its revert; it waits until it is proved."""

    by: str
    head: str


@dataclass(frozen=True)
class Approved:
    by: str
    head: str
    reason: str


@dataclass(frozen=True)
class Merged:
    """commit: the merge on the base branch; parent: the base before it; head: what was validated."""

    commit: str
    parent: str
    head: str
    at: datetime


@dataclass(frozen=True)
class Watched:
    """Phase 2 ran again on the merge commit and the watch is open. tolerance: what it is judged by until it closes,
    whatever policy says later."""

    verdict: Verdict
    window: Window
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass(frozen=True)
class HealthChecked:
    """One check of a watch. health: what is new in it (`core.judgement.keeping`)."""

    health: Health


@dataclass(frozen=True)
class Attributed:
    """A search for the culprit ended. evidence: what it was asked about, so that it is not asked again."""

    attribution: Attribution
    evidence: str


@dataclass(frozen=True)
class Reported:
    """An issue tells people what got worse and that it is not ours to take back. culprit: a commit, "" when unknown."""

    issue: int
    url: str
    culprit: str = ""


@dataclass(frozen=True)
class Stabilised:
    reason: str


@dataclass(frozen=True)
class LeftUnproven:
    """The watch ended without enough data: never called stable."""

    reason: str


@dataclass(frozen=True)
class Regressed:
    """It is to be taken back: by judgement (`by` is the healer) or by order of a maintainer."""

    reason: str
    by: str


@dataclass(frozen=True)
class RevertProposed:
    """draft: on suspicion; nobody merges it before the suspicion is confirmed."""

    branch: str
    head: str
    pull: int
    url: str
    draft: bool = False


@dataclass(frozen=True)
class RolledBack:
    commit: str
    pull: int


@dataclass(frozen=True)
class Dropped:
    """failed: the work did not succeed; else somebody or something made it needless."""

    reason: str
    failed: bool = False


@dataclass(frozen=True)
class Held:
    """Waits for a person. question: what is asked, when something is asked; next_action: what to type; verdict: what
    the checks said, when it is held because of them; label: the label on its pull request that stops us; hands_off:
    somebody took the pull request over."""

    reason: str
    question: str = ""
    next_action: str = ""
    by: str = ""
    verdict: Verdict | None = None
    label: str = ""
    hands_off: bool = False


@dataclass(frozen=True)
class Resumed:
    by: str


@dataclass(frozen=True)
class Intended:
    """Written before an effect; the outcome is the fact that follows. effect: a verb; target: what it acts on."""

    effect: str
    target: str


@dataclass(frozen=True)
class Closed:
    """The end. outcome: the stage it settled in; lesson: what to remember of it."""

    outcome: str
    lesson: str


Fact = (
    Queued
    | Investigated
    | Chosen
    | Planned
    | Revised
    | PlanApproved
    | Prepared
    | Proposed
    | Validated
    | Invalidated
    | Outdated
    | ApprovalGiven
    | Approved
    | Merged
    | Watched
    | HealthChecked
    | Attributed
    | Reported
    | Stabilised
    | LeftUnproven
    | Regressed
    | RevertProposed
    | RolledBack
    | Dropped
    | Held
    | Resumed
    | Intended
    | Closed
)

# Facts about the repository as a whole: their events carry no upgrade.


@dataclass(frozen=True)
class Commanded:
    """A maintainer's command was obeyed or refused. comment: the forge's id, so that none is obeyed twice; said: when
    it was written, by the forge's clock."""

    comment: str
    command: str
    allowed: bool
    reply: str
    said: datetime | None = None


@dataclass(frozen=True)
class Ignored:
    """This finding is not to be proposed again."""

    fingerprint: str
    by: str
    reason: str


@dataclass(frozen=True)
class Heeded:
    """The ignore is undone."""

    fingerprint: str
    by: str


@dataclass(frozen=True)
class Paused:
    """Kill switch: nothing is proposed or merged until resumed. Watching goes on."""

    by: str
    reason: str


@dataclass(frozen=True)
class Unpaused:
    by: str


@dataclass(frozen=True)
class Ordered:
    """Somebody asked for work (`/self_upgrade`). id: the forge's id of the comment; components: paths or dotted names,
    all when empty; text: what they want, in their words; question: what has to be answered before it can begin."""

    id: str
    by: str
    thread: int
    components: tuple[str, ...] = ()
    text: str = ""
    question: str = ""


@dataclass(frozen=True)
class Served:
    """An order was looked at: these upgrades were queued for it, or none and why."""

    order: str
    upgrades: tuple[str, ...]
    reason: str = ""


RepositoryFact = Commanded | Ignored | Heeded | Paused | Unpaused | Ordered | Served


@dataclass(frozen=True)
class Event:
    """A fact with its envelope. ts: aware UTC; run: the cycle that wrote it; actor: a login, or the healer itself."""

    id: str
    ts: datetime
    upgrade: str
    run: str
    actor: str
    fact: Fact | RepositoryFact
    v: int = 1

    @property
    def name(self) -> str:
        return type(self.fact).__name__


def event_id(upgrade: str, position: int, fact: Fact | RepositoryFact) -> str:
    """The same fact at the same place in an upgrade's life has the same id, whoever writes it and whenever.

    position: how many events the upgrade had before (`History.position`).
    """
    return digest("event", upgrade, position, type(fact).__name__, to_json(fact))


@dataclass(frozen=True)
class Upgrade:
    """The state that the events add up to; `after` is the only thing that makes the next one."""

    id: str
    stage: Stage
    finding: Finding
    codename: str
    attempt: int
    base: str
    queued_at: datetime
    changed_at: datetime
    run: str = ""
    position: int = 1
    option_key: str = ""
    chosen_by: str = ""
    order: str = ""
    thread: int = 0
    investigation: Investigation | None = None
    plan: Plan | None = None
    planned_at: datetime | None = None
    earlier_plans: tuple[Plan, ...] = ()
    revisions: tuple[Revised, ...] = ()
    plan_approved_by: str = ""
    approved_plan: Plan | None = None
    reclaims: str = ""
    prepared: Prepared | None = None
    proposed: Proposed | None = None
    proposed_at: datetime | None = None
    validated: Validated | None = None
    approvals: tuple[ApprovalGiven, ...] = ()
    approved: Approved | None = None
    merged: Merged | None = None
    watched: Watched | None = None
    health: Health | None = None
    health_checked_at: datetime | None = None
    attributions: tuple[Attributed, ...] = ()
    reports: tuple[Reported, ...] = ()
    regressed: Regressed | None = None
    revert: RevertProposed | None = None
    rolled_back: RolledBack | None = None
    rolled_back_at: datetime | None = None
    held: Held | None = None
    held_from: Stage | None = None
    settled_as: Stage | None = None
    reason: str = ""
    intents: tuple[Intended, ...] = field(default=())

    @property
    def option(self) -> Option | None:
        """The option that is planned or chosen."""
        if self.investigation is None:
            return None
        key = self.plan.option if self.plan else self.option_key
        return next((option for option in self.investigation.options if option.key == key), None)

    @property
    def open(self) -> bool:
        return self.stage is not Stage.CLOSED

    @property
    def before_people(self) -> bool:
        """Whether a pull request of it is open, or its branch is pushed for somebody to open one."""
        built = self.prepared.commit if self.stage is Stage.PREPARED and self.prepared else ""
        return self.stage in IN_REVIEW or bool(built and self.intends("propose", built))

    @property
    def merged_as_proved(self) -> bool:
        """Whether what was merged is what we proposed, and not what people made of it: theirs is not ours to revert."""
        return bool(self.merged and self.proposed and self.merged.head == self.proposed.head)

    @property
    def may_regress(self) -> bool:
        """Whether its merge stands and is not being taken back already."""
        return self.merged is not None and self.rolled_back is None and self.stage in _MAY_FOLLOW[Regressed]

    def intends(self, effect: str, target: str) -> bool:
        return Intended(effect, target) in self.intents

    def after(self, event: Event) -> "Upgrade":
        """The upgrade after one more event. Raises IllegalEventError when it cannot follow."""
        if event.upgrade != self.id:
            raise IllegalEventError(f"{event.name} belongs to {event.upgrade}, not to {self.id}")
        fact = event.fact
        if isinstance(fact, RepositoryFact):
            raise IllegalEventError(f"{event.name} is about the repository, not about {self.id}")
        allowed = _MAY_FOLLOW[type(fact)]
        if self.stage not in allowed:
            stages = ", ".join(sorted(stage.value for stage in allowed)) or "nothing"
            raise IllegalEventError(
                f"{event.name} cannot follow: {self.id} is {self.stage.value}, and it may follow only {stages}. "
                "Run `gitops-healer ledger verify` to see whether the ledger was edited."
            )
        following = _applied(self, event.ts, fact)
        return replace(following, position=self.position + 1)


def begin(event: Event) -> Upgrade:
    """The upgrade that a Queued event starts. Raises IllegalEventError for any other event."""
    match event.fact:
        case Queued(finding, codename, base, attempt, option, order, thread):
            return Upgrade(
                event.upgrade,
                Stage.QUEUED,
                finding,
                codename,
                attempt,
                base,
                event.ts,
                event.ts,
                event.run,
                option_key=option,
                order=order,
                thread=thread,
            )
        case _:
            raise IllegalEventError(f"{event.name} cannot be the first event of {event.upgrade}: Queued is")


_AFTER_MERGE = frozenset({Stage.MERGED, Stage.WATCHED, Stage.STABLE, Stage.UNPROVEN})
_PROVEN = IN_REVIEW | {Stage.PREPARED}
_NOT_CLOSED = frozenset(Stage) - {Stage.CLOSED}
_MAY_FOLLOW: dict[type[Fact], frozenset[Stage]] = {
    Queued: frozenset(),
    Investigated: frozenset({Stage.QUEUED}),
    Chosen: frozenset({Stage.INVESTIGATED, Stage.PLANNED, Stage.HELD}),
    Planned: frozenset({Stage.INVESTIGATED}),
    Revised: frozenset({Stage.PLANNED, Stage.HELD}),
    PlanApproved: frozenset({Stage.PLANNED}),
    Prepared: frozenset({Stage.PLAN_APPROVED}),
    Proposed: frozenset({Stage.PREPARED}),
    Validated: frozenset({Stage.PROPOSED}),
    Invalidated: frozenset({Stage.VALIDATED, Stage.APPROVED}),
    Outdated: BEFORE_MERGE,
    ApprovalGiven: IN_REVIEW | {Stage.REGRESSED},
    Approved: frozenset({Stage.VALIDATED}),
    Merged: IN_REVIEW | {Stage.HELD},  # people may merge whenever they like
    Watched: frozenset({Stage.MERGED}),
    HealthChecked: frozenset({Stage.WATCHED}),
    Attributed: frozenset({Stage.WATCHED, Stage.REGRESSED}),
    Reported: frozenset({Stage.WATCHED, Stage.REGRESSED}),
    Stabilised: frozenset({Stage.WATCHED}),
    LeftUnproven: frozenset({Stage.WATCHED}),
    Regressed: _AFTER_MERGE | {Stage.CLOSED},
    RevertProposed: frozenset({Stage.WATCHED, Stage.REGRESSED}),  # a draft, while it is only suspected
    RolledBack: frozenset({Stage.REGRESSED}),
    Dropped: BEFORE_MERGE | {Stage.HELD},
    Held: BEFORE_MERGE | {Stage.REGRESSED},
    Resumed: frozenset({Stage.HELD}),
    Intended: _NOT_CLOSED,
    Closed: SETTLED,
}


def _applied(up: Upgrade, ts: datetime, fact: Fact) -> Upgrade:
    """One line a fact: what it changes."""

    def to(stage: Stage, reason: str = "", **changes: object) -> Upgrade:
        return replace(up, stage=stage, changed_at=ts, reason=reason, **changes)  # type: ignore[arg-type]

    match fact:
        case Queued():
            raise IllegalEventError(f"{up.id} is queued already")
        case Investigated(investigation):
            return to(Stage.INVESTIGATED, investigation=investigation)
        case Chosen(option, by):
            _legal_choice(up, option)
            return to(Stage.INVESTIGATED, "", option_key=option, chosen_by=by, **_replanned(up))
        case Planned(plan):
            return to(Stage.PLANNED, plan=plan, planned_at=ts)
        case Revised():
            _legal_revision(up)
            revisions = (*up.revisions, fact)
            return to(Stage.INVESTIGATED, "", revisions=revisions, **_replanned(up))
        case PlanApproved(by):
            return to(Stage.PLAN_APPROVED, plan_approved_by=by, approved_plan=up.plan)
        case Prepared():
            return to(Stage.PREPARED, prepared=fact)
        case Proposed():
            return to(Stage.PROPOSED, proposed=fact, proposed_at=ts, approvals=(), reclaims="")
        case Validated():
            return to(Stage.VALIDATED, validated=fact)
        case Invalidated(reason):
            return to(Stage.PROPOSED, validated=None, approved=None, reason=reason)
        case Outdated(reason, base, reclaims):
            return to(Stage.QUEUED, reason=reason, base=base, reclaims=reclaims, **_unbuilt())
        case ApprovalGiven():
            return replace(up, approvals=(*up.approvals, fact))
        case Approved():
            return to(Stage.APPROVED, approved=fact)
        case Merged():
            if up.merged is not None:
                raise IllegalEventError(f"{up.id} is merged already, as {up.merged.commit[:10]}")
            return to(Stage.MERGED, merged=fact, held=None, held_from=None)
        case Watched():
            return to(Stage.WATCHED, watched=fact)
        case HealthChecked(health):
            return replace(up, health=folded(up.health, health), health_checked_at=ts)
        case Attributed():
            return replace(up, attributions=(*up.attributions, fact))
        case Reported():
            return replace(up, reports=(*up.reports, fact))
        case Stabilised(reason):
            return to(Stage.STABLE, reason=reason, settled_as=Stage.STABLE)
        case LeftUnproven(reason):
            return to(Stage.UNPROVEN, reason=reason, settled_as=Stage.UNPROVEN)
        case Regressed(reason):
            if up.merged is None or up.rolled_back is not None:
                raise IllegalEventError(f"{up.id} has no merge to take back")
            return to(Stage.REGRESSED, regressed=fact, reason=reason)
        case RevertProposed():
            return replace(up, revert=fact, approvals=())
        case RolledBack():
            return to(Stage.ROLLED_BACK, up.reason, rolled_back=fact, rolled_back_at=ts, settled_as=Stage.ROLLED_BACK)
        case Dropped(reason):
            return to(Stage.DROPPED, reason=reason, settled_as=Stage.DROPPED, held=None)
        case Held(reason):
            return to(Stage.HELD, held=fact, held_from=up.stage, reason=reason)
        case Resumed():
            assert up.held_from is not None
            return to(up.held_from, held=None, held_from=None, revert=None)  # a revert is built anew
        case Intended():
            return replace(up, intents=(*up.intents, fact))
        case Closed():
            return to(Stage.CLOSED, up.reason)
        case _:
            assert_never(fact)


def _unbuilt() -> dict[str, object]:
    """Building again starts at the investigation: its spans were those of the old base."""
    return {
        "investigation": None,
        "plan": None,
        "planned_at": None,
        "plan_approved_by": "",
        "prepared": None,
        "validated": None,
        "approvals": (),
        "approved": None,
        "intents": (),
    }


def _replanned(up: Upgrade) -> dict[str, object]:
    """A plan that is replaced is kept; what was approved was that one."""
    earlier = (*up.earlier_plans, up.plan) if up.plan else up.earlier_plans
    return {
        "plan": None,
        "planned_at": None,
        "plan_approved_by": "",
        "approved_plan": None,
        "earlier_plans": earlier,
        "held": None,
        "held_from": None,
    }


def _legal_revision(up: Upgrade) -> None:
    if up.stage is Stage.HELD and up.held_from not in (Stage.INVESTIGATED, Stage.PLANNED):
        was = up.held_from.value if up.held_from else "held"
        raise IllegalEventError(f"{up.id} was held while {was}: its plan is carried out already, or there is none yet")


def _legal_choice(up: Upgrade, option: str) -> None:
    keys = [known.key for known in up.investigation.options] if up.investigation else []
    if option not in keys:
        raise IllegalEventError(f"{up.id} has no option {option!r}: choose one of {', '.join(keys) or 'none'}")
    if up.held_from not in (None, Stage.INVESTIGATED, Stage.PLANNED):
        raise IllegalEventError(f"{up.id} was held while {up.held_from.value}: it is too late to choose")
