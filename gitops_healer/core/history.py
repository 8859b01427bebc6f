"""The ledger, replayed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gitops_healer.core.naming import codename, upgrade_id
from gitops_healer.core.upgrade import (
    Commanded,
    Event,
    Heeded,
    Ignored,
    Ordered,
    Paused,
    RepositoryFact,
    Served,
    Stage,
    Unpaused,
    Upgrade,
    begin,
)


@dataclass(frozen=True)
class History:
    """All upgrades by id, in the order in which they were queued, and what maintainers ordered for the repository.

    work: orders for work by id, served: what became of them; heard: when the last command was written that was
    obeyed (all before it were), written: when the last event was.
    """

    upgrades: Mapping[str, Upgrade] = field(default_factory=dict)
    ignored: Mapping[str, Ignored] = field(default_factory=dict)
    commands: Mapping[str, Commanded] = field(default_factory=dict)
    paused: Paused | None = None
    seen: frozenset[str] = frozenset()
    orders: int = 0
    work: Mapping[str, Ordered] = field(default_factory=dict)
    served: Mapping[str, Served] = field(default_factory=dict)
    heard: datetime | None = None
    written: datetime | None = None

    def after(self, events: Iterable[Event]) -> "History":
        """The history after more events; an event that is known already changes nothing.

        Raises IllegalEventError when one cannot follow.
        """
        upgrades, ignored, commands = dict(self.upgrades), dict(self.ignored), dict(self.commands)
        paused, seen, orders = self.paused, set(self.seen), self.orders
        work, served, heard, written = dict(self.work), dict(self.served), self.heard, self.written
        for event in events:
            if event.id in seen:
                continue
            seen.add(event.id)
            written = max(written or event.ts, event.ts)
            orders += isinstance(event.fact, RepositoryFact)
            match event.fact:
                case Commanded(comment, said=said):
                    commands[comment] = event.fact
                    heard = max(filter(None, (heard, said)), default=None)
                case Ordered(order):
                    work[order] = event.fact
                case Served(order):
                    served[order] = event.fact
                case Ignored(fingerprint):
                    ignored[fingerprint] = event.fact
                case Heeded(fingerprint):
                    ignored.pop(fingerprint, None)
                case Paused():
                    paused = event.fact
                case Unpaused():
                    paused = None
                case _:
                    known = upgrades.get(event.upgrade)
                    upgrades[event.upgrade] = known.after(event) if known else begin(event)
        return History(
            upgrades, ignored, commands, paused, frozenset(seen), orders, work, served, heard, written
        )  # fmt: skip

    def position(self, upgrade: str) -> int:
        """How many events there are of the upgrade, or, for "", of the repository as a whole (see `event_id`)."""
        if not upgrade:
            return self.orders
        known = self.upgrades.get(upgrade)
        return known.position if known else 0

    def open(self) -> tuple[Upgrade, ...]:
        return tuple(upgrade for upgrade in self.upgrades.values() if upgrade.open)

    def of_finding(self, fingerprint: str) -> tuple[Upgrade, ...]:
        """All attempts at one finding, first attempt first."""
        return tuple(up for up in self.upgrades.values() if up.finding.fingerprint == fingerprint)

    def fresh(self, fingerprint: str, attempt: int, taken: Collection[str] = ()) -> tuple[str, str]:
        """(id, codename) of a new attempt at a finding. taken: codenames that are given away besides those here."""
        upgrade = upgrade_id(fingerprint, attempt)
        return upgrade, codename(upgrade, {*taken, *(up.codename for up in self.upgrades.values())})

    def at(self, *stages: Stage) -> tuple[Upgrade, ...]:
        return tuple(up for up in self.upgrades.values() if up.stage in stages)

    def merged_as(self, commit: str) -> Upgrade | None:
        """The upgrade that this commit merged."""
        return next((up for up in self.upgrades.values() if up.merged and up.merged.commit == commit), None)

    def find(self, text: str) -> tuple[Upgrade, ...]:
        """Upgrades that a person may mean: id or codename, or a beginning of either (of a codename, three letters)."""
        exact = [up for up in self.upgrades.values() if text in (up.id, up.codename)]
        if exact:
            return tuple(exact)
        beginnings = (text, f"up-{text}")
        return tuple(
            up
            for up in self.upgrades.values()
            if up.id.startswith(beginnings) or (len(text) > 2 and up.codename.startswith(text))
        )


def replay(events: Iterable[Event]) -> History:
    return History().after(events)
