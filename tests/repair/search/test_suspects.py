"""Where the search looks first."""

from collections.abc import Iterable

from gitops_healer.code.source import Source, read_source
from gitops_healer.core.execution import Frame
from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.trials import Trace
from gitops_healer.repair.search.suspects import Suspect, localise

CODE = """\
LIMIT = 10
OTHER = 3


def shared(x):
    return x + 1


def guilty(x):
    if x > LIMIT:
        return shared(x)
    return x


class Box:
    size = 4

    def innocent(self):
        return OTHER
"""


def read(path: str) -> Source | None:
    return read_source(path, CODE.encode()) if path == "m.py" else None


def failed(name: str, *frames: Frame) -> TestCase:
    return TestCase(name, CaseStatus.FAILED, frames=frames)


def trace(**covered: Iterable[int]) -> Trace:
    return Trace({name: {"m.py": frozenset(lines)} for name, lines in covered.items()})


def suspects(trace: Trace, *failing: TestCase, recency: dict[int, float] | None = None) -> tuple[Suspect, ...]:
    return localise(read, trace, failing, {"m.py": recency or {}}, lambda path, name: None)


def test_what_only_failing_tests_run_comes_before_what_all_run() -> None:
    found = suspects(trace(bad=[6, 10, 11], good=[6], fine=[6]), failed("bad"))
    functions = [one.qualname for one in found if one.qualname]
    assert functions == ["guilty", "shared"]
    assert found[0].lines[11] == 1.0
    assert found[0].lines[11] > found[1].lines[6]


def test_what_no_failing_test_runs_is_no_suspect() -> None:
    assert "Box.innocent" not in {one.qualname for one in suspects(trace(bad=[10], good=[19]), failed("bad"))}


def test_the_line_that_raised_comes_first_where_all_lines_ran_alike() -> None:
    found = suspects(trace(bad=[6, 10, 11]), failed("bad", Frame("m.py", 11, "guilty"), Frame("m.py", 6, "shared")))
    assert found[0].qualname == "shared"
    assert max(found[1].lines, key=lambda line: found[1].lines[line]) == 11


def test_a_line_that_was_changed_lately_comes_before_its_neighbours() -> None:
    found = suspects(trace(bad=[10, 11, 12]), failed("bad"), recency={12: 1.0})
    assert max(found[0].lines, key=lambda line: found[0].lines[line]) == 12


def test_constants_that_suspicious_code_reads_are_suspects_and_others_are_not() -> None:
    (module,) = [one for one in suspects(trace(bad=[10, 11]), failed("bad")) if one.qualname == ""]
    assert set(module.lines) == {1}


def test_a_module_that_cannot_be_imported_is_a_suspect_where_it_raised() -> None:
    found = suspects(Trace(), failed("test_m.py", Frame("test_m.py", 1, "<module>"), Frame("m.py", 2, "<module>")))
    assert [(one.qualname, dict(one.lines)) for one in found] == [("", {2: 1.0})]
