"""A project's own tests, run for real in the sandbox: several layouts, several ways to end, some of them hostile."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters.environmental import Link, Project, is_environmental
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.adapters.suite_commands import Kind, Tree, discover_command, import_roots, needs_shell, prepare
from gitops_healer.adapters.suite_results import read_results, read_unittest
from gitops_healer.adapters.traceback_text import read_traceback
from gitops_healer.core.change import whole_file
from gitops_healer.core.testing import CaseStatus, TestCase, TestReport
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import Sandbox, SandboxLevel
from gitops_healer.settings import load_settings

PYTHON = Path(sys.executable)
# Plug-ins of our own environment would make each run of pytest five times as long.
BARE = "[pytest]\naddopts = -p no:hypothesispytest -p no:pytest_cov -p no:xdist -p no:xdist.looponfail\n"
MATH = {"pkg/__init__.py": "", "pkg/ratio.py": "def ratio(a, b):\n    return a / b\n"}


@dataclass
class Memory:
    """A cache that can be looked into."""

    values: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.values[key] = value

    def get_many(self, keys: Any) -> dict[str, bytes]:
        return {key: self.values[key] for key in keys if key in self.values}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        self.values.update(values)


@dataclass(frozen=True)
class Patient:
    """A repository with its runner."""

    runner: ProjectTests
    commit: str
    cache: Memory

    def run(self, *only: str, **options: Any) -> TestReport:
        return self.runner.run(self.commit, only=only, **options)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])


@pytest.fixture
def project(make_repo: Callable[..., Any], sandbox: Sandbox) -> Callable[..., Patient]:
    def make(
        files: Mapping[str, str], command: str = "", reruns: int = 0, timeout: str = "60s", bare: bool = True
    ) -> Patient:
        repo = make_repo({"pytest.ini": BARE, **files} if bare else files)
        options = {"testing.command": command, "testing.flaky_reruns": reruns, "testing.timeout": timeout}
        cache = Memory()
        testing = load_settings(None, options).testing
        runner = ProjectTests(open_repository(repo.path), sandbox, cache, testing, PYTHON)
        return Patient(runner, repo.git("rev-parse", "HEAD"), cache)

    return make


def by_id(report: TestReport) -> dict[str, TestCase]:
    return {case.id: case for case in report.cases}


def statuses(report: TestReport) -> dict[str, str]:
    return {case.id: case.status.value for case in report.cases}


# Results of each kind of test

MANY = r"""
import subprocess, unittest, urllib.request
import pytest
from pkg.ratio import ratio

def test_ok(): assert ratio(4, 2) == 2
def test_deep(): ratio(1, 0)
@pytest.mark.parametrize("text", ["a b", "c\nd", "[x]::y", "\udc80", "ü"])
def test_odd(text): assert text == "a b"
def test_skipped(): pytest.skip("not here")
@pytest.mark.xfail
def test_expected(): assert False
@pytest.mark.xfail
def test_surprise(): pass
@pytest.mark.xfail(strict=True)
def test_strict(): pass
@pytest.fixture
def broken(): raise KeyError("name")
def test_fixture(broken): pass
@pytest.fixture
def leaking():
    yield
    raise ValueError("teardown")
def test_teardown(leaking): pass
def test_network(): urllib.request.urlopen("http://somewhere.invalid/")
def test_program(): subprocess.run(["program-that-nobody-has"])
def test_chained():
    try:
        {}["inner"]
    except KeyError as error:
        raise RuntimeError("outer") from error
class TestClass:
    def test_method(self): assert {"a": 1} == {"a": 2}
class TestCase(unittest.TestCase):
    def test_subtests(self):
        for number in range(4):
            with self.subTest(number=number):
                self.assertNotEqual(number, 2)
"""


def test_pytest_tells_each_test_with_its_error_and_frames(project: Callable[..., Patient]) -> None:
    made = project({**MATH, "tests/test_many.py": MANY})

    report = made.run()

    assert (report.command, report.outcome) == ("python -m pytest", Outcome.FAILED)
    name = "tests/test_many.py::"
    assert {key.removeprefix(name): value for key, value in statuses(report).items()} == {
        "test_ok": "passed",
        "test_deep": "failed",
        "test_odd[a b]": "passed",
        "test_odd[c\\nd]": "failed",
        "test_odd[[x]::y]": "failed",
        "test_odd[\\udc80]": "failed",
        "test_odd[\\xfc]": "failed",
        "test_skipped": "skipped",
        "test_expected": "skipped",
        "test_surprise": "passed",
        "test_strict": "failed",
        "test_fixture": "error",
        "test_teardown": "error",
        "test_network": "failed",
        "test_program": "failed",
        "test_chained": "failed",
        "TestClass::test_method": "failed",
        "TestCase::test_subtests": "failed",
    }
    cases = {key.removeprefix(name): case for key, case in by_id(report).items()}
    deep = cases["test_deep"]
    assert (deep.error_type, deep.message) == ("ZeroDivisionError", "division by zero")
    assert [(f.file, f.line, f.function) for f in deep.frames] == [
        ("tests/test_many.py", 7, "test_deep"),
        ("pkg/ratio.py", 2, "ratio"),
    ]
    assert cases["test_chained"].error_type == "RuntimeError"
    assert cases["test_teardown"].message == "teardown"
    assert "2 == 2" in cases["TestCase::test_subtests"].message
    assert {key for key, case in cases.items() if case.environmental} == {"test_network", "test_program"}


def test_a_second_run_is_remembered_and_another_change_is_not(project: Callable[..., Patient]) -> None:
    made = project({"test_a.py": "def test_a(): assert 1 == 2\n"})
    first = made.run()
    entries = dict(made.cache.values)
    assert made.run() == first
    assert made.cache.values == entries

    source = b"def test_a(): assert 1 == 2\n"
    mended = made.run(change=whole_file("test_a.py", source, source.replace(b"2", b"1")))
    assert (first.outcome, mended.outcome) == (Outcome.FAILED, Outcome.PASSED)


def test_a_damaged_entry_of_the_cache_is_a_miss(project: Callable[..., Patient]) -> None:
    made = project({"test_a.py": "def test_a(): pass\n"})
    first = made.run()
    for key in made.cache.values:
        made.cache.values[key] = b'{"command": 3}' if made.cache.values[key].startswith(b"{") else b"python -m pytest"
    assert made.run().outcome is first.outcome is Outcome.PASSED


def test_only_selects_by_id_whatever_characters_it_has(project: Callable[..., Patient]) -> None:
    files = {
        "tests/test_a.py": "import pytest\n@pytest.mark.parametrize('x', ['a b', '[]::-k'])\ndef test_x(x): pass\n"
        "def test_y(): pass\n",
        "tests/test_broken.py": "import nothing_of_that_name\n",
    }
    report = project(files).run("tests/test_a.py::test_x[[]::-k]", "tests/test_a.py::test_y")
    assert statuses(report) == {"tests/test_a.py::test_x[[]::-k]": "passed", "tests/test_a.py::test_y": "passed"}
    assert report.outcome is Outcome.PASSED


def test_what_cannot_be_collected_is_a_case_by_its_file(project: Callable[..., Patient]) -> None:
    files = {
        **MATH,
        "tests/test_dependency.py": "import a_library_that_is_not_installed\n",
        "tests/test_missing.py": "from pkg.gone import thing\n",
        "tests/test_syntax.py": "def test_(:\n",
        "tests/test_top.py": "from pkg.ratio import ratio\nratio(1, 0)\ndef test_a(): pass\n",
        "tests/test_fine.py": "def test_b(): pass\n",
    }
    report = project(files).run()
    cases = by_id(report)
    assert report.outcome is Outcome.FAILED
    assert cases.pop("tests/test_fine.py::test_b").status is CaseStatus.PASSED
    assert {key: (case.error_type, case.environmental) for key, case in cases.items()} == {
        "tests/test_dependency.py": ("ModuleNotFoundError", True),
        "tests/test_missing.py": ("ModuleNotFoundError", False),
        "tests/test_syntax.py": ("SyntaxError", False),
        "tests/test_top.py": ("ZeroDivisionError", False),
    }
    assert cases["tests/test_top.py"].frames[-1].file == "pkg/ratio.py"
    assert [(f.file, f.line) for f in cases["tests/test_syntax.py"].frames] == [("tests/test_syntax.py", 1)]


@pytest.mark.parametrize("place", ["conftest.py", "tests/conftest.py"])
def test_a_broken_conftest_is_a_failure_of_the_code(project: Callable[..., Patient], place: str) -> None:
    files = {**MATH, place: "import pkg.ratio\npkg.ratio.ratio(1, 0)\n", "tests/test_a.py": "def test_a(): pass\n"}
    report = project(files).run()
    assert report.outcome is Outcome.FAILED
    assert [case.error_type for case in report.failing] == ["ZeroDivisionError"]
    assert report.failing[0].frames[-1].file == "pkg/ratio.py"


def test_failures_of_the_machine_alone_are_no_verdict(project: Callable[..., Patient]) -> None:
    report = project({"test_a.py": "import not_installed_here\ndef test_a(): pass\n"}).run()
    assert report.outcome is Outcome.UNKNOWN
    assert "No module named 'not_installed_here'" in report.reason
    assert [case.environmental for case in report.cases] == [True]


def test_failures_of_the_machine_beside_tests_that_ran_can_be_compared(project: Callable[..., Patient]) -> None:
    files = {"test_a.py": "import not_installed_here\n", "test_b.py": "def test_b(): pass\n"}
    report = project(files).run()
    assert (report.outcome, statuses(report)) == (
        Outcome.FAILED,
        {"test_a.py": "error", "test_b.py::test_b": "passed"},
    )
    assert "all because of where they ran" in report.reason


def test_xdist_tells_the_same(project: Callable[..., Patient]) -> None:
    pytest.importorskip("xdist")
    files = {**MATH, "test_a.py": "from pkg.ratio import ratio\ndef test_a(): pass\ndef test_b(): ratio(1, 0)\n"}
    files["pytest.ini"] = BARE.partition(" -p no:xdist")[0] + "\n"
    report = project(files, "pytest -n 2").run()
    assert statuses(report) == {"test_a.py::test_a": "passed", "test_a.py::test_b": "failed"}
    assert [frame.file for frame in by_id(report)["test_a.py::test_b"].frames] == ["test_a.py", "pkg/ratio.py"]


def test_tests_that_run_pytest_themselves_are_not_counted(project: Callable[..., Patient]) -> None:
    inner = (
        "import subprocess, sys\n"
        "def test_outer(tmp_path):\n"
        "    (tmp_path / 'test_inner.py').write_text('def test_inner(): assert 0')\n"
        "    done = subprocess.run([sys.executable, '-m', 'pytest', str(tmp_path)], capture_output=True)\n"
        "    assert done.returncode == 1\n"
    )
    assert statuses(project({"test_a.py": inner}).run()) == {"test_a.py::test_outer": "passed"}


@pytest.mark.parametrize(
    "options",
    [
        "addopts = --plugin-that-nobody-has=1\n",
        "filterwarnings = error\n  ignore::nobody_has.this.Warning\naddopts = --plugin-that-nobody-has=1\n",
    ],
)
def test_configuration_for_what_is_missing_does_not_stop_the_tests(
    project: Callable[..., Patient], options: str
) -> None:
    files = {"pytest.ini": f"[pytest]\n{options}", "test_a.py": "def test_a(): pass\n"}
    assert project(files).run().outcome is Outcome.PASSED


def test_messages_have_no_colours(project: Callable[..., Patient]) -> None:
    files = {"pytest.ini": "[pytest]\naddopts = --color=yes\n", "test_a.py": "def test_a(): assert 'ab' == 'ac'\n"}
    (case,) = project(files).run().cases
    assert "- ac" in case.message
    assert "\x1b" not in case.message


# Flaky tests

COUNTING = """
from pathlib import Path
def test_flaky():
    Path("count").open("a").write("x")
    assert len(Path("count").read_text()) > 1
def test_broken(): assert False
def test_fine(): pass
"""


def test_flaky_tests_are_told_from_failing_ones(project: Callable[..., Patient]) -> None:
    report = project({"test_a.py": COUNTING}, reruns=2).run()
    assert statuses(report) == {
        "test_a.py::test_flaky": "flaky",
        "test_a.py::test_broken": "failed",
        "test_a.py::test_fine": "passed",
    }
    assert by_id(report)["test_a.py::test_flaky"].message.startswith("failed in 1 of 2 runs")
    assert report.outcome is Outcome.FAILED
    assert "test_broken" in report.reason


def test_only_flaky_failures_do_not_fail_the_run(project: Callable[..., Patient]) -> None:
    report = project({"test_a.py": COUNTING.replace("assert False", "pass")}, reruns=1).run()
    assert (report.outcome, report.reason) == (Outcome.PASSED, "2 passed, 1 flaky")


# Layouts and commands

UNIT = """
import unittest
from pkg.ratio import ratio
class RatioTest(unittest.TestCase):
    def test_ok(self): self.assertEqual(ratio(4, 2), 2)
    def test_zero(self): ratio(1, 0)
    @unittest.skip("later")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
"""
TOLD = {"test_ok": "passed", "test_zero": "error", "test_skipped": "skipped", "test_expected": "skipped"}


def test_unittest_is_told_in_its_own_names(project: Callable[..., Patient]) -> None:
    files = {**MATH, "tests/test_ratio.py": UNIT, "tests/test_gone.py": "import unittest, pkg.gone\n"}
    made = project(files, reruns=1, bare=False)
    report = made.run()
    assert report.command == "python -m unittest discover -s tests"
    assert statuses(report) == {**{f"test_ratio.RatioTest.{k}": v for k, v in TOLD.items()}, "test_gone": "error"}
    assert by_id(report)["test_ratio.RatioTest.test_zero"].frames[-1].file == "pkg/ratio.py"
    assert by_id(report)["test_gone"].error_type == "ModuleNotFoundError"
    assert not by_id(report)["test_gone"].environmental
    assert statuses(made.run("test_ratio.RatioTest.test_ok")) == {"test_ratio.RatioTest.test_ok": "passed"}


@pytest.mark.parametrize("flag", ["", " -v"])
def test_unittest_under_make_is_read_from_its_output(project: Callable[..., Patient], flag: str) -> None:
    files = {
        **MATH, "checks/__init__.py": "", "checks/ratio.py": UNIT,
        "Makefile": f".PHONY: test\nlint:\n\ttrue\ntest: lint\n\tpython -m unittest{flag} checks.ratio\n",
    }  # fmt: skip
    report = project(files, bare=False).run()
    assert (report.command, report.outcome) == ("make test", Outcome.FAILED)
    expected = {"checks.ratio.RatioTest.test_zero": "error"}
    if flag:
        expected = {f"checks.ratio.RatioTest.{k}": v for k, v in TOLD.items()}
    assert statuses(report) == expected
    zero = by_id(report)["checks.ratio.RatioTest.test_zero"]
    assert (zero.error_type, zero.frames[-1].file) == ("ZeroDivisionError", "pkg/ratio.py")


def test_pytest_under_make_is_told_like_pytest(project: Callable[..., Patient]) -> None:
    files = {"Makefile": "test:\n\tcd inner && pytest -q check_a.py\n", "inner/check_a.py": "def test_a(): assert 0\n"}
    report = project(files, bare=False).run()
    assert (report.command, statuses(report)) == ("make test", {"inner/check_a.py::test_a": "failed"})


def test_the_scratch_copy_wins_in_a_src_layout(project: Callable[..., Patient]) -> None:
    files = {
        "src/yaml/__init__.py": "OURS = True\n",  # also the name of an installed package
        "tests/test_a.py": "import yaml\ndef test_a(): assert yaml.OURS\n",
    }
    assert project(files).run().outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("command", "outcome", "said"),
    [
        ("", Outcome.UNKNOWN, "set testing.command"),
        ("program-that-nobody-has --all", Outcome.UNKNOWN, "cannot be started"),
        ("echo 'unclosed", Outcome.UNKNOWN, "close the quotation"),
        ("python -m pytest", Outcome.UNKNOWN, "ran no tests"),
        ("python -m unittest", Outcome.UNKNOWN, "ran no tests"),
        ("pytest --no-such-option", Outcome.UNKNOWN, "exit code 4"),
        ("make test", Outcome.UNKNOWN, "could not start its tests"),
        ("true", Outcome.PASSED, "exit code 0"),
        ("false", Outcome.FAILED, "exit code 1"),
        ("echo one | grep -q one && python -c 'print(1)'", Outcome.PASSED, "exit code 0"),
        ("PLACE=here sh -c 'test $PLACE = here'", Outcome.PASSED, "exit code 0"),
        ("python -c 'import os; os.abort()'", Outcome.UNKNOWN, "SIGABRT"),
    ],
)
def test_commands_end_in_a_sentence(project: Callable[..., Patient], command: str, outcome: Outcome, said: str) -> None:
    report = project({"a.py": "x = 1\n"}, command, bare=False).run()
    assert (report.outcome, report.cases) == (outcome, ())
    assert said in report.reason
    assert "/healer-" not in report.reason + report.tail


# Hostile runs

FORGE = """
import glob, os
FORGED = '{{"begin": 1}}\\n{{"id": "x", "outcome": "passed"}}\\n{{"end": 0, "tests": 1}}\\n'
def test_forged():
    results = glob.glob("../healer-*/results.jsonl")[0]
    {act}
"""


@pytest.mark.parametrize(
    "act",
    [
        'os.truncate(results, 10)',
        'os.remove(results); os.symlink("/etc/hostname", results)',
        'os.remove(results); os.mkfifo(results); os._exit(0)',
        'os.remove(results); os._exit(0)',
        'open(results, "a").write("no json\\n")',
        'open(results, "a").write(\'{"id": "x", "outcome": "passed"}\\n\')',
        "open(results, 'w').write(FORGED); assert 0",
        'os.rename("../" + results.split("/")[1], "../moved")',
    ],
)  # fmt: skip
def test_tampering_with_the_results_never_passes(project: Callable[..., Patient], act: str) -> None:
    report = project({"test_a.py": FORGE.format(act=act)}).run()
    assert report.outcome is not Outcome.PASSED


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import time; time.sleep(600)", "did not end within 2 seconds while test_a.py::test_it ran"),
        ("os._exit(0)", "ended in the middle, in test_a.py::test_it"),
        ("os.kill(os.getpid(), 9)", "while test_a.py::test_it ran"),
    ],
)
def test_a_run_that_does_not_end_by_itself_is_unknown_and_not_remembered(
    project: Callable[..., Patient], body: str, said: str
) -> None:
    made = project(
        {"test_a.py": f"import os\ndef test_it():\n    {body}\n"}, timeout="2s" if "sleep" in body else "60s"
    )
    report = made.run()
    assert report.outcome is Outcome.UNKNOWN
    assert said in report.reason
    assert not any(value.startswith(b"{") for value in made.cache.values.values())


def test_a_test_that_kills_its_parent_costs_nobody_else(project: Callable[..., Patient]) -> None:
    body = "import contextlib, os\ndef test_it():\n    with contextlib.suppress(OSError): os.kill(os.getppid(), 9)\n"
    assert project({"test_a.py": body}).run().outcome in (Outcome.UNKNOWN, Outcome.PASSED)


def test_two_hundred_megabytes_of_output_are_kept_short(project: Callable[..., Patient]) -> None:
    write = "for _ in range(200): os.write(1, b'x' * 2**20)"
    body = f"import os\ndef test_it(capfd):\n    with capfd.disabled():\n        {write}\n"
    report = project({"test_a.py": body}).run()
    assert report.outcome is Outcome.PASSED
    assert len(report.tail) <= 4000


# Pure parts


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python -m pytest"),
        ({"pyproject.toml": "[tool.pytest]\n", "Makefile": "test:\n"}, "python -m pytest"),
        ({"setup.cfg": "[tool:pytest]\n"}, "python -m pytest"),
        ({"tox.ini": "[pytest]\n"}, "python -m pytest"),
        ({"tox.ini": "[tox]\n"}, "tox"),
        ({"noxfile.py": ""}, "nox"),
        ({"test/x_test.py": "def test_a(): pass\n"}, "python -m pytest"),
        ({"Makefile": "all test:\n\ttrue\n"}, "make test"),
        ({"Makefile": "tests:\n\ttrue\ntest := 3\n"}, ""),
        ({"tox.ini": "[tox]\n", "test_a.py": "import unittest\n"}, "python -m unittest discover"),
        ({"p/__init__.py": "", "p/test_a.py": "import unittest\n"}, "python -m unittest discover"),
        ({"src/p/__init__.py": "", "src/p/tests.py": "import unittest\n"}, "python -m unittest discover -s src"),
        ({"a b/test_a.py": "import unittest\n"}, "python -m unittest discover -s 'a b'"),
        ({"a/test_a.py": "import unittest\n", "b/test_b.py": "import unittest\n"}, "python -m pytest"),
        ({"pyproject.toml": "not = = toml"}, ""),
        ({"README": "test:\n"}, ""),
    ],
)
def test_the_command_is_found_by_what_the_tree_holds(files: Mapping[str, str], command: str) -> None:
    tree = Tree(tuple(files), lambda path: files[path].encode())
    assert discover_command(tree) == command


def test_what_cannot_be_started_gives_way_to_what_can() -> None:
    files = {"Makefile": b"test:\n", "test_a.py": b"import unittest\n", "tox.ini": b""}
    without = Tree(tuple(files), files.get, lambda program: False)
    assert discover_command(without) == "python -m unittest discover"
    assert discover_command(Tree(("tox.ini",), files.get, lambda program: False)) == "tox"


@pytest.mark.parametrize(
    ("command", "shell"),
    [
        ("pytest -k 'a and (b or c)'", False),
        ('pytest -k "a|b"', False),
        ("pytest tests/test_a.py::test_x[1-2]", False),
        ("pytest tests/test_*.py", True),
        ("A=1 pytest", True),
        ("make a && make b", True),
        ('echo "$HOME"', True),
        ("echo '$HOME'", False),
    ],
)
def test_a_shell_is_used_only_when_needed(command: str, shell: bool) -> None:
    assert needs_shell(command) is shell


def test_python_and_pytest_mean_the_chosen_interpreter() -> None:
    chosen = Path("/some/bin/python")
    assert prepare("pytest -x tests", chosen).argv == ("/some/bin/python", "-m", "pytest", "-x", "tests")
    told = prepare("python3 -W error -m unittest discover", chosen)
    assert (told.argv[0], told.kind) == ("/some/bin/python", Kind.OTHER)
    assert prepare("python -X dev -m unittest", chosen).kind is Kind.OTHER
    assert prepare("python -B -m unittest discover -v", chosen).rest == ("discover", "-v")
    assert prepare("./run pytest", chosen).kind is Kind.OTHER


def test_import_roots_follow_layout_and_configuration() -> None:
    files = {
        "src/pkg/__init__.py": b"", "python/other/__init__.py": b"",
        "pyproject.toml": b'[tool.setuptools.packages.find]\nwhere = ["python", "../outside", "absent"]\n',
    }  # fmt: skip
    assert import_roots(Tree(tuple(files), files.get)) == ("python", "src", ".")
    assert import_roots(Tree(("src/__init__.py", "src/a.py"), {}.get)) == (".",)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (Link("socket.gaierror"), True),
        (Link("OSError", errno=30), True),
        (Link("PermissionError", errno=13, filename="/etc/shadow"), True),
        (Link("PermissionError", errno=13, filename="data/own.txt"), False),
        (Link("FileNotFoundError", errno=2, filename="git", spawned=True), True),
        (Link("FileNotFoundError", errno=2, filename="data.txt"), False),
        (Link("FileNotFoundError", errno=2, filename="./tool", spawned=True), False),
        (Link("ModuleNotFoundError", name="numpy"), True),
        (Link("ModuleNotFoundError", name="pkg.gone"), False),
        (Link("ModuleNotFoundError", name="jsno"), False),
        (Link("ModuleNotFoundError", name="collectons.abc"), False),
        (Link("ModuleNotFoundError", name="ujson"), True),
        (Link("ModuleNotFoundError", name="distutils"), False),
        (Link("subprocess.CalledProcessError", stderr="fatal: not a git repository"), True),
        (Link("AssertionError", "assert 'not a git repository' == ''"), False),
        (Link("ZeroDivisionError", "division by zero"), False),
        (Link("importlib.metadata.PackageNotFoundError", "pkg"), True),
        (Link("ImportError", "cannot import name 'x' from 'pkg'"), False),
        (Link("ImportError", "libGL.so.1: cannot open shared object file: No such file"), True),
    ],
)
def test_the_machine_is_blamed_only_for_what_it_lacks(link: Link, expected: bool) -> None:
    assert is_environmental([link], Project(frozenset({"pkg"}), "ujson>=5\n")) is expected


@given(
    st.lists(
        st.binary(max_size=60) | st.from_regex(rb'\{"(id|begin|end|start)": ?("a"|1|null|\[\])[^\n]*\}'), max_size=8
    )
)
def test_no_results_file_can_break_the_reader(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("results") / "results.jsonl"
    path.write_bytes(b"\n".join(lines))
    results = read_results(path, Project())
    assert all(isinstance(case, TestCase) for case in results.cases)


def test_odd_values_in_results_are_made_harmless(tmp_path: Path) -> None:
    record = {
        "id": "a\nb\udc80", "outcome": "failed", "seconds": float("nan"), "type": 3, "message": "m" * 99999,
        "frames": [["f.py", -1, "g"], ["x"], 7, ["a", 10**30, "b"]], "chain": "no",
    }  # fmt: skip
    deep = "[" * 100_000
    path = tmp_path / "results.jsonl"
    path.write_text(f"{json.dumps(record)}\n{deep}\n")
    results = read_results(path, Project())
    (case,) = results.cases
    assert (case.id, case.status, case.seconds, case.error_type) == ("a\nb\udc80", CaseStatus.FAILED, 0.0, "")
    assert len(case.message) == 4000
    assert [(f.file, f.line) for f in case.frames] == [("f.py", 1), ("a", 1)]
    assert "1 lines of the results are broken" in results.problem


def test_a_printed_traceback_is_read_back() -> None:
    text = """Traceback (most recent call last):
  File "/x/a.py", line 3, in f
    g()
  File "/x/b.py", line 9, in <module>
    import thing
    ^^^^^^^^^^^^
ModuleNotFoundError: No module named 'thing'
and a second line"""
    told = read_traceback("noise\n" + text)
    assert told is not None
    assert told["type"] == "ModuleNotFoundError"
    assert told["message"] == "No module named 'thing'\nand a second line"
    assert told["frames"] == [["/x/a.py", 3, "f"], ["/x/b.py", 9, "<module>"]]
    assert read_traceback("no traceback here") is None


def test_output_that_is_not_unittest_has_no_cases() -> None:
    assert read_unittest("=" * 70 + "\nERROR: looks like it\n" + "-" * 70 + "\n", Project()) == ()
