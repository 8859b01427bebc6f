"""What the project itself says about the changed functions: declared cases, and the tests that reach them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_healer.core.evidence import Changed, spans
from gitops_healer.core.testing import CaseStatus, new_failures
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.evidence.models import model_at
from gitops_healer.proof.changed_lines import changed_lines
from gitops_healer.proof.covering import covering
from gitops_healer.proof.declarations import Declarations, Held, declarations
from gitops_healer.registry import Case, Scene, check

_SHOWN = 20


@check(order=70, remembered=True)
def synthetic(scene: Scene, case: Case) -> CheckResult:
    """Declared cases that held before hold now, and no test that reaches the changed code fails that did not.

    Cases are those that changed functions, and recorded tools that load them, declare (`examples` of a decorator,
    `get_test_cases`), in the version before or in this one; both versions are asked. One that is new has to hold. When
    a change expects something else of an input than before, a person has to say which is right (UNKNOWN). Which lines
    ran is told of the cases; of tests the check `evidence` tells it.
    """
    began = time.monotonic()
    changed = changed_lines(scene.repository, case.base, case.head)
    if changed.nothing:
        return CheckResult("synthetic", Outcome.SKIPPED, f"no function to ask: {changed.nothing}")
    if scene.commit != case.head:
        scene = replace(scene, commit=case.head, code=model_at(scene, case.head))
    declared = declarations(scene, case.base, changed)
    result = _judged(declared, _tests(scene, case, changed))
    return replace(result, seconds=time.monotonic() - began, ran=spans(declared.ran))


@dataclass(frozen=True)
class _Reaching:
    """Tests that reach the changed lines. passing: how many pass; failing: ids of those that fail and did not before;
    none: why there are none, "" when there are."""

    passing: int = 0
    failing: tuple[str, ...] = ()
    none: str = ""


def _tests(scene: Scene, case: Case, changed: Changed) -> _Reaching:
    if not scene.settings.proof.coverage:
        return _Reaching(none="proof.coverage is false, so that nobody knows which tests reach the changed code")
    found = covering(scene, case.head, changed)
    reaching = {*found.lines, *found.failing}
    if not reaching:
        return _Reaching(none=found.problem or "no test reaches the changed code")
    before, after = scene.tests.run(case.base), scene.tests.run(case.head)
    fresh = tuple(one.id for one in new_failures(before, after) if one.id in reaching and not one.environmental)
    passed = {one.id for one in after.cases if one.status is CaseStatus.PASSED} or set(found.lines)
    return _Reaching(len(passed.intersection(found.lines)), fresh)


def _judged(declared: Declarations, tests: _Reaching) -> CheckResult:
    held = declared.held
    broken = [one for one in held if one.broken and not one.disputed]
    if broken:
        reason = f"{len(broken)} of {len(held)} declared cases do not hold: {broken[0]}"
        return _result(Outcome.FAILED, reason, broken)
    if tests.failing:
        named = ", ".join(tests.failing[:3])
        reason = f"{len(tests.failing)} tests that reach the changed code fail and did not before: {named}"
        return CheckResult("synthetic", Outcome.FAILED, reason, details=tests.failing[:_SHOWN])
    disputed = [one for one in held if one.disputed]
    if disputed:
        reason = f"{len(disputed)} of {len(held)} declared cases expected something else before: {disputed[0]}"
        return _result(Outcome.UNKNOWN, f"{reason}; say which is right", disputed)
    silent = [one for one in held if one.after is None]
    if held and len(silent) == len(held):
        reason = f"0 of {len(held)} declared cases could be tried: {silent[0]}"
        return _result(Outcome.UNKNOWN, reason, silent)
    if not held and not tests.passing:
        return CheckResult("synthetic", Outcome.SKIPPED, f"no case is declared, and {tests.none or 'no test passes'}")
    figures = ", ".join(_figures(declared, tests.passing))
    return _result(Outcome.PASSED, figures, [one for one in held if not one.after])


def _figures(declared: Declarations, passing: int) -> Iterator[str]:
    held = declared.held
    if held:
        yield f"{sum(one.after is True for one in held)} of {len(held)} declared cases hold"
        if mended := sum(one.mended for one in held):
            yield f"{mended} of them did not before"
        if left := sum(one.after is False for one in held):
            yield f"{left} fail as before"
    if declared.left:
        yield f"those of {declared.left} more functions were not asked"
    if passing:
        each = "tests reach the changed code and pass" if passing > 1 else "test reaches the changed code and passes"
        yield f"{passing} {each}"


def _result(outcome: Outcome, reason: str, held: Sequence[Held]) -> CheckResult:
    return CheckResult("synthetic", outcome, reason, details=tuple(str(one) for one in held[:_SHOWN]))
