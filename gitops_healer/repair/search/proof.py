"""Proof of patches: the project's own command runs the whole suite with them, in a fresh process."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gitops_healer.core.change import Change
from gitops_healer.core.testing import CaseStatus, TestCase, TestReport
from gitops_healer.core.verdict import Outcome
from gitops_healer.registry import Scene
from gitops_healer.repair.search.ranking import Behaviour
from gitops_healer.repair.stopwatch import Stopwatch

_PROVEN = 3  # patches that are run; those behind them are taken as tried
_BAD = (CaseStatus.FAILED, CaseStatus.ERROR)
_REFUTED = 5  # patches that do not hold after which no further one is run


@dataclass(frozen=True)
class Proof:
    """kept: behaviours whose best patch holds; failed: why the first of the others does not, "" when all do; unable:
    why the suite could not be run at all, "" when it could."""

    kept: tuple[Behaviour, ...]
    failed: str = ""
    unable: str = ""


@dataclass(frozen=True)
class Suite:
    """The suite as it was before. goal: failing tests that have to pass; extra: files that are added to it;
    endless: tests that do not end and are not run where the patch is not meant to mend them."""

    scene: Scene
    cases: Sequence[TestCase]
    goal: Collection[str]
    extra: Change | None = None
    endless: Collection[str] = ()

    def proof(self, behaviours: Sequence[Behaviour], watch: Stopwatch) -> Proof:
        """The first is always run, whatever time is left: nothing is offered that was never proven."""
        kept: list[Behaviour] = []
        failed, refuted = "", 0
        for behaviour in behaviours:
            if len(kept) >= _PROVEN or (kept and not watch.left):
                kept.append(behaviour)
                continue
            if refuted >= _REFUTED or (refuted and not watch.left):
                break
            change = self._with(behaviour.best.survivor.proposal.change)
            report = self.scene.tests.run(self.scene.commit, change, self._only)
            if report.outcome is Outcome.UNKNOWN and not report.cases and not kept:
                return Proof((), unable=report.reason)
            if why := self.refuted(report):
                failed, refuted = failed or why, refuted + 1
            else:
                kept.append(behaviour)
        return Proof(tuple(kept), failed)

    @property
    def _only(self) -> tuple[str, ...]:
        """All, unless some would never end."""
        if set(self.endless) <= set(self.goal):
            return ()
        return tuple(case.id for case in self.cases if case.status is CaseStatus.PASSED or case.id in self.goal)

    def _with(self, change: Change) -> Change:
        return change if self.extra is None else Change((*change.edits, *self.extra.edits))

    def refuted(self, report: TestReport) -> str:
        """Why a whole run speaks against a patch, "" when it does not."""
        if report.outcome is Outcome.UNKNOWN:
            return report.reason
        after = {case.id: case.status for case in report.cases}
        before = {case.id: case.status for case in self.cases}
        if not set(after) & set(before):  # the project's own command does not name its tests, or otherwise
            return "" if report.outcome is Outcome.PASSED else report.reason
        fine = (CaseStatus.PASSED, CaseStatus.FLAKY)
        needed = (name for name, was in before.items() if was is CaseStatus.PASSED or name in self.goal)
        broken = [name for name in needed if "::" in name and after.get(name) not in fine]
        for file in (name for name in self.goal if "::" not in name):  # it could not be imported
            of_file = {name: status for name, status in after.items() if name.startswith(f"{file}::")}
            broken += [name for name, status in of_file.items() if status in _BAD] if of_file else [file]
        return f"{broken[0]} does not pass" if broken else ""
