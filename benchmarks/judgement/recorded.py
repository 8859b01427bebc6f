"""The same traces as recorded executions: a real store, a real repository, the metric of a watch, and `judge`."""

import os
import random
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.core.execution import Execution, ExecutionFailure
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.upgrade import Event, Merged, Queued, Upgrade, Watched, begin
from gitops_healer.core.verdict import Verdict
from gitops_healer.core.watching import Measure, Reading, Window
from gitops_healer.metrics.executions import executions
from gitops_healer.registry import Absent, Scene
from gitops_healer.settings import load_settings

from .ours import ALARMS, TOLERANCE, Seen, Subject, subject_of, window_at
from .rules import LOOK
from .study import Cell, Sample, Table, percent
from .traces import Pair, Slope, Spells, Steady, Step, Trace, World, spells_of, trace

LOOKS_AT = (1, 3, 6, 12, 24)
"""Hours after the merge at which recorded and simulated watches are compared."""
TOUCHED = "shop.cart:total"
FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": "def total(lines):\n    return sum(lines)\n",
    "shop/far.py": "".join(f"def f{number}(x):\n    return x\n\n\n" for number in range(10)),
}
FAILURE = ExecutionFailure("ValueError", "no such line")


@dataclass(frozen=True)
class Place:
    """A repository with a merge, and a store of what is recorded of it."""

    scene: Scene
    store: SqlExecutions
    upgrade: Upgrade
    window: Window

    def readings(self, now: datetime) -> list[Reading]:
        return list(executions(replace(self.scene, now=now), self.upgrade))


@contextmanager
def place(files: dict[str, str], changed: dict[str, str], window: Window, symbol: str) -> Iterator[Place]:
    """changed: files that the merge changes."""
    with TemporaryDirectory() as scratch:
        directory, beside = Path(scratch, "repository"), Path(scratch)
        parent = _commit(directory, files, window.baseline_from - timedelta(days=30))
        merge = _commit(directory, changed, window.opened)
        repository, store = open_repository(directory), open_executions(beside / "executions.sqlite")
        cache = SqliteCache(beside / "cache.sqlite")
        code = CodeModel(repository.files(merge), repository.read_blob, cache)
        unused: Any = Absent("the study runs nothing")
        scene = Scene(
            merge, window.opened, repository, code, store, unused, unused, unused, cache, load_settings(),
            lambda _: None,
        )  # fmt: skip
        finding = Finding("recent_failures", next(iter(changed)), symbol, 1, 2, Severity.HIGH, "fails", "f" * 40)
        born = begin(Event("e", window.opened, "up-1", "run", "healer", Queued(finding, "calm-otter", parent)))
        upgrade = replace(
            born, merged=Merged(merge, parent, merge, window.opened),
            watched=Watched(Verdict(2, merge, ()), window, TOLERANCE),
        )  # fmt: skip
        yield Place(scene, store, upgrade, window)


def _commit(directory: Path, files: dict[str, str], when: datetime) -> str:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in (
        ("NAME", "robin"), ("EMAIL", "robin@example.org"), ("DATE", when.isoformat()),
    )}  # fmt: skip
    made = (directory / ".git").exists()
    commands = [["add", "--all"], ["commit", "-qm", "Work"], ["rev-parse", "HEAD"]]
    for command in commands if made else [["init", "-q", "-b", "main"], *commands]:
        done = subprocess.run(
            ["git", *command], cwd=directory, env={**os.environ, **identity}, check=True, capture_output=True, text=True
        )
    return done.stdout.strip()


@dataclass(frozen=True)
class Recorder:
    """Turns counts into executions. inputs: at most so many different inputs fail."""

    chance: random.Random
    tool: str
    inputs: int | None = None

    def calls(self, start: datetime, length: timedelta, pair: Pair, commit: str) -> Iterator[Execution]:
        """So many calls at any moments within `length`, each with an input of its own, or one of few that fail."""
        for number in range(pair[0]):
            moment = start + length * self.chance.random()
            failed = number < pair[1]
            few = failed and self.inputs is not None
            name = f"{self.tool}/{start.isoformat()}/{commit}/{number}"
            argument = self.chance.randrange(self.inputs or 1) if few else self.chance.randrange(10**9)
            yield Execution(
                name, self.tool, moment, not failed, None, f"[{argument}]", error=FAILURE if failed else None,
                commit=commit,
            )  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """One watch, simulated and recorded. others: so many tools out of reach, which share the spells."""

    world: World
    others: int = 0
    inputs: int | None = None
    still: World | None = None

    def __call__(self, chance: random.Random) -> Seen:
        traces = self._traces(chance)
        names = [TOUCHED, *(f"shop.far:f{number}" for number in range(self.others))]
        subjects = [subject_of(one, name) for one, name in zip(traces, names, strict=True)]
        window = window_at(traces[0].clock)
        mended = {"shop/cart.py": "def total(lines):\n    return sum(map(float, lines))\n"}
        recorders = [Recorder(chance, name, one.inputs) for name, one in zip(names, traces, strict=True)]
        same, alarms, counted, done = [], [], [], 0
        with place(FILES, mended, window, TOUCHED) as here:
            assert here.upgrade.merged is not None
            parent, merge = here.upgrade.merged.parent, here.upgrade.merged.commit
            pairs = list(zip(recorders, traces, strict=True))
            _add(here.store, (call for recorder, one in pairs for call in _before(recorder, one, window, parent)))
            for hour in LOOKS_AT:
                minutes = range(done, hour * 60)
                _add(here.store, (call for at in minutes for call in _minute(pairs, at, window, merge, parent)))
                looks, done = range(done // LOOK, hour * 60 // LOOK), hour * 60
                for subject in subjects:
                    for look in looks:
                        subject.advance(look, TOLERANCE)
                now = window.opened + timedelta(hours=hour)
                found = here.readings(now)
                told = judge(found, TOLERANCE, window=window, now=now)
                expected = judge([one.reading() for one in subjects], TOLERANCE, window=window, now=now)
                same.append(told.judgement is expected.judgement)
                alarms.append((told.judgement in ALARMS) == (expected.judgement in ALARMS))
                counted.append(alike(found, subjects))
        marks = [name for name, every in (("verdicts", same), ("alarms", alarms), ("counts", counted)) if all(every)]
        return Seen({}, told.judgement.value, frozenset(marks))

    def _traces(self, chance: random.Random) -> list[Trace]:
        spells = spells_of(self.world, chance)
        mine = replace(trace(self.world, chance, spells=spells), inputs=self.inputs)
        if self.still is not None:
            mine = replace(mine, still=trace(self.still, chance, mine.clock, spells).minutes)
        well = replace(self.world, failing=Steady(0.05))
        more = (trace(well, chance, mine.clock, spells) for _ in range(self.others))
        return [mine, *(replace(one, apart=True, touched=False) for one in more)]


def _add(store: SqlExecutions, calls: Iterable[Execution]) -> None:
    found = list(calls)
    done = store.add(found)
    if done.stored != len(found):
        raise RuntimeError(f"of {len(found)} executions {done.stored} were stored: {done}")


def _before(recorder: Recorder, one: Trace, window: Window, commit: str) -> Iterator[Execution]:
    for hour, total, failed in one.hours:
        start = window.opened + timedelta(hours=hour)
        yield from recorder.calls(start, timedelta(hours=1), (total, failed), commit)


def _minute(
    pairs: Sequence[tuple[Recorder, Trace]], minute: int, window: Window, merge: str, parent: str
) -> Iterator[Execution]:
    start, length = window.opened + timedelta(minutes=minute), timedelta(minutes=1)
    for recorder, one in pairs:
        yield from recorder.calls(start, length, one.minutes[minute], merge)
        if one.still:
            yield from recorder.calls(start, length, one.still[minute], parent)


def alike(found: Sequence[Reading], subjects: Sequence[Subject]) -> bool:
    """Whether the metric counted what was drawn: before, after, by blocks, and by the version before."""
    read = {one.subject: one for one in found if one.measure is Measure.FAILURES}
    for subject in subjects:
        drawn, one = subject.reading(), read.get(subject.plain.subject)
        if one is None or _counts(one) != _counts(drawn):
            return False
    return True


def _counts(one: Reading) -> tuple[float, ...]:
    before, after = (one.before_total, one.before_failed), (one.after_total, one.after_failed)
    return (*before, *after, one.still_total, one.still_failed)


def recorded() -> Table:
    rate, worse = Steady(20), Step(0.05, 0.4)
    outage = World(Steady(0.05), rate, spells=(Spells(0, 60, 0.8, at=2),))
    both = World(Step(0.05, 0.4, 2), rate)
    poison = World(Steady(0.0), rate, spells=(Spells(0, 60, 0.95, 3, at=2),))
    stories = {
        "nothing happens": Recorded(World(Steady(0.05), rate)),
        "worse at once": Recorded(World(worse, rate)),
        "worse after 8 hours": Recorded(World(Step(0.05, 0.4, 8), rate)),
        "a leak": Recorded(World(Slope(0.05, 0.6, 0, 24), rate)),
        "a drift that began before": Recorded(World(Slope(0.03, 0.12, -72, 24), rate)),
        "an outage that 10 tools out of reach share": Recorded(outage, 10),
        "two poisoned inputs": Recorded(poison, inputs=2),
        "the version before fails alike": Recorded(both, still=both),
    }  # fmt: skip

    def row(sample: Sample) -> tuple[str, ...]:
        last = ", ".join(sorted({one.verdict for one in sample.seen}))
        return *(percent(sample.marked(what)) for what in ("alarms", "verdicts", "counts")), last

    return Table(
        "recorded", "The same through a real store, a real repository and the metric: do they agree?",
        f"Compared {', '.join(map(str, LOOKS_AT))} hours after the merge: verdicts, and calls and failures before, "
        "since, and since of the version before. 20 calls an hour. The metric reads by the hour where nothing stands "
        "out, not by the block: HEALTHY may come a look earlier or later.",
        ("what happens", "alarms agree", "verdicts agree", "counts agree", "last verdicts"),
        tuple(Cell((name,), story) for name, story in stories.items()), row,
        lambda sample: [] if sample.marked("alarms") == 1 else ["alarms do not always agree"],
        share=0.01,
    )  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Judge `tools` over `calls` executions, half of them from the week before, half since the merge; the second time,
    as in every cycle but the first. worse: so many of them fail three times as often since, touched ones first."""

    tools: int
    calls: int
    worse: int = 0

    def __call__(self, chance: random.Random) -> Seen:
        files, names = _modules(self.tools)
        changed = {"big/m0.py": files["big/m0.py"].replace("return x", "return +x", 3)}
        window = Window(*(datetime(2026, 3, day, 9, 20, tzinfo=UTC) for day in (9, 10, 2)))
        with place(files, changed, window, names[0]) as here:
            assert here.upgrade.merged is not None
            commits = here.upgrade.merged.parent, here.upgrade.merged.commit
            for first in range(0, self.calls, BATCH):
                _add(
                    here.store,
                    self._drawn(chance, names, window, commits, range(first, min(first + BATCH, self.calls))),
                )
            here.readings(window.until)
            started = process_time()
            found = here.readings(window.until)
            read = process_time()
            health = judge(found, TOLERANCE, window=window, now=window.until)
            judged = process_time()
        hours = {"read": read - started, "judge": judged - read, "both": judged - started}
        return Seen(hours, health.judgement.value)

    def _drawn(
        self, chance: random.Random, names: Sequence[str], window: Window, commits: tuple[str, str], numbers: range
    ) -> Iterator[Execution]:
        week, day = window.opened - window.baseline_from, window.until - window.opened
        for number in numbers:
            since, tool = number % 2, chance.randrange(self.tools)
            moment = window.opened + (day * chance.random() if since else -week * chance.random())
            failed = chance.random() < (0.3 if since and tool < self.worse else 0.05)
            yield Execution(
                f"{number}", names[tool], moment, not failed, chance.lognormvariate(3, 0.5), f"[{number}]",
                error=FAILURE if failed else None, commit=commits[since],
            )  # fmt: skip


BATCH = 20_000


def _modules(tools: int) -> tuple[dict[str, str], list[str]]:
    """20 functions a file; the first ten files after the one that the merge changes import it, others do not."""
    files, names = {"big/__init__.py": ""}, []
    for number in range(-(-tools // 20)):
        here = range(number * 20, min(tools, number * 20 + 20))
        head = "import big.m0\n\n\n" if 0 < number <= 10 else ""
        files[f"big/m{number}.py"] = head + "\n\n".join(f"def f{place}(x):\n    return x\n" for place in here)
        names += [f"big.m{number}:f{place}" for place in here]
    return files, names


def cost() -> Table:
    cells = [
        Cell(("500", "1,000,000", what), Cost(500, 1_000_000, worse), 1e-9)
        for what, worse in (("none", 0), ("3 touched, 50 in all", 50))
    ]
    return Table(
        "cost", "Judging 500 tools over a million executions in a real store: processor seconds, warm",
        "Half of the executions are from the week before, half from the 24 hours since the merge; all have durations. "
        "Target: under 2 s.",
        ("tools", "executions", "worse since", "reading", "judging", "both", "verdict"), tuple(cells),
        lambda sample: (*(f"{sample.delay(part):.2f}" for part in ("read", "judge", "both")), sample.seen[0].verdict),
        lambda sample: [f"{sample.delay('both'):.2f} s, at most 2"] if sample.delay("both") > 2 else [],
    )  # fmt: skip
