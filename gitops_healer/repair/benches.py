"""Two ways to prove a candidate: recorded executions, or a failing test."""

import ast
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_healer.core.testing import CaseStatus, TestReport, new_failures, vanished
from gitops_healer.core.verdict import Outcome
from gitops_healer.registry import Scene
from gitops_healer.repair.choose import Verdict, decide, rank
from gitops_healer.repair.evidence import Evidence, Weight
from gitops_healer.repair.inputs import Input
from gitops_healer.repair.remedy import Remedy
from gitops_healer.repair.trial import Candidate, Ground, Survivor, judge

_SUITES = 6  # survivors that may go through the whole suite


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
    def holding(self) -> frozenset[Input]:
        return frozenset(self.ground.holding)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return ()

    def heed(self, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        return tuple(evidence)

    def judge(self, candidate: Candidate) -> Survivor | None:
        return judge(self.scene, self.name, self.path, self.ground, candidate, _sources(self.scene, candidate))

    def decide(self, evidence: Sequence[Evidence], survivors: Sequence[Survivor]) -> Verdict:
        return decide(evidence, survivors)


@dataclass(frozen=True)
class TestBench:
    """Proves with failing tests, and beside them on the inputs that they give, when those can be called.

    tests: ids that have to pass; base: the report without a change; called: the function on the inputs of the tests;
    wanted: remedies that the tests' own values suggest; expected: values (Python source) by input.
    """

    __test__ = False

    scene: Scene
    tests: tuple[str, ...]
    base: TestReport
    called: ExecutionBench | None
    symbol: tuple[str, str]
    wanted: tuple[Remedy, ...]
    expected: Mapping[Input, str]

    @property
    def tool(self) -> tuple[str, str]:
        return self.symbol

    @property
    def failing(self) -> tuple[Input, ...]:
        return self.called.failing if self.called else ()

    @property
    def holding(self) -> frozenset[Input]:
        return self.called.holding if self.called else frozenset()

    @property
    def passing(self) -> tuple[tuple[Input, str | None], ...]:
        return self.called.passing if self.called else ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return self.wanted

    def heed(self, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """What the tests expect is no evidence here: every candidate that passes them gives it."""
        return tuple(replace(one, weight=Weight.HINT) if one.origin == "test" else one for one in evidence)

    def judge(self, candidate: Candidate) -> Survivor | None:
        """The inputs; and where these do not tell, the failing tests alone."""
        if candidate.form == "try" and _looks_computed(candidate.remedy.value):
            return None
        before = self.called.judge(candidate) if self.called else _untold(self.scene, candidate)
        if before is None or not self._as_expected(before):
            return None
        # A call costs a tenth of a test run: where calls give all that the tests expect, the tests wait for the best.
        told = bool(self.failing) and all(given in self.expected for given in self.failing)
        return before if told or self._passes(candidate) else None

    def decide(self, evidence: Sequence[Evidence], survivors: Sequence[Survivor]) -> Verdict:
        """The narrowest behaviour; when two are equally narrow and differ on inputs that no test knows, clear evidence
        decides, or nothing does. What is chosen has passed the whole suite."""
        clear = decide(evidence, survivors)
        if clear.reasons and (whole := self._through_suite(clear.survivors[0])):
            return replace(clear, survivors=(whole,), reasons=(self._reason, *clear.reasons))
        behaviours: dict[tuple[str, ...], Survivor] = {}
        narrowest = None
        for one in sorted(rank(evidence, survivors), key=self._reach)[:_SUITES]:
            if narrowest is not None and self._reach(one) != narrowest:
                break
            if one.kin not in behaviours and (whole := self._through_suite(one)):
                behaviours[one.kin] = whole
                narrowest = self._reach(one)
        if len(behaviours) == 1:
            return Verdict(
                tuple(behaviours.values()), (self._reason, *_clear(evidence, next(iter(behaviours.values()))))
            )
        return Verdict(tuple(behaviours.values())[:4])

    def _as_expected(self, survivor: Survivor) -> bool:
        """Whether the inputs of the tests give what the tests expect, as far as that can be read; spares test runs."""
        for given, result in zip(self.failing, survivor.results, strict=False):
            wanted = self.expected.get(given)
            if wanted is not None and result.startswith("=") and not _equal(result[1:], wanted):
                return False
        return True

    @property
    def _reason(self) -> str:
        return f"{' and '.join(self.tests[:3])} {'expects' if len(self.tests) == 1 else 'expect'} it"

    def _reach(self, survivor: Survivor) -> tuple[int, int]:
        return survivor.swallowed, len(survivor.kin) - survivor.spared

    def _through_suite(self, survivor: Survivor) -> Survivor | None:
        """The survivor with the proof of the whole suite, or None when another test newly fails."""
        if not self._passes(survivor.candidate):
            return None
        report = self.scene.tests.run(self.scene.commit, survivor.candidate.change)
        if report.outcome is Outcome.UNKNOWN or new_failures(self.base, report) or vanished(self.base, report):
            return None
        if not _pass(report, self.tests):
            return None
        passed = sum(case.status is CaseStatus.PASSED for case in report.cases)
        alone = (f"{test} passes" for test in self.tests)
        return replace(survivor, proof=(*alone, *survivor.proof, f"{passed} tests pass, none fails that passed before"))

    def _passes(self, candidate: Candidate) -> bool:
        """Whether the failing tests pass, run alone (known answers cost nothing)."""
        return _pass(self.scene.tests.run(self.scene.commit, candidate.change, self.tests), self.tests)


def _equal(result: str, wanted: str) -> bool:
    """Whether a JSON result is the expected value; lists are tuples, and floats are compared as tests compare them."""
    seen, value = json.loads(result), ast.literal_eval(wanted)
    if isinstance(seen, int | float) and isinstance(value, int | float):
        return math.isclose(seen, value, rel_tol=1e-6, abs_tol=1e-6)
    return bool(seen == value) or isinstance(value, tuple | set | frozenset | dict)


def _looks_computed(value: str) -> bool:
    """A positive number or a filled container is rather the result of a computation than what a failure stands for."""
    try:
        plain = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return False
    if isinstance(plain, bool | str) or plain is None:
        return False
    return plain > 0 if isinstance(plain, int | float) else bool(plain)


def _clear(evidence: Sequence[Evidence], survivor: Survivor) -> tuple[str, ...]:
    remedy = survivor.candidate.remedy
    return tuple(one.reason for one in evidence if one.weight is Weight.CLEAR and one.remedy == remedy)


def _pass(report: TestReport, tests: Sequence[str]) -> bool:
    passed = {case.id for case in report.cases if case.status is CaseStatus.PASSED}
    return passed >= set(tests)


def _untold(scene: Scene, candidate: Candidate) -> Survivor:
    """A survivor of nothing: there are no inputs that could be called."""
    return Survivor(candidate, (), 0, (), 0, candidate.change.size(_sources(scene, candidate)), ())


def _sources(scene: Scene, candidate: Candidate) -> Mapping[str, bytes]:
    return {path: scene.code.source(path) or b"" for path in candidate.change.paths}
