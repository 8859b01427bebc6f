"""What a backtest found: how often a rule would have taken something back for nothing, and how sure that is."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from gitops_healer.core.analysis.statistics import wilson


@dataclass(frozen=True)
class Trial:
    """One pseudo-deployment. tools: what it is pretended to have changed; suspected, regressed, seed: when it was first
    called that (seed: by the simple rule), None for never; changed: something was really changed in its time, so that
    an alarm may be right; sentence: of the first alarm."""

    tools: tuple[str, ...]
    opened: datetime
    suspected: datetime | None = None
    regressed: datetime | None = None
    seed: datetime | None = None
    changed: bool = False
    sentence: str = ""


@dataclass(frozen=True)
class Share:
    """So many of so many. low, high: of the share, with 95 % (Wilson 1927), counting only trials that share no time."""

    count: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class Record:
    """The trials of one tool, without those in the time of a real change (changed, of which alarmed were alarms)."""

    name: str
    trials: int = 0
    regressed: int = 0
    suspected: int = 0
    seed: int = 0
    changed: int = 0
    alarmed: int = 0


@dataclass(frozen=True)
class Backtest:
    """since, until: the first and the last moment; silent: trials that could not be judged (too few calls before, or
    none after)."""

    since: datetime
    until: datetime
    trials: tuple[Trial, ...]
    silent: int
    window: timedelta

    @cached_property
    def counted(self) -> tuple[Trial, ...]:
        """Trials in whose time nothing was really changed."""
        return tuple(trial for trial in self.trials if not trial.changed)

    @property
    def apart(self) -> int:
        """How many of them are worth counting for certainty: those that share no time."""
        ends: dict[tuple[str, ...], datetime] = {}
        found = 0
        for trial in sorted(self.counted, key=lambda trial: trial.opened):
            if trial.opened >= ends.get(trial.tools, trial.opened):
                ends[trial.tools] = trial.opened + self.window
                found += 1
        return found

    def share(self, alarm: Callable[[Trial], datetime | None]) -> Share:
        """How often something was called, with its interval."""
        of = len(self.counted)
        count = sum(alarm(trial) is not None for trial in self.counted)
        sure = wilson(count / of * self.apart, self.apart) if of else wilson(0, 0)
        return Share(count, of, sure.low, sure.high)

    @property
    def false_rollbacks(self) -> Share:
        return self.share(lambda trial: trial.regressed)

    @property
    def suspicions(self) -> Share:
        """Alarms of either kind: suspicions that were never more, and what was regressed."""
        return self.share(lambda trial: trial.suspected)

    @property
    def seed(self) -> Share:
        return self.share(lambda trial: trial.seed)

    def records(self) -> tuple[Record, ...]:
        """By tool, those with most false rollbacks first."""
        groups: dict[str, list[Trial]] = defaultdict(list)
        for trial in self.trials:
            groups[", ".join(trial.tools) if len(trial.tools) < 3 else f"{len(trial.tools)} tools"].append(trial)
        records = [_record(name, group) for name, group in groups.items()]
        return tuple(sorted(records, key=lambda r: (-r.regressed, -r.suspected, -r.seed, r.name)))


def _record(name: str, group: Sequence[Trial]) -> Record:
    calm = [trial for trial in group if not trial.changed]
    return Record(
        name,
        len(calm),
        sum(trial.regressed is not None for trial in calm),
        sum(trial.suspected is not None for trial in calm),
        sum(trial.seed is not None for trial in calm),
        len(group) - len(calm),
        sum(trial.suspected is not None for trial in group if trial.changed),
    )
