"""Whose fault it can be, as far as that is plain. (When it is not plain, a search for the culprit has to tell.)"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Reading


def rivals_of(upgrade: Upgrade, upgrades: Iterable[Upgrade], since: datetime) -> tuple[Upgrade, ...]:
    """Other upgrades that were merged since then."""
    merged = (other for other in upgrades if other.id != upgrade.id)
    return tuple(other for other in merged if other.merged and other.merged.at >= since)


def own_readings(readings: Sequence[Reading], others: Iterable[Upgrade]) -> tuple[Reading, ...]:
    """Without subjects that this upgrade did not touch and another one, watched in the same time, did.

    The one that touched a tool is suspected first; when it is taken back, the other must not go with it.
    """
    theirs = {subject for other in others for subject in touched_by(other)}
    return tuple(reading for reading in readings if reading.touched or reading.subject not in theirs)


def touched_by(upgrade: Upgrade) -> frozenset[str]:
    """The subjects that an upgrade changed: that of its finding, and what its watch saw as touched."""
    seen = upgrade.health.readings if upgrade.health else ()
    return frozenset({upgrade.finding.symbol, *(reading.subject for reading in seen if reading.touched)})
