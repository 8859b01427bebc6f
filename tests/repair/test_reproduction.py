"""Recorded calls become a test, and the test becomes a repair: on real git, caller, trials and store."""

import datetime
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gitops_healer.adapters.trials import ProjectTrials
from gitops_healer.code.model import CodeModel
from gitops_healer.core.change import whole_file
from gitops_healer.core.execution import Execution, ExecutionFailure
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.plan import Investigation
from gitops_healer.ports import Sandbox
from gitops_healer.repair.failure import recorded
from gitops_healer.repair.oracle import Expectation, Expectations, expectations_of
from gitops_healer.repair.past import Stand
from gitops_healer.repair.repair_failure import repair_failure
from gitops_healer.repair.reproduction import reproduction
from gitops_healer.repair.restoring import Comparison


def load_benchmark() -> ModuleType:
    path = Path(__file__).parent.parent.parent / "benchmarks" / "repair.py"
    spec = importlib.util.spec_from_file_location("repair_benchmark_executions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


benchmark = load_benchmark()
GIT = ("git", "-c", "user.name=Maintainer", "-c", "user.email=maintainer@example.org")


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    found: Sandbox = benchmark.make_sandbox()
    return found


@dataclass
class Project:
    """A repository whose commits are made one by one, and what was recorded at each."""

    folder: Path
    sandbox: Sandbox
    tool: str = ""
    scene: Any = None
    count: int = 0

    def commit(self, files: dict[str, str]) -> str:
        tree = self.folder / "tree"
        for name, text in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "A step"]):
            subprocess.run([*GIT, *command], cwd=tree, check=True, capture_output=True)
        head = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=tree, check=True, capture_output=True)
        commit = head.stdout.decode().strip()
        made = self.scene or benchmark.make_scene(tree, commit, self.folder / "store", self.sandbox)
        code = CodeModel(made.repository.files(commit), made.repository.read_blob, made.cache)
        trials = ProjectTrials(made.repository, self.sandbox, made.settings.testing, Path(sys.executable))
        self.scene = replace(made, commit=commit, code=code, trials=trials)
        return commit

    def record(self, tool: str, *inputs: str) -> None:
        """Calls at the commit as it is, oldest first: what they gave, or how they failed."""
        self.tool = tool
        path = self.scene.code.locate(tool).path
        outcomes = self.scene.caller.call(self.scene.commit, tool, path, [(args, "{}") for args in inputs])
        rows = []
        for args, outcome in zip(inputs, outcomes, strict=True):
            self.count += 1
            error = None if outcome.ok else ExecutionFailure(outcome.error_type, outcome.detail)
            when = benchmark.NOW - datetime.timedelta(days=2) + datetime.timedelta(minutes=self.count)
            rows.append(
                Execution(
                    f"e{self.count}", tool, when, outcome.ok, 1.0, args, "{}", outcome.result, error, self.scene.commit
                )
            )
        assert self.scene.executions.add(rows).stored == len(rows)

    @property
    def finding(self) -> Finding:
        return Finding(
            "low_success_rate", "", self.tool, 1, 1, Severity.HIGH, f"{self.tool} fails",
            fingerprint("low_success_rate", self.tool, ""),
        )  # fmt: skip

    @property
    def expected(self) -> Expectations:
        log = recorded(self.scene, self.finding)
        assert log is not None
        return expectations_of(self.scene, log, 60.0)

    def run(self, module: str, *arguments: str) -> str:
        """What a module of Python says in the work tree."""
        command = [sys.executable, "-m", module, *arguments]
        tree = self.folder / "tree"
        return subprocess.run(
            command, cwd=tree, capture_output=True, check=False, env={"PYTHONPATH": "."}
        ).stdout.decode()

    def repaired(self) -> Investigation:
        return repair_failure(self.scene, self.finding)

    def after(self, investigation: Investigation) -> dict[str, str]:
        change = investigation.options[0].change
        before = {path: self.scene.code.source(path) or b"" for path in change.paths}
        return {path: data.decode() for path, data in change.apply(before).items()}


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Project:
    (tmp_path / "tree").mkdir()
    (tmp_path / "store").mkdir()
    return Project(tmp_path, sandbox)


BASKET = '''\
class Basket:
    @tool(examples=[
        {"input": {"prices": [4, 1, 7]}, "expected_output": 5},
        {"input": {"prices": [2, 2]}, "expected_output": 2},
        {"input": {"prices": [9, 3, 3, 1]}, "expected_output": 7},
        {"input": {"prices": [6]}, "expected_output": 0},
        {"input": [[]], "expected_output": 0},
    ])
    def without_dearest(self, prices):
        """What is to be paid when the dearest one is free."""
        return sum(sorted(prices)[1:])


'''
DECORATOR = "def tool(**told):\n    return lambda function: function\n\n\n"


def test_what_a_declared_case_contradicts_is_repaired_where_there_are_no_tests(project: Project) -> None:
    """No call fails, and there is nothing older: the declared cases alone say what is wrong."""
    project.commit({"basket.py": DECORATOR + BASKET})
    project.record("basket:Basket.without_dearest", "[[5, 5]]", "[[8]]", "[[1, 1, 1]]")
    found = project.repaired()
    assert found.options, found.evidence
    assert "the test case declared at basket.py:7" in " ".join(found.evidence)
    after = project.after(found)
    names: dict[str, Any] = {}
    exec(after["basket.py"], names)
    basket = names["Basket"]()
    assert [basket.without_dearest(prices) for prices in ([4, 1, 7], [9, 3, 3, 1], [5, 5, 1, 3])] == [5, 7, 9]
    assert "Basket().without_dearest(" in after["test_basket_without_dearest_recorded.py"]


# What is expected


GUARDED = """\
def share(part, whole):
    if whole == 0:
        raise ValueError("nothing to share")
    return part / whole
"""
UNGUARDED = "def share(part, whole):\n    return part / whole if whole else 0.0\n"
CAUGHT = """\
def share(part, whole):
    try:
        return part / whole
    except ZeroDivisionError:
        return 0.0
"""
LET_THROUGH = "def share(part, whole):\n    return part / whole\n"
EXAMPLES = """\
def tool(**told):
    return lambda function: function


@tool(examples=[{"input": [1, 0], "expected_output": %s}])
def share(part, whole):
    return part / whole
"""
HELPED = "from ratio import ratio\n\n\ndef share(part, whole):\n    return ratio(part, whole)\n"
RATIO = "def ratio(a, b):\n    return a / b if b else 0.0\n"


@pytest.mark.parametrize(
    ("steps", "failing", "notes"),
    [
        ([{"s.py": UNGUARDED}, {"s.py": LET_THROUGH}], {"[1,0]": 0.0, "[2,0]": 0.0}, ""),
        ([{"s.py": UNGUARDED}, {"s.py": GUARDED}], {}, "raises on purpose, and did not then"),
        ([{"s.py": CAUGHT}, {"s.py": LET_THROUGH}], {}, "errors were caught then"),
        ([{"s.py": LET_THROUGH}], {}, ""),
        ([{"s.py": EXAMPLES % "0.0"}], {"[1,0]": 0.0}, ""),
        ([{"s.py": EXAMPLES % "0.0"}, {"s.py": EXAMPLES % "1.5"}], {"[1,0]": 1.5}, ""),
        ([{"s.py": UNGUARDED}, {"s.py": EXAMPLES % "1.5"}], {"[2,0]": 0.0}, "contradict each other for 1,0"),
        ([{"s.py": HELPED, "ratio.py": RATIO}, {"ratio.py": "def ratio(a, b):\n    return a / b\n"}],
         {"[1,0]": 0.0, "[2,0]": 0.0}, ""),
        ([{"s.py": "def share(part, whole):\n    return [part, whole]\n"}, {"s.py": LET_THROUGH}],
         {}, "gives something else for 1 of 1 calls that work now"),
    ],
    ids=["lost guard", "new guard", "caught before", "always so", "declared", "declared anew", "contradiction",
         "helper", "changed on purpose"],
)  # fmt: skip
def test_what_failing_calls_should_give(
    project: Project, steps: Sequence[dict[str, str]], failing: dict[str, float], notes: str
) -> None:
    for step in steps:
        project.commit(step)
    project.record("s:share", "[1,0]", "[2,0]", "[4,2]")
    expected = project.expected
    known = {call.given[0]: call.value for call in expected.failing if call.given[0] in ("[1,0]", "[2,0]")}
    assert known == failing
    assert notes in " ".join(expected.notes)
    assert bool(expected.notes) == bool(notes)


def test_recorded_results_of_the_same_input_are_expected_and_calls_that_work_are_kept(project: Project) -> None:
    project.commit({"s.py": UNGUARDED})
    project.record("s:share", "[1,0]")
    project.commit({"s.py": LET_THROUGH})
    project.record("s:share", "[1,0]", "[4,2]", "[1,4]")
    calls = {call.given[0]: call for call in project.expected.calls}
    assert calls["[1,0]"].fails and calls["[1,0]"].value == 0.0
    assert "1 recorded call of the same input before" in calls["[1,0]"].known_from
    assert [calls[given].value for given in ("[4,2]", "[1,4]")] == [2.0, 0.25]
    assert not calls["[4,2]"].fails


def test_what_works_now_but_gave_something_else_is_not_kept(project: Project) -> None:
    """It may be the same mistake, unnoticed."""
    project.commit({"s.py": "def last(items, n=1):\n    return items[-n]\n"})
    project.record("s:last", "[[1]]")
    project.commit({"s.py": "def last(items, n=1):\n    return items[n]\n"})
    project.record("s:last", "[[1]]", "[[3,4]]", "[[5,5]]", "[[6,7,8]]", "[[9,9,9]]")
    calls = {call.given[0]: call.fails for call in project.expected.calls}
    assert calls["[[1]]"] is True
    assert calls["[[5,5]]"] is False and calls["[[9,9,9]]"] is False and calls["[[3,4]]"] is False
    assert "[[6,7,8]]" not in calls


# What speaks for a repair

OLD = "def pick(items):\n    return items[len(items) - 1]\n"
NEW = "def pick(items, *, twice=False):\n    return [items[len(items)]] * 2 if twice else items[len(items)]\n"


@pytest.mark.parametrize(
    ("old", "new", "repaired", "speaks"),
    [
        (OLD, OLD.replace(" - 1", ""), OLD, True),
        (OLD, NEW, NEW.replace("len(items)]", "len(items) - 1]"), True),
        (OLD, NEW, OLD, False),
        (OLD, NEW, NEW.replace("[items[len(items)]] * 2 if twice else items[len(items)]", "items[-1]"), False),
        (OLD, OLD.replace(" - 1", ""), OLD.replace("len(items) - 1", "0"), False),
        (OLD, OLD.replace(" - 1", ""), OLD.replace("items[len(items) - 1]", "items[-1] if items else None"), False),
        (OLD, OLD.replace(" - 1", " - 2"), OLD, False),
    ],
    ids=["restores", "keeps what is new", "forgets a parameter", "no longer reads it", "something else",
         "hides errors", "works otherwise now"],
)  # fmt: skip
def test_a_repair_is_compared_with_what_was_call_by_call(
    project: Project, old: str, new: str, repaired: str, speaks: bool
) -> None:
    first = project.commit({"m.py": old})
    project.commit({"m.py": new})
    project.record("m:pick", "[[1]]", "[[2,3]]", "[[4,5,6]]", "[[7,7]]", "[[8,9]]")
    log = recorded(project.scene, project.finding)
    assert log is not None
    stand = Stand(first, "m:pick", "m.py", "version 1 of pick", benchmark.NOW)
    compared = Comparison.of(project.scene, log, stand)
    said = compared.restored_by(whole_file("m.py", new.encode(), repaired.encode()))
    assert said.startswith("does what version 1 of pick did in" if speaks else "")
    assert bool(said) == speaks


def test_a_repair_that_changes_what_works_is_told_by_the_call(project: Project) -> None:
    new = OLD.replace(" - 1", " - 2")
    first = project.commit({"m.py": OLD})
    project.commit({"m.py": new})
    project.record("m:pick", "[[4,5,6]]", "[[7,7]]", "[[]]")
    log = recorded(project.scene, project.finding)
    assert log is not None
    compared = Comparison.of(project.scene, log, Stand(first, "m:pick", "m.py", "version 1 of pick", benchmark.NOW))
    assert compared.broken_by(whole_file("m.py", new.encode(), OLD.encode())) == ""
    assert (
        compared.broken_by(whole_file("m.py", new.encode(), OLD.replace("len(items) - 1", "0").encode())) == "[4,5,6]"
    )


# How it is written

LIBRARY = """\
import asyncio
import datetime


class Slot:
    def end(self, start, hours=1):
        return start + datetime.timedelta(hours=hours)

    @staticmethod
    def parts(text):
        return tuple(text.split("-"))


async def later(value):
    await asyncio.sleep(0)
    return value / 3


def count(limit):
    for number in range(limit):
        yield number


class NoNumberError(Exception):
    pass


def parsed(text):
    if not text.isdigit():
        raise NoNumberError(text)
    return int(text)
"""
EXISTING = {
    "pytest": ("tests/test_library.py", "import pytest\nimport library\n\n\ndef test_it():\n    assert library\n"),
    "unittest": (
        "library_test.py",
        "import unittest\n\nimport library\n\n\nclass LibraryTest(unittest.TestCase):\n"
        "    def test_it(self) -> None:\n        self.assertTrue(library)\n",
    ),
}
DAY = '{"$type":"datetime","value":"2024-05-01T10:00:00"}'
AFTER = datetime.datetime(2024, 5, 1, 12)
LONG = [{"name": "a customer with a long name", "items": list(range(12))} for _ in range(2)]


CALLS: Sequence[tuple[str, Sequence[Any], str]] = (
    ("Slot.end", [((f"[{DAY}]", '{"hours":2}'), AFTER, "")], "Slot().end("),
    ("Slot.parts", [(('["a-b"]', "{}"), ("a", "b"), "")], "Slot.parts("),
    ("later", [(("[1]", "{}"), 1 / 3, "")], "asyncio.run(later("),
    ("count", [(("[3]", "{}"), [0, 1, 2], "")], "list(count("),
    ("parsed", [(('["x"]', "{}"), None, "NoNumberError"), (('["7"]', "{}"), 7, "")], "NoNumberError"),
)


@pytest.mark.parametrize("style", ["pytest", "unittest"])
def test_calls_are_written_as_the_project_writes_tests_and_pass(project: Project, style: str) -> None:
    path, text = EXISTING[style]
    project.commit({"library.py": LIBRARY, path: text})
    paths = []
    for symbol, calls, contains in CALLS:
        known = [Expectation(given, value, error, ("an example",), fails=True) for given, value, error in calls]
        made = reproduction(project.scene, f"library:{symbol}", "library.py", known)
        assert made is not None
        assert made.calls == tuple(sorted(known, key=lambda one: bool(one.error)))
        assert contains in made.text
        assert ("unittest.TestCase" in made.text, "(self) -> None:" in made.text) == (style == "unittest",) * 2
        name = f"{symbol.replace('.', '_').lower()}_recorded"
        assert made.path == (f"tests/test_{name}.py" if style == "pytest" else f"{name}_test.py")
        assert max(map(len, made.text.splitlines())) <= 88
        (project.folder / "tree" / made.path).write_text(made.text)
        paths.append(made.path)
    said = project.run("pytest", "-q", "-p", "no:cacheprovider", *paths)
    assert said.splitlines()[-1].startswith("6 passed"), said
    said = project.run("ruff", "check", "--isolated", "--select", "E,F,I,W", *paths)
    assert said.strip() == "All checks passed!", said


def test_what_does_not_fit_is_left_out_and_names_are_free(project: Project) -> None:
    project.commit({"library.py": LIBRARY, "tests/test_parsed_recorded.py": "def test_it():\n    assert True\n"})
    many = [Expectation((f'["{n}"]', "{}"), n, "", ("recorded",), fails=n < 40) for n in range(80)]
    many.insert(0, Expectation((f'["{"7" * 9000}"]', "{}"), LONG * 40, "", ("recorded",), fails=True))
    many.insert(0, Expectation(('[{"$type":"object","class":"x"}]', "{}"), 1, "", ("recorded",), fails=True))
    made = reproduction(project.scene, "library:parsed", "library.py", many)
    assert made is not None
    assert made.path == "tests/test_parsed_recorded2.py"
    assert 20 < len(made.calls) <= 40
    assert {call.fails for call in made.calls} == {True, False}
    assert len(made.text.splitlines()) < project.scene.settings.risk.max_lines
    assert reproduction(project.scene, "library:gone", "library.py", many) is None
    assert reproduction(project.scene, "library:parsed", "library.py", many[:1]) is None
