"""Which tests are to be repaired, and what is said when there are none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.trials import Opened, Trace
from gitops_healer.repair.failure import is_test
from gitops_healer.repair.search.found import Repair, RepairStatus
from gitops_healer.repair.search.syntax_repair import ERRORS

_ENDLESS = "gitops_healer.TimedOut"
_NAMED = 3


@dataclass(frozen=True)
class Oracle:
    """opened: the unchanged suite; wanted: ids, tests without their parameters, classes or files that were asked for;
    empty: all."""

    opened: Opened
    wanted: Collection[str] = ()

    @property
    def failing(self) -> list[TestCase]:
        """What is to be repaired. Tests that do not end are it only where no other fails: they may be merely slow."""
        failing = self._failing
        return [case for case in failing if case.error_type != _ENDLESS] or failing

    @property
    def endless(self) -> tuple[str, ...]:
        """Ids of those that do not end and were put aside."""
        return tuple(case.id for case in self._failing if case.error_type == _ENDLESS and case not in self.failing)

    @property
    def broken(self) -> list[TestCase]:
        """Test files that do not parse themselves. Nobody edits tests here."""
        return [case for case in self._all_failing if _is_broken_test(case)]

    @property
    def _failing(self) -> list[TestCase]:
        return [case for case in self._all_failing if not _is_broken_test(case)]

    @property
    def _all_failing(self) -> list[TestCase]:
        return [case for case in self.opened.cases if case.failed and not case.environmental and self._asked(case)]

    @property
    def unknown(self) -> tuple[str, ...]:
        """What was asked for and does not exist."""
        return tuple(name for name in self.wanted if not any(_is_of(case, name) for case in self.opened.cases))

    def nothing_failing(self) -> Repair:
        """Why there is nothing to repair. Where nothing passes either, nothing is known: that is an error."""
        notes, cases = self.opened.notes, [case for case in self.opened.cases if self._asked(case)]
        if self.unknown:
            reason = f"no test is called {', '.join(self.unknown[:_NAMED])}{self._suggestion()}"
            return Repair(RepairStatus.ERROR, reason, notes=notes, unknown=self.unknown)
        if self.broken:
            reason = f"{self.broken[0].id} does not parse ({self.broken[0].message}). It is a test: mend it by hand"
            return Repair(RepairStatus.NO_REPAIR, reason, tuple(case.id for case in self.broken), notes=notes)
        passed = sum(case.status is CaseStatus.PASSED for case in cases)
        elsewhere = [case for case in cases if case.failed and case.environmental]
        flaky = [case.id for case in cases if case.status is CaseStatus.FLAKY]
        if elsewhere and not passed:
            why = f"{elsewhere[0].message} ({elsewhere[0].id})"
            reason = (
                f"no test can run here: {why}. Install what the project needs beside its Python, then run this again"
            )
            return Repair(RepairStatus.ERROR, reason, notes=notes)
        reason = f"{passed} tests pass, none fails because of the code"
        if elsewhere:
            reason += f"; {len(elsewhere)} fail because of where they run, such as {elsewhere[0].id}: "
            reason += elsewhere[0].message
        if flaky:
            reason += f"; {len(flaky)} pass and fail unchanged and are no oracle, such as {flaky[0]}"
        return Repair(RepairStatus.NOTHING_FAILING, reason, notes=notes)

    def _asked(self, case: TestCase) -> bool:
        return not self.wanted or any(_is_of(case, name) for name in self.wanted)

    def _suggestion(self) -> str:
        failing = [case.id for case in self.opened.cases if case.failed]
        if not failing:
            return ", and none fails"
        return f". {len(failing)} fail: {', '.join(failing[:_NAMED])}{' and others' if len(failing) > _NAMED else ''}"


def before(cases: Sequence[TestCase]) -> frozenset[str]:
    """How tests fail without a change, `path:line error` as `Tried.reached` says it: the place in the test itself,
    else the innermost one."""
    found = set()
    for case in cases:
        frames = [frame for frame in case.frames if frame.file == case.id.partition("::")[0]] or list(case.frames)
        if frames:
            found.add(f"{frames[-1].file}:{frames[-1].line} {case.error_type}")
    return frozenset(found)


def test_files(cases: Sequence[TestCase], trace: Trace) -> frozenset[str]:
    """Files that hold tests, unless all the code that runs stands beside its tests. Examples in docstrings do not make
    a module one of tests."""
    holding = {case.id.partition("::")[0] for case in cases if "::" in case.id and not _is_doctest(case.id)}
    ran = {path for files in trace.covered.values() for path in files if not is_test(path)}
    return frozenset(holding) if ran - holding else frozenset()


def _is_doctest(name: str) -> bool:
    """`pkg/m.py::pkg.m.f`, or `m.py::m` for the docstring of the module itself."""
    path, _, test = name.partition("::")
    stem = path.rpartition("/")[2].removesuffix(".py")
    return "." in test.partition("[")[0] or test == stem or path.endswith((".txt", ".rst", ".md"))


def _is_broken_test(case: TestCase) -> bool:
    return case.error_type in ERRORS and is_test(case.frames[-1].file if case.frames else case.id)


def _is_of(case: TestCase, name: str) -> bool:
    return case.id == name or case.id.startswith((f"{name}[", f"{name}::"))
