"""What counts as a failure of the machine."""

from collections.abc import Callable

import pytest

from gitops_healer.adapters.environmental import Link, Project, is_environmental
from tests.conftest import GitRepo
from tests.cycle.stage import Stage

MISSING = """\
file test_a.py, line 7
  def test_a({0}):
E       fixture '{0}' not found
>       available fixtures: database, tmp_path
"""


@pytest.mark.parametrize(("fixture", "machine"), [("benchmark", True), ("db", True), ("databse", False)])
def test_a_fixture_that_nobody_provides_is_a_plugin_that_is_missing(fixture: str, machine: bool) -> None:
    link = Link("_pytest.fixtures.FixtureLookupError", MISSING.format(fixture))
    assert is_environmental([link], Project()) is machine


def test_failing_doctests_and_missing_plugins_are_seen_as_what_they_are(make_repo: Callable[..., GitRepo]) -> None:
    repo = make_repo(
        {
            "m.py": 'def half(n):\n    """\n    >>> half(0)\n    0\n    """\n    return 1 / n\n',
            "pytest.ini": "[pytest]\naddopts = --doctest-modules\n",
            "test_a.py": "def test_a(benchmark):\n    pass\n\n\ndef test_b():\n    pass\n",
        }
    )
    world = Stage(repo).world()
    report = world.tests.run(repo.git("rev-parse", "HEAD"))
    kinds = {case.id: (case.error_type, case.environmental) for case in report.failing}
    assert kinds["m.py::m.half"] == ("ZeroDivisionError", False)
    assert kinds["test_a.py::test_a"][1]
    assert [frame.file for case in report.failing for frame in case.frames if case.id.startswith("m.py")][-1] == "m.py"
