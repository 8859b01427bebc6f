"""Everything a cycle is given: ports, settings, plug-ins. And the journal, the only way to make something happen."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import cast

from gitops_healer.code.model import CodeModel
from gitops_healer.core.diagnosis import Diagnosis
from gitops_healer.core.finding import Finding
from gitops_healer.core.history import History, replay
from gitops_healer.core.upgrade import Event, Fact, Intended, RepositoryFact, Upgrade, event_id
from gitops_healer.ports import (
    BoundedSandbox,
    Cache,
    Caller,
    Clock,
    ExecutionStore,
    Forge,
    Ledger,
    Progress,
    Repository,
    Signature,
    Telemetry,
    TestRunner,
    Trials,
)
from gitops_healer.registry import Absent, Check, Command, Detector, Fixer, Metric, Scene
from gitops_healer.settings import Settings


@dataclass(frozen=True)
class World:
    """The outside, behind ports. run: id of this run; lock: held while a cycle works, LostRaceError when taken;
    diagnose: why a tool fails, None for findings that are not about executions."""

    repository: Repository
    forge: Forge
    ledger: Ledger
    executions: ExecutionStore
    sandbox: BoundedSandbox
    tests: TestRunner
    caller: Caller
    trials: Trials
    cache: Cache
    clock: Clock
    settings: Settings
    base_branch: str
    run: str
    detectors: Sequence[Detector]
    fixers: Sequence[Fixer]
    checks: Sequence[Check]
    commands: Sequence[Command]
    metrics: Sequence[Metric]
    diagnose: Callable[[Scene, Finding], Diagnosis | None]
    lock: Callable[[], AbstractContextManager[None]]
    free_bytes: Callable[[], int]
    progress: Progress
    telemetry: Telemetry = field(default_factory=lambda: cast("Telemetry", Absent("nothing is measured here")))

    @property
    def mode(self) -> str:
        return self.settings.limits.mode

    @property
    def base(self) -> str:
        """The commit that the base branch stands on, "" when it has none."""
        return self.forge.branch_head(self.base_branch) or ""

    def fixers_of(self, rule: str) -> tuple[Fixer, ...]:
        return tuple(fixer for fixer in self.fixers if rule in fixer.treats)

    def scene(self, commit: str) -> Scene:
        """What plug-ins may look at, at one commit and now."""
        code = CodeModel(
            self.repository.files(commit), self.repository.read_blob, self.cache, self.settings.detection.exclude
        )
        return Scene(
            commit, self.clock.now(), self.repository, code, self.executions, self.tests, self.caller, self.sandbox,
            self.cache, self.settings, self.progress, self.trials, telemetry=self.telemetry,
            detectors=tuple(self.detectors),
        )  # fmt: skip

    def signature(self, upgrade: Upgrade) -> Signature:
        """Dated by the upgrade's birth, so that the same change on the same base is the same commit."""
        limits = self.settings.limits
        email = limits.squash_email or self.forge.email
        return Signature(limits.squash_name, email, upgrade.queued_at.replace(microsecond=0))


class Journal:
    """The history so far, and how it grows: each fact is in the ledger before something is done that rests on it.

    What follows from what stands at the forge can be found again, so it may wait for the next write: a ledger at a
    remote costs a push each time.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.history: History = replay(world.ledger.load())
        self.written = 0
        self._waiting: tuple[Event, ...] = ()

    def __getitem__(self, upgrade: str) -> Upgrade:
        return self.history.upgrades[upgrade]

    def record(self, facts: Sequence[tuple[str, Fact | RepositoryFact]], actor: str = "") -> None:
        """Append facts, all or none. Raises IllegalEventError, LostRaceError."""
        self.note(facts, actor)
        self.write()

    def note(self, facts: Sequence[tuple[str, Fact | RepositoryFact]], actor: str = "") -> None:
        """Like `record`, and written with what is recorded next. Raises IllegalEventError."""
        events = tuple(self._events(facts, actor or self._world.forge.login))
        self.history = self.history.after(events)
        self._waiting += events

    def write(self) -> None:
        """Append what was noted. Raises LostRaceError."""
        waiting, self._waiting = self._waiting, ()
        self._world.ledger.append(waiting)
        self.written += len(waiting)

    def intend(self, upgrade: Upgrade, effect: str, target: str) -> None:
        """Write down what is about to be done, once."""
        if not self[upgrade.id].intends(effect, target):
            self.record([(upgrade.id, Intended(effect, target))])

    def _events(self, facts: Sequence[tuple[str, Fact | RepositoryFact]], actor: str) -> Iterator[Event]:
        now = self._world.clock.now()
        positions: dict[str, int] = {}
        for upgrade, fact in facts:
            position = positions.get(upgrade, self.history.position(upgrade))
            positions[upgrade] = position + 1
            yield Event(event_id(upgrade, position, fact), now, upgrade, self._world.run, actor, fact)


class MemoryLedger:
    """Reads another ledger and keeps what is appended to itself: how mode `observe` writes nothing."""

    def __init__(self, behind: Ledger) -> None:
        self._behind = behind
        self._own: tuple[Event, ...] = ()

    def load(self) -> tuple[Event, ...]:
        return self._behind.load() + self._own

    def append(self, events: Sequence[Event]) -> None:
        self._own += tuple(events)


def observing(world: World) -> World:
    """The same world with a ledger that forgets."""
    return replace(world, ledger=MemoryLedger(world.ledger))
