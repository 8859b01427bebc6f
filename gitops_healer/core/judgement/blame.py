"""Whose fault it is that something got worse, from the figures and from what running it showed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from gitops_healer.core.attribution import Attribution, Blame
from gitops_healer.core.upgrade import Stage, Upgrade
from gitops_healer.core.watching import Health, Judgement, Reading

OUTWEIGHS: Final = 4.0
"""A candidate that is so many times as likely as every other one stands alone; touching what fails gives 8."""


class Stand(Enum):
    OURS = "ours"
    """This upgrade did it: it is taken back."""
    SUSPECTED = "suspected"
    """It may have: a draft of the revert waits for more evidence, or for a person."""
    THEIRS = "theirs"
    """Another commit did it."""
    OUTSIDE = "outside"
    """No commit did it."""


@dataclass(frozen=True)
class Charge:
    """reason: a sentence; culprit: the commit that did it, "" when it is not known."""

    stand: Stand
    reason: str
    culprit: str = ""


def charge(up: Upgrade, health: Health, found: Attribution) -> Charge:
    """What stands against a merge that is judged SUSPECT or REGRESSED. Counts alone convict where it is the only one
    that can have done it; running what fails convicts or clears whatever the counts say."""
    assert up.merged is not None
    figures = health.figures or health.reason
    match found.blame:
        case Blame.FOUND if found.culprit != up.merged.commit:
            return Charge(Stand.THEIRS, f"{found.reason}; {figures}", found.culprit)
        case Blame.FOUND if found.restored is not False:
            return Charge(Stand.OURS, f"{figures}; {found.reason}", found.culprit)
        case Blame.FOUND:  # without it, it fails as well: taking it back alone would not help
            return Charge(Stand.SUSPECTED, f"{figures}; {found.reason}", found.culprit)
        case Blame.ENVIRONMENT:
            return Charge(Stand.OUTSIDE, f"{found.reason}; {figures}")
    if health.judgement is not Judgement.REGRESSED:
        return Charge(Stand.SUSPECTED, f"{health.reason}; {found.reason}")
    others = rival_commits(up, found)
    if others:
        named = ", ".join(commit[:10] for commit in others[:3])
        return Charge(Stand.SUSPECTED, f"{health.reason}; but {named} may have done it as well: {found.reason}")
    return Charge(Stand.OURS, health.reason, up.merged.commit)


def rival_commits(up: Upgrade, found: Attribution) -> tuple[str, ...]:
    """Candidates that are nearly as likely as our merge, or more."""
    assert up.merged is not None
    ours = next((one.weight for one in found.candidates if one.commit == up.merged.commit), 1.0)
    others = (one for one in found.candidates if one.commit != up.merged.commit)
    return tuple(one.commit for one in others if one.weight * OUTWEIGHS > ours)


def cleared(up: Upgrade) -> frozenset[str]:
    """Subjects that are not held against an upgrade any more: another commit did it, and people were told, or the
    upgrade that merged it was taken back."""
    told = {report.culprit for report in up.reports} - {""}
    found = (one.attribution for one in up.attributions)
    return frozenset(subject for one in found if one.culprit in told for subject in one.subjects)


def accusation(up: Upgrade, upgrades: Iterable[Upgrade]) -> Attribution | None:
    """What the watch of another upgrade found out about this one's merge, when that was confirmed by running it."""
    if up.merged is None:
        return None
    found = (one.attribution for other in upgrades if other.id != up.id for one in other.attributions)
    return next((one for one in found if one.confirmed and one.culprit == up.merged.commit), None)


def taken_back_before(up: Upgrade, upgrades: Iterable[Upgrade]) -> bool:
    """Whether an earlier attempt at the same finding was merged and taken back: this one is watched more strictly."""
    same = (other for other in upgrades if other.finding.fingerprint == up.finding.fingerprint)
    return any(other.rolled_back is not None for other in same if other.attempt < up.attempt)


def rivals_of(upgrade: Upgrade, upgrades: Iterable[Upgrade], since: datetime) -> tuple[Upgrade, ...]:
    """Other upgrades that were merged since then, but for those that were found healthy before this one came."""
    merged = (other for other in upgrades if other.id != upgrade.id and other.merged and other.merged.at >= since)
    return tuple(other for other in merged if not _was_healthy(other, upgrade))


def _was_healthy(other: Upgrade, upgrade: Upgrade) -> bool:
    """Whether the watch of another one ended well before this one was merged: what fails since is not its fault."""
    stable = other.settled_as is Stage.STABLE and other.regressed is None
    return bool(stable and other.watched and upgrade.merged and other.watched.window.until <= upgrade.merged.at)


def own_readings(readings: Sequence[Reading], others: Iterable[Upgrade]) -> tuple[Reading, ...]:
    """Without subjects that this upgrade did not touch and another one, watched in the same time, did; those that it
    cannot have reached stay, because they are held against nobody.

    The one that touched a tool is suspected first; when it is taken back, the other must not go with it.
    """
    theirs = {subject for other in others for subject in touched_by(other)}
    return tuple(one for one in readings if one.touched or one.apart or one.subject not in theirs)


def touched_by(upgrade: Upgrade) -> frozenset[str]:
    """The subjects that an upgrade changed: that of its finding, and what its watch saw as touched."""
    seen = upgrade.health.readings if upgrade.health else ()
    return frozenset({upgrade.finding.symbol, *(reading.subject for reading in seen if reading.touched)})
