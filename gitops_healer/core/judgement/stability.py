"""How deployments went: per tool and per kind, from the ledger alone."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import get_args

from gitops_healer.core.plan import Option
from gitops_healer.core.upgrade import (
    Event,
    HealthChecked,
    Merged,
    Regressed,
    RepositoryFact,
    RolledBack,
    Stage,
    Upgrade,
    begin,
)
from gitops_healer.core.watching import Judgement

_ALARMS = (Judgement.SUSPECT, Judgement.REGRESSED)


@dataclass(frozen=True)
class Deployment:
    """One merge and what became of it.

    tool: the symbol of the finding, its file where it has none; kind: the rule; suspected: when a check first said
    suspect or regressed, or a person took it back; regressed: when it was decided to take it back, and by whom;
    rolled_back: when the revert was merged; ended: None while it is watched; proven_by: a later deployment of the same
    change that stayed stable, "" without one: then taking this one back was a mistake.
    """

    upgrade: str
    codename: str
    tool: str
    kind: str
    attempt: int
    merged: datetime
    suspected: datetime | None = None
    regressed: datetime | None = None
    by: str = ""
    rolled_back: datetime | None = None
    ended: Stage | None = None
    proven_by: str = ""

    @property
    def to_detect(self) -> timedelta | None:
        return _after(self.merged, self.suspected)

    @property
    def to_revert(self) -> timedelta | None:
        return _after(self.regressed, self.rolled_back)


@dataclass(frozen=True)
class Stability:
    """The figures of one tool or kind. to_detect: median time from the merge to the first suspicion, to_revert: from
    the decision to the merged revert; None where that never happened."""

    name: str
    deployments: int
    rollbacks: int
    false_rollbacks: int
    stable: int
    unproven: int
    open: int
    to_detect: timedelta | None
    to_revert: timedelta | None
    last: datetime

    @property
    def rollback_rate(self) -> float:
        return self.rollbacks / self.deployments


def deployments_of(events: Iterable[Event]) -> tuple[Deployment, ...]:
    """Every merge in a ledger, in the order in which they were recorded. Raises IllegalEventError when the events are
    no history."""
    upgrades: dict[str, Upgrade] = {}
    found: dict[str, Deployment] = {}
    for event in events:
        if isinstance(event.fact, get_args(RepositoryFact)):
            continue
        known = upgrades.get(event.upgrade)
        up = upgrades[event.upgrade] = known.after(event) if known else begin(event)
        if isinstance(event.fact, Merged):
            found[up.id] = _deployment(up, event.fact)
        elif up.id in found:
            found[up.id] = _followed(found[up.id], event, up)
    return tuple(_proven(deployment, upgrades, found) for deployment in found.values())


def stability(deployments: Sequence[Deployment], by: Callable[[Deployment], str]) -> tuple[Stability, ...]:
    """The figures of each group, most often taken back first."""
    groups: dict[str, list[Deployment]] = {}
    for deployment in deployments:
        groups.setdefault(by(deployment), []).append(deployment)
    figures = [_figures(name, group) for name, group in groups.items()]
    return tuple(sorted(figures, key=lambda f: (-f.rollback_rate, -f.rollbacks, f.name)))


def by_tool(deployment: Deployment) -> str:
    return deployment.tool


def by_kind(deployment: Deployment) -> str:
    return deployment.kind


def _deployment(up: Upgrade, merged: Merged) -> Deployment:
    finding = up.finding
    return Deployment(up.id, up.codename, finding.symbol or finding.path, finding.rule, up.attempt, merged.at)


def _followed(deployment: Deployment, event: Event, up: Upgrade) -> Deployment:
    match event.fact:
        case HealthChecked(health) if health.judgement in _ALARMS and deployment.suspected is None:
            deployment = replace(deployment, suspected=event.ts)
        case Regressed(_, by):
            first = deployment.suspected or event.ts
            deployment = replace(deployment, suspected=first, regressed=event.ts, by=by)
        case RolledBack():
            deployment = replace(deployment, rolled_back=event.ts)
    return replace(deployment, ended=up.settled_as)


def _figures(name: str, group: Sequence[Deployment]) -> Stability:
    ended = Counter(deployment.ended for deployment in group)
    return Stability(
        name=name,
        deployments=len(group),
        rollbacks=sum(d.rolled_back is not None for d in group),
        false_rollbacks=sum(bool(d.proven_by) for d in group),
        stable=ended[Stage.STABLE],
        unproven=ended[Stage.UNPROVEN],
        open=ended[None],
        to_detect=_median(d.to_detect for d in group),
        to_revert=_median(d.to_revert for d in group),
        last=max(d.merged for d in group),
    )


def _median(times: Iterable[timedelta | None]) -> timedelta | None:
    known = [time.total_seconds() for time in times if time is not None]
    return timedelta(seconds=median(known)) if known else None


def _after(start: datetime | None, end: datetime | None) -> timedelta | None:
    """Never negative: the clock of a forge may be ahead of ours."""
    return None if start is None or end is None else max(timedelta(), end - start)


# Mistakes


def _proven(deployment: Deployment, upgrades: dict[str, Upgrade], found: dict[str, Deployment]) -> Deployment:
    """With the later deployment that shows that nothing was wrong with this one."""
    if deployment.rolled_back is None:
        return deployment
    own = upgrades[deployment.upgrade]
    later = (
        up.id
        for up in upgrades.values()
        if up.finding.fingerprint == own.finding.fingerprint
        and up.attempt > own.attempt
        and up.id in found
        and found[up.id].ended is Stage.STABLE
        and same_change(own.option, up.option)
    )
    return replace(deployment, proven_by=next(later, ""))


def same_change(one: Option | None, other: Option | None) -> bool:
    """Whether two options do the same to the same lines, wherever these stand by now."""
    if one is None or other is None or one.key != other.key:
        return False
    return Counter(_changed_lines(one)) == Counter(_changed_lines(other))


def _changed_lines(option: Option) -> Iterator[tuple[str, str]]:
    for edit in option.change.edits:
        old, new = edit.old.splitlines(), edit.new.splitlines()
        for line in difflib.unified_diff(old, new, n=0):
            if line[:1] in "+-" and line.rstrip() not in ("+++", "---"):
                yield edit.path, line
