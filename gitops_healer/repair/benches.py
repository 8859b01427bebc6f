"""Two ways to prove a candidate: recorded executions, or a failing test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_healer.core.testing import CaseStatus, TestCase, TestReport, new_failures, vanished
from gitops_healer.core.verdict import Outcome
from gitops_healer.registry import Scene
from gitops_healer.repair.choose import Verdict, decide, rank
from gitops_healer.repair.evidence import Evidence, Weight
from gitops_healer.repair.inputs import Input
from gitops_healer.repair.remedy import Remedy
from gitops_healer.repair.trial import Candidate, Ground, Survivor, judge


@dataclass(frozen=True)
class ExecutionBench:
    """Proves on recorded inputs. tool: `pkg.mod:qualname`; sources: files that may be changed, for sizes."""

    scene: Scene
    name: str
    path: str
    symbol: str
    ground: Ground
    passing: tuple[tuple[Input, str | None], ...]

    @property
    def tool(self) -> tuple[str, str]:
        return self.path, self.symbol

    @property
    def failing(self) -> tuple[Input, ...]:
        return self.ground.failing

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return ()

    def judge(self, candidate: Candidate) -> Survivor | None:
        return judge(self.scene, self.name, self.path, self.ground, candidate, _sources(self.scene, candidate))

    def decide(self, evidence: Sequence[Evidence], survivors: Sequence[Survivor]) -> Verdict:
        return decide(evidence, survivors)


@dataclass(frozen=True)
class TestBench:
    """Proves with the failing test, and beside it on the inputs that the test gives, when they can be called.

    base: the report without a change; wanted: remedies that the test's own values suggest.
    """

    __test__ = False

    scene: Scene
    case: TestCase
    base: TestReport
    called: ExecutionBench | None
    symbol: tuple[str, str]
    wanted: tuple[Remedy, ...]

    @property
    def tool(self) -> tuple[str, str]:
        return self.symbol

    @property
    def failing(self) -> tuple[Input, ...]:
        return self.called.failing if self.called else ()

    @property
    def passing(self) -> tuple[tuple[Input, str | None], ...]:
        return self.called.passing if self.called else ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return self.wanted

    def judge(self, candidate: Candidate) -> Survivor | None:
        """The inputs, then the failing test alone."""
        before = self.called.judge(candidate) if self.called else _untold(self.scene, candidate)
        if before is None:
            return None
        report = self.scene.tests.run(self.scene.commit, candidate.change, (self.case.id,))
        if not _passes(report, self.case.id):
            return None
        return replace(before, proof=(f"{self.case.id} passes", *before.proof))

    def decide(self, evidence: Sequence[Evidence], survivors: Sequence[Survivor]) -> Verdict:
        """The narrowest behaviour; when two are equally narrow and differ on inputs that no test knows, clear evidence
        decides, or nothing does. What is chosen has passed the whole suite."""
        clear = decide(evidence, survivors)
        if clear.reasons and (whole := self._through_suite(clear.survivors[0])):
            return replace(clear, survivors=(whole,), reasons=(self._reason, *clear.reasons))
        ranked = rank(evidence, survivors)
        narrow = [one for one in ranked if self._reach(one) == min(map(self._reach, ranked))]
        behaviours: dict[tuple[str, ...], Survivor] = {}
        for one in narrow:
            if one.kin not in behaviours and (whole := self._through_suite(one)):
                behaviours[one.kin] = whole
        if len(behaviours) == 1:
            return Verdict(
                tuple(behaviours.values()), (self._reason, *_clear(evidence, next(iter(behaviours.values()))))
            )
        return Verdict(tuple(behaviours.values())[:4])

    @property
    def _reason(self) -> str:
        return f"{self.case.id} expects it"

    def _reach(self, survivor: Survivor) -> tuple[int, int]:
        return survivor.swallowed, len(survivor.kin) - survivor.spared

    def _through_suite(self, survivor: Survivor) -> Survivor | None:
        """The survivor with the proof of the whole suite, or None when another test newly fails."""
        report = self.scene.tests.run(self.scene.commit, survivor.candidate.change)
        if report.outcome is Outcome.UNKNOWN or new_failures(self.base, report) or vanished(self.base, report):
            return None
        if not _passes(report, self.case.id):
            return None
        passed = sum(case.status is CaseStatus.PASSED for case in report.cases)
        return replace(survivor, proof=(*survivor.proof, f"{passed} tests pass, none fails that passed before"))


def _clear(evidence: Sequence[Evidence], survivor: Survivor) -> tuple[str, ...]:
    remedy = survivor.candidate.remedy
    return tuple(one.reason for one in evidence if one.weight is Weight.CLEAR and one.remedy == remedy)


def _passes(report: TestReport, test: str) -> bool:
    return any(case.id == test and case.status is CaseStatus.PASSED for case in report.cases)


def _untold(scene: Scene, candidate: Candidate) -> Survivor:
    """A survivor of nothing: there are no inputs that could be called."""
    return Survivor(candidate, (), 0, (), candidate.change.size(_sources(scene, candidate)), ())


def _sources(scene: Scene, candidate: Candidate) -> Mapping[str, bytes]:
    return {path: scene.code.source(path) or b"" for path in candidate.change.paths}
