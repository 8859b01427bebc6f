"""The detector of failing tests, on real runs."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.executions import open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.code.model import CodeModel
from gitops_healer.core.finding import Finding
from gitops_healer.detectors.failing_test import failing_test, is_test_path
from gitops_healer.ports import Sandbox, SandboxLevel
from gitops_healer.registry import Scene
from gitops_healer.settings import load_settings

BARE = "[pytest]\naddopts = -p no:hypothesispytest -p no:pytest_cov -p no:xdist -p no:xdist.looponfail\n"
CODE = "def half(x):\n    return x / 0\n"
TESTS = """import pytest

from mod import half


@pytest.mark.parametrize("x", [1, 2])
def test_half(x):
    assert half(x) == x / 2


class TestOther:
    def test_method(self):
        half(3)

    def test_own(self):
        assert [1] == [2]


def test_network():
    raise OSError(101, "Network is unreachable")


def test_fine():
    pass
"""


@dataclass(frozen=True)
class Seen:
    findings: list[Finding]
    told: list[str]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])


@pytest.fixture
def see(make_repo: Callable[..., Any], sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Seen]]:
    with ExitStack() as stack:
        cache = stack.enter_context(SqliteCache(tmp_path / "cache.sqlite"))
        executions = open_executions(tmp_path / "executions.sqlite")
        stack.callback(executions.close)
        count = iter(range(100))

        def run(files: Mapping[str, str], **options: Any) -> Seen:
            repo = make_repo(files, name=f"repo{next(count)}")
            given = {"testing.flaky_reruns": 1, **{name.replace("__", "."): value for name, value in options.items()}}
            settings = load_settings(None, given)
            repository = open_repository(repo.path)
            commit = repo.git("rev-parse", "HEAD")
            code = CodeModel(repository.files(commit), repository.read_blob, cache)
            told: list[str] = []
            python = Path(sys.executable)
            scene = Scene(
                commit, datetime(2026, 3, 1, tzinfo=UTC), repository, code, executions,
                ProjectTests(repository, sandbox, cache, settings.testing, python),
                SandboxedCaller(repository, sandbox, settings.testing, python), sandbox, cache, settings, told.append,
            )  # fmt: skip
            return Seen(list(failing_test(scene)), told)

        yield run


def test_one_finding_for_what_one_change_would_mend(see: Callable[..., Seen]) -> None:
    seen = see({"pytest.ini": BARE, "mod.py": CODE, "tests/test_mod.py": TESTS})

    same, own = seen.findings
    assert (same.rule, same.path, same.symbol) == (
        "failing_test",
        "tests/test_mod.py",
        "tests/test_mod.py::test_half[1]",
    )
    assert (same.start, same.end) == (6, 8)
    assert same.message == "test_mod.py::test_half[1] fails with ZeroDivisionError (and 2 more for the same reason)"
    assert same.evidence == (
        "error: ZeroDivisionError",
        "message: division by zero",
        "at: mod.py:2 in half",
        "fails: tests/test_mod.py::test_half[1]",
        "fails: tests/test_mod.py::test_half[2]",
        "fails: tests/test_mod.py::TestOther::test_method",
    )
    assert (own.symbol, own.start, own.end) == ("tests/test_mod.py::TestOther::test_own", 15, 16)
    assert not any(evidence.startswith("at:") for evidence in own.evidence)


def test_a_finding_is_known_again_when_the_test_moves(see: Callable[..., Seen]) -> None:
    one = see({"pytest.ini": BARE, "mod.py": CODE, "tests/test_mod.py": TESTS})
    two = see({"pytest.ini": BARE, "mod.py": "X = 1\n" + CODE, "other/test_mod.py": "# moved\n\n" + TESTS})
    assert [found.fingerprint for found in one.findings] == [found.fingerprint for found in two.findings]
    three = see({"pytest.ini": BARE, "mod.py": CODE.replace("x / 0", "x['']"), "tests/test_mod.py": TESTS})
    assert one.findings[0].fingerprint != three.findings[0].fingerprint
    assert one.findings[1].fingerprint == three.findings[1].fingerprint


def test_a_suite_that_is_broken_altogether_is_one_finding(see: Callable[..., Seen]) -> None:
    files = {f"tests/test_{name}.py": "import mod\ndef test_it(): pass\n" for name in "abc"}
    (found,) = see({"pytest.ini": BARE, "mod.py": "x = undefined\n", **files}).findings
    assert (found.symbol, found.path, found.start) == ("tests/test_a.py", "tests/test_a.py", 1)
    assert found.evidence[0] == "error: NameError"
    assert "at: mod.py:1 in <module>" in found.evidence


def test_a_broken_conftest_is_one_finding(see: Callable[..., Seen]) -> None:
    (found,) = see({"pytest.ini": BARE, "conftest.py": "1 / 0\n", "test_a.py": "def test_a(): pass\n"}).findings
    assert (found.path, found.evidence[0]) == ("conftest.py", "error: ZeroDivisionError")


def test_unittest_ids_are_found_in_their_files(see: Callable[..., Seen]) -> None:
    text = (
        "import unittest\nfrom mod import half\nclass T(unittest.TestCase):\n    def test_it(self):\n        half(1)\n"
    )
    (found,) = see({"mod.py": CODE, "tests/test_u.py": text}).findings
    assert (found.symbol, found.path, found.start, found.end) == ("test_u.T.test_it", "tests/test_u.py", 4, 5)


def test_more_than_the_policy_wants_is_cut_and_said(see: Callable[..., Seen]) -> None:
    text = "".join(f"def test_{n}():\n    assert {n} == -1\n\n" for n in range(5))
    seen = see({"pytest.ini": BARE, "test_a.py": text}, detection__failing_test__max_findings=2)
    assert [found.symbol for found in seen.findings] == ["test_a.py::test_0", "test_a.py::test_1"]
    assert "5 findings, the first 2 are kept" in seen.told[-1]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.py": ""}, "no tests were found"),
        ({"pytest.ini": BARE, "test_a.py": "import library_nobody_has\n"}, "because of where they ran"),
        ({"Makefile": "test:\n\tfalse\n"}, "it names no tests"),
    ],
)
def test_what_cannot_be_told_is_no_finding_but_is_said(
    see: Callable[..., Seen], files: Mapping[str, str], said: str
) -> None:
    seen = see(files)
    assert seen.findings == []
    assert said in seen.told[0]


def test_flaky_tests_are_no_finding(see: Callable[..., Seen]) -> None:
    flaky = "def test_f():\n    open('n', 'a').write('x')\n    assert open('n').read() != 'x'\n"
    assert see({"pytest.ini": BARE, "test_f.py": flaky}).findings == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tests/helper.py", True), ("pkg/test_x.py", True), ("x_test.py", True), ("conftest.py", True),
     ("pkg/testing/x.py", False), ("pkg/latest.py", False), ("contest/x.py", False)],
)  # fmt: skip
def test_tests_are_known_by_their_place(path: str, expected: bool) -> None:
    assert is_test_path(path) is expected
