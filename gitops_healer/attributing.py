"""Who is to blame when several commits may be: what fails since a merge is run on the commits of the base branch.

Everything runs in the sandbox, on copies; no ref, index or work tree of the user is touched. The revert that is tried
exists as objects only.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil, log
from typing import Final

from gitops_healer.core.attribution import Attribution, Blame, Candidate
from gitops_healer.core.codec import digest
from gitops_healer.core.execution import Execution
from gitops_healer.core.history import replay
from gitops_healer.core.judgement.culprit import Found, search
from gitops_healer.core.judgement.suspects import Reach, suspects
from gitops_healer.core.testing import CaseStatus, TestReport
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Health, Measure, Reading
from gitops_healer.errors import AlreadyGoneError, PhaseOverError, SandboxError
from gitops_healer.evidence.ancestry import first_parents, named_commit
from gitops_healer.evidence.chain import Chain, chain_of
from gitops_healer.evidence.reaching import reach_of
from gitops_healer.ports import Conflict, Deadline
from gitops_healer.proof.failing_calls import MOST, Material, last_name, material
from gitops_healer.proof.probes import CallProbe, Probe, Sessions, TestProbe
from gitops_healer.registry import Scene
from gitops_healer.world import World

_RUNNABLE: Final = frozenset({Measure.FAILURES, Measure.NEW_ERROR, Measure.RUNS})
_TEST: Final = re.compile(r".+\.py::.+")
_LOOKED_AT: Final = 300
_GROWTH: Final = 4
_DOUBT: Final = 0.05
_MOST_AGAIN: Final = 6
_NAMED: Final = 3
_MOST_BROKEN: Final = 5
_MOST_PASSING: Final = 200


def attribute(world: World, up: Upgrade, health: Health, upgrades: Iterable[Upgrade] | None = None) -> Attribution:
    """Search for the commit that made worse what `health` blames. upgrades: all of the ledger (read when None).

    Takes at most `monitoring.culprit.budget`. Where nothing can be run, only counts speak.
    """
    assert up.merged is not None
    assert up.watched is not None
    known = replay(world.ledger.load()).upgrades.values() if upgrades is None else upgrades
    scene = world.scene(world.base)
    blamed = tuple(reading for reading in health.readings if reading.subject in health.blamed)
    case = _Case(world, scene, up, health, blamed, chain_of(scene, up, tuple(known), blamed))
    return case.judged()


def evidence_key(health: Health, newest: str = "") -> str:
    """What a search was asked about. It changes when other subjects are blamed, when failures or failing inputs are
    four times as many, and with `newest`: the newest commit at which it failed (see `newest_failing`)."""
    blamed = [reading for reading in health.readings if reading.subject in health.blamed]
    grown = [[*reading.key, _order(reading.after_failed), _order(reading.distinct_failing or 0)] for reading in blamed]
    return digest("culprit", sorted(health.blamed), sorted(grown, key=str), newest)


def newest_failing(world: World, up: Upgrade, health: Health) -> str:
    """The newest commit of the base branch at which a blamed tool failed, as calls recorded it; "" when none did."""
    assert up.watched is not None
    recorded = {
        commit
        for tool in health.blamed
        for commit, _, _, _, failed, _ in world.executions.counts_by_commit(
            tool, up.watched.window.baseline_from, world.clock.now()
        )
        if commit and failed
    }
    found = {known for commit in recorded if (known := named_commit(world.repository, commit))}
    line = islice(first_parents(world.repository, world.base), _LOOKED_AT) if found else ()
    return next((info.id for info in line if info.id in found), "")


def _order(count: float) -> int:
    """0, 1 for 1 to 3, 2 for 4 to 15, and so on."""
    return 0 if count < 1 else 1 + int(log(count + 1e-9, _GROWTH))


@dataclass(frozen=True)
class _Case:
    """One search. blamed: the readings that stand against the merge."""

    world: World
    scene: Scene
    up: Upgrade
    health: Health
    blamed: tuple[Reading, ...]
    chain: Chain

    def judged(self) -> Attribution:
        if self.chain.cut:
            return self.attribution(Blame.UNDECIDED, self.chain.cut, suspects(self.chain.steps, Reach()))
        budget = self.world.settings.monitoring.culprit.budget.total_seconds()
        with self.world.sandbox.within(budget) as end, ExitStack() as stack:
            sessions = stack.enter_context(Sessions(self.scene))
            found = self.material(sessions)
            candidates = suspects(self.chain.steps, self.reach(found), self.chain.before, self.chain.tallies)
            try:
                return self.searched(list(self.probes(sessions, found, end)), found, candidates, end)
            except PhaseOverError as error:
                return self.attribution(Blame.UNDECIDED, f"{error}: monitoring.culprit.budget is over", candidates)
            except (SandboxError, OSError) as error:
                return self.attribution(Blame.NOTHING_TO_RUN, f"nothing can be run here: {error}", candidates)

    # What can be run

    def material(self, sessions: Sessions) -> Material:
        window = self.up.watched.window if self.up.watched else None
        assert window is not None
        subjects = [reading.subject for reading in self.blamed if reading.measure in _RUNNABLE]
        tools = {name: sessions.names(name) for name in dict.fromkeys(subjects) if ":" in name and not _is_test(name)}
        return material(self.scene, tools, window.baseline_from, window.opened, self.is_after)

    def is_after(self, call: Execution) -> bool:
        """By the commit that it recorded, whatever the clock said; a call without one belongs to its time."""
        assert self.up.watched is not None
        return self.chain.is_after(call.commit) if call.commit else call.ts >= self.up.watched.window.opened

    def probes(self, sessions: Sessions, found: Material, end: Deadline) -> Iterator[Probe]:
        """Recorded calls first, then tests: those that are blamed, else those that fail at the newest commit."""
        base, head = self.chain.base, self.chain.head
        if found.failing:
            yield CallProbe(sessions, found.failing, found.passing).narrowed(base, head)
        tests = tuple(dict.fromkeys(one.subject for one in self.blamed if _is_test(one.subject)))[:MOST]
        if tests:
            report = self.scene.tests.once(head, tests, end.left)
            yield self.test_probe(self.new(_failing(report), end) or _failing(report) or tests, report, end)
        elif self.in_suite and not found.failing and self.scene.tests.command(head):
            report = self.scene.tests.run(head)
            new = self.new(_failing(report), end)
            if new or (self.by_runs and (new := _failing(report))):
                yield self.test_probe(new, report, end)

    @property
    def by_runs(self) -> bool:
        """Whether a check is blamed, and not only a tool: then whatever its tests say counts."""
        return any(one.measure is Measure.RUNS for one in self.blamed)

    @property
    def in_suite(self) -> bool:
        """Whether the project's tests could show it."""
        return any(one.measure in _RUNNABLE for one in self.blamed)

    def new(self, failing: tuple[str, ...], end: Deadline) -> tuple[str, ...]:
        """Those that do not fail at the last good commit."""
        if not failing:
            return ()
        before = {case.id for case in self.scene.tests.once(self.chain.base, failing, end.left).failing}
        return tuple(test for test in failing if test not in before)

    def test_probe(self, tests: tuple[str, ...], report: TestReport, end: Deadline) -> TestProbe:
        errors = {case.id: case.error_type for case in report.failing}
        passing = tuple(case.id for case in report.cases if case.status is CaseStatus.PASSED)[:_MOST_PASSING]
        return TestProbe(self.scene, tests, errors, lambda: end.left, passing)

    def reach(self, found: Material) -> Reach:
        """What the blamed functions run, and those in the frames of their failures."""
        places = [place for name in self.health.blamed if (place := self.scene.code.locate(name)) is not None]
        failing = {(place.path, last_name(place.symbol)) for place in places}
        return reach_of(self.scene.code, failing | found.frames)

    # The search

    def searched(
        self, probes: Sequence[Probe], found: Material, candidates: tuple[Candidate, ...], end: Deadline
    ) -> Attribution:
        """With the first thing that can be reproduced."""
        if not probes:
            return self.attribution(Blame.NOTHING_TO_RUN, self.missing(found), candidates)
        policy = self.world.settings.monitoring.culprit
        for probe in probes:
            self.world.progress(f"searching for the culprit among {len(candidates)} commits: {probe.subjects[0]}")
            result = search(
                self.chain.base, candidates, probe.run, runs=policy.runs, certainty=policy.certainty,
                time_left=lambda: end.left,
            )  # fmt: skip
            if result.blame is not Blame.NOT_REPRODUCED:
                break
        return self.told(probe, result, candidates, end)

    def told(self, probe: Probe, result: Found, candidates: tuple[Candidate, ...], end: Deadline) -> Attribution:
        base, head = self.chain.base, self.chain.head
        if result.blame is Blame.ENVIRONMENT and probe.blind(base):
            reason = (
                "calls that passed while others failed fail here as well, in the same way: what they need (files, "
                "services) is not here. Mock it (requires_mocking, see docs/recorder.md), or run the healer where it is"
            )
            return self.attribution(Blame.NOTHING_TO_RUN, reason, candidates)
        restored, without, said = None, "", ""
        if result.blame is Blame.FOUND:
            restored, without, said = self.without(probe, result)
        before, after = (result.parent, result.culprit) if result.culprit else (base, head)
        told = self.attribution(result.blame, f"{result.reason}{'; ' if said else ''}{said}", candidates)
        lost = result.unrunnable[:_NAMED] if end.left > 0 else ()
        skipped = [f"it could not be run at {commit[:10]}" for commit in lost]
        return replace(
            told,
            subjects=self.subjects(probe, result),
            culprit=result.culprit,
            probability=result.probability,
            base_failing=result.base_failing,
            head_failing=result.head_failing,
            runs=result.runs,
            restored=restored,
            shown=(*probe.shown(base, head, without), *skipped),
            reproduce=probe.command(before, after),
        )

    def subjects(self, probe: Probe, result: Found) -> tuple[str, ...]:
        """The blamed ones that the search speaks of."""
        more = probe.explains(result.parent, result.culprit) if result.blame is Blame.FOUND else ()
        about = {*probe.subjects, *more}
        named = tuple(one for one in self.health.blamed if one in about)
        runs = tuple(one.subject for one in self.blamed if one.measure is Measure.RUNS)
        return named or runs or self.health.blamed

    def without(self, probe: Probe, result: Found) -> tuple[bool | None, str, str]:
        """(whether all is well at the newest commit without the culprit, that commit, what is to be said)."""
        world, head = self.world, self.chain.head
        signature, title = world.signature(self.up), f"Without {result.culprit[:10]}"
        try:
            made = world.repository.revert(
                result.culprit, head, title, signature, since=self.chain.since.get(result.culprit, "")
            )
        except AlreadyGoneError:
            return None, "", "nothing of it is left at the newest commit"
        if isinstance(made, Conflict):
            paths = ", ".join(made.paths[:_NAMED])
            return None, "", f"later commits changed the same lines of {paths}, so it was not tried without it"
        for _ in range(_often(result.head_failing)):
            if (failed := probe.run(made)) is None:
                return None, "", "the newest commit without it cannot be run"
            if failed:
                return False, made, "the newest commit without it fails as well"
        if broken := probe.broken(self.chain.base, head, made):
            more = f" and {len(broken) - _MOST_BROKEN} more" if broken[_MOST_BROKEN:] else ""
            return False, made, f"without it, what passes now is broken: {'; '.join(broken[:_MOST_BROKEN])}{more}"
        return True, made, "without it the newest commit works again"

    def missing(self, found: Material) -> str:
        """Why nothing can be run, and what would help."""
        if slow := [one.subject for one in self.blamed if one.measure not in _RUNNABLE]:
            return f"that {slow[0]} takes longer is no failure that could be run again"
        if found.obstacles:
            why, count = max(found.obstacles.items(), key=lambda item: (item[1], item[0]))
            return (
                f"none of {sum(found.obstacles.values())} recorded failures can be made again ({why}: {count}). "
                "Record inputs (see docs/recorder.md), or add a test that shows it"
            )
        return (
            "no failing input was recorded and no failing test is known. Record calls with their inputs (see "
            "docs/recorder.md), or set testing.command to tests that show it"
        )

    def attribution(self, blame: Blame, reason: str, candidates: tuple[Candidate, ...]) -> Attribution:
        head = self.chain.head or self.world.base
        return Attribution(blame, reason, self.health.blamed, self.chain.base, head, candidates)


def _often(failing: float) -> int:
    """So many passes leave less than 5 % doubt that it would fail with this chance; 2 at least."""
    return min(_MOST_AGAIN, max(2, ceil(log(_DOUBT) / log(1 - min(failing, 0.99)))))


def _failing(report: TestReport) -> tuple[str, ...]:
    """Tests that fail because of code, not because of the place where they ran."""
    return tuple(case.id for case in report.failing if not case.environmental)[:MOST]


def _is_test(subject: str) -> bool:
    return _TEST.fullmatch(subject) is not None
