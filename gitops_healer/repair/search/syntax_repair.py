"""Files that do not parse, repaired: what parses again is run through the whole suite."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_healer.core.testing import CaseStatus, TestCase, TestReport
from gitops_healer.core.verdict import Outcome
from gitops_healer.registry import Scene
from gitops_healer.repair.failure import is_test
from gitops_healer.repair.search.found import Patch, Repair, RepairStatus
from gitops_healer.repair.search.syntax import Mending, clear, mendings
from gitops_healer.repair.stopwatch import Stopwatch

ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError"})
_TRIED = 8


@dataclass(frozen=True)
class _Tested:
    """A mending with what the suite said: how many tests fail with it, None when it could not be told."""

    mending: Mending
    passed: int
    failed: int | None


def broken_files(scene: Scene, cases: Sequence[TestCase], everywhere: bool) -> Iterator[str]:
    """Files of the project, no tests, that tests cannot import because they do not parse. everywhere: look at all
    files, for suites that cannot even start."""
    named = dict.fromkeys(case.frames[-1].file for case in cases if case.frames and case.error_type in ERRORS)
    for path in scene.code.included if everywhere else named:
        if path.endswith(".py") and not is_test(path) and not scene.code.facts(path).analyzable:
            yield path


def repair_syntax(scene: Scene, path: str, failing: Sequence[str], watch: Stopwatch) -> Repair:
    """One file: the likeliest mending with which the suite passes, else the clear one with which it fails least."""
    found = mendings(path, scene.code.source(path) or b"")
    if not found:
        reason = f"{path} does not parse, and no small edit makes it parse"
        return Repair(RepairStatus.NO_REPAIR, reason, tuple(failing))
    scene.progress(f"{path} does not parse: {len(found)} edits would mend it")
    with watch.phase("mend"):
        tested = list(_tested(scene, found, watch))
    good = [one for one in tested if one.failed == 0]
    certain = bool(good) and (
        (len(good) == 1 and len(tested) == len(found)) or (good[0].mending is found[0] and clear(found))
    )
    if not good and clear(found) and tested:
        good = tested[:1]
    if not good:
        reason = f"{len(tested)} edits make {path} parse, and with none of them the tests pass"
        return Repair(RepairStatus.NO_REPAIR, reason, tuple(failing), candidates=len(tested))
    patches = tuple(_patch(path, one, certain and number == 0) for number, one in enumerate(good))
    question = "" if certain else f"{len(good)} edits make {path} parse, and the tests do not decide: which is meant?"
    reason = f"{patches[0].title}: {path} parses again"
    return Repair(RepairStatus.REPAIRED, reason, tuple(failing), patches, certain, question, len(tested))


def _tested(scene: Scene, found: Sequence[Mending], watch: Stopwatch) -> Iterator[_Tested]:
    for number, mending in enumerate(found[:_TRIED]):
        if number and not watch.left:
            return
        report = scene.tests.run(scene.commit, mending.change)
        passed = sum(case.status is CaseStatus.PASSED for case in report.cases)
        yield _Tested(mending, passed, _failed(report))


def _failed(report: TestReport) -> int | None:
    if report.outcome is Outcome.PASSED:
        return 0
    return len(report.failing) or None


def _patch(path: str, tested: _Tested, certain: bool) -> Patch:
    said = ["the file parses again"]
    said += [f"all {tested.passed} tests pass"] if tested.failed == 0 else []
    said += ["it is by far the likeliest edit that does so"] if certain else []
    caution = "" if tested.failed == 0 else f"{tested.failed or 'some'} tests fail for other reasons"
    return Patch(
        tested.mending.change, ("syntax",), path, "", tested.mending.title, tested.passed, tuple(said), caution
    )
