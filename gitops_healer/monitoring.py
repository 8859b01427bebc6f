"""What can be asked about watches: which are open, how the past was judged and would be judged, and what a rule would
have done to recorded calls. Nothing here changes anything."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, get_args

from gitops_healer.core.execution import Slice
from gitops_healer.core.history import History, replay
from gitops_healer.core.judgement.backtest import Design, Rule, backtest
from gitops_healer.core.judgement.backtest_result import Backtest
from gitops_healer.core.judgement.baseline import baseline_of
from gitops_healer.core.judgement.judging import judge, rejudge
from gitops_healer.core.judgement.keeping import folded
from gitops_healer.core.judgement.recorded import Calls
from gitops_healer.core.upgrade import Event, HealthChecked, RepositoryFact, Stage, Upgrade, begin
from gitops_healer.core.watching import Health, Pool, Reading, Tolerance, Window
from gitops_healer.errors import UsageError
from gitops_healer.measuring import measure
from gitops_healer.ports import CommitInfo
from gitops_healer.world import World

WATCHED: Final = frozenset({Stage.MERGED, Stage.WATCHED, Stage.REGRESSED})
_SAME: Final = 1e-6
_HOUR: Final = timedelta(hours=1)


def under_watch(history: History) -> tuple[Upgrade, ...]:
    """Merges that are watched, suspected or taken back right now; one whose revert is held is among them."""
    return tuple(
        up
        for up in history.upgrades.values()
        if up.stage in WATCHED or (up.stage is Stage.HELD and up.held_from is Stage.REGRESSED)
    )


# Judged again


@dataclass(frozen=True)
class Recomputed:
    """One check of a watch as the ledger has it, and as it is judged now from the same figures."""

    at: datetime
    recorded: Health
    again: Health

    @property
    def equal(self) -> bool:
        return self.recorded.judgement is self.again.judgement and set(self.recorded.blamed) == set(self.again.blamed)

    @property
    def exact(self) -> bool:
        """Also sentence and evidence; a newer version may say the same in other words."""
        return self.equal and self.recorded.reason == self.again.reason and _alike(self.recorded, self.again)


def _alike(one: Health, other: Health) -> bool:
    def figures(health: Health) -> dict[tuple[str, ...], tuple[float, float]]:
        return {(e.metric, e.subject, e.measure.value, e.detail): (e.alarm, e.conviction) for e in health.evidence}

    ours, theirs = figures(one), figures(other)
    return ours.keys() == theirs.keys() and all(
        abs(a - b) <= _SAME * max(1.0, abs(a)) for key in ours for a, b in zip(ours[key], theirs[key], strict=True)
    )


def recomputed(events: Iterable[Event], upgrade: str) -> tuple[Recomputed, ...]:
    """Every check of an upgrade's watch, oldest first: from the ledger alone. Raises IllegalEventError."""
    up: Upgrade | None = None
    known: Health | None = None
    found = []
    for event in events:
        if event.upgrade != upgrade or isinstance(event.fact, get_args(RepositoryFact)):
            continue
        up = up.after(event) if up else begin(event)
        if isinstance(event.fact, HealthChecked) and up.watched is not None:
            known = folded(known, event.fact.health)
            again = rejudge(known, up.watched.tolerance, up.watched.window, event.ts)
            found.append(Recomputed(event.ts, event.fact.health, again))
    return tuple(found)


# The past


def history_at(events: Iterable[Event], at: datetime) -> History:
    """What was in the ledger then."""
    return replay(event for event in events if event.ts <= at)


def commit_at(world: World, at: datetime) -> str:
    """The newest commit of the base branch that was made by then. Raises UsageError when there was none."""
    found = next((commit.id for commit in world.repository.log(world.base) if commit.committer.when <= at), None)
    if found is None:
        raise UsageError(f"{world.base_branch} had no commit at {at:%Y-%m-%d %H:%M} UTC: choose a later --as-of")
    return found


def looked(world: World, up: Upgrade, history: History, commit: str) -> tuple[Health, tuple[str, ...]]:
    """A watch as all metrics see it now, judged, and what could not be measured. commit: of the base branch."""
    measured = measure(world, history, up, commit=commit)
    problems = zip(measured.silent, measured.errors, strict=True)
    return measured.health, tuple(f"{name}: {error}" for name, error in problems)


# A rule on trial


@dataclass(frozen=True)
class Request:
    """days: of moments; every: between two; tools: only these, all when empty; merges: the moments are those of real
    commits, and what they changed is what is tried; together: each moment changes all tools."""

    days: int = 30
    every: timedelta = timedelta(hours=6)
    tools: tuple[str, ...] = ()
    merges: bool = False
    together: bool = False


@dataclass(frozen=True)
class Ground:
    """The recorded calls that a backtest stands on, in blocks; changes: when the file of a tool was changed."""

    calls: tuple[Calls, ...]
    changes: Mapping[str, tuple[datetime, ...]]
    since: datetime
    until: datetime
    step: timedelta
    baseline: timedelta
    window: timedelta

    def moments(self, every: timedelta) -> tuple[int, ...]:
        """Block numbers, newest watches complete. Every so often, in whole blocks."""
        first, stride = round(self.baseline / self.step), max(1, round(every / self.step))
        last = int((self.until - self.since - self.window) / self.step)
        return tuple(range(first, last + 1, stride))

    @property
    def total(self) -> float:
        return sum(sum(one.total) for one in self.calls)


def ground(world: World, request: Request) -> Ground:
    """Read what is needed of the store: the days, and the baseline before the first of them."""
    policy = world.settings.monitoring
    step = _step(policy.block)
    until = _floor(world.clock.now(), _HOUR)
    since = until - timedelta(days=request.days) - _ceil(policy.baseline, _HOUR)
    blocks = int((until - since) / step)
    series = world.executions.timelines(since, until, step)
    if unknown := sorted(set(request.tools) - series.keys()):
        raise UsageError(
            f"no call of {unknown[0]!r} was recorded since {since:%Y-%m-%d}. Those that there are: "
            "gitops-healer executions stats"
        )
    calls = tuple(_calls(tool, series[tool], since, step, blocks) for tool in sorted(series))
    changes = _changes(world, [one.tool for one in calls], since)
    return Ground(calls, changes, since, until, step, _ceil(policy.baseline, step), _ceil(policy.window, step))


def tried(
    world: World, laid: Ground, request: Request, tolerance: Tolerance, progress: Callable[[int, int], None]
) -> Backtest:
    """Judge all moments. progress: (done, of)."""
    before, after = round(laid.baseline / laid.step), round(laid.window / laid.step)
    tolerance = replace(tolerance, block=int(laid.step / timedelta(minutes=1)))

    def judged(readings: Sequence[Reading], window: Window, now: datetime, pool: Pool | None) -> Health:
        return judge(readings, tolerance, window=window, now=now, pool=pool)

    def inputs(tool: str, start: datetime, end: datetime) -> int | None:
        counts = world.executions.counts_by_commit(tool, start, end)
        commits = {commit for commit, *_ in counts}
        known = len(world.executions.failing_inputs(tool, start, end, commits))
        return known or None

    rule = Rule(tolerance, judged, baseline_of, inputs)
    only = frozenset(request.tools) or None
    if request.merges:
        return _over_merges(laid, rule, Design((), before, after, only=only), progress)
    moments = laid.moments(request.every)
    design = Design(moments, before, after, request.together, laid.changes, only)
    return backtest(laid.calls, rule, design, lambda done: progress(done, len(moments)))


def _over_merges(laid: Ground, rule: Rule, design: Design, progress: Callable[[int, int], None]) -> Backtest:
    """Each real change of a tool as the merge that it was: an alarm may be right, so nothing is called false."""
    moments: dict[int, set[str]] = {}
    for tool, times in laid.changes.items():
        for moment in times:
            block = -int((laid.since - moment) // laid.step)
            if design.before <= block < len(laid.calls[0].total) and (design.only is None or tool in design.only):
                moments.setdefault(block, set()).add(tool)
    found: list[Backtest] = []
    for done, (block, tools) in enumerate(sorted(moments.items()), 1):
        found.append(backtest(laid.calls, rule, replace(design, moments=[block], only=frozenset(tools))))
        progress(done, len(moments))
    trials = tuple(trial for one in found for trial in one.trials)
    since, silent = laid.since + design.before * laid.step, sum(one.silent for one in found)
    return Backtest(since, laid.until, trials, silent, design.after * laid.step)


def _calls(tool: str, slices: Sequence[Slice], since: datetime, step: timedelta, blocks: int) -> Calls:
    total, failed = [0] * blocks, [0] * blocks
    by_block: dict[int, list[Slice]] = {}
    for one in slices:
        number = int((one.start - since) // step)
        if 0 <= number < blocks:
            total[number] += one.total
            failed[number] += one.failed
            by_block.setdefault(number, []).append(one)
    return Calls(tool, since, step, total, failed, by_block)


def _changes(world: World, tools: Sequence[str], since: datetime) -> dict[str, tuple[datetime, ...]]:
    """When the file of each tool was changed on the base branch; of tools that are not in the code, never."""
    if not world.base:
        return {}
    code = world.scene(world.base).code
    paths = {tool: location.path for tool in tools if (location := code.locate(tool))}
    times: dict[str, list[datetime]] = {}
    for commit in _recent(world, since):
        parent = commit.parents[0] if commit.parents else ""
        for change in world.repository.file_changes(parent, commit.id):
            times.setdefault(change.path, []).append(commit.committer.when)
    return {tool: tuple(times[path]) for tool, path in paths.items() if path in times}


def _recent(world: World, since: datetime) -> Iterable[CommitInfo]:
    """First parents of the base branch, newest first."""
    commit = world.repository.commit(world.base)
    while commit.committer.when >= since:
        yield commit
        if not commit.parents:
            return
        commit = world.repository.commit(commit.parents[0])


def _step(block: timedelta) -> timedelta:
    """The largest step that a store can give and that fits a block."""
    minutes = max(1, int(block.total_seconds() // 60))
    return timedelta(minutes=next(size for size in (60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1) if size <= minutes))


def _floor(moment: datetime, unit: timedelta) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % unit.total_seconds())


def _ceil(length: timedelta, unit: timedelta) -> timedelta:
    return -(-length // unit) * unit
